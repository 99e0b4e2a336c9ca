"""LL301 unguarded-log: the argument of a logarithm can be 0.

## What it does

Reports a logarithm whose argument is 0, or negative, for inputs that a loss has to expect: a probability of 0 or 1, a label
of 0, an empty mask, an activation that saturates in float32.

## Why is this bad

`log(0)` is `-inf`, and its gradient is infinite. One such element makes the loss infinite; multiplied by a label of 0 it
makes it NaN. From the next step on every weight is NaN and the run is lost, sometimes after hours. A probability of exactly
0 is not rare: in float32 a sigmoid is 0 below -88, a softmax as soon as two logits are about 90 apart.

## Example

```python
import tensorflow as tf


def cross_entropy(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(y_pred), axis=-1)
```

## Use instead

```python
import tensorflow as tf


def cross_entropy(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(tf.maximum(y_pred, 1e-7)), axis=-1)
```

Better still, let the model return logits and use a loss that takes them: `tf.nn.sigmoid_cross_entropy_with_logits`.

## What it does not flag

* Arguments that are kept away from 0: `clip`, `maximum`, a small number added that float32 keeps, `1 + abs(x)`, `softplus`.
* A value that `where` takes only where it is positive.
* A `logsumexp` by hand that is shifted by its largest element.
* A part of the prediction that the loss also divides by: the scale of a density, which the layer that makes it keeps positive (low
  confidence).
* Arguments of which nothing is known, such as outputs of a layer.

## Fix safety

Safe where the argument is larger than 1e-7 (the option `epsilon`) wherever the loss worked: `maximum(p, 1e-7)` then keeps value and
gradient. Unsafe where it may be smaller or negative: there the loss changes.

## How it is confirmed

The loss runs on batches at the ends of what is legal for it, in eager mode and under XLA, and the argument is watched: where it
is 0, the value or the gradient is not finite. The witness is the batch.

## Known misses

* A "guard" inside a function that losslint cannot read.

## References

* TensorFlow, *tf.math.log*. https://www.tensorflow.org/api_docs/python/tf/math/log
* Goodfellow, Bengio, Courville, *Deep Learning*, section 4.1, on overflow and underflow.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from losslint.analysis.columns import ORDINARY
from losslint.analysis.trace import Trace
from losslint.experiment import Lab
from losslint.finding import Confidence, Severity, Verdict
from losslint.options import Meta, Options
from losslint.repair import SAFE, UNSAFE, Change, Repair, argument, call
from losslint.rule import Report, Rule, quoted

from .guard import guarded, scale, situation
from .logarithm import consequence, logarithms, poles
from .straining import least, smallest, strained

BAD = (
    """\
import tensorflow as tf


def cross_entropy(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(y_pred), axis=-1)  # here
""",
    """\
from tensorflow.keras import backend as K


def focal_loss(y_true, y_pred, gamma=2.0):
    inverse = 1.0 - y_pred
    return -K.mean((1.0 - y_true) * K.pow(y_pred, gamma) * K.log(inverse), axis=-1)  # here
""",
    """\
import keras
from keras import ops


class Divergence(keras.losses.Loss):
    def call(self, y_true, y_pred):
        y_pred = ops.clip(y_pred, 1e-7, 1.0)
        return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)  # here
""",
    """\
import tensorflow as tf


def overlap_loss(y_true, y_pred):
    overlap = tf.reduce_sum(y_true * y_pred, axis=-1)
    return -tf.math.log(overlap)  # here
""",
    """\
import tensorflow as tf


def clipped_loss(y_true, y_pred):
    y_pred = tf.clip_by_value(y_pred, 0.0, 1.0)
    return -tf.reduce_mean(y_true * tf.math.log(y_pred), axis=-1)  # here
""",
)
GOOD = (
    """\
import tensorflow as tf


def cross_entropy(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(tf.maximum(y_pred, 1e-7)), axis=-1)
""",
    """\
from tensorflow.keras import backend as K


def binary_loss(y_true, y_pred):
    p = K.clip(y_pred, K.epsilon(), 1.0 - K.epsilon())
    return -K.mean(y_true * K.log(p) + (1.0 - y_true) * K.log(1.0 - p), axis=-1)
""",
    """\
import tensorflow as tf


def cosh_loss(y_true, y_pred):
    error = y_pred - y_true
    return tf.reduce_mean(error + tf.math.softplus(-2.0 * error) - tf.math.log(2.0), axis=-1)
""",
    """\
import tensorflow as tf


def positive_loss(y_true, y_pred):
    safe = tf.where(y_pred > 0.0, y_pred, 1e-7)
    return -tf.reduce_mean(y_true * tf.math.log(safe), axis=-1)
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
from guards_package import lifted


def cross_entropy(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(lifted(y_pred)), axis=-1)  # here
""",
)
HELP = (
    "keep the argument away from 0 with a guard that float32 keeps: `maximum(p, 1e-7)` or `p + 1e-7`; or let the model return "
    "logits and use a loss that takes logits"
)


class Guards(Options, frozen=True):
    """What fixes write."""

    epsilon: Annotated[float, Meta(ge=1e-30, le=1e-3, description="what a fix keeps the argument of a logarithm at")] = 1e-7


def check(trace: Trace) -> Iterator[Report]:
    """Every logarithm whose argument is 0 or negative on a legal input, without a guard that was only rounded away."""
    for pole in poles(trace):
        if pole.guard is not None:
            continue
        message = f"{quoted(pole.operand)} can be {pole.value:.2g}{situation(pole.operand, pole.column)}, and {consequence(pole)}; {guarded(pole.operand)}"
        confidence = Confidence.LOW if scale(trace, pole.operand) else trace.confidence(pole.node)
        yield Report(pole.node, message, HELP, (), confidence)


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether a legal batch brings the argument to 0 and breaks the loss."""
    return strained(lab, report.node, smallest(0), pole="the argument is 0 or negative", extreme=least(report.node.arguments[0]))


def fix(trace: Trace, report: Report) -> Repair | None:
    """A `maximum` around the argument: safe where the ordinary columns show that it is larger wherever the loss worked."""
    inner = argument(report.node)
    if inner is None:
        return None
    epsilon = trace.options(Guards).epsilon
    number = f"{epsilon:g}".replace("e-0", "e-")
    values = [value for value in report.node.arguments[0].columns.single[:ORDINARY] if value > 0]
    kept = bool(values) and min(values) > epsilon
    kept_so = f"keeps the argument at {number} or above"
    what = kept_so if kept else f"changes the loss where the argument is below {number}, also where it was negative"
    return Repair(SAFE if kept else UNSAFE, what, (Change(inner, call("maximum", inner, number)),))


RULE = Rule(
    "LL301", "unguarded-log", Severity.WARNING, check, BAD, GOOD, MISSES, fix=fix, confirm=confirm, places=logarithms, options=Guards
)
