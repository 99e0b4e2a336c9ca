"""Operations that move elements about."""

from __future__ import annotations

from functools import reduce
from typing import Any

from losslint.analysis import columns, degree
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, BATCH_FIRST, ONE, Axis, Shape, broadcast
from losslint.analysis.transfer.lengths import axes_named, reshaped
from losslint.analysis.transfer.reductions import axes_of
from losslint.analysis.transfer.results import Arguments, as_node, largest, literal, made, pack
from losslint.operations.operation import Operation

SAME = frozenset({"roll", "reverse", "set_diag", "band_part", "scatter_update"})


def shaped(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Value:
    """The result of a shape operation; its elements are those of its operand."""
    given = arguments.get("x", Constant(None))
    if op.name in ("concat", "stack", "joined"):
        return _joined(op, given, arguments, site, spelling)
    x = as_node(given, site)
    if op.name == "unstack" and x.operation == "shape":
        return x
    if op.name in ("split", "unstack", "top_k"):
        return _pieces(op, x, arguments, site)
    details: dict[str, Any] = {}
    shape = x.shape
    match op.name:
        case "reshape":
            target = arguments.get("shape")
            rest = [v for k, v in arguments.items() if k.startswith("*")]
            shape, declared = reshaped(x, Items([target, *rest]) if rest and target is not None else target, site)
            details = {"declared": True} if declared else {}
        case "flatten":
            shape = Shape((Axis(x.shape.power),)) if x.shape is not None else None
        case "batch_flatten":
            shape = Shape((*x.shape.lead[:1], ANY)) if x.shape is not None and x.shape.lead else None
        case "expand_dims":
            axis = literal(arguments.get("axis", Constant(-1)))
            shape = x.shape.insert(axis) if x.shape is not None and isinstance(axis, int) else None
        case "squeeze":
            shape = _squeezed(x.shape, arguments.get("axis"))
        case "transpose" | "permute_dimensions":
            rest = [v for k, v in arguments.items() if k.startswith("*")]
            first = arguments.get("perm")
            shape = _transposed(x.shape, Items([first, *rest]) if rest and first is not None else first, spelling)
        case "tile" | "repeat" | "repeat_rows":
            shape, declared = _tiled(op.name, x, arguments, site)
            details = {"declared": True} if declared else {}
        case "broadcast_to":
            shape = reshaped(as_node(Items([]), site), arguments.get("shape"), site)[0]
        case "slice":
            shape = _cut_out(x.shape, arguments.get("size"))
        case "pad":
            shape = x.shape.forget_lengths() if x.shape is not None else None
        case "diag_part":
            shape = Shape(x.shape.lead[:1]) if x.shape is not None and x.shape.batch_axes else None
        case "diag":
            shape = Shape((*x.shape.lead, x.shape.lead[-1])) if x.shape is not None and x.shape.exact and len(x.shape.lead) == 1 else None
        case name if name not in SAME:
            shape = BATCH_FIRST if x.shape is not None and x.shape.batch_axes else None
    blocked = op.flow.value != "flows"
    gradient = min(x.gradient, Gradient.BLOCKED) if blocked else x.gradient
    values = (
        columns.FREE_BOOLEAN
        if op.name == "in_top_k"
        else columns.UNKNOWN
        if op.name in ("pad", "diag", "scatter_nd", "scatter_update")
        else x.columns
    )
    return made(
        op.name,
        [x],
        site,
        shape=shape,
        degree=x.degree,
        columns=values,
        gradient=gradient,
        marks=x.facts.marks,
        constant=x.constant and (shape is None or not shape.power or bool(details)),
        python=x.facts.python,
        **details,
    )


def _squeezed(shape: Shape | None, axis: Value | None) -> Shape | None:
    if shape is None:
        return None
    known, axes = axes_of(axis)
    if known and isinstance(axes, tuple):
        return shape.reduce(axes)[0]
    if shape.exact:
        return Shape(tuple(a for a in shape.lead if a != ONE))
    return Shape(shape.lead, 0)


def _transposed(shape: Shape | None, perm: Value | None, spelling: str) -> Shape | None:
    if shape is None:
        return None
    if perm is None or (literal(perm) is None and not isinstance(perm, Items)):
        if "matrix" in spelling and shape.exact and len(shape.lead) >= 2:
            return Shape((*shape.lead[:-2], shape.lead[-1], shape.lead[-2]))
        return Shape(shape.lead[::-1]) if shape.exact else Shape(shape.trail[::-1], shape.hidden, shape.lead[::-1])
    order = [literal(i) for i in perm.items] if isinstance(perm, Items) else []
    missing = len(order) - len(shape.lead) - len(shape.trail)
    axes = list(shape.lead) if shape.exact else [*shape.lead, *([ANY] * missing), *shape.trail]
    if len(axes) != len(order) or not all(isinstance(i, int) and -len(axes) <= i < len(axes) for i in order):
        return None
    return Shape(tuple(axes[i] for i in order))


def _tiled(name: str, x: Node, arguments: Arguments, site: Site) -> tuple[Shape | None, bool]:
    shape = Shape((), 0) if x.shape is None and x.constant else x.shape  # settings have no batch axis
    if shape is None:
        return None, False
    if name == "repeat_rows":
        return Shape((*shape.lead[:1], ANY, ANY)), False
    if name == "repeat":
        number, axis = arguments.get("repeats"), literal(arguments.get("axis"))
        times = as_node(number, site) if number is not None else None
        old = shape.axis(axis) if isinstance(axis, int) else None
        if old is None or times is None:
            return None, False
        declared = times.constant and largest(times.degree) > 0
        return shape.with_axis(int(axis), Axis(old.power + largest(times.degree))), declared
    times_, declared = axes_named(arguments.get("multiples"), site)
    if times_ is None:
        return (shape.forget_lengths() if shape.power else None), declared
    axes = list(shape.lead) if shape.exact else [*shape.lead, *([ANY] * (len(times_) - len(shape.lead) - len(shape.trail))), *shape.trail]
    axes = [ONE] * (len(times_) - len(axes)) + axes
    if len(axes) != len(times_):
        return shape.forget_lengths(), declared
    return Shape(
        tuple(a if t == ONE else Axis(a.power + (t.power if t is not None else 0)) for a, t in zip(axes, times_, strict=True))
    ), declared


def _joined(op: Operation, given: Value, arguments: Arguments, site: Site, spelling: str) -> Node:
    default = -1 if spelling.startswith(("K.", "keras.layers.")) and op.name == "concat" else 0
    axis = literal(arguments.get("axis", Constant(default)))
    if not isinstance(given, Items):
        x = as_node(given, site)
        return made(
            op.name, [x], site, shape=x.shape if op.name != "stack" else None, degree=x.degree, columns=x.columns, marks=x.facts.marks
        )
    if op.name == "stack":
        return pack(given, site, axis) if isinstance(axis, int) else pack(given, site)
    parts = [as_node(item, site) for item in given.items] or [as_node(Constant(None), site)]
    packed = pack(given, site)
    if op.name == "joined":
        axis = 0 if spelling.endswith(("vstack", "append")) else 1
    return made(op.name, parts, site, shape=_concatenated(parts, axis, given.power), degree=packed.degree, columns=packed.columns)


def _concatenated(parts: list[Node], axis: object, power: int) -> Shape | None:
    if any(p.shape is None for p in parts) or not isinstance(axis, int):
        return BATCH_FIRST if all(p.shape is not None and p.shape.batch_axes for p in parts) else None
    shapes: list[Shape | None] = [p.shape for p in parts]
    known = [p.shape for p in parts if p.shape is not None]
    whole = known[0] if len({s.rank for s in known}) == 1 and known[0].exact else reduce(broadcast, shapes)
    if whole is None:
        return None
    along = [a.power for s in known if (a := s.axis(axis)) is not None]
    return whole.with_axis(axis, Axis(max(along, default=0) + power))


def _pieces(op: Operation, x: Node, arguments: Arguments, site: Site) -> Value:
    """Operations that give several tensors."""
    if op.name == "top_k":
        place = made("argsort", [x], site, shape=x.shape, degree=degree.ZERO, gradient=min(x.gradient, Gradient.BLOCKED))
        return Items([made("top_k", [x], site, shape=x.shape, degree=x.degree, columns=x.columns), place], mutable=False)
    axis = literal(arguments.get("axis", Constant(0)))
    number = arguments.get("parts") or arguments.get("num")
    count = len(number.items) if isinstance(number, Items) else literal(number)
    old = x.shape.axis(axis) if x.shape is not None and isinstance(axis, int) else None
    if op.name == "unstack":
        shape = x.shape.reduce((axis,))[0] if x.shape is not None and isinstance(axis, int) else None
        count = count or (old.length if old else None)
    else:
        shape = x.shape.with_axis(axis, Axis(old.power)) if x.shape is not None and old is not None and isinstance(axis, int) else None
    piece = made(op.name, [x], site, shape=shape, degree=x.degree, columns=x.columns, marks=x.facts.marks)
    if isinstance(count, int) and 0 < count <= 64:
        return Items([Node(piece.operation, piece.arguments, site, piece.facts, {"index": i}) for i in range(count)], mutable=False)
    return Node("pieces", piece.arguments, site, piece.facts, {})


def _cut_out(shape: Shape | None, size: Value | None) -> Shape | None:
    """The shape of a slice given by its sizes: -1 keeps an axis to its end."""
    if shape is None or not isinstance(size, Items):
        return BATCH_FIRST if shape is not None and shape.batch_axes else None
    sizes = [literal(item) for item in size.items]
    axes = list(shape.lead) if shape.exact else [*shape.lead, *([ANY] * (len(sizes) - len(shape.lead) - len(shape.trail))), *shape.trail]
    if len(axes) != len(sizes):
        return None
    return Shape(tuple(Axis(a.power) if n == -1 else Axis(0, n) if isinstance(n, int) else ANY for a, n in zip(axes, sizes, strict=True)))
