"""Losses that are no functions: graphs built in a script or over the methods of a class."""

from __future__ import annotations

from collections.abc import Callable

import pytest

SCRIPT = """\
import tensorflow as tf

x = tf.placeholder(tf.float32, [None, 784])
y = tf.placeholder(tf.float32, [None, 10])
hidden = tf.nn.sigmoid(tf.matmul(x, tf.Variable(tf.random_normal([784, 64]))))
raw = tf.matmul(hidden, tf.Variable(tf.random_normal([64, 10]))) + tf.Variable(tf.zeros([10]))
output = {output}
loss = tf.reduce_mean(-tf.reduce_sum(y * tf.log(output), 1))
step = tf.train.GradientDescentOptimizer(0.05).minimize(loss)
"""


@pytest.mark.parametrize("output", ["raw", "tf.nn.relu(raw)", "1 - tf.nn.sigmoid(raw)", "tf.tanh(raw)", "2.0 - raw"])
def test_the_logarithm_of_what_weights_may_make_anything_of(output: str, codes: Callable[[str], set[str]]) -> None:
    assert codes(SCRIPT.format(output=output)) & {"LL301", "LL307"}


@pytest.mark.parametrize(
    "output", ["tf.nn.sigmoid(raw) + 1e-7", "tf.maximum(raw, 1e-7)", "tf.exp(raw)", "tf.square(raw) + 1e-3", "layers.head(raw)"]
)
def test_a_guard_around_it_is_enough(output: str, codes: Callable[[str], set[str]]) -> None:
    assert "LL301" not in codes("from networks import layers\n" + SCRIPT.format(output=output))


CLASS = """\
import tensorflow as tf


class Autoencoder:
    def __init__(self, loss_func="mean_squared", width=64):
        self.loss_func, self.width = loss_func, width
        self.images = None
        self.decoded = None

    def build(self, size):
        self.images = tf.placeholder(tf.float32, [None, size])
        weights = tf.Variable(tf.zeros([size, self.width]))
        self.decoded = tf.nn.sigmoid(tf.matmul(tf.matmul(self.images, weights), tf.transpose(weights)))
        self.cost_node()

    def cost_node(self):
        if self.loss_func == "cross_entropy":
            self.cost = -tf.reduce_sum(self.images * tf.log(self.decoded + 1e-7))
        else:
            self.cost = tf.reduce_mean(tf.square(self.images - self.decoded))
        self.step = tf.train.AdamOptimizer().minimize(self.cost)
"""


def test_what_the_constructor_only_announced_is_what_a_method_made_of_it(codes: Callable[[str], set[str]]) -> None:
    assert "LL101" in codes(CLASS)
    assert "LL101" not in codes(CLASS.replace("-tf.reduce_sum", "-tf.reduce_mean"))


def test_tied_weights_make_anything_of_what_another_layer_gave(codes: Callable[[str], set[str]]) -> None:
    linear = CLASS.replace(
        "tf.nn.sigmoid(tf.matmul(tf.matmul(self.images, weights), ", "(tf.matmul(tf.tanh(tf.matmul(self.images, weights)), "
    )
    linear = linear.replace("self.decoded + 1e-7", "self.decoded")
    assert "LL301" in codes(linear)
    assert "LL301" not in codes(linear.replace("tf.log(self.decoded)", "tf.log(tf.maximum(self.decoded, 1e-7))"))


LAYERS = """\
import tensorflow as tf


class PolicyLoss(Layer):
    def create_tensor(self):
        reward, action, prob, value = [layer.out_tensor for layer in self.in_layers]
        log_prob = tf.log(prob)
        policy_loss = -tf.reduce_mean((reward - value) * tf.reduce_sum(action * log_prob, axis=1))
        value_loss = tf.reduce_sum(tf.square(reward - value))
        self.out_tensor = policy_loss + value_loss
"""


def test_the_outputs_of_several_layers_are_what_their_names_say(codes: Callable[[str], set[str]]) -> None:
    assert codes(LAYERS) >= {"LL101", "LL301"}
    guarded = LAYERS.replace("tf.log(prob)", "tf.log(prob + 1e-7)").replace("reduce_sum(tf.square", "reduce_mean(tf.square")
    assert not codes(guarded) & {"LL101", "LL301"}


ESTIMATOR = """\
import tensorflow as tf


def model_fn(features, labels, mode):
    logits = tf.layers.dense(features, 10)
    if mode == tf.estimator.ModeKeys.PREDICT:
        return tf.estimator.EstimatorSpec(mode, predictions=tf.argmax(logits, 1))
    rows = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    total = tf.reduce_sum(rows)
    if mode == tf.estimator.ModeKeys.EVAL:
        return tf.estimator.EstimatorSpec(mode, loss=tf.reduce_mean(rows))
    return tf.estimator.EstimatorSpec(mode, loss=total, train_op=tf.train.AdamOptimizer().minimize(total))
"""


def test_an_estimator_is_followed_as_it_is_trained(codes: Callable[[str], set[str]]) -> None:
    untied = ESTIMATOR.replace("tf.train.AdamOptimizer().minimize(total)", "make_step()")
    assert "LL101" in codes(untied)
    assert "LL101" not in codes(untied.replace("reduce_sum", "reduce_mean"))
