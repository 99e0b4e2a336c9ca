"""Where an operation, or its gradient, is not finite, and where a gradient that arrives goes no further: read off the columns."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from losslint.analysis.columns import COLUMNS
from losslint.analysis.node import Gradient, Node, reach
from losslint.operations.catalogue import known
from losslint.operations.operation import Kind, Pole


class Singularity(Struct, frozen=True):
    """A pole of an operation that a witness column attains."""

    node: Node
    operand: Node
    pole: Pole
    column: int

    @property
    def finite(self) -> bool:
        """Whether the value is finite there, and only the gradient is not."""
        return abs(self.pole.value) < float("inf")

    @property
    def at(self) -> float:
        """The operand in that column, in float32."""
        return self.operand.columns.single[self.column]


def singular(node: Node, column: int) -> Iterator[Singularity]:
    """The poles of a node that its operands attain in a column; beyond a root's domain is at its pole."""
    entry = known(node.operation)
    for pole in entry.poles if entry is not None else ():
        if pole.operand >= len(node.arguments):
            continue
        operand = node.arguments[pole.operand]
        value = operand.columns.single[column]
        if value != value or (entry is not None and entry.kind is Kind.REDUCTION and operand.marked("mixed")):
            continue
        if pole.others is not None and not _within(node, pole.operand, column, pole.others):
            continue
        if pole.at is None or value == pole.at or _beyond(node, column, value, pole):
            yield Singularity(node, operand, pole, column)


def _within(node: Node, operand: int, column: int, interval: tuple[float, float]) -> bool:
    """Whether the operands beside one lie in an open interval."""
    others = (a.columns.single[column] for index, a in enumerate(node.arguments) if index != operand)
    return all(interval[0] < other < interval[1] for other in others)


def _beyond(node: Node, column: int, value: float, pole: Pole) -> bool:
    """Whether an operand lies outside the domain, on the side of this pole."""
    result = node.columns.single[column]
    return result != result and pole.at is not None and len(node.arguments) == 1 and (value < pole.at) == (pole.at <= 0)


def passing(node: Node, column: int, arguments: tuple[Node, ...]) -> Iterator[Node]:
    """Of some arguments of a node, those to which it hands a gradient that is not exactly 0 in a column."""
    entry = known(node.operation)
    stopped: tuple[bool, ...] = ()
    if entry is not None and entry.flat is not None and len(node.arguments) == entry.operands:
        stopped = entry.flat(*(a.columns.single[column] for a in node.arguments))
    for index, argument in enumerate(node.arguments):
        if argument in arguments and argument.gradient is Gradient.FLOWS and not (index < len(stopped) and stopped[index]):
            yield argument


def undefined(node: Node, column: int) -> bool:
    """Whether a value is NaN in a column because it was computed so (0/0, a mean of nothing), not because nothing is known of it."""
    seen: set[int] = set()
    stack = [node]
    while stack:
        part = stack.pop()
        if id(part) in seen or part.columns.single[column] == part.columns.single[column]:
            continue
        seen.add(id(part))
        entry = known(part.operation)
        unknown = [a for a in part.arguments if a.columns.single[column] != a.columns.single[column]]
        if not unknown and entry is not None and entry.kind is Kind.ELEMENTWISE and entry.column is not None and part.arguments:
            return True
        if part.operation == "mean" and column in empty_columns(part.arguments[0]):
            return True
        stack.extend(unknown)
    return False


def empty_columns(node: Node) -> frozenset[int]:
    """The columns in which a selection takes no element: its mask is 0 there."""
    masks = [part.arguments[-1].columns.single for part in selections(node)]
    return frozenset(column for column in range(COLUMNS) if any(mask[column] == 0 for mask in masks))


def selections(node: Node) -> list[Node]:
    """The selections by a mask that a value which can be empty comes from."""
    parts = reach(node, through=lambda part: part.marked("maybe-empty"))
    return [part for part in parts if part.operation in ("boolean_mask", "indices")]
