"""LL102 batch-divided-twice: the loss shrinks as the batch grows.

## What it does

Reports a value that training uses and that gets smaller the more samples a batch has: a mean over the batch that is divided
by the number of samples again, or a square root of a sum that is divided by it. The division is flagged.

## Why is this bad

With twice the samples the loss and its gradient are half as large, although every sample is as wrong as before. Training
slows down when the batch size is raised, the shown loss looks better than it is, and a model that was trained with another
batch size seems better or worse for no reason. The short last batch of an epoch counts for more than the others.

## Example

```python
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    samples = tf.cast(tf.shape(y_true)[0], tf.float32)
    return tf.reduce_mean(tf.square(y_true - y_pred)) / samples
```

## Use instead

```python
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred))
```

## What it does not flag

* A loss with one part that keeps its size: a smaller correction beside it does no harm.
* A loss with a part whose growth is not known.
* Sums that are divided once, and sums over pairs of samples that are divided twice.

## Fix safety

Unsafe: without the second division loss and gradient become larger by the number of samples: look at the learning rate.

## How it is confirmed

The samples of one batch are given again and again, up to 256 times, with five kinds of labels: the value has to fall with the
number of repetitions, by the same power for all of them.

## Known misses

* A mean taken by a function that losslint cannot read.

## References

* Keras, *Losses*: the reductions of a loss object. https://keras.io/api/losses/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from losslint.analysis.node import Node, reach
from losslint.analysis.trace import Trace
from losslint.experiment import Lab
from losslint.finding import Severity, Verdict
from losslint.repair import UNSAFE, Change, Repair
from losslint.rule import Report, Rule, quoted

from .growth import DIVISIONS, carriers, is_length, largest, origins_of_shrinking
from .repetition import verdict

BAD = (
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    samples = tf.cast(tf.shape(y_true)[0], tf.float32)
    return tf.reduce_mean(tf.square(y_true - y_pred)) / samples  # here
""",
    """\
from tensorflow.keras import backend as K


def distance_loss(y_true, y_pred):
    samples = K.cast(K.shape(y_true)[0], "float32")
    total = K.sum(K.square(y_true - y_pred))
    return K.sqrt(total + K.epsilon()) / samples  # here
""",
    """\
import keras
from keras import ops


class MeanError(keras.losses.Loss):
    def call(self, y_true, y_pred):
        samples = ops.cast(ops.shape(y_pred)[0], "float32")
        average = ops.sum(ops.abs(y_true - y_pred)) / samples
        scaled = 0.5 * average / samples  # here
        return scaled
""",
    """\
import tensorflow as tf


def contrast_loss(y_true, y_pred):
    per_sample = tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)
    return tf.reduce_mean(tf.divide(per_sample, tf.cast(tf.size(per_sample), tf.float32)))  # here
""",
)
GOOD = (
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred))
""",
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    samples = tf.cast(tf.shape(y_true)[0], tf.float32)
    return tf.reduce_sum(tf.square(y_true - y_pred)) / samples
""",
    """\
import tensorflow as tf


def corrected_loss(y_true, y_pred):
    samples = tf.cast(tf.shape(y_true)[0], tf.float32)
    average = tf.reduce_mean(tf.square(y_true - y_pred))
    return average + average / samples
""",
    """\
import tensorflow as tf


def pair_loss(y_true, y_pred):
    samples = tf.cast(tf.shape(y_pred)[0], tf.float32)
    similar = tf.matmul(y_pred, y_pred, transpose_b=True)
    return tf.reduce_sum(tf.square(similar)) / (samples * samples)
""",
)
MISSES = (
    """\
import tensorflow as tf
from statistics_package import average


def squared_error_loss(y_true, y_pred):
    return average(tf.square(y_true - y_pred)) / tf.cast(tf.shape(y_true)[0], tf.float32)  # here
""",
)
HELP = "divide by the number of samples once: a mean over the batch, or a sum divided by the number of samples, is enough"


def _top(node: Node) -> Node | None:
    """The data that is made smaller."""
    return next((argument for argument in carriers(node) if not is_length(argument)), None)


def check(trace: Trace) -> Iterator[Report]:
    """Every place where a value that training uses starts to shrink as the batch grows."""
    for root in trace.roots:
        if not root.evidence >= 2:
            continue
        factor = 2 ** largest(root.node)
        for origin in origins_of_shrinking(root.node):
            if any(part.details.get("list") for argument in origin.arguments[1:] for part in reach(argument)):
                continue  # what Python counts may be a list of batches
            action = "divides by the number of samples" if origin.operation in DIVISIONS else "scales with the number of samples"
            message = (
                f"{quoted(origin)} {action} what has been averaged over them before, so the loss that training shows shrinks "
                f"as the batch grows: twice the samples, {factor:.2g} times the loss"
            )
            top = _top(origin)
            because = ((top, "this does not grow as fast as what it is divided by"),) if top is not None else ()
            yield Report(origin, message, HELP, because, trace.confidence(origin))


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the loss falls when the samples of a batch are given again."""
    return verdict(lab, report.node, grows=False)


def fix(trace: Trace, report: Report) -> Repair | None:
    """Without the second division."""
    syntax = report.node.site.syntax
    if (
        report.node.operation != "divide"
        or not isinstance(syntax, ast.BinOp)
        or not isinstance(syntax.op, ast.Div)
        or largest(report.node.arguments[0])
        or not is_length(report.node.arguments[1])  # a sum of data is no number of samples, and the loss would be another one
    ):
        return None
    message = "leaves out the second division: loss and gradient become larger by the number of samples, so look at the learning rate"
    return Repair(UNSAFE, message, (Change(syntax, (syntax.left,), operator=isinstance(syntax.left, ast.BinOp)),))


RULE = Rule("LL102", "batch-divided-twice", Severity.WARNING, check, BAD, GOOD, MISSES, confirm=confirm, fix=fix)
