"""LL306 singular-gradient: the value is finite and its gradient is not.

## What it does

Reports a root, a norm, a standard deviation, a power with an exponent below 1, an arc cosine or an arc sine whose argument
reaches the point where the derivative is infinite: a distance of two equal vectors, a perfect score, a constant row.

## Why is this bad

The loss looks healthy in every log and every test, because its value is finite. Its gradient is infinite or NaN (infinity
times the 0 that comes from inside the root), the optimizer adds it to the weights, and the next loss is NaN.

Where the gradient that arrives at the root is exactly 0, as for a squared distance, TensorFlow's own kernel returns 0. XLA,
which Keras turns on by itself where there is a GPU, returns NaN: the script trains on the laptop and fails on the server.
Such findings have medium confidence; `xla = "off"` in the settings silences them.

## Example

```python
import tensorflow as tf


def distance_loss(y_true, y_pred):
    return tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), axis=-1))
```

## Use instead

```python
import tensorflow as tf


def distance_loss(y_true, y_pred):
    return tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), axis=-1) + 1e-12)
```

The small number has to stand inside the root: `tf.sqrt(x) + 1e-12` changes the value and not the derivative.

## What it does not flag

* Roots with a number added inside that float32 keeps, `maximum(x, eps)`, `clip` away from the point.
* Roots of labels, of settings and of anything through which no gradient flows.
* Metrics: nobody takes their gradient.
* Arguments of which nothing is known.

## Fix safety

Unsafe: `sqrt(maximum(x, 1e-12))` is 1e-6 where the root was smaller, and has no gradient there.

## How it is confirmed

The loss is run on legal batches at the ends of their domain, predictions equal to the targets among them, in eager mode, in a graph
and under XLA, and the operation is watched. Confirmed: it is at the point, and the gradient is not finite. Refuted: it comes as
near as it can, and the gradient stays finite in all three.

## Known misses

* The norm of a single embedding that happens to be all zeros.
* Roots inside functions that losslint cannot read.

## References

* TensorFlow, *tf.sqrt*. https://www.tensorflow.org/api_docs/python/tf/math/sqrt
* Gulrajani et al., *Improved Training of Wasserstein GANs*, 2017: the penalty on a gradient's norm.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from losslint.analysis.columns import ORDINARY
from losslint.analysis.node import Node
from losslint.analysis.singular import Singularity, singular
from losslint.analysis.trace import Trace
from losslint.experiment import Lab
from losslint.finding import Severity, Verdict
from losslint.operations.catalogue import known
from losslint.repair import UNSAFE, Change, Repair, argument, call
from losslint.rule import Report, Rule, quoted

from .guard import guards, lost_guard, reason, situation
from .straining import closest, strained, to_pole

BAD = (
    """\
import tensorflow as tf


def distance_loss(y_true, y_pred):
    return tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), axis=-1))  # here
""",
    """\
from tensorflow.keras import backend as K


def tversky_loss(y_true, y_pred):
    hits = K.sum(y_true * y_pred, axis=-1)
    index = (hits + 1.0) / (hits + 0.7 * K.sum(y_true * (1.0 - y_pred), axis=-1) + 0.3 * K.sum((1.0 - y_true) * y_pred, axis=-1) + 1.0)
    return K.pow(1.0 - index, 0.75)  # here
""",
    """\
import tensorflow as tf


def gradient_penalty_loss(y_true, y_pred):
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        score = tf.reduce_sum(tf.square(y_true - y_pred), axis=-1)
    slopes = tf.norm(tape.gradient(score, y_pred), axis=-1)  # here
    return tf.square(slopes - 1.0)
""",
    """\
import keras
from keras import ops


class ContrastLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.abs(ops.std(y_pred, axis=-1) - ops.std(y_true, axis=-1))  # here
""",
    """\
import tensorflow as tf


def angle_loss(y_true, y_pred):
    cosine = tf.reduce_sum(tf.nn.l2_normalize(y_true, axis=-1) * tf.nn.l2_normalize(y_pred, axis=-1), axis=-1)
    return tf.acos(tf.clip_by_value(cosine, -1.0, 1.0))  # here
""",
    """\
from tensorflow.keras import backend as K


def squared_distance_loss(y_true, y_pred):
    distance = K.sqrt(K.sum(K.square(y_true - y_pred), axis=-1))  # here
    return K.square(distance)
""",
)
GOOD = (
    """\
import tensorflow as tf


def distance_loss(y_true, y_pred):
    return tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), axis=-1) + 1e-12)
""",
    """\
from tensorflow.keras import backend as K


def contrastive_loss(y_true, y_pred):
    distance = K.sqrt(K.maximum(K.sum(K.square(y_pred[:, :2] - y_pred[:, 2:]), axis=-1), K.epsilon()))
    return K.mean(y_true[:, 0] * K.square(distance) + (1.0 - y_true[:, 0]) * K.square(K.maximum(1.0 - distance, 0.0)))
""",
    """\
import tensorflow as tf


def weighted_loss(y_true, y_pred):
    weights = tf.sqrt(tf.reduce_sum(y_true, axis=-1))
    return weights * tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
""",
    """\
import keras
from keras import ops


class FocalLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        y_pred = ops.clip(y_pred, 1e-7, 1.0 - 1e-7)
        return -ops.mean(y_true * ops.power(1.0 - y_pred, 0.5) * ops.log(y_pred), axis=-1)
""",
    """\
import tensorflow as tf


def rmse_metric(y_true, y_pred):
    return tf.sqrt(tf.reduce_mean(tf.square(y_true - y_pred)))
""",
)
MISSES = (
    """\
import tensorflow as tf
from distances_package import squared_distance


def distance_loss(y_true, y_pred):
    return tf.sqrt(squared_distance(y_true, y_pred))  # here
""",
)
HELP = "put a small number inside, where float32 keeps it: `sqrt(x + 1e-12)`, `pow(x + 1e-7, 0.5)`, `clip(x, -1 + 1e-6, 1 - 1e-6)`; added outside it does not help"


def _point(trace: Trace, node: Node) -> tuple[Singularity, bool] | None:
    """A point at which only the gradient is not finite, and whether it is so in every mode; such a one is preferred."""
    found: tuple[Singularity, bool] | None = None
    for column in range(ORDINARY):
        for at in singular(node, column):
            if not at.finite or not trace.leaves(column, at.operand) or not trace.live(column, node):
                continue
            if trace.arrives(column, node) or not at.pole.quiet:
                return at, True
            found = found or (at, False)
    return found


def _guarded(at: Singularity) -> tuple[str, Node | None]:
    """What was found where a guard was looked for, and the guard that float32 loses."""
    lost = lost_guard(at.operand, at.column)
    if lost is not None and (why := reason(lost, at.column)):
        return f"float32 loses the guard of {quoted(lost)} ({why})", lost
    if (guard := next(guards(at.operand), None)) is not None:
        return f"{quoted(guard)} does not keep it away from there", None
    return "nothing inside keeps it away from there", None


def check(trace: Trace) -> Iterator[Report]:
    """Every root, norm, deviation, power or arc whose gradient is infinite on a legal input."""
    if trace.loss.metric:
        return
    for node in trace.flowing():
        point = _point(trace, node) if not node.marked("numpy") else None  # no gradient goes through an array
        if point is None:
            continue
        at, always = point
        guard, lost = _guarded(at)
        where = situation(at.operand, at.column)
        value = "constant" if at.pole.at is None else f"{at.at:.2g}"
        gradient = "the gradient of {} is infinite or NaN there, though its value is finite"
        if node.columns.single[at.column] != node.columns.single[at.column]:
            gradient = "{} is NaN there"
        mode = "" if always else " (under XLA, the default on a GPU; eager mode gives 0, because the gradient that arrives is 0)"
        message = f"{quoted(at.operand)} can be {value}{where}, and {gradient.format(quoted(node))}{mode}; {guard}"
        because = ((lost, "float32 loses this guard"),) if lost is not None else ()
        yield Report(node, message, HELP, because, trace.confidence(node), xla=not always)


def places(trace: Trace) -> Iterator[Node]:
    """The roots, norms, deviations, powers and arcs through which a gradient flows."""
    for node in trace.flowing() if not trace.loss.metric else ():
        entry = known(node.operation)
        finite = entry is not None and any(math.isfinite(pole.value) for pole in entry.poles)
        if finite and not (node.operation == "pow" and not 0 < node.arguments[1].columns.single[0] < 1):
            yield node


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether a legal batch brings the argument to the point and breaks the gradient, in eager mode or under XLA."""
    node = report.node
    return strained(lab, node, to_pole(node), pole="the derivative is infinite there", extreme=closest(node.arguments[0]))


def fix(trace: Trace, report: Report) -> Repair | None:
    """A small number below the root, which bounds its derivative."""
    inner = argument(report.node)
    if report.node.operation not in ("sqrt", "root") or inner is None:
        return None
    message = "keeps the argument of the root at 1e-12 or above: its derivative becomes 0 where it was infinite, and the root at least 1e-6"
    return Repair(UNSAFE, message, (Change(inner, call("maximum", inner, "1e-12")),))


RULE = Rule("LL306", "singular-gradient", Severity.WARNING, check, BAD, GOOD, MISSES, fix=fix, confirm=confirm, places=places)
