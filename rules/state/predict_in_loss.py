"""LL204 predict-in-loss: the loss tells a model to `predict`, which Keras cannot do in the middle of a training step.

## What it does

Reports `predict`, `evaluate`, `fit` and their kin of a Keras model, called inside a loss that Keras traces.

## Why is this bad

These methods are loops over batches of their own, with progress bars and callbacks, and they give back numpy arrays. Inside a
loss, which Keras traces into a graph, they raise an error at the first step of training, with a message about replica
contexts that tells nobody what to do. In a loop that runs eagerly they work, and cut the gradient.

## Example

```python
import keras
import tensorflow as tf

teacher = keras.Sequential([keras.Input((10,)), keras.layers.Dense(10)])


def distillation_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(teacher.predict(y_true) - y_pred), axis=-1)
```

## Use instead

Call the model:

```python
import keras
import tensorflow as tf

teacher = keras.Sequential([keras.Input((10,)), keras.layers.Dense(10)])


def distillation_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(teacher(y_true, training=False) - y_pred), axis=-1)
```

## What it does not flag

* Models of other packages, and methods of that name that a class of the project defines itself.
* Functions that the project's own training loop calls eagerly.

## Fix safety

Not automated yet. Calling the model in place of `predict` lets the gradient through, so it will stay with a help text.

## How it is confirmed

The loss is run eagerly, which works, and traced into a graph as Keras does it: that raises at the call.

## Known misses

* A model under a name that says nothing of it, made where losslint cannot see.

## References

* Keras, *Model training APIs*, on `predict`. https://keras.io/api/models/model_training_apis/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.experiment import Lab, confirmed, refuted, undecided
from losslint.finding import Confidence, Severity, Verdict
from losslint.rule import Report, Rule, quoted

BAD = (
    """\
import keras
import tensorflow as tf

teacher = keras.Sequential([keras.Input((10,)), keras.layers.Dense(10)])


def distillation_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(teacher.predict(y_true) - y_pred), axis=-1)  # here
""",
    """\
from keras import backend as K
from keras.applications import VGG16

extractor = VGG16(include_top=False)


def perceptual_loss(y_true, y_pred):
    true = extractor.predict(y_true, steps=1)  # here
    return K.mean(K.square(true - extractor(y_pred)), axis=[1, 2, 3])
""",
    """\
import keras
from keras import ops


class Consistency(keras.losses.Loss):
    def __init__(self, student_model, **kwargs):
        super().__init__(**kwargs)
        self.student_model = student_model

    def call(self, y_true, y_pred):
        other = self.student_model.predict_on_batch(y_true)  # here
        return ops.mean(ops.square(y_pred - other), axis=-1)

    def get_config(self):
        return {**super().get_config(), "student_model": keras.saving.serialize_keras_object(self.student_model)}
""",
    """\
import tensorflow as tf


def make_loss(model, features):
    def scored_loss(y_true, y_pred):
        scores = model.predict(features, verbose=0)  # here
        return tf.reduce_mean(scores) * tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)

    return scored_loss
""",
)
GOOD = (
    """\
import keras
import tensorflow as tf

teacher = keras.Sequential([keras.Input((10,)), keras.layers.Dense(10)])


def distillation_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(teacher(y_true, training=False) - y_pred), axis=-1)
""",
    """\
import tensorflow as tf


class Network:
    def predict(self, x):
        return tf.tanh(tf.matmul(x, self.kernel))

    def network_loss(self, y_true, y_pred):
        return tf.reduce_mean(tf.square(self.predict(y_true) - y_pred), axis=-1)
""",
    """\
import tensorflow as tf


def value_loss(model, states, y_true):
    y_pred = model.predict(states)
    return tf.reduce_mean(tf.square(y_true - y_pred))


def train(model, optimizer, batches):
    for states, targets in batches:
        with tf.GradientTape() as tape:
            loss = value_loss(model, states, targets)
        optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_weights), model.trainable_weights))
""",
    """\
import keras
import tensorflow as tf

model = keras.Sequential([keras.layers.Dense(10)])


def error_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)


model.compile(loss=error_loss)
model.fit(tf.zeros([8, 4]), tf.zeros([8, 10]))
print(model.predict(tf.zeros([8, 4])))
""",
    """\
import tensorflow as tf


def functional_loss(model, weights, x, y_true):
    y_pred = model.predict_on_batch(weights, x, training=True)
    return tf.reduce_mean(tf.square(y_true - y_pred))


@tf.function
def step(model, weights, x, y):
    with tf.GradientTape() as tape:
        loss = functional_loss(model, weights, x, y)
    return tape.gradient(loss, weights)
""",
)
MISSES = (
    """\
import tensorflow as tf
from zoo_package import made

thing = made()


def distillation_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(thing.predict(y_true) - y_pred), axis=-1)  # here
""",
)
KEYWORDS = frozenset(
    (
        "x",
        "y",
        "batch_size",
        "epochs",
        "verbose",
        "steps",
        "callbacks",
        "sample_weight",
        "class_weight",
        "return_dict",
        "validation_data",
        "steps_per_epoch",
        "shuffle",
        "initial_epoch",
        "workers",
        "max_queue_size",
        "use_multiprocessing",
        "validation_split",
        "reset_metrics",
    )
)
HELP = "call the model itself, as in `model(x, training=False)`, or compute what does not change before training"


def _as_keras(call: ast.AST) -> bool:
    """Whether a call gives what the methods of Keras take: other packages have methods of the same names."""
    if not isinstance(call, ast.Call):
        return False
    several = isinstance(call.func, ast.Attribute) and call.func.attr in ("predict", "predict_on_batch") and len(call.args) > 1
    return not several and all(keyword.arg in KEYWORDS for keyword in call.keywords)


def places(trace: Trace) -> Iterator[Node]:
    """What a loss returns that Keras traces."""
    if trace.called_by_keras:
        yield from (root.node for root in trace.roots)


def check(trace: Trace) -> Iterator[Report]:
    """Every model that is told to loop over batches inside a loss."""
    for effect in trace.effects:
        if effect.operation != "loop":
            continue
        graph = effect.details["graph"]
        if not _as_keras(effect.site.syntax) or graph is False or (graph is None and not trace.called_by_keras):
            continue
        message = (
            f"{quoted(effect)} runs a loop over batches of its own, with numpy arrays as its result, inside a loss that Keras traces into a "
            "graph: that raises an error at the first step of training"
        )
        yield Report(effect, message, HELP, (), Confidence.HIGH)


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether a graph of a loss that runs eagerly cannot be made."""
    eager = lab.run(lab.batch)
    graph = lab.run(lab.batch, mode="graph")
    if graph.raised is None:
        return refuted("the loss becomes a graph as it is", eager)
    line = getattr(report.node.site.syntax, "lineno", None)
    if (
        graph.raised.line is not None
        and line is not None
        and not line <= graph.raised.line <= getattr(report.node.site.syntax, "end_lineno", line)
    ):
        return undecided(f"the loss raises in a graph at another place: {graph.raised}; mend that first")
    return confirmed(f"the loss works eagerly, and traced into a graph it raises {graph.raised.type}", graph, expected="a graph")


RULE = Rule("LL204", "predict-in-loss", Severity.ERROR, check, BAD, GOOD, MISSES, confirm=confirm, places=places)
