"""Operations on whole images, signals and matrices: which axes they leave."""

from __future__ import annotations

from collections.abc import Iterable

from losslint.analysis import columns, degree
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, Axis, Shape, broadcast
from losslint.analysis.transfer.axes import NUMPY_LIKE
from losslint.analysis.transfer.results import Arguments, as_node, literal, made
from losslint.operations.operation import Degree, Flow, Operation


def layer(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Value:
    """The result of an operation that mixes the elements of each sample."""
    x = as_node(arguments.get("x", Constant(None)), site)
    others = [v for name, v in arguments.items() if name != "x" and isinstance(v, Node) and not v.constant]
    whole = x.shape
    values = columns.UNKNOWN if op.column is None or x.marked("mixed") else columns.apply(op.column, [x.columns])

    def result(shape: Shape | None) -> Node:
        flow = max(o.gradient for o in (x, *others))
        gradient = flow if op.flow is Flow.FLOWS else min(flow, Gradient.BLOCKED)
        return made(
            op.name, [x, *others], site, shape=shape, degree=_grown(op, [x, *others]), columns=values, gradient=gradient, marks=frozenset()
        )

    match op.shape.split():
        case ["same"]:
            return result(whole.forget_lengths() if whole is not None else None)
        case ["turned"]:
            return result(
                Shape((*whole.lead[:-2], whole.lead[-1], whole.lead[-2])) if whole is not None and (whole.rank or 0) > 1 else None
            )
        case ["solution"]:
            matrix = as_node(arguments.get("matrix", Constant(None)), site)
            return result(_solved(whole, matrix.shape))
        case ["pair"]:
            shape = whole.forget_lengths() if whole is not None else None
            return Items([result(shape), result(shape)], mutable=False)
        case ["svd"]:
            shapes = _singular(whole, arguments, spelling)
            return Items([result(shape) for shape in shapes], mutable=False) if len(shapes) > 1 else result(shapes[0])
        case ["eigh"]:
            return Items([result(_dropped(whole, 1)), result(whole)], mutable=False)
        case ["drop_last"]:
            return result(_dropped(whole, 1))
        case ["merge_last"]:
            left = _dropped(whole, 1)
            return result(left.with_axis(-1, ANY) if left is not None and left.least_rank > 1 else None)
        case ["drop_image"]:
            y = arguments.get("y")
            both = broadcast(whole, y.shape) if isinstance(y, Node) else whole
            return result(_dropped(both, 3))
        case ["append"]:
            return result(whole.forget_lengths().insert(-1, ANY) if whole is not None else None)
        case ["boxes"]:
            boxes = arguments.get("boxes")
            shape = boxes.shape if isinstance(boxes, Node) else None
            return result(Shape((shape.axis(0) or ANY, ANY, ANY, ANY)) if shape is not None and shape.least_rank else None)
        case ["transform", number]:
            last = [whole.axis(-i - 1) for i in range(int(number))] if whole is not None else [None]
            within = all(axis is not None and not axis.power for axis in last)
            return result(whole.forget_lengths() if whole is not None and within else None)
    return result(None)


def _grown(op: Operation, operands: Iterable[Node]) -> degree.Degree:
    if op.degree is Degree.ZERO:
        return degree.ZERO
    if all(o.degree == degree.ZERO and (o.shape is None or o.shape.batch_axes < 2) for o in operands):
        return degree.ZERO  # no matrix whose sides are samples
    return degree.UNKNOWN


def _dropped(shape: Shape | None, count: int) -> Shape | None:
    """The shape without its last axes, where none of them is a batch axis."""
    if shape is None:
        return None
    left, gone = shape.reduce(tuple(range(-count, 0)))
    return left if gone is not None and not any(axis.power for axis in gone) else None


def _solved(shape: Shape | None, matrix: Shape | None) -> Shape | None:
    """As many columns as the right-hand side has, as many rows as the matrix has columns."""
    if shape is None or not shape.least_rank:
        return None
    last = matrix.axis(-1) if matrix is not None else None
    at = -2 if shape.least_rank >= 2 else -1
    changed = shape.with_axis(at, Axis(last.power)) if last is not None else None
    return changed if changed is not None and shape.exact else shape.forget_lengths()


def _singular(shape: Shape | None, arguments: Arguments, spelling: str) -> list[Shape | None]:
    """The shapes of the singular values and of the two bases, in the order in which they are given."""
    matrices = shape.forget_lengths() if shape is not None else None
    values = _dropped(matrices, 1)
    if literal(arguments.get("compute_uv", Constant(True))) is False:
        return [values]
    return [matrices, values, matrices] if spelling.startswith(NUMPY_LIKE) else [values, matrices, matrices]
