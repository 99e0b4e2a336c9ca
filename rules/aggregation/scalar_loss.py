"""LL104 scalar-loss: the loss is one number for the whole batch, so that sample weights cannot reach the samples.

## What it does

Reports a loss for `compile`, or a `Loss` class, that reduces the batch axis itself. It is not on by default: many such losses
are used without weights, and are right then.

## Why is this bad

Keras expects one value for each sample. It multiplies these by the sample weights, the class weights and the mask, and then
reduces them as `reduction` says. Where the loss has made one number of the batch already, every weight multiplies that one
number: a sample of weight 0 still trains, class weights only scale the whole, a mask masks nothing, and `reduction="none"` or
`"sum"` does nothing. With several replicas the shown loss is a multiple of the true one.

## Example

```python
import tensorflow as tf


def squared_error(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred))
```

## Use instead

```python
import tensorflow as tf


def squared_error(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
```

## What it does not flag

* Losses that the project calls itself, under a tape or for `add_loss`, and hands to nobody.
* Metrics.

## Fix safety

Not automated yet. Which axes to leave is for the author to say.

## How it is confirmed

The loss is run on a batch, and on its samples twice. Where its value has no axis of that length, there is nothing for the
weights of the samples to be multiplied with.

## Known misses

* A loss of unknown rank: whether its reduction leaves the batch axis is not known.

## References

* Keras, *Losses*, on `sample_weight` and `reduction`. https://keras.io/api/losses/
"""

from __future__ import annotations

from collections.abc import Iterator

from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.experiment import Lab, confirmed, refuted, undecided
from losslint.finding import Severity, Verdict
from losslint.rule import Report, Rule, quoted

BAD = (
    """\
import tensorflow as tf


def squared_error(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred))  # here
""",
    """\
from keras import backend as K


def dice_loss(y_true, y_pred):
    both = K.sum(y_true * y_pred)
    return 1.0 - (2.0 * both + 1.0) / (K.sum(y_true) + K.sum(y_pred) + 1.0)  # here
""",
    """\
import keras
from keras import ops


class Error(keras.losses.Loss):
    def call(self, y_true, y_pred):
        rows = ops.mean(ops.abs(y_true - y_pred), axis=-1)
        return ops.mean(rows, axis=0)  # here
""",
    """\
import tensorflow as tf

entropy = tf.keras.losses.BinaryCrossentropy()


def scaled_entropy(y_true, y_pred):
    return 2.0 * entropy(y_true, y_pred)  # here


model = tf.keras.Sequential([tf.keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss=scaled_entropy)
""",
)
GOOD = (
    """\
import tensorflow as tf


def squared_error(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
""",
    """\
from keras import backend as K


def dice_loss(y_true, y_pred):
    both = K.sum(y_true * y_pred, axis=[1, 2, 3])
    return 1.0 - (2.0 * both + 1.0) / (K.sum(y_true, axis=[1, 2, 3]) + K.sum(y_pred, axis=[1, 2, 3]) + 1.0)
""",
    """\
import tensorflow as tf


def total_error(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred))


def train(model, optimizer, batches):
    for x, y in batches:
        with tf.GradientTape() as tape:
            loss = total_error(y, model(x))
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_weights), model.trainable_weights))
""",
    """\
import tensorflow as tf

entropy = tf.keras.losses.BinaryCrossentropy(reduction="none")


def scaled_entropy(y_true, y_pred):
    return 2.0 * entropy(y_true, y_pred)
""",
)
MISSES = (
    """\
import tensorflow as tf
from distances_package import distance


def distance_loss(y_true, y_pred):
    return tf.reduce_mean(distance(y_true, y_pred), axis=0)  # here
""",
)
HELP = "reduce over the other axes only, and leave the batch axis to Keras"


def places(trace: Trace) -> Iterator[Node]:
    """What a loss returns to Keras, which weights it."""
    loss = trace.loss
    called = trace.result is not None and any(loss.scope.short in scope.called for scope in trace.result.site.source.index.scopes)
    if loss.metric or not trace.called_by_keras or (called and not loss.passed and loss.evidence < 3):
        return
    yield from (root.node for root in trace.roots if root.returned and root.evidence >= 2)


def check(trace: Trace) -> Iterator[Report]:
    """The value that a loss returns to Keras, if nothing is left of the batch axis."""
    for node in places(trace):
        if node.shape is not None and not node.shape.power and node.origin & {"true", "pred"}:
            message = (
                f"{quoted(node)} leaves nothing of the batch axis: Keras multiplies it by the sample weights, the class weights and the mask "
                "as a whole, so that none of them reaches its sample"
            )
            yield Report(node, message, HELP, (), trace.confidence(node))


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the value has one number, or one row, for each sample of a batch."""
    runs = [lab.run(batch) for batch in (lab.batch, lab.batch.repeated(2))]
    if any(run.value is None for run in runs):
        return undecided("the loss fails on a batch of another size; see whether it counts on one")
    shapes = [run.value.shape for run in runs if run.value is not None]
    if all(shape[:1] == (run.batch.size,) for shape, run in zip(shapes, runs, strict=True)):
        return refuted("the value has one entry for each sample", runs[0])
    if shapes[0] != shapes[1]:
        return undecided(f"its first axis is none of the batch's, but grows with it: {shapes[0]} and {shapes[1]}; look at its axes")
    size = runs[0].batch.size
    reason = f"of {size} samples, and of {2 * size}, the loss returns a value of shape {shapes[0]}: there is no sample to give a weight to"
    return confirmed(reason, runs[0], expected=f"one value for each of the {size} samples")


RULE = Rule("LL104", "scalar-loss", Severity.INFO, check, BAD, GOOD, MISSES, default=False, confirm=confirm, places=places)
