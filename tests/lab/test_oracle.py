"""The oracle finds what a rule is silent about although it breaks."""

from __future__ import annotations

import pytest

from losslint.config import Settings
from losslint.lab.oracle import Tally, audited
from losslint.lab.verdicts import Laboratory
from losslint.rule import load_rules
from losslint.source import Source, no_modules

pytestmark = pytest.mark.tensorflow
TEXT = """\
import tensorflow as tf


def hidden(x):
    return tf.foldl(lambda total, row: total + tf.norm(row), x, 0.0)


def silent_loss(y_true, y_pred):
    return hidden(tf.square(y_true - y_pred))


def flagged_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))


def clean_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred))
"""


def test_what_is_broken_and_not_reported_is_listed(laboratory: Laboratory) -> None:
    rules = [rule for rule in load_rules() if rule.code == "LL101"]
    tally = Tally()
    source = Source.parse(TEXT, "losses.py")
    found = list(audited(laboratory, source, rules, Settings(select=("ALL",)), no_modules, tally))
    assert [(d.kind, d.code, d.function) for d in found] == [("silent but broken", "LL101", "silent_loss")]
    assert (tally.losses, tally.ran, tally.experiments, tally.decisive) == (3, 3, 3, 3)


def test_inputs_with_other_axes_than_the_loss_is_for_prove_nothing(laboratory: Laboratory) -> None:
    text = """\
from tensorflow.keras import backend as K


def token_loss(inputs):
    y_true, y_pred, mask = inputs
    rows = K.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)
    return K.sum(rows * mask) / (K.sum(mask) + K.epsilon())
"""
    rules = [rule for rule in load_rules() if rule.code == "LL101"]
    tally = Tally()
    found = list(audited(laboratory, Source.parse(text, "losses.py"), rules, Settings(select=("ALL",)), no_modules, tally))
    assert not found and tally.experiments == 1
