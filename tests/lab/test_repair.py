"""Repairs are compared with what they repair, on real runs."""

from __future__ import annotations

import pytest

from losslint.config import Settings
from losslint.lab.repair import repaired
from losslint.lab.verdicts import Laboratory
from losslint.rule import load_rules
from losslint.source import Source, no_modules

pytestmark = pytest.mark.tensorflow
TEXT = "import tensorflow as tf\n\n\ndef some_loss(y_true, y_pred):\n    return {}\n"
LOG = "-tf.reduce_mean(y_true * tf.math.log({}), axis=-1)"
SUM = "tf.reduce_sum(tf.square(y_true - y_pred){})"


@pytest.mark.parametrize(
    ("before", "after", "safe", "held", "told"),
    [
        (LOG.format("y_pred"), LOG.format("tf.maximum(y_pred, 1e-7)"), True, True, "does not now"),
        (LOG.format("y_pred"), LOG.format("y_pred + 1e-3"), True, False, "value or gradient changes"),
        (LOG.format("y_pred"), LOG.format("tf.maximum(y_pred, 0.0)"), True, False, "breaks it still"),
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
    result, words = repaired(laboratory.running, old, new, "some_loss", safe=safe, witness=witness, settings=settings, modules=no_modules)
    assert (result, told in words) == (held, True), words
