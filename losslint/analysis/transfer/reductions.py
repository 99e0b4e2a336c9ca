"""Reductions: which axes go, and what that does to the degree."""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec.structs import replace

from losslint.analysis import columns, degree
from losslint.analysis.columns import UNKNOWN, Columns
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, Axis, Shape
from losslint.analysis.transfer.axes import NUMPY_LIKE, Axes, axes_of, elements, gone
from losslint.analysis.transfer.choices import chosen
from losslint.analysis.transfer.elementwise import elementwise
from losslint.analysis.transfer.results import INHERITED, Arguments, as_node, difference, flag, literal, made
from losslint.operations import functions
from losslint.operations.catalogue import operation
from losslint.operations.operation import Flow, Operation

JOINED = frozenset({"pack", "concat"})
SLOW = frozenset({"slow"})
NORMS = frozenset({"norm", "euclidean_norm"})


def reduction(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Value:
    """The result of a reduction."""
    given = arguments.get("x", Constant(None))
    if op.name == "global_norm" and isinstance(given, Items):
        return _global_norm(op, [as_node(item, site) for item in given.items], site)
    x = as_node(given, site)
    known, axes = _axes(op, arguments, spelling)
    if op.name == "norm":
        order = literal(arguments.get("ord"))
        if order in (1, math.inf) and not _of_matrix(axes, spelling):
            plain = operation("sum" if order == 1 else "max")
            return reduction(plain, {**arguments, "x": elementwise(operation("abs"), {"x": x}, site, spelling)}, site, spelling)
        op = _norm(op, arguments, axes, spelling)
    keepdims = flag(arguments.get("keepdims"))
    shape, went = gone(x, known, axes, keepdims)
    weights = [w for name in ("weights", "frequency_weights") if isinstance(w := arguments.get(name), Node) and not w.constant]
    flow = max(part.gradient for part in (x, *weights))
    result = made(
        op.name,
        [x, *weights],
        site,
        shape=shape,
        degree=_degree(op, x, went),
        columns=chosen(op.name, x, axes if known else (), went, _columns(op, x, went, weights)),
        gradient=flow if op.flow is Flow.FLOWS else min(flow, Gradient.BLOCKED),
        marks=_marks(op, x, axes, spelling) | (SLOW if _slow(op, went) else frozenset()),
        axes=axes if known else "unknown",
        gone=went or [],
        keepdims=keepdims,
    )
    if op.name in ("moments", "weighted_moments"):
        spread = replace(result.facts, degree=degree.scale(x.degree, 2.0), columns=_zeros(x) if op.name == "moments" else UNKNOWN)
        return Items(
            [
                Node(name, (x,), site, facts, result.details)
                for name, facts in (("mean", replace(result.facts, columns=x.columns)), ("var", spread))
            ],
            False,
        )
    if op.name == "slogdet":
        sign = replace(result.facts, degree=degree.ZERO, gradient=min(x.gradient, Gradient.BLOCKED))
        return Items([Node("sign", (x,), site, sign), result], False)
    return result


def _axes(op: Operation, arguments: Arguments, spelling: str) -> tuple[bool, Axes]:
    """Whether the axes are known, and the axes."""
    match op.shape:
        case "all":
            return True, None
        case "last":
            return True, (-1,)
        case "matrix":
            pair = [literal(arguments.get(name, Constant(i))) for i, name in enumerate(("axis1", "axis2"))]
            if op.name == "trace" and spelling.startswith(NUMPY_LIKE):
                return all(isinstance(n, int) for n in pair), tuple(n for n in pair if isinstance(n, int))
            return True, (-2, -1)
    if op.name in ("argmax", "argmin") and "axis" not in arguments and not spelling.startswith(NUMPY_LIKE):
        return True, (0,) if spelling.startswith("tf.") else (-1,)
    return axes_of(arguments.get("axis"))


def _norm(op: Operation, arguments: Arguments, axes: Axes, spelling: str) -> Operation:
    """The norm of an order: a root of a sum of powers; of matrices only the Euclidean one is followed."""
    order = literal(arguments.get("ord"))
    if arguments.get("ord") is None or order in ("euclidean", "fro") or (order == 2 and not _of_matrix(axes, spelling)):
        return op
    if not isinstance(order, int | float) or order <= 0 or _of_matrix(axes, spelling):
        return replace(op, along=None, column=None)
    return replace(op, along=1 / order, column=_root_of_powers(float(order)))


def _of_matrix(axes: Axes, spelling: str) -> bool:
    """Whether it is a matrix's norm, or may be one: numpy's norm of a whole value; TensorFlow takes that for a vector."""
    return axes is None and spelling.startswith(NUMPY_LIKE) if not isinstance(axes, tuple) else len(axes) == 2


def _root_of_powers(order: float) -> Callable[[float, int], float]:
    return lambda x, n: abs(x) * n ** (1 / order)


def _global_norm(op: Operation, parts: list[Node], site: Site) -> Node:
    """The root of the sum of the squares of several tensors."""
    lengths = [gone(part, True, None, False)[1] for part in parts]
    grown = degree.union((_shifted(part, went, 0.5), part.constant) for part, went in zip(parts, lengths, strict=True))
    total = columns.constant(0.0)
    for part, went in zip(parts, lengths, strict=True):
        count = columns.constant(float(elements([ANY] if went is None else went)))
        squares = columns.apply(lambda v, n: v * v * n, (part.columns, count))
        total = columns.apply(functions.add, (total, squares))
    return made(op.name, parts, site, shape=Shape(), degree=grown, columns=columns.apply(functions.sqrt, (total,)))


def _marks(op: Operation, x: Node, axes: Axes, spelling: str) -> frozenset[str]:
    marks = x.facts.marks & (INHERITED | {"trainable"}) - {"mixed"}
    if op.name in ("sum", "count_nonzero", "l2_loss") or axes is None:
        marks -= {"maybe-empty"}
    if x.operation == "shape" and op.name == "prod":
        marks |= {"dimension"}
    if spelling.startswith("np.") and not x.constant:
        marks |= {"numpy"}
    return marks


def _slow(op: Operation, went: list[Axis] | None) -> bool:
    """Whether a reduction is the logarithm of something that grows with the batch."""
    return op.name == "logsumexp" and (went is None or any(axis.power for axis in went))


def _degree(op: Operation, x: Node, went: list[Axis] | None) -> degree.Degree:
    power = None if went is None else sum(axis.power for axis in went)
    if x.operation == "shape" and op.name == "prod":
        return frozenset({float(x.details["power"])}) if x.details.get("power") is not None else degree.UNKNOWN
    match op.name:
        case "any" | "all" | "zero_fraction":
            return degree.ZERO
        case "argmax" | "argmin":
            return degree.of_position(power)
        case "count_nonzero":
            return degree.UNKNOWN if power is None else frozenset({float(power)})
        case "l2_loss":
            return degree.UNKNOWN if power is None else degree.shift(degree.scale(x.degree, 2.0), power)
        case "var":
            return degree.scale(x.degree, 2.0)
        case "trace" if went is not None:
            return degree.shift(x.degree, min((axis.power for axis in went), default=0))
        case "logsumexp" if x.degree == degree.ZERO:
            return degree.ZERO  # the logarithm of a number of elements is no power
    if op.along is None:
        return x.degree if power == 0 and x.degree == degree.ZERO else degree.UNKNOWN
    return _shifted(x, went, op.along)


def _shifted(x: Node, went: list[Axis] | None, along: float) -> degree.Degree:
    """The degree of a value with the power of the removed axes; over a value of unknown shape only that of weights and settings."""
    if along == 0.0:
        return x.degree
    if went is None:
        return x.degree if x.constant or x.marked("trainable") else degree.UNKNOWN
    return degree.shift(x.degree, sum(axis.power for axis in went) * along)


def _columns(op: Operation, x: Node, went: list[Axis] | None, weights: list[Node]) -> Columns:
    if op.name in NORMS and difference(x):
        return columns.at(0, columns.constant(0.0))
    if x.marked("mixed") and op.name != "min":
        return _of_several(op, x)
    column = op.column
    if column is None:
        return UNKNOWN
    count = elements(went if went is not None else [ANY])
    values = columns.apply(lambda v: v if v != v else column(v, count), (x.columns,))
    return columns.apply(_weighted, (values, weights[0].columns)) if weights and op.name == "average" else values


def _weighted(value: float, weight: float) -> float:
    """A weighted mean of equal elements: they are multiplied by weights, and divided by the sum of these."""
    return value if math.isfinite(value) and weight != 0 and not math.isinf(weight) else columns.NAN


def _of_several(op: Operation, x: Node) -> Columns:
    """A reduction of several values side by side: of those that differ only a sum, a mean and the largest of all are known."""
    if x.operation not in JOINED or op.name not in ("sum", "mean", "max"):
        return UNKNOWN
    total = x.arguments[0].columns
    for part in x.arguments[1:]:
        total = columns.apply(functions.maximum if op.name == "max" else functions.add, (total, part.columns))
    return total


def _zeros(x: Node) -> Columns:
    return columns.apply(lambda v: functions.nothing(v, 1), (x.columns,))
