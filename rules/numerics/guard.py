"""Guards: what may be meant to keep a value away from a pole, which of them float32 loses, and which inputs lead there."""

from __future__ import annotations

import math
from collections.abc import Iterator

from losslint.analysis.columns import ORDINARY
from losslint.analysis.node import Node, reach
from losslint.analysis.trace import Trace
from losslint.operations.float32 import TINY32, round32
from losslint.rule import quoted

SUMS = frozenset({"add", "subtract"})
BOUNDS = frozenset({"clip", "maximum", "minimum"})
CHAIN = (
    SUMS | BOUNDS | {"multiply", "divide", "divide_no_nan", "negative", "abs", "cast", "identity", "where", "square", "sqrt", "root", "pow"}
)
LARGEST_GUARD = 1e-3
MOST_NAMES = 3
POWERS = frozenset({"square", "pow", "multiply", "cast", "identity", "reshape", "expand_dims", "squeeze"})


def guards(operand: Node) -> Iterator[Node]:
    """What may be meant to keep an argument away from 0: bounds by constants, tiny constants added, the outermost first."""
    for node in reach(operand, through=lambda node: node.operation in CHAIN):
        if _data(node) is not None:
            yield node


def _constants(node: Node) -> list[float]:
    """The known constants that a guard works with, in double precision."""
    values = (argument.columns.double[0] for argument in node.arguments if argument.constant)
    return [value for value in values if not math.isnan(value)]


def _data(node: Node) -> Node | None:
    """What a guard guards; None if the node is no guard."""
    if node.operation not in SUMS | BOUNDS:
        return None
    data = [argument for argument in node.arguments if not argument.constant]
    if len(data) != 1:
        return None
    constants = _constants(node)
    if node.operation in SUMS:
        constants = [c for c in constants if 0 < abs(c) <= LARGEST_GUARD or _vanishes(c)]
    return data[0] if constants else None


def _vanishes(constant: float) -> bool:
    """Whether float32 turns a number with a tiny part into the whole number beside it: ``1 - 1e-8`` or ``1e-40``."""
    return abs(constant) < 2.0**24 and constant != round(constant) and round32(constant) == round(constant)


def lost_guard(operand: Node, column: int) -> Node | None:
    """The guard that would keep an argument away from 0 in float64 and does not in float32."""
    single, double = operand.columns.single[column], operand.columns.double[column]
    if not (double > 0 or (single == 0 and double != 0)):
        return None
    working = [guard for guard in guards(operand) if works_in_double(guard, column)]
    here = next((guard for guard in working if reason(guard, column)), None)
    if here is not None or column >= ORDINARY:
        return here
    return next(iter(working), None)


def works_in_double(guard: Node, column: int) -> bool:
    """Whether a guard changes something in float64."""
    data = _data(guard)
    assert data is not None
    return guard.operation in SUMS or guard.columns.double[column] != data.columns.double[column]


def reason(guard: Node, column: int) -> str:
    """Why float32 loses a guard where it stands; empty if it is lost further on."""
    data = _data(guard)
    assert data is not None
    constants = _constants(guard)
    if guard.operation in BOUNDS:
        constants = [c for c in constants if c == guard.columns.double[column]]
    for constant in constants:
        if 0 < abs(constant) < TINY32:
            return f"{constant:g} is below the smallest normal float32 (1.2e-38), and TensorFlow flushes it to 0"
        if _vanishes(constant):
            whole = round(constant)
            steps = f"float32 has steps of {_step(whole, constant - whole):.2g} there"
            if guard.operation in SUMS:
                return f"{constant!r} rounds to {whole} before the other operand comes in: {steps}"
            return f"{constant!r} is exactly {whole} in float32, which has steps of {_step(whole, constant - whole):.2g} there"
        before, after = data.columns.single[column], guard.columns.single[column]
        if guard.operation in SUMS and before == after:
            return f"{constant:g} is lost beside {before:g}: float32 has steps of {_step(before, constant):.2g} there"
    return ""


def _step(beside: float, towards: float) -> float:
    """The distance from a number to the next float32 in a direction."""
    fraction, exponent = math.frexp(abs(beside))
    down = fraction == 0.5 and (towards < 0) == (beside > 0)
    return math.ldexp(1.0, exponent - (25 if down else 24))


def situation(operand: Node, column: int) -> str:
    """The inputs that lead to a value, as in `` where `y_pred` is 1``; empty where they are not known or it is one itself."""
    if operand.operation == "parameter":
        return ""
    values: dict[str, float] = {}
    for part in reach(operand):
        value = part.columns.single[column]
        if part.operation == "parameter" and not math.isnan(value):
            values.setdefault(str(part.details["name"]), value)
    words = [f"`{name}` is {value:g}" for name, value in list(values.items())[:MOST_NAMES]]
    return f" where {' and '.join(words)}" if words else ""


PIECES = frozenset({"getitem", "split", "unstack", "pieces", "gather"})


def scale(trace: Trace, operand: Node) -> bool:
    """Whether a value is a part of the prediction that the loss divides by and takes the logarithm of: a density's scale.

    The layer that makes it is expected to keep it positive, which the loss does not show.
    """
    part = _part(operand)
    if part is None or "pred" not in part.origin or "true" in part.origin:
        return False
    used = {node.operation for node in trace.reached(1) if node.operation in ("log", "divide") and _part(node.arguments[-1]) is part}
    return used == {"log", "divide"}


def _part(node: Node) -> Node | None:
    """The part of a parameter that a value is, or is a power or multiple of."""
    while node.arguments and node.operation not in PIECES:
        data = [argument for argument in node.arguments if not argument.constant]
        if node.operation not in POWERS or not data or any(argument is not data[0] for argument in data):
            return None
        node = data[0]
    inner = node
    while inner.operation in PIECES | POWERS and inner.arguments:
        inner = inner.arguments[0]
    return node if node.operation in PIECES and inner.operation == "parameter" else None


def guarded(operand: Node) -> str:
    """What was found where a guard was looked for."""
    guard = next(guards(operand), None)
    return "nothing guards it" if guard is None else f"{quoted(guard)} does not keep it away from there"
