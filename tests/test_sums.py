"""Sums over the batch: which of them make a loss that grows with the batch size."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from losslint.finding import Result

FRAME = """\
import tensorflow as tf
import keras
from tensorflow.keras import backend as K

summed = keras.losses.MeanSquaredError(reduction="sum")
averaged = keras.losses.MeanSquaredError()


def make_loss(model):
    def distance_loss(y_true, y_pred):
        error = tf.square(y_true - y_pred)
        {body}

    return distance_loss
"""
SILENT = [
    # ratios of sums
    "return 1 - (2 * K.sum(y_true * y_pred) + 1) / (K.sum(y_true) + K.sum(y_pred) + 1)",
    "return tf.reduce_sum(y_true * error) / tf.reduce_sum(y_true)",
    # the number of samples, in every usual way
    "return tf.reduce_sum(error) / tf.cast(tf.shape(y_true)[0], tf.float32)",
    "return tf.reduce_sum(error) / tf.cast(tf.shape(y_true)[0], error.dtype)",
    "return tf.reduce_sum(error) / tf.cast(tf.shape(input=y_true), tf.float32)[0]",
    "return tf.reduce_sum(error) / tf.to_float(tf.shape(y_true)[0])",
    "return K.sum(error) / K.cast(K.shape(y_true)[0], K.floatx())",
    "return K.sum(error) / K.cast(K.shape(y_true)[0], 'float32')",
    "return tf.reduce_sum(error) / float(y_true.shape[0])",
    "return tf.reduce_sum(error) / y_true.shape[0]",
    "return tf.reduce_sum(error) / K.int_shape(y_true)[0]",
    "return tf.reduce_sum(error) / len(y_true)",
    "samples = tf.cast(tf.unstack(tf.shape(y_true))[0], tf.float32); return tf.reduce_sum(error) / samples",
    "samples = tf.shape(y_true, out_type=tf.int64)[0]; return tf.reduce_sum(error) / tf.cast(samples, tf.float32)",
    "return tf.divide(tf.reduce_sum(error), tf.cast(tf.shape(y_true)[0], tf.float32))",
    "return tf.math.divide_no_nan(tf.reduce_sum(error), tf.cast(tf.shape(y_true)[0], tf.float32))",
    "return tf.reduce_sum(error) * (1.0 / tf.cast(tf.shape(y_true)[0], tf.float32))",
    # the number of elements
    "return tf.reduce_sum(error) / tf.cast(tf.size(y_true), tf.float32)",
    "return tf.reduce_sum(error) / tf.cast(tf.size(error), error.dtype)",
    "return tf.reduce_sum(error) / tf.cast(tf.reduce_prod(tf.shape(y_true)), tf.float32)",
    "return keras.ops.sum(error) / keras.ops.cast(keras.ops.size(error), 'float32')",
    # the count of a mask
    "mask = tf.cast(y_true > 0, tf.float32); return tf.reduce_sum(mask * error) / (tf.reduce_sum(mask) + 1e-7)",
    "mask = tf.cast(y_true > 0, tf.float32); return tf.reduce_sum(mask * error) / tf.maximum(tf.reduce_sum(mask), 1.0)",
    "count = tf.math.count_nonzero(y_true); return tf.reduce_sum(y_true * error) / tf.cast(count, tf.float32)",
    # sums over the other axes
    "return tf.reduce_sum(error, axis=-1)",
    "return K.sum(error, axis=[1, 2, 3])",
    "return tf.reduce_mean(tf.reduce_sum(error, axis=-1))",
    "return tf.reduce_sum(tf.reduce_mean(error, axis=0))",
    "return tf.norm(y_true - y_pred, axis=-1)",
    "return tf.reduce_sum(K.batch_flatten(error), axis=1)",
    "return tf.reduce_sum(tf.reshape(error, [tf.shape(error)[0], -1]), axis=1)",
    # averages
    "return tf.reduce_mean(error)",
    "return tf.reduce_mean(keras.losses.mean_squared_error(y_true, y_pred))",
    "return averaged(y_true, y_pred)",
    # weights
    "return tf.reduce_mean(error) + tf.add_n([tf.nn.l2_loss(w) for w in model.trainable_weights])",
    "return tf.reduce_mean(error) + sum(tf.reduce_sum(tf.abs(w)) for w in model.trainable_weights)",
    # pairs
    "pairs = tf.matmul(y_pred, y_pred, transpose_b=True); n = K.cast(K.shape(y_pred)[0], 'float32'); return K.sum(pairs) / (n * n)",
    "pairs = tf.matmul(y_pred, y_pred, transpose_b=True); n = K.cast(K.shape(y_pred)[0], 'float32'); return K.sum(pairs) / n ** 2",
    "return tf.reduce_mean(tf.matmul(y_pred, y_pred, transpose_b=True))",
]
BATCH_SUMS = [
    "return K.sum(error)",
    "return tf.reduce_sum(error)",
    "return keras.ops.sum(error)",
    "return tf.reduce_sum(error, axis=[0, 1])",
    "return tf.reduce_sum(error, axis=0)",
    "return tf.norm(y_true - y_pred)",
    "return tf.sqrt(tf.reduce_sum(error))",
    "return tf.nn.l2_loss(y_true - y_pred)",
    "return tf.reduce_sum(tf.reduce_mean(error, -1))",
    "return tf.reduce_sum(keras.losses.mean_squared_error(y_true, y_pred))",
    "return summed(y_true, y_pred)",
    "return tf.reduce_mean(tf.reduce_sum(error))",
    "return 0.5 * tf.reduce_sum(error) + tf.reduce_mean(error)",
    "total = tf.reduce_sum(error, axis=-1); return tf.reduce_sum(total)",
    "return tf.reduce_sum(error) / (tf.reduce_mean(error) + 1.0)",
    "return tf.reduce_sum(error) / 2.0",
    "pairs = tf.matmul(y_pred, y_pred, transpose_b=True); n = K.cast(K.shape(y_pred)[0], 'float32'); return K.sum(pairs) / n",
]


def loss(body: str) -> str:
    return FRAME.format(body="\n        ".join(line.strip() for line in body.split(";")))


@pytest.mark.parametrize("body", SILENT)
def test_no_batch_sum(body: str, codes: Callable[[str], set[str]]) -> None:
    assert not codes(loss(body)) & {"LL101", "LL102", "LL103"}


@pytest.mark.parametrize("body", BATCH_SUMS)
def test_batch_sum(body: str, codes: Callable[[str], set[str]]) -> None:
    assert codes(loss(body)) & {"LL101", "LL102", "LL103"} == {"LL101"}


def test_noise_of_a_configured_size_is_no_fixed_batch_until_it_meets_data(codes: Callable[[str], set[str]]) -> None:
    noise = """\
import tensorflow as tf


class Trainer:
    def __init__(self, generator, critic, batch_size=32):
        self.generator, self.critic, self.batch_size = generator, critic, batch_size

    def critic_loss(self, images):
        noise = tf.random.normal([self.batch_size, 100])
        return tf.reduce_mean(self.critic(self.generator(noise)))
"""
    assert "LL103" not in codes(noise)
    assert "LL103" in codes(noise.replace("self.critic(self.generator(noise))", "self.critic(images + noise)"))


COUNTED = """\
import tensorflow as tf


def box_loss(y_true, y_pred, num_positives):
    return tf.reduce_sum(tf.abs(y_true - y_pred)) / num_positives


class Boxes(tf.keras.losses.Loss):
    def call(self, y_true, y_pred):
        normalizer, boxes = y_true
        return tf.reduce_sum(tf.abs(boxes - y_pred)) / normalizer


def step_loss(y_true, y_pred):
    \"\"\"Both are time-major, [T, B].\"\"\"
    return tf.reduce_sum(tf.abs(y_true - y_pred), axis=0)
"""
ATTACK = """\
import numpy as np
import tensorflow as tf


class Change:
    def __init__(self, model, images, batch_size):
        change = tf.Variable(np.zeros((batch_size, 28, 28)), dtype=tf.float32)
        distance = tf.reduce_sum(tf.square(tf.tanh(change) - images), axis=[1, 2])
        self.loss = tf.reduce_sum(distance + model(images + change))
        self.step = tf.train.AdamOptimizer().minimize(self.loss, var_list=[change])
"""


def test_what_a_number_of_parts_divides_is_not_known_to_grow(codes: Callable[[str], set[str]]) -> None:
    assert "LL101" not in codes(COUNTED)
    assert "LL101" not in codes(COUNTED.replace("num_positives", "count"))
    assert "LL101" in codes(COUNTED.replace("/ num_positives", "/ num_classes"))
    assert "LL101" in codes(COUNTED.replace("time-major, [T, B]", "batch-major, [B, T]"))


def test_a_sum_over_trainings_of_single_samples_is_meant(codes: Callable[[str], set[str]]) -> None:
    assert "LL101" not in codes(ATTACK)
    assert "LL101" in codes(ATTACK.replace("np.zeros((batch_size, 28, 28))", "np.zeros((1, 28, 28))"))


HISTOGRAM = """\
import tensorflow as tf
from tensorflow.keras import backend as K


def information_loss(y_true, y_pred):
    mask = y_true > 0.5
    first = K.expand_dims(K.expand_dims(tf.boolean_mask(y_pred, mask), 0), 2)
    second = K.expand_dims(K.expand_dims(tf.boolean_mask(y_true, mask), 0), 2)
    number = tf.cast(K.shape(first)[1], tf.float32)
    together = K.batch_dot(K.permute_dimensions(first, (0, 2, 1)), second) / number
    return -K.sum(K.sum(together, 1), 1)


class Curvature:
    def __init__(self, policy_net):
        self.weights = policy_net.get_trainables()

    def product_loss(self, penalty, tangents):
        grads = tf.gradients(penalty, self.weights)
        return tf.add_n([tf.reduce_sum(g * v) for g, v in zip(grads, tangents)])
"""


def test_products_over_selected_elements_and_over_weights_are_no_batch_sums(codes: Callable[[str], set[str]]) -> None:
    assert not codes(HISTOGRAM) & {"LL101", "LL102"}


def test_a_content_loss_works_on_one_image_unless_keras_gives_it_a_batch(codes: Callable[[str], set[str]]) -> None:
    text = "import tensorflow as tf\n\n\ndef content_loss(content, generated):\n    return tf.reduce_sum(tf.square(content - generated))\n"
    assert "LL101" not in codes(text)
    assert "LL101" in codes(text.replace("generated", "y_pred").replace("content, ", "y_true, ").replace("content -", "y_true -"))


OWN_CLASS = """\
import tensorflow as tf


class SignedGradient:
    def loss_of(self, y_true, y_pred):
        return tf.reduce_sum(tf.square(y_true - y_pred))
"""


def test_an_attack_adds_up_problems_of_single_samples(codes: Callable[[str], set[str]], check: Callable[..., Result]) -> None:
    assert "LL101" in codes(OWN_CLASS)
    assert "LL101" not in codes(OWN_CLASS.replace("SignedGradient", "SignedGradientAttack"))
    assert "LL101" not in {finding.code for finding in check(OWN_CLASS, "package/attacks/gradient.py").findings}
    assert "LL101" in {finding.code for finding in check(OWN_CLASS, "heart_attack/gradient.py").findings}


REPLAYED = """\
import tensorflow as tf


class Agent:
    def __init__(self, replay, steps):
        self.replay, self.steps = replay, steps

    def loss(self):
        error = tf.square(self.replay.rewards[:, None] - tf.reshape(self.replay.values, [self.replay.batch_size, self.steps]))
        loss = tf.reduce_mean(error)
        return tf.compat.v1.train.AdamOptimizer().minimize(loss)
"""


def test_a_replay_buffer_gives_batches_of_its_own_size(codes: Callable[[str], set[str]]) -> None:
    assert "LL103" not in codes(REPLAYED)
    assert "LL103" in codes(REPLAYED.replace("replay.batch_size", "options.batch_size"))


TESTED = """\
import tensorflow as tf
import pytest


def some_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))


def test_loss():
    assert some_loss(tf.zeros([2]), tf.ones([2])) == 2
"""


def test_what_tests_compute_trains_nothing(codes: Callable[[str], set[str]]) -> None:
    assert not codes(TESTED)
    assert "LL101" in codes(TESTED.replace("import pytest\n", ""))
    assert "LL101" in codes(TESTED.replace("def test_loss", "def try_loss"))


TENSOR_OR_LIST = """\
import tensorflow as tf


def gradient_penalty_loss(critic, real, fake):
    with tf.GradientTape() as tape:
        if isinstance(real, tf.Tensor) and isinstance(fake, tf.Tensor):
            mixed = real + fake
        else:
            mixed = [a + b for a, b in zip(real, fake)]
        tape.watch(mixed)
        scores = critic(mixed)
    gradients = tape.gradient(scores, mixed)
    if isinstance(real, tf.Tensor):
        squares = tf.reduce_sum(tf.square(gradients), axis=tuple(range(1, gradients.shape.ndims)))
        return tf.square(tf.sqrt(squares + 1e-8) - 1.0)
    return tf.add_n([tf.reduce_mean(tf.square(gradient)) for gradient in gradients])
"""


def test_two_tests_of_one_condition_go_the_same_way(codes: Callable[[str], set[str]]) -> None:
    assert "LL101" not in codes(TENSOR_OR_LIST)
    assert "LL101" in codes(TENSOR_OR_LIST.replace("    if isinstance(real, tf.Tensor):", "    if critic.training:"))


BY_ITS_CALLER = """\
import tensorflow as tf


class BoxLoss:
    def __call__(self, y_true, y_pred, normalizer=1.0):
        return tf.reduce_sum(tf.abs(y_true - y_pred)) / normalizer
"""


def test_a_number_of_parts_that_the_caller_gives_may_grow(codes: Callable[[str], set[str]]) -> None:
    assert "LL101" not in codes(BY_ITS_CALLER)
    assert "LL101" in codes(BY_ITS_CALLER.replace("normalizer", "temperature"))
