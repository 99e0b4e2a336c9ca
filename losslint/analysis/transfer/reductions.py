"""Reductions: which axes go, and what that does to the degree."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from losslint.analysis import columns, degree
from losslint.analysis.columns import EACH_AXIS, UNKNOWN, Columns
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, ONE, SCALAR, Axis, Shape
from losslint.analysis.transfer.elementwise import elementwise
from losslint.analysis.transfer.results import INHERITED, Arguments, as_node, difference, flag, literal, made
from losslint.operations.catalogue import operation
from losslint.operations.operation import Flow, Operation

NORMS = frozenset({"norm", "euclidean_norm"})


@dataclass(frozen=True, slots=True)
class Span:
    """The axes ``range(start, rank + end)`` of a value of any rank: ``Span(1, 0)`` is all but the first; None: no end is known."""

    start: int
    end: int | None


Axes = tuple[int, ...] | Span | None


def _from_rank(value: Value | None) -> int | None:
    """``k`` of an integer that is the rank of a value plus ``k``."""
    if not isinstance(value, Node):
        return None
    if value.operation == "rank":
        return 0
    if value.operation in ("add", "subtract"):
        base, offset = _from_rank(value.arguments[0]), literal(value.arguments[1])
        if base is not None and isinstance(offset, int):
            return base + offset if value.operation == "add" else base - offset
    if value.operation in ("cast", "identity"):
        return _from_rank(value.arguments[0])
    return None


def axes_of(value: Value | None) -> tuple[bool, Axes]:
    """Whether an axis argument is known, and the axes, None for all."""
    if value is None or (isinstance(value, Constant) and value.value is None):
        return True, None
    if isinstance(value, Items):
        found = [axis_number(item) for item in value.items]
        numbers = tuple(n for n in found if n is not None)
        return len(numbers) == len(found), numbers
    number = axis_number(value)
    if number is not None:
        return True, (number,)
    if isinstance(value, Node) and value.operation == "range":
        start, end = value.details.get("start"), _from_rank(value.details.get("length"))
        if isinstance(start, int) and start >= 0 and (start > 0 if end is None else end <= 0):
            return True, Span(start, end)
    return False, ()


def axis_number(value: Value | None) -> int | None:
    """An axis: a literal, or one counted from the rank (``rank - 1`` is the last)."""
    number = literal(value)
    if isinstance(number, int):
        return int(number)
    offset = _from_rank(value)
    return offset if offset is not None and offset < 0 else None


def _spanned(shape: Shape, span: Span, keepdims: bool) -> tuple[Shape | None, list[Axis] | None]:
    """A shape without the axes of a span, and the axes that went."""
    if span.end is None:
        known = shape.lead[: span.start]
        return (Shape(known, 0) if len(known) == span.start else None), [*shape.lead[span.start :], ANY]
    if shape.exact:
        return shape.reduce(tuple(range(span.start, len(shape.lead) + span.end)), keepdims)
    kept = shape.trail[len(shape.trail) + span.end :] if -span.end <= len(shape.trail) else None
    if span.start > len(shape.lead) or (kept is None and shape.hidden == 0 and -span.end > len(shape.trail)):
        return None, None  # too few axes are known to tell which go
    left = shape.lead[: span.start]
    gone_ = [
        *shape.lead[span.start :],
        *([ANY] * (shape.hidden or 0)),
        *shape.trail[: len(shape.trail) + span.end if kept is not None else 0],
    ]
    behind = kept if kept is not None else (*([ANY] * (-span.end - len(shape.trail))), *shape.trail)
    if keepdims:
        return Shape((*left, *([ONE] * (len(shape.lead) - len(left)))), shape.hidden, behind), gone_
    return Shape((*left, *behind)), gone_


def gone(x: Node, known: bool, axes: Axes, keepdims: bool) -> tuple[Shape | None, list[Axis] | None]:
    """The shape that is left, and the axes that went; None for what is not known."""
    shape = x.shape
    if not known:
        if shape is not None and shape.power == 0:
            return None, []
        return None, None
    if axes is None:
        if shape is None:
            return SCALAR if not keepdims else None, None
        return shape.reduce(None, keepdims)
    if shape is None:
        batch = axes.start == 0 if isinstance(axes, Span) else 0 in axes
        return None, None if batch else [ANY] * (1 if isinstance(axes, Span) else len(axes))
    return _spanned(shape, axes, keepdims) if isinstance(axes, Span) else shape.reduce(axes, keepdims)


def reduction(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Value:
    """The result of a reduction."""
    x = as_node(arguments.get("x", Constant(None)), site)
    if op.name == "norm" and literal(arguments.get("ord")) in (1, math.inf):
        plain = operation("sum" if literal(arguments["ord"]) == 1 else "max")
        return reduction(plain, {**arguments, "x": elementwise(operation("abs"), {"x": x}, site, spelling)}, site, spelling)
    known, axes = axes_of(arguments.get("axis"))
    if op.name in ("argmax", "argmin") and "axis" not in arguments and not spelling.startswith(("np.", "ops.")):
        known, axes = True, (0,) if spelling.startswith("tf.") else (-1,)
    if op.name in ("l2_loss", "zero_fraction", "global_norm"):
        known, axes = True, None
    keepdims = flag(arguments.get("keepdims"))
    if op.name == "trace" or op.name == "determinant":
        known, axes = True, (-1, -2)
    shape, went = gone(x, known, axes, keepdims)
    power = None if went is None else sum(axis.power for axis in went)
    result = made(
        op.name,
        [x],
        site,
        shape=shape,
        degree=_degree(op, x, power),
        columns=_columns(op, x, went),
        gradient=x.gradient if op.flow is Flow.FLOWS else min(x.gradient, Gradient.BLOCKED),
        marks=_marks(op, x, spelling),
        axes=axes if known else "unknown",
        gone=went or [],
        keepdims=keepdims,
    )
    if op.name == "moments":
        other = made(
            "var",
            [x],
            site,
            shape=shape,
            degree=degree.scale(x.degree, 2.0),
            columns=_zeros(x),
            gone=went or [],
            axes=axes,
            keepdims=keepdims,
        )
        mean = Node("mean", result.arguments, site, replace(result.facts, columns=x.columns), result.details)
        return Items([mean, other], mutable=False)
    return result


def _marks(op: Operation, x: Node, spelling: str) -> frozenset[str]:
    marks = x.facts.marks & (INHERITED | {"trainable"})
    if op.name in ("sum", "count_nonzero", "l2_loss"):
        marks -= {"maybe-empty"}
    if x.operation == "shape" and op.name == "prod":
        marks |= {"dimension"}
    if spelling.startswith("np.") and not x.constant:
        marks |= {"numpy"}
    return marks


def _degree(op: Operation, x: Node, power: int | None) -> degree.Degree:
    if x.operation == "shape" and op.name == "prod":
        return frozenset({float(x.details["power"])}) if x.details.get("power") is not None else degree.UNKNOWN
    if op.name in ("argmax", "argmin", "any", "all", "zero_fraction"):
        return degree.ZERO
    if op.name == "global_norm":
        return degree.scale(x.degree, 1.0) if "variable" in x.origin else degree.UNKNOWN
    if op.name == "l2_loss":
        return degree.UNKNOWN if power is None else degree.shift(degree.scale(x.degree, 2.0), power)
    if op.name == "count_nonzero":
        return degree.UNKNOWN if power is None else frozenset({float(power)})
    if op.name == "var":
        return degree.scale(x.degree, 2.0)
    if op.along == 0.0:
        return x.degree
    if op.name == "logsumexp":
        return degree.zero_stays(x.degree)  # at most a logarithm of the number of elements, which is no power of it
    if op.along is not None:
        if power is None:
            return _open(x)
        return degree.shift(x.degree, power * op.along)
    return x.degree if power == 0 and x.degree == degree.ZERO else degree.UNKNOWN


def _open(x: Node) -> degree.Degree:
    """The degree of a sum over all of a value of unknown shape: none for weights and settings, else not known."""
    return x.degree if x.constant or x.marked("trainable") else degree.UNKNOWN


def _columns(op: Operation, x: Node, went: list[Axis] | None) -> Columns:
    if op.column is None:
        return UNKNOWN
    if op.name in NORMS and difference(x):
        return columns.at(0, columns.constant(0.0))
    count = 1
    for axis in went if went is not None else [ANY]:
        count *= axis.length if axis.length else EACH_AXIS
    count = min(count, EACH_AXIS**6)
    column = op.column
    return columns.apply(lambda v: v if v != v else column(v, count), (x.columns,))


def _zeros(x: Node) -> Columns:
    return columns.apply(lambda v: v if v != v else 0.0, (x.columns,))
