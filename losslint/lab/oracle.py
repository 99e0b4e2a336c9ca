"""The oracle: every rule's experiment on every loss, flagged or not. Where the two halves disagree, one of them is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.config import Settings
from losslint.finding import Place
from losslint.lab.bench import Bench
from losslint.lab.verdicts import Laboratory
from losslint.linter import run
from losslint.rule import Report, Rule
from losslint.source import Modules, Source

MOST_PLACES = 4  # of one rule in one loss


class Disagreement(Struct, frozen=True):
    """One place where the abstract run and the real run say different things.

    Attributes
    ----------
    kind
        ``silent but broken`` or ``flagged but refuted``.
    """

    kind: str
    code: str
    place: Place
    function: str
    source: str
    reason: str


class Tally(Struct):
    """What was asked: losses, those that ran, experiments, those that decided, those that disagreed."""

    losses: int = 0
    ran: int = 0
    experiments: int = 0
    decisive: int = 0
    disagreements: int = 0


def audited(
    laboratory: Laboratory, source: Source, rules: Sequence[Rule], settings: Settings, modules: Modules, tally: Tally
) -> Iterator[Disagreement]:
    """The disagreements of one file.

    Parameters
    ----------
    rules
        Those with an experiment are asked.
    tally
        Is counted up.
    """
    for trace in run(source, settings, modules):
        if trace.flipped is not None or trace.loss.evidence < 2 or trace.loss.scope.function is None:
            continue
        tally.losses += 1
        before = tally.decisive
        benches: dict[int, Bench] = {}
        told = {rule.name: {_where(report.node): report for report in rule.check(trace)} for rule in rules}
        try:
            for rule in rules:
                if rule.confirm is not None:
                    known = [other for other in rules if told[other.name] and _related(rule, other)]
                    yield from _asked(laboratory, source, trace, rule, settings, modules, tally, benches, told[rule.name], bool(known))
        finally:
            for bench in benches.values():
                bench.close()
        tally.ran += tally.decisive > before


def _asked(
    laboratory: Laboratory,
    source: Source,
    trace: Trace,
    rule: Rule,
    settings: Settings,
    modules: Modules,
    tally: Tally,
    benches: dict[int, Bench],
    flagged: dict[object, Report],
    known: bool,
) -> Iterator[Disagreement]:
    """Ask one rule of one loss; `known`: its defect is reported already, by itself elsewhere or by a rule that stands for it."""
    for node in _places(trace, rule, (report.node for report in flagged.values())):
        report = flagged.get(_where(node))
        verdict = laboratory.tried(trace, source, rule, report or Report(node, "", ""), modules, settings, benches)
        tally.experiments += 1
        tally.decisive += verdict.status != "undecided"
        wrong = "confirmed" if report is None else "refuted"
        if verdict.status == wrong and not (known and report is None) and not (rule.proven and report is not None):
            tally.disagreements += 1
            kind = "silent but broken" if report is None else "flagged but refuted"
            place = node.site.source.place(node.site.syntax)
            yield Disagreement(kind, rule.code, place, trace.loss.function, node.text, verdict.reason)


def _related(rule: Rule, other: Rule) -> bool:
    return rule is other or other.name in rule.supersedes or rule.name in other.supersedes


def _places(trace: Trace, rule: Rule, flagged: Iterable[Node]) -> list[Node]:
    """What is flagged, and some of the other places at which the rule's question can be asked."""
    found: dict[object, Node] = {_where(node): node for node in flagged}
    asked = rule.places(trace) if rule.places is not None else [root.node for root in trace.roots if root.evidence >= 2]
    for node in asked:
        if len(found) >= MOST_PLACES:
            break
        found.setdefault(_where(node), node)
    return list(found.values())


def _where(node: Node) -> object:
    return node.site.source.path, getattr(node.site.syntax, "lineno", 0), getattr(node.site.syntax, "col_offset", 0)
