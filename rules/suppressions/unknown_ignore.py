"""LL002 unknown-ignore: an ignore comment names a rule that does not exist.

## What it does

Reports a code or name in an `ignore` or `ignore-file` comment that no rule has.

## Why is this bad

A misspelt name silences nothing, and the author believes that it does.

## Example

```python
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))  # losslint: ignore[batch-summ]
```

## Use instead

```python
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))  # losslint: ignore[batch-sum]
```

## What it does not flag

* Names of rules of packs that the settings load.

## Fix safety

Safe: only the comment changes.

## How it is confirmed

There is nothing to run: the names of the rules are known.

## Known misses

* A rule of a pack that is not loaded is taken for unknown: load it in the settings.

## References

* Ruff, *invalid-rule-code (RUF102)*. https://docs.astral.sh/ruff/rules/invalid-rule-code/
"""

from __future__ import annotations

from collections.abc import Iterator

from losslint.config import nearest
from losslint.finding import Severity
from losslint.rule import Ignored, Rule, no_reports

BAD = (
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)  # losslint: ignore[batch-summ] # here
""",
    """\
# losslint: ignore-file[LL999] # here
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
""",
    """\
from tensorflow.keras import backend as K


def absolute_error_loss(y_true, y_pred):  # losslint: ignore[unguarded_log] # here
    return K.mean(K.abs(y_true - y_pred), axis=-1)
""",
    """\
import keras
from keras import ops


class Absolute(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1)  # losslint: ignore[E501] # here
""",
)
GOOD = (
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))  # losslint: ignore[batch-sum] divided by the trainer
""",
    """\
# losslint: ignore-file[ll101]
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
    return -tf.reduce_mean(y_true * tf.math.log(y_pred + 1e-7), axis=-1)  # noqa: E501
""",
)


def ignores(about: Ignored) -> Iterator[tuple[str | None, str]]:
    """Every name that no rule has."""
    for name in sorted((about.names or frozenset()) - about.known):
        yield name, f"`{name}` is no rule; {nearest(name, about.known)}"


RULE = Rule("LL002", "unknown-ignore", Severity.INFO, no_reports, BAD, GOOD, ignores=ignores)
