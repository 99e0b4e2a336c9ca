"""LL203 frozen-state: the loss reads Python state, which stays what it was when the first batch came.

## What it does

Reports a Python number that a loss reads and that other code changes while the model trains (a weight that a callback
anneals, a step counter), and random numbers that Python or numpy draws inside a loss.

## Why is this bad

Keras runs a loss as Python once, to trace it into a graph; every batch after that runs the graph. A Python number becomes a
constant of the graph at that moment. The callback goes on changing the variable, the log shows the new values, and the loss
keeps the first one. A random number is drawn once, and every batch gets the same.

## Example

```python
import keras
from keras import ops

weight = 0.0


def annealed_loss(y_true, y_pred):
    return weight * ops.mean(ops.square(y_true - y_pred), axis=-1)


class Anneal(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        global weight
        weight = min(1.0, epoch / 10)


model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss=annealed_loss)
```

## Use instead

A variable of the framework, which the graph reads each time:

```python
import keras
from keras import ops

weight = keras.Variable(0.0, trainable=False)


def annealed_loss(y_true, y_pred):
    return weight * ops.mean(ops.square(y_true - y_pred), axis=-1)


class Anneal(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        weight.assign(min(1.0, epoch / 10))


model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss=annealed_loss)
```

## What it does not flag

* Numbers that are set and never changed, or changed only where the model is compiled anew.
* Variables of TensorFlow and Keras, and the random numbers that they draw.
* Losses that a training loop of the file's own calls eagerly.

## Fix safety

Unsafe: a `tf.Variable` (`keras.Variable`) in place of the number, and `assign` where it is changed. Training changes, as it was meant
to. It is offered for a number that is bound once and used in nothing but arithmetic.

## How it is confirmed

The loss is traced and run; then the variable is changed, or another random number would be drawn, and the same graph is run
again: its value stays, where that of the loss itself changes.

## Known misses

* State in a container (`settings["weight"]`) or in a module of its own.

## References

* TensorFlow, *Better performance with tf.function*, on Python side effects. https://www.tensorflow.org/guide/function
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from losslint.analysis.node import Node, reach
from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Lab, Undecided, confirmed, refuted
from losslint.experiment import Change as StateChange
from losslint.finding import Severity, Verdict
from losslint.names import Index
from losslint.repair import UNSAFE, Change, Moved, Repair
from losslint.rule import Report, Rule, quoted

BAD = (
    """\
import keras
from keras import ops

weight = 0.0


def annealed_loss(y_true, y_pred):
    return weight * ops.mean(ops.square(y_true - y_pred), axis=-1)  # here


class Anneal(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        global weight
        weight = min(1.0, epoch / 10)


model = keras.Sequential([keras.layers.Dense(1)])
model.compile(loss=annealed_loss)
""",
    """\
import tensorflow as tf


class WarmUp(tf.keras.losses.Loss):
    def __init__(self, name="warm_up"):
        super().__init__(name=name)
        self.step = 0

    def call(self, y_true, y_pred):
        self.step += 1  # here
        error = tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
        return error * min(1.0, self.step / 1000)
""",
    """\
import numpy as np
from keras import backend as K


def noisy_loss(y_true, y_pred):
    threshold = np.random.uniform(0.0, 0.5)  # here
    return K.mean(K.maximum(K.abs(y_true - y_pred) - threshold, 0.0), axis=-1)
""",
    """\
import tensorflow as tf


def train(model, x, y):
    beta = 0.0

    def beta_loss(y_true, y_pred):
        if beta > 0.5:  # here
            return tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)
        return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)

    def anneal(epoch, logs):
        nonlocal beta
        beta += 0.1

    model.compile("adam", loss=beta_loss)
    model.fit(x, y, callbacks=[tf.keras.callbacks.LambdaCallback(on_epoch_end=anneal)])
""",
    """\
import random

import tensorflow as tf


@tf.function
def train_step(model, optimizer, images, labels):
    with tf.GradientTape() as tape:
        smoothing = random.random() / 10  # here
        targets = labels * (1.0 - smoothing) + smoothing / 10
        loss = tf.reduce_mean(tf.keras.losses.categorical_crossentropy(targets, model(images)))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
""",
)
GOOD = (
    """\
import keras
from keras import ops

weight = keras.Variable(0.1, trainable=False)


def annealed_loss(y_true, y_pred):
    return weight * ops.mean(ops.square(y_true - y_pred), axis=-1)


class Anneal(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        weight.assign(min(1.0, epoch / 10))
""",
    """\
import tensorflow as tf

ALPHA = 0.25


def scaled_loss(y_true, y_pred):
    return ALPHA * tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)


def main(alpha):
    global ALPHA
    ALPHA = alpha
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile(loss=scaled_loss)
""",
    """\
import tensorflow as tf


def noisy_loss(y_true, y_pred):
    threshold = tf.random.uniform([], 0.0, 0.5)
    return tf.reduce_mean(tf.maximum(tf.abs(y_true - y_pred) - threshold, 0.0), axis=-1)
""",
    """\
import keras
from keras import ops

results = []
for weight in (0.1, 1.0, 10.0):

    def weighted_loss(y_true, y_pred, weight=weight):
        return weight * ops.mean(ops.square(y_true - y_pred), axis=-1)

    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(loss=weighted_loss)
    results.append(model)
""",
    """\
import numpy as np
import tensorflow as tf


def penalty_loss(critic, real, fake):
    mix = np.random.uniform()
    return tf.reduce_mean(tf.square(critic(mix * real + (1.0 - mix) * fake)))


def train(critic, optimizer, batches):
    for real, fake in batches:
        with tf.GradientTape() as tape:
            loss = penalty_loss(critic, real, fake)
        gradients = tape.gradient(loss, critic.trainable_variables)
        optimizer.apply_gradients(zip(gradients, critic.trainable_variables))
""",
)
MISSES = (
    """\
import keras
from keras import ops

settings = {"weight": 0.0}


def annealed_loss(y_true, y_pred):
    return settings["weight"] * ops.mean(ops.square(y_true - y_pred), axis=-1)  # here


class Anneal(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        settings["weight"] = min(1.0, epoch / 10)
""",
)
FACTORS, MOST_BATCHES = (2.0, 1000.0, -1.0), 6
HELP = "keep it in a `tf.Variable` (`keras.Variable`) and change it with `assign`: a graph reads a variable each time"
DRAW = "draw it with `tf.random` or `keras.random`, inside the loss"


def _begins(node: Node) -> bool:
    """Whether a value is state itself, not made of it."""
    return "state" in node.origin and not any("state" in argument.origin for argument in node.arguments)


def places(trace: Trace) -> Iterator[Node]:
    """What a loss is made of, unless it runs eagerly."""
    nodes = list(reach(*(root.node for root in trace.roots)))
    if not any(node.details.get("graph") is False for node in nodes):
        yield from (root.node for root in trace.roots)


def check(trace: Trace) -> Iterator[Report]:
    """Every read of Python state that makes up the loss, or decides what it is."""
    decided = [effect for effect in trace.effects if effect.operation == "decision"]
    for node in filter(_begins, reach(*(root.node for root in trace.roots if root.evidence >= 2), *decided)):
        graph = node.details.get("graph")
        if graph is False or (graph is None and not trace.called_by_keras):
            continue
        if "drawn" in node.details:
            message = f"{quoted(node)} is drawn by Python, once, when the loss is traced into a graph: every batch gets the same number"
            yield Report(node, message, DRAW, (), trace.confidence(node))
        else:
            message = (
                f"`{node.details['name']}` is a Python number that changes while the model trains, but the loss is traced into a graph "
                "once and keeps the value of that moment"
            )
            yield Report(node, message, HELP, ((node.details["changed"], "it is changed here"),), trace.confidence(node))


def confirm(lab: Lab, report: Report) -> Verdict:
    """Whether a graph keeps what the loss, run anew, does not."""
    name = str(report.node.details.get("name", ""))
    for batch in _tried(lab):
        for factor in (None,) if "drawn" in report.node.details or not name else FACTORS:
            change = None if factor is None else StateChange("number", name, factor)
            values = [
                lab.run(batch, mode=mode, seed=seed, change=c).value
                for mode in ("eager", "static")
                for seed, c in ((1, None), (-1, change))
            ]
            if any(value is None for value in values) or values[0] == values[1]:
                continue
            if values[2] != values[3]:
                return refuted("a graph of the loss follows the change", lab.run(batch))
            before, after, kept = (value.mean for value in values[:3] if value is not None)
            what = f"`{name}` becomes {factor:g}" if name and factor is not None else "another number is drawn"
            reason = f"the loss is {before:.4g}, and {after:.4g} when {what}; traced into a graph it stays {kept:.4g}"
            told = {"loss before": before, "loss after": after, "graph before and after": kept}
            return confirmed(reason, lab.run(batch, mode="static", seed=1), value=told, expected="a graph that follows the change")
    return refuted("no change of it changes the loss", lab.run(lab.batch))


def _tried(lab: Lab) -> Iterator[Batch]:
    """Informative batches, and others: a weight that begins at 0 makes every batch look alike."""
    with suppress(Undecided):
        yield lab.batch
    yield from islice(lab.candidates(), MOST_BATCHES)


def fix(trace: Trace, report: Report) -> Repair | None:
    """A variable of the framework in place of the number, and assignments to it."""
    name, tree = str(report.node.details.get("name", "")), report.node.site.source.tree
    variable = _variable(trace, report.node)
    taken = any(isinstance(part, ast.arg) and part.arg == name for part in ast.walk(tree))
    if variable is None or taken or "drawn" in report.node.details:
        return None
    above = {inner: outer for outer in ast.walk(tree) for inner in ast.iter_child_nodes(outer)}
    begins: list[tuple[ast.expr, float]] = []
    changes: list[Change] = []
    for use in (part for part in ast.walk(tree) if isinstance(part, ast.Name) and part.id == name):
        match above[use]:
            case ast.Assign(targets=[target], value=value) as bound if target is use:
                if _sent_outwards(bound, name, above, report.node.site.source.index):
                    changes.append(Change(bound, (f"{name}.assign(", value, ")")))
                elif isinstance(value, ast.Constant) and isinstance(value.value, int | float):
                    begins.append((value, float(value.value)))
                else:
                    return None
            case ast.AugAssign(target=target, op=ast.Add() | ast.Sub() as sign, value=value) as bound if target is use:
                changes.append(Change(bound, (f"{name}.assign_{'add' if isinstance(sign, ast.Add) else 'sub'}(", value, ")")))
            case ast.BinOp():
                continue
            case _:
                return None  # a test, a text or a function of Python's takes a number, and perhaps no variable
    if len(begins) != 1 or not changes:
        return None
    value, number = begins[0]
    changes.append(Change(value, (Moved(variable), f"({number}, trainable=False)")))
    message = "keeps the number in a variable, which the graph reads each time: training follows the changes from now on"
    return Repair(UNSAFE, message, tuple(changes))


def _variable(trace: Trace, node: Node) -> str | None:
    """The class of variables of the framework that a file imports; None where it may be one that has sessions."""
    whole = {found.whole for found in node.site.source.index.imports.values()}
    if trace.keras == "3" and "keras" in whole:
        return "keras.Variable"
    return "tensorflow.Variable" if trace.keras != "auto" and "tensorflow" in whole else None


def _sent_outwards(statement: ast.AST, name: str, above: dict[ast.AST, ast.AST], index: Index) -> bool:
    """Whether the function around a statement binds a name of the code around it."""
    while statement in above and not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        statement = above[statement]
    return statement in index.by_node and name in index.by_node[statement].declared


RULE = Rule("LL203", "frozen-state", Severity.WARNING, check, BAD, GOOD, MISSES, confirm=confirm, fix=fix, places=places)
