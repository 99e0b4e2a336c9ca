"""The compiled loss of a model, called as Keras calls it and as the user would."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator
from typing import Any


class Compiled:
    """A model's losses, in copies of their own: calling the model's again would count its metrics twice.

    Parameters
    ----------
    keras
        The module: Keras 2 or 3.
    model
        A compiled model.

    Raises
    ------
    LookupError
        The model has no compiled loss.
    """

    def __init__(self, keras: Any, model: Any) -> None:
        self.keras = keras
        container = getattr(model, "_compile_loss", None) or getattr(model, "compiled_loss", None)
        losses = getattr(container, "_user_losses", None) or getattr(container, "_user_loss", None)
        if container is None or losses is None:
            raise LookupError("the model is compiled without a loss")
        self.losses = losses
        self.weights = container._user_loss_weights
        self.names = list(getattr(container, "output_names", None) or getattr(container, "_output_names", None) or [])
        self.kind = type(container)
        self.scaled = self.kind(losses, loss_weights=self.weights, output_names=self.names or None)
        self.unscaled = self.kind(losses, output_names=self.names or None)

    def heads(self, outputs: Any, targets: Any) -> list[tuple[Any, Any, Any]]:
        """For each output that has a loss: the loss, the target and the prediction."""
        if isinstance(outputs, dict):
            keys: list[Any] = list(outputs)
        elif isinstance(outputs, (list, tuple)):
            keys = list(range(len(outputs)))
        else:
            return [(_resolved(self.keras, _only(self.losses)), _only(targets), outputs)]
        found = []
        for position, key in enumerate(keys):
            name = key if isinstance(key, str) else (self.names[position] if position < len(self.names) else key)
            loss = _of(self.losses, key, name, position)
            if loss is not None:
                found.append((_resolved(self.keras, loss), _of(targets, key, name, position), outputs[key]))
        return found

    def places(self) -> list[dict[str, Any]]:
        """Where the code of each loss is: ``name``, and ``path`` and ``line`` where it is the user's."""
        found: list[dict[str, Any]] = []
        for place in map(_place, _each(self.losses)):
            if place not in found:
                found.append(place)
        return found


def _each(losses: Any) -> Iterator[Any]:
    if isinstance(losses, (list, tuple, dict)):
        for part in losses.values() if isinstance(losses, dict) else losses:
            yield from _each(part)
    elif losses is not None:
        yield losses


def _only(value: Any) -> Any:
    while isinstance(value, (list, tuple, dict)) and len(value) == 1:
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]
    return value


def _of(structure: Any, key: Any, name: Any, position: int) -> Any:
    """The item for one output of a dictionary, of a list, or the one value for all."""
    if isinstance(structure, dict):
        return structure.get(key, structure.get(name))
    if isinstance(structure, (list, tuple)):
        return structure[position] if position < len(structure) else None
    return structure


def _resolved(keras: Any, loss: Any) -> Any:
    return keras.losses.get(loss) if isinstance(loss, str) else loss


def _place(loss: Any) -> dict[str, Any]:
    if isinstance(loss, str):
        return {"name": loss}
    function = loss
    while isinstance(function, functools.partial):
        function = function.func
    if hasattr(function, "fn") and not inspect.isfunction(function):
        function = function.fn  # Keras' wrapper of a function
    name = getattr(function, "__name__", None) or type(function).__name__
    if not inspect.isfunction(inspect.unwrap(function) if callable(function) else function):
        function = type(function).call if hasattr(type(function), "call") else type(function)
    found: dict[str, Any] = {"name": name}
    code: Any | None = getattr(inspect.unwrap(function), "__code__", None)
    if code is not None and "site-packages" not in code.co_filename:
        found.update(path=code.co_filename, line=code.co_firstlineno)
    return found
