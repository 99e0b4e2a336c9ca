"""Elements put or added up by their positions: scatter, segments, counts."""

from __future__ import annotations

from losslint.analysis import degree
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant
from losslint.analysis.shape import ANY, Axis, Shape
from losslint.analysis.transfer.lengths import axes_named, length
from losslint.analysis.transfer.results import Arguments, as_node, literal, made
from losslint.operations.operation import Flow, Operation

SCATTERS = frozenset(
    {"scatter_nd", "scatter_update", "scatter_add", "segment_sum", "segment_mean", "segment_extreme", "segment_product"}
    | {"bincount", "histogram", "confusion_matrix", "multi_hot"}
)


def scattered(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Node:
    """The result of an operation that writes its operand's elements to positions, or counts them."""
    x = as_node(arguments.get("x", Constant(None)), site)
    others = [as_node(arguments[name], site) for name in ("updates", "weights", "labels") if name in arguments]
    shape = _shape(op, x, arguments, site, spelling)
    return made(
        op.name,
        [x, *others],
        site,
        shape=shape,
        degree=_degree(op, x, others, shape, "weights" in arguments),
        gradient=_gradient(op, x, others),
        marks=frozenset(),
    )


def _gradient(op: Operation, x: Node, others: list[Node]) -> Gradient:
    flow = max(o.gradient for o in (x, *others))
    return flow if op.flow is Flow.FLOWS else min(flow, Gradient.BLOCKED)


def _shape(op: Operation, x: Node, arguments: Arguments, site: Site, spelling: str) -> Shape | None:
    match op.name:
        case "scatter_nd":
            axes, _ = axes_named(arguments.get("shape"), site)
            return Shape(tuple(axis or ANY for axis in axes)) if axes is not None else None
        case "scatter_update" | "scatter_add":
            return x.shape
        case "bincount":
            flat = spelling.startswith("tf.") or x.shape is None or x.shape.rank == 1  # TensorFlow counts in all rows together
            return Shape((ANY,)) if flat and literal(arguments.get("axis")) is None else None
        case "histogram":
            return Shape((ANY,))
        case "confusion_matrix":
            return Shape((ANY, ANY))
        case "multi_hot":
            return _encoded(x.shape, length(arguments.get("count")))
    ids = as_node(arguments.get("ids", Constant(None)), site)
    if "count" not in arguments or x.shape is None or ids.shape is None or ids.shape.rank != 1:
        return None
    return x.shape.with_axis(0, length(arguments.get("count")))


def _encoded(shape: Shape | None, classes: Axis) -> Shape | None:
    """One place for each class instead of the first axis behind that of the batch; a vector is one sample."""
    if shape is None or not shape.least_rank:
        return None
    each = shape.insert(-1, classes)
    return each.reduce((1 if shape.least_rank > 1 else 0,))[0] if each is not None else None


def _degree(op: Operation, x: Node, others: list[Node], shape: Shape | None, weighted: bool) -> degree.Degree:
    """What is added up grows by the power that the number of elements loses on the way."""
    if op.name == "multi_hot":
        return degree.ZERO
    if op.name == "scatter_update":
        return degree.union((o.degree, o.constant) for o in (x, *others))
    if op.name == "scatter_add":
        return degree.union((o.degree, o.constant) for o in (x, *others)) if _spread(x, others) else degree.UNKNOWN
    if op.along == 0.0:
        return x.degree
    if shape is None or x.shape is None or (op.along is None and op.name != "scatter_nd"):
        return degree.UNKNOWN
    counted = degree.ZERO if op.flow is Flow.BLOCKED else x.degree
    if op.name in ("bincount", "confusion_matrix") and weighted:
        counted = others[0].degree
    return degree.shift(counted, x.shape.power - shape.power)


def _spread(x: Node, others: list[Node]) -> bool:
    """Whether at most as many elements are added as there are places."""
    return x.shape is not None and all(o.shape is not None and o.shape.power <= x.shape.power for o in others)
