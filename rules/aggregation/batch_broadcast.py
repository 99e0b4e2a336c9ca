"""LL105 batch-broadcast: one value for each sample meets one row for each sample, and the two spread to a matrix.

## What it does

Reports an operation on two values of which one has lost its last axis and the other has not: `(N,)` with `(N, 1)`.
Both go back to the same input, so that the ranks are sure to differ.

## Why is this bad

Broadcasting lines shapes up at the last axis. `(N,)` and `(N, 1)` give an `(N, N)` matrix, in silence: every sample is
combined with every other one. The mean of that matrix looks like a loss and trains towards something else, mostly towards
the mean of the targets. With more than one column the two do not fit at all, and the first batch raises an error.

## Example

```python
import tensorflow as tf


def weighted_loss(y_true, y_pred):
    return tf.reduce_mean(y_true * tf.keras.losses.mse(y_true, y_pred))
```

## Use instead

Keep the axis, so that both have it:

```python
import tensorflow as tf


def weighted_loss(y_true, y_pred):
    return tf.reduce_mean(y_true * tf.square(y_true - y_pred))
```

Or take it off both, with `tf.squeeze(y_true, axis=-1)`, or on again, with `keepdims=True`.

## What it does not flag

* Values that go back to different inputs: labels may come without the last axis.
* An axis that is put in by hand (`x[:, None] - x`): a matrix of pairs is meant.
* Functions that index a third axis: what the lost one was is not known there.

## Fix safety

Unsafe: the value that has lost an axis gets it back, `expand_dims(x, -1)`, and each sample meets itself only. That is another loss,
which is the point of it.

## How it is confirmed

The flagged expression is watched while the loss runs on batches of two sizes: its result has two axes of that length.

## Known misses

* Ranks that depend on what is fed: targets of shape `(N,)` in a `Loss` class, which Keras does not line up.

## References

* TensorFlow, *Introduction to tensors*, on broadcasting. https://www.tensorflow.org/guide/tensor#broadcasting
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from losslint.analysis.node import Node, reach
from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Lab, Undecided, confirmed, refuted, undecided
from losslint.finding import Severity, Verdict
from losslint.operations.operation import Kind
from losslint.repair import UNSAFE, Change, Repair, argument, call
from losslint.rule import Report, Rule, quoted

from .ranks import KINDS, Ranks, apart, column, lost_axis

BAD = (
    """\
import tensorflow as tf


def weighted_loss(y_true, y_pred):
    return tf.reduce_mean(y_true * tf.keras.losses.mse(y_true, y_pred))  # here
""",
    """\
from keras import backend as K


def correlation_loss(y_true, y_pred):
    true = y_true - K.mean(y_true, axis=-1)  # here
    pred = y_pred - K.mean(y_pred, axis=-1)  # here
    return 1.0 - K.mean(true * pred)
""",
    """\
import keras
from keras import ops


class Distance(keras.losses.Loss):
    def call(self, y_true, y_pred):
        length = ops.sqrt(ops.sum(ops.square(y_pred), axis=1) + 1e-6)
        return ops.mean(ops.abs(y_true - y_pred / length))  # here
""",
    """\
import tensorflow as tf


def _errors(y_true, y_pred):
    return tf.reduce_sum(tf.abs(y_true - y_pred), axis=-1)


def masked_loss(y_true, y_pred):
    mask = tf.cast(y_true > 0.0, tf.float32)
    rows = tf.where(mask > 0.5, _errors(y_true, y_pred), 0.0)  # here
    return tf.reduce_mean(rows)
""",
)
GOOD = (
    """\
import tensorflow as tf


def weighted_loss(y_true, y_pred):
    return tf.reduce_mean(y_true * tf.square(y_true - y_pred))
""",
    """\
from keras import backend as K


def correlation_loss(y_true, y_pred):
    true = y_true - K.mean(y_true, axis=-1, keepdims=True)
    pred = y_pred - K.mean(y_pred, axis=-1, keepdims=True)
    return 1.0 - K.mean(true * pred)
""",
    """\
import tensorflow as tf


def sparse_loss(labels, logits):
    rows = tf.reduce_logsumexp(logits, axis=-1)
    return tf.reduce_mean(tf.cast(labels, tf.float32) * rows)
""",
    """\
import tensorflow as tf


def ranking_loss(y_true, y_pred):
    scores = tf.squeeze(y_pred, axis=-1)
    pairs = tf.expand_dims(scores, 1) - scores
    wanted = tf.cast(y_true > tf.transpose(y_true), tf.float32)
    return tf.reduce_mean(wanted * tf.nn.softplus(-pairs))
""",
    """\
from keras import ops


def weighted_rows(y_true, y_pred):
    weights = 1.0 + y_true[:, 0]
    return weights * ops.mean(ops.square(y_true - y_pred), axis=-1)
""",
    """\
import tensorflow as tf


def centred_loss(y_true, y_pred):
    centre = tf.reduce_mean(y_true, axis=0)
    return tf.reduce_mean(tf.square(y_pred - centre), axis=-1)
""",
)
MISSES = (
    """\
import keras
from keras import ops


class Error(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.abs(ops.squeeze(y_true, -1) - y_pred)  # here
""",
)
UNUSUAL, MOST_BATCHES = 5, 12
HELP = "keep the axis (`keepdims=True`), or take it off the other value too, so that both have one number, or one row, for each sample"


def _rows(node: Node) -> bool:
    """Whether the first axis of a value is the batch."""
    return node.shape is not None and bool(node.shape.lead) and node.shape.lead[0].power == 1 and node.shape.batch_axes == 1


def _by_hand(node: Node) -> bool:
    """Whether an axis was put into a value, or into what it is made of element by element: then a matrix of pairs is meant."""

    def elementwise(part: Node) -> bool:
        operation = KINDS.get(part.operation)
        return operation is not None and operation.kind in (Kind.ELEMENTWISE, Kind.SELECTION, Kind.CAST, Kind.IDENTITY)

    parts = reach(node, through=elementwise)
    return any(p.operation == "expand_dims" or column(p) or (p.operation == "getitem" and p.details.get("rank", 0) > 0) for p in parts)


def _pairs(node: Node, ranks: Ranks) -> Iterator[tuple[Node, Node]]:
    """The operands of an elementwise operation of which the first has one axis more than the second, and was not given it by hand."""
    operation = KINDS.get(node.operation)
    if operation is None or operation.kind not in (Kind.ELEMENTWISE, Kind.SELECTION):
        return
    tensors = [argument for argument in node.arguments if _rows(argument)]
    for longer in tensors:
        shorter = next((other for other in tensors if apart(ranks.of(longer), ranks.of(other)) == 1), None)
        if shorter is not None and not _by_hand(longer):
            yield longer, shorter


def check(trace: Trace) -> Iterator[Report]:
    """Every elementwise operation of a loss on values whose ranks differ by one."""
    if trace.loss.scope.highest_axis >= 2 or trace.loss.scope.ellipsis:
        return
    ranks = Ranks()
    least = 1 if trace.loss.evidence >= 2 else 2  # one that other losses call is a loss all the same
    for node in trace.reached(least):
        for longer, shorter in _pairs(node, ranks):
            message = (
                f"{quoted(node)} combines {quoted(longer)} with {quoted(shorter)}, which has one axis less: of (N, 1) and (N,) "
                "broadcasting makes an N by N matrix, every sample with every other, and with more columns the two do not fit"
            )
            yield Report(node, message, HELP, (), trace.confidence(node))
            break


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the flagged value has two axes as long as the batch, at two sizes."""
    seen, believed, met = None, next(_pairs(report.node, Ranks()), None) is not None, False
    for batch in _tried(lab):
        runs = [lab.run(batch.repeated(times), at=report.node) for times in (UNUSUAL, UNUSUAL + 2)]
        results = [probe.result for run in runs for probe in run.probes[-1:] if probe.result is not None]
        if len(results) < len(runs):
            continue
        seen = runs[0]
        met = met or len({len(part.shape) for part in runs[0].probes[-1].operands if part is not None and part.shape}) > 1
        if all(result.shape.count(run.batch.size) > 1 for result, run in zip(results, runs, strict=True)):
            told = f"of {runs[0].batch.size} samples it has the shape {results[0].shape}, of {runs[1].batch.size} {results[1].shape}"
            return confirmed(f"two axes of the value are as long as the batch: {told}", lab.run(batch), expected="one axis for the batch")
    if seen is None:
        return undecided("the expression was not computed on any batch; declare the inputs of the loss (`# losslint: inputs …`)")
    if believed and not met:
        return undecided("on no batch that the loss takes has one operand an axis less; declare the inputs (`# losslint: inputs …`)")
    return refuted("the value has one axis for the batch, at every size", seen)


def _tried(lab: Lab) -> Iterator[Batch]:
    """Batches of several ranks: more than one column raises an error where one makes a matrix."""
    with suppress(Undecided):
        yield lab.batch
    yield from islice(lab.candidates(), MOST_BATCHES)


def fix(trace: Trace, report: Report) -> Repair | None:
    """The axis that was lost, put back."""
    node = report.node
    _, shorter = next(_pairs(node, Ranks()))
    inner = argument(node, next(place for place, part in enumerate(node.arguments) if part is shorter))
    axis = lost_axis(shorter)
    if inner is None or axis is None:
        return None
    message = (
        "gives the rows their lost axis back, so that each sample meets itself only: the loss becomes another one, that of each sample"
    )
    return Repair(UNSAFE, message, (Change(inner, call("expand_dims", inner, str(axis))),))


RULE = Rule("LL105", "batch-broadcast", Severity.WARNING, check, BAD, GOOD, MISSES, confirm=confirm, fix=fix)
