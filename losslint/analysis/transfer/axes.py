"""Axis arguments: which axes an operation names, what is left of a shape without them, and how many elements they hold."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from losslint.analysis.columns import EACH_AXIS
from losslint.analysis.node import Node
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, ONE, SCALAR, Axis, Shape
from losslint.analysis.transfer.results import literal

NUMPY_LIKE = ("np.", "ops.", "tnp.", ".")  # spellings with numpy's defaults


class Span(Struct, frozen=True):
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
        if span.start > len(shape.lead) or any(axis.power for axis in (*shape.lead[span.start :], *shape.trail)):
            return None, None  # too few axes are known to tell which go
        return Shape(shape.lead[: span.start], 0), [ANY]  # whichever go, the batch axis is none of them
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


def elements(axes: Iterable[Axis]) -> int:
    """How many elements axes hold together; an axis of unknown length stands for a few."""
    count = 1
    for axis in axes:
        count *= axis.length or EACH_AXIS
    return min(count, EACH_AXIS**6)
