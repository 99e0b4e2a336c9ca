"""What is known of the truth of a value, and whether another setting could change it."""

from __future__ import annotations

from losslint.analysis.node import Node
from losslint.analysis.objects import (
    Class,
    Constant,
    Function,
    Instance,
    Layer,
    LossObject,
    Mapping,
    Model,
    Module,
    Partial,
    Sequence,
    Value,
)


def truth(value: Value) -> bool | None:
    """`bool(value)` where it is known."""
    match value:
        case Constant(value=held):
            return bool(held)
        case Sequence(items=items):
            return bool(items)
        case Mapping(items=items):
            return bool(items)
        case Function() | Class() | Instance() | Layer() | Model() | Module() | LossObject() | Partial():
            return True
        case Node() if value.constant and value.facts.python:
            known = set(value.columns.double)
            return bool(known.pop()) if len(known) == 1 and value.columns.known else None
    return None


def open_to_change(value: Value) -> bool:
    """Whether the value goes back to a default that a user of the loss may override."""
    return isinstance(value, Constant) and value.setting


def is_none(value: Value) -> bool | None:
    """`value is None` where it is known."""
    match value:
        case Constant(value=held):
            return held is None
        case Node(operation="setting" | "opaque") if value.constant:
            return None
        case Node(operation="parameter") if value.shape is None and "true" not in value.origin:
            return None
    return False
