"""What many tests use: check a piece of text with the built-in rules."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from losslint.config import Settings
from losslint.finding import Confidence, Result
from losslint.linter import check_source
from losslint.rule import Rule, load_rules

Check = Callable[[str], Result]


@pytest.fixture(scope="session")
def built_in() -> tuple[Rule, ...]:
    """The rules that losslint brings."""
    return load_rules()


@pytest.fixture(scope="session")
def check(built_in: tuple[Rule, ...]) -> Check:
    """All rules, opt-in ones too, at every confidence, on the text of one file."""
    settings = Settings(select=("ALL",), min_confidence=Confidence.LOW)

    def check(text: str) -> Result:
        result = check_source(text, filename="losses.py", settings=settings, rules=built_in)
        assert not result.failures
        return result

    return check


@pytest.fixture(scope="session")
def codes(check: Check) -> Callable[[str], set[str]]:
    """The codes of all that is found in a text."""
    return lambda text: {finding.code for finding in check(text).findings}
