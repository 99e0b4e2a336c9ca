"""Guards of logarithms: which of them float32 keeps."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from losslint.config import Settings
from losslint.finding import Result
from losslint.linter import counts

FRAME = """\
import tensorflow as tf
from tensorflow.keras import backend as K


def likelihood_loss(y_true, y_pred, epsilon=1e-8):
    {body}
"""


def loss(body: str) -> str:
    lines = [line.strip() for line in body.split(";")]
    lines[-1] = f"return tf.reduce_mean({lines[-1]}, axis=-1)"
    return FRAME.format(body="\n    ".join(lines))


SILENT = [
    "-tf.math.log(tf.clip_by_value(y_pred, 1e-7, 1 - 1e-7))",
    "-tf.math.log(1 - tf.clip_by_value(y_pred, 1e-7, 1 - 1e-7))",
    "-K.log(1.0 - K.clip(y_pred, K.epsilon(), 1.0 - K.epsilon()))",
    "-tf.math.log(tf.maximum(y_pred, 1e-12))",
    "-tf.math.log(tf.maximum(1e-12, y_pred))",
    "-tf.math.log(y_pred + 1e-30)",
    "-tf.math.log(y_pred + epsilon)",
    "-tf.math.log(tf.where(y_pred > 0, y_pred, 1e-7))",
    "-tf.math.log(tf.where(tf.equal(y_pred, 0.0), 1e-7 * tf.ones_like(y_pred), y_pred))",
    "-tf.math.log(1 - y_pred + 1e-8)",
    "-tf.math.log((1 - y_pred) + 1e-8)",
    "top = tf.reduce_max(y_pred, axis=-1, keepdims=True); top + tf.math.log(tf.reduce_sum(tf.exp(y_pred - top), axis=-1, keepdims=True))",
    "-tf.math.log(tf.sigmoid(y_pred) + 1e-7)",
    "-tf.math.log(2.0 + tf.abs(y_true - y_pred))",
    "-tf.math.log(tf.nn.softplus(y_pred) + 1e-6)",
    "y_true * tf.math.log(2.0)",
    "-tf.math.log(tf.reduce_sum(tf.one_hot(y_true, 4) * tf.clip_by_value(y_pred, 1e-7, 1.0), axis=-1, keepdims=True))",
    "-K.log(K.sum(y_true * K.clip(y_pred, 1e-7, 1.0), axis=-1, keepdims=True))",
    "tf.debugging.assert_positive(y_pred); -tf.math.log(y_pred)",
    "tf.debugging.assert_greater(y_pred, 0.0); -tf.math.log(y_pred)",
]
UNGUARDED = [
    "-tf.math.log(y_pred)",
    "-K.log(1 - y_pred)",
    "-tf.math.log(tf.clip_by_value(y_pred, 0.0, 1.0))",
    "-tf.math.log(tf.maximum(y_pred, 0.0))",
    "-tf.math.log(y_true * y_pred)",
    "-tf.math.log(tf.reduce_sum(tf.one_hot(y_true, 4) * y_pred, axis=-1, keepdims=True))",
    "-K.log(K.sum(y_true * y_pred, axis=-1, keepdims=True))",
    "-tf.math.log(1.0 - tf.nn.softmax(y_pred))",
    "y_true * tf.math.log(y_true / tf.maximum(y_pred, 1e-7))",
    "-tf.math.log(tf.where(y_true > 0, y_pred, 1e-7))",
    "tf.debugging.assert_non_negative(y_pred); -tf.math.log(y_pred)",
    "1.0 - tf.math.log(1.0 - tf.keras.losses.mse(y_true, y_pred))",
]
ROUNDED_AWAY = [
    "-tf.math.log(1 - tf.clip_by_value(y_pred, 1e-8, 1 - 1e-8))",
    "-tf.math.log(1 - K.clip(y_pred, epsilon, 1 - epsilon))",
    "p = tf.minimum(y_pred, 0.99999999); -tf.math.log(1.0 - p)",
    "-tf.math.log(1 - (y_pred + 1e-8))",
    "-tf.math.log(1e-10 + 1 - y_pred)",
    "-tf.math.log(1e-10 + (tf.ones_like(y_pred)) - y_pred)",
    "-tf.math.log(y_pred + 1e-40)",
    "-tf.math.log(tf.maximum(y_pred, 1e-40))",
    "-tf.math.log(y_pred + 1e-38)",
]
INEXACT = [
    "tf.math.log(1 + tf.abs(y_true - y_pred))",
    "tf.math.log(tf.abs(y_true - y_pred) + 1.0)",
    "K.log(tf.ones_like(y_pred) + K.square(y_true - y_pred))",
]
EXACT = [
    "tf.math.log1p(tf.abs(y_true - y_pred))",
    "tf.math.log(1 + tf.clip_by_value(y_pred, 0.5, 1.0))",
    "tf.math.log(1.5 + tf.abs(y_true - y_pred))",
]
LOGS = {"LL301", "LL302", "LL303"}


@pytest.mark.parametrize("body", SILENT)
def test_kept(body: str, codes: Callable[[str], set[str]]) -> None:
    assert not codes(loss(body)) & LOGS


@pytest.mark.parametrize("body", UNGUARDED)
def test_missing(body: str, codes: Callable[[str], set[str]]) -> None:
    assert codes(loss(body)) & LOGS == {"LL301"}


@pytest.mark.parametrize("body", ROUNDED_AWAY)
def test_rounded_away(body: str, codes: Callable[[str], set[str]]) -> None:
    assert codes(loss(body)) & LOGS == {"LL303"}


@pytest.mark.parametrize("body", INEXACT)
def test_inexact(body: str, codes: Callable[[str], set[str]], check: Callable[[str], Result]) -> None:
    assert codes(loss(body)) & LOGS == {"LL302"}
    (finding,) = (f for f in check(loss(body)).findings if f.code == "LL302")
    assert finding.severity.value == "info"
    assert not counts(finding, Settings())
    assert not counts(finding, Settings(select=("ALL",)))
    assert counts(finding, Settings(extend_select=("LL302",)))


@pytest.mark.parametrize("body", EXACT)
def test_exact(body: str, codes: Callable[[str], set[str]]) -> None:
    assert not codes(loss(body)) & LOGS


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (UNGUARDED[0], r"`y_pred` can be 0, and log\(0\) is -inf: .* gradient NaN; nothing guards it"),
        (UNGUARDED[2], r"`tf\.clip_by_value\(y_pred, 0\.0, 1\.0\)` does not keep it away"),
        (ROUNDED_AWAY[0], r"0\.99999999 is exactly 1 in float32, which has steps of 6e-08 there"),
        (ROUNDED_AWAY[3], r"1e-08 is lost beside 1: float32 has steps of 1\.2e-07 there"),
        (ROUNDED_AWAY[4], r"1\.0000000001 rounds to 1 before the other operand comes in"),
        (ROUNDED_AWAY[6], r"1e-40 is below the smallest normal float32 \(1\.2e-38\), and TensorFlow flushes it to 0"),
    ],
)
def test_the_message_says_why(body: str, words: str, check: Callable[[str], Result]) -> None:
    (finding,) = check(loss(body)).findings
    assert re.search(words, finding.message), finding.message


def test_the_lost_guard_is_shown(check: Callable[[str], Result]) -> None:
    text = loss("p = tf.minimum(y_pred, 0.99999999); -tf.math.log(1.0 - p)")
    (finding,) = check(text).findings
    assert (finding.place.line, [place.line for place in finding.related]) == (7, [6])
