"""LL101 batch-sum: the loss grows with the batch size.

## What it does

Reports a sum, a norm or a cumulative sum over the samples of a batch that stays in the value that training uses, with
nothing that divides by the number of samples. The sum itself is flagged, not the place where it is returned.

## Why is this bad

Keras shows the mean of the losses of the batches. A loss that adds up its samples is as many times too large as a batch
has samples, so it cannot be compared with a built-in loss, with `evaluate` on another batch size, or with itself after
`batch_size` was changed. The gradient grows in the same way: the learning rate that worked for 32 samples is too large
for 256. The last batch of an epoch, which is mostly shorter, counts for less than the others. Sample weights, class
weights and masks need one value for each sample and find a single number.

## Example

```python
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))
```

## Use instead

One value for each sample; Keras takes the mean over the batch:

```python
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred), axis=-1)
```

In a training loop of your own, take the mean of these values, or divide the sum by the number of samples, read from the
shape of the batch.

## What it does not flag

* Sums over the other axes only: features, pixels, classes.
* Sums divided by something that grows as fast: the length of the batch, the number of elements, the count of a mask,
  another sum (dice and intersection over union are such ratios).
* Sums over weights or over layers: a penalty does not grow with the batch.
* A sum behind an option that is named after a reduction, when the default is another one.
* Sums divided by a fixed number: LL103 reports the number.
* Style transfer (functions named after style, content, gram or total variation, unless they take `y_true` and `y_pred`): its losses
  are sums over one image, not over a batch.
* Metrics that count (true positives and the like): a count is meant to grow.
* Attacks on a model (a folder or module `attacks`, or a class or function named so): each sample is a problem of its own.

## Fix safety

Unsafe: divided by the number of samples the loss keeps its meaning, but it and its gradient become smaller by that factor: look at the
learning rate, and at the weights of other terms.

## How it is confirmed

The samples of one batch are given again and again, up to 256 times, with five kinds of labels. A mean stays, a sum grows with
the number of repetitions; the slope of its logarithm is the power of the batch size. The witness is one batch, given once and
twice, and the two losses. Inputs that meet each other to a matrix of samples, where the code makes none, prove nothing.

## Known misses

* A sum made by a function that losslint cannot read, such as one of another package.
* A value whose rank cannot be known: it is not reported unless all axes are summed.

## References

* Keras, *Losses*: what a loss function returns, and the reductions of a loss object. https://keras.io/api/losses/
* TensorFlow, *Custom training with tf.distribute.Strategy*, on dividing by the global batch size.
  https://www.tensorflow.org/tutorials/distribute/custom_training
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from losslint.analysis.node import Gradient, Node, reach
from losslint.analysis.trace import Root, Trace
from losslint.experiment import Lab
from losslint.finding import Severity, Verdict
from losslint.repair import UNSAFE, Change, Repair, samples
from losslint.rule import Report, Rule, quoted

from .growth import POWERS, Sizes, largest, origins_of_growth
from .repetition import verdict

BAD = (
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))  # here
""",
    """\
import keras
from keras import ops


class SummedError(keras.losses.Loss):
    def call(self, y_true, y_pred):
        per_sample = ops.mean(ops.abs(y_true - y_pred), axis=-1)
        return ops.sum(per_sample, axis=0)  # here
""",
    """\
from tensorflow.keras import backend as K


def distance_loss(y_true, y_pred):
    squares = K.square(y_true - y_pred)
    return K.sqrt(K.sum(squares) + K.epsilon())  # here
""",
    """\
from keras import backend as K


def detection_loss(y_true, y_pred):
    boxes = K.sum(K.square(y_true[..., :4] - y_pred[..., :4]))  # here
    objects = K.mean(K.binary_crossentropy(y_true[..., 4:], y_pred[..., 4:]))
    return 5.0 * boxes + objects
""",
    """\
import tensorflow as tf

cross_entropy = tf.keras.losses.BinaryCrossentropy(from_logits=True, reduction="sum")


def adversarial_loss(y_true, y_pred):
    return cross_entropy(y_true, y_pred)  # here
""",
    """\
import tensorflow as tf


def train_step(model, optimizer, images, labels):
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        rows = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        loss = tf.reduce_sum(rows)  # here
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
""",
    """\
import tensorflow as tf


def energy_loss(y_true, y_pred):
    return tf.nn.l2_loss(y_true - y_pred)  # here
""",
    """\
import tensorflow as tf


def _total(error):
    return tf.reduce_sum(error)  # here


def huber_loss(y_true, y_pred, delta=1.0):
    error = tf.abs(y_true - y_pred)
    return _total(tf.where(error < delta, 0.5 * error * error, delta * (error - 0.5 * delta)))
""",
)
GOOD = (
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred), axis=-1)
""",
    """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    samples = tf.cast(tf.shape(y_true)[0], tf.float32)
    return tf.reduce_sum(tf.square(y_true - y_pred)) / samples
""",
    """\
from tensorflow.keras import backend as K


def dice_loss(y_true, y_pred, smooth=1.0):
    overlap = K.sum(y_true * y_pred)
    return 1.0 - (2.0 * overlap + smooth) / (K.sum(y_true) + K.sum(y_pred) + smooth)
""",
    """\
import tensorflow as tf


def masked_loss(y_true, y_pred):
    mask = tf.cast(tf.not_equal(y_true, 0.0), tf.float32)
    return tf.reduce_sum(mask * tf.abs(y_true - y_pred)) / tf.maximum(tf.reduce_sum(mask), 1.0)
""",
    """\
import tensorflow as tf


def make_loss(model):
    def penalised_loss(y_true, y_pred):
        penalty = tf.add_n([tf.reduce_sum(tf.square(weight)) for weight in model.trainable_weights])
        return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + 1e-4 * penalty

    return penalised_loss
""",
    """\
from keras import ops


def image_loss(y_true, y_pred):
    return ops.mean(ops.sum(ops.abs(y_true - y_pred), axis=[1, 2, 3]))
""",
    """\
import tensorflow as tf


def detection_loss(y_true, y_pred):
    positives = tf.cast(y_true > 0, tf.float32)
    number = tf.reduce_sum(positives)
    if number == 0:
        return number
    return tf.reduce_sum(positives * tf.abs(y_true - y_pred)) / number
""",
)
MISSES = (
    """\
import tensorflow as tf
from statistics_package import total


def squared_error_loss(y_true, y_pred):
    return total(tf.square(y_true - y_pred))  # here
""",
)
ONE_IMAGE = re.compile(r"gram(?:_|$)|style|content_(?:loss|cost)|(?:total_)?variation_(?:loss|cost)", re.IGNORECASE)
BATCHES = frozenset({"y_true", "y_pred"})
ATTACK = re.compile(r"(?:^|/)attacks?(?:/|\.py$)|attack\w*$", re.IGNORECASE)  # a folder, a module, or the name of a class or function
COUNTS = re.compile(r"positives|negatives|(?:^|_)[tf][pn](?:_|$)|count|(?:^|_)num(?:_|$)|confusion", re.IGNORECASE)
REDUCTION_OPTION = re.compile(r"reduc|sum|average|mean", re.IGNORECASE)
SQUARES = "adds up the squares of all samples of the batch"
LENGTHS = "takes one norm of all samples of the batch"
PRODUCTS = "adds up products over the samples of the batch"
ACTIONS = {
    "l2_loss": SQUARES, "norm": LENGTHS, "euclidean_norm": LENGTHS, "multiply": "is multiplied by the number of samples",
    "matmul": PRODUCTS, "dot": PRODUCTS, "tensordot": PRODUCTS, "einsum": PRODUCTS, "batch_dot": PRODUCTS,
}  # fmt: skip
HELP = (
    "return one value for each sample (sum over the other axes only) and let Keras take the mean over the batch; "
    "in a training loop of your own, take the mean over the batch or divide by the number of samples in it"
)


def _message(origin: Node, root: Node) -> str:
    action = ACTIONS.get(origin.operation, "adds up the values of all samples of the batch")
    factor = 2 ** largest(root)
    return (
        f"{quoted(origin)} {action} and nothing divides by their number, so the loss that training shows grows with "
        f"the batch size: twice the samples, {factor:.2g} times the loss"
    )


def _one_image(trace: Trace, name: str) -> bool:
    """Whether a function works on one image, as its name says; a loss of `y_true` and `y_pred` works on batches all the same."""
    own = name == trace.loss.function and BATCHES.issubset(trace.loss.scope.parameters)
    return ONE_IMAGE.search(name) is not None and not own


def _attacks(trace: Trace, origin: Node) -> bool:
    """Whether it belongs to an attack on a model, which looks for a change of each sample by itself: the sum trains nothing."""
    return any(ATTACK.search(name) for name in (origin.site.source.path, *trace.loss.function.split(".")))


def _numerator(trace: Trace, root: Root) -> bool:
    """Whether a sum is returned beside the count of what it adds up: a numerator and its denominator, for the caller to divide."""
    pair = trace.result.arguments if trace.result is not None and not trace.result.details["items"] else ()
    if not root.returned or len(pair) != 2 or root.node is not pair[0]:
        return False
    return pair[1].gradient < Gradient.FLOWS and (None in pair[1].degree or largest(pair[1]) == largest(root.node))


def check(trace: Trace) -> Iterator[Report]:
    """Every place where a value that training uses starts to grow with the batch size."""
    if _one_image(trace, trace.loss.function) or (trace.loss.metric and COUNTS.search(trace.loss.function)):
        return
    if trace.flipped is not None and REDUCTION_OPTION.search(trace.flipped):
        return
    for root in trace.roots:
        if not root.shown or any(part.operation == "weights" and part.details.get("fixed") for part in reach(root.node)):
            continue  # variables of one batch, as of an attack: each sample is a training of its own
        if _numerator(trace, root):
            continue
        power = POWERS.get(largest(root.node), "a power of the batch size")
        for origin, division in origins_of_growth(root.node, trace.options(Sizes)):
            if (
                division is not None
                or origin.gradient < Gradient.FLOWS
                or _one_image(trace, origin.site.function)
                or _attacks(trace, origin)
            ):
                continue  # without a gradient it is a count, which trains nothing
            grown = f"this value is what training uses ({root.why}); it grows like {power}"
            because = () if root.node is origin else ((root.node, grown),)
            yield Report(origin, _message(origin, root.node), HELP, because, trace.confidence(origin))


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the loss grows when the samples of a batch are given again."""
    return verdict(lab, report.node, grows=True)


def fix(trace: Trace, report: Report) -> Repair | None:
    """A division by the number of samples."""
    node, number = report.node, samples(trace, report.node)
    syntax = node.site.syntax
    if node.operation != "sum" or not isinstance(syntax, ast.Call) or not number:
        return None
    message = "divides by the number of samples: loss and gradient become smaller by that factor, so look at the learning rate"
    return Repair(UNSAFE, message, (Change(syntax, (syntax, " / ", *number), operator=True),))


RULE = Rule("LL101", "batch-sum", Severity.WARNING, check, BAD, GOOD, MISSES, confirm=confirm, fix=fix)
