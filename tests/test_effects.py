"""What an abstract run records beside the graph: truth that Python asked for, values given to code outside the framework."""

from __future__ import annotations

import pytest

from losslint.analysis.node import Gradient
from losslint.analysis.trace import Trace
from losslint.config import Settings
from losslint.linter import run
from losslint.source import Source, no_modules

HEAD = """\
import numpy as np
import tensorflow as tf
import tensorflow.experimental.numpy as tnp
"""


def trace(body: str, settings: Settings | None = None) -> Trace:
    text = f"{HEAD}\n\n{body}"
    return run(Source.parse(text, "losses.py"), settings or Settings(), no_modules)[0]


def effects(body: str) -> list[tuple[str, str]]:
    return [(effect.operation, effect.text) for effect in trace(body).effects]


def loss(expression: str) -> str:
    return f"def some_loss(y_true, y_pred):\n    error = tf.square(y_true - y_pred)\n    return {expression}\n"


@pytest.mark.parametrize(
    ("expression", "seen"),
    [
        ("error if tf.reduce_sum(error) > 1 else -error", [("truth", "tf.reduce_sum(error) > 1")]),
        ("not tf.reduce_any(y_true > 0) or error", [("truth", "tf.reduce_any(y_true > 0)"), ("truth", "not tf.reduce_any(y_true > 0)")]),
        ("[row for row in [error] if tf.reduce_max(row) > 0][0]", [("truth", "tf.reduce_max(row) > 0")]),
        ("error * bool(error)", [("truth", "bool(error)")]),
        ("np.abs(error)", [("host", "np.abs(error)")]),
        ("error * float(tf.reduce_max(error))", [("host", "float(tf.reduce_max(error))")]),
        ("error.numpy()", [("host", "error.numpy()")]),
        ("np.stack([error, error])", [("host", "np.stack([error, error])")]),
        ("np.shape(error)[0] * error", []),
        ("np.sqrt(2.0) * error", []),
        ("tnp.mean(error)", []),
        ("error if np.ndim(error) else -error", [("truth", "np.ndim(error)")]),
        ("tf.numpy_function(lambda x: np.abs(x) if x > 0 else x, [error], tf.float32)", []),
        ("np.mean(error) if tf.executing_eagerly() else error", []),
        ("error if tf.is_tensor(y_pred) else np.mean(error)", []),
        ("np.mean(error) if isinstance(y_pred, np.ndarray) else error", []),
    ],
)  # fmt: skip
def test_what_is_recorded(expression: str, seen: list[tuple[str, str]]) -> None:
    assert effects(loss(expression)) == seen


@pytest.mark.parametrize(
    "decorated",
    [
        "@tf.function\n",
        "@tf.function(jit_compile=True)\n",
    ],
)
def test_a_function_that_autograph_rewrites_may_ask(decorated: str) -> None:
    body = loss("error if tf.reduce_sum(error) > 1 else -error")
    assert [e.details["traced"] for e in trace(body).effects] == [False]
    assert [e.details["traced"] for e in trace(decorated + body).effects] == [True]


def test_what_a_given_function_is_wrapped_in_counts() -> None:
    body = loss("error if tf.reduce_sum(error) > 1 else -error")
    assert trace(f"{body}\n\nfast = tf.function(some_loss)\n").effects[0].details["traced"]
    keras_step = """\
class Net(tf.keras.Model):
    def train_step(self, data):
        with tf.GradientTape() as tape:
            some_loss(*data)
"""
    assert not trace(f"{body}\n\n{keras_step}").effects[0].details["traced"]


@pytest.mark.parametrize(
    ("expression", "gradient"),
    [
        ("tf.where(y_pred > 0.5, 1.0, 0.0) - y_true", Gradient.BLOCKED),
        ("tf.gather(y_true, tf.argmax(y_pred, -1))", Gradient.BLOCKED),
        ("tf.boolean_mask(y_true, y_pred > 0.5)", Gradient.BLOCKED),
        ("tf.boolean_mask(error, y_pred > 0.5)", Gradient.FLOWS),
        ("tf.numpy_function(np.sort, [error], tf.float32)", Gradient.BLOCKED),
        ("tf.py_function(lambda x: x + 1, [error], tf.float32)", Gradient.FLOWS),
        ("tf.zeros_like(y_pred) + y_true", Gradient.NONE),
        ("through(y_pred)", Gradient.FLOWS),
        ("tf.round(y_pred)", Gradient.BLOCKED),
    ],
)
def test_gradient(expression: str, gradient: Gradient) -> None:
    custom = "@tf.custom_gradient\ndef through(x):\n    return tf.round(x), lambda upstream: upstream\n"
    found = trace(f"{custom}\n\n{loss(expression)}")
    assert found.roots[0].node.gradient is gradient


def test_what_is_stored_into_an_array_is_part_of_it() -> None:
    body = """\
def some_loss(y_true, y_pred):
    rows = np.zeros_like(y_true)
    rows[0] = tf.square(y_pred)
    return tf.reduce_mean(rows)
"""
    assert trace(body).roots[0].node.gradient is Gradient.FLOWS


def test_the_keras_of_the_settings_is_in_the_record() -> None:
    assert trace(loss("error"), Settings(keras="2")).keras == "2"
