"""How the argument of a logarithm comes to be 0, and which guard was lost on the way: what the rules on logarithms ask."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from losslint.analysis.columns import COLUMNS, ORDINARY
from losslint.analysis.node import Gradient, Node, reach
from losslint.analysis.trace import Trace
from losslint.operations.float32 import TINY32, round32

LOGARITHMS = frozenset({"log", "log2", "log10"})
SUMS = frozenset({"add", "subtract"})
BOUNDS = frozenset({"clip", "maximum", "minimum"})
CHAIN = (
    SUMS | BOUNDS | {"multiply", "divide", "divide_no_nan", "negative", "abs", "cast", "identity", "where", "square", "sqrt", "root", "pow"}
)
LARGEST_GUARD = 1e-3
MOST_NAMES = 3
ZEROS = frozenset(
    {"zeros", "zeros_like", "sequence_mask", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_not"}
)
MOVED = frozenset({"cast", "expand_dims", "transpose", "reshape", "tile", "getitem", "squeeze"})


@dataclass(frozen=True, slots=True)
class Pole:
    """A logarithm whose argument is 0 or negative in a witness column; `guard` is one that float32 lost there."""

    node: Node
    column: int
    guard: Node | None = None

    @property
    def operand(self) -> Node:
        """The argument of the logarithm."""
        return self.node.arguments[0]

    @property
    def value(self) -> float:
        """The argument in that column, in float32."""
        return self.operand.columns.single[self.column]


def logarithms(trace: Trace) -> Iterator[Node]:
    """The logarithms of data that a value which may be a loss is made of; that of zeros or a mask is meant."""
    for node in trace.reached(1):
        if node.operation in LOGARITHMS and node.arguments and not node.arguments[0].constant and not _deliberate(node.arguments[0]):
            yield node


def _deliberate(operand: Node) -> bool:
    """Whether an argument is 0 or 1 because it is a mask: its logarithm, 0 or minus infinity, is what is wanted."""
    while operand.operation in MOVED and operand.arguments:
        operand = operand.arguments[0]
    return operand.operation in ZEROS


def poles(trace: Trace) -> Iterator[Pole]:
    """The logarithms whose argument is 0 or negative on a legal input, once each."""
    for node in logarithms(trace):
        bad = [column for column in range(COLUMNS) if _bad(node.arguments[0], column) and trace.live(column, node)]
        if bad:
            yield _pole(node, bad)


def _bad(operand: Node, column: int) -> bool:
    """Whether an argument is at the pole; saturated columns count after an activation only, and only an exact 0."""
    value = operand.columns.single[column]
    return value <= 0 if column < ORDINARY else value == 0 and operand.marked("activated")


def _pole(node: Node, bad: list[int]) -> Pole:
    operand = node.arguments[0]
    for column in bad:
        guard = _lost_guard(operand, column)
        if guard is not None:
            return Pole(node, column, guard)
    return Pole(node, next((c for c in bad if operand.columns.single[c] == 0), bad[0]))


# --- guards ----------------------------------------------------------------------------------------------------------


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


def _lost_guard(operand: Node, column: int) -> Node | None:
    """The guard that would keep an argument away from 0 in float64 and does not in float32."""
    single, double = operand.columns.single[column], operand.columns.double[column]
    if not (double > 0 or (single == 0 and double != 0)):
        return None
    working = [guard for guard in guards(operand) if _works_in_double(guard, column)]
    here = next((guard for guard in working if reason(guard, column)), None)
    if here is not None or column >= ORDINARY:
        return here
    return next(iter(working), None)


def _works_in_double(guard: Node, column: int) -> bool:
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


# --- words -----------------------------------------------------------------------------------------------------------


def situation(pole: Pole) -> str:
    """The inputs that lead to the pole, as in `` where `y_pred` is 1``; empty where they are not known or the argument is one."""
    if pole.operand.operation == "parameter":
        return ""
    values: dict[str, float] = {}
    for part in reach(pole.operand):
        value = part.columns.single[pole.column]
        if part.operation == "parameter" and not math.isnan(value):
            values.setdefault(str(part.details["name"]), value)
    words = [f"`{name}` is {value:g}" for name, value in list(values.items())[:MOST_NAMES]]
    return f" where {' and '.join(words)}" if words else ""


def consequence(pole: Pole) -> str:
    """What the logarithm does to the loss there."""
    result = "log(0) is -inf" if pole.value == 0 else "the logarithm of a negative number is NaN"
    gradient = ", the gradient NaN" if pole.operand.gradient is Gradient.FLOWS else ""
    return f"{result}: the loss becomes infinite or NaN{gradient}"
