"""What the abstract run knows of the batch axis, in the shapes of code in which losses are really written."""

from __future__ import annotations

import textwrap

import pytest

from losslint.analysis.node import Gradient
from losslint.analysis.trace import Trace
from losslint.config import Settings
from losslint.linter import run
from losslint.report.losses import batch
from losslint.source import Source, no_modules

HEAD = """\
import numpy as np
import tensorflow as tf
from six.moves import zip as pairs
from tensorflow.keras import backend as K
from tensorflow.python.ops import array_ops, math_ops, nn
from library import thing


"""
EACH = "one value per sample"
MEAN = "one number for the batch that does not grow with it, such as a mean"
SUM = "sum over the batch: grows like B"
UNKNOWN = "not known how it scales with the batch"


def traces(text: str) -> list[Trace]:
    return run(Source.parse(HEAD + text, "losses.py"), Settings(), no_modules)


def shown(text: str) -> str:
    """What is said of the last loss of a text."""
    return batch([t for t in traces(text) if t.flipped is None and t.roots][-1].roots[0].node)


LOSSES = [
    # axes counted from the rank
    ("K.sum(y_true * y_pred, axis=K.ndim(y_pred) - 1)", EACH),
    ("tf.reduce_sum(y_true * y_pred, axis=y_pred.shape.rank - 1)", EACH),
    ("tf.reduce_sum(y_true * y_pred, axis=list(range(1, len(y_pred.shape))))", EACH),
    ("tf.reduce_sum(y_true * y_pred, axis=tuple(i for i in range(1, K.ndim(y_pred))))", EACH),
    ("tf.reduce_sum(y_true * y_pred, axis=np.arange(1, len(y_pred.get_shape())))", EACH),
    ("tf.reduce_sum(y_true * y_pred, axis=tf.range(tf.rank(y_pred) - 1))", SUM),
    ("tf.reduce_mean(tf.reduce_logsumexp(y_pred - y_true, axis=0))", MEAN),
    # what only fills in
    ("tf.where(tf.equal(tf.reduce_sum(y_pred), 0.0), tf.ones_like(tf.reduce_sum(y_pred)), tf.reduce_sum(y_pred))", SUM),
    ("tf.reduce_sum(y_pred - y_true) / tf.where(K.sum(y_true) > 0.0, K.sum(y_true), tf.ones_like(K.sum(y_true)))", MEAN),
    ("tf.where(tf.math.is_nan(tf.reduce_sum(y_pred)), tf.zeros_like(tf.reduce_sum(y_pred)), tf.reduce_sum(y_pred))", SUM),
    ("tf.where(y_true > 0.5, tf.zeros_like(y_pred), y_pred)[:, 0]", EACH),
    # what comes from elsewhere
    ("tf.reduce_mean(y_pred - y_true) + 0.1 * np.load('table.npy').sum()", MEAN),
    ("tf.reduce_sum(thing(y_true, y_pred))", UNKNOWN),
    ("tf.reduce_sum(y_true * tf.math.log(tf.nn.softmax(thing(y_true, y_pred))))", SUM),
    ("tf.reduce_sum(y_true * tf.math.log(tf.nn.sigmoid(thing(y_true, y_pred))))", SUM),
    ("math_ops.reduce_mean(nn.sigmoid_cross_entropy_with_logits(labels=y_true, logits=y_pred))", MEAN),
    ("math_ops.reduce_sum(y_pred - y_true, axis=array_ops.rank(y_pred) - 1)", EACH),
]


@pytest.mark.parametrize(("value", "expected"), LOSSES)
def test_scaling_of_a_returned_value(value: str, expected: str) -> None:
    assert shown(f"def some_loss(y_true, y_pred):\n    return {value}\n") == expected


BODIES = {
    "pairs of labels of unknown rank": (
        """
        def pair_loss(y_true, y_pred):
            labels = tf.cast(y_pred[:, :1], tf.int32)
            size = tf.size(labels)
            same = tf.cast(tf.equal(labels, tf.transpose(labels)), tf.float32)
            distances = tf.tile(tf.reduce_sum(tf.square(y_pred[:, 1:]), 1, keepdims=True), [1, size])
            return tf.reduce_sum(distances * same) / tf.reduce_sum(same)
        """,
        MEAN,
    ),
    "gradients come as a list": (
        """
        def penalty_loss(y_true, y_pred, samples):
            gradients = K.gradients(y_pred, samples)[0]
            return K.mean(K.sum(K.square(gradients), axis=np.arange(1, len(gradients.shape))))
        """,
        MEAN,
    ),
    "a loss class of the framework through super": (
        """
        class Doubled(tf.keras.losses.CategoricalCrossentropy):
            def call(self, y_true, y_pred):
                return 2 * super().call(y_true, y_pred)
        """,
        EACH,
    ),
    "the reduction of the framework through super": (
        """
        class Doubled(tf.keras.losses.CategoricalCrossentropy):
            def __call__(self, y_true, y_pred, sample_weight=None):
                return 2 * super().__call__(y_true, y_pred, sample_weight)
        """,
        MEAN,
    ),
    "penalties of a model that is a parameter": (
        """
        def total_loss(model, x, y):
            return tf.reduce_mean(tf.square(model.encode(x) - y)) + sum(model.losses)
        """,
        MEAN,
    ),
    "a list of weights": (
        """
        def decay_loss(y_true, y_pred, weights):
            return tf.reduce_mean(y_pred - y_true) + tf.add_n([tf.nn.l2_loss(w) for w in weights])
        """,
        MEAN,
    ),
    "the outputs of a model are a list": (
        """
        def deep_loss(x, y, model):
            total = 0.0
            for output in model(x):
                total += tf.reduce_mean(tf.square(output - y))
            return total
        """,
        MEAN,
    ),
    "a loop over the batch": (
        """
        def summed_loss(y_true, y_pred):
            total = 0.0
            for i in range(tf.shape(y_pred)[0]):
                total += tf.reduce_mean(tf.square(y_pred[i] - y_true[i]))
            return total
        """,
        SUM,
    ),
    "a mask beside a prediction": (
        """
        def masked_loss(y_true, y_pred, mask):
            return tf.reduce_sum(mask * tf.abs(y_true - y_pred)) / tf.reduce_sum(mask)
        """,
        MEAN,
    ),
    "one item of a parameter may be a sample or a batch": (
        """
        def first_loss(targets, logits):
            total = tf.reduce_sum(nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits))
            return total / tf.cast(tf.shape(targets[0])[0], tf.float32)
        """,
        UNKNOWN,
    ),
    "zip from elsewhere": (
        """
        def heads_loss(y_true, y_pred):
            return tf.add_n([tf.reduce_mean(p - t) for t, p in pairs(y_true, y_pred)])
        """,
        MEAN,
    ),
    "pairwise distances": (
        """
        def pair_loss(y_true, y_pred):
            squares = tf.reduce_sum(tf.square(y_pred), axis=[1], keepdims=True)
            flat = tf.reduce_sum(tf.square(tf.transpose(y_pred)), axis=[0], keepdims=True)
            distances = squares + flat - 2.0 * tf.matmul(y_pred, tf.transpose(y_pred))
            same = tf.cast(tf.equal(y_true, tf.transpose(y_true)), tf.float32)
            return tf.reduce_sum(distances * same) / tf.reduce_sum(same)
        """,
        MEAN,
    ),
    "what Python runs on the host": (
        """
        def measured(a, b):
            return tf.reduce_mean(a - b)

        def host_loss(y_true, y_pred):
            return tf.numpy_function(measured, [y_true, y_pred], tf.float32)
        """,
        MEAN,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_scaling_of_a_loss(name: str) -> None:
    text, expected = BODIES[name]
    assert shown(textwrap.dedent(text)) == expected


NO_LOSSES = [
    "def get_loss_schedule(total, steps):\n    return max(total, steps)\n",
    "def error_score(a, b):\n    return np.sum(np.abs(a - b))\n",
    "def build_net_loss(first, second):\n    return tf.keras.Model(first, second)\n",
    "import torch\n\n\ndef torch_loss(y_true, y_pred):\n    return torch.sum(torch.log(y_pred) * y_true)\n",
]


@pytest.mark.parametrize("text", NO_LOSSES)
def test_what_computes_no_tensor_of_its_inputs_is_no_loss(text: str) -> None:
    assert not [trace for trace in traces(text) if trace.roots]


FRAMEWORKS = [
    "K = try_to_import('backend')\n",
    "from somewhere import K\n",
    "from keras.layers import *\n",
]


@pytest.mark.parametrize("text", FRAMEWORKS)
def test_a_framework_under_its_usual_name_is_the_framework(text: str) -> None:
    source = Source.parse(text + "\n\ndef some_loss(y_true, y_pred):\n    return K.mean(K.square(y_pred - y_true), axis=-1)\n", "losses.py")
    (trace,) = run(source, Settings(), no_modules)
    assert batch(trace.roots[0].node) == EACH


@pytest.mark.parametrize(("weights", "flows"), [("y_pred[:, 0]", True), ("y_true[:, 0]", False), ("None", False)])
def test_a_gradient_reaches_the_weights_of_an_average(weights: str, flows: bool) -> None:
    text = f"def some_loss(y_true, y_pred):\n    return keras.ops.average(y_true, axis=0, weights={weights})\n"
    assert (traces(f"import keras\n\n\n{text}")[0].roots[0].node.gradient is Gradient.FLOWS) is flows
