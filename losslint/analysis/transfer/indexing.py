"""Subscripts, masks and gathers."""

from __future__ import annotations

from typing import Any

from losslint.analysis import columns, degree
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Slice, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.roles import COUNT_NAME
from losslint.analysis.shape import ANY, ONE, Axis, Shape
from losslint.analysis.transfer.gathering import gather, indices_of, picked, selected
from losslint.analysis.transfer.lengths import dimension, part_of_shape
from losslint.analysis.transfer.results import EMPTY, largest, literal, made, unknown


def subscript(value: Value, index: Value, site: Site) -> Value:
    """``value[index]``."""
    key = literal(index)
    match value:
        case Items(items=items):
            if isinstance(key, int) and -len(items) <= key < len(items):
                return items[key]
            if isinstance(index, Slice):
                bounds = [literal(p) for p in (index.lower, index.upper, index.step)]
                if all(b is None or isinstance(b, int) for b in bounds):
                    return Items(items[slice(*bounds)], value.mutable, value.power)
            return items[0] if items else unknown((), site)
        case Dictionary(items=held):
            return held[key] if key in held else unknown([v for v in held.values() if isinstance(v, Node)], site)
        case Constant(value=str()):
            return Constant("")
        case Node(operation="shape"):
            return _of_shape(value, index, site)
        case Node(operation="positions"):
            return indices_of(value.arguments[0], site, rows=False)
        case Node(operation="pieces") if "index" not in value.details:  # a list of them, not one
            return Node("pieces", (value,), site, value.facts, {"index": key})
        case Node():
            return _element(value, index, site)
    return unknown((), site)


def _of_shape(value: Node, index: Value, site: Site) -> Value:
    key = literal(index)
    if isinstance(key, int):
        return dimension(value, key, site)
    if isinstance(index, Slice):
        lower, upper = literal(index.lower), literal(index.upper)
        return part_of_shape(value, lower if isinstance(lower, int) else 0, upper if isinstance(upper, int) else None, site)
    return unknown((value,), site, degree=degree.UNKNOWN)


def _element(x: Node, index: Value, site: Site) -> Node:
    parts = list(index.items) if isinstance(index, Items) and not index.mutable else [index]
    first = parts[0] if parts else None
    if len(parts) == 1 and isinstance(first, Node) and first.shape != Shape() and not first.constant:
        return (
            boolean_mask(x, first, site)
            if first.operation.startswith(("less", "greater", "equal", "not_", "logical")) or first.details.get("dtype") == "bool"
            else gather(x, first, site)
        )
    keyed = isinstance(literal(index), str)  # a dictionary of tensors, each of which has the batch axis
    shape, declared = (x.shape, False) if keyed else sliced(x.shape, parts)
    data = x.gradient > Gradient.NONE or x.operation == "parameter"  # not the positions from which a batch is drawn
    values = columns.UNKNOWN if x.marked("mixed") or keyed else x.columns
    changed: dict[str, Any] = {"rank": sum(map(_axes_of_result, parts))}
    if declared and data:
        changed["declared"] = True
    if isinstance(first, Slice) and (first.lower is not None or first.upper is not None) and x.shape is not None and shape is not None:
        changed["rows"] = bool(shape.lead) and shape.lead[0].power > 0 and x.shape.lead[:1] == shape.lead[:1]
    grown = degree.UNKNOWN if keyed and COUNT_NAME.search(str(literal(index))) else x.degree
    return made("getitem", [x], site, shape=shape, degree=grown, columns=values, marks=x.facts.marks, constant=x.constant, **changed)


def _axes_of_result(part: Value) -> int:
    """By how many axes one part of an index changes the rank."""
    if isinstance(part, Constant) and part.value in (None, Ellipsis):
        return int(part.value is None)
    return 0 if _cut(ANY, part) is not None else -1


def sliced(shape: Shape | None, parts: list[Value]) -> tuple[Shape | None, bool]:
    """The shape after an index of integers, slices, None and one Ellipsis."""
    if shape is None:
        return None, False
    dots = next((i for i, p in enumerate(parts) if isinstance(p, Constant) and p.value is Ellipsis), None)
    ahead, behind = (parts, []) if dots is None else (parts[:dots], parts[dots + 1 :])
    lead, hidden, trail = list(shape.lead), shape.hidden, list(shape.trail)
    new_lead: list[Axis] = []
    new_trail: list[Axis] = []
    declared = False
    for part in ahead:
        if isinstance(part, Constant) and part.value is None:
            new_lead.append(ONE)
            continue
        old = lead.pop(0) if lead else None
        if old is None:
            if hidden is None:
                return None, declared
            old, hidden = ANY, max(hidden - 1, 0)
        kept = _cut(old, part)
        declared = declared or (_declared(part) and old.power > 0)
        if kept is not None:
            new_lead.append(kept)
    for part in reversed(behind):
        if isinstance(part, Constant) and part.value is None:
            new_trail.insert(0, ONE)
            continue
        if trail:
            old = trail.pop()
        elif hidden is not None:
            old, hidden = ANY, max(hidden - 1, 0)
        elif lead:
            old = lead.pop()
        else:
            return None, declared
        kept = _cut(old, part)
        if kept is not None:
            new_trail.insert(0, kept)
    if hidden is None:
        return Shape((*new_lead, *lead, *new_trail)), declared
    return Shape((*new_lead, *lead), hidden, (*trail, *new_trail)), declared


def _declared(part: Value) -> bool:
    return isinstance(part, Slice) and any(isinstance(b, Node) and b.constant and largest(b.degree) > 0 for b in (part.lower, part.upper))


def _cut(axis: Axis, part: Value) -> Axis | None:
    """What an index leaves of one axis, None if it drops it."""
    if not isinstance(part, Slice):
        return None if not isinstance(part, Node) or part.shape is None or part.shape == Shape() else Axis(part.shape.power)
    bounds = [part.lower, part.upper, part.step]
    lower, upper, step = (literal(bound) for bound in bounds)
    if not all(bound is None or number is None or isinstance(number, int) for bound, number in zip(bounds, (lower, upper, step))):
        return Axis(axis.power)
    told = all(isinstance(bound, Constant) or number is not None or bound is None for bound, number in zip(bounds, (lower, upper, step)))
    if told and axis.length is not None and step != 0:
        return Axis(0, len(range(*slice(lower, upper, step).indices(axis.length))))
    if lower is None and upper is None and part.lower is None and part.upper is None:
        return axis if step in (None, 1, -1) else Axis(axis.power)
    if isinstance(upper, int) and upper >= 0 and (part.lower is None or isinstance(lower, int)):
        return ONE if upper - (lower or 0) == 1 and (lower or 0) >= 0 else ANY
    if isinstance(lower, int) and lower < 0 and step in (None, 1):
        return ONE if lower == -1 and part.upper is None else ANY  # the last ones
    return Axis(axis.power)


def boolean_mask(x: Node, mask: Node, site: Site) -> Node:
    """The elements that a mask selects: one axis, perhaps empty."""
    if x.shape is None or mask.shape is None:
        shape = Shape((Axis(1),), 0) if x.shape is not None and x.shape.batch_axes == 1 else None
    elif mask.shape.exact and 0 < len(mask.shape.lead) <= len(x.shape.lead):
        power = sum(axis.power for axis in x.shape.lead[: len(mask.shape.lead)])
        shape = Shape((Axis(power), *x.shape.lead[len(mask.shape.lead) :]), x.shape.hidden, x.shape.trail)
    else:
        shape = Shape((Axis(x.shape.power),))
    marks = x.facts.marks | EMPTY
    gradient, values = picked(x, mask), selected(x, mask)
    return made("boolean_mask", [x, mask], site, shape=shape, degree=x.degree, columns=values, gradient=gradient, marks=marks)


def iterate(value: Value, site: Site) -> list[Value] | None:
    """The items that a loop or an unpacking sees, None where their number is not known."""
    match value:
        case Items(items=items):
            return list(items)
        case Dictionary(items=held):
            return [Constant(key) for key in held]
        case Node(operation="shape"):
            of = value.details.get("of")
            if isinstance(of, Shape) and of.exact and value.details["start"] == 0:
                return [dimension(value, i, site) for i in range(len(of.lead))]
        case Node(operation="pack"):
            return list(value.arguments)
        case Node():
            axis = value.shape.axis(0) if value.shape is not None and value.shape.least_rank else None
            if axis is not None and axis.length is not None and axis.length <= 8:
                return [subscript(value, Constant(i), site) for i in range(axis.length)]
    return None
