"""LL402 numpy-in-loss: numpy, or Python, is given a tensor.

## What it does

Reports functions of numpy, scipy, scikit-learn, `math` and the like that a loss calls on its tensors, and what turns a
tensor into an array or a number: `.numpy()`, `float()`, `int()`, `K.eval`, `K.get_value`.

## Why is this bad

These functions need numbers. Keras calls a loss once, to build a graph, with tensors that have no numbers yet: the call
raises an error, or its result is worked out once and stays in the graph for good.

Where the loss runs eagerly, with `run_eagerly=True` or in a training loop of your own, the call works, and that is worse:
TensorFlow does not see what numpy computes. No gradient comes back through it. The value of the loss is right, and the
model does not learn from that part of it.

## Example

```python
import numpy as np
import tensorflow as tf


def distance_loss(y_true, y_pred):
    return tf.reduce_mean(np.abs(y_true - y_pred))
```

## Use instead

The framework's own function; there is one for nearly all that numpy has.

```python
import tensorflow as tf


def distance_loss(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_true - y_pred))
```

## What it does not flag

* numpy on constants, settings and shapes: `np.log(2.0)`, `np.prod(y_pred.shape[1:])`.
* Functions made of numpy alone: they evaluate, and are given arrays.
* Functions that report a number, `return float(tf.reduce_mean(error))`, unless Keras is given them as a loss.
* Code that `tf.py_function` calls: it runs eagerly and is told so.
* `tf.experimental.numpy`, which is TensorFlow.
* Metrics.

## Fix safety

Unsafe: the framework's function of the same operation lets a gradient through, and the model begins to learn from this part.

## How it is confirmed

The loss is traced into a graph, as Keras does it. It is confirmed if that raises at the flagged call, or if no gradient arrives
at the prediction, in the graph or, where something else of the loss cannot be traced, eagerly.

## Known misses

* A tensor that goes through a container or an object that losslint does not follow.

## References

* TensorFlow, *NumPy interoperability*. https://www.tensorflow.org/guide/tf_numpy
* TensorFlow, *Better performance with tf.function*. https://www.tensorflow.org/guide/function
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from losslint.analysis.node import Gradient, Node, reach
from losslint.analysis.tensors import from_inputs, has_left, is_tensor
from losslint.analysis.trace import Trace
from losslint.experiment import Lab, Undecided, confirmed, refuted
from losslint.finding import Severity, Verdict
from losslint.operations.catalogue import is_loss, lookup
from losslint.operations.namespaces import canonical
from losslint.repair import UNSAFE, Change, Operation, Repair
from losslint.rule import Report, Rule, quoted

from .evidence import confidence, in_a_graph, result, says_loss
from .experiments import cut_off, learns, traced

BAD = (
    """\
import numpy as np
import tensorflow as tf


def distance_loss(y_true, y_pred):
    return tf.reduce_mean(np.abs(y_true - y_pred))  # here
""",
    """\
import math
from keras import backend as K


def angular_loss(y_true, y_pred):
    cosine = K.sum(y_true * y_pred)
    return 1.0 - K.square(math.cos(cosine))  # here
""",
    """\
import numpy as np
import tensorflow as tf


class CorrelationLoss(tf.keras.losses.Loss):
    def call(self, y_true, y_pred):
        rows = tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
        correlation = np.corrcoef(tf.reshape(y_true, [-1]), tf.reshape(y_pred, [-1]))  # here
        return rows * (1.0 - correlation[0, 1])
""",
    """\
import tensorflow as tf


def mixed_loss(labels, logits):
    rows = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    scale = float(tf.reduce_max(rows))  # here
    return tf.reduce_mean(rows) / scale
""",
    """\
import numpy as np
import keras
from keras import ops


def _centre(vectors):
    return np.median(ops.convert_to_numpy(vectors), axis=0)  # here


def centre_loss(y_true, y_pred):
    return ops.mean(ops.square(y_pred - _centre(y_pred)), axis=-1)


model = keras.Sequential([keras.layers.Dense(2)])
model.compile(loss=centre_loss)
""",
    """\
import tensorflow as tf

similarity = tf.keras.losses.CosineSimilarity()


def embedding_loss(y_true, y_pred):
    return similarity(y_true, y_pred).numpy() + 0.1 * tf.reduce_mean(tf.square(y_pred))  # here
""",
)
GOOD = (
    """\
import numpy as np
import tensorflow as tf


def gaussian_loss(y_true, y_pred):
    constant = 0.5 * np.log(2.0 * np.pi)
    return tf.reduce_mean(constant + 0.5 * tf.square(y_true - y_pred), axis=-1)
""",
    """\
import numpy as np
from keras import backend as K


def pixel_loss(y_true, y_pred):
    pixels = float(np.prod(K.int_shape(y_pred)[1:]))
    return K.sum(K.square(y_true - y_pred), axis=[1, 2, 3]) / pixels
""",
    """\
import numpy as np
import tensorflow as tf


def evaluation_loss(y_true, y_pred):
    error = np.asarray(y_true) - np.asarray(y_pred)
    return np.sqrt(np.mean(np.square(error)))
""",
    """\
import tensorflow as tf
import tensorflow.experimental.numpy as tnp


def smooth_loss(y_true, y_pred):
    return tf.reduce_mean(tnp.logaddexp(y_true - y_pred, y_pred - y_true), axis=-1)
""",
    """\
import numpy as np
import tensorflow as tf


def _ranks(values):
    return np.argsort(np.argsort(values.numpy())).astype("float32")


def rank_loss(y_true, y_pred):
    ranks = tf.py_function(_ranks, [y_true], tf.float32)
    return tf.reduce_mean(ranks * tf.square(y_true - y_pred))
""",
    """\
import tensorflow as tf


def accuracy_score(y_true, y_pred):
    hits = tf.equal(tf.argmax(y_true, -1), tf.argmax(y_pred, -1))
    return float(tf.reduce_mean(tf.cast(hits, tf.float32)))
""",
    """\
import numpy as np
import keras
from keras import ops


class WeightedLoss(keras.losses.Loss):
    def __init__(self, weights):
        super().__init__()
        self.weights = np.asarray(weights) / np.sum(weights)

    def call(self, y_true, y_pred):
        return ops.mean(self.weights * ops.square(y_true - y_pred), axis=-1)
""",
    """\
import numpy as np
import tensorflow as tf


def cost(y_true, y_pred):
    if isinstance(y_pred, np.ndarray):
        return np.mean(np.square(y_true - y_pred))
    return tf.reduce_mean(tf.square(y_true - y_pred))
""",
)
MISSES = (
    """\
import numpy as np
import tensorflow as tf


def distance_loss(y_true, y_pred):
    pair = Pair(y_true, tf.nn.softmax(y_pred))
    return tf.reduce_mean(np.abs(pair.difference()))  # here
""",
)


ARRAY = re.compile(r"to a numpy array|has no attribute 'numpy'")
REFUSAL = re.compile(
    r"numpy|symbolic|Symbolic|KerasTensor|__array__|(?:float|int)\(\) argument|real number|scalar arrays|'Tensor' object|non-tensor type"
)


def check(trace: Trace) -> Iterator[Report]:
    """Every call outside the framework on a tensor of a loss."""
    if trace.loss.metric or _reports_a_number(trace):
        return
    used = {id(node.site.syntax) for node in reach(*_trained(trace))}
    for effect in trace.effects:
        if effect.operation != "host":
            continue
        tensors = [value for value in effect.arguments if _concerned(value)]
        if not tensors:
            continue
        trains = id(effect.site.syntax) in used and any(value.gradient is Gradient.FLOWS for value in tensors)
        if not says_loss(trace):
            trains = trains and any(is_loss(value.operation) for value in tensors)
        if trains or (trace.called_by_keras and in_a_graph(trace)):
            yield Report(effect, _message(effect, tensors[0]), _help(effect), (), confidence(trace))


def _trained(trace: Trace) -> list[Node]:
    """The values that a gradient is taken of; what a function that takes one itself returns besides is for its caller to read."""
    roots = [root for root in trace.roots if root.evidence >= 1]
    taken = [root.node for root in roots if root.why.startswith("handed to")]
    return taken if taken and not says_loss(trace) else [root.node for root in roots]


def _concerned(value: Node) -> bool:
    """Whether a value is a tensor that goes back to the inputs of the loss, and is not an array already."""
    return not has_left(value) and bool(value.origin & {"true", "pred", "input", "random"}) and (is_tensor(value) or from_inputs(value))


def _reports_a_number(trace: Trace) -> bool:
    """Whether what a function returns has left the framework, and nobody is given it as a loss."""
    value = result(trace)
    if trace.loss.evidence >= 3 or value is None or is_tensor(value):
        return False
    return any(has_left(part) for part in reach(value, through=lambda part: not has_left(part)))


def _message(effect: Node, tensor: Node) -> str:
    name = effect.details["name"]
    what = f"calls `{name.lstrip('.')}`" if not name.startswith("a ") else f"makes {name}"
    value = f" of {quoted(tensor)}" if tensor.text != effect.text else ""
    return (
        f"{quoted(effect)} {what}{value}, a tensor: in the graph that Keras builds it has no numbers yet, so the call fails; and "
        "where the loss runs eagerly, no gradient comes back through it, and the model does not learn from this part"
    )


def _help(effect: Node) -> str:
    spelt = canonical(effect.details["name"]) or ""
    entry = lookup(spelt) if spelt.startswith(("np.", "math.", "scipy.")) else None
    twins = [word for word in entry.operation.spellings.split() if word.startswith("tf.") and not word.endswith("*")] if entry else []
    if twins and entry is not None and entry.operation.name != "opaque":
        return f"write `{twins[0].partition('(')[0]}`, which TensorFlow can run in a graph and take the gradient of"
    return "write it with the framework's own operations; what needs no gradient can be computed from the targets before training"


def places(trace: Trace) -> list[Node]:
    """Every call outside the framework."""
    if trace.loss.metric or not trace.roots or _reports_a_number(trace):
        return []
    return [effect for effect in trace.effects if effect.operation == "host"]


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether the loss fails in a graph at the call, or no gradient comes back through it."""
    try:
        run = traced(lab, report.node, REFUSAL, "the call", kin=ARRAY)
    except Undecided:
        cut = cut_off(lab, report.node)
        if cut is None:
            raise
        return confirmed("run eagerly, no gradient arrives at the prediction", cut, expected="a gradient", proof="gradient")
    if isinstance(run, Verdict):
        return run
    if learns(run):
        return refuted("a graph can be built, and a gradient arrives at the prediction", run)
    return confirmed("a graph can be built, but no gradient arrives at the prediction", run, expected="a gradient", proof="gradient")


def fix(trace: Trace, report: Report) -> Repair | None:
    """The framework's function of the same operation."""
    syntax = report.node.site.syntax
    spelt = canonical(report.node.details["name"]) or ""
    entry = lookup(spelt) if spelt.startswith(("np.", "math.")) else None
    if (
        entry is None
        or entry.operation.name in ("opaque", "constant")  # `tf.constant` takes no tensor of a graph
        or not isinstance(syntax, ast.Call)
        or any(keyword.arg != "axis" for keyword in syntax.keywords)
    ):
        return None
    if len(syntax.args) > 2 or entry.positional[:2] != tuple(entry.operation.parameters.split()[:2]):
        return None
    message = "calls the framework's own function, through which a gradient flows: the model learns from this part"
    return Repair(UNSAFE, message, (Change(syntax.func, (Operation(entry.operation.name),)),))


RULE = Rule(
    "LL402",
    "numpy-in-loss",
    Severity.ERROR,
    check,
    BAD,
    GOOD,
    MISSES,
    supersedes=("blocked-gradient", "python-branch"),
    confirm=confirm,
    fix=fix,
    places=places,
)
