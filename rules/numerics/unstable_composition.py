"""LL307 unstable-composition: a logarithm of an exponential that is computed in two steps.

## What it does

Reports `log(softmax(x))`, `log(sigmoid(x))`, `log(sum(exp(x)))`, `log(1 + exp(x))`, and the softmax that is written by hand, or a
sigmoid by hand inside a logarithm.

## Why is this bad

`exp` overflows float32 above 88 and is 0 below -104, whatever becomes of the result. `log(1 + exp(100))` is infinite where the
right answer is 100, and `log(softmax(x))` is `-inf` for a class whose logit lies 104 below the largest. Logits of that size
are common in a model that trains well, or that has just met a bad batch. A small number added to the softmax hides the
infinity and stops the gradient instead. TensorFlow has each of these compositions as one function, exact everywhere.

## Example

```python
import tensorflow as tf


def cross_entropy(y_true, logits):
    return -tf.reduce_sum(y_true * tf.math.log(tf.nn.softmax(logits)), axis=-1)
```

## Use instead

```python
import tensorflow as tf


def cross_entropy(y_true, logits):
    return -tf.reduce_sum(y_true * tf.nn.log_softmax(logits), axis=-1)
```

The others are `tf.math.log_sigmoid(x)`, `tf.reduce_logsumexp(x)` and `tf.math.softplus(x)`; `log(1 - sigmoid(x))` is
`log_sigmoid(-x)`.

## What it does not flag

* Exponentials shifted by their own largest element: `log(sum(exp(x - max(x)))) + max(x)`.
* Exponentials of something bounded, such as cosines divided by a temperature.
* `log(softmax(x) + eps)` and `log(clip(softmax(x), eps, 1))`: these are finite.
* `exp(log_variance)`, and anything else that is not inside a logarithm.

## Fix safety

Safe: `log_softmax`, `log_sigmoid` and `softplus` are the same functions, computed in one step.

## How it is confirmed

The loss is run on predictions of up to 100 and -100, in float32 and in float64, and the expression is watched. Confirmed: it is finite in
float64 and not in float32. Refuted: it is finite in both, in eager mode, in a graph and under XLA.

## Known misses

* Mixtures: `log(sum(weights * exp(-distance)))` with trained weights.
* A softmax inside a function that losslint cannot read.

## References

* TensorFlow, *tf.nn.log_softmax*. https://www.tensorflow.org/api_docs/python/tf/nn/log_softmax
* Blanchard, Higham and Higham, *Accurately computing the log-sum-exp and softmax functions*, IMA Journal of Numerical Analysis
  41, 2021.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator
from dataclasses import dataclass

from losslint.analysis.bounds import bare, bounds, chosen, is_shift, largest_of
from losslint.analysis.node import Gradient, Node
from losslint.analysis.trace import Trace
from losslint.experiment import Lab, Undecided, confirmed, refuted
from losslint.finding import Severity, Verdict
from losslint.repair import SAFE, Change, Repair, added_to_one, argument, call
from losslint.rule import Report, Rule, quoted

from .logarithm import LOGARITHMS
from .straining import LARGE, MODES, logits

BAD = (
    """\
import tensorflow as tf


def cross_entropy(y_true, logits):
    return -tf.reduce_sum(y_true * tf.math.log(tf.nn.softmax(logits)), axis=-1)  # here
""",
    """\
from tensorflow.keras import backend as K


def binary_loss(y_true, y_pred):
    p = K.sigmoid(y_pred)
    hits = y_true * K.log(p)  # here
    misses = (1.0 - y_true) * K.log(1.0 - p)  # here
    return -K.mean(hits + misses, axis=-1)
""",
    """\
import keras
from keras import ops


class RankingLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.log(1.0 + ops.exp(-y_true * y_pred)), axis=-1)  # here
""",
    """\
import tensorflow as tf


def partial_likelihood(y_true, y_pred):
    risk = tf.math.log(tf.cumsum(tf.exp(y_pred)))  # here
    return -tf.reduce_mean((y_pred - risk) * y_true)
""",
    """\
import tensorflow as tf


def own_softmax(x):
    raised = tf.exp(x)
    return raised / tf.reduce_sum(raised, axis=-1, keepdims=True)  # here


def cross_entropy(y_true, logits):
    return -tf.reduce_sum(y_true * tf.math.log(own_softmax(logits) + 1e-7), axis=-1)
""",
    """\
import tensorflow as tf


def margin_loss(y_true, y_pred):
    return tf.reduce_mean(tf.math.log1p(tf.exp(y_pred - y_true)), axis=-1)  # here
""",
)
GOOD = (
    """\
import tensorflow as tf


def cross_entropy(y_true, logits):
    return -tf.reduce_sum(y_true * tf.nn.log_softmax(logits), axis=-1)
""",
    """\
import tensorflow as tf


def cross_entropy(y_true, logits):
    top = tf.reduce_max(logits, axis=-1, keepdims=True)
    total = tf.math.log(tf.reduce_sum(tf.exp(logits - top), axis=-1, keepdims=True))
    return -tf.reduce_sum(y_true * (logits - top - total), axis=-1)
""",
    """\
from tensorflow.keras import backend as K


def binary_loss(y_true, y_pred):
    p = K.clip(K.sigmoid(y_pred), K.epsilon(), 1.0 - K.epsilon())
    return -K.mean(y_true * K.log(p) + (1.0 - y_true) * K.log(1.0 - p), axis=-1)
""",
    """\
import tensorflow as tf


def contrastive_loss(queries, keys, temperature=0.1):
    cosines = tf.matmul(tf.nn.l2_normalize(queries, axis=-1), tf.nn.l2_normalize(keys, axis=-1), transpose_b=True)
    raised = tf.exp(cosines / temperature)
    return tf.reduce_mean(tf.math.log(tf.reduce_sum(raised, axis=-1)) - tf.linalg.diag_part(cosines) / temperature)
""",
    """\
import keras
from keras import ops


class Divergence(keras.losses.Loss):
    def call(self, y_true, y_pred):
        mean, log_variance = ops.split(y_pred, 2, axis=-1)
        return -0.5 * ops.mean(1.0 + log_variance - ops.square(mean) - ops.exp(log_variance), axis=-1)
""",
)
MISSES = (
    """\
import tensorflow as tf


def mixture_loss(y_true, y_pred):
    weights, means = tf.split(y_pred, 2, axis=-1)
    weights = tf.nn.softplus(weights) + 0.1
    return -tf.math.log(tf.reduce_sum(weights * tf.exp(-tf.square(y_true - means)), axis=-1))  # here
""",
)
OVERFLOW, UNDERFLOW = 80.0, -80.0  # exponents within are safe in float32, sums included
PARTS = frozenset({"add", "sum", "mean", "cumsum", "pack", "concat", "stack", "max"})
GUARDS = frozenset({"add", "clip", "maximum"})
FIXED = "the same value, also where the steps overflow or vanish"


@dataclass(frozen=True, slots=True)
class Unstable:
    """What is wrong with a composition: the inner value, what becomes of it, and the function that does all steps."""

    inner: Node
    what: str
    instead: str


def _one(node: Node) -> bool:
    return node.operation in ("ones_like", "ones") or (node.constant and set(node.columns.double) == {1.0})


def _exponentials(node: Node) -> tuple[list[Node], bool]:
    """The exponentials that a value is a sum of, none if it is anything else; and whether constants are added to them."""
    found: list[Node] = []
    added, stack = False, [node]
    while stack:
        part = bare(stack.pop())
        if part.operation == "exp":
            found.append(part)
        elif _one(part) or part.constant:
            added = True
        elif part.operation == "multiply" and any(_weight(a) for a in part.arguments):
            stack.extend(a for a in part.arguments if not _weight(a))
        elif part.operation in PARTS:
            stack.extend(part.arguments)
        else:
            return [], added
    return found, added


def _weight(node: Node) -> bool:
    """A factor that only selects or scales: a mask, a setting."""
    low, high = bounds(node)
    return node.constant or (low >= 0 and high <= 1 and node.gradient == 0)


def _overflowing(raised: list[Node]) -> Node | None:
    return next((node for node in raised if bounds(node.arguments[0])[1] > OVERFLOW and not is_shift(node.arguments[0])), None)


def _underflowing(raised: list[Node]) -> Node | None:
    """The exponential that can be 0 with all the others; one shifted by its largest element cannot."""
    exponents = [chosen(exponent) for r in raised for exponent in r.arguments]
    if any(part.operation == "subtract" and largest_of(part.arguments[1], part.arguments[0]) for part in exponents):
        return None
    low = [node for node in raised if bounds(node.arguments[0])[0] < UNDERFLOW]
    return low[0] if low and len(low) == len(raised) else None


def _sums(operand: Node, always_added: bool) -> Unstable | None:
    """`log(sum(exp(x)))` and `log(1 + exp(x))`."""
    raised, added = _exponentials(operand)
    single = len(raised) == 1 and bare(operand) is raised[0]
    if not raised or (single and not always_added):
        return None
    instead = "softplus(x)" if single or (added and len(raised) == 1 and bare(operand).operation == "add") else "logsumexp(x)"
    if (node := _overflowing(raised)) is not None:
        return Unstable(node, f"{quoted(node)} overflows float32 above 88, and the logarithm of infinity is infinite", instead)
    if not added and not always_added and (node := _underflowing(raised)) is not None:
        return Unstable(node, f"{quoted(node)} is 0 in float32 below -104, and log(0) is -inf", instead)
    return None


def _softmax(node: Node) -> Unstable | None:
    """A softmax written as a quotient of exponentials: infinity by infinity is NaN, and no guard around it helps."""
    if node.operation != "divide" or bare(node.arguments[1]).operation == "exp":
        return None  # the quotient of two exponentials is a ratio of scales, such as of variances
    above, inner = (_overflowing(_exponentials(part)[0]) for part in node.arguments[:2])
    what = "overflows float32 above 88, and infinity divided by infinity is NaN"
    return Unstable(inner, f"{quoted(inner)} {what}", "softmax(x)") if above is not None and inner is not None else None


def _sigmoid(operand: Node) -> Unstable | None:
    """A sigmoid written as a quotient: its gradient is NaN where the exponential is infinite; a guard around it comes too late."""
    if operand.marked("numpy") or operand.gradient is not Gradient.FLOWS:
        return None
    while operand.operation in GUARDS and sum(not a.constant for a in operand.arguments) == 1:
        operand = bare(next(a for a in operand.arguments if not a.constant))
    if operand.operation != "divide" or not operand.arguments[0].constant:
        return None
    inner = _overflowing(_exponentials(operand.arguments[1])[0])
    what = "overflows float32 above 88, before any guard outside can help"
    return Unstable(inner, f"{quoted(inner)} {what}", "log_sigmoid(x)") if inner is not None else None


def _activated(operand: Node) -> Unstable | None:
    """`log(softmax(x))`, `log(sigmoid(x))` and `log(1 - sigmoid(x))`."""
    if operand.operation == "subtract" and _one(operand.arguments[0]) and (inner := bare(operand.arguments[1])).operation == "sigmoid":
        return Unstable(inner, f"{quoted(inner)} is exactly 1 in float32 above 17, and log(0) is -inf", "log_sigmoid(-x)")
    if operand.operation in ("sigmoid", "softmax"):
        what = f"{quoted(operand)} is exactly 0 in float32 for large logits, and log(0) is -inf"
        return Unstable(operand, what, f"log_{operand.operation}(x)")
    return None


def _unstable(node: Node) -> Unstable | None:
    if node.operation not in LOGARITHMS | {"log1p"} or not node.arguments or node.arguments[0].constant:
        return _softmax(node)
    operand = bare(node.arguments[0])
    plain = node.operation in LOGARITHMS
    return (_activated(operand) or _sigmoid(operand) if plain else None) or _sums(operand, always_added=not plain)


def check(trace: Trace) -> Iterator[Report]:
    """Every logarithm of an exponential that overflows or vanishes on the way, and every softmax by hand."""
    for node in trace.reached(1):
        if (found := _unstable(node)) is not None:
            message = f"{quoted(node)} is computed in steps: {found.what}; the function that does all of it was not used"
            help_ = f"write `{found.instead}` of the same backend"
            yield Report(node, message, help_, ((found.inner, "the first step"),), trace.confidence(node))


def places(trace: Trace) -> Iterator[Node]:
    """The logarithms of data."""
    for node in trace.reached(1):
        if node.operation in LOGARITHMS | {"log1p"} and node.arguments and not node.arguments[0].constant:
            yield node


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the expression is finite in float64 and not in float32 on logits of 100 and -100."""
    compared = 0
    for mode, batch in ((mode, batch) for mode in MODES for batch in logits(lab.batch)):
        single = lab.run(batch, at=report.node, mode=mode)
        double = lab.run(batch, at=report.node, dtype="float64")
        for one, two in zip(single.probes, double.probes, strict=False):
            if one.result is None or two.result is None:
                continue
            for rounded, exact in zip(one.result.values, two.result.values, strict=True):
                compared += 1
                if math.isfinite(exact) and not math.isfinite(rounded):
                    reason = f"the expression is {rounded:g} in float32 and {exact:.4g} in float64 on the same inputs"
                    return confirmed(reason, single, value={"float32": rounded, "float64": exact}, expected=exact)
    if not compared:
        raise Undecided("the expression was not computed on any batch; it may stand behind an option: call the loss with it in the file")
    return refuted(f"float32 is finite wherever float64 is, on predictions up to {LARGE[-1]:g} too", lab.run(lab.batch))


def fix(trace: Trace, report: Report) -> Repair | None:
    """The function that does all steps, where they stand one in the other."""
    step, syntax, inner = report.because[0][0], report.node.site.syntax, argument(report.node)
    first, x = step.site.syntax, argument(step)
    if report.node.operation != "log" or not isinstance(syntax, ast.Call) or not isinstance(first, ast.Call) or x is None:
        return None
    log = inner is first and step.operation in ("softmax", "sigmoid") and len(first.args + first.keywords) == 1
    softplus = step.operation == "exp" and added_to_one(inner) is first
    return Repair(SAFE, FIXED, (Change(syntax, call(f"log_{step.operation}" if log else "softplus", x)),)) if log or softplus else None


RULE = Rule(
    "LL307",
    "unstable-composition",
    Severity.WARNING,
    check,
    BAD,
    GOOD,
    MISSES,
    confirm=confirm,
    fix=fix,
    places=places,
    supersedes=("rounded-away-guard", "where-trap", "unguarded-log", "unguarded-division", "singular-gradient", "inexact-log1p"),
)
