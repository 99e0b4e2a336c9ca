"""Losses as people write them, for the rules on gradients and on what a loss is given: what is right stays silent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from losslint.config import Settings
from losslint.linter import check_source
from losslint.rule import Rule

HEAD = """\
import math
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import backend as K
from tensorflow.keras import losses
"""
RULES = {"LL401", "LL402", "LL403", "LL501", "LL504"}

SILENT = {
    "hard examples picked by top_k": """
def ohem_loss(y_true, y_pred, ratio=3.0):
    rows = losses.binary_crossentropy(y_true, y_pred)
    positive = tf.cast(tf.reduce_max(y_true, axis=-1) > 0.5, tf.float32)
    wanted = tf.cast(ratio * tf.reduce_sum(positive), tf.int32)
    hardest, places = tf.nn.top_k(rows * (1.0 - positive), k=wanted)
    return tf.reduce_sum(tf.gather(rows, places)) / tf.cast(wanted, tf.float32)
""",
    "a detector's masks": """
def yolo_loss(y_true, y_pred):
    mask = y_true[..., 4:5]
    best = K.max(y_pred[..., 0:2], axis=-1)
    ignore = K.cast(best < 0.5, K.dtype(y_true))
    confidence = mask * K.binary_crossentropy(mask, y_pred[..., 4:5]) + (1 - mask) * K.expand_dims(ignore) * K.square(y_pred[..., 4:5])
    return K.sum(confidence) / K.cast(K.shape(y_pred)[0], K.floatx())
""",
    "probability of the right class by where": """
def focal_loss(y_true, y_pred, gamma=2.0):
    right = tf.where(tf.equal(y_true, 1), y_pred, 1.0 - y_pred)
    return -K.mean(K.pow(1.0 - right, gamma) * K.log(right + K.epsilon()), axis=-1)
""",
    "lovasz: sorted errors times a stopped gradient": """
def lovasz_hinge_loss(labels, logits, per_image=True):
    signs = 2.0 * labels - 1.0
    errors = 1.0 - logits * tf.stop_gradient(signs)
    ordered, permutation = tf.nn.top_k(errors, k=tf.shape(errors)[0])
    sorted_labels = tf.gather(labels, permutation)
    slope = 1.0 - tf.cumsum(sorted_labels) / (1.0 + tf.reduce_sum(sorted_labels))
    return tf.tensordot(tf.nn.relu(ordered), tf.stop_gradient(slope), 1)
""",
    "gumbel straight through": """
def code_loss(y_true, y_pred):
    hard = tf.cast(tf.equal(y_pred, tf.reduce_max(y_pred, 1, keepdims=True)), y_pred.dtype)
    code = tf.stop_gradient(hard - y_pred) + y_pred
    return tf.reduce_mean(tf.square(y_true - code), axis=-1)
""",
    "vector quantisation": """
def vq_loss(encoded, quantised, beta=0.25):
    commitment = tf.reduce_mean(tf.square(tf.stop_gradient(quantised) - encoded))
    codebook = tf.reduce_mean(tf.square(quantised - tf.stop_gradient(encoded)))
    return codebook + beta * commitment
""",
    "the action that was taken": """
def dqn_loss(y_true, y_pred):
    action = tf.argmax(y_true, axis=-1)
    chosen = tf.reduce_sum(tf.one_hot(action, 4) * y_pred, axis=-1)
    return tf.reduce_mean(tf.square(tf.stop_gradient(tf.reduce_max(y_true, axis=-1)) - chosen))
""",
    "pseudo-labels": """
def pseudo_label_loss(y_true, y_pred):
    own = tf.one_hot(tf.argmax(y_pred, axis=-1), 10)
    sure = tf.cast(tf.reduce_max(y_pred, axis=-1) > 0.95, tf.float32)
    return losses.categorical_crossentropy(y_true, y_pred) + sure * losses.categorical_crossentropy(tf.stop_gradient(own), y_pred)
""",
    "an entropy": """
def confident_loss(y_true, y_pred):
    return losses.categorical_crossentropy(y_true, y_pred) + 0.1 * losses.categorical_crossentropy(y_pred, y_pred)
""",
    "weights from numpy, once": """
def weighted_loss(weights):
    weights = K.variable(np.asarray(weights) / np.sum(weights))

    def loss(y_true, y_pred):
        return -K.sum(y_true * K.log(K.clip(y_pred, 1e-7, 1.0)) * weights, axis=-1)

    return loss
""",
    "a kernel made by numpy": """
def edge_loss(y_true, y_pred):
    kernel = np.zeros((3, 3, 1, 1), dtype=np.float32)
    kernel[1, 1] = 1.0
    kernel = tf.constant(kernel / np.float32(9.0))
    return tf.reduce_mean(tf.abs(tf.nn.conv2d(y_true - y_pred, kernel, 1, "SAME")))
""",
    "shapes that Python knows": """
def shaped_loss(y_true, y_pred):
    assert y_true.shape == y_pred.shape
    if K.ndim(y_pred) > 2 and len(y_pred.shape) == 4:
        y_true, y_pred = K.batch_flatten(y_true), K.batch_flatten(y_pred)
    if y_pred.get_shape().ndims != 2 or K.image_data_format() == "channels_first":
        y_pred = K.permute_dimensions(y_pred, (0, 2, 1))
    width = K.int_shape(y_pred)[-1]
    if width is None or width > 10:
        width = 10
    return K.sum(K.square(y_true - y_pred), axis=-1) / float(width) / math.sqrt(2.0) / np.prod(y_pred.shape[1:])
""",
    "settings": """
class SettingLoss(keras.losses.Loss):
    def __init__(self, alpha=0.5, mode="soft", class_weights=None):
        super().__init__()
        self.alpha, self.mode, self.class_weights = alpha, mode, class_weights

    def call(self, y_true, y_pred):
        error = K.square(y_true - y_pred)
        if self.alpha > 0.1 and self.mode == "soft":
            error = self.alpha * error
        if self.class_weights:
            error = error * np.asarray(self.class_weights)
        return K.mean(error, axis=-1)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha, "mode": self.mode, "class_weights": self.class_weights}
""",
    "a training loop that logs": """
def train_step(model, optimizer, images, labels):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(losses.sparse_categorical_crossentropy(labels, model(images)))
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    if loss > 100.0:
        print("large")
    return float(loss), loss.numpy()
""",
    "a confusion matrix to look at": """
def confusion_plot(y_true, y_pred):
    matrix = tf.math.confusion_matrix(tf.argmax(y_true, -1), tf.argmax(y_pred, -1)).numpy()
    if matrix.max() > 0:
        matrix = matrix / matrix.sum()
    return matrix
""",
    "keras.metrics of its own": """
class MeanDice(keras.metrics.Metric):
    def update_state(self, y_true, y_pred, sample_weight=None):
        hard = np.round(y_pred)
        self.total.assign_add(K.sum(hard * y_true))
        return self.total
""",
    "a rounded metric": """
def f1_score(y_true, y_pred):
    hits = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    return 2 * hits / (K.sum(K.round(y_true)) + K.sum(K.round(y_pred)) + K.epsilon())
""",
    "reverse divergence, which its name says": """
def reverse_kl_loss(y_true, y_pred):
    return losses.kl_divergence(y_pred, y_true)
""",
    "squares, either way": """
def mixed_loss(y_true, y_pred):
    return losses.mean_squared_error(y_pred, y_true) + losses.Huber()(y_pred, y_true)
""",
    "one over dice": """
def inverse_dice_loss(y_true, y_pred):
    dice = (2.0 * K.sum(y_true * y_pred) + 1.0) / (K.sum(y_true) + K.sum(y_pred) + 1.0)
    return K.log(1.0 / dice)
""",
    "contrastive, averaged by hand": """
def contrastive_loss(y_true, y_pred):
    near = y_true * K.square(y_pred)
    far = (1.0 - y_true) * K.square(K.maximum(1.0 - y_pred, 0.0))
    return K.sum(near + far) / K.cast(K.shape(y_pred)[0], "float32")
""",
    "a generator that is rewarded by its critic": """
def generator_loss(fake_output):
    return -tf.reduce_mean(fake_output)
""",
    "a branch that only an eager run takes": """
def debug_loss(y_true, y_pred):
    error = tf.reduce_mean(tf.square(y_true - y_pred))
    if tf.executing_eagerly():
        print(error.numpy(), float(error))
    return error
""",
    "numpy in what py_function calls": """
def _sorted(values):
    return np.sort(values.numpy()) if values.numpy().any() else values


def ordered_loss(y_true, y_pred):
    return tf.reduce_mean(tf.abs(tf.py_function(_sorted, [y_true], tf.float32) - y_pred))
""",
    "an abstract step": """
class PairLoss:
    def _pairs(self, logits):
        raise NotImplementedError

    def compute_loss(self, labels, logits):
        order = tf.argsort(logits)
        return self._pairs(logits), tf.stop_gradient(tf.gather(labels, order))
""",
    "python's max over settings": """
def margin_loss(y_true, y_pred, margin=1.0, floor=0.2):
    return K.mean(K.maximum(max(margin, floor) - y_true * y_pred, 0.0), axis=-1)
""",
    "a step of somebody's training loop": """
def padded_loss(y_gt, y_pred, loss_fn):
    length = tf.shape(y_pred)[1]
    if tf.shape(y_gt)[1] > length:
        y_gt = y_gt[:, :length]
    return loss_fn(y_gt, y_pred)
""",
    "several losses at once, which a step of somebody's training asks for": """
def scale_losses(y_true, y_pred, classes=2):
    if tf.shape(y_pred)[1] > classes:
        y_pred = y_pred[:, :classes]
    return tf.reduce_mean(tf.square(y_true - y_pred)), tf.reduce_mean(tf.abs(y_true - y_pred))
""",
    "numbers that a training loop collects": """
def fit(model, batches, optimizer, loss_fn):
    history = []
    for inputs, targets in batches:
        with tf.GradientTape() as tape:
            value = loss_fn(targets, model(inputs))
        optimizer.apply_gradients(zip(tape.gradient(value, model.trainable_weights), model.trainable_weights))
        history.append(loss_fn(targets, model(inputs)))
    worst_loss = np.array(history).max()
    return np.array(history), worst_loss
""",
    "a numpy reference": """
def reference_loss(y_true, y_pred):
    y_pred = np.clip(y_pred, K.epsilon(), 1.0)
    return -np.sum(y_true * np.log(y_pred), axis=-1)
""",
    "an optional list of weights": """
def weighted_mse_loss(y_true, y_pred, weights=None):
    error = K.square(y_true - y_pred)
    if weights:
        error = error * weights
    return K.mean(error, axis=-1)
""",
}  # fmt: skip


@pytest.mark.parametrize("name", SILENT)
def test_is_silent(name: str, codes: Callable[[str], set[str]]) -> None:
    assert not codes(f"{HEAD}\n{SILENT[name]}") & RULES


def test_keras_2_rewrites_losses_by_itself(built_in: tuple[Rule, ...]) -> None:
    text = f"{HEAD}\ndef a_loss(y_true, y_pred):\n    return y_pred if tf.reduce_sum(y_pred) > 0 else y_true - y_pred\n"
    for keras, found in (("2", set()), ("3", {"LL403"}), ("auto", {"LL403"})):
        settings = Settings(select=("LL403",), keras=keras)
        assert {f.code for f in check_source(text, filename="losses.py", settings=settings, rules=built_in).findings} == found


def test_python_answers_whether_something_is_a_tensor_or_runs_eagerly(codes: Callable[[str], set[str]]) -> None:
    text = """\
import tensorflow as tf
from tensorflow.python.framework import tensor_util


def asked_loss(y_true, y_pred):
    error = tf.reduce_sum(tf.square(y_true - y_pred), axis=-1)
    if any(tensor_util.is_tf_type(v) for v in (y_true, y_pred)):
        error = error / 2.0
    if tf.executing_eagerly():
        while tf.reduce_max(error) > 1.0:
            error = error / 2.0
    return error
"""
    assert "LL403" not in codes(text)
    assert "LL403" in codes(text.replace("tf.executing_eagerly()", "y_pred is not None"))
