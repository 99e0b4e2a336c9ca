"""Scripts that do what nobody expects of a training: each is told in a clear line, and the script does what it does without the audit."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from commands import run, why

import losslint.audit.run

pytestmark = pytest.mark.tensorflow

HEAD = """\
import os
import sys
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(1)
x = np.random.default_rng(1).normal(size=(70, 3)).astype("float32")
y = x.sum(axis=1, keepdims=True)
layers = keras.layers
model = keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(1)])
"""
FITTED = """
model.compile("sgd", "mse")
model.fit(x, y, epochs=2, verbose=0)
print([value.tolist() for value in model.get_weights()])
"""
MANY = """
import multiprocessing
import tempfile


class Own(keras.Model):
    def fit(self, *given, **options):
        return super().fit(*given, **options)


def double(number):
    return 2 * number


with multiprocessing.get_context("fork").Pool(1) as pool:
    pool.map(double, [1])
os.chdir(tempfile.mkdtemp())
model.compile("sgd", "mse")
model.fit(x, y, verbose=0)  # first
model.compile("sgd", "mae")
model.fit(x, y, verbose=0)  # compiled twice
model.fit(x, y, verbose=0)  # fitted twice
model.save("model.keras")
model = keras.models.load_model("model.keras")
model.fit(x, y, verbose=0)  # loaded
inputs = keras.Input((3,))
model = Own(inputs, layers.Dense(1)(inputs))
model.compile("sgd", "mse")
model.fit(x, y, verbose=0)  # a method of its own
print([value.tolist() for value in model.get_weights()])
"""
INTERRUPTED = """
import signal
import time


class Interrupt(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 1:
            os.killpg(0, signal.SIGINT)  # what a terminal does


model.compile("sgd", "mse")
try:
    model.fit(x, y, epochs=2, verbose=0, callbacks=[Interrupt()])
except KeyboardInterrupt:
    time.sleep(1)
    model.save("saved.keras")
    print([name for name in ("train_step", "compute_loss") if name in vars(model)])
"""


def test_every_training_of_a_script_is_told_wherever_it_goes(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def formula(y_true, y_pred):\n    return (y_true - y_pred) ** 2\n")
    ran = why(tmp_path, HEAD + MANY, "--mine", "mine.py:formula", "--output-format", "json")
    plain = run(tmp_path, HEAD + MANY)
    assert ran.status == 0, ran.err
    assert ran.out.startswith(plain.out)
    fits = json.loads(ran.out[len(plain.out) :])["fits"]
    calls = [number for number, line in enumerate((HEAD + MANY).splitlines(), 1) if "fit(" in line and "def " not in line]
    assert sorted(fit["line"] for fit in fits) == calls[:-1]  # the last one is in the method
    assert all(fit["explained"] for fit in fits)
    assert ["formula" in fit["steps"][-1]["causes"] for fit in fits] == [False, True, True, True, False]


@pytest.mark.parametrize(
    ("script", "status", "says"),
    [
        ("keras.Model.fit = lambda *given, **options: None" + FITTED, 2, "a `fit` of your own"),
        ("model.fit(x, y)\n", 2, "You must call `compile()`"),
        ("model.add(layers.ActivityRegularization(1.0))\nmodel.compile('sgd')\nmodel.fit(x)\n", 1, "no compiled loss"),
    ],
)
def test_what_is_no_training_of_a_compiled_loss_is_said(tmp_path: Path, script: str, status: int, says: str) -> None:
    ran = why(tmp_path, HEAD + script)
    assert ran.status == status
    assert says in ran.out + ran.err
    assert "the audit failed" not in ran.err


def test_another_backend_is_left_alone(tmp_path: Path) -> None:
    ran = why(tmp_path, "import os\nos.environ['KERAS_BACKEND'] = 'jax'\n" + HEAD + FITTED)
    assert ran.status == 2
    there = importlib.util.find_spec("jax") is not None
    assert ("the backend is jax, and only TensorFlow is measured" if there else "No module named 'jax'") in ran.err


def test_ctrl_c_is_for_the_script_which_may_still_save_its_model(tmp_path: Path) -> None:
    ran = why(tmp_path, HEAD + INTERRUPTED, "--epochs", "1")
    assert ran.status == 0 and (tmp_path / "saved.keras").exists()
    assert ran.out.startswith("[]\ntrain.py:") and "model.fit, epoch 1," in ran.out
    ran = why(tmp_path, HEAD + INTERRUPTED)
    assert ran.status == 2 and "no epoch that is asked for came to its end" in ran.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_takes_the_records_and_not_the_training(tmp_path: Path) -> None:
    plain = run(tmp_path, HEAD + FITTED)
    ran = run(tmp_path, HEAD + FITTED, str(losslint.audit.run.LAUNCH), "/dev/full", "{}")
    assert (ran.status, ran.out) == (0, plain.out)
    assert ran.err.count("the records of the audit cannot be written, the training goes on: No space left on device") == 1
