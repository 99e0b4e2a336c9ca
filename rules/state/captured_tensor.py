"""LL202 captured-tensor: the loss reads a symbolic tensor of the model instead of its own inputs.

## What it does

Reports a symbolic Keras tensor (an `Input`, the output of a layer, `model.output`) that was made outside a loss and is read
inside it. Each tensor is reported where the loss reads it first.

## Why is this bad

A symbolic tensor has no numbers: it is a place in the plan of the model. Keras calls the loss later, on the numbers of a
batch, and there the two cannot be mixed: Keras 3 raises an error at the first step of training, and so does Keras 2 in
eager mode. Code from the time of TensorFlow 1, where both were nodes of one graph, comes over with this defect; most
variational autoencoders of that time have it.

## Example

```python
import tensorflow as tf
from tensorflow import keras

inputs = keras.Input((784,))
z_mean = keras.layers.Dense(2)(inputs)
outputs = keras.layers.Dense(784, activation="sigmoid")(z_mean)


def code_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + tf.reduce_mean(tf.square(z_mean), axis=-1)


model = keras.Model(inputs, outputs)
model.compile(loss=code_loss)
```

## Use instead

A layer that sees the numbers and adds its part with `add_loss`:

```python
import tensorflow as tf
from tensorflow import keras


class SmallCode(keras.layers.Layer):
    def call(self, z):
        self.add_loss(tf.reduce_mean(tf.square(z)))
        return z


inputs = keras.Input((784,))
z_mean = SmallCode()(keras.layers.Dense(2)(inputs))
outputs = keras.layers.Dense(784, activation="sigmoid")(z_mean)
model = keras.Model(inputs, outputs)
model.compile(loss="mse")
```

## What it does not flag

* Tensors that the loss, or the function that makes it, has as a parameter.
* A function that the code around calls itself on symbolic tensors, to hand the result to `add_loss`.

## Fix safety

Not automated yet. The repair moves the term into a layer, or into `train_step` of a model class.

## How it is confirmed

The loss is called on a batch in eager mode, with the symbolic tensors around it as the file makes them: TensorFlow refuses to
compute with a tensor that has no numbers. A loss that works on a batch is refuted.

## Known misses

* A tensor made by a function that losslint cannot read.

## References

* Keras, *Making new layers and models via subclassing*, on `add_loss`.
  https://keras.io/guides/making_new_layers_and_models_via_subclassing/
* Keras, *Customizing what happens in fit*. https://keras.io/guides/custom_train_step_in_tensorflow/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.experiment import Lab, Undecided, confirmed, refuted
from losslint.finding import Severity, Verdict
from losslint.rule import Report, Rule

BAD = (
    """\
import tensorflow as tf
from tensorflow import keras

inputs = keras.Input((784,))
z_mean = keras.layers.Dense(2)(inputs)
outputs = keras.layers.Dense(784, activation="sigmoid")(z_mean)


def code_loss(y_true, y_pred):
    code = tf.reduce_mean(tf.square(z_mean), axis=-1)  # here
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + code


model = keras.Model(inputs, outputs)
model.compile(loss=code_loss)
""",
    """\
from keras import backend as K
from keras.layers import Dense, Input
from keras.models import Model


def build(size):
    x = Input(shape=(size,))
    hidden = Dense(64, activation="relu")(x)
    mean = Dense(2)(hidden)
    log_var = Dense(2)(hidden)
    decoded = Dense(size, activation="sigmoid")(mean)

    def vae_loss(y_true, y_pred):
        reconstruction = K.mean(K.square(y_true - y_pred), axis=-1)
        divergence = 1 + log_var - K.exp(log_var)  # here
        divergence -= K.square(mean)  # here
        return reconstruction - 0.5 * K.mean(divergence, axis=-1)

    vae = Model(x, decoded)
    vae.compile(optimizer="adam", loss=vae_loss)
    return vae
""",
    """\
import keras
from keras import ops

image = keras.Input((28, 28, 1))
mask = keras.Input((28, 28, 1))
painted = keras.layers.Conv2D(1, 3, padding="same")(image)


class MaskedError(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(mask * ops.abs(y_true - y_pred), axis=[1, 2, 3])  # here


model = keras.Model([image, mask], painted)
model.compile(loss=MaskedError())
""",
    """\
import tensorflow as tf

features = tf.keras.layers.Input(shape=(10,))
weights = tf.keras.layers.Input(shape=(1,))
scores = tf.keras.layers.Dense(1)(features)
model = tf.keras.Model([features, weights], scores)


def weighted_loss(y_true, y_pred):
    return tf.reduce_mean(weights * tf.square(y_true - y_pred))  # here


model.compile("adam", weighted_loss)
""",
)
GOOD = (
    """\
import tensorflow as tf
from tensorflow import keras


class SmallCode(keras.layers.Layer):
    def call(self, z):
        self.add_loss(tf.reduce_mean(tf.square(z)))
        return z


inputs = keras.Input((784,))
z_mean = SmallCode()(keras.layers.Dense(2)(inputs))
model = keras.Model(inputs, keras.layers.Dense(784)(z_mean))
model.compile(loss="mse")
""",
    """\
from keras import backend as K


def make_loss(z_mean, z_log_var):
    def vae_loss(y_true, y_pred):
        divergence = 1 + z_log_var - K.square(z_mean) - K.exp(z_log_var)
        return K.mean(K.square(y_true - y_pred), axis=-1) - 0.5 * K.mean(divergence, axis=-1)

    return vae_loss
""",
    """\
from keras import backend as K
from keras.layers import Dense, Input
from keras.models import Model

x = Input(shape=(784,))
mean = Dense(2)(x)
decoded = Dense(784)(mean)


def code_loss(target, output):
    return K.mean(K.square(target - output)) + K.mean(K.square(mean))


model = Model(x, decoded)
model.add_loss(code_loss(x, decoded))
model.compile(optimizer="adam")
""",
    """\
import tensorflow as tf
from tensorflow import keras

inputs = keras.Input((10,))
outputs = keras.layers.Dense(1)(inputs)
scale = 0.5


def scaled_loss(y_true, y_pred):
    inputs = tf.abs(y_true - y_pred)
    return scale * tf.reduce_mean(inputs, axis=-1)


model = keras.Model(inputs, outputs)
model.compile(loss=scaled_loss)
""",
)
MISSES = (
    """\
import tensorflow as tf
from encoder_package import build_encoder

inputs, z_mean = build_encoder(784)


def code_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + tf.reduce_mean(tf.square(z_mean), axis=-1)  # here
""",
)
RAISES = {
    "2": "Keras 2 raises an error in eager mode",
    "3": "Keras 3 raises an error when training starts",
    "auto": "Keras 3 raises an error when training starts, and so does Keras 2 in eager mode",
}
HELP = (
    "compute this part in a layer that calls `add_loss`, where the tensor is an argument with numbers in it, or write the loss "
    "into `train_step` of a model class"
)


SYMBOLIC = re.compile(r"KerasTensor|symbolic|Keras tensor|SymbolicTensor|graph tensor", re.IGNORECASE)


def _position(node: Node) -> tuple[str, int, int]:
    syntax = node.site.syntax
    return node.site.source.path, getattr(syntax, "lineno", 0), getattr(syntax, "col_offset", 0)


def _called_by_keras(trace: Trace) -> bool:
    """Whether a loss is handed on, and not only called by the code around, on symbolic tensors: there the two may meet."""
    return trace.loss.passed or trace.loss.evidence >= 3 or trace.loss.scope.owner is not None


def places(trace: Trace) -> list[Node]:
    """The values of losses that Keras calls."""
    return [root.node for root in trace.roots if _called_by_keras(trace)]


def check(trace: Trace) -> Iterator[Report]:
    """Every symbolic tensor of the code around that a loss reads, once, where it reads it first."""
    if not _called_by_keras(trace):
        return
    told = set[str]()
    for node in sorted((node for node in trace.reached(1) if node.operation == "captured"), key=_position):
        name = node.details["name"]
        if name in told:
            continue
        told.add(name)
        message = (
            f"`{name}` is a symbolic tensor of the model being built, read inside a loss that Keras calls later, on the numbers of a "
            f"batch: {RAISES.get(trace.keras, RAISES['auto'])}"
        )
        because = tuple((made, f"`{name}` is made here, while the model is built") for made in node.arguments[:1])
        yield Report(node, message, HELP, because, trace.confidence(node))


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether TensorFlow refuses the loss because of a tensor without numbers."""
    for batch in lab.candidates():
        run = lab.run(batch)
        if SYMBOLIC.search(run.returned):
            reason = "called on a batch, the loss returns a symbolic tensor: there is no number to train on"
            return confirmed(reason, run, value=run.returned, expected="a number")
        if run.raised is None:
            return refuted("the loss works on a batch of numbers", run)
        if SYMBOLIC.search(run.raised.message) or SYMBOLIC.search(run.raised.type):
            reason = f"called on a batch, the loss raises {run.raised.type}{f' (line {run.raised.line})' if run.raised.line else ''}"
            return confirmed(reason, run, value=run.raised.message[:160], expected="a number")
    raise Undecided("the loss fails on every batch before it reaches the tensor; declare its inputs (`# losslint: inputs …`)")


RULE = Rule("LL202", "captured-tensor", Severity.ERROR, check, BAD, GOOD, MISSES, confirm=confirm, places=places)
