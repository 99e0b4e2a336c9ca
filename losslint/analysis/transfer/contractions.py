"""Contractions: products that sum over an axis."""

from __future__ import annotations

from losslint.analysis import columns, degree
from losslint.analysis.columns import EACH_AXIS, NAN, Columns
from losslint.analysis.node import Node, Site
from losslint.analysis.objects import Constant
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, BATCH_FIRST, Axis, Shape, broadcast
from losslint.analysis.transfer.results import Arguments, as_node, flag, literal, made
from losslint.operations.operation import Operation


def matrix(shape: Shape, flipped: bool = False) -> tuple[tuple[Axis, ...], Axis, Axis]:
    """A shape as a stack of matrices: the axes before, the rows, the columns."""
    axes = [*shape.lead, *([ANY] * (shape.hidden or 0)), *shape.trail]
    axes = [ANY] * (2 - len(axes)) + axes if shape.exact else axes + [ANY] * (2 - len(axes))
    *before, rows, cols = axes
    return (tuple(before), cols, rows) if flipped else (tuple(before), rows, cols)


def contraction(op: Operation, arguments: Arguments, site: Site) -> Node:
    """The result of a contraction."""
    result = _contracted(op, arguments, site)
    return result.with_facts(columns=_columns(result)) if len(result.arguments) == 2 and result.operation != "outer" else result


def _columns(result: Node) -> Columns:
    """Products summed over an axis; its length, and whether two uniform tensors share it, matter little."""
    x, y = (o.columns for o in result.arguments)
    length = next(
        (a.length for o in result.arguments if o.shape is not None and (a := o.shape.axis(-1)) is not None and a.length), EACH_AXIS
    )
    return columns.apply(lambda a, b: NAN if a != a or b != b else a * b * length, (x, y))


def _contracted(op: Operation, arguments: Arguments, site: Site) -> Node:
    if op.name == "einsum":
        return _einsum(arguments, site)
    given = arguments.get("x", Constant(None))
    if op.name == "layer_dot" and isinstance(given, Items):
        arguments = {**dict(zip("xy", given.items, strict=False)), "axes": arguments.get("axes", Constant(None))}
    x, y = as_node(arguments.get("x", Constant(None)), site), as_node(arguments.get("y", Constant(None)), site)
    together = degree.product(x.degree, y.degree)
    if op.name in ("batch_dot", "layer_dot"):
        return made(op.name, [x, y], site, shape=broadcast(x.shape, BATCH_FIRST) and BATCH_FIRST, degree=together)
    if op.name == "outer" or (op.name == "tensordot" and literal(arguments.get("axes")) != 1):
        return made(
            op.name,
            [x, y],
            site,
            shape=None,
            degree=together if x.shape and y.shape and not (x.shape.power or y.shape.power) else degree.UNKNOWN,
        )
    if x.shape is None or y.shape is None:
        first = x.shape.lead[:1] if x.shape is not None and x.shape.lead else ()
        flipped = flag(arguments.get("transpose_x"))
        kept = BATCH_FIRST if first and first[0].power and not flipped else None
        return made(op.name, [x, y], site, shape=kept, degree=together if kept else degree.UNKNOWN)
    before, rows, inner = matrix(x.shape, flag(arguments.get("transpose_x")))
    if op.name == "matvec" or (y.shape.exact and len(y.shape.lead) == 1 and op.name != "matmul"):
        other = y.shape.axis(-1) or ANY
        return made(op.name, [x, y], site, shape=Shape((*before, rows)), degree=degree.shift(together, min(inner.power, other.power)))
    ahead, other, cols = matrix(y.shape, flag(arguments.get("transpose_y")))
    exact = x.shape.exact and y.shape.exact
    stack = before if len(before) >= len(ahead) else ahead
    axes = (*stack, rows, cols)
    shape = Shape(axes) if exact or sum(a.power for a in axes) > 1 else _open(axes)
    return made(op.name, [x, y], site, shape=shape, degree=degree.shift(together, min(inner.power, other.power)))


def _open(axes: tuple[Axis, ...]) -> Shape:
    """Axes of which more may hide: the batch axis first, or last."""
    if axes and axes[0].power:
        return Shape(axes[:1], len(axes) - 1)
    if axes and axes[-1].power:
        return Shape((), len(axes) - 1, axes[-1:])
    return Shape((), len(axes))


def _einsum(arguments: Arguments, site: Site) -> Node:
    operands = [as_node(v, site) for k, v in arguments.items() if k.startswith("*")]
    equation = str(literal(arguments.get("equation")) or "").replace(" ", "")
    sources, arrow, target = equation.partition("->")
    letters = sources.split(",")
    together = degree.ZERO
    for operand in operands:
        together = degree.product(together, operand.degree)
    if not arrow or len(letters) != len(operands) or "..." in equation or any(o.shape is None for o in operands):
        return made("einsum", operands, site, shape=None, degree=degree.UNKNOWN)
    axes: dict[str, Axis] = {}
    for names, operand in zip(letters, operands, strict=True):
        assert operand.shape is not None
        for index, letter in enumerate(names):
            axis = operand.shape.axis(index) if not operand.shape.exact or index < len(operand.shape.lead) else None
            held = axes.get(letter)
            if axis is not None and (held is None or axis.power < held.power):
                axes[letter] = axis
    summed = sum(axis.power for letter, axis in axes.items() if letter not in target)
    return made("einsum", operands, site, shape=Shape(tuple(axes.get(c, ANY) for c in target)), degree=degree.shift(together, summed))
