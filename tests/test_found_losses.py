"""Losses as people write them, for the rules on gradients and on what a loss is given: what is wrong is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

HEAD = """\
import math
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import backend as K
from tensorflow.keras import losses
"""
RULES = {"LL401", "LL402", "LL403", "LL501", "LL504"}

FOUND = {
    "f1 of rounded predictions": ("LL401", """
def f1_loss(y_true, y_pred):
    hits = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))  # here
    precision = hits / (K.sum(K.round(K.clip(y_pred, 0, 1))) + K.epsilon())
    recall = hits / (K.sum(K.round(K.clip(y_true, 0, 1))) + K.epsilon())
    return 1 - 2 * precision * recall / (precision + recall + K.epsilon())
"""),
    "a threshold from a factory": ("LL401", """
def threshold_loss(level):
    def loss(y_true, y_pred):
        above = K.cast(K.greater(y_pred, level), K.floatx())  # here
        return K.mean(K.abs(y_true - above), axis=-1)

    return loss
"""),
    "the sign of a difference": ("LL401", """
def direction_loss(y_true, y_pred):
    moved = K.sign(y_pred[:, 1:] - y_pred[:, :-1])  # here
    return K.mean(K.abs(K.sign(y_true[:, 1:] - y_true[:, :-1]) - moved), axis=-1)
"""),
    "whole numbers": ("LL401", """
class CountLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        counted = tf.cast(y_pred, tf.int32)  # here
        return tf.reduce_mean(tf.abs(tf.cast(counted, tf.float32) - y_true), axis=-1)
"""),
    "a stopped prediction, trained on": ("LL401", """
def stopped_loss(y_true, y_pred):
    y_pred = K.stop_gradient(y_pred)  # here
    return K.mean(K.square(y_true - y_pred), axis=-1)


model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss=stopped_loss)
"""),
    "a blocked penalty beside a loss": ("LL401", """
def counted_loss(y_true, y_pred):
    found = K.sum(K.cast(y_pred > 0.5, "float32"), axis=-1)  # here
    return losses.binary_crossentropy(y_true, y_pred) + 0.1 * K.abs(K.sum(y_true, axis=-1) - found)
"""),
    "the target in place of the prediction": ("LL401", """
def normalised_loss(y_true, y_pred):
    y_true = y_true / (K.sum(y_true, axis=-1, keepdims=True) + 1.0)
    y_pred = y_true / (K.sum(y_true, axis=-1, keepdims=True) + 1.0)  # here
    return K.mean(K.square(y_true - y_pred), axis=-1)
"""),
    "weighted by a variable of its own": ("LL401", """
class WeightedDice:
    def __init__(self, weights):
        self.weights = K.variable(weights)

    def loss(self, y_true, y_pred):
        decided = K.cast(K.argmax(y_pred, axis=-1), "float32")  # here
        return K.mean(self.weights * K.abs(decided - y_true))
"""),
    "a variable made of the prediction": ("LL401", """
def frozen_loss(y_true, y_pred):
    start = K.variable(y_pred)  # here
    return K.mean(K.square(y_true - start), axis=-1)
"""),
    "where of a target": ("LL402", """
def balanced_loss(y_true, y_pred):
    weight = np.where(y_true > 0.5, 2.0, 1.0)  # here
    return K.mean(weight * K.square(y_true - y_pred), axis=-1)
"""),
    "an evaluated mean": ("LL402", """
def centred_loss(y_true, y_pred):
    centre = K.eval(K.mean(y_pred))  # here
    return K.mean(K.square(y_true - y_pred + centre), axis=-1)
"""),
    "a number for each batch": ("LL402", """
def scaled_loss(y_true, y_pred):
    largest = float(K.max(K.abs(y_true)))  # here
    return K.mean(K.square((y_true - y_pred) / largest), axis=-1)
"""),
    "math on a tensor": ("LL402", """
def root_loss(y_true, y_pred):
    return math.sqrt(tf.reduce_mean(tf.square(y_true - y_pred)))  # here


model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss=root_loss)
"""),
    "scipy in a method": ("LL402", """
from scipy.ndimage import distance_transform_edt


class BoundaryLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        far = distance_transform_edt(1 - y_true)  # here
        return K.mean(far * y_pred, axis=[1, 2, 3])
"""),
    "numpy of a size": ("LL402", """
def noisy_loss(y_true, y_pred):
    noise = np.random.normal(size=(tf.shape(y_pred)[0], 10))  # here
    return tf.reduce_mean(tf.square(y_true + noise - y_pred), axis=-1)
"""),
    "a row that decides": ("LL403", """
def row_loss(y_true, y_pred):
    total = 0.0
    for row in range(4):
        if y_true[row, 0] == 1:  # here
            total += K.square(y_pred[row, 0] - 1.0)
    return total


model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss=row_loss)
"""),
    "an empty selection": ("LL403", """
def positive_loss(y_true, y_pred):
    chosen = tf.boolean_mask(tf.square(y_true - y_pred), y_true > 0.5)
    return tf.reduce_mean(chosen) if tf.size(chosen) > 0 else 0.0  # here
"""),
    "equality of tensors": ("LL403", """
def equal_loss(y_true, y_pred):
    error = tf.reduce_mean(tf.square(y_true - y_pred))
    if tf.equal(tf.reduce_sum(y_true), 0.0):  # here
        error = error * 0.5
    return error
"""),
    "a counter in a variable": ("LL403", """
class WarmLoss(keras.losses.Loss):
    def __init__(self):
        super().__init__()
        self.steps = tf.Variable(0.0, trainable=False)

    def call(self, y_true, y_pred):
        error = K.mean(K.square(y_true - y_pred), axis=-1)
        if self.steps > 100.0:  # here
            error = 2.0 * error
        return error
"""),
    "a third tensor": ("LL403", """
def masked_error_loss(target, prediction, mask):
    if tf.reduce_sum(mask) == 0:  # here
        return 0.0
    return tf.reduce_sum(mask * tf.square(target - prediction)) / tf.reduce_sum(mask)
"""),
    "python's max of a tensor": ("LL403", """
def hinge_like_loss(y_true, y_pred):
    distance = tf.reduce_sum(tf.square(y_true - y_pred))
    return max(0.0, 1.0 - distance)  # here
"""),
    "rank of the framework": ("LL403", """
def ranked_loss(y_true, y_pred):
    if tf.rank(y_pred) == 3:  # here
        y_pred = tf.reduce_mean(y_pred, axis=1)
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
"""),
    "an object that is called the wrong way round": ("LL501", """
entropy = keras.losses.BinaryCrossentropy(from_logits=True)


def adversarial_loss(y_true, y_pred):
    return entropy(y_pred, y_true)  # here
"""),
    "an object of the class": ("LL501", """
class Both(keras.losses.Loss):
    def __init__(self):
        super().__init__()
        self.entropy = keras.losses.CategoricalCrossentropy()

    def call(self, y_true, y_pred):
        return 0.5 * self.entropy(K.softmax(y_pred), y_true)  # here
"""),
    "positions of today's tf.nn": ("LL501", """
@tf.function
def logit_loss(labels, logits):
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(logits, labels))  # here
"""),
    "percentages of the prediction": ("LL501", """
def percentage_loss(y_true, y_pred):
    return keras.losses.MeanAbsolutePercentageError()(y_pred, y_true)  # here
"""),
    "a dice that is returned": ("LL504", """
def generalised_dice_loss(y_true, y_pred):
    overlap = K.sum(y_true * y_pred, axis=[1, 2])
    whole = K.sum(K.square(y_true), axis=[1, 2]) + K.sum(K.square(y_pred), axis=[1, 2])
    return K.mean((2.0 * overlap + 1e-6) / (whole + 1e-6), axis=-1)  # here
"""),
    "a likelihood that is returned": ("LL504", """
def bernoulli_nll(y_true, y_pred):
    safe = tf.clip_by_value(y_pred, 1e-6, 1.0 - 1e-6)
    return tf.reduce_sum(y_true * tf.math.log(safe) + (1.0 - y_true) * tf.math.log(1.0 - safe), axis=-1)  # here
"""),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_is_found(name: str, check: Callable[..., object]) -> None:
    code, text = FOUND[name]
    whole = f"{HEAD}\n{text}"
    marked = {number for number, line in enumerate(whole.splitlines(), 1) if line.endswith("# here")}
    found = {(f.code, f.place.line) for f in check(whole).findings if f.code in RULES}  # type: ignore[attr-defined]
    assert found == {(code, line) for line in marked}


def test_a_loss_that_another_calls_and_drops_is_judged_for_itself(codes: Callable[[str], set[str]]) -> None:
    text = f"""{HEAD}
def focal_loss(y_true, y_pred):
    return -K.sum(K.square(1 - y_pred) * y_true)


def mixed_loss(y_true, y_pred):
    focal = focal_loss(y_true, y_pred)
    return K.mean(K.abs(y_true - y_pred))
"""
    assert "LL101" in codes(text)
    assert "LL101" not in codes(text.replace("return K.mean(", "return focal / K.sum(y_true + 1) + K.mean("))
