"""LL302 inexact-log1p: the logarithm of 1 plus something small loses its digits.

## What it does

Reports `log(1 + x)` where `x` can be very small, such as an error that training drives to 0.

## Why is this bad

The sum is rounded before the logarithm is taken. float32 has steps of 1.2e-7 above 1: of an `x` of 1e-6 one digit is left,
and below 6e-8 nothing; the result is then exactly 0. The value is never NaN, it is only rough, and most rough where the
model is nearly right. `log1p(x)` computes the same number to full precision.

## Example

```python
import tensorflow as tf


def log_error(y_true, y_pred):
    return tf.reduce_mean(tf.math.log(1 + tf.abs(y_true - y_pred)), axis=-1)
```

## Use instead

```python
import tensorflow as tf


def log_error(y_true, y_pred):
    return tf.reduce_mean(tf.math.log1p(tf.abs(y_true - y_pred)), axis=-1)
```

## What it does not flag

* `log(1 + exp(x))`: that is `softplus`, another matter.
* Something that is never small, and constants.
* Something of which nothing is known.

This is a hint: it does not change the exit status unless it is selected by its code or name.

## Fix safety

Safe: `log1p(x)` is `log(1 + x)` with more digits.

## How it is confirmed

The loss runs in float32 and in float64 on the same batches, those of tiny differences among them: the logarithm differs by more
than one part in a thousand.

## Known misses

* `log(1 - x)`, which is `log1p(-x)`.

## References

* TensorFlow, *tf.math.log1p*. https://www.tensorflow.org/api_docs/python/tf/math/log1p
* Goldberg, *What every computer scientist should know about floating-point arithmetic*, ACM Computing Surveys 23, 1991,
  theorem 4.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator

from losslint.analysis.columns import COLUMNS
from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Lab, Run, Undecided, confirmed, refuted
from losslint.finding import Severity, Verdict
from losslint.repair import SAFE, Change, Repair, added_to_one, argument, call
from losslint.rule import Report, Rule, quoted

from .logarithm import logarithms

BAD = (
    """\
import tensorflow as tf


def log_error(y_true, y_pred):
    return tf.reduce_mean(tf.math.log(1 + tf.abs(y_true - y_pred)), axis=-1)  # here
""",
    """\
from tensorflow.keras import backend as K


def squared_log_loss(y_true, y_pred):
    first = K.log(y_true + 1.0)  # here
    second = K.log(y_pred + 1.0)  # here
    return K.mean(K.square(first - second), axis=-1)
""",
    """\
import keras
from keras import ops


class CauchyLoss(keras.losses.Loss):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, y_true, y_pred):
        squares = ops.square((y_true - y_pred) / self.scale)
        return ops.mean(ops.log(1.0 + squares), axis=-1)  # here

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}
""",
    """\
import tensorflow as tf


def distance_loss(anchor, positive):
    squares = tf.square(anchor - positive)
    return tf.reduce_mean(tf.math.log(tf.ones_like(squares) + squares), axis=-1)  # here
""",
)
GOOD = (
    """\
import tensorflow as tf


def log_error(y_true, y_pred):
    return tf.reduce_mean(tf.math.log1p(tf.abs(y_true - y_pred)), axis=-1)
""",
    """\
import tensorflow as tf


def logistic_loss(y_true, y_pred):
    return tf.reduce_mean(tf.math.log(1 + tf.exp(-y_true * y_pred)), axis=-1)
""",
    """\
from tensorflow.keras import backend as K


def shifted_loss(y_true, y_pred):
    return K.mean(K.log(1.0 + K.clip(y_pred, 0.5, 1.0)), axis=-1)
""",
    """\
import keras
from keras import ops


class LogError(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.log(2.0 + ops.abs(y_true - y_pred)), axis=-1)
""",
)
MISSES = (
    """\
import tensorflow as tf


def shortfall_loss(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(1.0 - 0.5 * y_pred), axis=-1)  # here
""",
)
SMALL = 0.1
LEAST = 1e-10  # below it float64 does not compute `log(1 + x)` to three digits either
NEAR = 1e-3  # a logarithm below it is one whose argument is near 1
WRONG = 1e-3  # relative error from which a number is called wrong
NON_NEGATIVE = frozenset({"abs", "square", "relu", "parameter"})
HELP = "write `log1p(x)` of the same backend for `log(1 + x)`: the same function, without rounding the sum first"


def _one(node: Node) -> bool:
    return node.operation == "ones_like" or (node.constant and set(node.columns.double) == {1.0})


def _small_part(node: Node) -> Node | None:
    """The `x` of ``1 + x``."""
    if node.operation != "add" or len(node.arguments) != 2:
        return None
    first, second = node.arguments
    if _one(first) == _one(second):
        return None
    return second if _one(first) else first


def _small(part: Node, columns: list[int]) -> bool:
    """Whether a value comes near 0: on a witness column or, where it is not known, by what it is."""
    if part.constant or part.operation == "exp" or part.marked("dimension"):
        return False
    if part.columns.known:
        return any(abs(part.columns.single[column]) < SMALL for column in columns)
    return part.operation in NON_NEGATIVE


def check(trace: Trace) -> Iterator[Report]:
    """Every logarithm of 1 plus something that can be small."""
    for node in logarithms(trace):
        part = _small_part(node.arguments[0])
        columns = [column for column in range(COLUMNS) if trace.live(column, node)]
        if part is not None and columns and _small(part, columns):
            message = (
                f"{quoted(node)} loses the digits of {quoted(part)} where that is small: float32 has steps of 1.2e-07 above 1, so "
                "below 6e-08 the result is exactly 0; `log1p` keeps them"
            )
            yield Report(node, message, HELP, (), trace.confidence(node))


def places(trace: Trace) -> list[Node]:
    """The logarithms of a sum, and of what is no difference from 1: that is a known miss."""
    return [node for node in logarithms(trace) if node.arguments[0].operation != "subtract"]


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the logarithm is another number than `log1p`, or float64, gives on a batch where its argument is near 1."""
    compared, near = 0, False
    for batch in (lab.batch, *lab.small()):
        for run, rounded, exact in _compared(lab, batch, report.node):
            compared += 1
            near = near or LEAST < abs(exact) < NEAR
            if LEAST < abs(exact) < math.inf and abs(rounded - exact) > WRONG * abs(exact):
                reason = f"the logarithm is {rounded:.4g} in float32 and {exact:.4g} in float64 on the same inputs"
                proof = "precise" if lab.run(batch, dtype="float64").raised is None else ""
                return confirmed(reason, run, value={"float32": rounded, "float64": exact}, expected=exact, proof=proof)
    if not compared:
        raise Undecided("the logarithm was not computed on any batch; call the loss in the file with the option under which it is")
    if not near and (part := _small_part(report.node.arguments[0])) is not None and _small(part, list(range(COLUMNS))):
        raise Undecided(f"no batch brings the argument within {NEAR:g} of 1; declare the inputs (`# losslint: inputs …`)")
    return refuted(f"float32 and float64 agree within {WRONG:g} on all batches, those of tiny values too", lab.run(lab.batch))


def _compared(lab: Lab, batch: Batch, node: Node) -> Iterator[tuple[Run, float, float]]:
    """Each logarithm of a run in float32 and in float64: of ``1 + x`` by its own `x`, of anything else by the whole loss in float64."""
    total = node.arguments[0]
    if _small_part(total) is not None:
        run = lab.run(batch, at=total)
        for probe in run.probes:
            small = [operand for operand in probe.operands if operand is not None and set(operand.values) != {1.0}]
            if probe.result is not None and len(small) == 1 and len(small[0].values) == len(probe.result.values):
                for x, rounded in zip(small[0].values, probe.result.values, strict=True):
                    if x > -1.0 and rounded > 0.0:
                        yield run, math.log(rounded), math.log1p(x)
        return
    single, double = (lab.run(batch, at=node, dtype=dtype) for dtype in ("float32", "float64"))
    for one, two in zip(single.probes, double.probes, strict=False):
        if one.result is not None and two.result is not None:
            for rounded, exact in zip(one.result.values, two.result.values, strict=True):
                yield single, rounded, exact


def fix(trace: Trace, report: Report) -> Repair | None:
    """`log1p` of what is added to a literal 1."""
    part, syntax = added_to_one(argument(report.node)), report.node.site.syntax
    if report.node.operation != "log" or not isinstance(syntax, ast.Call) or part is None:
        return None
    return Repair(SAFE, "the same value with the digits of small arguments", (Change(syntax, call("log1p", part)),))


RULE = Rule("LL302", "inexact-log1p", Severity.INFO, check, BAD, GOOD, MISSES, fix=fix, confirm=confirm, places=places)
