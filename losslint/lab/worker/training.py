"""A model fitted on two small batches: what its training step returned for each, and what the history shows of the epoch."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

import numpy as np

SAMPLES = 4  # in each of the two batches
INPUTS = ((4,), (8,), (8, 8, 1), (8, 8, 3), (5, 4))
LOSSES = (None, "mse")


def fitted(made: Callable[[], Any]) -> Dict[str, Any]:
    """Fit a model on the first inputs and targets that it takes.

    Parameters
    ----------
    made
        Makes the model, anew for each try.

    Returns
    -------
    dict
        ``steps``: the numbers that the training step returned, by key, for each batch; ``history``: what `fit` shows of them;
        ``error``: what the last try raised, where none worked.
    """
    random = np.random.RandomState(0)
    error = ""
    for shape in INPUTS:
        x = random.uniform(size=(2 * SAMPLES, *shape)).astype("float32")
        ramp = np.linspace(1.0, 8.0, 2 * SAMPLES).astype("float32").reshape((-1,) + (1,) * len(shape))  # the batches differ
        targets: List[Any] = [ramp.reshape((-1, 1)), np.eye(10, dtype="float32")[: 2 * SAMPLES], x * ramp, None]
        for target in targets:
            for loss in LOSSES:
                try:
                    return _one(made(), x * ramp, target, loss)
                except Exception as raised:  # not the shape, or not the way of compiling, that it is for
                    error = error or "{}: {}".format(type(raised).__name__, " ".join(str(raised).split()))[:300]
    return {"steps": [], "history": {}, "error": error}


def _one(model: Any, x: Any, y: Any, loss: Optional[str]) -> Dict[str, Any]:
    steps: List[Dict[str, float]] = []
    step = model.train_step

    def recorded(*data: Any) -> Any:
        returned = step(*data)
        steps.append({key: float(np.mean(value)) for key, value in returned.items()})
        return returned

    model.train_step = recorded
    model.compile(optimizer="sgd", loss=loss, run_eagerly=True)
    shown = model.fit(x, y, batch_size=SAMPLES, shuffle=False, verbose=0).history
    return {"steps": steps, "history": {key: float(values[-1]) for key, values in shown.items()}, "error": ""}
