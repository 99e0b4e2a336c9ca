"""LL501 swapped-arguments: prediction and target are given to a loss in the wrong order.

## What it does

Reports a loss of TensorFlow or Keras that is given the prediction where it expects the target, and the target where it
expects the prediction, if the two make a difference to it.

## Why is this bad

Cross-entropies, divergences, hinge and Poisson losses are no distances: they treat target and prediction differently.
`binary_crossentropy(y_pred, y_true)` takes the logarithm of the labels. Where these are 0 and 1, what comes out is a
constant times the prediction, of around 16 for each class: it looks like a loss and falls during training, but its gradient
does not depend on how wrong a prediction is, and the model is driven to the ends.

## Example

```python
from tensorflow.keras import backend as K


def weighted_loss(y_true, y_pred):
    return K.mean((1.0 + y_true) * K.binary_crossentropy(y_pred, y_true), axis=-1)
```

## Use instead

```python
from tensorflow.keras import backend as K


def weighted_loss(y_true, y_pred):
    return K.mean((1.0 + y_true) * K.binary_crossentropy(y_true, y_pred), axis=-1)
```

All functions and classes of Keras take the target first. So do those of `tf.nn` and `tf.losses`; those of
`tf.contrib.losses` took it second. Arguments by name cannot be confused: `labels=…, logits=…`.

## What it does not flag

* Losses to which the order makes no difference: squared and absolute error, cosine similarity, Huber, log-cosh, dice.
* Losses that are called reverse, backward or symmetric: the other order is meant.
* Functions of the same name that the project defines itself.
* Keras 1, whose backend took the prediction first, and positional arguments of `tf.nn` in the TensorFlow of that time.
* Values that come from both, or that go back to neither.

## Fix safety

Unsafe: with the arguments exchanged the loss is another one, and so is training.

## How it is confirmed

The flagged call is watched while first the predictions, then the targets of the batch are exchanged for others: it is confirmed
if what stands first changes with the predictions alone, what stands second with the targets alone, and the call gives another
value where targets and predictions change places.

## Known misses

* A function of the project between the loss and the framework that hands its arguments on in the wrong order is reported
  there, at the call of the framework, not where the order was lost.
* Targets and predictions that no name tells apart.

## References

* Keras, *Probabilistic losses*. https://keras.io/api/losses/probabilistic_losses/
* Keras, *Standalone usage of losses*. https://keras.io/api/losses/
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from losslint.analysis.node import Node
from losslint.analysis.roles import certain
from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Lab, Run, Tensor, Undecided, confirmed, refuted
from losslint.finding import Severity, Verdict
from losslint.operations.catalogue import is_loss, order_matters
from losslint.repair import UNSAFE, Change, Repair, argument
from losslint.rule import Report, Rule, quoted
from losslint.source import Source

BAD = (
    """\
from tensorflow.keras import backend as K


def weighted_loss(y_true, y_pred):
    return K.mean((1.0 + y_true) * K.binary_crossentropy(y_pred, y_true), axis=-1)  # here
""",
    """\
import tensorflow as tf


def divergence_loss(labels, logits):
    probabilities = tf.nn.softmax(logits)
    return tf.reduce_mean(tf.keras.losses.KLDivergence()(probabilities, labels))  # here
""",
    """\
import keras


class SmoothedLoss(keras.losses.Loss):
    def __init__(self):
        super().__init__()
        self.smoothing = 0.1

    def call(self, y_true, y_pred):
        soft = y_true * (1.0 - self.smoothing) + 0.05
        return keras.losses.categorical_crossentropy(y_pred, soft)  # here
""",
    """\
import tensorflow as tf


def make_loss(weight):
    def count_loss(y_true, y_pred):
        return weight * tf.keras.losses.poisson(y_true=y_pred, y_pred=y_true)  # here

    return count_loss
""",
    """\
import tensorflow as tf


def _rows(labels, logits):
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=logits, logits=labels)  # here


def training_loss(labels, logits):
    return tf.reduce_mean(_rows(labels, logits))
""",
)
GOOD = (
    """\
from tensorflow.keras import backend as K


def weighted_loss(y_true, y_pred):
    return K.mean((1.0 + y_true) * K.binary_crossentropy(y_true, y_pred), axis=-1)
""",
    """\
import tensorflow as tf


def symmetric_loss(y_true, y_pred):
    return tf.keras.losses.mean_squared_error(y_pred, y_true) + tf.keras.losses.cosine_similarity(y_pred, y_true)
""",
    """\
from my_backend import binary_crossentropy


def wrapped_loss(y_true, y_pred):
    return binary_crossentropy(y_pred, y_true)
""",
    """\
from keras import backend as K
from keras.layers import Convolution2D, Input
from keras.models import Model

image = Input((32, 32, 1))
model = Model(input=image, output=Convolution2D(1, 3, 3, border_mode="same")(image))


def old_loss(y_true, y_pred):
    return K.mean(K.binary_crossentropy(y_pred, y_true), axis=-1)


model.compile(loss=old_loss, optimizer="adam")
""",
    """\
import tensorflow as tf


def both_ways_loss(y_true, y_pred):
    middle = 0.5 * (y_true + y_pred)
    return tf.keras.losses.kl_divergence(y_true, middle) + tf.keras.losses.kl_divergence(y_pred, middle)
""",
    """\
import tensorflow as tf


def reverse_cross_entropy_loss(y_true, y_pred):
    forward = tf.keras.losses.categorical_crossentropy(y_true, y_pred)
    backward = tf.keras.losses.categorical_crossentropy(y_pred, tf.clip_by_value(y_true, 1e-4, 1.0))
    return 0.1 * forward + backward
""",
)
MISSES = (
    """\
import tensorflow as tf


def pair_loss(first, second):
    return tf.keras.losses.binary_crossentropy(second, first)  # here
""",
)
KERAS_1 = frozenset(
    {"nb_epoch", "border_mode", "subsample", "W_regularizer", "dim_ordering", "nb_filter", "samples_per_epoch", "Convolution2D"}
)
TENSORFLOW_2 = frozenset({"tensorflow.keras", "GradientTape", "function", "keras"})
UNNAMED = ("softmax_cross_entropy_with_logits", "sigmoid_cross_entropy_with_logits")
OTHER_WAY = re.compile(r"revers|backward|inverse|symmetr|jensen|(?:^|[_.])(?:js|rce|sce|rkl)(?:d|_|$)", re.IGNORECASE)
PREDICTIONS = frozenset({"y_pred", "logits", "predictions", "output", "prediction", "log_input"})
SAME = 1e-5
HELP = "exchange them, or name them in the call: the target comes first"


def check(trace: Trace) -> Iterator[Report]:
    """Every loss of the framework that is given its target and its prediction the wrong way round."""
    for node in places(trace):
        if not _is_swapped(node):
            continue
        name = _name(node)
        first, second = node.arguments[:2]
        message = (
            f"{quoted(node)} gives {quoted(first)}, which comes from the prediction, to `{name}` as the target, and {quoted(second)}, which "
            f"comes from the target, as the prediction; `{name}` takes the target first, and the other way round it measures something else"
        )
        yield Report(node, message, HELP, (), trace.confidence(node))


def places(trace: Trace) -> list[Node]:
    """Every loss of the framework that a loss calls, where the order can be told and one is meant."""
    if not certain(trace.loss) or OTHER_WAY.search(trace.loss.function):
        return []
    calls = [node for node in trace.reached(1) if is_loss(node.operation) and len(node.arguments) > 1]
    if len({tuple(found) for node in calls if None not in (found := [_comes_from(a) for a in node.arguments[:2]])}) > 1:
        return []  # it measures in both directions: a symmetric or reverse cross-entropy is meant
    return [node for node in calls if not _of_its_time(node)]


def _name(node: Node) -> str:
    return str(node.details.get("spelling", "")).rpartition(".")[2]


def _is_swapped(node: Node) -> bool:
    return order_matters(_name(node)) and [_comes_from(argument) for argument in node.arguments[:2]] == ["pred", "true"]


def _comes_from(node: Node) -> str | None:
    """``pred`` or ``true``, if a value goes back to inputs of that kind alone and their names say so."""
    found = node.origin & {"true", "pred", "input", "variable", "symbolic"}
    return next(iter(found)) if len(found) == 1 else None


def _of_its_time(node: Node) -> bool:
    """Whether the order was right in the Keras or TensorFlow that the file was written for."""
    spelling, call = str(node.details.get("spelling", "")), node.site.syntax
    if spelling.startswith("K."):
        words = _words(node.site.source)
        return bool(words & KERAS_1) and "tensorflow.keras" not in words
    positional = isinstance(call, ast.Call) and len(call.args) >= 2
    return positional and spelling.endswith(UNNAMED) and not _words(node.site.source) & TENSORFLOW_2


@lru_cache(maxsize=8)
def _words(source: Source) -> frozenset[str]:
    """The modules that a file imports from, the attributes that it reads, and the keywords that it passes."""
    found: set[str] = set()
    for part in ast.walk(source.tree):
        match part:
            case ast.Import(names=names):
                found.update(".".join(alias.name.split(".")[:2]) for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                found.update((".".join(module.split(".")[:2]), *(alias.name for alias in names)))
            case ast.Attribute(attr=word) | ast.keyword(arg=str(word)):
                found.add(word)
    return frozenset(found)


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the first argument of the call goes back to the predictions, the second to the targets, and that makes a difference."""
    batch = lab.contents()[0]
    true, pred = batch.named("true"), batch.named("pred") or batch.named("other")
    other = [{name: _turned(batch.inputs[name]) for name in names} for names in (true, pred)]
    runs = [lab.run(b, at=report.node) for b in (batch, *(batch.having("exchanged rows", batch.domain, **changed) for changed in other))]
    seen = [_operands(run, report.node) for run in runs]
    if not true or not pred or any(operands is None or len(operands) < 2 for operands in seen):
        raise Undecided("the call was not reached with two tensors; declare its inputs (`# losslint: inputs …`)")
    moves = [[operands[place] != seen[0][place] for operands in seen[1:]] for place in (0, 1)]
    if moves != [[False, True], [True, False]]:
        return refuted("the prediction does not stand where the target is expected", runs[0])
    right = lab.run(_exchanged(batch, true[0], pred[0]), at=report.node)
    values = [run.probes[-1].result for run in (runs[0], right) if run.probes]
    if len(values) == 2 and values[0] and values[1] and abs(values[0].mean - values[1].mean) <= SAME * abs(values[0].mean):
        return refuted("the order makes no difference to this call", right)
    return confirmed(
        "the first argument changes with the predictions alone and the second with the targets alone; the other way round gives another value",
        runs[0],
        value=values[0].mean if values and values[0] else None,
        expected=values[1].mean if len(values) == 2 and values[1] else "another value",
    )


def _operands(run: Run, node: Node) -> tuple[Tensor | None, ...]:
    """The two operands of a call as it was run, the target's place first."""
    if not run.probes:
        return ()
    operands = run.probes[-1].operands[:2]
    names = [keyword.arg for keyword in getattr(node.site.syntax, "keywords", ())]
    return operands[::-1] if names and names[0] in PREDICTIONS else operands


def _turned(tensor: Tensor) -> Tensor:
    """A tensor with its samples in the opposite order, and its classes too."""
    return Tensor(tensor.shape, tensor.values[::-1], tensor.dtype)


def _exchanged(batch: Batch, true: str, pred: str) -> Batch:
    return batch.having("targets and predictions exchanged", "real", **{true: batch.inputs[pred], pred: batch.inputs[true]})


def fix(trace: Trace, report: Report) -> Repair | None:
    """The two arguments in each other's place."""
    first, second = argument(report.node, 0), argument(report.node, 1)
    if first is None or second is None:
        return None
    message = "gives the target first and the prediction second: the loss becomes another one"
    return Repair(UNSAFE, message, (Change(first, (second,)), Change(second, (first,))))


RULE = Rule(
    "LL501",
    "swapped-arguments",
    Severity.ERROR,
    check,
    BAD,
    GOOD,
    MISSES,
    supersedes=("rewarded-error",),
    confirm=confirm,
    fix=fix,
    places=places,
)
