"""LL503 logits-mismatch: the loss expects raw scores and gets probabilities, or the other way round.

## What it does

Reports a cross-entropy whose `from_logits` contradicts the activation that its prediction has gone through last, where both are
in sight: in the model that is compiled with it, or in the code that calls it.

## Why is this bad

With `from_logits=True` the loss applies softmax or sigmoid itself. On probabilities that is a second one: between 0 and 1 it
can no longer tell right from wrong well, the loss of a perfect prediction stays far from 0 (about 0.31 for sigmoid, 1.46 for 10
classes), and gradients are small. Without it the loss takes a logarithm of what it gets: raw scores are negative or above 1,
are clipped, and train nothing there.

## Example

```python
import keras

model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
```

## Use instead

```python
import keras

model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10)])
model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
```

## What it does not flag

* Models whose last layer, and calls whose prediction, cannot be followed to an activation.
* Under Keras 2 an activation followed by `from_logits=True`: it finds the scores before the activation, and warns.

## Fix safety

Not automated yet. Either end can be mended, and training changes, so it will stay with a help text.

## How it is confirmed

Not automated yet. The experiment gives the loss a perfect prediction: its value is far from 0.

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
from losslint.finding import Confidence, Severity
from losslint.rule import Report, Rule, quoted

BAD = (
    """\
import keras

model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))  # here
""",
    """\
from tensorflow.keras import layers, models


def build():
    model = models.Sequential()
    model.add(layers.Dense(32, activation="relu"))
    model.add(layers.Dense(1))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])  # here
    return model
""",
    """\
import tensorflow as tf


def class_loss(y_true, y_pred):
    shares = tf.nn.softmax(y_pred)
    return tf.nn.softmax_cross_entropy_with_logits(labels=y_true, logits=shares)  # here
""",
    """\
import tensorflow as tf
from tensorflow import keras

inputs = keras.Input((784,))
hidden = keras.layers.Dense(64, "relu")(inputs)
outputs = keras.layers.Activation("sigmoid")(keras.layers.Dense(5)(hidden))
model = keras.Model(inputs, outputs)
loss = keras.losses.BinaryCrossentropy(from_logits=True)
model.compile("sgd", loss)  # here
""",
    """\
import keras
from keras import ops


class Smoothed(keras.losses.Loss):
    def call(self, y_true, y_pred):
        rows = keras.losses.binary_crossentropy(y_true, ops.sigmoid(y_pred), from_logits=True)  # here
        return ops.mean(rows, axis=-1)
""",
)
GOOD = (
    """\
import keras

model = keras.Sequential([keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10)])
model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
""",
    """\
from tensorflow.keras import layers, models


def build(head):
    model = models.Sequential()
    model.add(layers.Dense(32, activation="relu"))
    model.add(head)
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
""",
    """\
import tensorflow as tf


def class_loss(y_true, y_pred):
    return tf.nn.softmax_cross_entropy_with_logits(labels=tf.nn.softmax(y_true), logits=y_pred)
""",
    """\
import keras

model = keras.Sequential([keras.layers.Dense(10), keras.layers.Softmax(), keras.layers.Reshape((10, 1))])
model.compile("adam", loss="categorical_crossentropy")
other = keras.Sequential([keras.layers.Dense(1)])
other.compile("adam", loss="mse")
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
        if effect.operation == "compiled" and not (trace.keras == "2" and effect.details["logits"]):
            told = _mismatch(effect, effect.details["logits"], effect.details["activation"], "the last layer of the model")
            if told:
                yield Report(effect, *told, (), Confidence.HIGH)
    for node in trace.reached(1):
        if node.details.get("logits") is None or len(node.arguments) < 2:
            continue
        prediction = node.arguments[1]
        if trace.keras == "2" and not str(node.details.get("spelling")).startswith("tf."):
            continue
        told = _mismatch(node, node.details["logits"], activation(prediction), quoted(prediction))
        if told:
            yield Report(node, *told, ((prediction, "this is what it gets"),), trace.confidence(node))


RULE = Rule("LL503", "logits-mismatch", Severity.WARNING, check, BAD, GOOD, MISSES)
