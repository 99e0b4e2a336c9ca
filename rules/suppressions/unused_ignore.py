"""LL001 unused-ignore: an ignore comment silences nothing.

## What it does

Reports a name in an `ignore` or `ignore-file` comment whose rule finds nothing there, and a comment without names that silences
nothing at all.

## Why is this bad

The loss was mended, or has moved, and the comment stayed. It will silence the next, real finding on that line.

## Example

```python
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)  # losslint: ignore[batch-sum]
```

## Use instead

```python
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
```

## What it does not flag

* Names of rules that were not asked in this run.
* Names that no rule has: LL002 reports them.

## Fix safety

Safe: only the comment changes.

## How it is confirmed

There is nothing to run: whether a comment silences something is known.

## Known misses

* A comment in a file that does not import TensorFlow or Keras: such files are not read.

## References

* Ruff, *unused-noqa (RUF100)*. https://docs.astral.sh/ruff/rules/unused-noqa/
"""

from __future__ import annotations

from collections.abc import Iterator

from losslint.finding import Severity
from losslint.rule import Ignored, Rule, no_reports

BAD = (
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)  # losslint: ignore[batch-sum] # here
""",
    """\
# losslint: ignore-file[unguarded-log] # here
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
""",
    """\
from tensorflow.keras import backend as K


def absolute_error_loss(y_true, y_pred):  # losslint: ignore # here
    return K.mean(K.abs(y_true - y_pred), axis=-1)
""",
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))  # losslint: ignore[LL101, LL301] # here
""",
)
GOOD = (
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))  # losslint: ignore[batch-sum, LL104] divided by the trainer
""",
    """\
# losslint: ignore-file[LL101, scalar-loss]
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))
""",
    """\
import tensorflow as tf


def entropy_loss(y_true, y_pred):  # losslint: ignore
    return -tf.reduce_mean(y_true * tf.math.log(y_pred), axis=-1)
""",
    """\
import tensorflow as tf


def entropy_loss(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(y_pred + 1e-7), axis=-1)
""",
)


def ignores(about: Ignored) -> Iterator[tuple[str | None, str]]:
    """Every name of a rule that was asked and silenced nothing; the comment itself where it names none."""
    if about.names is None:
        if not about.used:
            yield None, "`# losslint: ignore` silences nothing: no rule finds anything here"
        return
    for name in sorted((about.names & about.asked) - about.used):
        yield name, f"`{name}` silences nothing: its rule finds nothing here"


RULE = Rule("LL001", "unused-ignore", Severity.INFO, no_reports, BAD, GOOD, ignores=ignores)
