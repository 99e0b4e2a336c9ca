"""LL303 rounded-away-guard: a guard against log(0) that float32 rounds away.

## What it does

Reports a logarithm that has a guard, such as a clip or a small number added, when the guard works in exact arithmetic and
not in float32, the type that losses are computed in, or in the one that the option `dtype` names.

## Why is this bad

float32 has about seven digits. `1 - 1e-8` is 1, so `1 - clip(p, 1e-8, 1 - 1e-8)` is 0 for a sure prediction, and its
logarithm is `-inf`. The code looks guarded and is not: the loss turns into NaN late in training, when predictions get sure.
TensorFlow also flushes numbers below 1.2e-38 to 0, so `p + 1e-40` adds nothing.

## Example

```python
import tensorflow as tf


def binary_loss(y_true, y_pred):
    p = tf.clip_by_value(y_pred, 1e-8, 1 - 1e-8)
    return -tf.reduce_mean(y_true * tf.math.log(p) + (1 - y_true) * tf.math.log(1 - p), axis=-1)
```

## Use instead

```python
import tensorflow as tf


def binary_loss(y_true, y_pred):
    p = tf.clip_by_value(y_pred, 1e-7, 1 - 1e-7)
    return -tf.reduce_mean(y_true * tf.math.log(p) + (1 - y_true) * tf.math.log(1 - p), axis=-1)
```

Where the small number must stay that small, bound the difference itself: `tf.maximum(1 - p, 1e-8)`. Adding it last,
`1 - p + 1e-8`, helps in eager mode only: in a graph, as in `fit`, TensorFlow adds the two numbers first.

## What it does not flag

* Guards that float32 keeps: 1e-7 beside 1, or 1e-8 beside 0.
* Logarithms without a guard: LL301 reports them.

## Fix safety

Unsafe: `maximum(…, 1e-7)` (in float16 `1e-4`) around the argument bounds the loss of very sure predictions, which was larger or infinite before.

## How it is confirmed

As for LL301: a legal batch on which the argument is 0 in float32 breaks the loss. The same batch in float64, where the guard
works, does not.

## Known misses

* A guard inside a function that losslint cannot read.
* A guard that float32 keeps, in a model that computes in float16, unless the option `dtype` says so.

## References

* IEEE 754: float32 has 24 binary digits; the number before 1 is 1 - 6e-8.
* Goldberg, *What every computer scientist should know about floating-point arithmetic*, ACM Computing Surveys 23, 1991.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Lab, Run, Tensor, refuted, undecided
from losslint.finding import Severity, Verdict
from losslint.repair import UNSAFE, Change, Repair, argument, call
from losslint.rule import Report, Rule, quoted

from .guard import reason, situation
from .logarithm import consequence, logarithms, poles
from .narrow import Precision, lost
from .straining import MODES, broken, least, smallest, strained

BAD = (
    """\
import tensorflow as tf


def binary_loss(y_true, y_pred):
    p = tf.clip_by_value(y_pred, 1e-8, 1 - 1e-8)
    hits = y_true * tf.math.log(p)
    return -tf.reduce_mean(hits + (1 - y_true) * tf.math.log(1 - p), axis=-1)  # here
""",
    """\
from tensorflow.keras import backend as K


def miss_loss(y_true, y_pred):
    return -K.mean((1.0 - y_true) * K.log(1e-10 + 1 - y_pred), axis=-1)  # here
""",
    """\
import keras
from keras import ops


class Misses(keras.losses.Loss):
    def __init__(self, epsilon=1e-8, **kwargs):
        super().__init__(**kwargs)
        self.epsilon = epsilon

    def call(self, y_true, y_pred):
        lifted = y_pred + self.epsilon
        return -ops.mean((1.0 - y_true) * ops.log(1.0 - lifted), axis=-1)  # here

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
""",
    """\
import tensorflow as tf


def cross_entropy(y_true, y_pred):
    return -tf.reduce_sum(y_true * tf.math.log(y_pred + 1e-40), axis=-1)  # here
""",
    """\
import tensorflow as tf

TINY = 1e-45


def likelihood(y_true, y_pred):
    return -tf.reduce_mean(tf.math.log(tf.maximum(y_pred, TINY)), axis=-1)  # here
""",
)
GOOD = (
    """\
import tensorflow as tf


def binary_loss(y_true, y_pred):
    p = tf.clip_by_value(y_pred, 1e-7, 1 - 1e-7)
    return -tf.reduce_mean(y_true * tf.math.log(p) + (1 - y_true) * tf.math.log(1 - p), axis=-1)
""",
    """\
from tensorflow.keras import backend as K


def miss_loss(y_true, y_pred):
    return -K.mean((1.0 - y_true) * K.log(K.maximum(1 - y_pred, 1e-8)), axis=-1)
""",
    """\
import tensorflow as tf


def cross_entropy(y_true, y_pred):
    return -tf.reduce_sum(y_true * tf.math.log(y_pred + 1e-30), axis=-1)
""",
    """\
import keras
from keras import ops


class Hits(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return -ops.mean(y_true * ops.log(ops.clip(y_pred, 1e-8, 1 - 1e-8)), axis=-1)
""",
    """\
import tensorflow as tf


def cross_entropy(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(y_pred), axis=-1)
""",
)
MISSES = (
    """\
import tensorflow as tf
from guards_package import lifted


def miss_loss(y_true, y_pred):
    return -tf.reduce_mean(tf.math.log(1.0 - lifted(y_pred, 1e-8)), axis=-1)  # here
""",
)
HELP = (
    "use a guard that float32 keeps: 1e-7 instead of a smaller number beside 1, at least 1e-37 beside 0; or bound the difference "
    "itself, as in `maximum(1 - p, 1e-8)`"
)
NARROW_HELP = "cast to float32 before the logarithm, or use a guard that {} keeps: `maximum(x, {})` around the argument"


def check(trace: Trace) -> Iterator[Report]:
    """Every logarithm whose guard is there in float64 and gone in float32."""
    for pole in poles(trace):
        if pole.guard is None:
            continue
        why = reason(pole.guard, pole.column) or "what it adds is lost in a later step: float32 has seven digits"
        message = (
            f"{quoted(pole.guard)} holds a guard that float32 loses ({why}): "
            f"{quoted(pole.operand)} is {pole.value:.2g}{situation(pole.operand, pole.column)}, and {consequence(pole)}"
        )
        yield Report(pole.node, message, HELP, ((pole.guard, why),), trace.confidence(pole.node))
    precision = trace.options(Precision)
    for node, guard, column in lost(trace):
        operand = node.arguments[0]
        message = (
            f"{quoted(guard)} holds a guard that {precision.dtype} loses, the type that the settings name: "
            f"{quoted(operand)} is 0{situation(operand, column)}, and log(0) is -inf: the loss becomes infinite or NaN"
        )
        help_ = NARROW_HELP.format(precision.dtype, precision.guard)
        yield Report(node, message, help_, ((guard, f"{precision.dtype} loses it"),), trace.confidence(node))


def _kept(single: Run, double: Run) -> float | None:
    """What float64 makes of an argument that is 0 in float32, where that is something else."""
    for one, two in zip(single.probes, double.probes, strict=False):
        if one.operands and two.operands and one.operands[0] is not None and two.operands[0] is not None:
            pairs = zip(one.operands[0].values, two.operands[0].values, strict=True)
            if (found := next((exact for rounded, exact in pairs if rounded == 0 and exact != 0), None)) is not None:
                return found
    return None


def _narrowed(batch: Batch, dtype: str) -> Batch:
    """A batch of a narrower type."""
    floats = {name: Tensor(tensor.shape, tensor.values, dtype) for name, tensor in batch.inputs.items() if tensor.dtype == "float32"}
    return batch.having(f"{batch.words} in {dtype}".strip(), batch.domain, **floats)


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether a legal batch breaks the loss in float32, or in the type that the settings name, and not in float64."""
    node, dtype = report.node, lab.options(Precision).dtype
    for batch in lab.edges() if dtype != "float32" else ():
        run = lab.run(_narrowed(batch, dtype), at=node)
        if run.broken and (kept := _kept(run, lab.run(batch, at=node))) is not None:
            return broken(run, f"the argument is 0 in {dtype}, {kept:.3g} in float32: the guard is gone")
    for mode, batch in ((mode, batch) for mode in MODES for batch in lab.edges()):
        run = lab.run(batch, at=node, mode=mode)
        if run.broken and (kept := _kept(run, lab.run(batch, at=node, dtype="float64"))) is not None:
            return broken(run, f"the argument is 0 in float32, {kept:.3g} in float64: the guard is gone")
    verdict = strained(lab, node, smallest(0), pole="the argument is 0 or negative", extreme=least(node.arguments[0]))
    if verdict.status != "confirmed":
        return verdict
    if not report.because:
        return refuted("the argument is 0 in float64 too: there is no guard that was lost", lab.run(lab.batch))
    return undecided(
        f"{verdict.reason}, in float64 too, so that no guard was rounded away there; declare the inputs (`# losslint: inputs …`)"
    )


def fix(trace: Trace, report: Report) -> Repair | None:
    """A `maximum` around the argument, which float32 keeps whatever was added or clipped before."""
    inner = argument(report.node)
    if inner is None:
        return None
    precision = trace.options(Precision)
    message = (
        f"keeps the argument at {precision.guard} or above in {precision.dtype} too: the loss of very sure predictions becomes "
        f"finite, up to {-math.log(float(precision.guard)):.1f}"
    )
    return Repair(UNSAFE, message, (Change(inner, call("maximum", inner, precision.guard)),))


RULE = Rule(
    "LL303",
    "rounded-away-guard",
    Severity.ERROR,
    check,
    BAD,
    GOOD,
    MISSES,
    supersedes=("where-trap", "unguarded-log", "unguarded-division", "singular-gradient"),
    confirm=confirm,
    fix=fix,
    places=logarithms,
    options=Precision,
)
