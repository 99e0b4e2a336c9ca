"""The same verdicts under other versions: TensorFlow 2.15 with its Keras 2, and today's with `tf_keras`.

Interpreters that have them are named in LOSSLINT_TEST_PYTHONS, separated by colons; the tests' own is always tried.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest

from losslint.config import Confirmation, Settings
from losslint.lab.memory import Memory
from losslint.lab.verdicts import Laboratory
from losslint.rule import load_rules
from losslint.source import no_modules

pytestmark = pytest.mark.tensorflow
PYTHONS = [sys.executable, *filter(None, os.environ.get("LOSSLINT_TEST_PYTHONS", "").split(os.pathsep))]
LOSSES = """\
import tensorflow as tf
from tensorflow.keras import backend as K

model = tf.keras.Sequential([tf.keras.layers.Dense(4), tf.keras.layers.Dense(1)])


class Summed(tf.keras.losses.Loss):
    def call(self, y_true, y_pred):
        return K.sum(K.square(y_true - y_pred))


def entropy_loss(y_true, y_pred):
    return -K.mean(y_true * K.log(y_pred), axis=-1)


def miss_loss(y_true, y_pred):
    return -K.mean((1.0 - y_true) * tf.math.log(1e-9 + 1.0 - y_pred), axis=-1)


def penalised_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + K.sum(K.abs(model.layers[0].weights[0]))


def mean_loss(y_true, y_pred):
    return K.mean(tf.keras.losses.mean_squared_error(y_true, y_pred)) + K.logsumexp(K.sum(y_pred, axis=-1)) * 0.0
"""


@pytest.fixture(scope="module", params=PYTHONS)
def laboratory(request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    with Laboratory(Confirmation(request.param, 30), Memory(None, "")) as made:
        yield made


def test_the_same_findings_are_confirmed(laboratory: Laboratory) -> None:
    settings = Settings(select=("LL101", "LL201", "LL301", "LL303"))
    findings = laboratory.judged(LOSSES, "losses.py", settings, load_rules(), no_modules).findings
    verdicts = {finding.function: finding.verdict for finding in findings}
    assert set(verdicts) == {"Summed.call", "entropy_loss", "miss_loss", "penalised_loss"}
    assert {name: verdict and (verdict.status, verdict.reason)[0] for name, verdict in verdicts.items()} == dict.fromkeys(
        verdicts, "confirmed"
    ), verdicts
