"""Values that have lost an axis against values that have not, and statistics of the batch: what the rules on them say and leave alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from losslint.finding import Result

HEAD = "import tensorflow as tf\nimport keras\nfrom keras import backend as K, ops\n"
SPREAD = {
    "weights of labels on losses of rows": """
def weighted_loss(y_true, y_pred):
    weights = y_true * 2.0 + (1.0 - y_true) * 0.5
    return K.mean(weights * keras.losses.binary_crossentropy(y_true, y_pred))  # spread
""",
    "a deviation from the mean of rows, divided": """
def relative_loss(y_true, y_pred):
    low = tf.reduce_min(y_true, axis=1)
    return tf.reduce_mean(tf.abs(y_pred - y_true) / (y_true - low + 1.0))  # spread
""",
    "a column of the prediction on all of it": """
def gated_loss(y_true, y_pred):
    gate = tf.sigmoid(y_pred[:, 0])
    return tf.reduce_mean(tf.square(y_true - y_pred) * gate)  # spread
""",
    "through a helper and a name": """
def _errors(a, b):
    return tf.reduce_mean(tf.square(a - b), axis=-1)

def scaled_loss(y_true, y_pred):
    errors = _errors(y_true, y_pred)
    scale = tf.stop_gradient(tf.abs(y_pred) + 1.0)
    return tf.reduce_mean(errors / scale)  # spread
""",
    "a vector beside what a network makes of it as a column": """
def equation_loss(network, x):
    rows = tf.reshape(x, (-1, 1))
    with tf.GradientTape() as tape:
        tape.watch(rows)
        u = network(rows)
    slope = tape.gradient(u, rows)
    return tf.reduce_mean(tf.square(slope - x * u))  # spread
""",
    "in a class, with the method of a loss": """
class Focal(keras.losses.Loss):
    def call(self, y_true, y_pred):
        rows = keras.losses.mean_absolute_error(y_true, y_pred)
        return ops.mean(ops.where(y_true > 0.5, rows, 0.5 * rows))  # spread
""",
}
ALIGNED = {
    "axes are kept": """
def relative_loss(y_true, y_pred):
    low = tf.reduce_min(y_true, axis=1, keepdims=True)
    return tf.reduce_mean(tf.abs(y_pred - y_true) / (y_true - low + 1.0))
""",
    "an axis is put back": """
def gated_loss(y_true, y_pred):
    gate = tf.expand_dims(tf.sigmoid(y_pred[:, 0]), -1)
    return tf.reduce_mean(tf.square(y_true - y_pred) * gate)
""",
    "a slice keeps its axis": """
def gated_loss(y_true, y_pred):
    gate = tf.sigmoid(y_pred[:, 0:1])
    return tf.reduce_mean(tf.square(y_true - y_pred) * gate)
""",
    "labels without a last axis": """
def labelled_loss(labels, logits):
    rows = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_mean(rows * tf.cast(labels > 0, tf.float32))
""",
    "statistics of the whole batch": """
def normal_loss(y_true, y_pred):
    centre = tf.reduce_mean(y_pred, axis=0)
    width = tf.math.reduce_std(y_true)
    return tf.reduce_mean(tf.square((y_pred - centre) / (width + 1.0)))
""",
    "an average over time": """
def sequence_loss(y_true, y_pred):
    steps = tf.reduce_mean(y_pred, axis=1)
    return tf.reduce_mean(tf.square(y_pred[:, 0, :] - steps)) + tf.reduce_mean(y_true * y_pred)
""",
    "pairs on purpose": """
def ranking_loss(y_true, y_pred):
    scores = y_pred[:, 0]
    return tf.reduce_mean(tf.nn.relu(1.0 - (scores[:, None] - scores)))
""",
    "a column beside what a network makes of it": """
def equation_loss(network, t):
    t = tf.reshape(t, (-1, 1))
    with tf.GradientTape() as tape:
        tape.watch(t)
        u = network(t)
    slope = tape.gradient(u, t)
    return tf.reduce_mean(tf.square(slope - t * u))
""",
    "pairs of a column": """
def pair_loss(y_true, y_pred):
    scores = y_pred[:, 0]
    same = tf.equal(tf.reshape(scores, (-1, 1)), scores)
    return tf.reduce_mean(tf.cast(same, tf.float32) * y_true[:, 0])
""",
    "numbers and classes": """
def class_loss(y_true, y_pred):
    weights = tf.constant([1.0, 2.0, 3.0])
    rows = tf.reduce_sum(weights * y_true * y_pred, axis=-1)
    return tf.reduce_mean(rows * tf.reduce_sum(y_true, axis=-1))
""",
}
UNMIXED = {
    "a mean over a mask": """
def masked_loss(y_true, y_pred):
    mask = K.cast(K.greater(y_true, 0.0), "float32")
    return K.sum(mask * K.square(y_true - y_pred)) / (K.sum(mask) + 1.0)
""",
    "the number of samples": """
def sum_loss(y_true, y_pred):
    return 0.5 * tf.reduce_sum(tf.square(y_true - y_pred)) / tf.cast(tf.shape(y_true)[0], tf.float32)
""",
    "a mean of a maximum": """
def hinge_loss(y_true, y_pred):
    return tf.reduce_mean(tf.maximum(0.0, 1.0 - y_true * y_pred)) + tf.reduce_mean(tf.sqrt(tf.abs(y_pred) + 1.0))
""",
}
MIXED = {
    "a hinge of a mean": """
def margin_loss(y_true, y_pred):
    return tf.maximum(0.0, 1.0 - tf.reduce_mean(y_true * y_pred))
""",
    "a product of means": """
def coupled_loss(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_pred)) * tf.reduce_mean(tf.abs(y_true - y_pred))
""",
    "a normal score": """
def normal_loss(y_true, y_pred):
    centred = y_pred - tf.reduce_mean(y_pred, axis=0)
    return tf.reduce_mean(tf.square(centred - y_true))
""",
}


def _lines(result: Result, name: str) -> set[int]:
    return {finding.place.line for finding in result.findings if finding.name == name}


@pytest.mark.parametrize("text", SPREAD.values(), ids=SPREAD)
def test_spread(text: str, check: Callable[[str], Result]) -> None:
    whole = HEAD + text
    expected = {number for number, line in enumerate(whole.splitlines(), 1) if line.endswith("# spread")}
    assert _lines(check(whole), "batch-broadcast") == expected


@pytest.mark.parametrize("text", ALIGNED.values(), ids=ALIGNED)
def test_aligned(text: str, check: Callable[[str], Result]) -> None:
    assert not _lines(check(HEAD + text), "batch-broadcast")


@pytest.mark.parametrize("text", UNMIXED.values(), ids=UNMIXED)
def test_unmixed(text: str, check: Callable[[str], Result]) -> None:
    assert not _lines(check(HEAD + text), "batch-mixed")


@pytest.mark.parametrize("text", MIXED.values(), ids=MIXED)
def test_mixed(text: str, check: Callable[[str], Result]) -> None:
    assert len(_lines(check(HEAD + text), "batch-mixed")) == 1
