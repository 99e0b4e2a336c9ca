"""Operations that put tensors together, and those that take one apart: concat, stack, split, unstack, top_k, meshgrid."""

from __future__ import annotations

from functools import reduce
from typing import Any

from losslint.analysis import columns, degree
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, BATCH_FIRST, Axis, Shape, broadcast
from losslint.analysis.transfer.axes import NUMPY_LIKE
from losslint.analysis.transfer.results import EMPTY, Arguments, as_node, largest, literal, made, of_any, pack, unknown
from losslint.operations.operation import Operation

JOINS = frozenset({"concat", "stack", "joined", "append"})
PARTS = frozenset({"split", "unstack", "top_k", "meshgrid", "dynamic_partition", "unique"})
MOST_PIECES = 64


def joined(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Node:
    """Several tensors as one."""
    given = arguments.get("x", Constant(None))
    default = -1 if spelling.startswith(("K.", "keras.layers.")) and op.name == "concat" else 0
    axis = literal(arguments.get("axis", Constant(default)))
    if op.name == "append":
        given = Items([given, arguments.get("y", Constant(None))])
        if literal(arguments.get("axis")) is None:
            return _flattened([as_node(item, site) for item in given.items], site)
    if not isinstance(given, Items):
        x = as_node(given, site)
        shape = x.shape if op.name != "stack" else None
        return made(op.name, [x], site, shape=shape, degree=x.degree, columns=x.columns, marks=x.facts.marks)
    parts = [as_node(item, site) for item in given.items] or [as_node(Constant(None), site)]
    if op.name == "joined":
        axis, stacks = _place(spelling, parts[0].shape)
        if stacks and len({part.shape.rank if part.shape is not None else None for part in parts}) > 1:
            return made("concat", parts, site, shape=None, degree=degree.union((p.degree, p.constant) for p in parts))
        if stacks:
            return pack(given, site, axis)
    elif op.name == "stack":
        return pack(given, site, axis) if isinstance(axis, int) else pack(given, site)
    packed = pack(given, site)
    shape = _concatenated(parts, axis, given.power)
    marks = packed.facts.marks
    grown = degree.union((_share(part, shape, axis), part.constant) for part in parts)
    return made("concat", parts, site, shape=shape, degree=grown, columns=packed.columns, marks=marks, axis=axis)


def _place(spelling: str, shape: Shape | None) -> tuple[int, bool]:
    """The axis along which numpy's stacks join, and whether it is a new one."""
    rank = shape.rank if shape is not None else None
    match spelling.rpartition(".")[2]:
        case "vstack":
            return 0, rank == 1 and not spelling.startswith("ops.")
        case "dstack":
            return 2, rank is None or rank < 3
        case "column_stack":
            return 1, rank == 1
    return (0 if rank == 1 else 1), False


def _flattened(parts: list[Node], site: Site) -> Node:
    power = None if any(p.shape is None for p in parts) else max(p.shape.power for p in parts if p.shape is not None)
    shape = None if power is None else Shape((Axis(power),))
    return made("concat", parts, site, shape=shape, degree=degree.union((p.degree, p.constant) for p in parts))


def _share(part: Node, whole: Shape | None, axis: object) -> degree.Degree:
    """What a part adds to the whole: a few rows beside as many as there are samples are an ever smaller share of it."""
    if whole is None or part.shape is None or not isinstance(axis, int):
        return part.degree
    own, all_ = part.shape.axis(axis), whole.axis(axis)
    return part.degree if own is None or all_ is None else degree.shift(part.degree, min(own.power - all_.power, 0))


def _concatenated(parts: list[Node], axis: object, power: int) -> Shape | None:
    if any(p.shape is None for p in parts) or not isinstance(axis, int):
        return BATCH_FIRST if all(p.shape is not None and p.shape.batch_axes for p in parts) else None
    known = [p.shape for p in parts if p.shape is not None]
    whole = known[0] if len({s.rank for s in known}) == 1 and known[0].exact else reduce(broadcast, (p.shape for p in parts))
    if whole is None:
        return None
    along = [a for s in known if (a := s.axis(axis)) is not None]
    most = max((a.power for a in along), default=0) + power
    lengths = [a.length for a in along if a.length is not None]
    total = sum(lengths) if not most and len(lengths) == len(parts) else None
    return whole.with_axis(axis, Axis(most, total))


def pieces(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Value:
    """One tensor as several."""
    x = as_node(arguments.get("x", Constant(None)), site)
    if op.name == "unstack" and x.operation == "shape":
        return x
    match op.name:
        case "top_k":
            return _largest(x, arguments, site)
        case "meshgrid":
            return _grid([as_node(v, site) for k, v in arguments.items() if k == "x" or k.startswith("*")], arguments, site)
        case "dynamic_partition":
            return _partitioned(x, arguments, site)
        case "unique":
            return _distinct(x, site, spelling)
    axis = literal(arguments.get("axis", Constant(0)))
    old = x.shape.axis(axis) if x.shape is not None and isinstance(axis, int) else None
    if op.name == "unstack":
        shape = x.shape.reduce((axis,))[0] if x.shape is not None and isinstance(axis, int) else None
        count = literal(arguments.get("num")) or (old.length if old else None)
        return _listed(op, x, site, [shape] * count if isinstance(count, int) and 0 < count <= MOST_PIECES else None, shape)
    cut = _cut(arguments.get("parts"), old or ANY, spelling)
    if x.shape is None or old is None or not isinstance(axis, int):
        shapes: list[Shape | None] = [None] * (len(cut) if cut else 0)
        return _listed(op, x, site, shapes or None, None)
    whole = x.shape
    each = [whole.with_axis(axis, part) for part in cut] if cut else None
    return _listed(op, x, site, each, whole.with_axis(axis, Axis(old.power)))


def _cut(parts: Value | None, old: Axis, spelling: str) -> list[Axis] | None:
    """What a split leaves of an axis in each piece; numpy gives the places to cut at, TensorFlow the lengths."""
    if isinstance(parts, Items):
        told = [n if isinstance(n := literal(item), int) and n >= 0 else None for item in parts.items]
        if spelling.startswith(NUMPY_LIKE):
            return [*(Axis(old.power) if place is None else ANY for place in told), Axis(old.power)]
        return [Axis(old.power, None if old.power else length) for length in told]
    number = literal(parts)
    if not isinstance(number, int) or not 0 < number <= MOST_PIECES:
        return None
    return [Axis(old.power, old.length // number if old.length is not None and old.length % number == 0 else None)] * number


def _listed(op: Operation, x: Node, site: Site, shapes: list[Shape | None] | None, shape: Shape | None) -> Value:
    """The pieces one by one where their number is known, else one that stands for all."""

    def piece(of: Shape | None, **details: Any) -> Node:
        return made(op.name, [x], site, shape=of, degree=x.degree, columns=of_any(x), marks=x.facts.marks - {"mixed"}, **details)

    if shapes is not None:
        return Items([piece(of, index=index) for index, of in enumerate(shapes)], mutable=False)
    whole = piece(shape)
    return Node("pieces", whole.arguments, site, whole.facts, {})


def _largest(x: Node, arguments: Arguments, site: Site) -> Value:
    """The `k` largest along the last axis, and their positions."""
    number = arguments.get("k", Constant(1))
    length = literal(number)
    axis = Axis(0, length) if isinstance(length, int) else Axis(largest(number.degree) if isinstance(number, Node) else 0)
    shape = x.shape.with_axis(-1, axis) if x.shape is not None else None
    old = x.shape.axis(-1) if x.shape is not None else None
    if shape is None and x.shape is not None and not x.shape.exact:
        shape = x.shape
    grown = degree.of_position(None if old is None else old.power)
    place = made("argsort", [x], site, shape=shape, degree=grown, gradient=min(x.gradient, Gradient.BLOCKED))
    return Items([made("top_k", [x], site, shape=shape, degree=x.degree, columns=x.columns), place], mutable=False)


def _grid(parts: list[Node], arguments: Arguments, site: Site) -> Value:
    """Coordinates: every part spread over the axes of all."""
    axes = [Axis(p.shape.power) if p.shape is not None else None for p in parts]
    if literal(arguments.get("indexing", Constant("xy"))) != "ij":
        axes[:2] = axes[1::-1]
    shape = Shape(tuple(a for a in axes if a is not None)) if None not in axes else None
    return Items([made("meshgrid", [p], site, shape=shape, degree=p.degree, columns=p.columns) for p in parts], mutable=False)


def _partitioned(x: Node, arguments: Arguments, site: Site) -> Value:
    """The rows that carry each number; there may be none."""
    ids, count = as_node(arguments.get("partitions", Constant(None)), site), literal(arguments.get("count"))
    rank = ids.shape.rank if ids.shape is not None else None
    shape = None
    if x.shape is not None and rank == 1:
        shape = x.shape.forget_lengths()
    elif x.shape is not None and rank is not None and x.shape.rank == rank:
        shape = Shape((Axis(x.shape.power),))
    if not isinstance(count, int) or not 0 < count <= MOST_PIECES:
        return unknown([x, ids], site)
    return Items(
        [
            made(
                "boolean_mask", [x, ids], site, shape=shape, degree=x.degree, gradient=x.gradient, marks=x.facts.marks | EMPTY, index=index
            )
            for index in range(count)
        ],
        mutable=False,
    )


def _distinct(x: Node, site: Site, spelling: str) -> Value:
    """The different values, where each element's stands among them, and how often each occurs."""
    blocked = min(x.gradient, Gradient.BLOCKED)
    values = made("unique", [x], site, shape=None, degree=x.degree, columns=x.columns, gradient=blocked)
    place = made("argsort", [x], site, shape=x.shape, degree=degree.UNKNOWN, gradient=blocked)
    count = made("count", [x], site, shape=None, degree=degree.UNKNOWN, columns=columns.UNKNOWN, gradient=blocked)
    return Items([values, place, count] if spelling.endswith("counts") else [values, place], mutable=False)
