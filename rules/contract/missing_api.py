"""LL505 missing-api: the loss calls a function that the project's own TensorFlow or Keras does not have.

## What it does

Reports the call of a name that is not in the version of TensorFlow and Keras which the project uses, as its requirements, its
lock file or the imports of the file tell: Keras 3 with today's TensorFlow, or Keras 2 with TensorFlow 2.

## Why is this bad

It raises an `AttributeError`, or an `ImportError` before that, and not before the loss runs: after the data were loaded and
the model was built. Most such names have moved. Keras 3 has no `tf.keras.losses.mean_squared_error`, and next to nothing of
`keras.backend`; TensorFlow 2 has no `tf.log`.

## Example

```python
import tensorflow as tf
from keras import ops


def log_error(y_true, y_pred):
    return tf.log(1.0 + ops.mean(ops.square(y_true - y_pred), axis=-1))
```

## Use instead

```python
import tensorflow as tf
from keras import ops


def log_error(y_true, y_pred):
    return tf.math.log1p(ops.mean(ops.square(y_true - y_pred), axis=-1))
```

## What it does not flag

* Anything where the version is not known: no requirement names it, or the requirement leaves both open. Only a name that no
  version ever had, as `tf.math.std`, is reported then.
* Names in a `try`, or behind a test of the version or of `hasattr`, and what was imported so.
* Names of other packages, and those of an `experimental` module.

## Fix safety

Safe: the function has only moved, and its new name is the same function.

## How it is confirmed

The name is looked up in the project's interpreter.

## Known misses

* A module that was assigned to another name (`losses = tf.keras.losses`).
* Parameters that a function no longer has.

## References

* Keras, *Migrating Keras 2 code to multi-backend Keras 3*. https://keras.io/guides/migrating_to_keras_3/
* TensorFlow, *Migrate to TensorFlow 2*. https://www.tensorflow.org/guide/migrate
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Lab, Raised, Run, confirmed, refuted, undecided
from losslint.finding import Confidence, Severity, Verdict
from losslint.names import dotted
from losslint.operations.availability import GENERATIONS, missing, today
from losslint.repair import SAFE, Change, Moved, Repair
from losslint.rule import Report, Rule, quoted

BAD = (
    """\
import tensorflow as tf
from keras import ops


def log_error(y_true, y_pred):
    return tf.log(2.0 + ops.mean(ops.square(y_true - y_pred), axis=-1))  # here
""",
    """\
import keras
import tensorflow as tf


def scaled_error(y_true, y_pred):
    rows = tf.keras.losses.mean_squared_error(y_true, y_pred)  # here
    return keras.ops.sqrt(rows + 1e-6)
""",
    """\
import tensorflow as tf
import tf_keras


def squared_log_error(y_true, y_pred):
    error = tf.log1p(y_true) - tf.log1p(y_pred)  # here
    return tf.reduce_mean(tf.square(error), axis=-1)


model = tf_keras.Sequential([tf_keras.layers.Dense(1)])
model.compile(loss=squared_log_error)
""",
    """\
from keras import backend as K
from keras import ops


def margin_loss(y_true, y_pred):
    inside = K.maximum(1.0 - y_true * y_pred, 0.0)  # here
    return ops.mean(inside, axis=-1)
""",
    """\
import tensorflow as tf


def average_loss(y_true, y_pred):
    return tf.math.mean(y_true - y_pred, axis=-1)  # here
""",
)
GOOD = (
    """\
import tensorflow as tf
from keras import ops


def log_error(y_true, y_pred):
    return tf.math.log(2.0 + ops.mean(ops.square(y_true - y_pred), axis=-1))
""",
    """\
import tensorflow as tf


def old_loss(labels, logits):
    return tf.reduce_mean(tf.contrib.layers.softmax(logits) - tf.log(labels + 1.0))
""",
    """\
import keras
import tensorflow as tf


def scaled_error(y_true, y_pred):
    if hasattr(tf.keras.losses, "mean_squared_error"):
        rows = tf.keras.losses.mean_squared_error(y_true, y_pred)
    else:
        rows = tf.keras.losses.mse(y_true, y_pred)
    return keras.ops.sqrt(rows + 1e-6)
""",
    """\
from keras import ops

try:
    from keras import backend as K

    K.maximum
except AttributeError:
    from keras import ops as K


def margin_loss(y_true, y_pred):
    return ops.mean(K.maximum(1.0 - y_true * y_pred, 0.0), axis=-1)
""",
    """\
import tensorflow as tf
import tf_keras


def squared_log_error(y_true, y_pred):
    error = tf.math.log1p(y_true) - tf.math.log1p(y_pred)
    return tf.reduce_mean(tf.square(error), axis=-1)


model = tf_keras.Sequential([tf_keras.layers.Dense(1)])
model.compile(loss=squared_log_error)
""",
)
MISSES = (
    """\
import tensorflow as tf
from keras import ops

losses = tf.keras.losses


def scaled_error(y_true, y_pred):
    return ops.sqrt(losses.mean_squared_error(y_true, y_pred) + 1e-6)  # here
""",
)
LACKS = {
    "2": "TensorFlow 2 with Keras 2, which this project uses, does not have",
    "3": "today's TensorFlow with Keras 3, which this project uses, does not have",
    "auto": "no version of TensorFlow has",
}
ASKED = re.compile(r"version|hasattr|getattr|legacy|keras_?[23]|tf_?[12]\b|_v[12]\b|ops\b.*\bNone", re.IGNORECASE)


def _asking(node: ast.AST) -> bool:
    """Whether a statement runs code only where it works: a `try`, or a test of the version."""
    if isinstance(node, ast.Try):
        return bool(node.handlers)
    return isinstance(node, ast.If | ast.IfExp) and ASKED.search(ast.unparse(node.test)) is not None


def _guarded(node: Node) -> bool:
    """Whether a call, or the import of what it calls, depends on a test."""
    spelt = dotted(node.site.syntax) if isinstance(node.site.syntax, ast.expr) else None
    first = (spelt or "").partition(".")[0]
    imports = 0
    for outer in ast.walk(node.site.source.tree):
        if isinstance(outer, ast.Import | ast.ImportFrom):
            imports += any(alias.asname == first or alias.name.partition(".")[0] == first for alias in outer.names)
        elif _asking(outer):
            for inner in ast.walk(outer):
                binds = isinstance(inner, ast.Import | ast.ImportFrom) and any(first in (a.asname, a.name) for a in inner.names)
                if inner is node.site.syntax or binds:
                    return True
    return imports != 1


def check(trace: Trace) -> Iterator[Report]:
    """Every call of a framework's function that the project's version does not have."""
    if trace.evidence < 2 or not trace.roots:
        return
    for node in trace.called:
        syntax = node.site.syntax
        name = node.site.source.index.resolve(syntax) if isinstance(syntax, ast.expr) else None
        lacking = missing(name, trace.keras) if name else None
        if name is None or lacking is None or _guarded(node):
            continue
        message = f"{quoted(node)} raises an error as soon as the loss runs: {LACKS.get(trace.keras, LACKS['auto'])} `{lacking}`"
        new = today(name, trace.keras)
        help_ = f"write `{new}`" if new else "look for its successor in the migration guides of TensorFlow and Keras"
        yield Report(node, message, help_, (), Confidence.HIGH)


def places(trace: Trace) -> Iterator[Node]:
    """Every call of a framework's function by its full name."""
    for node in trace.called:
        syntax = node.site.syntax
        name = node.site.source.index.resolve(syntax) if isinstance(syntax, ast.expr) else None
        if name is not None and trace.keras in GENERATIONS and not _guarded(node):
            yield node


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the installed packages have the name."""
    syntax = report.node.site.syntax
    name = report.node.site.source.index.resolve(syntax) if isinstance(syntax, ast.expr) else None
    if name is None:
        return undecided("the name does not go back to an import; see what it is bound to")
    package = name.partition(".")[0]
    if not lab.exists(package):
        return undecided(f"`{package}` is not installed; name an interpreter that has it with --python")
    if lab.exists(name):
        return refuted(f"the installed packages have `{name}`")
    raised = Raised("AttributeError", f"`{name}` does not exist", getattr(syntax, "lineno", None))
    run = Run(Batch({}, {}, words="no batch, the name alone"), "eager", None, raised=raised)
    return confirmed(f"the installed packages have no `{name}`", run, expected="a function of that name")


def fix(trace: Trace, report: Report) -> Repair | None:
    """Today's name of a function that has moved."""
    syntax = report.node.site.syntax
    name = report.node.site.source.index.resolve(syntax) if isinstance(syntax, ast.expr) else None
    new = today(name, trace.keras) if name else None
    if new is None or not isinstance(syntax, ast.expr):
        return None
    return Repair(SAFE, "the same function under the name that it has today", (Change(syntax, (Moved(new),)),))


RULE = Rule("LL505", "missing-api", Severity.ERROR, check, BAD, GOOD, MISSES, confirm=confirm, fix=fix, places=places)
