"""LL506 shadowed-loss: a training step returns its loss as a plain number, and Keras shows another one.

## What it does

Reports a `train_step` of a Keras model that returns the loss which it trains on in a dict, without giving it to a metric
before.

## Why is this bad

`fit` shows, and keeps in its history, what `train_step` returned for the last batch; only metrics know the mean of the epoch.
So the shown loss jumps about with the last batch, and callbacks that stop early or keep the best weights go by it. Keras 3
goes further: where the keys of the dict are those of the model's own metrics it reads these instead, and as nothing was told
to its own tracker of `loss`, `{"loss": loss}` shows 0.0 for ever.

## Example

```python
import keras
import tensorflow as tf


class Regression(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(1)

    def call(self, x):
        return self.head(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}
```

## Use instead

```python
import keras
import tensorflow as tf


class Regression(keras.Model):
    def __init__(self):
        super().__init__()
        self.loss_tracker = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.loss_tracker]

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}
```

## What it does not flag

* A loss that was given to `update_state` of a metric, or to anything that losslint cannot read.
* Steps that call `compiled_loss`, which keeps its own mean; projects on Keras 2.
* Values that are no part of what is trained on.

## Fix safety

Not automated yet. The repair adds a metric to the model, so it will stay with a help text.

## How it is confirmed

The model is fitted on two batches that differ; the history is compared with the mean of what the step returned for them.

## Known misses

* A dict that is made in another function.

## References

* Keras, *Customizing what happens in fit*. https://keras.io/guides/custom_train_step_in_tensorflow/
"""

from __future__ import annotations

from collections.abc import Iterator

from losslint.analysis.classes import is_model, methods
from losslint.analysis.node import Gradient, Node, reach
from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Lab, Run, confirmed, refuted
from losslint.finding import Confidence, Severity, Verdict
from losslint.rule import Report, Rule, quoted

BAD = (
    """\
import keras
import tensorflow as tf


class Regression(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(1)

    def call(self, x):
        return self.head(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}  # here
""",
    """\
import tensorflow as tf


class Vae(tf.keras.models.Model):
    def __init__(self):
        super().__init__()
        self.mean = tf.keras.layers.Dense(2)
        self.log_var = tf.keras.layers.Dense(2)
        self.decoder = tf.keras.layers.Dense(4)

    def train_step(self, data):
        images = data[0]
        with tf.GradientTape() as tape:
            mean, log_var = self.mean(images), self.log_var(images)
            error = tf.reduce_mean(tf.square(images - self.decoder(mean)))
            divergence = -0.5 * tf.reduce_mean(1.0 + log_var - tf.square(mean) - tf.exp(log_var))
            total = error + divergence
        self.optimizer.apply_gradients(zip(tape.gradient(total, self.trainable_weights), self.trainable_weights))
        return {  # here
            "total": total,
            "error": error,
            "divergence": divergence,
        }
""",
    """\
import keras
import tensorflow as tf


class Classifier(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(10)
        self.accuracy = keras.metrics.CategoricalAccuracy(name="accuracy")

    def call(self, x):
        return self.head(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            logits = self(x, training=True)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(y, logits))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        self.accuracy.update_state(y, logits)
        logs = {"accuracy": self.accuracy.result()}
        logs["loss"] = loss
        return logs  # here
""",
    """\
import keras
import tensorflow as tf
from keras import Model, ops


class Base(Model):
    pass


class Distiller(Base):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(1)

    def call(self, x):
        return self.head(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = ops.mean(self.compute_loss(x, y, self(x)))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        return dict(loss=loss)  # here
""",
    """\
import keras
import tensorflow as tf


class Regression(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(1)

    def learn(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self.head(x)))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        return {"error": loss}

    def train_step(self, data):
        return self.learn(*data)  # here
""",
)
GOOD = (
    """\
import keras
import tensorflow as tf


class Regression(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(1)
        self.loss_tracker = keras.metrics.Mean(name="loss")

    def call(self, x):
        return self.head(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.loss_tracker.update_state(loss)
        return {"loss": self.loss_tracker.result()}
""",
    """\
import tensorflow as tf


class Regression(tf.keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            predicted = self(x, training=True)
            loss = self.compiled_loss(y, predicted, regularization_losses=self.losses)
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        self.compiled_metrics.update_state(y, predicted)
        return {metric.name: metric.result() for metric in self.metrics}
""",
    """\
import tensorflow as tf


class Trainer:
    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self.net(x)))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.net.trainable_weights), self.net.trainable_weights))
        return {"loss": loss}
""",
    """\
import tf_keras
import tensorflow as tf


class Regression(tf_keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        return {"loss": loss}
""",
    """\
import keras
import tensorflow as tf


class Regression(keras.Model):
    def __init__(self):
        super().__init__()
        self.head = keras.layers.Dense(1)
        self.tracker = keras.metrics.Mean(name="loss")

    def call(self, x):
        return self.head(x)

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        self.tracker(loss)
        return {"loss": loss}
""",
)
MISSES = (
    """\
import keras
import tensorflow as tf


class Regression(keras.Model):
    def logs(self, **values):
        return values

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        return self.format_logs(loss)  # here
""",
)
OWN_LOOP = frozenset({"fit", "make_train_function", "_get_metrics_result_or_logs", "_validate_and_get_metrics_result"})
TOLERANCE = 1e-3
HELP = (
    'make a `keras.metrics.Mean(name="loss")` in `__init__`, return it from the `metrics` property, call its `update_state(loss)` in the '
    "step, and return its `result()`"
)


def _step_of_model(trace: Trace) -> bool:
    """Whether it is a `train_step` that `fit` of Keras calls and whose dict it shows."""
    if trace.owner is None or trace.loss.scope.short != "train_step" or trace.keras == "2" or OWN_LOOP & set(methods(trace.owner)):
        return False
    called = trace.loss.scope.called
    if "compiled_loss" in called or ("compute_loss" in called and trace.keras != "3" and "compute_loss" not in methods(trace.owner)):
        return False  # Keras 2 keeps the mean of these itself
    return is_model(trace.owner)


def _apart_from_gradients(node: Node) -> bool:
    return node.operation != "gradient"


def check(trace: Trace) -> Iterator[Report]:
    """The dict that a training step returns, if the loss is in it as it is."""
    result = trace.result
    if result is None or not _step_of_model(trace):
        return
    trained = [root.node for root in trace.roots if root.evidence >= 3]
    parts = {id(node) for node in reach(*trained, through=_apart_from_gradients)}
    tracked = {id(node) for node in reach(*trace.handed, through=_apart_from_gradients)}
    plain: list[str] = []
    for key, value in result.details["items"].items():
        if not isinstance(value, Node) or value.constant or value.gradient is not Gradient.FLOWS or id(value) in tracked:
            continue
        if id(value) in parts or any(node in trained for node in reach(value, through=_apart_from_gradients)):
            plain.append(str(key))
    if not plain:
        return
    whole = plain == ["loss"]
    shown = (
        'Keras 3 shows 0.0 for "loss" in every epoch, because its own tracker of that name was told nothing'
        if whole
        else "Keras shows the values of the last batch of each epoch, not the means over the epoch"
    )
    keys = " and ".join(", ".join(f'"{key}"' for key in plain).rsplit(", ", 1))
    message = f"{quoted(result)} returns what is trained on as a plain number, under {keys}, not through a metric: {shown}"
    yield Report(result, message, HELP, (), Confidence.HIGH if whole and trace.keras == "3" else Confidence.MEDIUM)


def places(trace: Trace) -> Iterator[Node]:
    """What a training step of a model returns."""
    if trace.result is not None and _step_of_model(trace):
        yield trace.result


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the history of one epoch differs from the mean of what the step returned."""
    fit = lab.fitted()
    run = Run(Batch({}, {}, words="two batches of 4 samples"), "eager", None)
    for key, shown in fit.history.items():
        values = [step[key] for step in fit.steps if key in step]
        mean = sum(values) / max(1, len(values))
        if not values or report.node.details["items"].get(key) is None or abs(shown - mean) <= TOLERANCE * max(1.0, abs(mean)):
            continue
        told = " and ".join(f"{value:.4g}" for value in values)
        reason = f'"{key}" was {told} on the two batches of an epoch, and the history shows {shown:.4g}, not their mean, {mean:.4g}'
        return confirmed(reason, run, value={"shown": shown, "mean of the batches": mean}, expected="the same number for both")
    return refuted("the history shows the means of what the step returned")


RULE = Rule("LL506", "shadowed-loss", Severity.ERROR, check, BAD, GOOD, MISSES, confirm=confirm, places=places)
