"""One `fit` under audit: what is put on the model before it, told at the end of an epoch, and taken off after it."""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from .batches import Batches, Tee
from .ending import Ending, given, held, rows
from .losses import Compiled
from .records import Tell, said
from .step import Step

NOISY = ("Dropout", "BatchNormalization", "GaussianNoise", "AlphaDropout", "Random", "GaussianDropout", "SpectralNormalization")


def begin(keras: Any, model: Any, arguments: dict[str, Any], options: dict[str, Any], tell: Tell, place: dict[str, Any]) -> Watch:
    """Prepare the audit of one fit.

    Parameters
    ----------
    keras
        The module that the model is of.
    arguments
        Of the fit, by name; those that are missing are not known.
    options
        ``epochs`` (numbers counted from 1, and ``last``), ``stop_after``, ``probe``, ``mine`` (``file:function``, or a function);
        ``validation`` tells of `val_loss` instead, ``evaluate`` also of what `evaluate` gives.
    tell
        Takes the records.
    place
        ``path``, ``line`` and ``number`` of the fit.
    """
    return Watch(keras, model, arguments, options, tell, place)


class Watch:
    """The audit of one fit; see `begin`."""

    def __init__(self, keras: Any, model: Any, arguments: dict[str, Any], options: dict[str, Any], tell: Tell, place: dict[str, Any]):
        self.model, self.options, self.tell, self.place = model, options, tell, place
        self.arguments = arguments
        self.shown: dict[str, Any] = {}
        self.epoch, self.done = -1, -1
        self.failed = False
        self.teed: Tee | None = None
        try:
            self.compiled: Compiled | None = Compiled(keras, model)
        except LookupError:
            self.compiled = None
        self.data, self.unread = given(arguments) if arguments else (None, "no data were given")
        self.held, self.unheld = held(arguments) if options.get("validation") else (None, "")
        mine = options.get("mine")
        self.mine = _formula(mine) if isinstance(mine, str) else mine
        self.stateful = any(getattr(layer, "stateful", False) and hasattr(layer, "reset_states") for layer in _layers(model))
        self.batches = Batches()
        self.newer = hasattr(model, "_compile_loss")  # Keras 3
        stock = type(model).train_step is keras.Model.train_step
        probe = stock and not self.stateful and options.get("probe", True)
        self.step = Step(model, self.compiled, probe, bool(options.get("evaluate")))
        self.check = Step(model, self.compiled, probe=False)
        self.measuring: Step | None = None  # the step that runs: of the training, or of an evaluation
        self.ending: Ending | None = None
        self.callback = _callback(keras, self)

    # --- on the model ---------------------------------------------------------------------------------------------------

    def attach(self) -> None:
        """Put the measurements on the model itself, not on its class: the next train function is traced with them."""
        train_step, test_step, compute_loss = self.model.train_step, self.model.test_step, self.model.compute_loss
        asked: list[bool] = []  # whether the step asked for the model's loss

        def measured_loss(x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, **more: Any) -> Any:
            total = compute_loss(x, y, y_pred, sample_weight, **more)
            asked.append(True)
            try:
                if self.measuring is not None:
                    batch = {"x": x, "y": y, "y_pred": y_pred, "sample_weight": sample_weight}
                    self.measuring.measure(_rows(y if x is None else x), total, batch)
            except Exception as error:
                self._fail("step", error)
            return total

        def measured(step: Callable[[Any], Any], measuring: Step) -> Callable[[Any], Any]:
            def run(data: Any) -> Any:
                asked.clear()
                self.measuring = measuring
                try:
                    logs = step(data)
                finally:
                    self.measuring = None
                try:
                    if not asked:
                        measuring.reported(_rows(data), logs)
                except Exception as error:
                    self._fail("step", error)
                return logs

            return run

        object.__setattr__(self.model, "compute_loss", measured_loss)
        object.__setattr__(self.model, "train_step", measured(train_step, self.step))
        self.model.train_function = None
        if self.options.get("validation"):
            object.__setattr__(self.model, "test_step", measured(test_step, self.check))
            self.model.test_function = None

    def undo(self) -> None:
        """Take everything off the model again; a second time does nothing."""
        if "train_step" in vars(self.model):
            for name in {"compute_loss", "train_step", "test_step"} & set(vars(self.model)):
                object.__delattr__(self.model, name)
            self.model.train_function = self.model.test_function = self.teed = None
            self.batches.reset()
            self.tell({"kind": "end", "fit": self.place, "epochs": self.epoch + 1})

    def tee(self) -> None:
        """Keep the batches from here on."""
        if self.model.train_function is self.teed:
            return
        self.teed = Tee(self.model.train_function, self._keep, functools.partial(self._fail, "batches"))
        self.model.train_function = self.teed

    def _keep(self, batch: Any) -> None:
        if isinstance(batch, (tuple, list)) and len(batch) >= 2 and not self.failed:
            self.batches.add(batch[0], batch[1])

    # --- its life -------------------------------------------------------------------------------------------------------

    def epoch_begins(self, epoch: int) -> None:
        """Forget the epoch before."""
        self.epoch, self.shown = epoch, {}
        self.step.sums.reset()
        self.batches.reset()

    def epoch_ends(self, epoch: int, logs: dict[str, Any] | None, last: bool) -> None:
        """Measure what has to be measured now, and tell it."""
        self.shown = {name: float(value) for name, value in (logs or {}).items()}
        if self.teed is not None:
            self.teed.drain()
        wanted = self.options.get("epochs") or ["last"]
        if epoch + 1 in wanted or ("last" in wanted and last):
            self.report()
        if self.options.get("stop_after") and epoch + 1 >= int(self.options["stop_after"]):
            self.report()
            self.model.stop_training = True

    def report(self) -> None:
        """Tell the epoch, once."""
        if self.done == self.epoch or not self.shown:
            return
        self.done = self.epoch
        validation = bool(self.options.get("validation"))
        if validation and "val_loss" not in self.shown:
            raise LookupError("this fit has no validation data, so that there is no val_loss to explain")
        step, data = (self.check, self.held) if validation else (self.step, self.data)
        sums, kept = step.sums.read(), [] if validation else self.batches.kept
        end: dict[str, Any] = {}
        if self.compiled is not None and not self.stateful:
            if self.ending is None:
                self.ending = Ending(self.model, self.compiled, autograph=not self.newer)
            end = self.ending.run(kept, data, self.mine, quiet=bool(step.drawn))
        self.tell(
            {
                "kind": "epoch",
                "fit": self.place,
                "epoch": self.epoch + 1,
                "validation": validation,
                "shown": {"loss": self.shown["val_loss"]} if validation else self.shown,
                "sums": sums,
                "nodes": step.nodes,
                "penalties": step.names,
                "missing": step.missing,
                "own_step": step.own_step,
                "half": step.half,
                "end": end,
                "evaluate": self._evaluated() if self.options.get("evaluate") else None,
                "batch": data.batch if data is not None else rows(kept[0][0]) if kept else 0,
                "sampled": self.batches.sampled and bool(kept),
                "unread": self.unheld if validation else self.unread,
                "stateful": self.stateful,
                "losses": self.compiled.places() if self.compiled is not None else [],
                "modes": list(
                    dict.fromkeys(type(layer).__name__ for layer in _layers(self.model) if type(layer).__name__.startswith(NOISY))
                ),
                "class_weight": self.arguments.get("class_weight"),
                "sample_weight": self.arguments.get("sample_weight") is not None,
                "loss_weights": self.compiled.weights if self.compiled is not None else None,
            }
        )

    def _evaluated(self) -> dict[str, float]:
        """What `evaluate` gives on the user's rows, and what it is made of."""
        if self.data is None:
            raise LookupError(f"{self.unread}, so that `evaluate` cannot be called on them")
        if self.ending is None:
            raise LookupError("a stateful layer keeps what it saw: `evaluate` would change the training")
        return self.ending.evaluated(self.batches.kept, self.data)

    def guarded(self, where: str, act: Callable[[], None]) -> None:
        """Do something that must never end the training."""
        if self.failed:
            return
        try:
            act()
        except Exception as error:
            self._fail(where, error)

    def _fail(self, where: str, error: Exception) -> None:
        if self.failed:
            return
        self.failed = True
        self.tell({"kind": "failed", "where": where, "line": self.place.get("line"), "reason": said(error)})


def _callback(keras: Any, watch: Watch) -> Any:
    class LossAudit(keras.callbacks.Callback):  # type: ignore[misc]
        """Measures where the shown loss comes from."""

        def set_model(self, model: Any) -> None:
            super().set_model(model)
            if "train_step" not in vars(model):
                watch.guarded("attach", watch.attach)

        def on_train_begin(self, logs: Any = None) -> None:
            watch.guarded("tee", watch.tee)

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            watch.guarded("epoch", lambda: watch.epoch_begins(epoch))

        def on_test_begin(self, logs: Any = None) -> None:
            watch.guarded("validation", watch.check.sums.reset)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            last = epoch + 1 >= int((self.params or {}).get("epochs") or 0)
            watch.guarded("epoch end", lambda: watch.epoch_ends(epoch, logs, last))

        def on_train_end(self, logs: Any = None) -> None:
            watch.guarded("train end", watch.report)
            watch.undo()

    return LossAudit()


def _formula(named: str) -> Callable[..., Any]:
    """The user's function ``file:function``, from the script that runs where the file is that."""
    path, _, name = named.rpartition(":")
    main = sys.modules["__main__"]
    if getattr(main, "__file__", None) == path:
        return getattr(main, name)  # type: ignore[no-any-return]
    spec = importlib.util.spec_from_file_location("losslint_mine", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)  # type: ignore[no-any-return]


def _layers(model: Any) -> list[Any]:
    found = []
    for layer in getattr(model, "layers", []):
        found.append(layer)
        if hasattr(layer, "layers"):
            found.extend(_layers(layer))
    return found


def _rows(data: Any) -> Any:
    return tf.shape(next(leaf for leaf in tf.nest.flatten(data) if leaf is not None))[0]
