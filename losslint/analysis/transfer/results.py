"""Making nodes: from Python values, and as results of operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from losslint.analysis import columns, degree
from losslint.analysis.columns import Columns
from losslint.analysis.degree import UNKNOWN, ZERO, Degree
from losslint.analysis.node import Facts, Gradient, Node, Site, blend
from losslint.analysis.objects import Constant, Function, Partial, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import SCALAR, Axis, Shape, broadcast

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run as Run

Arguments = dict[str, Value]
EMPTY = frozenset({"maybe-empty"})  # a selection that can have no element
UNIFORM = frozenset({"mean", "max", "min", "median", "expand_dims", "reshape", "squeeze", "stop_gradient"})
INHERITED = frozenset({"maybe-empty", "activated", "mixed", "numpy", "slow"})  # marks that most results take over from their operands


def made(
    name: str,
    operands: Sequence[Node],
    site: Site,
    *,
    shape: Shape | None,
    degree: Degree,
    columns: Columns = columns.UNKNOWN,
    gradient: Gradient | None = None,
    marks: frozenset[str] | None = None,
    origin: frozenset[str] = frozenset(),
    constant: bool | None = None,
    python: bool = False,
    **details: Any,
) -> Node:
    """The result of an operation: gradient, origin, constness and marks are those of its operands where not said otherwise."""
    given = tuple(operands)
    flow, came, fixed = blend(given)
    if marks is None:
        marks = frozenset().union(*(o.facts.marks & INHERITED for o in given))
    facts = Facts(
        shape,
        degree,
        columns,
        flow if gradient is None else gradient,
        came | origin,
        fixed if constant is None else constant,
        python,
        marks,
    )
    return Node(name, given, site, facts, details)


def unknown(
    operands: Sequence[Node],
    site: Site,
    *,
    shape: Shape | None = None,
    degree: Degree | None = None,
    constant: bool | None = None,
    python: bool = False,
) -> Node:
    """A value of which nothing is known but what it may have come from.

    What is made of settings does not grow with the batch, nor does what comes from outside the loss, such as the next item
    of an iterator: only what is made of tensors in a way that is not known may.
    """
    flow, came, fixed = blend(tuple(operands))
    settled = bool(operands) and fixed if constant is None else constant
    grown = degree if degree is not None else ZERO if settled or not operands else UNKNOWN
    facts = Facts(shape, grown, columns.UNKNOWN, flow, came, settled, python)
    return Node("opaque", tuple(operands), site, facts)


def number(value: float, site: Site) -> Node:
    """A Python number."""
    return Node("constant", (), site, Facts(SCALAR, columns=columns.constant(float(value)), constant=True, python=True))


def as_node(value: Value, site: Site) -> Node:
    """Any value as an operand: numbers as they are, lists stacked, everything else an unknown constant."""
    match value:
        case Node():
            return value
        case Constant(value=bool() | int() | float() as held):
            return number(held, site)
        case Items():
            return pack(value, site)
        case Dictionary(items=items):
            return unknown([v for v in items.values() if isinstance(v, Node)], site)
    facts = Facts(SCALAR if isinstance(value, Constant) else None, columns=columns.UNKNOWN, constant=True)
    return Node("opaque", (), site, facts, {"value": value.value if isinstance(value, Constant) else None})


def pack(value: Items, site: Site, axis: int = 0) -> Node:
    """The tensor that a list makes: its items along a new axis, which grows with the batch if a batch-long loop filled it."""
    parts = [as_node(item, site) for item in value.items]
    length = Axis(value.power, None if value.power else len(parts))
    if not parts:
        return Node("pack", (), site, Facts(Shape((length,)), constant=not value.power))
    shape = parts[0].shape
    for part in parts[1:]:
        shape = broadcast(shape, part.shape)
    values = Columns(_common([p.columns.single for p in parts]), _common([p.columns.double for p in parts]))
    parts_degree = degree.union((p.degree, p.constant) for p in parts)
    whole = shape.insert(axis, length) if shape is not None else None
    details: dict[str, Any] = {"declared": True} if value.declared else {}
    python = all(p.facts.python for p in parts)
    marks = mixed(parts)
    return made("pack", parts, site, shape=whole, degree=parts_degree, columns=values, marks=marks, python=python, axis=axis, **details)


def mixed(parts: Sequence[Node]) -> frozenset[str]:
    """The marks of several values side by side; where they differ, the columns of the whole are the smallest only."""
    marks = frozenset().union(*(part.facts.marks & INHERITED for part in parts))
    return marks if len({part.columns for part in parts}) == 1 else marks | {"mixed"}


def of_any(node: Node) -> Columns:
    """The columns of a part of a value, which may be any part."""
    return columns.UNKNOWN if node.marked("mixed") else node.columns


def _common(rows: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    """Column by column what all have in common: the smallest, where all are known."""
    return tuple(min(values) if all(v == v for v in values) else columns.NAN for values in zip(*rows, strict=True))


def uniform(node: Node) -> Node:
    """The value whose elements are those of a node where all of them are alike: its mean, its largest, a reshaped form of it."""
    while node.operation in UNIFORM and node.arguments:
        node = node.arguments[0]
    return node


def difference(node: Node) -> bool:
    """Whether a value is the difference of two of which too little is known: they can be equal, so its square can be 0."""
    return node.operation == "subtract" and not node.constant and not node.columns.known


def literal(value: Value | None) -> Any:
    """The Python object of a literal, None for anything else."""
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, Node) and value.constant and value.facts.python and len(set(value.columns.double)) == 1:
        only = value.columns.double[0]
        return int(only) if only == only and only.is_integer() else only if only == only else None
    return None


def flag(value: Value | None) -> bool:
    """A boolean option: True only where it is known to be."""
    return bool(literal(value)) if value is not None else False


def largest(of: Degree) -> int:
    """The power of the batch size of a length."""
    return int(max(degree.known(of), default=0.0))


def callable_value(value: Value | None) -> bool:
    """Whether a value is a function that can be walked."""
    return isinstance(value, Function | Partial)
