"""`losslint.LossAudit` in a script of the user's own: what it prints, and that the training is what it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.tensorflow

SCRIPT = """\
import sys
import numpy as np
import tensorflow as tf
from tensorflow import keras
from losslint import LossAudit

keras.utils.set_random_seed(1)
x = np.random.default_rng(1).normal(size=(70, 3)).astype("float32")
y = x.sum(axis=1, keepdims=True)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dropout(0.2), keras.layers.Dense(1)])


def summed_error(y_true, y_pred):
    return tf.reduce_sum(tf.reduce_mean(tf.square(y_true - y_pred), axis=-1))


def squared(y_true, y_pred):
    return (y_true - y_pred) ** 2


model.compile("sgd", summed_error)
audit = [] if "plain" in sys.argv else [LossAudit({given})]
history = model.fit(x, y, batch_size=16, epochs=2, verbose=0, validation_split=0.2, callbacks=audit)
print("weights", [value.tolist() for value in model.get_weights()], history.history, vars(model).get("train_step"))
"""


def train(folder: Path, given: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script with an audit that is given something."""
    (folder / "train.py").write_text(SCRIPT.replace("{given}", given))
    return subprocess.run([sys.executable, "train.py", *words], cwd=folder, capture_output=True, text=True, check=False)


def last(ran: subprocess.CompletedProcess[str]) -> str:
    """What the script itself printed."""
    return next(line for line in ran.stdout.splitlines() if line.startswith("weights"))


def test_one_line_prints_the_chain_and_changes_nothing(tmp_path: Path) -> None:
    ran = train(tmp_path, "x, y, batch_size=16")
    assert ran.returncode == 0
    assert "train.py:23 model.fit, epoch 2, 4 batches of 16 (last: 8), 56 rows" in ran.stdout
    assert "training mode (Dropout)" in ran.stdout
    assert "train.py:14:12 LL101 batch-sum." in " ".join(ran.stdout.split())
    assert last(ran) == last(train(tmp_path, "", "plain"))


def test_a_formula_is_a_function_and_the_batches_stand_for_data_that_are_not_given(tmp_path: Path) -> None:
    ran = train(tmp_path, "mine=squared, epochs='1'")
    assert "epoch 1," in ran.stdout and "your formula" in ran.stdout
    assert "no data were given: the epoch's own batches stand for your data" in " ".join(ran.stdout.split())


def test_an_audit_that_fails_leaves_the_training_alone(tmp_path: Path) -> None:
    ran = train(tmp_path, "x, y[:3], mine=lambda y, p: y / nothing")
    assert ran.returncode == 0
    assert "the training went on without it" in ran.stderr
    assert last(ran) == last(train(tmp_path, "", "plain"))


def test_a_mistake_is_told_when_it_is_made(tmp_path: Path) -> None:
    ran = train(tmp_path, "epochs='first'")
    assert ran.returncode == 1 and "'first' is no epoch" in ran.stderr
