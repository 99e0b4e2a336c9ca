"""What is measured when an epoch is over: the same loss at the end weights, on the epoch's batches and on the user's own data."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from .losses import Compiled
from .order import places
from .step import called, penalty

Batch = tuple[Any, Any]  # inputs and targets
SAMPLE = 8  # batches whose predictions Keras' own `predict` makes again
NEAR = 1e-6  # of a loss: how far rounding takes it


class Data:
    """The rows that the user gave to `fit`, in the user's order.

    Attributes
    ----------
    x, y
        Arrays or nested arrays.
    batch
        Rows in a batch of the training.
    """

    def __init__(self, x: Any, y: Any, batch: int) -> None:
        self.x, self.y, self.batch = x, y, batch

    @property
    def rows(self) -> int:
        """How many there are."""
        return int(np.shape(tf.nest.flatten(self.x)[0])[0])

    def batches(self) -> Iterable[Batch]:
        """The rows in order, cut as the training cuts them."""
        for start in range(0, self.rows, self.batch):
            yield self._cut(self.x, start), self._cut(self.y, start)

    def _cut(self, side: Any, start: int) -> Any:
        return tf.nest.map_structure(lambda leaf: _tensor(leaf[start : start + self.batch]), side)


def given(arguments: dict[str, Any]) -> tuple[Data | None, str]:
    """The data of a call of `fit`, and why they cannot be read again if they cannot.

    Parameters
    ----------
    arguments
        Of `fit`, by name.
    """
    return _data(arguments, arguments.get("x"), arguments.get("y"), arguments.get("batch_size"), lambda kept: slice(None, kept))


def held(arguments: dict[str, Any]) -> tuple[Data | None, str]:
    """The validation data of a call of `fit`, and why they cannot be read again if they cannot; see `given`."""
    size = arguments.get("validation_batch_size") or arguments.get("batch_size")
    apart = arguments.get("validation_data")
    if apart is None:
        return _data(arguments, arguments.get("x"), arguments.get("y"), size, lambda kept: slice(kept, None))
    x, y = apart[:2] if isinstance(apart, (tuple, list)) and len(apart) > 1 else (apart, None)
    return _data({}, x, y, size, lambda kept: slice(None, kept))


def _data(arguments: dict[str, Any], x: Any, y: Any, size: Any, part: Callable[[int], slice]) -> tuple[Data | None, str]:
    """Arrays of which `part` takes what is wanted, told how many rows the training keeps."""
    leaves = tf.nest.flatten(x)
    odd = next((leaf for leaf in leaves if not isinstance(leaf, (np.ndarray, tf.Tensor, tf.Variable))), None)
    if odd is not None or not leaves:
        return None, f"the data are given as a {type(odd).__name__}, which is not read a second time"
    if y is None:
        return None, "no targets are given"
    split = float(arguments.get("validation_split") or 0.0)
    wanted = part(int(np.floor(int(np.shape(leaves[0])[0]) * (1.0 - split))))
    x, y = (tf.nest.map_structure(lambda leaf: leaf[wanted], side) for side in (x, y))
    return Data(x, y, int(size or 32)), ""


class Ending:
    """The pass at the end of an epoch, compiled once."""

    def __init__(self, model: Any, compiled: Compiled, autograph: bool) -> None:
        self.model, self.compiled = model, compiled

        def predict(x: Any) -> Any:
            return model(x, training=False)

        def of(y: Any, p: Any) -> Any:
            return called(compiled, y, p)

        def counted(x: Any, y: Any) -> Any:
            return tf.cast(compiled.scaled(y, predict(x), None), tf.float64) + penalty(model)

        def predict_each(xs: Any) -> Any:
            kinds = tf.nest.map_structure(tf.type_spec_from_value, predict(tf.nest.map_structure(lambda leaf: leaf[0], xs)))
            return tf.map_fn(predict, xs, fn_output_signature=kinds)

        def of_each(ys: Any, ps: Any) -> Any:
            return tf.map_fn(lambda pair: of(*pair), (ys, ps), fn_output_signature=tf.float64)

        self.predict, self.of, self.counted, self.predict_each, self.of_each = (
            tf.function(function, autograph=autograph, reduce_retracing=True) for function in (predict, of, counted, predict_each, of_each)
        )

    def evaluated(self, batches: list[Batch], data: Data) -> dict[str, float]:
        """What `evaluate` gives on the user's rows (``loss``), and the same computed on the batches of the epoch (``counted``)."""
        logs = self.model.evaluate(data.x, data.y, batch_size=data.batch, verbose=0, return_dict=True)
        found = {"loss": float(logs["loss"]), "reread": self._counted(data.batches())}
        return {**found, "counted": self._counted(batches)} if batches else found

    def _counted(self, batches: Iterable[Batch]) -> float:
        """The mean over the rows of what Keras counts as the loss of each batch."""
        values, sizes = zip(*((float(self.counted(x, y)), rows(x)) for x, y in batches))
        return float(np.average(values, weights=sizes))

    def run(self, batches: list[Batch], data: Data | None, mine: Callable[..., Any] | None, quiet: bool = False) -> dict[str, Any]:
        """The nodes ``moved``, ``reread``, ``whole`` and ``eager`` (that of ``whole`` outside of compiled code), and the user's number, at the weights as they are now.

        Parameters
        ----------
        batches
            What the epoch trained on.
        data
            The user's rows; None: what was trained on stands for them.
        mine
            The user's own formula of targets and predictions; None: the mean of the compiled loss.
        quiet
            The loss draws random numbers: it is called in compiled code only, which has a stream of its own.

        Returns
        -------
        dict
            What could be measured; ``random`` where two calls for the same rows may differ.
        """
        state = _state(self.model.non_trainable_variables)
        try:
            return self._run(batches, data, mine, self.of if quiet else functools.partial(called, self.compiled))
        finally:
            _restore(state)

    def _run(self, batches: list[Batch], data: Data | None, mine: Callable[..., Any] | None, again: Callable[..., Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        source = list(data.batches()) if data is not None else batches
        if not source:
            return found
        trained = self._outputs(batches)
        if batches:
            found["moved"] = self._mean(batches, trained)
        sample = slice(None, None, -(-len(source) // SAMPLE))
        some, theirs = _targets(source[sample]), self._predicted(source[sample])
        parts = trained
        if data is not None:
            reordered = _reordered(source, batches, trained)
            parts = reordered if reordered is not None and self._agree(some, _joined(reordered[sample]), theirs) else self._outputs(source)
            found["reread"] = self._mean(source, parts)
        targets, outputs = _targets(source), _joined(parts)
        found["whole"] = float(self.of(targets, outputs))
        found["eager"] = float(again(targets, outputs))
        found["independent"] = found["eager"] + float(again(some, theirs)) - float(again(some, _joined(parts[sample])))
        found["random"] = again is self.of or not _same((trained or parts)[0], self.predict((batches or source)[0][0]))
        if not found["random"]:
            found["weightless"] = self._weightless(targets, outputs)
        if mine is not None:
            found["mine"] = float(np.mean(np.asarray(mine(_numpy(targets), _numpy(outputs)), dtype=np.float64)))
        return found

    def _predicted(self, batches: list[Batch]) -> Any:
        """What Keras' own `predict` gives for some batches."""
        outputs = self.model.predict(_joined([x for x, _ in batches]), batch_size=rows(batches[0][0]), verbose=0)
        return tf.nest.map_structure(_tensor, outputs)

    def _agree(self, targets: Any, outputs: Any, others: Any) -> bool:
        """Whether two predictions give the same loss."""
        return bool(np.isclose(float(self.of(targets, outputs)), float(self.of(targets, others)), rtol=NEAR, atol=0.0))

    def _outputs(self, batches: list[Batch]) -> list[Any]:
        """The model's predictions for each batch."""
        inputs = [x for x, _ in batches]
        alike = _alike(inputs)
        found = _unstacked(self.predict_each(_stacked(inputs[:alike]))) if alike else []
        return found + [self.predict(x) for x in inputs[alike:]]

    def _mean(self, batches: list[Batch], outputs: list[Any]) -> float:
        """The mean over the rows of the loss of each batch."""
        targets = [y for _, y in batches]
        alike = _alike(list(zip(targets, outputs)))
        values = list(self.of_each(_stacked(targets[:alike]), _stacked(outputs[:alike])).numpy()) if alike else []
        values += [float(self.of(y, part)) for y, part in zip(targets[alike:], outputs[alike:])]
        return float(np.average(values, weights=[rows(x) for x, _ in batches]))

    def _weightless(self, targets: Any, outputs: Any) -> float:
        """The loss of the same predictions with every weight of the model at 0 for a moment: without penalties in its own code."""
        state = _state(self.model.variables)
        try:
            for variable, value in state:
                variable.assign(np.zeros_like(value))
            return float(called(self.compiled, targets, outputs))
        finally:
            _restore(state)


def _state(variables: Any) -> list[tuple[Any, Any]]:
    """The values of variables, to put back."""
    return [(variable, np.array(variable)) for variable in variables]


def _restore(state: list[tuple[Any, Any]]) -> None:
    for variable, value in state:
        variable.assign(value)


def _same(left: Any, right: Any) -> bool:
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(tf.nest.flatten(left), tf.nest.flatten(right)))


def rows(x: Any) -> int:
    """How many samples there are in inputs."""
    return int(tf.nest.flatten(x)[0].shape[0])


def _tensor(leaf: Any) -> Any:
    """An array as Keras takes it: floats in its own float type."""
    tensor = tf.convert_to_tensor(leaf)
    return tf.cast(tensor, tf.keras.backend.floatx()) if tensor.dtype == tf.float64 else tensor


def _numpy(structure: Any) -> Any:
    return tf.nest.map_structure(lambda leaf: leaf.numpy(), structure)


def _targets(batches: list[Batch]) -> Any:
    return _joined([y for _, y in batches])


def _reordered(source: list[Batch], batches: list[Batch], trained: list[Any]) -> list[Any] | None:
    """The predictions for the user's batches out of those for the epoch's, where these hold the same rows; right where no row bears on another."""
    sizes = [rows(x) for x, _ in source]
    if sum(sizes) != sum(rows(x) for x, _ in batches):
        return None
    order = places(_joined(source), _joined(batches))
    if order is None:
        return None
    outputs = tf.nest.map_structure(lambda leaf: tf.gather(leaf, order), _joined(trained))
    pieces = [tf.split(leaf, sizes) for leaf in tf.nest.flatten(outputs)]
    return [tf.nest.pack_sequence_as(outputs, piece) for piece in zip(*pieces)]


def _joined(parts: list[Any]) -> Any:
    def join(*leaves: Any) -> Any:
        return tf.sparse.concat(0, list(leaves)) if isinstance(leaves[0], tf.SparseTensor) else tf.concat(leaves, axis=0)

    return tf.nest.map_structure(join, *parts)


def _alike(parts: list[Any]) -> int:
    """How many of them, from the first one on, have its shapes, so that one compiled loop runs over them; 0 where they are not dense."""

    def shapes(part: Any) -> list[Any]:
        return [leaf.shape if isinstance(leaf, tf.Tensor) else None for leaf in tf.nest.flatten(part)]

    first = shapes(parts[0]) if parts else [None]
    return 0 if None in first else next((place for place, part in enumerate(parts) if shapes(part) != first), len(parts))


def _stacked(parts: list[Any]) -> Any:
    return tf.nest.map_structure(lambda *leaves: tf.stack(leaves), *parts)


def _unstacked(parts: Any) -> list[Any]:
    return [tf.nest.pack_sequence_as(parts, leaves) for leaves in zip(*(tf.unstack(leaf) for leaf in tf.nest.flatten(parts)))]
