"""Contractions: products that sum over an axis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod

from losslint.analysis import columns, degree
from losslint.analysis.columns import EACH_AXIS, NAN
from losslint.analysis.node import Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, BATCH_FIRST, SCALAR, Axis, Shape, broadcast
from losslint.analysis.transfer.results import Arguments, as_node, flag, literal, made
from losslint.operations.operation import Operation

DATA = frozenset({"true", "pred", "input", "symbolic"})
Summed = list[Axis] | None  # the axes that a product sums over; None: not known


def contraction(op: Operation, arguments: Arguments, site: Site) -> Node:
    """The result of a contraction."""
    if op.name == "einsum":
        operands = [as_node(v, site) for k, v in arguments.items() if k.startswith("*")]
        return _product(op, operands, *_einsum(operands, str(literal(arguments.get("equation")) or "").replace(" ", "")), site)
    given = arguments.get("x", Constant(None))
    if op.name == "layer_dot" and isinstance(given, Items):
        arguments = {**dict(zip("xy", given.items, strict=False)), "axes": arguments.get("axes", Constant(None))}
    x, y = as_node(arguments.get("x", Constant(None)), site), as_node(arguments.get("y", Constant(None)), site)
    return _product(op, [x, y], *_contracted(op, x, y, arguments), site)


def _product(op: Operation, operands: Sequence[Node], shape: Shape | None, summed: Summed, site: Site) -> Node:
    together = reduce(degree.product, (o.degree for o in operands), degree.ZERO)
    grown = degree.UNKNOWN if summed is None else degree.shift(together, sum(axis.power for axis in summed))
    count = prod(axis.length or EACH_AXIS for axis in (summed if summed is not None else [ANY]))
    values = columns.apply(lambda *row: NAN if any(v != v for v in row) else prod(row) * count, [o.columns for o in operands])
    weights = [o.marked("trainable") and not o.origin & DATA for o in operands]  # what a layer before made of weights and data is data
    linear = any(weights) and not all(own or o.constant for own, o in zip(weights, operands, strict=True))
    if linear:
        values = columns.LINEAR
    elif len(operands) < 2:
        values = columns.UNKNOWN
    product = made(op.name, operands, site, shape=shape, degree=grown, columns=values)
    return product.with_facts(marks=(product.facts.marks - {"activated"}) | {"linear"}) if linear else product


def _common(one: Axis, other: Axis) -> Axis:
    """An axis that two operands share: if they disagree, the assumption of growth was wrong."""
    return Axis(min(one.power, other.power), one.length or other.length)


def _contracted(op: Operation, x: Node, y: Node, arguments: Arguments) -> tuple[Shape | None, Summed]:
    """The shape of a product, and the axes that it sums over."""
    if op.name in ("batch_dot", "layer_dot"):
        return broadcast(x.shape, BATCH_FIRST) and BATCH_FIRST, [_last(x.shape)] if x.shape is not None else None
    if op.name == "outer":
        powers = [o.shape.power if o.shape is not None else None for o in (x, y)]
        return (Shape(tuple(Axis(p) for p in powers if p is not None)), []) if None not in powers else (None, None)
    if op.name == "tensordot":
        return _tensordot(x.shape, y.shape, arguments.get("axes", Constant(2)))
    if op.name == "inner":
        return _tensordot(x.shape, y.shape, Items([Constant(-1), Constant(-1)]))
    flipped = flag(arguments.get("transpose_x"))
    if x.shape is None or y.shape is None:
        first = x.shape.lead[:1] if x.shape is not None and x.shape.lead else ()
        return (BATCH_FIRST, [ANY]) if first and first[0].power and not flipped else (None, None)
    ranks = (x.shape.rank, y.shape.rank)
    if 0 in ranks:
        return broadcast(x.shape, y.shape), []
    if ranks == (1, 1):
        return SCALAR, [_common(x.shape.lead[0], y.shape.lead[0])]
    if op.name == "dot" and x.shape.exact and y.shape.exact and len(y.shape.lead) > 1:  # no axes are aligned
        *left, inner = x.shape.lead
        *right, other, last = y.shape.lead
        return Shape((*left, *right, last)), [_common(inner, other)]
    before, rows, inner = _matrix(x.shape, flipped)
    if op.name == "matvec" or (y.shape.exact and len(y.shape.lead) == 1 and op.name != "matmul"):
        stacked = broadcast(Shape(before), Shape(y.shape.lead[:-1])) if x.shape.exact and y.shape.exact and op.name == "matvec" else None
        return Shape((*(stacked.lead if stacked is not None else before), rows)), [_common(inner, y.shape.axis(-1) or ANY)]
    ahead, other, cols = _matrix(y.shape, flag(arguments.get("transpose_y")))
    stack = before if len(before) >= len(ahead) else ahead
    axes = (*stack, rows, cols)
    exact = (x.shape.exact and y.shape.exact) or sum(a.power for a in axes) > 1
    return Shape(axes) if exact else _open(axes), [_common(inner, other)]


def _last(shape: Shape) -> Axis:
    axis = shape.axis(-1) if shape.least_rank > 1 else None
    return axis if axis is not None else ANY


def _matrix(shape: Shape, flipped: bool = False) -> tuple[tuple[Axis, ...], Axis, Axis]:
    """A shape as a stack of matrices: the axes before, the rows, the columns."""
    axes = [*shape.lead, *([ANY] * (shape.hidden or 0)), *shape.trail]
    axes = [ANY] * (2 - len(axes)) + axes if shape.exact else axes + [ANY] * (2 - len(axes))
    *before, rows, cols = axes
    return (tuple(before), cols, rows) if flipped else (tuple(before), rows, cols)


def _open(axes: tuple[Axis, ...]) -> Shape:
    """Axes of which more may hide: the batch axis first, or last."""
    if axes and axes[0].power:
        return Shape(axes[:1], len(axes) - 1)
    if axes and axes[-1].power:
        return Shape((), len(axes) - 1, axes[-1:])
    return Shape((), len(axes))


def _tensordot(x: Shape | None, y: Shape | None, axes: Value) -> tuple[Shape | None, Summed]:
    """The axes of both without those that are summed over; a number means the last of the one and the first of the other."""
    if x is None or y is None:
        return None, None
    number = literal(axes)
    if isinstance(number, int):
        pairs = [list(range(-number, 0)), list(range(number))]
    elif isinstance(axes, Items) and len(axes.items) == 2:
        pairs = [_numbers(item) for item in axes.items]
    else:
        return None, None
    (left, gone), (right, lost) = x.reduce(tuple(pairs[0])), y.reduce(tuple(pairs[1]))
    if left is None or right is None or gone is None or lost is None or not len(gone) == len(lost) == len(pairs[0]):
        return None, None
    summed = [_common(a, b) for a, b in zip(gone, lost, strict=True)]
    if left.exact:
        return Shape((*left.lead, *right.lead), right.hidden, right.trail), summed
    return (Shape(left.lead, left.hidden, (*left.trail, *right.lead)) if right.exact else None), summed


def _numbers(value: Value) -> list[int]:
    found = [literal(item) for item in value.items] if isinstance(value, Items) else [literal(value)]
    return [n for n in found if isinstance(n, int)]


def _einsum(operands: Sequence[Node], equation: str) -> tuple[Shape | None, Summed]:
    sources, arrow, target = equation.partition("->")
    letters = sources.split(",")
    shapes = [o.shape for o in operands if o.shape is not None]
    if not len(letters) == len(operands) == len(shapes):
        return None, None
    if not arrow:  # the letters that occur once, in alphabetical order
        target = "..." * ("..." in sources) + "".join(sorted(c for c in set(sources) - {",", "."} if sources.count(c) == 1))
    axes: dict[str, Axis] = {}
    hidden: list[Axis] | None = []
    for names, shape in zip(letters, shapes, strict=True):
        found, between = _lettered(names, shape)
        hidden = between if between is None or hidden is None or len(between) > len(hidden) else hidden
        for letter, axis in found:
            axes[letter] = _common(axes[letter], axis) if letter in axes else axis
    if hidden is None:
        return None, None
    ahead, dots, behind = target.partition("...")
    listed = (*(axes.get(c, ANY) for c in ahead), *(hidden if dots else ()), *(axes.get(c, ANY) for c in behind))
    gone = [axis for letter, axis in axes.items() if letter not in target]
    return Shape(listed), gone if dots else [*gone, *hidden]


def _lettered(names: str, shape: Shape) -> tuple[list[tuple[str, Axis]], list[Axis] | None]:
    """The axis of each letter, and the axes of the ellipsis; None where their number is not known."""
    ahead, dots, behind = names.partition("...")
    found = [(letter, axis) for i, letter in enumerate(ahead) if (axis := shape.axis(i)) is not None]
    if not dots:
        return found, []
    found += [(letter, axis) for i, letter in enumerate(behind) if (axis := shape.axis(i - len(behind))) is not None]
    return found, list(shape.lead[len(ahead) : len(shape.lead) - len(behind)]) if shape.exact else None
