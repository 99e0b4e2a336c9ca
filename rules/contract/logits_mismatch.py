"""LL503 logits-mismatch: the loss expects raw scores and gets probabilities, or the other way round.

## What it does

Reports a cross-entropy whose `from_logits` contradicts the activation that its prediction has gone through last, where both are
in sight: in the model that is compiled with it, or in the code that calls it.

## Why is this bad

A loss on logits applies softmax or sigmoid itself. On probabilities that is a second one: between 0 and 1 it can no longer tell
right from wrong well, the loss of a perfect prediction stays far from 0 (about 0.31 for sigmoid, 1.46 for 10 classes), and
gradients are small. A loss on probabilities takes a logarithm of what it gets: raw scores are negative or above 1, are clipped,
and train nothing there.

## Example

```python
import keras

model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", loss="binary_crossentropy")
```

## Use instead

```python
import keras

model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", loss=keras.losses.BinaryCrossentropy(from_logits=True))
```

## What it does not flag

* Models whose last layer, and calls whose prediction, cannot be followed to an activation.
* Losses of Keras with `from_logits=True` right after an activation: Keras looks for the scores before it, takes those, and warns.
  A layer in between that moves the elements, such as `Reshape`, hides them.

## Fix safety

Not automated yet. Either end can be mended, and training changes, so it will stay with a help text.

## How it is confirmed

A loss that is flagged itself is given a perfect prediction, raw scores of 20 for what is right and of -20 for the rest: its value
is far from 0. A model that is compiled is not run.

## Known misses

* A model that is compiled in another function than the one that builds it, unless that one is called in sight.

## References

* Keras, *Probabilistic losses*, on `from_logits`. https://keras.io/api/losses/probabilistic_losses/
"""

from __future__ import annotations

from collections.abc import Iterator

from losslint.analysis.building import activation
from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Lab, Tensor, Undecided, confirmed, refuted, undecided
from losslint.finding import Confidence, Severity, Verdict
from losslint.rule import Report, Rule, quoted

BAD = (
    """\
import tensorflow as tf


def class_loss(y_true, y_pred):
    shares = tf.nn.softmax(y_pred)
    return tf.nn.softmax_cross_entropy_with_logits(labels=y_true, logits=shares)  # here
""",
    """\
import keras
import tensorflow as tf


class Smoothed(keras.losses.Loss):
    def call(self, y_true, y_pred):
        shares = tf.cast(keras.activations.softmax(y_pred), tf.float32)
        return 0.5 * tf.nn.softmax_cross_entropy_with_logits(y_true, shares)  # here
""",
    """\
import tensorflow as tf


def positive_loss(y_true, y_pred):
    cells = tf.nn.weighted_cross_entropy_with_logits(y_true, tf.sigmoid(y_pred), pos_weight=2.0)  # here
    return tf.reduce_mean(cells, axis=-1)
""",
    """\
from keras import backend as K
import tensorflow as tf


def weighted_loss(y_true, y_pred):
    squashed = K.sigmoid(y_pred)
    cells = tf.nn.sigmoid_cross_entropy_with_logits(labels=y_true, logits=squashed)  # here
    return K.mean((1.0 + y_true) * cells, axis=-1)
""",
)
GOOD = (
    """\
import tensorflow as tf


def class_loss(y_true, y_pred):
    return tf.nn.softmax_cross_entropy_with_logits(labels=y_true, logits=y_pred)
""",
    """\
import keras
from keras import ops


class Smoothed(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return 0.5 * keras.losses.binary_crossentropy(y_true, ops.sigmoid(y_pred), from_logits=True)
""",
    """\
import tensorflow as tf

entropy = tf.keras.losses.CategoricalCrossentropy(from_logits=True)


def scaled_entropy(y_true, y_pred):
    return 2.0 * entropy(y_true, tf.cast(y_pred, tf.float32))
""",
    """\
import keras

model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10)])
model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
""",
    """\
import keras


def build(activation, from_logits):
    model = keras.Sequential([keras.layers.Dense(10, activation=activation)])
    model.compile("adam", loss=keras.losses.CategoricalCrossentropy(from_logits=from_logits))
    return model
""",
)
MISSES = (
    """\
import keras


class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(10, activation="softmax")

    def call(self, x):
        return self.head(x)


model = Network()
model.compile("adam", loss=keras.losses.CategoricalCrossentropy(from_logits=True))  # here
""",
)
SQUASHED = frozenset({"softmax", "sigmoid"})
RAW = frozenset({"linear", "relu", "tanh"})
SURE, FAR = 20.0, 0.2
TWICE = "leave the activation out and keep `from_logits=True`, which is the more exact way, or take `from_logits` away"
NEVER = "give the loss `from_logits=True`"


def _mismatch(node: Node, logits: object, given: str | None, whose: str) -> tuple[str, str] | None:
    """The message and the help, if what a cross-entropy takes contradicts the activation before it."""
    if logits is True and given in SQUASHED:
        why = (
            f"applies softmax or sigmoid itself, and {whose} has gone through `{given}` already: right and wrong look nearly the same to it"
        )
        return f"{quoted(node)} {why}, and the loss of a perfect prediction is far from 0", TWICE
    if logits is False and given in RAW:
        scores = "are raw scores" if given == "linear" else f"come from `{given}`"
        return f"{quoted(node)} expects probabilities, and the values of {whose} {scores}: what is not between 0 and 1 is clipped", NEVER
    return None


def check(trace: Trace) -> Iterator[Report]:
    """Every cross-entropy of a loss or a compiled model that gets what it does not expect."""
    for effect in trace.effects:
        if effect.operation == "compiled" and (effect.details["moved"] or not effect.details["logits"]):
            told = _mismatch(effect, effect.details["logits"], effect.details["activation"], "the last layer of the model")
            if told:
                yield Report(effect, *told, (), Confidence.HIGH)
    for node in trace.reached(1):
        if node.details.get("logits") is None or len(node.arguments) < 2 or (node.details["logits"] and _looks_back(node)):
            continue
        prediction = node.arguments[1]
        told = _mismatch(node, node.details["logits"], activation(prediction), quoted(prediction))
        if told:
            yield Report(node, *told, ((prediction, "this is what it gets"),), trace.confidence(node))


def _looks_back(node: Node) -> bool:
    """Whether a loss finds the scores before an activation by itself: those of Keras do."""
    return not str(node.details.get("spelling")).startswith("tf.")


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the flagged loss of a perfect prediction is far from 0."""
    if report.node.operation == "compiled":
        return undecided("a model that is compiled is not run; look at the loss of a prediction that is right")
    batch = _perfect(lab.batch)
    run = lab.run(batch, at=report.node)
    values = [probe.result.mean for probe in run.probes if probe.result is not None]
    if not values:
        return undecided("the loss was not computed on a perfect prediction; declare its inputs (`# losslint: inputs …`)")
    if values[-1] > FAR:
        reason = f"a prediction of 20 for what is right and -20 for the rest has the loss {values[-1]:.4g}, where a second activation is missing it is 0"
        return confirmed(reason, run, value=values[-1], expected="about 0", seen=f"{values[-1]:.4g}")
    return refuted("the loss of a perfect prediction is about 0", run)


def _perfect(batch: Batch) -> Batch:
    """The same batch with one right class in each row, or 0 and 1 in turn, and raw scores that say so."""
    true, pred = batch.named("true"), batch.named("pred")
    if len(true) != 1 or len(pred) != 1 or batch.inputs[true[0]].shape != batch.inputs[pred[0]].shape:
        raise Undecided("target and prediction are not of one shape; declare the inputs of the loss (`# losslint: inputs …`)")
    given = batch.inputs[pred[0]]
    columns = given.shape[-1] if len(given.shape) > 1 else 1
    right = [
        float((i // columns) % max(2, columns) == i % max(2, columns)) if columns > 1 else float(i % 2) for i in range(len(given.values))
    ]
    labels = Tensor(given.shape, tuple(right), batch.inputs[true[0]].dtype)
    scores = Tensor(given.shape, tuple(SURE if value else -SURE for value in right), given.dtype)
    return batch.having("a perfect prediction", "real", **{true[0]: labels, pred[0]: scores})


RULE = Rule("LL503", "logits-mismatch", Severity.WARNING, check, BAD, GOOD, MISSES, confirm=confirm)
