"""Random losses, walked and run: what the abstract run claims has to be true. `run.py` does the same for as many as one likes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "operations"))
pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore")]
PROGRAMS = 300


def test_random_losses() -> None:
    from programs import Drawer
    from soundness import contradictions

    drawer = Drawer(20261125)
    programs = [drawer.program() for _ in range(PROGRAMS)]
    wrong = {program.text: told for program in programs if (told := list(contradictions(program)))}
    assert not wrong
    assert sum(program.depth for program in programs) / PROGRAMS >= 4
    for part in ("helper", "where", "reduction"):
        assert sum(part in program.used for program in programs) / PROGRAMS >= 0.3, part
