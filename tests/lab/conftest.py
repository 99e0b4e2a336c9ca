"""One worker for all tests of the laboratory: TensorFlow is imported once."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from losslint.lab.process import Worker


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """A worker under the interpreter of the tests."""
    made = Worker.start(sys.executable, 30)
    yield made
    made.close()
