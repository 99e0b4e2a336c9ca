"""LL103 fixed-batch-size: the loss counts on one batch size.

## What it does

Reports a sum over the batch that is divided by a written or configured number instead of the number of samples that are
there, and a reshape, tile, slice or new tensor whose length is a configured batch size. A number is taken for a configured
batch size by its name (`batch_size`, `BATCH_SIZE`, `self.bs`).

## Why is this bad

Batches differ in length: the last one of an epoch is shorter, validation and prediction often use another size, and with
several devices each of them sees a part. Divided by a fixed number, a short batch has a loss that is too small; the shown
loss changes when only the batch size does. A reshape to a fixed batch size raises an error on the first short batch, or
mixes the samples.

## Example

```python
import tensorflow as tf

BATCH_SIZE = 32


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred)) / BATCH_SIZE
```

## Use instead

```python
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    samples = tf.cast(tf.shape(y_true)[0], tf.float32)
    return tf.reduce_sum(tf.square(y_true - y_pred)) / samples
```

In a reshape, write -1 for the batch axis.

## What it does not flag

* Division by a small number, below the option `least`: that is a weight.
* Division of something that does not grow with the batch, such as a sum over the pixels of each image.
* Lengths that are read from a shape, or asked of what the batches come from, such as `self.replay.batch_size`.
* A global batch size, by its name, or in a function that a distribution strategy runs: each replica divides its part of the
  sum by it.
* A graph whose inputs themselves have the configured batch size, such as a placeholder with it as its first length.
* Noise that a generator turns into samples: it may have any size.

## Fix safety

Unsafe: read from the shape of an input, the number of samples is another one for every batch that has not the fixed size.

## How it is confirmed

The loss runs on a batch of the configured size, then on one of another size: that raises an error, or the samples of the batch,
given again, give another loss, as for LL101.

## Known misses

* A configured batch size under a name that says nothing of it, when it is not a written number.

## References

* TensorFlow, *Custom training with tf.distribute.Strategy*. https://www.tensorflow.org/tutorials/distribute/custom_training
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from losslint.analysis.degree import known
from losslint.analysis.node import Node, reach
from losslint.analysis.trace import Trace
from losslint.experiment import Lab
from losslint.finding import Severity, Verdict
from losslint.repair import UNSAFE, Change, Repair, samples
from losslint.rule import Report, Rule, quoted

from .growth import DIVISIONS, Sizes, grows, largest, origins_of_growth
from .repetition import sized

DATA = frozenset({"true", "pred", "input"})
MOVES = frozenset({"cast", "reshape", "expand_dims", "tile", "negative", "multiply", "getitem", "transpose", "identity"})

BAD = (
    """\
import tensorflow as tf

BATCH_SIZE = 32


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred)) / BATCH_SIZE  # here
""",
    """\
from keras import backend as K


def absolute_loss(y_true, y_pred):
    total = K.sum(K.abs(y_true - y_pred))
    return total / 128  # here
""",
    """\
import tensorflow as tf


class PairLoss(tf.keras.losses.Loss):
    def __init__(self, batch_size, **kwargs):
        super().__init__(**kwargs)
        self.batch_size = batch_size

    def call(self, y_true, y_pred):
        pairs = tf.reshape(y_pred, [self.batch_size, 2, 16])  # here
        return tf.reduce_mean(tf.square(pairs[:, 0] - pairs[:, 1]), axis=-1)

    def get_config(self):
        return {**super().get_config(), "batch_size": self.batch_size}
""",
    """\
import tensorflow as tf

batch_size = 64


def grid_loss(y_true, y_pred):
    cells = tf.tile(tf.reshape(tf.range(10.0), [1, 10]), [batch_size, 1])  # here
    return tf.reduce_mean(tf.abs(y_true - y_pred - cells), axis=-1)
""",
    """\
import tensorflow as tf


def make_loss(batch_size):
    def weighted_loss(y_true, y_pred):
        total = tf.reduce_sum(tf.abs(y_true - y_pred))
        return tf.multiply(total, 1.0 / batch_size)  # here

    return weighted_loss
""",
)
GOOD = (
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    samples = tf.cast(tf.shape(y_true)[0], tf.float32)
    return tf.reduce_sum(tf.square(y_true - y_pred)) / samples
""",
    """\
import tensorflow as tf


def pair_loss(y_true, y_pred):
    pairs = tf.reshape(y_pred, [-1, 2, 16])
    return tf.reduce_mean(tf.square(pairs[:, 0] - pairs[:, 1]), axis=-1)
""",
    """\
from keras import ops


def image_loss(y_true, y_pred):
    return ops.sum(ops.square(y_true - y_pred), axis=[1, 2, 3]) / 784
""",
    """\
import tensorflow as tf


def grid_loss(y_true, y_pred):
    samples = tf.shape(y_pred)[0]
    cells = tf.tile(tf.reshape(tf.range(10.0), [1, 10]), [samples, 1])
    return tf.reduce_mean(tf.abs(y_true - y_pred - cells), axis=-1)
""",
    """\
import tensorflow as tf


def ratio_loss(y_true, y_pred):
    wrong = tf.reduce_sum(tf.abs(y_true - y_pred)) / 100.0
    return wrong / (tf.reduce_sum(y_true) + 1.0)
""",
    """\
import tensorflow as tf

batch_size = 64
images = tf.compat.v1.placeholder(tf.float32, [batch_size, 28, 28])
flat = tf.reshape(images, [batch_size, -1])
loss = tf.reduce_sum(tf.square(flat)) / batch_size
train = tf.compat.v1.train.AdamOptimizer().minimize(loss)
""",
)
MISSES = (
    """\
import tensorflow as tf
import settings


def squared_error_loss(y_true, y_pred):
    rows = tf.reshape(y_pred, [settings.rows, -1])  # here
    return tf.reduce_mean(tf.square(y_true - rows), axis=-1)
""",
)
HELP = "read the number of samples from the shape of the batch, at run time, and divide by that"
GLOBAL = re.compile(r"(?:^|[._])global_?batch", re.IGNORECASE)
SHAPE_HELP = "write -1 for the batch axis, or read the number of samples from the shape of the batch at run time"


def _configured(node: Node) -> bool:
    """Whether a value is a configured batch size, perhaps times other settings."""
    return node.constant and largest(node) > 0


def _of_all_replicas(node: Node) -> bool:
    """Whether the size is that of a global batch, by its name: each replica of a distribution strategy divides its part by it."""
    settings = (part for argument in node.arguments if argument.constant for part in reach(argument))
    return any(GLOBAL.search(str(part.details.get("name", ""))) for part in settings)


def _scaled(node: Node) -> bool:
    """Whether data that grows with the batch is divided by a configured batch size here, and made even by it."""
    if len(node.arguments) < 2:
        return False
    first, second = node.arguments[:2]
    if largest(node) < 0:
        return False  # divided by more than it grows: LL102
    if node.operation in DIVISIONS:
        return grows(first) and _configured(second)
    if node.operation == "multiply":
        return any(grows(a) and b.constant and max(known(b.degree), default=0.0) < 0 for a, b in ((first, second), (second, first)))
    return False


def _mixed(roots: list[Node]) -> Iterator[Node]:
    """What the roots are made of, but of the tensors that are made from nothing only those that meet data.

    Noise of a configured size that a generator turns into samples is right at that size.
    """
    met: set[int] = set()
    for node in reach(*roots):
        if len(node.arguments) > 1 and any(argument.origin & DATA for argument in node.arguments):
            met.update(id(_unmoved(argument)) for argument in node.arguments)
    for node in reach(*roots):
        if not node.details.get("made") or id(node) in met:
            yield node


def _unmoved(node: Node) -> Node:
    """The value that a cast, a reshape or a factor left as it is."""
    while node.operation in MOVES:
        moved = next((argument for argument in node.arguments if not argument.constant or argument.details.get("made")), None)
        if moved is None:
            break
        node = moved
    return node


def _division(trace: Trace, node: Node, what: str, origin: Node | None = None) -> Report:
    message = (
        f"{quoted(node)} divides a sum over the batch by {what}, not by the number of samples that are there, so the loss of a "
        "batch of another size, such as the last one of an epoch, is wrong by their ratio"
    )
    because = () if origin is None or origin is node else ((origin, "this sum is over the batch"),)
    return Report(node, message, HELP, because, trace.confidence(node))


def check(trace: Trace) -> Iterator[Report]:
    """Divisions by a fixed number of samples, and shapes that hold one."""
    shown = [root.node for root in trace.roots if root.shown]
    if any(node.details.get("fixed") for node in reach(*shown)):
        return  # the inputs themselves have that size by construction
    trained = [root.node for root in trace.roots if root.evidence >= 2]
    inside = {id(node) for node in _mixed(trained)}
    for node in reach(*shown):
        divided = _scaled(node) and not trace.loss.replica  # the parts of all replicas are added up
        if not (divided or (node.details.get("declared") and id(node) in inside)) or _of_all_replicas(node):
            continue
        if divided:
            yield _division(trace, node, "the configured batch size")
        else:
            message = (
                f"{quoted(node)} has the configured batch size as a length, so a batch of another size, such as the last one of "
                "an epoch, raises an error or is mixed up"
            )
            yield Report(node, message, SHAPE_HELP, (), trace.confidence(node))
    for root in shown:
        for origin, division in origins_of_growth(root, trace.options(Sizes)):
            if division is not None:
                yield _division(trace, division, f"the fixed number {division.arguments[1].columns.single[0]:g}", origin)


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the loss counts on one number of samples."""
    return sized(lab, report.node)


def fix(trace: Trace, report: Report) -> Repair | None:
    """The number of samples that are there, in place of the fixed one."""
    syntax, number = report.node.site.syntax, samples(trace, report.node)
    if report.node.operation != "divide" or not isinstance(syntax, ast.BinOp) or not isinstance(syntax.op, ast.Div) or not number:
        return None
    message = "divides by the number of samples that are there: the loss of a batch of another size changes"
    return Repair(UNSAFE, message, (Change(syntax.right, number),))


RULE = Rule(
    "LL103",
    "fixed-batch-size",
    Severity.WARNING,
    check,
    BAD,
    GOOD,
    MISSES,
    supersedes=("batch-sum",),
    confirm=confirm,
    fix=fix,
    options=Sizes,
)
