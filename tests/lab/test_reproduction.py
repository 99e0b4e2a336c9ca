"""Scripts for confirmed findings: plain Python runs them, and their last assertion fails."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from losslint.config import Settings
from losslint.lab.reproduction import written
from losslint.lab.verdicts import Laboratory
from losslint.project import ProjectModules
from losslint.rule import load_rules

pytestmark = pytest.mark.tensorflow
LOSSES = """\
import tensorflow as tf
from tensorflow.keras import backend as K
from parts.errors import squared

EPSILON = 1e-9


def summed_loss(y_true, y_pred):
    return tf.reduce_sum(squared(y_true, y_pred))  # a comment


def make_loss(weight):
    def entropy_loss(y_true, y_pred):
        return -weight * K.mean(y_true * K.log(y_pred), axis=-1)

    return entropy_loss


class Misses(tf.keras.losses.Loss):
    def __init__(self, epsilon=EPSILON):
        super().__init__()
        self.epsilon = epsilon

    def call(self, y_true, y_pred):
        return -tf.reduce_mean((1.0 - y_true) * tf.math.log(1.0 - tf.clip_by_value(y_pred, self.epsilon, 1 - self.epsilon)), axis=-1)


def triplet_loss(y_true, y_pred):
    anchor, positive, negative = y_pred
    return tf.reduce_sum(tf.maximum(tf.square(anchor - positive) - tf.square(anchor - negative) + 1.0, 0.0))


def old_loss(y_true, y_pred):
    return tf.reduce_sum(tf.keras.losses.mean_squared_error(y_true, y_pred))
"""
SETTINGS = Settings(select=("LL101", "LL301", "LL303"))
RUNNER = """\
import runpy, sys
for path in sys.argv[1:]:
    try:
        runpy.run_path(path)
    except AssertionError as error:
        print("fails:", error)
    else:
        print("passes")
"""


@pytest.fixture
def scripts(laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("")
    (tmp_path / "parts" / "errors.py").write_text(
        'import tensorflow as tf\n\n\ndef squared(a, b):\n    """The "squares"."""\n    return tf.square(a - b)\n'
    )
    findings = laboratory.judged(LOSSES, "losses.py", SETTINGS, load_rules(), ProjectModules()).findings
    assert {f.function: f.verdict.status for f in findings if f.verdict is not None} == dict.fromkeys(
        ("summed_loss", "make_loss.entropy_loss", "Misses.call", "triplet_loss", "old_loss"), "confirmed"
    )
    made = []
    for finding in findings:
        (taken,) = (slice_ for known, slice_ in laboratory.taken.items() if known.place == finding.place)
        assert finding.verdict is not None and finding.verdict.witness is not None
        made.append(written(finding, taken, finding.verdict.witness.moved, tmp_path / "scripts"))
    return made


def test_scripts_stand_alone_and_fail(scripts: list[Path], tmp_path: Path) -> None:
    away = tmp_path / "away"
    away.mkdir()
    command = [sys.executable, "-I", "-c", RUNNER, *map(str, scripts)]
    ran = subprocess.run(command, cwd=away, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-2000:]
    results = [line for line in ran.stdout.splitlines() if line.startswith(("fails", "passes"))]
    assert len(results) == len(scripts) == 5
    assert all(result.startswith("fails") for result in results), results
    text = scripts[0].read_text()
    assert "# a comment" in text, "the code is as the user wrote it"
    assert isinstance(ast.parse(text).body[-1], ast.Assert)
