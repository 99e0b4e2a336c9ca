"""What many tests use: check a piece of text with the built-in rules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import pytest

from losslint.config import Confirmation, Settings
from losslint.finding import Confidence, Result
from losslint.lab.memory import Memory
from losslint.lab.verdicts import Laboratory
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

    def check(text: str, filename: str = "losses.py") -> Result:
        result = check_source(text, filename=filename, settings=settings, rules=built_in)
        assert not result.failures
        return result

    return check


@pytest.fixture(scope="session")
def suspected(built_in: tuple[Rule, ...]) -> Check:
    """As `check`, with what only a real run can tell of."""
    settings = Settings(select=("ALL",), min_confidence=Confidence.LOW, runs=True)
    return lambda text: check_source(text, filename="losses.py", settings=settings, rules=built_in)


@pytest.fixture(scope="session")
def codes(check: Check) -> Callable[[str], set[str]]:
    """The codes of all that is found in a text."""
    return lambda text: {finding.code for finding in check(text).findings}


@pytest.fixture(scope="session")
def laboratory() -> Iterator[Laboratory]:
    """A laboratory under the interpreter of the tests that remembers nothing: TensorFlow is imported once."""
    with Laboratory(Confirmation(sys.executable, 30), Memory(None, "")) as made:
        yield made
