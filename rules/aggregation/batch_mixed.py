"""LL106 batch-mixed: the loss is no mean over samples, so its value depends on how the data are cut into batches.

## What it does

Reports a nonlinear function of something that was summed or averaged over the batch and that the prediction takes part in: a
ratio of sums over the batch (dice, F1), a correlation, a root of a mean. It is not on by default: such a loss may be meant.

## Why is this bad

The mean of such a loss over two half batches is not its value on the whole. The shown epoch loss, the validation loss and the
loss of another batch size are different quantities, gradients do not add up when they are accumulated, and each replica of a
distributed run works on its own small share. Small batches give a biased and noisy value.

## Example

```python
import tensorflow as tf


def dice_loss(y_true, y_pred):
    both = tf.reduce_sum(y_true * y_pred)
    return 1.0 - 2.0 * both / (tf.reduce_sum(y_true) + tf.reduce_sum(y_pred) + 1.0)
```

## Use instead

One value for each sample, over its own axes:

```python
import tensorflow as tf


def dice_loss(y_true, y_pred):
    both = tf.reduce_sum(y_true * y_pred, axis=[1, 2, 3])
    whole = tf.reduce_sum(y_true, axis=[1, 2, 3]) + tf.reduce_sum(y_pred, axis=[1, 2, 3])
    return 1.0 - 2.0 * both / (whole + 1.0)
```

## What it does not flag

* Sums divided by a number of samples, or by the sum of a mask or of weights made of the targets.
* Sums and products with constants of such means.
* Matrices of pairs.

## Fix safety

Not automated yet. The loss of each sample is another loss; whether it is the one that is wanted is for the author to say.

## How it is confirmed

The mean of the loss over two halves of a batch is compared with its value on the whole, for several contents.

## Known misses

* Statistics that a layer or an unknown function takes over the batch.

## References

* V-Net, *Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation*. https://arxiv.org/abs/1606.04797
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import IntEnum

from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.experiment import Lab, confirmed, refuted, undecided
from losslint.finding import Severity, Verdict
from losslint.operations.catalogue import OPERATIONS
from losslint.operations.operation import Degree, Kind
from losslint.rule import Report, Rule, quoted

BAD = (
    """\
import tensorflow as tf


def dice_loss(y_true, y_pred):
    both = tf.reduce_sum(y_true * y_pred)
    return 1.0 - 2.0 * both / (tf.reduce_sum(y_true) + tf.reduce_sum(y_pred) + 1.0)  # here
""",
    """\
from keras import backend as K


def root_mean_square_loss(y_true, y_pred):
    return K.sqrt(K.mean(K.square(y_true - y_pred)) + 1e-6)  # here
""",
    """\
import keras
from keras import ops


class Centred(keras.losses.Loss):
    def call(self, y_true, y_pred):
        centre = ops.mean(y_pred - y_true, axis=0)
        return ops.sum(ops.square(centre))  # here
""",
    """\
import tensorflow as tf


def spread_loss(y_true, y_pred):
    errors = y_true - y_pred
    return tf.reduce_mean(tf.abs(errors)) + tf.math.reduce_variance(tf.abs(errors))  # here
""",
)
GOOD = (
    """\
import tensorflow as tf


def dice_loss(y_true, y_pred):
    both = tf.reduce_sum(y_true * y_pred, axis=[1, 2, 3])
    whole = tf.reduce_sum(y_true, axis=[1, 2, 3]) + tf.reduce_sum(y_pred, axis=[1, 2, 3])
    return 1.0 - 2.0 * both / (whole + 1.0)
""",
    """\
from keras import backend as K


def weighted_loss(y_true, y_pred):
    weights = 1.0 + 3.0 * K.cast(K.greater(y_true, 0.0), "float32")
    return K.mean(weights * K.square(y_true - y_pred))
""",
    """\
import tensorflow as tf


def mixed_loss(y_true, y_pred):
    absolute = tf.reduce_mean(tf.abs(y_true - y_pred))
    squares = tf.reduce_sum(tf.square(y_true - y_pred)) / tf.cast(tf.shape(y_true)[0], tf.float32)
    return 0.3 * absolute + squares / 4.0
""",
    """\
from keras import ops


def root_loss(y_true, y_pred):
    rows = ops.sqrt(ops.mean(ops.square(y_true - y_pred), axis=-1) + 1e-6)
    return ops.mean(rows)
""",
)
MISSES = (
    """\
import tensorflow as tf
from statistics_package import batch_mean


def centred_loss(y_true, y_pred):
    return tf.square(batch_mean(y_pred - y_true))  # here
""",
)
KINDS = {operation.name: operation for operation in OPERATIONS}
LINEAR = frozenset({Degree.KEEP, Degree.UNION})
TOLERANCE = 1e-3
KINKED = frozenset({"maximum", "minimum", "abs", "relu", "where"})
AVERAGES = frozenset({"sum", "mean"})
HELP = "take the sums over the axes of each sample and leave the batch axis to the mean at the end, if each sample is to count for itself"


class Mixing(IntEnum):
    """How a value depends on statistics over the batch."""

    NONE = 0
    LINEAR = 1
    NONLINEAR = 2


def _of_batch(node: Node) -> bool:
    """Whether a reduction takes away the batch axis of something that the prediction takes part in."""
    return "pred" in node.origin and any(axis.power for axis in node.details.get("gone", ()))


class _Mixings:
    """The mixing of the values of one run, each worked out once."""

    def __init__(self) -> None:
        self.known: dict[int, Mixing] = {}

    def of(self, node: Node) -> Mixing:
        if id(node) not in self.known:
            self.known[id(node)] = Mixing.NONE
            self.known[id(node)] = self._worked_out(node, [self.of(argument) for argument in node.arguments])
        return self.known[id(node)]

    def _worked_out(self, node: Node, given: list[Mixing]) -> Mixing:
        most = max(given, default=Mixing.NONE)
        operation = KINDS.get(node.operation)
        if most is Mixing.NONLINEAR or operation is None or "pred" not in node.origin:
            return most
        if operation.kind is Kind.REDUCTION:
            if node.operation in AVERAGES:
                return max(most, Mixing.LINEAR) if _of_batch(node) else most
            return Mixing.NONLINEAR if most or _of_batch(node) else Mixing.NONE
        if most is Mixing.NONE or operation.kind is not Kind.ELEMENTWISE:
            return most
        return most if self._linear(node, operation.degree, given) else Mixing.NONLINEAR

    def _linear(self, node: Node, degree: Degree, given: list[Mixing]) -> bool:
        """Whether an elementwise operation is linear in the statistics among its operands."""
        if degree is Degree.PRODUCT:
            return sum(map(bool, given)) == 1 and all(a.shape is not None and not a.shape.power for a in node.arguments)
        if degree is Degree.QUOTIENT:
            return not any(given[1:])
        return degree in LINEAR and node.operation not in KINKED


def check(trace: Trace) -> Iterator[Report]:
    """Where statistics over the batch are first put through something nonlinear, on the way to what a loss returns."""
    mixings = _Mixings()
    for root in trace.roots:
        if not root.returned or root.evidence < 2 or trace.loss.metric or mixings.of(root.node) is not Mixing.NONLINEAR:
            continue
        node = root.node
        while before := next((a for a in node.arguments if mixings.of(a) is Mixing.NONLINEAR), None):
            node = before
        message = (
            f"{quoted(node)} is no mean over samples but a nonlinear function of what was summed up over the whole batch: the same "
            "samples in other batches have another loss, and so have batches of another size"
        )
        yield Report(node, message, HELP, (), trace.confidence(node))


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the mean over two halves is another number than the whole."""
    compared = 0
    for batch in lab.contents():
        half = batch.size // 2
        if not half:
            return undecided("the loss takes one sample only, which cannot be cut in two; declare its inputs (`# losslint: inputs …`)")
        whole, one, other = (lab.run(part) for part in (batch.rows(0, 2 * half), batch.rows(0, half), batch.rows(half, 2 * half)))
        mean = (one.number + other.number) / 2.0
        if not all(map(math.isfinite, (whole.number, mean))):
            continue
        compared += 1
        if abs(mean - whole.number) > TOLERANCE * max(abs(mean), abs(whole.number), TOLERANCE):
            reason = f"the loss of {2 * half} samples is {whole.number:.4g}, the mean of the losses of its two halves {mean:.4g}"
            return confirmed(reason, whole, value={"whole": whole.number, "mean of halves": mean}, expected="the same number for both")
    if not compared:
        return undecided("the loss is not finite on halves of a batch; declare its inputs (`# losslint: inputs …`)")
    return refuted("the mean over two halves of a batch is the loss of the whole, whatever the labels", lab.run(lab.batch))


RULE = Rule("LL106", "batch-mixed", Severity.INFO, check, BAD, GOOD, MISSES, default=False, confirm=confirm)
