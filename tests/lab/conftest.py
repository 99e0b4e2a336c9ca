"""One worker for all tests of the laboratory: TensorFlow is imported once."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from losslint.config import Confirmation
from losslint.lab.memory import Memory
from losslint.lab.verdicts import Laboratory


@pytest.fixture(scope="session")
def laboratory() -> Iterator[Laboratory]:
    """A laboratory under the interpreter of the tests that remembers nothing."""
    with Laboratory(Confirmation(sys.executable, 30), Memory(None, "")) as made:
        yield made
