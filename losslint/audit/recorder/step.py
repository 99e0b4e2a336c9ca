"""What is measured inside each training step, with the step's own weights, masks and random numbers.

Nothing here changes the step: the original loss is computed first, by the model's own method, and what is added reads copies.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from .losses import Compiled

NODES = ("total", "compiled", "unscaled", "unweighted", "unmasked", "clipped", "called", "inference")
PENALTIES = 12
OF_EVALUATE = ("bare", "settled")  # as Keras computes it without class and sample weights: of the step's outputs, and without training mode
_SLOTS = (*NODES, *OF_EVALUATE, "again", *(f"penalty{number}" for number in range(PENALTIES)))
_STATEFUL = frozenset(
    (
        "RandomUniform",
        "RandomUniformInt",
        "RandomStandardNormal",
        "TruncatedNormal",
        "ParameterizedTruncatedNormal",
        "RandomGamma",
        "RandomPoisson",
        "RandomPoissonV2",
        "RandomShuffle",
        "Multinomial",
        "RngReadAndSkip",
        "StatefulUniform",
        "StatefulStandardNormalV2",
    )
)
_REFUSED = (TypeError, ValueError, tf.errors.InvalidArgumentError)


class Sums:
    """Sums over the batches of an epoch, in float64, kept in variables of our own: the same in eager, graph and XLA.

    Where the training runs on several replicas, each keeps those of its own part of each batch.
    """

    def __init__(self, strategy: Any) -> None:
        self.strategy = strategy
        kind = {"dtype": tf.float64, "trainable": False}
        if strategy.num_replicas_in_sync > 1:
            kind.update(synchronization=tf.VariableSynchronization.ON_READ, aggregation=tf.VariableAggregation.SUM)
        with strategy.scope():
            self.values = tf.Variable(np.zeros([len(_SLOTS), 4]), name="losslint_sums", **kind)
            self.counts = tf.Variable(np.zeros([2]), name="losslint_counts", **kind)

    def reset(self) -> None:
        """Begin an epoch."""
        self.values.assign(tf.zeros_like(self.values))
        self.counts.assign(tf.zeros_like(self.counts))

    def add(self, rows: Any, found: dict[str, Any]) -> None:
        """Count one batch of `rows` samples with the value of each node found."""
        number = tf.cast(rows, tf.float64)
        self.counts.assign_add(tf.stack([tf.ones([], tf.float64), number]))
        given = [tf.cast(found[slot], tf.float64) if slot in found else tf.zeros([], tf.float64) for slot in _SLOTS]
        values = tf.stack([tf.reshape(value, []) for value in given])
        first = self.values[:, 3]
        bad = tf.logical_and(tf.logical_not(tf.math.is_finite(values)), tf.equal(first, 0.0))
        columns = [self.values[:, 0] + number * values, self.values[:, 1] + values, values, tf.where(bad, self.counts[0], first)]
        self.values.assign(tf.stack(columns, axis=1))

    def read(self) -> dict[str, Any]:
        """The epoch's ``batches``, ``rows`` and, by slot, its ``mean`` over rows, ``plain`` mean of batches, ``last`` and first ``bad`` one."""
        values, counts = (np.stack(self.strategy.experimental_local_results(each)) for each in (self.values, self.counts))
        batches, rows = counts[0, 0], counts[:, 1].sum()
        found: dict[str, Any] = {"batches": int(batches), "rows": int(rows)}
        weighted, plain, last = values[:, :, 0].sum(0) / max(rows, 1), values[:, :, 1].mean(0) / max(batches, 1), values[:, :, 2].mean(0)
        bad = np.where(values[:, :, 3] > 0, values[:, :, 3], np.inf).min(0)
        for place, slot in enumerate(_SLOTS):
            first = int(bad[place]) if np.isfinite(bad[place]) else 0
            found[slot] = {"mean": weighted[place], "plain": plain[place], "last": last[place], "bad": first}
        return found


class Step:
    """The measurements of one model's training step.

    Attributes
    ----------
    nodes
        The nodes measured so far; what is not here could not be.
    names
        What each penalty comes from.
    missing
        Why a node is not measured, by its name.
    evaluate
        Whether to measure `OF_EVALUATE` too.
    drawn
        Whether the loss draws random numbers; None: not known yet.
    half
        The type of an output in half precision: ``float16``, ``bfloat16``; "" if there is none.
    """

    def __init__(self, model: Any, compiled: Compiled | None, probe: bool, evaluate: bool = False) -> None:
        self.model, self.compiled, self.probe, self.evaluate = model, compiled, probe, evaluate
        self.nodes: list[str] = []
        self.names: list[str] = []
        self.missing: dict[str, str] = {}
        self.own_step = False
        self.drawn: bool | None = None
        self.half = ""
        self.strategy = getattr(model, "distribute_strategy", None) or tf.distribute.get_strategy()
        self.sums = Sums(self.strategy)

    def reported(self, rows: Any, logs: Any) -> None:
        """Measure a step of the user's own that never asks for the model's loss: only what it returns is known."""
        self.own_step = True
        if isinstance(logs, dict) and "loss" in logs:
            self._keep(rows, {"total": logs["loss"]})

    def measure(self, rows: Any, total: Any, batch: dict[str, Any]) -> None:
        """Measure one batch, right after the loss of the step was computed; a loss that draws random numbers is not called again.

        Parameters
        ----------
        rows
            The number of its samples.
        total
            What the model's `compute_loss` returned.
        batch
            ``x``, ``y``, ``y_pred`` and ``sample_weight`` as the step has them.
        """
        replicas = self.strategy.num_replicas_in_sync
        found = {"total": tf.stop_gradient(total) * replicas}  # each computes its part of it
        compiled = self.compiled
        if replicas > 1:
            self._miss(NODES[1:], "the training runs on several replicas, each of which sees a part of a batch")
            self._keep(rows, found)
            return
        found.update(self._penalties())
        if compiled is None:
            self._miss(NODES[1:], "the model has no compiled loss")
        elif self._drawn(compiled, batch):
            self._miss(NODES[1:], "the loss draws random numbers: computing it again would change the training")
        else:
            self.half = next((leaf.dtype.name for leaf in tf.nest.flatten(_plain(batch["y_pred"])) if leaf.dtype.size == 2), "")
            y, outputs, weights = batch["y"], tf.nest.map_structure(tf.stop_gradient, _plain(batch["y_pred"])), batch["sample_weight"]
            _carry(batch["y_pred"], outputs, ("_keras_mask", "_keras_logits"))
            self._try(found, "compiled", lambda: compiled.scaled(y, outputs, weights))
            self._try(found, "again", lambda: compiled.scaled(y, outputs, weights))
            self._try(found, "unscaled", lambda: compiled.unscaled(y, outputs, weights))
            self._try(found, "unweighted", lambda: compiled.unscaled(y, outputs, None))
            bare = tf.nest.map_structure(tf.identity, outputs)
            _carry(batch["y_pred"], bare, ("_keras_logits",))
            self._try(found, "unmasked", lambda: compiled.unscaled(y, bare, None))
            clipped = tf.nest.map_structure(tf.identity, outputs)
            self._try(found, "clipped", lambda: compiled.unscaled(y, clipped, None))
            self._try(found, "called", lambda: called(compiled, y, clipped))
            if self.evaluate:
                self._try(found, "bare", lambda: compiled.scaled(y, outputs, None))
            if self.probe:
                probed = self._probed(batch["x"])
                self._try(found, "inference", lambda: called(compiled, y, tf.nest.map_structure(tf.identity, probed)))
                if self.evaluate:
                    self._try(found, "settled", lambda: compiled.scaled(y, probed, None))
        self._keep(rows, found)

    def _drawn(self, compiled: Compiled, batch: dict[str, Any]) -> bool:
        """Whether the loss draws random numbers; and no probe where the model does and there is one stream for all (eager)."""
        if self.drawn is None:
            outputs = _plain(batch["y_pred"])
            self.drawn = draws(lambda y, p: called(compiled, y, p), batch["y"], outputs)
            if self.probe and tf.executing_eagerly() and draws(lambda x: self.model(x, training=False), batch["x"]):
                self.probe = False
                self._miss(("inference",), "the model draws random numbers: running it again would change the training")
        return self.drawn

    def _probed(self, x: Any) -> Any:
        """The model's outputs without training mode, every variable that is not trained put back as it was."""
        state = [(variable, tf.identity(variable)) for variable in self.model.non_trainable_variables]
        outputs = self.model(x, training=False)
        for variable, value in state:
            variable.assign(value)
        plain = tf.nest.map_structure(tf.stop_gradient, _plain(outputs))
        _carry(outputs, plain, ("_keras_mask", "_keras_logits"))
        return plain

    def _penalties(self) -> dict[str, Any]:
        """The additional losses of the step, by the layer that they come from."""
        found: dict[str, Any] = {}
        names: list[str] = []
        for layer in getattr(self.model, "layers", []):
            if layer.losses and len(names) < PENALTIES:
                found[f"penalty{len(names)}"] = penalty(layer)
                names.append(_described(layer))
        self.names = names
        return found

    def _try(self, found: dict[str, Any], node: str, compute: Callable[[], Any]) -> None:
        try:
            found[node] = tf.stop_gradient(compute())
        except Exception as error:  # whatever a user's loss raises when it is called in another way
            self._miss((node,), "{}: {}".format(type(error).__name__, str(error).splitlines()[0] if str(error) else ""))

    def _miss(self, nodes: Any, reason: str) -> None:
        for node in nodes:
            self.missing.setdefault(node, reason)

    def _keep(self, rows: Any, found: dict[str, Any]) -> None:
        self.nodes = [node for node in (*NODES, *OF_EVALUATE) if node in found]
        self.sums.add(rows, found)


def called(compiled: Compiled, targets: Any, outputs: Any) -> Any:
    """The mean of what the user's own losses return, added over the outputs; a float64 scalar."""
    total = tf.zeros([], tf.float64)
    for loss, y, p in compiled.heads(outputs, targets):
        p = tf.cast(p, tf.float32) if p.dtype in (tf.float16, tf.bfloat16) else p
        total += tf.reduce_mean(tf.cast(_returned(loss, y, p), tf.float64))
    return total


def _returned(loss: Callable[..., Any], y: Any, p: Any) -> Any:
    """What a loss returns; where it refuses the targets, they are cast, then also brought to the rank of the outputs, as Keras does both."""
    try:
        return loss(y, p)
    except _REFUSED:
        y = tf.cast(y, p.dtype)
    try:
        return loss(y, p)
    except _REFUSED:
        if y.shape.rank is not None and y.shape.rank + 1 == p.shape.rank and p.shape[-1] == 1:
            return loss(y[..., None], p)
        raise


def penalty(layer: Any) -> Any:
    """The sum of what a layer or a model adds to the loss; a float64 scalar."""
    return tf.add_n([tf.zeros([], tf.float64), *(tf.cast(tf.reduce_sum(loss), tf.float64) for loss in layer.losses)])


def draws(function: Callable[..., Any], *arguments: Any) -> bool:
    """Whether a function of tensors draws from TensorFlow's own random streams, or runs Python that may: it is traced, not run.

    Keras' seed generators are no such stream: they are variables, which can be put back.
    """
    specs = [tf.nest.map_structure(tf.type_spec_from_value, argument) for argument in arguments]
    graph = tf.function(function, autograph=False).get_concrete_function(*specs).graph.as_graph_def()
    nodes = [node.op for node in graph.node]
    nodes += [node.op for inner in graph.library.function for node in inner.node_def]
    return any(name in _STATEFUL or name.endswith("PyFunc") for name in nodes)


def _plain(outputs: Any) -> Any:
    return tf.nest.map_structure(tf.convert_to_tensor, outputs)


def _carry(source: Any, target: Any, names: Any) -> None:
    """Give copies of outputs what Keras hangs on the outputs themselves."""
    for old, new in zip(tf.nest.flatten(source), tf.nest.flatten(target)):
        for name in names:
            value = getattr(old, name, None)
            if value is not None:
                setattr(new, name, value)


def _described(layer: Any) -> str:
    kinds = []
    for name in ("kernel_regularizer", "bias_regularizer", "activity_regularizer", "embeddings_regularizer", "recurrent_regularizer"):
        regularizer = getattr(layer, name, None)
        if regularizer is not None:
            kinds.append(type(regularizer).__name__)
    return "{}: {}".format(layer.name, ", ".join(dict.fromkeys(kinds)) if kinds else "add_loss")
