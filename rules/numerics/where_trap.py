"""LL304 where-trap: `where` hides a value that is not finite, and its gradient is NaN all the same.

## What it does

Reports a logarithm, a division, a root or a power inside a branch of `where` that is not finite exactly where the condition
takes the other branch. A filter for NaN after the fact (`where(is_nan(x), 0, x)`, `nan_to_num`) is the same trap.

## Why is this bad

`where` computes both branches and picks elements. Its gradient for an element that was not picked is 0, and 0 is then
multiplied by the infinite derivative of the branch: the result is NaN. The value is right, every test of it passes, and the
first step of training that meets such an element turns the weights into NaN.

## Example

```python
import tensorflow as tf


def log_loss(y_true, y_pred):
    return -tf.reduce_mean(tf.where(y_pred > 0.0, y_true * tf.math.log(y_pred), 0.0), axis=-1)
```

## Use instead

```python
import tensorflow as tf


def log_loss(y_true, y_pred):
    safe = tf.where(y_pred > 0.0, y_pred, 1.0)
    return -tf.reduce_mean(tf.where(y_pred > 0.0, y_true * tf.math.log(safe), 0.0), axis=-1)
```

The argument is made harmless first, then the result is chosen: the double `where`. For a quotient `tf.math.divide_no_nan` does
the same, for `x * log(y)` `tf.math.xlogy`.

## What it does not flag

* The double `where`: the argument of the function in the branch is selected by the same condition.
* `divide_no_nan`, `xlogy`, and arguments with a guard.
* Branches without a gradient: functions of labels and settings.
* `tf.cond` and a Python `if`: only one of their branches is computed.
* Metrics: nobody takes their gradient.

A root alone (`where(x > 0, sqrt(x), 0)`) has medium confidence: TensorFlow's kernel returns 0 there, XLA returns NaN.

## Fix safety

Safe: the double `where`, with the same condition around the argument, keeps the value everywhere and the gradient wherever it was
right. It is offered where the condition can be written there, and nothing but the selection uses what it hides.

## How it is confirmed

The loss is run on legal batches at the ends of their domain, in eager mode, in a graph and under XLA, and the hidden operation is
watched. Confirmed: it is at its pole, and the gradient is not finite. Refuted: it comes as near as it can, and the gradient stays
finite in all three.

## Known misses

* Conditions that test another value than the argument, where nothing is known of how the two hang together.

## References

* TensorFlow, *tf.where*, on gradients of branches that are not taken. https://www.tensorflow.org/api_docs/python/tf/where
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from losslint.analysis.columns import ORDINARY
from losslint.analysis.node import Node, reach
from losslint.analysis.singular import Singularity, singular
from losslint.analysis.trace import EAGER, Trace
from losslint.experiment import Lab
from losslint.finding import Severity, Verdict
from losslint.operations.catalogue import known
from losslint.operations.operation import Kind
from losslint.repair import SAFE, Change, Operation, Repair, argument, call
from losslint.rule import Report, Rule, quoted

from .guard import situation
from .logarithm import LOGARITHMS
from .straining import closest, size, strained, to_pole

BAD = (
    """\
import tensorflow as tf


def log_loss(y_true, y_pred):
    return -tf.reduce_mean(tf.where(y_pred > 0.0, y_true * tf.math.log(y_pred), 0.0), axis=-1)  # here
""",
    """\
import tensorflow as tf


def ratio_loss(y_true, y_pred):
    total = tf.reduce_sum(y_true * y_pred, axis=-1)
    ratio = tf.reduce_max(y_pred, axis=-1) / total  # here
    return tf.where(tf.equal(total, 0.0), tf.zeros_like(total), ratio)
""",
    """\
from tensorflow.keras import backend as K


def cross_entropy(y_true, y_pred):
    entropy = y_true * K.log(y_pred)  # here
    return -K.mean(K.switch(K.equal(y_pred, 0.0), K.zeros_like(y_pred), entropy), axis=-1)
""",
    """\
import tensorflow as tf


class FilteredLoss(tf.keras.losses.Loss):
    def call(self, y_true, y_pred):
        entropy = y_true * tf.math.log(y_pred)  # here
        return -tf.reduce_mean(tf.where(tf.math.is_nan(entropy), tf.zeros_like(entropy), entropy), axis=-1)
""",
    """\
import keras
from keras import ops


class RootLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        error = ops.abs(y_true - y_pred)
        return ops.mean(ops.where(error > 0.0, ops.power(error, 0.5), 0.0), axis=-1)  # here
""",
    """\
import tensorflow as tf


def root_loss(y_true, y_pred):
    squares = tf.square(y_true - y_pred)
    return tf.reduce_mean(tf.where(squares > 0.0, tf.sqrt(squares), 0.0), axis=-1)  # here
""",
)
GOOD = (
    """\
import tensorflow as tf


def log_loss(y_true, y_pred):
    safe = tf.where(y_pred > 0.0, y_pred, 1.0)
    return -tf.reduce_mean(tf.where(y_pred > 0.0, y_true * tf.math.log(safe), 0.0), axis=-1)
""",
    """\
import tensorflow as tf


def ratio_loss(y_true, y_pred):
    total = tf.reduce_sum(y_true * y_pred, axis=-1)
    ratio = tf.math.divide_no_nan(tf.reduce_max(y_pred, axis=-1), total)
    return tf.where(tf.equal(total, 0.0), tf.ones_like(total), ratio)
""",
    """\
from tensorflow.keras import backend as K


def label_entropy_loss(y_true, y_pred):
    entropy = K.switch(K.equal(y_true, 0.0), K.zeros_like(y_true), y_true * K.log(y_true))
    return K.mean(entropy - y_true * K.log(K.maximum(y_pred, 1e-7)), axis=-1)
""",
    """\
import tensorflow as tf


def positive_loss(y_true, y_pred):
    count = tf.reduce_sum(y_pred * tf.cast(y_true > 0.0, tf.float32))
    total = tf.reduce_sum(y_pred)
    return tf.cond(count > 0.0, lambda: total / count, lambda: 0.0)
""",
    """\
import keras
from keras import ops


class HuberLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        error = ops.abs(y_true - y_pred)
        return ops.mean(ops.where(error < 1.0, 0.5 * ops.square(error), error - 0.5), axis=-1)
""",
)
MISSES = (
    """\
import tensorflow as tf
from masks_package import usable


def masked_loss(y_true, y_pred):
    inverse = tf.abs(y_true - y_pred) / y_pred
    keep = usable(y_pred)
    return tf.reduce_mean(tf.where(keep, inverse, 0.0), axis=-1)  # here
""",
)
HELP = (
    "make the argument harmless before the function sees it, with the same condition: `where(c, f(where(c, x, 1.0)), 0.0)`; or use "
    "`divide_no_nan` or `xlogy`"
)
HIDING = "this selection hides the value, not the gradient"


def _hidden(trace: Trace, node: Node) -> tuple[Singularity, Node] | None:
    """A pole of a value that a selection hides in that column, and the selection; one that every mode meets is preferred."""
    found: tuple[Singularity, Node] | None = None
    for column in range(ORDINARY):
        for at in singular(node, column):
            if trace.live(column, node) or (node.operation in LOGARITHMS and at.at != 0) or not trace.leaves(column, at.operand):
                continue
            selection = trace.hidden_by(column, node)
            if selection is None:
                continue
            if not at.pole.quiet:
                return at, selection
            found = found or (at, selection)
    return found


def check(trace: Trace) -> Iterator[Report]:
    """Every pole in a branch that `where` does not take there, with a gradient through it."""
    if trace.loss.metric:
        return
    for node in trace.flowing():
        hidden = _hidden(trace, node)
        if hidden is None:
            continue
        at, selection = hidden
        mode = " (under XLA, the default on a GPU; eager mode gives 0)" if at.pole.quiet else ""
        point = f"{quoted(at.operand)} is {at.at:.2g}{situation(at.operand, at.column)}"
        message = (
            f"{quoted(node)} has no finite derivative where {point}, and {quoted(selection)} only hides its value there: "
            f"0 times infinity makes the gradient NaN{mode}; the argument itself has no guard"
        )
        yield Report(node, message, HELP, ((selection, HIDING),), trace.confidence(node), xla=at.pole.quiet)


def places(trace: Trace) -> Iterator[Node]:
    """The operations with a pole, or safe at one, that a gradient reaches through a selection."""
    inside = {id(part) for node in trace.flowing() if node.operation in EAGER for part in reach(*node.arguments[1:])}
    for node in trace.flowing() if not trace.loss.metric else ():
        entry = known(node.operation)
        if id(node) in inside and entry is not None and (entry.poles or node.operation == "divide_no_nan"):
            if node.operation != "pow" or node.arguments[1].columns.single[0] < 1:
                yield node


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether a legal batch brings the hidden operation to its pole and breaks the gradient."""
    node = report.node
    distance = size(1) if node.operation == "divide_no_nan" else to_pole(node)
    return strained(lab, node, distance, pole="what the selection hides is not finite", extreme=closest(node.arguments[0]))


def fix(trace: Trace, report: Report) -> Repair | None:
    """The double `where`: the argument is chosen by the same condition, 1 where the other branch is taken."""
    node, hidden = report.node, _hidden(trace, report.node)
    if hidden is None:
        return None
    at, selection = hidden
    branch = next((place for place in (1, 2) if len(selection.arguments) == 3 and _within(node, selection.arguments[place])), 0)
    others = [part for place, part in enumerate(selection.arguments) if place != branch]
    inner, test = argument(node, at.pole.operand), argument(selection)
    if not branch or inner is None or test is None or any(part is node for part in reach(*others)) or not _before(test, selection, node):
        return None
    entry = known(node.operation)
    if entry is None or any(pole.at == 1 for pole in entry.poles):
        return None  # 1 would be no harmless argument
    scalar = any(part.constant for part in selection.arguments[1:]) and selection.operation == "where"
    one = ("1.0",) if scalar else call("ones_like", inner)
    chosen = (test, ", ", inner, ", ", *one) if branch == 1 else (test, ", ", *one, ", ", inner)
    message = (
        "makes the argument harmless where its value is not taken, by the same condition: values stay, and the gradient is finite there"
    )
    return Repair(SAFE, message, (Change(inner, (Operation(selection.operation), "(", *chosen, ")")),))


def _within(node: Node, whole: Node) -> bool:
    """Whether one value is made of another, element by element."""

    def elementwise(part: Node) -> bool:
        entry = known(part.operation)
        return part is not node and entry is not None and entry.kind in (Kind.ELEMENTWISE, Kind.CAST, Kind.IDENTITY)

    return any(part is node for part in reach(whole, through=elementwise))


def _before(test: ast.expr, selection: Node, node: Node) -> bool:
    """Whether a condition holds the same where a value is computed, and nothing but the selection uses that value."""
    source = node.site.source
    scope = next((scope for scope in source.index.scopes if scope.name == node.site.function and scope.function), None)
    if node.site.function != selection.site.function or scope is None or scope.function is None:
        return False
    inside = set(ast.walk(selection.site.syntax))
    if node.site.syntax in inside:
        return True
    parts = list(ast.walk(scope.function))
    names = [part for part in parts if isinstance(part, ast.Name)]
    made = [p for p in parts if isinstance(p, ast.Assign) and len(p.targets) == 1 and node.site.syntax in set(ast.walk(p.value))]
    if len(made) != 1 or not isinstance(made[0].targets[0], ast.Name):
        return False
    target = made[0].targets[0].id
    bound = [(part.id, part.lineno) for part in names if not isinstance(part.ctx, ast.Load)]
    for name in {part.id for part in ast.walk(test) if isinstance(part, ast.Name)}:
        lines = [line for other, line in bound if other == name]
        if len(lines) > (name not in scope.parameters) or any(line >= made[0].lineno for line in lines):
            return False
    return all(part in inside for part in names if part.id == target and isinstance(part.ctx, ast.Load))


RULE = Rule(
    "LL304",
    "where-trap",
    Severity.WARNING,
    check,
    BAD,
    GOOD,
    MISSES,
    supersedes=("unguarded-log", "unguarded-division", "singular-gradient"),
    confirm=confirm,
    fix=fix,
    places=places,
)
