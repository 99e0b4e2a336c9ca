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
