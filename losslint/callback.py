"""`losslint.LossAudit`: the audit of `losslint why` as a Keras callback, for people who would rather add one line to their script."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from losslint.audit.explain import explained
from losslint.audit.recorder.hooks import caller
from losslint.audit.recorder.records import plain, said
from losslint.audit.recorder.watch import begin
from losslint.audit.run import Recorded, epochs_asked
from losslint.cli.options import rules_of, settings_for
from losslint.discovery import shown
from losslint.report.chain import render
from losslint.report.style import style_of

keras = import_module("tf_keras" if "tf_keras" in sys.modules else "keras")
OWN = os.path.dirname(os.path.abspath(__file__))


class LossAudit(keras.callbacks.Callback):  # type: ignore[misc, name-defined]
    """Prints, when a `fit` ends, the chain of numbers from the loss that Keras shows to the one that you compute.

    Parameters
    ----------
    x, y
        What `fit` is given: arrays, or nested arrays, with the rows first. None: the batches that were trained on stand for them.
    batch_size
        What `fit` is given.
    mine
        Your formula, a function of targets and predictions (NumPy arrays); its mean is taken. None: the compiled loss.
    number
        The number that you got; first it is told which of the measured ones it is.
    epochs
        Which epochs, as in ``"1,5,last"``.
    probe
        Whether to run the model a second time in each step, which tells training mode and moved weights apart.

    Raises
    ------
    LosslintError
        `epochs` names no epoch.

    Notes
    -----
    Weights, shown numbers and random streams stay as they are without it. An audit that fails is told at the end.
    """

    def __init__(
        self,
        x: Any = None,
        y: Any = None,
        *,
        batch_size: int | None = None,
        mine: Callable[[Any, Any], Any] | None = None,
        number: float | None = None,
        epochs: str = "last",
        probe: bool = True,
    ) -> None:
        super().__init__()
        self._given = {} if x is None else {"x": x, "y": y, "batch_size": batch_size}
        self._number = number
        self._options = {"epochs": epochs_asked(epochs), "mine": mine, "probe": probe}
        self._told: list[dict[str, Any]] = []
        self._watch: Any = None

    def set_model(self, model: Any) -> None:
        """Put the measurements on the model, before it is trained."""
        super().set_model(model)
        if self._watch is not None:
            self._watch.undo()  # a training before this one did not come to its end
        path, line = caller(OWN)
        self._told = []
        try:
            self._watch = begin(keras, model, self._given, self._options, self._tell, {"path": shown(path), "line": line, "number": 1})
        except Exception as error:  # an audit that fails never ends the training
            self._tell({"kind": "failed", "where": "fit", "reason": said(error)})
            return
        self._watch.callback.set_model(model)

    def set_params(self, params: Any) -> None:
        """Take the number of epochs."""
        super().set_params(params)
        self._pass("set_params", params)

    def on_train_begin(self, logs: Any = None) -> None:
        """Keep the batches from here on."""
        self._pass("set_params", self.params)
        self._pass("on_train_begin", logs)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Forget the epoch before."""
        self._pass("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Measure what the end of an epoch shows."""
        self._pass("on_epoch_end", epoch, logs)

    def on_train_end(self, logs: Any = None) -> None:
        """Take everything off the model again, and print."""
        self._pass("on_train_end", logs)
        self._watch = None
        try:
            self._print()
        except Exception as error:
            print(f"losslint: the audit failed, the training went on without it: {said(error)}", file=sys.stderr)

    def _pass(self, method: str, *arguments: Any) -> None:
        if self._watch is not None:
            getattr(self._watch.callback, method)(*arguments)

    def _tell(self, record: dict[str, Any]) -> None:
        self._told.append(plain(record))

    def _print(self) -> None:
        for failure in self._told:
            if failure["kind"] == "failed":
                reason = f"({failure['where']}), the training went on without it: {failure['reason']}"
                print(f"losslint: the audit failed {reason}", file=sys.stderr)
        epochs = tuple(record for record in self._told if record["kind"] == "epoch")
        settings = settings_for([epochs[0]["fit"]["path"] or "."] if epochs else ["."], False)
        for chain in explained(Recorded(0, epochs, (), 1), self._number, settings, rules_of(settings, False)):
            print(render(chain, style_of(sys.stdout)))
