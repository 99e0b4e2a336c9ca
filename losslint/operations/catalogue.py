"""The catalogue: which operation a canonical spelling, a method or a loss class stands for, and how its arguments are bound."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct

from losslint.operations import (
    activations,
    contractions,
    creation,
    distributions,
    elementwise,
    framework,
    layers,
    losses,
    reductions,
    shapes,
)
from losslint.operations.operation import Flow, Kind, Operation

Argument = TypeVar("Argument")

OPERATIONS: tuple[Operation, ...] = (
    *elementwise.OPERATIONS,
    *activations.OPERATIONS,
    *reductions.OPERATIONS,
    *contractions.OPERATIONS,
    *shapes.OPERATIONS,
    *creation.OPERATIONS,
    *losses.OPERATIONS,
    *layers.OPERATIONS,
    *distributions.OPERATIONS,
    *framework.OPERATIONS,
)
KEYWORDS = {
    "input_tensor": "x", "input": "x", "inputs": "x", "tensor": "x", "tensors": "x", "value": "x", "values": "x", "features": "x", "input_": "x", "a": "x", "x1": "x",
    "arr": "x", "array": "x", "sp_input": "x", "object": "x", "b": "y", "x2": "y", "other": "y", "reduction_indices": "axis", "axes": "axis", "dim": "axis", "keep_dims": "keepdims", "cond": "condition",
}  # fmt: skip
_SPELLING = re.compile(r"^([\w.*]+)(?:\(([\w,]+)\))?$")


class Entry(Struct, frozen=True):
    """One spelling of an operation.

    Attributes
    ----------
    operation
        What it stands for.
    positional
        The canonical names of its parameters in the order in which this spelling takes them.
    """

    operation: Operation
    positional: tuple[str, ...]


def _entries(operations: Iterable[Operation]) -> tuple[dict[str, Entry], dict[str, Entry]]:
    """All spellings, and those families that end in a star, without it."""
    exact: dict[str, Entry] = {}
    families: dict[str, Entry] = {}
    for operation in operations:
        for spelling in operation.spellings.split():
            found = _SPELLING.match(spelling)
            assert found is not None, spelling
            name, own = found.groups()
            entry = Entry(operation, tuple(own.split(",") if own else operation.parameters.split()))
            if name.endswith("*"):
                families.setdefault(name[:-1], entry)
            else:
                exact.setdefault(name, entry)
    return exact, families


_EXACT, _FAMILIES = _entries(OPERATIONS)
_LOSS_CLASSES, _ = _entries(losses.CLASSES)
_BY_NAME = {operation.name: operation for operation in (*OPERATIONS, *losses.CLASSES)}
_TWINS = (
    ("tf.losses.", "keras.losses."),
    ("keras.metrics.", "keras.losses."),
    ("keras.layers.", "tf.layers."),
    ("tnp.", "np."),
    ("tf.", "ops."),
)


@lru_cache(maxsize=4096)
def lookup(canonical: str) -> Entry | None:
    """The entry of a canonical spelling: its own, that of the same name in a twin namespace, or that of its family."""
    found = _EXACT.get(canonical)
    if found is not None:
        return found
    for space, twin in _TWINS:
        if canonical.startswith(space) and (found := _EXACT.get(twin + canonical[len(space) :])):
            return found
    matching = [prefix for prefix in _FAMILIES if canonical.startswith(prefix)]
    return _FAMILIES[max(matching, key=len)] if matching else None


def loss_class(canonical: str) -> Entry | None:
    """The entry of one of the framework's loss classes."""
    name = f"keras.losses.{canonical[10:]}" if canonical.startswith("tf.losses.") else canonical
    return _LOSS_CLASSES.get(name)


def is_loss(name: str) -> bool:
    """Whether the operation of a canonical name is a differentiable loss of the framework, as a function or an object."""
    known = _BY_NAME.get(name)
    return known is not None and known.kind is Kind.LOSS and known.flow is Flow.FLOWS


def takes_logits(spelling: str) -> bool | None:
    """Whether a cross-entropy takes raw scores (True) or, unless it is told otherwise, probabilities (False); None: it is none."""
    name = spelling.rpartition(".")[2].lower()
    if name.endswith(("_with_logits", "_with_logits_v2")) or (spelling.startswith("tf.losses.") and name.endswith("_cross_entropy")):
        return True
    return False if name.replace("_", "").endswith("crossentropy") else None


def order_matters(loss: str) -> bool:
    """Whether a loss of the framework, by its last name, tells target and prediction apart."""
    return loss not in losses.EITHER_WAY.split()


def method(name: str) -> Entry | None:
    """The entry of a method of tensors (of arrays, of distributions)."""
    return _EXACT.get(f".{name}")


def operation(name: str) -> Operation:
    """The operation of a canonical name.

    Raises
    ------
    KeyError
        There is none: a mistake of ours.
    """
    return _BY_NAME[name]


def known(name: str) -> Operation | None:
    """The operation of a canonical name, None for a value that no operation of the catalogue makes."""
    return _BY_NAME.get(name)


@lru_cache(maxsize=512)
def _aliases(operation: Operation) -> dict[str, str]:
    return dict(pair.split("=") for pair in operation.aliases.split())


def bind(entry: Entry, positional: Sequence[Argument], keywords: Mapping[str, Argument]) -> dict[str, Argument]:
    """The arguments by canonical parameter name; positional ones too many are kept as ``*0``, ``*1`` …"""
    bound: dict[str, Argument] = {}
    for index, value in enumerate(positional):
        bound[entry.positional[index] if index < len(entry.positional) else f"*{index - len(entry.positional)}"] = value
    for name, value in keywords.items():
        bound.setdefault(named(entry.operation, name), value)
    return bound


def named(operation: Operation, keyword: str) -> str:
    """The canonical name of an operation's parameter that a spelling calls `keyword`."""
    own = _aliases(operation).get(keyword)
    return own or (keyword if keyword in operation.parameters.split() else KEYWORDS.get(keyword, keyword))
