"""LL201 global-model: the loss reads the weights of a model that it was not given.

## What it does

Reports `layers`, `weights`, `trainable_weights`, `losses`, `get_layer` and the like of a model that the loss takes by its
name from the module, or from a function around it.

## Why is this bad

The loss is tied to whatever model has that name when it runs. Train a second model with the same loss, load the model from
a file, clone it, or run the cells of a notebook in another order: the loss goes on to read the weights of the old one. Its
penalty then has no gradient for the model that is trained, and nothing says so.

A penalty is also no part of the error of a sample. Keras multiplies what the loss returns by the sample weights, class
weights and loss weights, the penalty with it, and does not show it as what it is: a regularisation loss. `evaluate` and the
validation loss contain it as if it were error.

## Example

```python
import tensorflow as tf
import keras

model = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(1)])


def penalised_loss(y_true, y_pred):
    penalty = tf.reduce_sum(tf.abs(model.layers[0].weights[0]))
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + 0.01 * penalty
```

## Use instead

A regulariser of the layer. Keras adds it to the loss by itself:

```python
import keras

model = keras.Sequential([keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L1(0.01)), keras.layers.Dense(1)])
model.compile(loss="mse")
```

For a penalty that no regulariser expresses, call `add_loss` in a layer, or give the model to a function that makes the loss:
`def make_loss(model): …`.

## What it does not flag

* `self.model`, a parameter of the loss, a parameter of the function that makes it, a model built inside.
* Calling a model, such as a frozen network that extracts features.
* Functions that are no losses: callbacks and training loops may read any model.
* A training step, and a loss that runs that very model itself: the weights are those of the model that is trained.

## Fix safety

Not automated yet. The repair moves code to where the model is built.

## How it is confirmed

The model that has the name gets other weights, and the inputs stay: the value of the loss changes. Where the loss only runs
a model, its gradient for the inputs changes too, and the finding is refuted.

## Known misses

* Weights that were put in a variable before, outside the loss.

## References

* Keras, *Layer weight regularizers*. https://keras.io/api/layers/regularizers/
* Keras, *The add_loss method*. https://keras.io/guides/making_new_layers_and_models_via_subclassing/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from losslint.analysis.node import reach
from losslint.analysis.trace import Trace
from losslint.experiment import Change, Lab, confirmed, refuted, undecided
from losslint.finding import Severity, Verdict
from losslint.rule import Report, Rule, quoted

BAD = (
    """\
import tensorflow as tf
import keras

model = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(1)])


def penalised_loss(y_true, y_pred):
    penalty = tf.reduce_sum(tf.abs(model.layers[0].weights[0]))  # here
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + 0.01 * penalty
""",
    """\
import tensorflow as tf

network = tf.keras.models.load_model("network.keras")


def penalised_loss(y_true, y_pred):
    error = tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)
    for weight in network.trainable_weights:  # here
        error += 1e-4 * tf.nn.l2_loss(weight)
    return error
""",
    """\
from keras import backend as K
from keras.layers import Dense
from keras.models import Sequential


def train(features, labels):
    classifier = Sequential([Dense(16, activation="relu", name="hidden"), Dense(1)])

    def contractive_loss(y_true, y_pred):
        kernel = classifier.get_layer("hidden").kernel  # here
        return K.mean(K.square(y_true - y_pred), axis=-1) + K.sum(K.square(kernel))

    classifier.compile(optimizer="adam", loss=contractive_loss)
    classifier.fit(features, labels)
""",
    """\
import keras
from keras import ops

model = keras.Sequential([keras.layers.Dense(1, kernel_regularizer="l2")])


class TotalLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1) + sum(model.losses)  # here
""",
    """\
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])


def _penalty():
    return tf.add_n([tf.reduce_sum(tf.square(weight)) for weight in model.trainable_variables])  # here


def ridge_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + 0.1 * _penalty()
""",
)
GOOD = (
    """\
import tensorflow as tf
from model_zoo import build

model = build()
optimizer = tf.keras.optimizers.Adam()


def training_loss(images, labels):
    logits = model(images, training=True)
    rows = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    return tf.reduce_mean(rows) + tf.add_n(model.losses)
""",
    """\
import tensorflow as tf


class Trainer:
    def fit(self, batches):
        model = self.models[0]

        def train_step(images, targets):
            with tf.GradientTape() as tape:
                loss = self.loss_fn(targets, model(images, training=True)) + sum(model.losses)
            gradients = tape.gradient(loss, model.trainable_variables)
            self.optimizer.apply_gradients(zip(gradients, model.trainable_variables))

        for images, targets in batches:
            train_step(images, targets)
""",
    """\
import keras
import tensorflow as tf

model = keras.Sequential([keras.layers.Dense(8, kernel_regularizer=keras.regularizers.L1(0.01)), keras.layers.Dense(1)])


def absolute_loss(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)


model.compile(loss=absolute_loss)
print(model.layers[0].weights)
""",
    """\
import tensorflow as tf


def make_loss(model):
    def penalised_loss(y_true, y_pred):
        penalty = tf.add_n([tf.nn.l2_loss(weight) for weight in model.trainable_weights])
        return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + 1e-4 * penalty

    return penalised_loss
""",
    """\
import keras
from keras import ops


class Penalised(keras.losses.Loss):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def call(self, y_true, y_pred):
        kernel = self.model.layers[0].kernel
        return ops.mean(ops.square(y_true - y_pred), axis=-1) + ops.sum(ops.abs(kernel))
""",
    """\
import tensorflow as tf

extractor = tf.keras.applications.VGG16(include_top=False)


def perceptual_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(extractor(y_true) - extractor(y_pred)), axis=[1, 2, 3])
""",
    """\
import tensorflow as tf


def weight_decay_loss(y_true, y_pred, model):
    penalty = sum(tf.nn.l2_loss(weight) for weight in model.trainable_weights)
    return tf.reduce_mean(tf.square(y_true - y_pred)) + 1e-4 * penalty
""",
)
MISSES = (
    """\
import tensorflow as tf

model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
kernels = model.trainable_weights


def ridge_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + tf.add_n([tf.nn.l2_loss(k) for k in kernels])  # here
""",
)
HELP = (
    "give the layers a `kernel_regularizer`, or call `add_loss` in a layer; if the loss really needs the model, make it in a "
    "function that takes the model as a parameter, so that each model gets a loss of its own"
)


def _calls(trace: Trace, model: str) -> bool:
    """Whether the loss runs that very model itself: then its weights are those of the model that is trained."""
    return any(isinstance(call.func, ast.Name) and call.func.id == model for call in trace.loss.scope.calls)


def check(trace: Trace) -> Iterator[Report]:
    """Every place where a loss reads the state of a model that it found by name."""
    returned = [root.node for root in trace.roots if root.returned and root.evidence >= 2]
    for node in reach(*returned):
        if node.operation != "model-state" or _calls(trace, str(node.details["model"])):
            continue
        model, attribute = node.details["model"], node.details["attribute"]
        message = (
            f"{quoted(node)} reads `{attribute}` of whatever model is called `{model}` when the loss runs: after training another "
            "model, reloading or cloning it, these are the wrong weights, and nothing says so; and Keras multiplies the penalty by "
            "the sample weights and does not show it as regularisation"
        )
        yield Report(node, message, HELP, (), trace.confidence(node))


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the same inputs give another loss once the model that has the name has other weights."""
    model = str(report.node.details.get("model", "*"))
    batch = lab.batch
    before, after = lab.run(batch, at=report.node), lab.run(batch, change=Change("weights", model))
    if after.raised is not None:
        return undecided(f"the loss fails once the weights are changed: {after.raised}; run it on the model that it is for")
    if before.number == after.number:
        return refuted("other weights of every model that the loss can reach by name leave it as it is", before)
    inputs = [name for name in batch.inputs if before.gradients.get(name) is not None]
    if model == "*" and any(before.gradients[name] != after.gradients[name] for name in inputs):
        return refuted("the weights matter only by what the model makes of the inputs", before)
    reason = (
        f"the same inputs give another loss once `{model}` has other weights: {before.number:.4g} before, {after.number:.4g} after; "
        "the loss depends on whatever has this name"
    )
    proof = f"weights:{model}" if model != "*" else ""
    return confirmed(
        reason,
        before,
        proof=proof,
        value={"weights as built": before.number, "other weights": after.number},
        expected="the same number for both",
    )


RULE = Rule("LL201", "global-model", Severity.WARNING, check, BAD, GOOD, MISSES, confirm=confirm)
