"""Whether a loss object survives being saved: its configuration, and the object made anew from it."""

from __future__ import annotations

import inspect
from typing import Any, Dict, List

import numpy as np
import tensorflow as tf

OWN = ("name", "reduction", "dtype", "fn")


def reloaded(made: Any, given: List[str], arguments: Dict[str, Any]) -> Dict[str, Any]:
    """What is lost when an object is made anew from its own configuration.

    Parameters
    ----------
    given
        Parameters of its constructor; an attribute of such a name that differs afterwards is lost.
    arguments
        What the constructor was given: the rest gets values that are not the defaults.

    Returns
    -------
    dict
        ``lost``: names; ``error``: what is raised on the way, where anything is.
    """
    made = _unusual(made, given, arguments)
    try:
        again = type(made).from_config(made.get_config())
        if isinstance(made, tf.keras.losses.Loss):
            tf.keras.losses.serialize(made)
    except Exception as error:  # whatever it raises, the object cannot be saved
        return {"lost": [], "error": "{}: {}".format(type(error).__name__, " ".join(str(error).split()))[:300]}
    before, after = vars(made), vars(again)
    lost = [name for name in before if name.lstrip("_") in given and name not in OWN and not _same(before[name], after.get(name))]
    return {"lost": [name.lstrip("_") for name in lost], "error": ""}


def _unusual(made: Any, given: List[str], arguments: Dict[str, Any]) -> Any:
    """The object with numbers and options other than the defaults; itself where its constructor takes no such ones."""
    changed = dict(arguments)
    for name, parameter in inspect.signature(type(made).__init__).parameters.items():
        default = parameter.default
        if name in given and name not in OWN and name not in arguments and isinstance(default, (bool, int, float)):
            changed[name] = not default if isinstance(default, bool) else default + 1 if isinstance(default, int) else default * 1.5 + 0.25
    try:
        return type(made)(**changed)
    except Exception:  # a constructor that checks its arguments
        return made


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(np.all(np.asarray(one) == np.asarray(other)))
    except Exception:  # what cannot be compared is not called lost
        return True
