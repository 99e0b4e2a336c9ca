"""Losses that the fuzz found, about which the abstract run once claimed what TensorFlow contradicts; cut down to what is needed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "operations"))
pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore")]

COLUMNS = {
    "a distance of two infinities is not 0": ["a = tf.math.rsqrt(y_true)", "tf.keras.losses.MAPE(a, a)"],
    "a softmax of infinities has no value": ["a = tf.math.log(y_true)", "K.softmax(a)"],
    "nor has a log_softmax": ["a = tf.math.reciprocal(y_true)", "tf.nn.log_softmax(a, axis=0)"],
    "nor has the direction of an infinite vector": ["a = tf.math.reciprocal(y_true)", "keras.ops.normalize(a)"],
    "nor has the length of one with infinite sides": ["a = tf.math.reciprocal(y_true)", "keras.ops.hypot(a, a)"],
    "nor a mean with infinite weights": ["a = tf.math.reciprocal(y_true)", "keras.ops.average(a, axis=0, weights=a[:, 0])"],
    "nor has the length of one that is too long to be squared": ["a = tf.exp(y_pred / 2.0)", "tf.experimental.numpy.hypot(a, a)"],
    "nor its direction": ["a = keras.ops.exp2(y_pred)", "K.l2_normalize(a, axis=-1)"],
    "the spread of infinities is not 0": ["a = tf.math.reciprocal(y_true)", "keras.ops.moments(a, axes=[-1])[1]"],
    "a number that is cut off keeps its sign": ["a = tf.experimental.numpy.fix(y_pred)", "tf.exp(1.0 / a)"],
}
SHAPES = {
    "positions along an axis are broadcast along the others": [
        "a = tf.zeros_like(y_pred[:1], dtype=tf.int32)",
        "keras.ops.take_along_axis(y_pred, a, 1)",
    ],
    "of two branches one is run, in its own shape": ["a = tf.reduce_min(y_true)", "K.switch(a > 0.5, y_pred, a)"],
    "what is flattened before it is picked from was not flat": [
        "a = y_pred * 2.0",
        "b = tf.experimental.numpy.take(a, [0, 2])",
        "tf.reduce_sum(b) * tf.reduce_sum(a, -1)",
    ],
    "circle loss of a stack of vectors": [
        "a = tf.reduce_mean(y_true, axis=-1, keepdims=True)[:, None]",
        "keras.losses.circle(tf.argmax(y_pred, -1), a)",
    ],
    "labels of a row beside scores of a sample": ["a = y_pred[:, None]", "tf.nn.softmax_cross_entropy_with_logits(a, y_true)"],
    "one label for many scores": ["a = tf.argmax(y_true[:, 0], -1)", "keras.losses.categorical_generalized_cross_entropy(a, y_pred, 0.5)"],
    "all axes but the first as one": ["a = keras.ops.outer(tf.reduce_sum(y_pred, 0), y_pred)", "K.batch_flatten(a)"],
    "the rows of a square of samples": ["a = tf.linalg.diag(y_pred[:, 0])", "K.repeat(a, n=3)"],
    "elements at positions of a mask of the same rank": [
        "a = tf.gather_nd(y_true, tf.where(y_pred > 0.5))",
        "K.sparse_categorical_crossentropy(tf.argmax(a, -1), a)",
    ],
    "a vector times a matrix is a vector": ["a = tf.reduce_sum(y_pred, -1)", "keras.ops.dot(a, y_pred)"],
    "vectors in stacks": ["a = y_true[:, None]", "b = a + y_true", "tf.linalg.matvec(a[:, :, None] * b[:, None, :], b)"],
    "a dot product aligns no axes": ["a = tf.transpose(y_pred[..., None])", "keras.ops.dot(y_true, a)"],
    "a branch of which nothing is known": ["a = tf.reduce_sum(y_pred[0])", "b = tf.reduce_sum(y_pred, -1)", "K.switch(a > 9.0, b, a)"],
    "circle loss of columns": ["a = tf.transpose(y_pred)", "keras.losses.circle(tf.argmax(a, -1), tf.math.l2_normalize(a, -1))"],
    "one of several classes along the first axis of a sample": [
        "a = y_pred[:, None]",
        "keras.ops.multi_hot(tf.cast(a * 4, tf.int32), 4)",
    ],
    "a piece between two cuts": ["a = tf.reduce_sum(y_pred, -1)", "tf.experimental.numpy.split(a, [1, 3], -1)[1]"],
    "an axis of a scalar": ["a = tf.reduce_sum(y_true)", "tf.cast(keras.ops.argsort(a, 0), tf.float32)"],
}
DEGREES = {
    "differences along the batch cancel": ["a = keras.ops.diff(tf.reduce_sum(y_pred, axis=-1))", "tf.reduce_mean(a)"],
    "a common norm holds down what does not grow": ["a = tf.reduce_mean(y_pred)", "tf.clip_by_global_norm([a, y_pred], 0.01)[0][0]"],
    "of two branches one may grow": [
        "a = tf.linalg.trace(y_pred @ tf.transpose(y_pred))",
        "tf.where(y_pred[0, 0] > 2.0, tf.reduce_mean(y_pred), a)",
    ],
    "a position need not grow": ["a = tf.cast(tf.argmin(y_pred), tf.float32)", "y_pred / (a + 2.0)"],
}
GRADIENTS = {
    "labels whose gradient is stopped keep their own": [
        "a = tf.where(y_pred > 2.0, y_true, y_pred)",
        "tf.compat.v1.losses.softmax_cross_entropy(a, y_pred)",
    ],
    "logits that are labels too": ["a = tf.tanh(y_pred)", "tf.compat.v1.losses.softmax_cross_entropy(a, a)"],
}

NOT_KNOWN = {
    "an inverse takes a logarithm back": ["a = tf.asinh(tf.reduce_sum(y_pred))", "tf.sinh(a)"],
    "an exponential takes a logarithm back": ["a = tf.math.log(tf.reduce_sum(y_pred))", "tf.exp(a)"],
    "of a whole batch": ["a = tf.reduce_logsumexp(y_pred, 0)", "tf.exp(a)"],
    "and of shares of it": ["a = tf.nn.log_softmax(y_pred, 0)", "tf.exp(a)"],
    "the logarithm of what saturates": ["a = tf.sigmoid(-tf.reduce_sum(y_pred))", "tf.math.log(a)"],
    "a quotient by what saturates": ["a = tf.sigmoid(-tf.reduce_sum(y_pred))", "1.0 / a"],
    "the angle of two that grow apart": ["a = tf.reduce_sum(y_pred)", "tf.atan2(tf.reduce_mean(y_pred), a)"],
    "what vanishes does so in a bounded function": ["a = tf.reduce_mean(y_pred) / tf.reduce_sum(y_pred)", "tf.tanh(a)"],
}


@pytest.mark.parametrize(
    "lines", [*COLUMNS.values(), *SHAPES.values(), *DEGREES.values(), *GRADIENTS.values()], ids=[*COLUMNS, *SHAPES, *DEGREES, *GRADIENTS]
)
def test_nothing_wrong_is_claimed(lines: list[str]) -> None:
    from programs import inputs, written
    from soundness import Real, contradictions

    program = written(lines)
    assert Real(program).values(*inputs())
    assert list(contradictions(program)) == []


@pytest.mark.parametrize("lines", NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_no_power_is_claimed(lines: list[str]) -> None:
    from programs import written
    from soundness import walked

    assert None in walked(written(lines))["value"].degree


def test_a_matrix_may_have_no_axis_more_than_two() -> None:
    from programs import written
    from soundness import walked

    some = ["a = tf.where(y_pred[0] <= 0.5, tf.zeros_like(y_pred), y_pred)", "tf.linalg.matrix_transpose(a)"]
    assert walked(written(some))["value"].shape is None


def test_a_number_has_no_others_beside_it() -> None:
    from programs import inputs, written
    from soundness import Real, walked

    program = written(["a = tf.maximum(tf.reduce_max(y_true), 0.5) * 0.0 + 0.5", "tf.linalg.global_norm([a, a])"])
    told = walked(program)["value"].columns.single
    assert told[0] == pytest.approx(float(Real(program).values(*inputs())["value"]))


def test_a_logarithm_of_a_sum_is_no_sum() -> None:
    from programs import written
    from soundness import walked

    assert walked(written(["a = tf.reduce_sum(y_pred)", "tf.math.xlogy(tf.reduce_mean(y_true), a)"]))["value"].degree == {0.0}
