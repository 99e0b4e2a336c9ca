"""Models that a loss reads: found by name, built where they are not, changed for one run, or stood in for."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np
import tensorflow as tf

SHAPES: Tuple[Tuple[int, ...], ...] = ((3,), (8, 8, 1), (8, 8, 3), (5, 3), (32, 32, 3))


def stand_in(kind: str) -> Any:
    """Something small for what cannot be had: a model, an optimizer that moves nothing, an error, the identity."""
    if kind == "optimizer":
        return tf.keras.optimizers.SGD(0.0)
    if kind == "error":
        return lambda true, pred, *rest, **named: tf.reduce_mean(tf.square(true - pred), axis=-1)
    if kind == "identity":
        return lambda x, *rest, **named: x
    return StandIn()


class StandIn(tf.keras.Model):  # type: ignore[misc]
    """A small dense model that takes inputs of any shape, and answers to the name of any layer with its first."""

    input_spec = None

    def __init__(self) -> None:
        inputs = tf.keras.Input((3,))
        hidden, head = tf.keras.layers.Dense(4, activation="tanh"), tf.keras.layers.Dense(3)
        super().__init__(inputs, head(hidden(inputs)))

    def call(self, inputs: Any, *rest: Any, **named: Any) -> Any:
        """Fold the features of a sample to three, then two dense layers; a number asks for so many samples."""
        first = tf.convert_to_tensor(tf.nest.flatten(inputs)[0])
        if not len(first.shape):
            first = tf.random.stateless_uniform((tf.cast(first, tf.int32), 3), (0, 0), dtype=self.compute_dtype)
        flat = tf.reshape(tf.cast(first, self.compute_dtype), (tf.shape(first)[0], -1))
        padded = tf.pad(flat, ((0, 0), (0, 2)))
        value = tf.stack([tf.reduce_mean(padded[:, i::3], axis=1) for i in range(3)], axis=1)
        for layer in self.layers:
            value = layer(value)
        return value

    @property
    def layers(self) -> List[Any]:
        """Those with weights, as a sequential model shows them."""
        return [layer for layer in super().layers if layer.weights]

    def get_layer(self, name: Any = None, index: Any = None) -> Any:
        """The first layer with weights."""
        return self.layers[0]


def _random(make: Callable[..., Any], name: str, told: Callable[[str], None]) -> Callable[..., Any]:
    """An application with random weights: nothing is downloaded."""

    def built(*positional: Any, **named: Any) -> Any:
        named["weights"] = None
        told("the weights of `{}` are random ones".format(name))
        return make(*positional, **named)

    return built


def without_files(told: Callable[[str], None]) -> None:
    """Models come from nowhere but the code: a saved model becomes a small dense one, pretrained weights random ones."""
    load = tf.keras.models.load_model

    def load_model(path: Any, *positional: Any, **named: Any) -> Any:
        try:
            return load(path, *positional, **named)
        except Exception:  # there is no file of the user's in the laboratory
            told("the model of {!r} is a small dense one".format(str(path)))
            return stand_in("model")

    for module in (tf.keras.models, tf.keras.saving) if hasattr(tf.keras, "saving") else (tf.keras.models,):
        module.load_model = load_model
    for name, make in list(vars(tf.keras.applications).items()):
        if name[:1].isupper() and callable(make):
            setattr(tf.keras.applications, name, _random(make, name, told))


def is_model(value: Any) -> bool:
    """Whether a value is a model of any Keras that is imported: `tf.keras` may be another one than `keras`."""
    kinds = (getattr(sys.modules.get(name), "Model", None) for name in ("keras", "tf_keras"))
    return isinstance(value, (tf.keras.Model, *(kind for kind in kinds if isinstance(kind, type))))


def build(model: Any) -> bool:
    """Give an unbuilt model weights, for the first shape of inputs that it takes; whether anything was done."""
    if getattr(model, "built", True) and model.weights:
        return False
    for shape in SHAPES:
        try:
            model(tf.zeros((1, *shape)))
            return True
        except Exception:  # not the shape that it is for
            continue
    return False


class Scope:
    """The names that a loss reads from around it: of its module, and of the functions around it that are no parameters."""

    def __init__(self, loss: Callable[..., Any], namespace: Dict[str, Any], parameters: List[str]) -> None:
        function = getattr(loss, "__func__", loss)
        self.owner = getattr(loss, "__self__", None)
        code = getattr(function, "__code__", None)
        self.namespace = getattr(function, "__globals__", namespace)
        cells = zip(getattr(code, "co_freevars", ()), getattr(function, "__closure__", None) or ())
        self.cells = {name: cell for name, cell in cells if name not in parameters}

    def names(self) -> List[str]:
        """The names bound to models."""
        found = [name for name, value in self.namespace.items() if is_model(value)]
        return found + [name for name in self.cells if is_model(self.get(name))]

    def get(self, name: str) -> Any:
        """What a name is bound to, None if to nothing; ``self.x`` is an attribute of the object that the loss is a method of."""
        if name.startswith("self."):
            return getattr(self.owner, name[5:], None)
        if name in self.cells:
            try:
                return self.cells[name].cell_contents
            except ValueError:
                return None
        return self.namespace.get(name)

    def put(self, name: str, value: Any) -> None:
        """Bind a name."""
        if name.startswith("self."):
            setattr(self.owner, name[5:], value)
        elif name in self.cells:
            self.cells[name].cell_contents = value
        else:
            self.namespace[name] = value

    @contextmanager
    def changed(self, change: Dict[str, Any]) -> Iterator[None]:
        """Other weights, another model or another number under a name (``*``: every model), until the end of the block."""
        names = self.names() if change["name"] == "*" else [change["name"]]
        before = {name: self.get(name) for name in names}
        weights = {name: [np.array(w) for w in value.get_weights()] for name, value in before.items() if is_model(value)}
        try:
            for name, value in before.items():
                if change["kind"] == "number":
                    self.put(name, change["factor"])
                elif change["kind"] == "rebind" and is_model(value):
                    copy = StandIn() if isinstance(value, StandIn) else type(value).from_config(value.get_config())
                    build(copy)
                    copy.set_weights([w * change["factor"] + 0.25 for w in weights[name]])
                    self.put(name, copy)
                elif is_model(value):
                    value.set_weights([w * change["factor"] + 0.25 for w in weights[name]])
            yield
        finally:
            for name, value in before.items():
                if name in weights:
                    value.set_weights(weights[name])
                self.put(name, value)
