"""What the abstract run knows of single values of a declared shape: axes, degrees, columns, gradients and bounds, one operation each."""

from __future__ import annotations

import pytest

from losslint.analysis import interpreter
from losslint.analysis.bounds import bounds
from losslint.analysis.node import Gradient, Node
from losslint.config import Settings
from losslint.source import Source, no_modules

HEAD = """\
import keras
import tensorflow as tf


# losslint: inputs y_true: mask[B, 4], y_pred: real[B, 4]
def some_loss(y_true, y_pred):
    return """
BATCH = (1, None)
ANYTHING = "tf.reduce_mean(tf.image.ssim(y_true, y_pred, 1.0))"  # a value of which no column is known


def value(expression: str) -> Node:
    """What is learnt of an expression."""
    traces = interpreter.run(Source.parse(HEAD + expression + "\n", "losses.py"), Settings(), no_modules)
    return next(trace for trace in traces if trace.flipped is None).roots[0].node


@pytest.mark.parametrize(
    ("expression", "axes"),
    [
        ("tf.reduce_sum(y_pred, axis=0)", [(0, 4)]),
        ("tf.reduce_sum(y_pred, axis=0, keepdims=True)", [(0, 1), (0, 4)]),
        ("tf.expand_dims(y_pred, -1)", [BATCH, (0, 4), (0, 1)]),
        ("tf.transpose(y_pred)", [(0, 4), BATCH]),
        ("y_pred[:8] + y_pred", [BATCH, (0, 4)]),
        ("y_pred + y_pred[:8]", [BATCH, (0, 4)]),
    ],
)
def test_axes(expression: str, axes: list[tuple[int, int | None]]) -> None:
    shape = value(expression).shape
    assert shape is not None and shape.exact
    assert [(axis.power, axis.length) for axis in shape.lead] == axes


@pytest.mark.parametrize(
    ("expression", "degree"),
    [
        ("tf.reduce_sum(y_pred) / (tf.reduce_sum(y_true) + tf.reduce_mean(y_pred))", 0),
        ("1.0 - tf.reduce_mean(y_pred) / tf.cast(tf.shape(y_pred)[0], tf.float32)", 0),
        ("tf.reduce_mean(y_pred)", 0),
        ("tf.reduce_sum(y_pred) * tf.reduce_sum(y_true)", 2),
        ("tf.sqrt(tf.reduce_sum(tf.abs(y_pred)))", 0.5),
        ("tf.square(tf.reduce_sum(y_pred))", 2),
        ("tf.norm(y_pred)", 0.5),
        ("tf.math.reduce_variance(tf.reduce_sum(y_pred, 0))", 2),
        ("tf.nn.softmax(y_pred, 0)", -1),
        ("tf.matmul(y_pred, y_true, transpose_a=True)", 1),
        ("tf.matmul(tf.transpose(y_pred), tf.ones([8, 3]))", 0),
        ("keras.losses.MeanSquaredError(reduction='sum')(y_true, y_pred)", 1),
    ],
)
def test_degrees(expression: str, degree: float) -> None:
    assert max(part for part in value(expression).degree if part is not None) == degree


@pytest.mark.parametrize(
    ("expression", "column", "number"),
    [
        ("tf.math.divide_no_nan(tf.reduce_sum(y_true), tf.reduce_sum(y_true))", 1, 0.0),
        (f"tf.clip_by_value({ANYTHING}, 0.25, 0.75)", 1, 0.25),
        (f"tf.clip_by_value({ANYTHING}, 0.25, 0.75)", 2, 0.75),
        ("tf.reduce_sum(y_true[0, 0] * tf.ones([8]))", 3, 8.0),
        ("tf.math.log(y_true) if tf.reduce_min(y_true) > 0.0 else 0.0", 3, 0.0),
        ("tf.nn.softmax(y_pred)", 7, 1.0),
        ("tf.nn.softmax(y_pred)", 8, 0.0),
    ],
)
def test_columns(expression: str, column: int, number: float) -> None:
    assert value(expression).columns.single[column - 1] == number


@pytest.mark.parametrize(
    "expression", ["tf.concat([y_pred, y_true], 0)", "tf.where(y_true > 0.5, y_pred, 0.0)", "tf.boolean_mask(y_pred, y_true > 0.5)"]
)
def test_one_part_is_enough_for_a_gradient(expression: str) -> None:
    assert value(expression).gradient is Gradient.FLOWS


@pytest.mark.parametrize(
    ("expression", "ends"),
    [("tf.sigmoid(y_pred) - tf.sigmoid(y_true)", (-1.0, 1.0)), ("tf.clip_by_value(tf.math.tanh(y_pred), -0.5, 2.0)", (-0.5, 1.0))],
)
def test_bounds(expression: str, ends: tuple[float, float]) -> None:
    assert bounds(value(expression)) == ends


def test_an_if_narrows_the_branch_that_is_taken() -> None:
    body = "y_pred\n    if tf.reduce_min(y_true) > 0.0:\n        return tf.math.log(y_true)\n    return y_pred"
    text = HEAD.replace("return ", "value = ") + body + "\n"
    traces = interpreter.run(Source.parse(text, "losses.py"), Settings(), no_modules)
    columns = next(trace for trace in traces if trace.flipped is None).roots[0].node.columns.single
    assert columns[2] == 0.0 and columns[0] != columns[0]
