"""LL504 rewarded-error: the loss is smaller, the worse the prediction is.

## What it does

Reports a loss that is larger for a perfect prediction than for one that is entirely wrong: a dice coefficient, an
intersection over union, a similarity of images or a log-likelihood that is returned as it is, without a minus or `1 -`.

## Why is this bad

Training makes a loss small. This one is small where the prediction is wrong, so the model learns to be wrong. The number
falls as a loss should, and nothing else tells.

## Example

```python
from keras import backend as K


def dice_loss(y_true, y_pred):
    overlap = K.sum(y_true * y_pred)
    return (2.0 * overlap + 1.0) / (K.sum(y_true) + K.sum(y_pred) + 1.0)
```

## Use instead

```python
from keras import backend as K


def dice_loss(y_true, y_pred):
    overlap = K.sum(y_true * y_pred)
    return 1.0 - (2.0 * overlap + 1.0) / (K.sum(y_true) + K.sum(y_pred) + 1.0)
```

## What it does not flag

* Metrics, which are meant to grow.
* A function whose callers in the file subtract or negate it.
* Contrastive losses, where a 1 in the target says *the same* and the prediction is a distance; Wasserstein losses and other
  signed errors.
* A loss that is blocked altogether, which is LL401.

## Fix safety

Unsafe: `1 - …` turns training round. Only for an overlap, which is between 0 and 1.

## How it is confirmed

The loss of predictions that are nearly the targets is compared with that of predictions that are nearly their opposite, on
several batches: it has to be larger on all of them.

## Known misses

* A measure by hand that no division, logarithm or framework function gives away, and correlations, whose value for the
  uniform tensors of the abstract run is not defined.

## References

* F. Milletari, N. Navab, S.-A. Ahmadi, *V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation*.
  arXiv:1606.04797
* TensorFlow, *tf.image.ssim*. https://www.tensorflow.org/api_docs/python/tf/image/ssim
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from losslint.analysis.node import Gradient, Node, Site, reach
from losslint.analysis.roles import named
from losslint.analysis.trace import Root, Trace
from losslint.experiment import Lab, Tensor, Undecided, confirmed, refuted
from losslint.finding import Confidence, Severity, Verdict
from losslint.repair import UNSAFE, Change, Repair, Term
from losslint.rule import Report, Rule, quoted

BAD = (
    """\
from keras import backend as K


def dice_loss(y_true, y_pred):
    overlap = K.sum(y_true * y_pred)
    return (2.0 * overlap + 1.0) / (K.sum(y_true) + K.sum(y_pred) + 1.0)  # here
""",
    """\
import tensorflow as tf


def structure_loss(y_true, y_pred):
    return tf.reduce_mean(tf.image.ssim(y_true, y_pred, max_val=1.0))  # here
""",
    """\
import keras
from keras import ops


class CrossEntropyLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        safe = ops.clip(y_pred, 1e-7, 1.0)
        return ops.sum(y_true * ops.log(safe), axis=-1)  # here
""",
    """\
import tensorflow as tf


def iou_coef(y_true, y_pred):
    overlap = tf.reduce_sum(y_true * y_pred, axis=[1, 2, 3])
    union = tf.reduce_sum(y_true + y_pred - y_true * y_pred, axis=[1, 2, 3])
    return tf.reduce_mean((overlap + 1.0) / (union + 1.0), axis=0)


def jaccard_loss(y_true, y_pred):
    return iou_coef(y_true, y_pred)  # here


model = tf.keras.Sequential([tf.keras.layers.Conv2D(1, 3)])
model.compile(loss=jaccard_loss, metrics=[iou_coef])
""",
    """\
import tensorflow as tf


def tversky(alpha=0.7):
    def overlap(y_true, y_pred):
        hits = tf.reduce_sum(y_true * y_pred)
        missed = tf.reduce_sum(y_true * (1.0 - y_pred))
        extra = tf.reduce_sum((1.0 - y_true) * y_pred)
        return (hits + 1.0) / (hits + alpha * missed + (1.0 - alpha) * extra + 1.0)  # here

    return overlap


model = tf.keras.Sequential([tf.keras.layers.Conv2D(1, 3)])
model.compile(loss=tversky(0.6))
""",
)
GOOD = (
    """\
from keras import backend as K


def dice_coef(y_true, y_pred):
    overlap = K.sum(y_true * y_pred)
    return (2.0 * overlap + 1.0) / (K.sum(y_true) + K.sum(y_pred) + 1.0)


def dice_loss(y_true, y_pred):
    return 1.0 - dice_coef(y_true, y_pred)
""",
    """\
from keras import backend as K


def contrastive_loss(y_true, y_pred, margin=1.0):
    apart = K.square(K.maximum(margin - y_pred, 0.0))
    return K.mean(y_true * K.square(y_pred) + (1.0 - y_true) * apart)
""",
    """\
from keras import backend as K


def wasserstein_loss(y_true, y_pred):
    return K.mean(y_true * y_pred)
""",
    """\
import tensorflow as tf


def soft_dice(y_true, y_pred):
    overlap = tf.reduce_sum(y_true * y_pred)
    return (2.0 * overlap + 1.0) / (tf.reduce_sum(y_true) + tf.reduce_sum(y_pred) + 1.0)


def dice_loss_term(y_true, y_pred):
    return soft_dice(y_true, y_pred)


def total_loss(y_true, y_pred):
    return tf.keras.losses.binary_crossentropy(y_true, y_pred) - dice_loss_term(y_true, y_pred)
""",
    """\
import tensorflow as tf


def structure_loss(y_true, y_pred):
    return 1.0 - tf.reduce_mean(tf.image.ssim(y_true, y_pred, max_val=1.0))
""",
    """\
import keras
from keras import ops


class FocalLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        safe = ops.clip(y_pred, 1e-7, 1.0 - 1e-7)
        weight = -0.25 * ops.square(1.0 - safe)
        return ops.sum(weight * y_true * ops.log(safe), axis=-1)
""",
)
MISSES = (
    """\
from keras import backend as K


def correlation_loss(y_true, y_pred):
    x = y_true - K.mean(y_true, axis=-1, keepdims=True)
    y = y_pred - K.mean(y_pred, axis=-1, keepdims=True)
    return K.sum(K.l2_normalize(x, axis=-1) * K.l2_normalize(y, axis=-1), axis=-1)  # here
""",
)
LOSS = re.compile(r"loss|cost|nll|entropy|xent", re.IGNORECASE)
KEPT = frozenset(
    {"add", "subtract", "negative", "multiply", "divide", "divide_no_nan", "add_n", "mean", "sum", "cast", "identity", "reshape", "flatten"}
    | {"log", "pow", "square", "sqrt", "pack", "concat", "expand_dims", "squeeze"}
)
RATIOS = frozenset({"divide", "divide_no_nan"})
NEAR = 0.02  # how far from 0 and 1 a prediction stays that is close to a target
SIMILARITIES = frozenset({"image_score"})
HELP = "return `1 - …` or `-…`: training makes a loss small, and this one is small where the prediction is wrong"


def check(trace: Trace) -> Iterator[Report]:
    """A returned loss that is larger for the target itself than for its opposite."""
    root = next((root for root in trace.roots if root.returned), None)
    if root is None or root.evidence < 2 or trace.flipped or not _trained(trace):
        return
    if root.node.gradient is not Gradient.FLOWS or not (_falls(root.node) or _is_similarity(root.node)) or _negated(trace, root):
        return
    node = _returned(trace, root)
    message = (
        f"{quoted(node)} is larger for a prediction that equals the target than for one that is wrong, and it is returned as the loss: "
        "training makes it small, so the model learns to be wrong"
    )
    yield Report(node, message, HELP, (), trace.confidence(root.node) if trace.loss.evidence >= 3 else Confidence.MEDIUM)


def _trained(trace: Trace) -> bool:
    loss = trace.loss
    return not loss.metric and (loss.evidence >= 3 or (named(loss.scope) and LOSS.search(loss.function) is not None))


def _falls(root: Node) -> bool:
    """Whether the value falls from the perfect columns to the wrong ones, by an overlap or a likelihood."""
    nothing, alarm, missed, hit = root.columns.single[:4]
    if not hit > missed or nothing < alarm:
        return False
    return _measures(root)


def _measures(root: Node) -> bool:
    """Whether a value is made of an overlap or a likelihood."""
    return any(_is_overlap(node) or _is_likelihood(node) for node in reach(root, through=lambda node: node.operation in KEPT))


def _is_overlap(node: Node) -> bool:
    """A ratio with a product of target and prediction above, and the prediction below."""
    if node.operation not in RATIOS or node.arguments[1].gradient is not Gradient.FLOWS:
        return False
    return any(part.operation == "multiply" and _pairs(part) for part in reach(node.arguments[0]))


def _is_likelihood(node: Node) -> bool:
    """A product with a logarithm of the prediction and the target among its factors."""
    if node.operation != "multiply":
        return False
    factors = [part for part in reach(node, through=lambda part: part.operation == "multiply") if part.operation != "multiply"]
    logs = any(f.operation == "log" and "pred" in f.origin and "true" not in f.origin for f in factors)
    return logs and any("true" in f.origin and "pred" not in f.origin for f in factors)


def _pairs(node: Node) -> bool:
    """Whether a product has one factor from the target and one from the prediction."""
    origins = [argument.origin & {"true", "pred"} for argument in node.arguments]
    return {"true"} in origins and {"pred"} in origins


def _is_similarity(root: Node) -> bool:
    """Whether the value is the framework's own measure of similarity, with nothing that turns it round."""
    while root.operation in ("mean", "sum", "identity", "cast") and root.arguments:
        root = root.arguments[0]
    return root.operation in SIMILARITIES


def _returned(trace: Trace, root: Root) -> Node:
    """The returned value at the place where the loss returns it, which may be the call of a function that is no loss itself."""
    site, returned = root.node.site, trace.loss.scope.returned
    if site.caller is not None or site.function == trace.loss.function or not returned:
        return root.node
    return Node("returned", (root.node,), Site(returned[-1], site.source, trace.loss.function), root.node.facts)


def _negated(trace: Trace, root: Root) -> bool:
    """Whether the file subtracts or negates what the loss, or the function that makes it, gives."""
    names = {trace.loss.scope.short, trace.loss.scope.parent.short if trace.loss.scope.parent is not None else ""} - {
        "",
        "call",
        "__call__",
    }
    for node in ast.walk(root.node.site.source.tree):
        turned = node.right if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) else None
        turned = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else turned
        for part in ast.walk(turned) if turned is not None else ():
            if (isinstance(part, ast.Name) and part.id in names) or (isinstance(part, ast.Attribute) and part.attr in names):
                return True
    return False


def places(trace: Trace) -> list[Node]:
    """What a loss returns, if it is made of a similarity or a likelihood, and of nothing that its callers turn round."""
    root = next((root for root in trace.roots if root.returned), None)
    if root is None or not _trained(trace) or not (_is_similarity(root.node) or _measures(root.node)) or _negated(trace, root):
        return []
    return [root.node]


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the loss is larger for what is nearly the target than for what is nearly its opposite, on every batch."""
    true, pred = lab.batch.named("true"), lab.batch.named("pred") or lab.batch.named("other")
    if not true or not pred or lab.batch.inputs[true[0]].shape != lab.batch.inputs[pred[0]].shape:
        raise Undecided("targets and predictions have different shapes; declare its inputs (`# losslint: inputs …`)")
    pairs = []
    for batch in lab.contents():
        target = batch.inputs[true[0]]
        right = Tensor(target.shape, tuple(NEAR + (1 - 2 * NEAR) * v for v in target.values))
        wrong = right.map(lambda v: 1.0 - v)
        near = lab.run(batch.having("predictions close to the targets", "box", **{pred[0]: right}))
        far = lab.run(batch.having("predictions close to the opposite of the targets", "box", **{pred[0]: wrong}))
        if near.finite and far.finite and near.number != far.number:
            pairs.append((near, far))
    if not pairs:
        raise Undecided("the loss tells right predictions from wrong ones on no batch tried; declare its inputs (`# losslint: inputs …`)")
    larger = [near.number > far.number for near, far in pairs]
    near, far = pairs[0]
    if all(larger):
        reason = f"the loss is {near.number:.4g} for predictions close to the targets, and {far.number:.4g} for their opposite"
        return confirmed(reason, near, value={"right": near.number, "wrong": far.number}, expected="less for the right ones")
    if not any(larger):
        return refuted("the loss is smaller for predictions close to the targets than for their opposite", near)
    raise Undecided("on some batches the loss is larger for right predictions, on others for wrong ones; look at the values yourself")


def fix(trace: Trace, report: Report) -> Repair | None:
    """1 minus an overlap."""
    syntax = report.node.site.syntax
    ratio = any(_is_overlap(node) for node in reach(report.node, through=lambda node: node.operation in (*KEPT, "returned")))
    if not ratio or not isinstance(syntax, ast.expr):
        return None
    message = "1 minus the overlap: the model is trained towards the target, where it was trained away from it"
    return Repair(UNSAFE, message, (Change(syntax, ("1 - ", syntax if _binds(syntax) else Term(syntax)), operator=True),))


def _binds(syntax: ast.expr) -> bool:
    """Whether an expression keeps together behind a minus."""
    return isinstance(syntax, ast.BinOp) and isinstance(syntax.op, ast.Mult | ast.Div | ast.Pow)


RULE = Rule("LL504", "rewarded-error", Severity.WARNING, check, BAD, GOOD, MISSES, confirm=confirm, fix=fix, places=places)
