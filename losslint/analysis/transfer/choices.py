"""One of several: what a reduction gives along an axis on which a one-hot vector has a single 1.

A witness column takes all elements of a tensor for equal, and a one-hot vector has none that are: its elements are
0 (this is not the class) and 1 (it is) side by side.
"""

from __future__ import annotations

import re

from losslint.analysis import columns
from losslint.analysis.columns import COLUMNS, UNKNOWN, Columns
from losslint.analysis.node import Node
from losslint.analysis.shape import Axis, Shape
from losslint.analysis.transfer.axes import Axes

KEPT = frozenset({"cast", "identity", "stop_gradient", "expand_dims", "squeeze", "reshape", "tile", "abs", "square"})
TESTS = frozenset({"greater", "not_equal", "greater_equal"})
ROWS = 2  # axes
ONE_HOT = re.compile(r"one_?hot", re.IGNORECASE)
SUMS = frozenset({"sum", "max", "count_nonzero", "any", "mean"})


def _vector(node: Node) -> Node | None:
    """The one-hot vector that a value is, as another type at most."""
    while node.operation in ("cast", "identity", "stop_gradient"):
        node = node.arguments[0]
    return node if node.operation == "one_hot" and node.details["axis"] == -1 else None


def _not_all_zero(node: Node) -> bool:
    """Whether some element of a value, over all classes, is not 0: it counts the classes of labels."""
    while node.operation in KEPT | TESTS | SUMS:
        if node.operation in TESTS and not (node.arguments[1].constant and node.arguments[1].columns.single[0] == 0):
            return False
        node = node.arguments[0]
    return node.operation == "one_hot"


def _labels(node: Node) -> bool:
    """Whether a value is the target as the loss was given it, which may be one-hot; or 1 less it, where its name says that it is."""
    less = node.operation == "subtract" and node.arguments[0].constant and node.arguments[0].columns.single[0] == 1
    node = node.arguments[1] if less else node
    while node.operation in ("cast", "identity", "stop_gradient"):
        node = node.arguments[0]
    said = not less or ONE_HOT.search(str(node.details.get("name"))) is not None
    return node.operation == "parameter" and "true" in node.origin and said


def _is_last(shape: Shape | None, axes: Axes) -> bool:
    """Whether an axis is the last one, or as good as: the second of a batch of which nothing is shown to have more."""
    rows = shape is not None and not shape.trail and (shape.rank == ROWS if shape.exact else len(shape.lead) == 1)
    return axes == (-1,) or (rows and axes == (1,))


def chosen(operation: str, x: Node, axes: Axes, went: list[Axis] | None, usual: Columns) -> Columns:
    """The columns of a reduction, which may be over the classes of one-hot vectors.

    Parameters
    ----------
    operation
        The canonical name of the reduction.
    x
        What is reduced.
    axes, went
        The axes that are reduced, as they were written, and what they hold.
    usual
        The columns that the reduction gives of a tensor of equal elements.
    """
    last = _is_last(x.shape, axes) and went is not None and len(went) == 1 and went[0].power == 0
    if operation in ("sum", "max") and last and _vector(x) is not None:
        return columns.constant(1.0)
    if operation == "sum" and last and x.operation == "multiply" and len(x.arguments) == 2:
        return _of_product(x.arguments[0], x.arguments[1], usual)
    if operation in SUMS and (axes is None or last or (isinstance(axes, tuple) and -1 in axes)) and _not_all_zero(x):
        return UNKNOWN
    return usual


def _of_product(first: Node, second: Node, usual: Columns) -> Columns:
    """The columns of the sum of a product with one-hot vectors: the element that they choose; of labels that may be such: some element."""
    for vector, other in ((first, second), (second, first)):
        if _vector(vector) is not None:
            return other.columns
        if _labels(vector) and not (_labels(other) or other.constant):
            return usual.without([i for i in range(COLUMNS) if vector.columns.single[i] == 0])
    return usual
