"""LL401 blocked-gradient: nothing that the model does changes the loss smoothly.

## What it does

Reports a loss that depends on the prediction only through steps that have no gradient: `argmax`, `round`, `sign`,
comparisons, casts to an integer or boolean, `one_hot`, `stop_gradient`, `tf.numpy_function`. Also a term of that kind beside
others that learn, and a prediction that is overwritten before it is used.

## Why is this bad

Training moves the weights along the gradient. `round(p)` does not change when `p` changes a little: its gradient is 0, or
TensorFlow has none and Keras stops with *No gradients provided for any variable*. Where some other term has a gradient,
nothing is said at all: the loss shows a number that counts errors, and the model does not learn to make fewer.

## Example

```python
import tensorflow as tf


def accuracy_loss(y_true, y_pred):
    return 1.0 - tf.reduce_mean(tf.cast(tf.equal(tf.round(y_pred), y_true), tf.float32))
```

## Use instead

A smooth measure of the same error, and the exact one as a metric:

```python
import tensorflow as tf


def probability_loss(y_true, y_pred):
    return tf.keras.losses.binary_crossentropy(y_true, y_pred)


model = tf.keras.Sequential([tf.keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss=probability_loss, metrics=["accuracy"])
```

## What it does not flag

* Masks and weights made by a comparison, where what they are multiplied by has a gradient.
* The straight-through estimator, `p + stop_gradient(round(p) - p)`, and functions with a `tf.custom_gradient`.
* Targets behind `stop_gradient`, as self-supervised losses have them.
* Metrics, and losses that are blocked only under an option.
* A value that losslint lost sight of on the way.

## Fix safety

There is no automatic repair.

## How it is confirmed

The gradient of the loss is taken on batches on which it is not 0: it is None, or 0 everywhere. A term beside others is watched
while every prediction is moved by 0.0001: it stays what it is, though other predictions change it.

## Known misses

* A gradient that is 0 because a `clip` or `relu` is saturated on all inputs.
* A term whose blocked part is added through a function that losslint does not know.

## References

* TensorFlow, *Introduction to gradients and automatic differentiation*. https://www.tensorflow.org/guide/autodiff
* Y. Bengio, N. Léonard, A. Courville, *Estimating or Propagating Gradients Through Stochastic Neurons*. arXiv:1308.3432
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from losslint.analysis.node import Gradient, Node, reach
from losslint.analysis.roles import PRED_NAME, certain
from losslint.analysis.tensors import has_left, is_keras_variable
from losslint.analysis.trace import Trace
from losslint.experiment import Lab
from losslint.finding import Severity, Verdict
from losslint.operations.catalogue import is_loss
from losslint.rule import Report, Rule, quoted

from .evidence import optional, result, says_loss
from .experiments import jumps, unlearnt

BAD = (
    """\
import tensorflow as tf


def accuracy_loss(y_true, y_pred):
    return 1.0 - tf.reduce_mean(tf.cast(tf.equal(tf.round(y_pred), y_true), tf.float32))  # here
""",
    """\
from keras import backend as K


def class_distance_loss(y_true, y_pred):
    distance = K.abs(K.argmax(y_true, axis=-1) - K.argmax(y_pred, axis=-1))  # here
    return K.mean(K.cast(distance, "float32"))
""",
    """\
import keras
from keras import ops


class HardDiceLoss(keras.losses.Loss):
    def __init__(self):
        super().__init__()
        self.smooth = 1.0

    def call(self, y_true, y_pred):
        mask = ops.cast(y_pred > 0.5, "float32")  # here
        overlap = ops.sum(y_true * mask, axis=-1)
        return 1.0 - (2.0 * overlap + self.smooth) / (ops.sum(y_true, axis=-1) + ops.sum(mask, axis=-1) + self.smooth)
""",
    """\
import tensorflow as tf


def count_loss(y_true, y_pred):
    rows = tf.keras.losses.binary_crossentropy(y_true, y_pred)
    found = tf.reduce_sum(tf.where(y_pred > 0.5, 1.0, 0.0), axis=-1)  # here
    return rows + 0.1 * tf.square(tf.reduce_sum(y_true, axis=-1) - found)
""",
    """\
import tensorflow as tf


def make_loss(classes):
    def one_hot_loss(y_true, y_pred):
        decided = tf.one_hot(tf.argmax(y_pred, axis=-1), classes)  # here
        return tf.keras.losses.categorical_crossentropy(y_true, decided)

    return one_hot_loss
""",
    """\
import tensorflow as tf


def ranking_loss(labels, logits, temperature=1.0):
    if temperature != 1.0:
        logits = logits / temperature
    labels = tf.nn.sigmoid(labels)
    logits = tf.nn.sigmoid(labels)  # here
    return tf.reduce_mean(tf.nn.relu(1.0 + logits[:, 1:] - labels[:, :-1]))
""",
    """\
import tensorflow as tf


def sorted_loss(y_true, y_pred):
    ranks = tf.numpy_function(lambda values: values.argsort().argsort(), [y_pred], tf.int64)  # here
    return tf.reduce_mean(tf.square(tf.cast(ranks, tf.float32) - y_true))
""",
)
GOOD = (
    """\
import tensorflow as tf


def masked_loss(y_true, y_pred):
    wrong = tf.cast(tf.not_equal(tf.round(y_pred), y_true), tf.float32)
    return tf.reduce_mean((1.0 + wrong) * tf.square(y_true - y_pred), axis=-1)
""",
    """\
import tensorflow as tf


def straight_through_loss(y_true, y_pred):
    rounded = y_pred + tf.stop_gradient(tf.round(y_pred) - y_pred)
    return tf.reduce_mean(tf.square(y_true - rounded), axis=-1)
""",
    """\
import tensorflow as tf


@tf.custom_gradient
def binarise(values):
    def backwards(upstream):
        return upstream

    return tf.sign(values), backwards


def binary_code_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - binarise(y_pred)), axis=-1)
""",
    """\
from keras import ops


def smooth_absolute_loss(y_true, y_pred):
    error = ops.abs(y_true - y_pred)
    small = ops.cast(error < 1.0, "float32")
    return ops.mean(small * 0.5 * error**2 + (1.0 - small) * error - 0.5 * (1.0 - small), axis=-1)
""",
    """\
import keras
from keras import backend as K


def binary_accuracy(y_true, y_pred):
    return K.mean(K.equal(y_true, K.round(y_pred)), axis=-1)


model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", metrics=[binary_accuracy])
""",
    """\
import tensorflow as tf


def distillation_loss(teacher_logits, student_logits):
    target = tf.one_hot(tf.argmax(teacher_logits, -1), 10)
    sure = tf.stop_gradient(tf.reduce_max(tf.nn.softmax(teacher_logits), -1))
    return tf.reduce_mean(sure * tf.keras.losses.categorical_crossentropy(target, student_logits, from_logits=True))
""",
    """\
import tensorflow as tf


def dice_loss(y_true, y_pred, hard=False):
    if hard:
        y_pred = tf.round(y_pred)
    overlap = tf.reduce_sum(y_true * y_pred, axis=-1)
    return 1.0 - (2.0 * overlap + 1.0) / (tf.reduce_sum(y_true, axis=-1) + tf.reduce_sum(y_pred, axis=-1) + 1.0)
""",
    """\
import tensorflow as tf
from model_zoo import latent_divergence


def latent_loss(y_true, y_pred):
    right = tf.cast(tf.equal(tf.argmax(y_true, -1), tf.argmax(y_pred, -1)), tf.float32)
    return tf.reduce_mean(latent_divergence()) + tf.reduce_mean(right)
""",
)
MISSES = (
    """\
import tensorflow as tf


def saturated_loss(y_true, y_pred):
    safe = tf.clip_by_value(tf.nn.sigmoid(y_pred), 1.0, 2.0)
    return tf.reduce_mean(tf.square(y_true - safe))  # here
""",
)
ERRORS = frozenset({"square", "abs", "squared_difference", "pow"})
ADDED = frozenset({"add", "subtract", "negative", "add_n", "mean", "sum", "pack", "concat", "stack", "identity", "cast", "reshape"})
SCALED = frozenset({"multiply", "divide", "divide_no_nan"})
WHY = {
    "argmax": "is a position, which jumps",
    "argmin": "is a position, which jumps",
    "argsort": "is a list of positions, which jump",
    "one_hot": "is made of zeros and ones, which jump",
    "round": "is flat between its jumps",
    "floor": "is flat between its jumps",
    "ceil": "is flat between its jumps",
    "sign": "is flat beside its one jump",
    "cast": "is a whole number or a boolean, which jumps",
    "variable": "is a new variable, which only starts at that value",
    "stop_gradient": "lets no gradient through, on purpose",
    "batch_loss": "stops the gradient of its labels",
    "numpy_function": "is computed by numpy, of which TensorFlow takes no gradient",
}
HELP = (
    "use what is smooth in the prediction (its probabilities, a cross-entropy, a soft count by `sigmoid`) in the loss, and keep the "
    "exact count as a metric"
)
Finding = tuple[Node, str, tuple[tuple[Node, str], ...]]


def check(trace: Trace) -> Iterator[Report]:
    """The step at which the gradient of a loss, or of one of its terms, ends; or the place where its prediction is lost."""
    if trace.incomplete or not says_loss(trace):
        return
    root, roots = result(trace), [root.node for root in trace.roots if root.returned]
    if any(has_left(node) and node.gradient is not Gradient.NONE for node in reach(*roots)):
        return
    found = (_whole(trace, root) if root else []) or _terms(trace, roots) or (_overwritten(trace, root) if root else [])
    for node, why, because in found:
        yield Report(node, f"{quoted(node)} {why}", HELP, because, trace.confidence(node))


def _whole(trace: Trace, root: Node) -> list[Finding]:
    """Where a loss loses its gradient altogether."""
    if trace.flipped or not _unlearnt(root) or "pred" not in root.origin or not certain(trace.loss) or _lost(root):
        return []
    ends = _ends(root)
    if not ends or any(optional(end) for end in ends):
        return []
    if trace.loss.evidence < 3 and all(end.operation == "stop_gradient" for end in ends):
        return []  # on purpose: a weight or a target for another loss
    why = f"{_reason(ends[0])}, and the loss depends on the prediction in no other way: it has no gradient, so nothing is learnt"
    return [(ends[0], why, ())]


def _unlearnt(root: Node) -> bool:
    """Whether no gradient leaves a loss but to variables that it made itself, which Keras does not train."""
    if root.gradient is not Gradient.FLOWS:
        return root.gradient is Gradient.BLOCKED
    flowing = [node for node in reach(root, through=lambda node: node.gradient is Gradient.FLOWS) if node.gradient is Gradient.FLOWS]
    sources = [node for node in flowing if not any(argument.gradient is Gradient.FLOWS for argument in node.arguments)]
    return all(is_keras_variable(node) for node in sources)


def _terms(trace: Trace, roots: list[Node]) -> list[Finding]:
    """Where a term that measures an error loses its gradient while others keep theirs."""
    found: list[Finding] = []
    for term in _blocked_terms(roots) if certain(trace.loss) and not trace.flipped else ():
        ends = _ends(term)
        if ends and not any(optional(end) or end.operation == "stop_gradient" for end in ends):
            why = f"{_reason(ends[0])}, so the term {quoted(term)} has no gradient: it is shown, but not learnt from"
            found.append((ends[0], why, ((term, "the term that has no gradient"),)))
    return found


def _blocked_terms(roots: list[Node]) -> Iterator[Node]:
    """The errors among the additive parts of a loss that depend on the prediction without a gradient."""
    stack, seen = list(roots), set[int]()
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        blocked = node.gradient is Gradient.BLOCKED
        if blocked and (node.operation in ERRORS or is_loss(node.operation)) and {"true", "pred"} <= node.origin:
            yield node
        elif node.operation in ADDED:
            stack.extend(node.arguments)
        elif node.operation in SCALED:
            parts = [part for part in node.arguments if part.gradient is not Gradient.NONE]
            stack.extend(parts if len(parts) == 1 else ())


def _overwritten(trace: Trace, root: Node) -> list[Finding]:
    """Where the name of the prediction is bound to something else, so that the loss depends on its target alone."""
    if root.gradient is not Gradient.NONE or root.constant or "pred" in root.origin or "true" not in root.origin:
        return []
    for name in trace.loss.scope.parameters:
        if PRED_NAME.search(name) and f"parameter:{name}" not in root.origin:
            bound = {id(value) for value in _bound_to(name, trace.loss.node)}
            for node in reach(root):
                if id(node.site.syntax) in bound:
                    return [(node, f"takes the place of `{name}`, and the loss no longer depends on the prediction: nothing is learnt", ())]
    return []


def _bound_to(name: str, function: ast.AST) -> Iterator[ast.expr]:
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            yield node.value


def _ends(root: Node) -> list[Node]:
    """The nodes at which a gradient from the prediction ends, those nearest to the result first."""
    return [node for node in reach(root, through=lambda node: not _is_end(node)) if _is_end(node)]


def _is_end(node: Node) -> bool:
    return node.gradient is Gradient.BLOCKED and any(_flows(argument) for argument in node.arguments)


def _flows(node: Node) -> bool:
    return node.gradient is Gradient.FLOWS and "pred" in node.origin


def _reason(end: Node) -> str:
    return WHY.get(end.operation, "is true or false, which jumps")


def _lost(root: Node) -> bool:
    """Whether a part is added of which it is not known where it came from: a gradient may flow through it."""
    for node in reach(root, through=lambda node: node.operation in ADDED):
        if node.operation in ("opaque", "setting", "member") and not node.arguments and not node.columns.known:
            return True
    return any(node.operation == "opaque" and not node.arguments and not node.constant for node in reach(root))


def places(trace: Trace) -> list[Node]:
    """What a loss returns."""
    value = None if trace.loss.metric else result(trace)
    return [] if value is None else [value]


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether no gradient arrives, or a term has none of its own."""
    return jumps(lab, report.because[0][0]) if report.because else unlearnt(lab, report.node)


RULE = Rule("LL401", "blocked-gradient", Severity.ERROR, check, BAD, GOOD, MISSES, confirm=confirm, places=places)
