"""Repairs are compared with what they repair, on real runs."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from losslint.analysis.node import Node
from losslint.config import Settings
from losslint.lab.repair import Proof, repaired
from losslint.lab.verdicts import Laboratory
from losslint.linter import run
from losslint.rule import load_rules
from losslint.source import Source, no_modules

pytestmark = pytest.mark.tensorflow
TEXT = "import tensorflow as tf\n\n\ndef some_loss(y_true, y_pred):\n    return {}\n"
LOG = "-tf.reduce_mean(y_true * tf.math.log({}), axis=-1)"
LAWLESS = " + 1e-30 * tf.reduce_mean(tf.math.digamma(y_pred), axis=-1)"  # not finite at 0 either
SUM = "tf.reduce_sum(tf.square(y_true - y_pred){})"


def _log(source: Source) -> Node:
    traces = run(source, Settings(), no_modules)
    return next(node for trace in traces for node in trace.reached(1) if node.operation == "log")


@pytest.mark.parametrize(
    ("before", "after", "safe", "held", "told"),
    [
        (LOG.format("y_pred"), LOG.format("tf.maximum(y_pred, 1e-7)"), True, True, "does not now"),
        (LOG.format("y_pred"), LOG.format("y_pred + 1e-3"), True, False, "value or gradient changes"),
        (LOG.format("y_pred"), LOG.format("tf.maximum(y_pred, 0.0)"), True, False, "breaks it still"),
        (LOG.format("y_pred") + LAWLESS, LOG.format("tf.maximum(y_pred, 1e-7)") + LAWLESS, True, None, "something else breaks the loss"),
        (SUM.format(""), SUM.format("") + " / 6.0", False, True, "as before"),
        (SUM.format(""), "tf.reduce_mean(tf.abs(y_true - y_pred))", False, None, "one factor"),
        (SUM.format(""), "tf.reduce_sum(tf.nonsense(y_true))", False, False, "raises"),
        (LOG.format("y_pred"), "no_loss(y_true)", True, None, ""),
    ],
)
def test_repairs(before: str, after: str, safe: bool, held: bool | None, told: str, laboratory: Laboratory) -> None:
    settings = Settings(select=("LL101", "LL301"))
    old, new = (Source.parse(TEXT.format(body), "losses.py") for body in (before, after))
    if "no_loss" in after:
        new = Source.parse("import tensorflow as tf\n", "losses.py")
    (finding,) = laboratory.judged(old.text, "losses.py", settings, load_rules(), no_modules).findings
    witness = finding.verdict.witness if finding.verdict is not None and finding.code == "LL301" else None
    proof = None if witness is None else Proof(witness, _log(old), None, new, False, lambda bench: True)
    result, words = repaired(laboratory.running, old, new, "some_loss", safe=safe, proof=proof, settings=settings, modules=no_modules)
    assert (result, told in words) == (held, True), words


TWO = """\
import tensorflow as tf


def pair_loss(y_true, y_pred):
    one = tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), axis=-1))
    two = tf.sqrt(tf.reduce_sum(tf.square(y_pred - y_true), axis=-1))
    return one + two
"""
KEPT = """\
import tensorflow as tf


class Scaled(tf.keras.losses.Loss):
    def __init__(self, scale=2.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, y_true, y_pred):
        first, second = y_pred
        return self.scale * tf.reduce_mean(tf.abs(y_true[0] - first) + tf.abs(y_true[1] - second), axis=-1)
"""
LAYER = """\
import tensorflow as tf


class Aligned(tf.keras.layers.Layer):
    def build(self, shape):
        self.weight = self.add_weight(name="weight", shape=(), initializer="ones", trainable=False)

    def alignment_loss(self, y_true, y_pred):
        return self.weight * tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), axis=-1))
"""


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [(TWO, "LL306", "by this and the fixes beside it"), (KEPT, "LL502", "does not now"), (LAYER, "LL306", "does not now")],
    ids=["two roots of one batch", "an object that is made anew", "an attribute that is guessed"],
)
def test_fixes_are_verified(text: str, code: str, words: str, laboratory: Laboratory) -> None:
    asked = replace(laboratory.asked, fixes=True)
    with Laboratory(asked, laboratory.memory) as verifying:
        findings = verifying.judged(text, "losses.py", Settings(select=(code,)), load_rules(), no_modules).findings
    assert findings
    for finding in findings:
        assert finding.fix is not None and finding.fix.verified, (finding.fix, finding.verdict)
        assert words in finding.fix.message
