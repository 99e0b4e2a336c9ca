"""LL404 wrong-custom-gradient: the gradient that a function registers is not its derivative.

## What it does

Asks a real run about every function with a `tf.custom_gradient` through which a loss reads the prediction: its registered
gradient is compared with differences of its own values. It reports the functions where the two are different
numbers, and those whose gradient is the same whatever gradient arrives. It reports nothing without `--confirm`.

## Why is this bad

Training follows the registered gradient, whatever the function computes. A factor, a sign or a term of the derivative that is
missing there changes the direction of every step, and nothing fails: the loss is right, only what is learnt from it is not.
A gradient that is not multiplied by the one that arrives is wrong as soon as the value is averaged, weighted or added to
another, because then the gradient that arrives is not 1.

## Example

```python
import tensorflow as tf


@tf.custom_gradient
def stable_log_cosh(x):
    def backwards(upstream):
        return tf.math.tanh(x)

    return tf.abs(x) + tf.math.softplus(-2.0 * tf.abs(x)) - tf.math.log(2.0), backwards


def log_cosh_loss(y_true, y_pred):
    return tf.reduce_mean(stable_log_cosh(y_pred - y_true), axis=-1)
```

## Use instead

The derivative, multiplied by the gradient that arrives:

```python
import tensorflow as tf


@tf.custom_gradient
def stable_log_cosh(x):
    def backwards(upstream):
        return upstream * tf.math.tanh(x)

    return tf.abs(x) + tf.math.softplus(-2.0 * tf.abs(x)) - tf.math.log(2.0), backwards


def log_cosh_loss(y_true, y_pred):
    return tf.reduce_mean(stable_log_cosh(y_pred - y_true), axis=-1)
```

## What it does not flag

* A function that returns what it was given: another gradient is its purpose (reversed, scaled or clipped gradients).
* A function with a step in it (`round`, `sign`, a comparison, `stop_gradient`): its gradient is a substitute.
* Elements where the function is flat or has a kink, and those whose registered gradient is 0 or missing.
* A gradient that is clipped or normalised on its way back, and is right where the gradient that arrives is small.

Where another gradient is meant all the same, say so: `# losslint: ignore[wrong-custom-gradient] the reason`.

## Fix safety

There is no automatic repair.

## How it is confirmed

The function is called on what the loss gives it, on several batches, in float64 where its code allows that. Up to 24 elements of
each operand are moved by 0.00001 (0.01 in float32) and by half of that; where both differences agree, they are the derivative.
The registered gradient must be the same within 2 %, and it must follow the gradient that arrives: a thousandth of it, and the
same with the other sign.

## Known misses

* `tf.custom_gradient` that is called on a function in place of decorating it.
* A function that loses its gradient altogether: blocked-gradient is about those.

## References

* TensorFlow, *tf.custom_gradient*. https://www.tensorflow.org/api_docs/python/tf/custom_gradient
* J. Nocedal, S. Wright, *Numerical Optimization*, section 8.1: finite-difference derivative approximations.
"""

from __future__ import annotations

from collections.abc import Iterator

from losslint.analysis.node import Gradient, Node, reach
from losslint.analysis.trace import Trace
from losslint.experiment import Lab, Slope, Undecided, confirmed, refuted
from losslint.finding import Severity, Verdict
from losslint.rule import Report, Rule, quoted

from .evidence import confidence

BAD = (
    """\
import tensorflow as tf


@tf.custom_gradient
def stable_log_cosh(x):
    def backwards(upstream):
        return tf.math.tanh(x)

    return tf.abs(x) + tf.math.softplus(-2.0 * tf.abs(x)) - tf.math.log(2.0), backwards


def log_cosh_loss(y_true, y_pred):
    return tf.reduce_mean(stable_log_cosh(y_pred - y_true), axis=-1)  # here
""",
    """\
import tensorflow as tf


@tf.custom_gradient
def squared(x):
    return x * x, lambda upstream: upstream * x


class SquaredLoss(tf.keras.losses.Loss):
    def call(self, y_true, y_pred):
        return tf.reduce_mean(squared(y_true - y_pred), axis=-1)  # here
""",
    """\
import tensorflow as tf


def make_loss(margin):
    @tf.custom_gradient
    def soft_hinge(signs, scores):
        value = tf.math.softplus(margin - signs * scores)

        def backwards(upstream):
            slope = upstream * tf.math.sigmoid(margin - signs * scores)
            return None, slope * signs

        return value, backwards

    def margin_loss(y_true, y_pred):
        return tf.reduce_mean(soft_hinge(2.0 * y_true - 1.0, y_pred), axis=-1)  # here

    return margin_loss


loss = make_loss(margin=1.0)
""",
    """\
import tensorflow as tf
from tensorflow.keras import backend as K


@tf.custom_gradient
def entropy(probabilities, floor=1e-3):
    safe = K.maximum(probabilities, floor)

    def backwards(upstream):
        return -upstream * K.log(safe)

    return -safe * K.log(safe), backwards


def confidence_loss(y_true, y_pred):
    rows = tf.keras.losses.categorical_crossentropy(y_true, y_pred)
    return rows + 0.1 * K.sum(entropy(y_pred), axis=-1)  # here
""",
)
GOOD = (
    """\
import tensorflow as tf


@tf.custom_gradient
def stable_log_cosh(x):
    def backwards(upstream):
        return upstream * tf.math.tanh(x)

    return tf.abs(x) + tf.math.softplus(-2.0 * tf.abs(x)) - tf.math.log(2.0), backwards


def log_cosh_loss(y_true, y_pred):
    return tf.reduce_mean(stable_log_cosh(y_pred - y_true), axis=-1)
""",
    """\
import tensorflow as tf


@tf.custom_gradient
def binarise(values):
    return tf.sign(values) * tf.reduce_mean(tf.abs(values)), lambda upstream: upstream


def binary_code_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - binarise(y_pred)), axis=-1)
""",
    """\
import tensorflow as tf


@tf.custom_gradient
def reversed_gradient(x):
    return tf.identity(x), lambda upstream: -0.1 * upstream


def confusion_loss(y_true, y_pred):
    return tf.keras.losses.binary_crossentropy(y_true, reversed_gradient(y_pred))
""",
    """\
import tensorflow as tf


@tf.custom_gradient
def grown(x):
    value = tf.exp(x)
    return value, lambda upstream: tf.clip_by_value(upstream * value, -0.1, 0.1)


def growth_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - grown(y_pred)), axis=-1)
""",
    """\
import tensorflow as tf


@tf.custom_gradient
def root(x):
    value = tf.sqrt(tf.nn.relu(x))
    return value, lambda upstream: tf.where(x > 0.0, upstream / (2.0 * value + 1e-6), tf.zeros_like(x))


def distance_loss(y_true, y_pred):
    return root(tf.reduce_sum(tf.square(y_true - y_pred), axis=-1))
""",
)
MISSES = (
    """\
import tensorflow as tf

doubled = tf.custom_gradient(lambda x: (2.0 * x, lambda upstream: upstream))


def scaled_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - doubled(y_pred)), axis=-1)  # here
""",
)
SMOOTH, WRONG = 1e-3, 2e-2  # relative: of two differences, and of a derivative and its difference
NOTHING = 1e-6  # a derivative below it is none
LEAST_BATCHES = 2
STEPS = frozenset({"numpy_function", "py_function"})  # of which TensorFlow has no gradient, and the function gives it one
HELP = "return the derivative of the value, multiplied by the gradient that arrives; where another one is meant, ignore this with a reason"


def check(trace: Trace) -> Iterator[Report]:
    """Every function with a gradient of its own through which the loss reads the prediction."""
    for node in places(trace):
        message = f"{quoted(node)} has a gradient of its own that is not its derivative: training follows another slope than the loss has"
        yield Report(node, message, HELP, (), confidence(trace))


def places(trace: Trace) -> list[Node]:
    """Their calls, but of functions with a step in them: the gradient of those is a substitute."""
    if trace.loss.metric:
        return []
    found = [effect for effect in trace.effects if effect.operation == "custom_gradient"]
    return [node for node in found if any(map(_flows, node.arguments[1:])) and not _stepped(node)]


def _flows(node: Node) -> bool:
    return node.gradient is Gradient.FLOWS


def _stepped(call: Node) -> bool:
    """Whether a gradient ends between what a call was given and what it returned."""
    value, given = call.arguments[0], {id(operand) for operand in call.arguments[1:]}
    inside = reach(value, through=lambda node: id(node) not in given)
    return any(
        node.gradient is Gradient.BLOCKED and node.operation not in STEPS and any(map(_flows, node.arguments))
        for node in inside
        if id(node) not in given
    )


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the registered gradient is another number than differences of the function's values, on several batches."""
    wrong, compared, returned = [], 0, False
    for batch in lab.contents():
        found = lab.slopes(batch, report.node)
        returned = returned or any(part.returned for part in found)
        slopes = [slope for part in found if not part.returned for slope in part.slopes if _tells(slope)]
        compared += len(slopes)
        bad = [slope for slope in slopes if _wrong(slope)]
        if bad and 2 * len(bad) >= len(slopes):
            wrong.append((batch, max(bad, key=lambda slope: abs(slope.registered - slope.halved))))
    if len(wrong) >= LEAST_BATCHES:
        batch, worst = wrong[0]
        run = lab.run(batch, at=report.node)
        deaf = " and does not follow the gradient that arrives" if _deaf(worst) else ""
        reason = f"the registered gradient is {worst.registered:.4g}{deaf}; differences of the function's values give {worst.halved:.4g}"
        told = {"registered": worst.registered, "measured": worst.halved}
        return confirmed(f"{reason} ({len(wrong)} batches)", run, value=told, expected=worst.halved)
    if wrong:
        raise Undecided("the registered gradient is another one on a single batch; declare the inputs (`# losslint: inputs …`)")
    if not compared and not returned:
        raise Undecided("the function is flat or has kinks wherever it was tried; declare the inputs (`# losslint: inputs …`)")
    why = "it returns what it was given" if not compared else "the registered gradient is the slope of the function"
    return refuted(f"{why}, on all batches", lab.run(lab.batch))


def _tells(slope: Slope) -> bool:
    """Whether the function is smooth and not flat at an element, and has a gradient there."""
    smooth = abs(slope.measured - slope.halved) <= SMOOTH * abs(slope.halved)
    return smooth and abs(slope.halved) > NOTHING and abs(slope.registered) > NOTHING


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= WRONG * max(abs(one), abs(other))


def _deaf(slope: Slope) -> bool:
    """Whether the gradient is the same whatever gradient arrives."""
    return _near(slope.registered, slope.weak / 1000) and _near(slope.registered, -slope.reversed)


def _wrong(slope: Slope) -> bool:
    """Whether the gradient is not the slope, and is linear in what arrives, or does not depend on it: not clipped, not normalised."""
    linear = _near(slope.registered, slope.weak) and _near(slope.registered, slope.reversed)
    return _deaf(slope) or (linear and not _near(slope.registered, slope.halved))


RULE = Rule("LL404", "wrong-custom-gradient", Severity.WARNING, check, BAD, GOOD, MISSES, proven=True, confirm=confirm, places=places)
