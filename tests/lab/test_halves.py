"""The two halves of a rule check each other: what it flags is confirmed by a real run, and what it should not flag is not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from losslint.config import Settings
from losslint.finding import Confidence
from losslint.lab.bench import Bench
from losslint.lab.verdicts import Laboratory
from losslint.linter import run
from losslint.rule import Report, Rule, load_rules
from losslint.source import Source, no_modules

pytestmark = pytest.mark.tensorflow
MARK = re.compile(r"#\s*here\s*$")
SETTINGS = Settings(select=("ALL",), min_confidence=Confidence.LOW, runs=True)
RULES = load_rules()
# Good examples that take something from a package that does not exist: they cannot be run.
NOT_RUN = re.compile(r"from \w+_package|model_zoo|self\.models\[0\]")


def examples(kind: str) -> Iterator[object]:
    for rule in RULES:
        if rule.confirm is not None:
            for number, text in enumerate(getattr(rule, kind), 1):
                yield pytest.param(rule, text, id=f"{rule.code}-{number}")


@pytest.mark.parametrize(("rule", "text"), list(examples("bad")))
def test_bad_example_is_confirmed(rule: Rule, text: str, laboratory: Laboratory) -> None:
    marked = {number for number, line in enumerate(text.splitlines(), 1) if MARK.search(line)}
    findings = [f for f in laboratory.judged(text, "losses.py", SETTINGS, RULES, no_modules).findings if f.code == rule.code]
    verdicts = {f.place.line: (f.verdict.status, f.verdict.reason) if f.verdict else None for f in findings}
    assert {line: verdict and verdict[0] for line, verdict in verdicts.items()} == dict.fromkeys(marked, "confirmed"), verdicts


@pytest.mark.parametrize(("rule", "text"), list(examples("good")))
def test_good_example_is_refuted_when_it_is_forced(rule: Rule, text: str, laboratory: Laboratory) -> None:
    source, benches = Source.parse(text, "losses.py"), dict[int, Bench]()
    for trace in run(source, SETTINGS, no_modules):
        if trace.flipped is not None or trace.loss.evidence < 2:
            continue
        nodes = rule.places(trace) if rule.places is not None else [root.node for root in trace.roots]
        for node in nodes:
            verdict = laboratory.tried(trace, source, rule, Report(node, "", ""), no_modules, SETTINGS, benches)
            if NOT_RUN.search(text):
                assert verdict.status != "confirmed", verdict.reason
            else:
                assert verdict.status == "refuted", verdict.reason
    for bench in benches.values():
        bench.close()
