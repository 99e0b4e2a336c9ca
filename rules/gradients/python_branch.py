"""LL403 python-branch: Python decides by a tensor.

## What it does

Reports `if`, `while`, `assert`, `and`, `or`, `not` and conditional expressions on a tensor, in a loss that nothing rewrites
for the graph.

## Why is this bad

Keras calls a loss once, to build a graph. Python has to know then which way to go, and a tensor of a graph has no value
yet: TensorFlow raises an error, *Using a symbolic `tf.Tensor` as a Python `bool` is not allowed*. The loss may have passed a
test with real arrays, and fail in the first `fit`.

## Example

```python
import tensorflow as tf


def masked_loss(y_true, y_pred):
    mask = tf.cast(y_true >= 0, tf.float32)
    error = tf.reduce_sum(mask * tf.abs(y_true - y_pred))
    if tf.reduce_sum(mask) > 0:
        error = error / tf.reduce_sum(mask)
    return error
```

## Use instead

An operation that says what happens in both cases:

```python
import tensorflow as tf


def masked_loss(y_true, y_pred):
    mask = tf.cast(y_true >= 0, tf.float32)
    error = tf.reduce_sum(mask * tf.abs(y_true - y_pred))
    return tf.math.divide_no_nan(error, tf.reduce_sum(mask))
```

`tf.where` chooses element by element, `tf.cond` between two computations, `tf.debugging.assert_near` and its kin check a value.

## What it does not flag

* Functions decorated with `tf.function`, and losses that only such functions, or training loops of your own, call.
* Settings, lengths and shapes that Python knows: `if y_pred.shape[-1] == 1`, `if weights is None`, `if reduction == "sum"`.
* Code that `tf.py_function` calls.
* With `keras = "2"` in the settings: that Keras rewrites losses for the graph by itself.

## Fix safety

There is no automatic repair.

## How it is confirmed

The loss is traced into a graph, as Keras does it, without a rewriting of Python: it is confirmed if that raises at the test.

## Known misses

* A parameter compared in Python, where no name says that it is a tensor.
* A loop over a tensor, `for row in tf.unstack(…)` apart.

## References

* TensorFlow, *AutoGraph reference*. https://github.com/tensorflow/tensorflow/blob/master/tensorflow/python/autograph/g3doc/reference/index.md
* TensorFlow, *Better performance with tf.function*. https://www.tensorflow.org/guide/function
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from losslint.analysis.node import Node
from losslint.analysis.tensors import inputs_of, is_tensor
from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Lab, Tensor, refuted
from losslint.finding import Severity, Verdict
from losslint.operations.availability import only_first
from losslint.rule import Report, Rule, quoted

from .evidence import confidence, in_a_graph, pairs
from .experiments import traced

BAD = (
    """\
import tensorflow as tf


def masked_loss(y_true, y_pred):
    mask = tf.cast(y_true >= 0, tf.float32)
    error = tf.reduce_sum(mask * tf.abs(y_true - y_pred))
    if tf.reduce_sum(mask) > 0:  # here
        error = error / tf.reduce_sum(mask)
    return error
""",
    """\
import keras
from keras import ops


class RobustLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        error = ops.mean(ops.abs(y_true - y_pred))
        return ops.square(error) if error < 1.0 else error  # here
""",
    """\
from keras import backend as K


def _checked(values):
    assert K.min(values) >= 0  # here
    return K.clip(values, 1e-7, 1.0)


def entropy_loss(y_true, y_pred):
    return -K.mean(y_true * K.log(_checked(y_pred)), axis=-1)
""",
    """\
import tensorflow as tf


def make_loss(margin):
    def hinge_loss(y_true, y_pred):
        gap = margin - y_true * y_pred
        worst = tf.reduce_max(gap)
        while worst > 1.0:  # here
            gap = gap / 2.0
            worst = tf.reduce_max(gap)
        return tf.reduce_mean(tf.nn.relu(gap), axis=-1)

    return hinge_loss
""",
    """\
import tensorflow as tf


def pair_loss(y_true, y_pred):
    rows = tf.shape(y_pred)[0]
    if rows % 2 == 1:  # here
        y_true, y_pred = y_true[1:], y_pred[1:]
    return tf.reduce_mean(tf.square(y_true[0::2] - y_pred[1::2]))


model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
model.compile(loss=pair_loss)
""",
    """\
import tensorflow as tf


def jittered_loss(y_true, y_pred):
    noisy = tf.random.uniform([]) > 0.5 and y_pred is not None  # here
    target = y_true + 0.1 if noisy else y_true
    return tf.reduce_mean(tf.square(target - y_pred), axis=-1)
""",
    """\
import tensorflow as tf


class WeightedLoss(tf.keras.losses.Loss):
    def __call__(self, y_true, y_pred, sample_weight=None):
        error = tf.square(y_true - y_pred)
        if sample_weight:  # here
            error = error * sample_weight
        return tf.reduce_mean(error)
""",
)
GOOD = (
    """\
import tensorflow as tf


@tf.function
def masked_loss(y_true, y_pred):
    mask = tf.cast(y_true >= 0, tf.float32)
    error = tf.reduce_sum(mask * tf.abs(y_true - y_pred))
    if tf.reduce_sum(mask) > 0:
        error = error / tf.reduce_sum(mask)
    return error
""",
    """\
import tensorflow as tf


def shaped_loss(y_true, y_pred, weights=None, reduction="mean"):
    if y_pred.shape[-1] == 1 and len(y_pred.shape) == 2:
        y_pred = tf.squeeze(y_pred, -1)
    error = tf.square(y_true - y_pred)
    if weights is not None:
        error = error * weights
    return tf.reduce_mean(error) if reduction == "mean" else tf.reduce_max(error)
""",
    """\
from keras import backend as K
from keras import ops


class QuantileLoss:
    def __init__(self, quantile=0.5, floor=0.0):
        self.quantile = quantile
        self.floor = ops.convert_to_tensor(floor)

    def __call__(self, y_true, y_pred):
        assert 0 < self.quantile < 1
        if K.ndim(y_pred) > 2 or not K.int_shape(y_pred)[1]:
            y_pred = ops.mean(y_pred, axis=-1)
        error = y_true - y_pred
        return ops.mean(ops.maximum(self.quantile * error, (self.quantile - 1) * error))
""",
    """\
import tensorflow as tf


def adaptive_loss(targets, outputs):
    error = tf.reduce_mean(tf.abs(targets - outputs))
    if error > 1.0:
        return error
    return tf.square(error)


def train(model, batches, optimizer):
    for inputs, targets in batches:
        with tf.GradientTape() as tape:
            value = adaptive_loss(targets, model(inputs))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
    """\
import tensorflow as tf


def clipped_loss(y_true, y_pred):
    def checked(values):
        if tf.reduce_max(values) > 100.0:
            return values * 0.0
        return values

    safe = tf.py_function(checked, [y_pred], tf.float32)
    return tf.reduce_mean(tf.square(y_true - safe))
""",
    """\
import tensorflow as tf


def switching_loss(y_true, y_pred, alpha, classes):
    error = tf.reduce_mean(tf.square(y_true - y_pred))
    if alpha > 0.5 or classes:
        error = alpha * error
    return tf.cond(error > 1.0, lambda: tf.sqrt(error), lambda: error)
""",
)
MISSES = (
    """\
import tensorflow as tf


def scaled_loss(y_true, y_pred):
    scale = tf.raw_ops.Max(input=y_true, axis=[0, 1])
    if scale > 1.0:  # here
        y_pred = y_pred / scale
    return tf.reduce_mean(tf.square(y_true - y_pred))
""",
)
SAMPLE_WEIGHT = re.compile(r"(?:^|_)masks?(?:_|$)|weight_?map|(?:^|_)sample_weights?$", re.IGNORECASE)
PRODUCTS = frozenset({"multiply"})
REFUSAL = re.compile(r"[Bb]ool|truth value|symbolic|Symbolic")
HELP = {
    "while": "write `tf.while_loop`, or decorate the loss with `@tf.function`",
    "assert": "write `tf.debugging.assert_near` or one of its kin, or decorate the loss with `@tf.function`",
    "max": "write `tf.maximum`",
    "min": "write `tf.minimum`",
    "bool": "write `tf.where` or `tf.cond`, or decorate the loss with `@tf.function`",
}
OTHERWISE = "write `tf.where` (element by element) or `tf.cond`, or decorate the loss with `@tf.function`"
OPTIONAL = "write `is not None`: an array or tensor that was given is no truth value"


def check(trace: Trace) -> Iterator[Report]:
    """Every test of a tensor that Python makes in a loss."""
    if trace.keras == "2" or not in_a_graph(trace) or not (trace.called_by_keras or trace.loss.passed or pairs(trace)):
        return
    tested: set[int] = set()
    identity = any(only_first(str(call.details["name"])) for call in trace.called)  # what `==` asks of tensors in TensorFlow 1
    for effect in trace.effects:
        value = effect.arguments[0]
        if identity and value.operation in ("equal", "not_equal") and isinstance(value.site.syntax, ast.Compare):
            continue
        if effect.operation != "truth" or effect.details["traced"] or id(value.site.syntax) in tested:
            continue
        tested.add(id(value.site.syntax))
        if _optional(trace, value):
            message = f"{quoted(effect)} is asked for its truth, and the loss is multiplied by it: where an array or a tensor is given, it has none"
            yield Report(effect, message, OPTIONAL, (), confidence(trace))
        elif is_tensor(value) or _compared_input(trace, value):
            how = effect.details["how"]
            message = (
                f"{quoted(effect)} is a tensor, and Python's `{how}` needs to know whether it is true when Keras builds the graph: it has "
                "no value then, and the loss raises an error"
            )
            yield Report(effect, message, HELP.get(how, OTHERWISE), (), confidence(trace))


def _optional(trace: Trace, value: Node) -> bool:
    """Whether a tested parameter is a mask or a weight of each sample: the loss is multiplied by it."""
    if value.operation != "parameter" or not SAMPLE_WEIGHT.search(str(value.details["name"])):
        return False
    return any(part.operation in PRODUCTS and value in part.arguments for part in trace.reached(1))


def _compared_input(trace: Trace, value: Node) -> bool:
    """Whether a test compares a prediction or a target, as Keras gives them, with something."""
    if not trace.called_by_keras or not value.operation.startswith(("less", "greater", "equal", "not_equal")):
        return False
    inputs = [part for part in inputs_of(value) if part.details["name"] in trace.loss.scope.parameters]
    return any(part.origin & {"true", "pred"} for part in inputs)


def places(trace: Trace) -> list[Node]:
    """Every test in a function that nothing rewrites."""
    return [effect for effect in trace.effects if effect.operation == "truth" and not effect.details["traced"]]


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the loss fails in a graph at the test."""
    value = report.node.arguments[0]
    name = str(value.details.get("name", "")) if value.operation == "parameter" else ""

    def given(batch: Batch) -> Batch:
        ones = Tensor((batch.size,), (1.0,) * batch.size)
        return batch if not name or name in batch.inputs else batch.having(f"`{name}` given", batch.domain, **{name: ones})

    run = traced(lab, report.node, REFUSAL, "the test", given)
    return run if isinstance(run, Verdict) else refuted("the test was made while a graph was built, and raised nothing", run)


RULE = Rule("LL403", "python-branch", Severity.ERROR, check, BAD, GOOD, MISSES, confirm=confirm, places=places)
