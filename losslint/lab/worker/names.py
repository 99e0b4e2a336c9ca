"""Names that moved between versions of TensorFlow and Keras, looked up where they live today; and packages that are not there.

Nothing is imitated: a name stands for the same function under its new name, or it is missing.
"""

from __future__ import annotations

import builtins
import importlib
import re
import sys
import types
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy
import tensorflow as tf

SYNONYMS = (
    ("mse", "mean_squared_error", "MSE"),
    ("mae", "mean_absolute_error", "MAE"),
    ("mape", "mean_absolute_percentage_error", "MAPE"),
    ("msle", "mean_squared_logarithmic_error", "MSLE"),
    ("kld", "kl_divergence", "kullback_leibler_divergence", "KLD"),
    ("logcosh", "log_cosh"),
    ("cosine_similarity", "cosine_proximity", "cosine"),
)
LOSSES = ("keras.losses", "keras.metrics", "tensorflow.compat.v1.losses", "tensorflow.compat.v1.metrics")
# A public namespace, and the modules in which its missing names are looked for.
FAMILIES: Tuple[Tuple[str, Tuple[str, ...]], ...] = (
    (r"(?:tensorflow\.)?(?:keras\._tf_keras\.)?keras\.backend", ("keras.src.legacy.backend", "tensorflow.python.keras.backend", "keras.ops", "tensorflow.math", "tensorflow.nn", "tensorflow")),
    (r"(?:tensorflow\.)?(?:keras\._tf_keras\.)?keras\.(?:losses|metrics)", LOSSES),
    (r"(?:tensorflow\.)?(?:keras\._tf_keras\.)?keras\.(?:layers|models|utils|optimizers|initializers|regularizers|constraints|activations|callbacks)", ("keras.layers", "keras.utils", "keras.models", "keras.activations", "keras.ops")),
    (r"(?:tensorflow\.)?(?:keras\._tf_keras\.)?keras", ("keras.models", "keras.layers", "keras.losses", "keras.saving")),
    (r"tensorflow", ("tensorflow.compat.v1", "tensorflow.math", "tensorflow.nn", "tensorflow.linalg", "tensorflow.image", "tensorflow.random")),
    (r"tensorflow\.(?:math|nn|linalg|image|random|train|io|layers|debugging)", ("tensorflow.compat.v1.{last}", "tensorflow.math", "tensorflow.nn", "tensorflow.linalg", "tensorflow")),
)  # fmt: skip
# Modules that are gone, and what took over their contents.
MOVED = (
    (r"^(tensorflow\.)?(?:python\.)?keras\.objectives$", r"\1keras.losses"),
    (r"^(tensorflow\.)?(?:python\.)?keras\.backend\.tensorflow_backend$", r"\1keras.backend"),
    (r"^(tensorflow\.)?(?:python\.)?keras\.(?:layers\.\w+|engine|engine\.\w+|legacy\.\w+|topology)$", r"\1keras.layers"),
    (r"^(tensorflow\.)?(?:python\.)?keras\.utils\.\w+$", r"\1keras.utils"),
    (r"^(tensorflow\.)?(?:python\.)?keras\.(losses|metrics|models|optimizers|callbacks|initializers)\.\w+$", r"\1keras.\2"),
    (r"^tensorflow\.python\.keras(\.\w+)*$", r"tensorflow.keras\1"),
    (r"^tensorflow\.python\.(?:ops|framework|platform|util)(?:\.\w+)*$", r"tensorflow"),
)
PYTHON_NAMES = ("float", "int", "bool", "object", "str", "complex")

moved: Dict[str, str] = {}  # what this child looked up: the old name and today's


class Missing(ImportError):
    """A package that is not installed was used."""


def prepare() -> None:
    """Import the namespaces under every spelling and teach them where their old names live; runs no operation."""
    for name in ("keras", "tensorflow.keras"):
        for part in ("", ".backend", ".losses", ".metrics", ".layers", ".models", ".utils", ".ops", ".regularizers", ".activations"):
            _imported(name + part)
    for name, module in list(sys.modules.items()):
        for pattern, places in FAMILIES:
            if re.fullmatch(pattern, name) and module is not None:
                _teach(module, name, places)
    _teach(tf.keras, "tensorflow.keras", FAMILIES[3][1])
    for part in ("backend", "losses", "metrics", "layers"):
        space = getattr(tf.keras, part, None)
        if space is not None:
            _teach(space, "tensorflow.keras." + part, FAMILIES[0 if part == "backend" else 1 if part in ("losses", "metrics") else 2][1])
    _teach(numpy, "numpy", ("builtins",))


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _teach(module: Any, name: str, places: Tuple[str, ...]) -> None:
    before: Optional[Callable[[str], Any]] = module.__dict__.get("__getattr__")
    if getattr(before, "teaches", False):
        return
    last = name.rpartition(".")[2]

    def look(attribute: str) -> Any:
        if before is not None:
            try:
                return before(attribute)
            except AttributeError:
                pass
        if not attribute.startswith("__"):
            for place in places:
                found = _found(place.format(last=last), attribute)
                if found is not None:
                    moved["{}.{}".format(name, attribute)] = found[0]
                    return found[1]
        raise AttributeError("module {!r} has no attribute {!r}".format(name, attribute))

    look.teaches = True  # type: ignore[attr-defined]
    module.__getattr__ = look


def _found(place: str, attribute: str) -> Optional[Tuple[str, Any]]:
    """Where a name is in a module, and what it is; its synonyms too in modules of losses."""
    if place == "builtins":
        return ("builtins." + attribute, getattr(builtins, attribute)) if attribute in PYTHON_NAMES else None
    module = _imported(place)
    if module is None:
        return None
    spellings = [attribute]
    if place.endswith(("losses", "metrics")):
        spellings += [other for group in SYNONYMS if attribute in group for other in group]
    for spelling in spellings:
        if spelling in vars(module):
            return "{}.{}".format(place, spelling), vars(module)[spelling]
    return None


def exists(name: str) -> bool:
    """Whether a dotted name is in the installed packages under just this name."""
    before = dict(moved)
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        module = _imported(".".join(parts[:cut]))
        if module is None:
            continue
        at: Any = module
        for part in parts[cut:]:
            if not hasattr(at, part):
                return False
            at = getattr(at, part)
        found = moved == before
        moved.clear()
        moved.update(before)
        return found
    return False


def old() -> types.ModuleType:
    """TensorFlow as it was: names of its first version before today's."""
    module = types.ModuleType("tensorflow")

    def look(attribute: str) -> Any:
        for space in (tf.compat.v1, tf):
            if hasattr(space, attribute):
                moved["tensorflow"] = "tensorflow.compat.v1"
                return getattr(space, attribute)
        raise AttributeError("module 'tensorflow' has no attribute {!r}".format(attribute))

    module.__getattr__ = look  # type: ignore[method-assign]
    return module


# --- imports ---------------------------------------------------------------------------------------------------------


def outside(name: str, guarded: bool, stand_ins: List[str]) -> Any:
    """A module that is not of the project: itself, what took over from it, or a placeholder that complains when it is used.

    Parameters
    ----------
    guarded
        The import stands in a `try` that expects it to fail: then it fails.
    stand_ins
        Told of every placeholder.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        for pattern, replacement in MOVED:
            today = re.sub(pattern, replacement, name) if re.match(pattern, name) else None
            module = _imported(today.replace("None", "")) if today else None
            if module is not None:
                moved[name] = str(today)
                return module
        if guarded:
            raise
        stand_ins.append("`{}` is not installed".format(name))
        return Placeholder(name, "{}".format(error))


class Placeholder:
    """A module, or a name in it, that is not there: it may be passed on, but any use says what is missing."""

    def __init__(self, name: str, why: str) -> None:
        self.__name__ = name
        self.__dict__["_why"] = why

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return Placeholder("{}.{}".format(self.__name__, attribute), self.__dict__["_why"])

    def __repr__(self) -> str:
        return "`{}` is not installed".format(self.__name__)

    def __mro_entries__(self, bases: Any) -> Tuple[Any, ...]:
        name = self.__name__

        def refuse(self: Any, *positional: Any, **named: Any) -> None:
            raise Missing("`{}` is not installed".format(name))

        return (type("Missing" + name.rpartition(".")[2], (), {"__init__": refuse}),)

    def _refuse(self, *positional: Any, **named: Any) -> Any:
        raise Missing("`{}` is not installed".format(self.__name__))

    __call__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = _refuse
    __iter__ = __len__ = __getitem__ = __bool__ = __float__ = __int__ = __lt__ = __gt__ = __neg__ = _refuse
