"""From the catalogue's spellings to the functions of the TensorFlow at hand: where each lives, and how a call of it is written."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from losslint.operations.catalogue import Entry, lookup, loss_class, method, named
from losslint.operations.namespaces import canonical
from losslint.operations.operation import Operation

HEADER = "import math\nimport keras\nimport numpy as np\nimport tensorflow as tf\nfrom tensorflow.keras import backend as K\n"
MODULES = {"tf": "tensorflow", "K": "tensorflow.keras.backend", "keras": "keras", "np": "numpy", "math": "math"}
PLACES = {
    "tf": ("tf.", "tf.math.", "tf.nn.", "tf.linalg.", "tf.compat.v1.", "tf.compat.v1.math.", "tf.compat.v1.nn.", "tf.compat.v1.linalg."),
    "K": ("K.",),
    "keras": ("keras.", "tf.keras."),
    "ops": ("keras.ops.", "keras.ops.image."),
    "np": ("np.",),
    "tnp": ("tf.experimental.numpy.",),
    "math": ("math.",),
}


@dataclass(frozen=True)
class Spelling:
    """One spelling of an operation that exists here.

    Attributes
    ----------
    written
        As a user writes it: ``tf.compat.v1.reduce_sum``; a method is ``.name``.
    entry
        What the catalogue takes it for.
    function
        The function itself, None for a method.
    """

    written: str
    entry: Entry
    function: Any

    @property
    def space(self) -> str:
        """``tf``, ``K``, ``keras``, ``np``, ``math``, or nothing for a method."""
        return self.written.partition(".")[0]

    @property
    def numpy(self) -> bool:
        """Whether it computes outside TensorFlow."""
        return self.space in ("np", "math")

    def parameters(self) -> list[inspect.Parameter]:
        """The parameters that the function itself declares; none where Python cannot tell."""
        try:
            return list(inspect.signature(self.function).parameters.values()) if self.function is not None else []
        except (TypeError, ValueError):
            return []


def names(operation: Operation) -> list[str]:
    """The canonical spellings of an operation, without families; TensorFlow's numpy has what numpy has, where it has it."""
    own = [s for s in (spelling.partition("(")[0] for spelling in operation.spellings.split()) if not s.endswith("*")]
    twins = [f"t{name}" for name in own if name.startswith("np.") and any(present(f"t{name}"))]
    return list(dict.fromkeys([*own, *twins]))


@cache
def environment() -> dict[str, Any]:
    """What the header of a text binds."""
    bound: dict[str, Any] = {}
    exec(HEADER, bound)
    return bound


def found(written: str) -> Any:
    """What a dotted name is here, None if there is none."""
    first, *rest = written.split(".")
    value = environment()[first]
    for part in rest:
        value = getattr(value, part, None)
    return value


def present(name: str) -> Iterator[str]:
    """The ways in which a canonical spelling can be written in the packages at hand."""
    space, _, rest = name.partition(".")
    for place in PLACES.get(space, ()):
        if callable(found(place + rest)):
            yield place + rest


def spellings(operation: Operation) -> list[Spelling]:
    """Every spelling of an operation that exists in the packages at hand."""
    listed = []
    for name in names(operation):
        if name.startswith("."):
            entry = method(name[1:])
            assert entry is not None, name
            listed.append(Spelling(name, entry, None))
            continue
        for written in present(name):
            entry = resolved(written)
            if entry is not None and entry.operation is operation:  # another place may have another function of that name
                listed.append(Spelling(written, entry, found(written)))
    return listed


def resolved(written: str) -> Entry | None:
    """The entry that a file with the header would find for a dotted name."""
    first, _, rest = written.partition(".")
    name = canonical(f"{MODULES[first]}.{rest}")
    return (loss_class(name) or lookup(name)) if name is not None else None


def absent(operation: Operation) -> set[str]:
    """The spellings of an operation that the packages at hand do not have."""
    return {name for name in names(operation) if not name.startswith(".") and not any(present(name))}


def call(spelling: Spelling, arguments: dict[str, str], by_keyword: bool) -> str | None:
    """A call with arguments by their canonical names; None where this spelling has no place for one of them.

    By position as far as the catalogue's order goes, or by the names that the function itself gives its parameters.
    """
    own = {
        named(spelling.entry.operation, p.name): p.name
        for p in reversed(spelling.parameters())
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }
    left, given = dict(arguments), []
    rest = [left.pop(name) for name in arguments if name.startswith("*")]
    for name in spelling.entry.positional:
        if name not in left or (by_keyword and not rest):
            break
        given.append(left.pop(name))
    given += rest
    if any(name not in own for name in left):
        return None
    text = [*given, *(f"{own[name]}={value}" for name, value in left.items())]
    if not spelling.written.startswith("."):
        return f"{spelling.written}({', '.join(text)})"
    return f"({given[0]}){spelling.written}({', '.join(text[1:])})" if given else None
