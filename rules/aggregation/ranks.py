"""How many axes a value has, counted from those of the inputs: `mean(y_pred, axis=-1)` has one less than `y_pred`, whatever that has."""

from __future__ import annotations

from collections.abc import Iterable

from losslint.analysis.node import Node
from losslint.operations.catalogue import OPERATIONS
from losslint.operations.operation import Kind

Rank = dict[str, int]  # input -> axes more (or, negative, less) than it has; empty: a number, which fits everything
SCALAR: Rank = {}
KINDS = {operation.name: operation for operation in OPERATIONS}
SAME = frozenset({Kind.ACTIVATION, Kind.CAST, Kind.IDENTITY})
TOGETHER = frozenset({Kind.ELEMENTWISE, Kind.SELECTION})
LOST_BY_LOSS = {"same": 0, "drop_last": -1}


class Ranks:
    """The ranks of the values of one run, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[int, Rank | None] = {}

    def of(self, node: Node) -> Rank | None:
        """The rank of a value, None where it cannot be told."""
        if id(node) not in self._known:
            self._known[id(node)] = None  # while it is worked out
            self._known[id(node)] = self._worked_out(node)
        return self._known[id(node)]

    def _worked_out(self, node: Node) -> Rank | None:
        if node.shape is not None and node.shape.rank == 0:
            return SCALAR
        if node.operation == "parameter":
            return {f"{node.details['name']}:{id(node.site.syntax)}": 0}
        if node.operation in ("getitem", "expand_dims"):
            by = 1 if node.operation == "expand_dims" else node.details.get("rank")
            return self._moved(node, by)
        if column(node):
            return self._moved(node, 1)
        if node.operation == "gradient":
            return self.of(node.arguments[-1])  # shaped like what it is taken over
        if (
            node.operation == "layer"
            and len(node.arguments) == 1
            and node.arguments[0].shape is not None
            and node.arguments[0].shape.rank == 2
        ):
            return self._moved(node, 0)  # rows in, rows out
        operation = KINDS.get(node.operation)
        if operation is None:
            return None
        if operation.kind in SAME:
            return self._moved(node, 0)
        if operation.kind in TOGETHER:
            return joined(self.of(argument) for argument in node.arguments)
        if operation.kind is Kind.REDUCTION:
            return self._reduced(node)
        if operation.kind is Kind.LOSS and operation.shape in LOST_BY_LOSS:
            whole = joined(self.of(argument) for argument in node.arguments)
            return _moved(whole, LOST_BY_LOSS[operation.shape])
        return None

    def _reduced(self, node: Node) -> Rank | None:
        gone = node.details.get("gone")
        if not isinstance(gone, list) or not isinstance(node.details.get("axes"), tuple):
            return None
        if node.details.get("keepdims"):
            return self._moved(node, 0)
        return self._moved(node, -len(gone)) if not any(axis.power for axis in gone) else None

    def _moved(self, node: Node, by: int | None) -> Rank | None:
        return _moved(self.of(node.arguments[0]), by) if node.arguments and by is not None else None


def column(node: Node) -> bool:
    """Whether it is ``reshape(x, (-1, 1))``: what has one number for each sample becomes a column."""
    if node.operation != "reshape" or node.shape is None or node.shape.rank != 2:
        return False
    rows, columns = node.shape.lead
    return rows.power == 1 and columns.length == 1


def lost_axis(node: Node) -> int | None:
    """The one axis that a value has less than what it is made of element by element, as it was named; None: it cannot be told."""
    found: set[object] = set()
    stack = [node]
    while stack:
        part = stack.pop()
        operation = KINDS.get(part.operation)
        kind = operation.kind if operation is not None else None
        if part.constant or part.operation == "parameter" or (part.shape is not None and part.shape.rank == 0):
            continue
        if kind in SAME | TOGETHER or (kind is Kind.REDUCTION and part.details.get("keepdims")):
            stack.extend(part.arguments)
        elif operation is not None and kind is Kind.LOSS:
            found.add((-1,) if LOST_BY_LOSS.get(operation.shape) == -1 else None)
        else:
            found.add(part.details.get("axes") if kind is Kind.REDUCTION else None)
    axes = found.pop() if len(found) == 1 else None
    return axes[0] if isinstance(axes, tuple) and len(axes) == 1 and isinstance(axes[0], int) else None


def _moved(rank: Rank | None, by: int) -> Rank | None:
    return None if rank is None else {name: offset + by for name, offset in rank.items()}


def joined(ranks: Iterable[Rank | None]) -> Rank | None:
    """The rank of what several values make together: the larger, where they count from the same input."""
    whole: Rank = {}
    for rank in ranks:
        if rank is None:
            return None
        for name, offset in rank.items():
            whole[name] = max(offset, whole.get(name, offset))
    return whole


def apart(one: Rank | None, other: Rank | None) -> int:
    """How many axes the first has more than the second; 0 where that is not known."""
    if one is None or other is None:
        return 0
    differences = {one[name] - other[name] for name in one.keys() & other.keys()}
    return differences.pop() if len(differences) == 1 else 0
