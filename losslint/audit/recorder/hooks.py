"""Puts the audit into every `Model.fit` when the script imports Keras, and never before: importing it first would break scripts."""

from __future__ import annotations

import functools
import importlib.abc
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

from .records import Tell, said

KERAS = ("keras", "tf_keras")


class _Finder(importlib.abc.MetaPathFinder):
    """Finds nothing itself: where Keras is found, its loader also calls `loaded`."""

    def __init__(self, loaded: Callable[[Any], None]) -> None:
        self.loaded = loaded
        self.busy = False

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name not in KERAS or self.busy:
            return None
        self.busy = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self.busy = False
        if spec is None or spec.loader is None:
            return None
        execute, loaded = spec.loader.exec_module, self.loaded

        def exec_module(module: Any) -> None:
            execute(module)
            loaded(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def install(options: dict[str, Any], tell: Tell) -> None:
    """Audit every fit from now on.

    Parameters
    ----------
    options
        As `watch.begin` reads them.
    tell
        Takes the records.
    """
    fits: list[int] = []

    def loaded(keras: Any) -> None:
        try:
            _wrap(keras, options, tell, fits)
        except Exception as error:  # an audit that fails never ends the training
            tell({"kind": "failed", "where": "import", "reason": said(error)})

    sys.meta_path.insert(0, _Finder(loaded))


def _wrap(keras: Any, options: dict[str, Any], tell: Tell, fits: list[int]) -> None:
    original = keras.Model.fit
    backend = keras.backend.backend()
    signature = inspect.signature(original)
    running: list[Any] = []

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        if running:
            return original(self, *args, **kwargs)
        watch = None
        path, line = caller(os.path.dirname(__file__))
        fits.append(line)
        try:
            if backend != "tensorflow":
                raise LookupError(f"the backend is {backend}, and only TensorFlow is measured")
            from .watch import begin

            given = signature.bind(self, *args, **kwargs)
            given.apply_defaults()
            place = {"path": path, "line": line, "number": len(fits)}
            watch = begin(keras, self, given.arguments, options, tell, place)
            given.arguments["callbacks"] = _with(given.arguments.get("callbacks"), watch.callback, self)
            args, kwargs = given.args[1:], given.kwargs
        except Exception as error:
            tell({"kind": "failed", "where": "fit", "line": line, "reason": said(error)})
        running.append(self)
        try:
            return original(self, *args, **kwargs)
        finally:
            running.pop()
            if watch is not None:
                watch.undo()

    keras.Model.fit = fit


def _with(callbacks: Any, callback: Any, model: Any) -> Any:
    """The callbacks of a fit with ours in front: what others do to the weights comes after it."""
    if callbacks is None:
        return [callback]
    if isinstance(callbacks, (list, tuple)):
        return [callback, *callbacks]
    if hasattr(callbacks, "append") and hasattr(callbacks, "callbacks"):  # a list of Keras' own
        callback.set_model(model)
        callbacks.callbacks.insert(0, callback)
        return callbacks
    return [callback, callbacks]


def caller(own: str) -> tuple[str, int]:
    """Where the script calls `fit`: the innermost frame that is in no installed package, nor below the folder `own`."""
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith(own) and "site-packages" not in name and not name.startswith("<"):
            return name, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return "", 0
