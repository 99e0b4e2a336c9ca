"""Elements picked by their positions: gather and its relatives."""

from __future__ import annotations

from losslint.analysis import columns, degree
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.shape import ANY, BATCH_FIRST, ONE, Axis, Shape, broadcast
from losslint.analysis.transfer.axes import NUMPY_LIKE
from losslint.analysis.transfer.results import EMPTY, Arguments, as_node, literal, made, of_any
from losslint.operations.operation import Operation

GATHERS = frozenset({"gather", "gather_nd", "take_along_axis", "in_top_k", "searchsorted"})


def gathered(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Node:
    """The result of picking elements."""
    x, indices = as_node(arguments.get("x", Constant(None)), site), as_node(arguments.get("indices", Constant(None)), site)
    batched = literal(arguments.get("batch_dims")) or 0
    match op.name:
        case "in_top_k":
            return _hits(op, arguments, site)
        case "searchsorted":
            places = min(x.gradient, Gradient.BLOCKED)
            ordered = as_node(arguments.get("sorted", Constant(None)), site)
            grown = degree.of_position(ordered.shape.power if ordered.shape is not None else None)
            return made(op.name, [x, ordered], site, shape=x.shape, degree=grown, gradient=places, marks=frozenset())
        case "take_along_axis":
            return _picked(x, indices, site, _beside(x.shape, indices.shape, arguments.get("axis")))
        case "gather_nd":
            return _picked(x, indices, site, _by_coordinates(x, indices, batched))
    if spelling == "tf.batch_gather" and indices.shape is not None and indices.shape.exact:
        batched = len(indices.shape.lead) - 1
    axis = literal(arguments.get("axis", Constant(None)))
    if axis is None and spelling.startswith(NUMPY_LIKE):
        flat = Shape((Axis(x.shape.power),)) if x.shape is not None else None
        return _picked(x, indices, site, _replaced(flat, indices.shape, 0, 0))
    return gather(x, indices, site, axis if isinstance(axis, int) else batched, batched)


def gather(x: Node, indices: Node, site: Site, axis: int = 0, batch_dims: int = 0) -> Node:
    """Elements picked by their positions along an axis."""
    return _picked(x, indices, site, _replaced(x.shape, indices.shape, axis, batch_dims))


def _replaced(shape: Shape | None, indices: Shape | None, axis: int, batch_dims: int) -> Shape | None:
    """The shape with one axis replaced by those of the indices that are not shared."""
    if shape is None or indices is None:
        some = shape if shape is not None and (axis or batch_dims) else indices if not axis else None
        return BATCH_FIRST if some is not None and some.batch_axes else None
    if axis < 0 and shape.exact:
        axis += len(shape.lead)
    if indices.exact and 0 <= axis < len(shape.lead) and batch_dims <= min(axis, len(indices.lead)):
        behind = Shape(shape.lead[axis + 1 :], shape.hidden, shape.trail)
        return Shape((*shape.lead[:axis], *indices.lead[batch_dims:], *behind.lead), behind.hidden, behind.trail)
    if axis or batch_dims:
        return BATCH_FIRST if shape.batch_axes == 1 and shape.lead and shape.lead[0].power else None
    return BATCH_FIRST if indices.batch_axes else None


def _beside(shape: Shape | None, indices: Shape | None, axis: Value | None) -> Shape | None:
    """What indices of the same rank pick along an axis; the other axes are broadcast. Without an axis the value is flattened."""
    number = literal(axis)
    if indices is None or not isinstance(number, int):
        return indices if axis is None or axis == Constant(None) else None
    along = indices.axis(number)
    if shape is None or along is None:
        return None
    one, other = shape.with_axis(number, ONE), indices.with_axis(number, ONE)
    whole = broadcast(one, other) if one is not None and other is not None else None
    return whole.with_axis(number, along) if whole is not None else None


def _by_coordinates(x: Node, indices: Node, batch_dims: int) -> Shape | None:
    """One element, or one slice, for each row of the indices."""
    if indices.operation == "indices":  # of a mask: as many as there are
        power = indices.shape.power if indices.shape is not None else None
        mask = indices.arguments[0].shape
        if power is None or x.shape is None or mask is None or not mask.exact or len(mask.lead) > len(x.shape.lead):
            return Shape((Axis(power),), 0) if power is not None else None
        return Shape((Axis(power), *x.shape.lead[len(mask.lead) :]), x.shape.hidden, x.shape.trail)
    shape, rows = x.shape, indices.shape
    if rows is not None and rows.exact and rows.lead and rows.lead[-1].length is not None and shape is not None:
        ahead = batch_dims + rows.lead[-1].length
        if shape.exact and ahead <= len(shape.lead):
            return Shape((*rows.lead[:-1], *shape.lead[ahead:]))
        if not shape.exact and not shape.trail:
            left = max((shape.hidden or 0) - max(ahead - len(shape.lead), 0), 0)
            return Shape((*rows.lead[:-1], *shape.lead[ahead:]), left)
    return BATCH_FIRST if rows is not None and rows.lead and rows.lead[0].power == 1 and rows.batch_axes == 1 else None


def _picked(x: Node, indices: Node, site: Site, shape: Shape | None) -> Node:
    positions = indices.operation == "indices"
    marks = x.facts.marks | (indices.facts.marks & EMPTY)
    values = selected(x, indices.arguments[0]) if positions and indices.arguments else of_any(x)
    return made("gather", [x, indices], site, shape=shape, degree=x.degree, columns=values, gradient=picked(x, indices), marks=marks)


def picked(x: Node, by: Node) -> Gradient:
    """The gradient of elements picked by a mask or by positions: that of the elements, none by way of the choice."""
    return max(x.gradient, min(by.gradient, Gradient.BLOCKED))


def selected(x: Node, condition: Node) -> columns.Columns:
    """The values of a selection: in a column in which the condition does not hold there are none."""
    return of_any(x).without([i for i, value in enumerate(condition.columns.single) if value == 0])


def _hits(op: Operation, arguments: Arguments, site: Site) -> Node:
    """Whether the target is among the k largest predictions, for each sample."""
    operands = [as_node(arguments.get(name, Constant(None)), site) for name in ("targets", "predictions")]
    some = any(o.shape is not None and o.shape.batch_axes for o in operands)
    gradient = min(max(o.gradient for o in operands), Gradient.BLOCKED)
    shape = Shape((Axis(1),)) if some else None
    return made(
        op.name, operands, site, shape=shape, degree=degree.ZERO, columns=columns.FREE_BOOLEAN, gradient=gradient, marks=frozenset()
    )


def indices_of(condition: Node, site: Site, rows: bool = True) -> Node:
    """The positions at which a condition holds: as many as there are, perhaps none; `rows`: one row of coordinates for each."""
    power = condition.shape.power if condition.shape is not None else None
    shape = None if power is None else Shape((Axis(power), ANY) if rows else (Axis(power),))
    grown = degree.of_position(power)
    gradient = min(condition.gradient, Gradient.BLOCKED)
    return made("indices", [condition], site, shape=shape, degree=grown, gradient=gradient, marks=EMPTY)
