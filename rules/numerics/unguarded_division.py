"""LL305 unguarded-division: a denominator can be 0.

## What it does

Reports a division (or a reciprocal, or a negative power) whose denominator is exactly 0 for inputs that a loss has to
expect: the sum of an empty mask, the range or the standard deviation of a constant row, the count of labels of a class that
the batch lacks. The mean over a selection that can be empty is such a division too.

## Why is this bad

`0 / 0` is NaN and `x / 0` infinite. One batch without an object, one constant image or one row of padding is enough: the
loss is NaN, and from the next step on so is every weight. Such batches are rare, so the run may fail after hours; the last
batch of an epoch, which is shorter, is the most likely one.

## Example

```python
import tensorflow as tf


def masked_loss(y_true, y_pred):
    mask = tf.cast(y_true > 0.0, tf.float32)
    return tf.reduce_sum(mask * tf.square(y_true - y_pred)) / tf.reduce_sum(mask)
```

## Use instead

```python
import tensorflow as tf


def masked_loss(y_true, y_pred):
    mask = tf.cast(y_true > 0.0, tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(mask * tf.square(y_true - y_pred)), tf.reduce_sum(mask))
```

## What it does not flag

* Denominators that are kept away from 0: `maximum`, a small number added that float32 keeps, `1 + x`.
* `divide_no_nan`, and divisions that only happen where the denominator is not 0: under `tf.cond` or a Python `if` on it.
* A part of the prediction that the loss also takes the logarithm of: the scale of a density, which the layer that makes it keeps
  positive (low confidence).
* Sizes of tensors, batch sizes, numbers of classes, and settings.
* A prediction divided by its own sum: it is the output of a softmax, whose sum is 1.
* Denominators of which nothing is known, such as outputs of a layer.

## Fix safety

Safe: `divide_no_nan` differs only where the denominator is 0, where it gives 0 and no gradient.

## How it is confirmed

The loss is run on legal batches at the ends of their domain, such as empty masks and constant rows, in eager mode, in a graph and
under XLA, and the denominator is watched. Confirmed: it is 0 and the value or the gradient is not finite. Refuted: it comes as
near to 0 as it can, and both stay finite.

## Known misses

* A denominator that a function computes that losslint cannot read.
* A negative number that a guard of the same size brings to 0: `x / (y + 1e-7)` at `y = -1e-7`.

## References

* TensorFlow, *tf.math.divide_no_nan*. https://www.tensorflow.org/api_docs/python/tf/math/divide_no_nan
* IEEE 754, section 7.3: division by zero.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import cast

from losslint.analysis.columns import ORDINARY
from losslint.analysis.node import Node, reach
from losslint.analysis.singular import Singularity, empty_columns, selections, singular
from losslint.analysis.trace import Trace
from losslint.experiment import Lab
from losslint.finding import Confidence, Severity, Verdict
from losslint.repair import SAFE, Change, Repair, argument, call
from losslint.rule import Report, Rule, quoted

from .guard import guarded, lost_guard, reason, scale, situation
from .straining import closest, count, size, strained

BAD = (
    """\
import tensorflow as tf


def masked_loss(y_true, y_pred):
    mask = tf.cast(y_true > 0.0, tf.float32)
    return tf.reduce_sum(mask * tf.square(y_true - y_pred)) / tf.reduce_sum(mask)  # here
""",
    """\
from tensorflow.keras import backend as K


def dice_loss(y_true, y_pred):
    overlap = K.sum(y_true * y_pred, axis=-1)
    return 1.0 - 2.0 * overlap / (K.sum(y_true, axis=-1) + K.sum(y_pred, axis=-1))  # here
""",
    """\
import keras
from keras import ops


class PercentageError(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred) / ops.abs(y_true), axis=-1)  # here
""",
    """\
import tensorflow as tf


def scaled(x):
    low, high = tf.reduce_min(x), tf.reduce_max(x)
    return (x - low) / (high - low)  # here


def contrast_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(scaled(y_true) - y_pred), axis=-1)
""",
    """\
import tensorflow as tf


def positive_loss(y_true, y_pred):
    error = tf.boolean_mask(tf.abs(y_true - y_pred), y_true > 0.5)
    return tf.reduce_mean(error)  # here
""",
    """\
import tensorflow as tf


def balanced_loss(y_true, y_pred):
    weights = tf.math.reciprocal(tf.reduce_sum(y_true, axis=[1, 2]) + 1e-40)  # here
    return tf.reduce_mean(weights * tf.reduce_sum(tf.square(y_true - y_pred), axis=[1, 2]), axis=-1)
""",
)
GOOD = (
    """\
import tensorflow as tf


def masked_loss(y_true, y_pred):
    mask = tf.cast(y_true > 0.0, tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(mask * tf.square(y_true - y_pred)), tf.reduce_sum(mask))
""",
    """\
from tensorflow.keras import backend as K


def dice_loss(y_true, y_pred, smooth=1.0):
    overlap = K.sum(y_true * y_pred, axis=-1)
    return 1.0 - (2.0 * overlap + smooth) / (K.sum(y_true, axis=-1) + K.sum(y_pred, axis=-1) + smooth)
""",
    """\
import tensorflow as tf


def cross_entropy(y_true, y_pred):
    y_pred = y_pred / tf.reduce_sum(y_pred, axis=-1, keepdims=True)
    y_pred = tf.clip_by_value(y_pred, 1e-7, 1.0 - 1e-7)
    return -tf.reduce_sum(y_true * tf.math.log(y_pred), axis=-1)
""",
    """\
import keras
from keras import ops


class PercentageError(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred) / ops.maximum(ops.abs(y_true), 1e-7), axis=-1)
""",
    """\
import tensorflow as tf


def positive_loss(y_true, y_pred):
    error = tf.boolean_mask(tf.abs(y_true - y_pred), y_true > 0.5)
    return tf.cond(tf.size(error) > 0, lambda: tf.reduce_mean(error), lambda: 0.0)
""",
    """\
import tensorflow as tf


def mean_loss(y_true, y_pred):
    batch = tf.cast(tf.shape(y_pred)[0], tf.float32)
    return tf.reduce_sum(tf.square(y_true - y_pred)) / batch
""",
)
MISSES = (
    """\
import tensorflow as tf
from counts_package import positives


def normalised_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred)) / positives(y_true)  # here
""",
)
HELP = (
    "keep the denominator away from 0 with a guard that float32 keeps, such as `maximum(x, 1e-7)`, or write `tf.math.divide_no_nan(a, b)`, "
    "which is 0 where `b` is 0"
)
HELP_EMPTY = (
    "divide the sum by a count that is at least 1, as in `tf.math.divide_no_nan(sum, count)`, or return 0 where nothing is selected"
)
DIVISIONS = frozenset({"divide", "reciprocal", "rsqrt", "pow"})
MOVED = frozenset({"cast", "identity", "expand_dims", "reshape", "tile", "repeat", "broadcast_to", "squeeze", "stop_gradient"})


def _bare(node: Node) -> Node:
    """A value before it was only moved about."""
    while node.operation in MOVED and node.arguments:
        node = node.arguments[0]
    return node


def _own_sum(node: Node) -> bool:
    """Whether a prediction is divided by its own sum."""
    if node.operation != "divide":
        return False
    top, bottom = map(_bare, node.arguments)
    own = bottom.operation == "sum" and _bare(bottom.arguments[0]) is top
    return own and "pred" in top.origin and "true" not in top.origin


def _foreign_gradient(node: Node) -> bool:
    """Whether a denominator is made of gradients that the numerator is not made of: that all of them are 0 is no legal input."""
    bottom = [part for part in reach(node.arguments[-1]) if part.operation == "gradient"]
    top = {id(part) for part in reach(*node.arguments[:-1])}
    return bool(bottom) and len(node.arguments) == 2 and not any(id(part) in top for part in bottom)


def _zero(trace: Trace, node: Node) -> Singularity | None:
    """The first ordinary column in which a denominator is 0 and the quotient is used."""
    if node.operation not in DIVISIONS or _own_sum(node) or _foreign_gradient(node):
        return None
    if trace.loss.weak and node.marked("numpy"):
        return None  # two arrays and a quotient: what is shown, more often than a loss
    for column in range(ORDINARY):
        for at in singular(node, column):
            if not at.finite and not at.operand.constant and trace.live(column, node):
                return at
    return None


def _empty(trace: Trace, node: Node) -> bool:
    """Whether a mean is taken over a selection that has no element in a column in which it is used."""
    if trace.evidence < 2 or node.operation != "mean" or not node.arguments[0].marked("maybe-empty"):
        return False
    axes, shape = node.details.get("axes"), node.arguments[0].shape
    flat = shape is not None and shape.rank == 1
    if axes is not None and not (isinstance(axes, tuple) and (0 in axes or flat)):
        return False
    return any(column < ORDINARY and trace.live(column, node) for column in empty_columns(node.arguments[0]))


def check(trace: Trace) -> Iterator[Report]:
    """Every division by 0 on a legal input, and every mean over nothing."""
    told: set[int] = set()  # the masks of selections that were reported: one finding for each will do
    for node in trace.likely():
        if _empty(trace, node):
            masks = {id(part.arguments[-1]) for part in selections(node.arguments[0])}
            if masks <= told:
                continue
            told |= masks
            message = (
                f"{quoted(node)} is the mean of {quoted(node.arguments[0])}, a selection that can be empty: 0 / 0 is NaN, and the loss "
                "with it; no test of its size was found"
            )
            yield Report(node, message, HELP_EMPTY, (), trace.confidence(node))
        elif (at := _zero(trace, node)) is not None:
            lost = lost_guard(at.operand, at.column)
            why = reason(lost, at.column) if lost is not None else ""
            confidence = Confidence.LOW if scale(trace, at.operand) else trace.confidence(node)
            guard = f"float32 loses the guard of {quoted(lost)} ({why})" if lost is not None and why else guarded(at.operand)
            message = (
                f"{quoted(at.operand)} can be {at.at:.2g}{situation(at.operand, at.column)}, and {quoted(node)} divides by it: "
                f"the loss becomes infinite or NaN; {guard}"
            )
            yield Report(node, message, HELP, ((lost, why),) if lost is not None and why else (), confidence)


def places(trace: Trace) -> Iterator[Node]:
    """The divisions by data, those that are safe by themselves too."""
    for node in trace.likely():
        bottom = node.arguments[-1] if node.operation in DIVISIONS | {"divide_no_nan"} - {"pow"} else None
        if bottom is not None and not bottom.constant and not bottom.marked("dimension") and not _own_sum(node):
            yield node


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether a legal batch brings the denominator to 0, or leaves nothing to take the mean of, and breaks the loss."""
    node = report.node
    if node.operation == "mean":
        return strained(lab, node, count, pole="the mean is taken of nothing")
    bottom = 0 if node.operation in ("reciprocal", "rsqrt", "pow") else 1
    return strained(lab, node, size(bottom), pole="the denominator is 0", extreme=closest(node.arguments[bottom]))


def fix(trace: Trace, report: Report) -> Repair | None:
    """A division that gives 0 where the denominator is 0, and what it gave elsewhere."""
    node = report.node
    syntax, top, bottom = node.site.syntax, argument(node, 0), argument(node, 1)
    written = isinstance(syntax, ast.Call) or (isinstance(syntax, ast.BinOp) and isinstance(syntax.op, ast.Div))
    if node.operation != "divide" or not written or top is None or bottom is None or node.arguments[0].facts.python:
        return None
    message = "gives 0 where the denominator is 0, and the same elsewhere"
    return Repair(SAFE, message, (Change(cast(ast.expr, syntax), call("divide_no_nan", top, bottom)),))


RULE = Rule("LL305", "unguarded-division", Severity.WARNING, check, BAD, GOOD, MISSES, fix=fix, confirm=confirm, places=places)
