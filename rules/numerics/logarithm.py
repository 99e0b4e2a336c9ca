"""How the argument of a logarithm comes to be 0: what the rules on logarithms ask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from losslint.analysis.columns import COLUMNS, ORDINARY
from losslint.analysis.node import Gradient, Node, reach
from losslint.analysis.trace import Trace

from .guard import lost_guard

LOGARITHMS = frozenset({"log", "log2", "log10"})
ZEROS = frozenset(
    {"zeros", "zeros_like", "sequence_mask", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or", "logical_not"}
)
ABSORBING = frozenset({"exp", "logsumexp", "softmax", "log_softmax"})
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
    exposed = {id(node) for node in reach(*(root.node for root in trace.roots), through=lambda node: node.operation not in ABSORBING)}
    for node in logarithms(trace):
        if node.gradient is Gradient.NONE and id(node) not in exposed:
            continue  # minus infinity is meant: an exponential makes 0 of it
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
        guard = lost_guard(operand, column)
        if guard is not None:
            return Pole(node, column, guard)
    return Pole(node, next((c for c in bad if operand.columns.single[c] == 0), bad[0]))


def consequence(pole: Pole) -> str:
    """What the logarithm does to the loss there."""
    result = "log(0) is -inf" if pole.value == 0 else "the logarithm of a negative number is NaN"
    gradient = ", the gradient NaN" if pole.operand.gradient is Gradient.FLOWS else ""
    return f"{result}: the loss becomes infinite or NaN{gradient}"
