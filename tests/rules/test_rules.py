"""Every rule's examples are its tests: bad ones are found where they say so, good ones are silent, misses are misses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from losslint.finding import Result
from losslint.rule import Rule, load_rules

MARK = re.compile(r"#\s*here\s*$")


def marked(text: str) -> set[int]:
    return {number for number, line in enumerate(text.splitlines(), 1) if MARK.search(line)}


def examples(kind: str) -> Iterator[object]:
    for rule in load_rules():
        for number, text in enumerate(getattr(rule, kind), 1):
            yield pytest.param(rule, text, id=f"{rule.code}-{number}")


@pytest.mark.parametrize(("rule", "text"), list(examples("bad")))
def test_bad_example_is_found_where_marked_and_by_no_other_rule(rule: Rule, text: str, suspected: Callable[[str], Result]) -> None:
    assert marked(text), "a bad example marks the line with `# here`"
    asked = {other.code for other in load_rules() if other.default} | {rule.code}
    found = {(finding.code, finding.place.line) for finding in suspected(text).findings if finding.code in asked}
    assert found == {(rule.code, line) for line in marked(text)}


@pytest.mark.parametrize(("rule", "text"), list(examples("good")))
def test_good_example_is_silent(rule: Rule, text: str, codes: Callable[[str], set[str]]) -> None:
    assert not marked(text)
    assert rule.code not in codes(text)


@pytest.mark.parametrize(("rule", "text"), list(examples("misses")))
def test_known_miss_is_still_a_miss(rule: Rule, text: str, check: Callable[[str], Result]) -> None:
    assert marked(text), "a known miss marks the line that deserves the finding with `# here`"
    found = {finding.place.line for finding in check(text).findings if finding.code == rule.code}
    assert not found & marked(text), "found now: make it a bad example, and take it off the rule's known misses"


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.code)
def test_the_example_of_the_page_is_found_and_its_repair_is_not(
    rule: Rule, suspected: Callable[[str], Result], codes: Callable[[str], set[str]]
) -> None:
    blocks = dict(re.findall(r"## (Example|Use instead)\n.*?```python\n(.*?)```", rule.documentation, re.DOTALL))
    assert rule.code in {finding.code for finding in suspected(blocks["Example"]).findings}
    assert rule.code not in codes(blocks["Use instead"])
