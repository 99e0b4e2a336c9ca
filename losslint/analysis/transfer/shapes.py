"""Operations that move elements about: reshapes, transposes, tiles, cuts, diagonals."""

from __future__ import annotations

from typing import Any

from losslint.analysis import columns, degree
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Slice, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, ONE, Axis, Shape
from losslint.analysis.transfer.axes import NUMPY_LIKE, axes_of
from losslint.analysis.transfer.indexing import sliced
from losslint.analysis.transfer.lengths import axes_named, reshaped
from losslint.analysis.transfer.results import Arguments, as_node, largest, literal, made
from losslint.operations.operation import Flow, Operation

UNKNOWN_VALUES = frozenset({"pad", "diag", "set_diag", "band_part", "differences"})  # zeros, or other values, come among the elements
MATRIX = 2  # axes
MASKS = frozenset({"begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask", "var"})
Moved = tuple[Shape | None, bool]  # the shape, and whether a configured batch size is in it


def shaped(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Node:
    """The result of a shape operation of one operand; its elements are those of its operand."""
    x = as_node(arguments.get("x", Constant(None)), site)
    shape, declared = _moved(op, x, arguments, site, spelling)
    others = [v for name, v in arguments.items() if name == "diagonal" and isinstance(v, Node)]
    flow = max(o.gradient for o in (x, *others))
    details: dict[str, Any] = {"declared": True} if declared else {}
    return made(
        op.name,
        [x, *others],
        site,
        shape=shape,
        degree=_degree(op, x, shape, arguments.get("axis")),
        columns=columns.UNKNOWN if op.name in UNKNOWN_VALUES else x.columns,
        gradient=flow if op.flow is Flow.FLOWS else min(flow, Gradient.BLOCKED),
        marks=x.facts.marks,
        constant=x.constant and (shape is None or not shape.power or declared),
        python=x.facts.python,
        **details,
    )


def _degree(op: Operation, x: Node, shape: Shape | None, axis: Value | None) -> degree.Degree:
    if op.name == "diag" and x.shape is not None and shape is not None and shape.power > x.shape.power:
        return degree.shift(x.degree, x.shape.power - shape.power)  # zeros all around, more and more of them
    number = literal(axis) if axis is not None else -1
    along = x.shape.axis(number) if x.shape is not None and isinstance(number, int) else None
    if op.name == "differences":  # along the batch they cancel where they are added up
        return degree.zero_stays(x.degree) if along is not None and not along.power else degree.UNKNOWN
    return x.degree


def _moved(op: Operation, x: Node, arguments: Arguments, site: Site, spelling: str) -> Moved:
    shape, rest = x.shape, [v for k, v in arguments.items() if k.startswith("*")]
    match op.name:
        case "reshape":
            target = arguments.get("shape")
            return reshaped(x, Items([target, *rest]) if rest and target is not None else target, site)
        case "tile" | "repeat" | "repeat_rows":
            return _tiled(op.name, x, arguments, site)
        case "broadcast_to":
            return reshaped(as_node(Items([]), site), arguments.get("shape"), site)[0], False
    if shape is None:
        return None, False
    first = arguments.get("perm")
    perm = Items([first, *rest]) if rest and first is not None else first
    return _rearranged(op, shape, perm, arguments, spelling), False


def _rearranged(op: Operation, shape: Shape, perm: Value | None, arguments: Arguments, spelling: str) -> Shape | None:
    match op.name:
        case "flatten":
            return Shape((Axis(shape.power),))
        case "batch_flatten":
            return Shape((*shape.lead[:1], Axis(shape.power - shape.lead[0].power))) if shape.lead else None
        case "expand_dims":
            axis = literal(arguments.get("axis", Constant(-1)))
            return shape.insert(axis) if isinstance(axis, int) else None
        case "squeeze":
            return _squeezed(shape, arguments.get("axis"))
        case "transpose" | "permute_dimensions":
            return _transposed(shape, perm)
        case "matrix_transpose":
            return _exchanged(shape, -1, -2)
        case "swapaxes":
            return _exchanged(shape, literal(arguments.get("source")), literal(arguments.get("destination")))
        case "moveaxis":
            return _carried(shape, literal(arguments.get("source")), literal(arguments.get("destination")))
        case "rollaxis":
            return _carried(shape, literal(arguments.get("axis")), literal(arguments.get("start", Constant(0))), before=True)
        case "slice":
            return _cut_out(shape, arguments.get("begin"), arguments.get("size"))
        case "strided_slice":
            return _strided(shape, arguments)
        case "pad" | "differences":
            return shape.forget_lengths()
        case "diag_part":
            return _diagonal(shape, arguments, spelling)
        case "diag":
            return _on_diagonal(shape, spelling)
    return shape


def _squeezed(shape: Shape, axis: Value | None) -> Shape | None:
    known, axes = axes_of(axis)
    if known and isinstance(axes, tuple):
        return shape.reduce(axes)[0]
    if shape.exact and all(a.power or a.length is not None for a in shape.lead):
        return Shape(tuple(a for a in shape.lead if a != ONE))
    kept = tuple(a for a in shape.lead if a != ONE)
    return Shape(kept[:1], 0) if kept and kept[0].power else None


def listed(shape: Shape, rank: int) -> list[Axis] | None:
    """The axes of a shape of which the rank is told; None if it has another."""
    axes = list(shape.lead) if shape.exact else [*shape.lead, *([ANY] * (rank - len(shape.lead) - len(shape.trail))), *shape.trail]
    return axes if len(axes) == rank else None


def _transposed(shape: Shape, perm: Value | None) -> Shape | None:
    if perm is None or (literal(perm) is None and not isinstance(perm, Items)):
        if not shape.exact and shape.least_rank > MATRIX:
            return None  # it is a matrix that is turned over: there are fewer axes than was assumed
        return Shape(shape.lead[::-1]) if shape.exact else Shape(shape.trail[::-1], shape.hidden, shape.lead[::-1])
    order = [literal(i) for i in perm.items] if isinstance(perm, Items) else []
    axes = listed(shape, len(order))
    if axes is None or not all(isinstance(i, int) and -len(axes) <= i < len(axes) for i in order):
        return None
    return Shape(tuple(axes[i] for i in order))


def _exchanged(shape: Shape, one: Any, other: Any) -> Shape | None:
    if not isinstance(one, int) or not isinstance(other, int):
        return None
    first, second = shape.axis(one), shape.axis(other)
    behind = None if shape.hidden is None else shape.hidden + len(shape.trail)
    if first is None or second is None or (behind is not None and max(-one, -other) > behind):  # it may be the first
        return None
    if not first.power and not second.power and not shape.exact:
        return shape.forget_lengths()
    changed = shape.with_axis(one, second)
    return changed.with_axis(other, first) if changed is not None else None


def _carried(shape: Shape, source: Any, target: Any, before: bool = False) -> Shape | None:
    """One axis moved to another place, counted in the result; `before`: put in front of an axis of the operand."""
    if not isinstance(source, int) or not isinstance(target, int):
        return None
    if not shape.exact:
        axis = shape.axis(source)
        return shape.forget_lengths() if axis is not None and not axis.power and target not in (0, -shape.least_rank) else None
    axes = list(shape.lead)
    if not -len(axes) <= source < len(axes):
        return None
    source %= len(axes)
    if before:
        target -= source < target
    axis = axes.pop(source)
    axes.insert(target if target >= 0 else len(axes) + 1 + target, axis)
    return Shape(tuple(axes))


def _diagonal(shape: Shape, arguments: Arguments, spelling: str) -> Shape | None:
    """The last two axes become one; numpy takes the first two, and puts their diagonal last."""
    one, other = -2, -1
    if spelling.startswith(NUMPY_LIKE):
        named = [literal(arguments.get(name, Constant(i))) for i, name in enumerate(("axis1", "axis2"))]
        if not all(isinstance(n, int) for n in named):
            return None
        one, other = named
    axes = [shape.axis(one), shape.axis(other)]
    left = shape.reduce((one, other))[0]
    if left is None or None in axes or ("tensor_diag" in spelling and shape.rank != 2):
        return None
    lengths = [a.length for a in axes if a is not None]
    power = min(a.power for a in axes if a is not None)
    return left.insert(-1, Axis(power, lengths[0] if lengths[0] == lengths[1] and not power else None))


def _on_diagonal(shape: Shape, spelling: str) -> Shape | None:
    """The last axis becomes two; numpy's `diag` of a matrix is its diagonal."""
    if spelling.endswith("matrix_diag") and shape.least_rank:
        last = shape.axis(-1)
        return shape.insert(-1, last) if last is not None else None
    if not shape.exact or len(shape.lead) not in (1, 2):
        return None
    if len(shape.lead) == 1:
        return Shape((shape.lead[0], shape.lead[0]))
    one, other = shape.lead
    return Shape((Axis(min(one.power, other.power)),)) if spelling.startswith(NUMPY_LIKE) else None


def _tiled(name: str, x: Node, arguments: Arguments, site: Site) -> Moved:
    shape = Shape((), 0) if x.shape is None and x.constant else x.shape  # settings have no batch axis
    if shape is None:
        return None, False
    if name == "repeat_rows":
        return Shape((*shape.lead[:1], ANY, shape.lead[-1] if shape.rank == 2 else ANY)), False
    if name == "repeat":
        return _repeated(shape, arguments, site)
    times, declared = axes_named(arguments.get("multiples"), site)
    if times is None:
        return (shape.forget_lengths() if shape.power else None), declared
    axes = list(shape.lead) if shape.exact else listed(shape, max(len(times), shape.least_rank))
    if axes is None:
        return shape.forget_lengths(), declared
    axes = [ONE] * (len(times) - len(axes)) + axes
    factors = [*([ONE] * (len(axes) - len(times))), *(t or ANY for t in times)]
    pairs = zip(axes, factors, strict=True)
    return Shape(tuple(a if t == ONE else Axis(a.power + t.power) for a, t in pairs)), declared


def _repeated(shape: Shape, arguments: Arguments, site: Site) -> Moved:
    number, axis = arguments.get("repeats"), literal(arguments.get("axis"))
    times = as_node(number, site) if number is not None else None
    if times is None:
        return None, False
    if axis is None and "axis" not in arguments:
        return Shape((Axis(shape.power + largest(times.degree)),)), False
    old = shape.axis(axis) if isinstance(axis, int) else None
    if old is None:
        return None, False
    declared = times.constant and largest(times.degree) > 0
    return shape.with_axis(axis, Axis(old.power + largest(times.degree))), declared


def _cut_out(shape: Shape, begin: Value | None, size: Value | None) -> Shape | None:
    """The shape of a slice given by its sizes: -1 keeps an axis to its end."""
    if not isinstance(size, Items):
        return None
    axes = listed(shape, len(size.items))
    if axes is None:
        return None
    starts = [literal(item) for item in begin.items] if isinstance(begin, Items) else []
    kept: list[Axis] = []
    for index, (axis, item) in enumerate(zip(axes, size.items, strict=True)):
        number = literal(item)
        if number == -1:
            kept.append(axis if starts[index : index + 1] == [0] else Axis(axis.power))
        elif isinstance(number, int):
            kept.append(Axis(0, number))
        else:
            kept.append(Axis(largest(item.degree)) if isinstance(item, Node) else ANY)
    return Shape(tuple(kept))


def _strided(shape: Shape, arguments: Arguments) -> Shape | None:
    """A slice given by its ends, as `x[begin:end:strides]` takes them."""
    given = [arguments.get(name) for name in ("begin", "end", "strides")]
    if MASKS & arguments.keys() or not isinstance(given[0], Items) or not isinstance(given[1], Items):
        return None
    steps = given[2].items if isinstance(given[2], Items) else [Constant(None)] * len(given[0].items)
    if not len(given[0].items) == len(given[1].items) == len(steps):
        return None
    parts: list[Value] = [Slice(low, high, step) for low, high, step in zip(given[0].items, given[1].items, steps, strict=True)]
    return sliced(shape, parts)[0]
