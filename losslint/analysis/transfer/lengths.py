"""Shapes as values: reading a length, and the axes that a target shape names."""

from __future__ import annotations

from losslint.analysis import columns, degree
from losslint.analysis.columns import Columns
from losslint.analysis.node import Facts, Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, Axis, Shape
from losslint.analysis.singular import empty_columns
from losslint.analysis.transfer.axes import elements
from losslint.analysis.transfer.results import Arguments, as_node, largest, literal, made

DIMENSION = frozenset({"dimension"})


def size(name: str, arguments: Arguments, site: Site) -> Node:
    """`shape`, `size` and `rank` of a value."""
    x = as_node(arguments.get("x", Constant(None)), site)
    if name == "shape":
        if x.operation == "shape":
            return x
        power = x.shape.power if x.shape is not None else None
        return _length("shape", x, site, Shape((ANY,)), degree.ZERO, of=x.shape, start=0, power=power)
    if name == "rank":
        return _length("rank", x, site, Shape(), degree.ZERO)
    if name == "num_elements" and x.operation == "shape":  # of a shape: the product of its lengths
        power = x.details.get("power")
        return _length("size", x, site, Shape(), degree.UNKNOWN if power is None else frozenset({float(power)}))
    axis = literal(arguments.get("axis"))
    if isinstance(axis, int):
        found = x.shape.axis(axis) if x.shape is not None else None
        return _length("size", x, site, Shape(), degree.UNKNOWN if found is None else frozenset({float(found.power)}))
    counted = _length("size", x, site, Shape(), degree.UNKNOWN if x.shape is None else frozenset({float(x.shape.power)}))
    if x.marked("maybe-empty"):
        return counted.with_facts(columns=_count(x))
    whole = (x.shape.reduce(None)[1] if x.shape is not None else None) or []
    scalar = x.shape is not None and x.shape.exact
    return counted.with_facts(columns=columns.constant(float(elements(whole if whole or scalar else [ANY]))))


def _length(name: str, x: Node, site: Site, shape: Shape, grown: degree.Degree, **details: object) -> Node:
    facts = Facts(shape, grown, columns.UNKNOWN, Gradient.NONE, x.origin, x.constant, x.constant, DIMENSION)
    return Node(name, (x,), site, facts, dict(details))


def _count(x: Node) -> Columns:
    """The number of elements that a selection takes: 0 where its mask is, else not known."""
    empty = empty_columns(x) if x.marked("maybe-empty") else frozenset()
    return columns.table([0.0 if column in empty else columns.NAN for column in range(columns.COLUMNS)])


def dimension(shape: Node, index: int, site: Site) -> Node:
    """One length out of a shape."""
    of = shape.details.get("of")
    axis = of.axis(index + shape.details["start"] if index >= 0 else index) if isinstance(of, Shape) else None
    grown = degree.UNKNOWN if axis is None else frozenset({float(axis.power)})
    made_ = _length("dimension", shape, site, Shape(), grown)
    if axis is not None and axis.length is not None:
        return made_.with_facts(columns=columns.constant(float(axis.length)))
    first = index + shape.details["start"] == 0 if index >= 0 else axis is not None and axis.power > 0
    return made_.with_facts(columns=_count(shape.arguments[0])) if first and shape.arguments else made_


def part_of_shape(shape: Node, start: int, stop: int | None, site: Site) -> Node:
    """A slice of a shape; the product of its lengths is known where the first axes are cut off."""
    of, power = shape.details.get("of"), None
    axes: tuple[Axis, ...] | None = None
    if isinstance(of, Shape) and start >= 0:
        listed = of.lead + of.trail
        if of.exact or (stop is not None and 0 <= stop <= len(of.lead)):
            axes = listed[start:stop]
        if stop is None:
            power = sum(a.power for a in of.lead[start:] + of.trail)
        elif stop >= 0:
            power = sum(a.power for a in (listed if of.exact else of.lead)[start:stop])
        elif stop < 0:
            power = sum(a.power for a in of.lead[start:]) if len(of.trail) <= -stop else None
    rest = stop is None or stop < 0
    return _length(
        "shape",
        shape,
        site,
        Shape((ANY,)),
        degree.ZERO,
        of=of if rest and start == 0 and stop is None else None,
        start=start,
        power=power,
        axes=axes,
    )


def length(count: Value | None) -> Axis:
    """The axis of a given number of elements."""
    number = literal(count)
    if isinstance(number, int):
        return Axis(0, int(number))
    return Axis(largest(count.degree)) if isinstance(count, Node) else ANY


def axes_named(value: Value | None, site: Site) -> tuple[list[Axis | None] | None, bool]:
    """The axes of a target shape (-1 is None), None where it is not known; and whether a configured batch size is in it."""
    if (
        isinstance(value, Constant | Node)
        and isinstance(literal(value), int)
        and not (isinstance(value, Node) and value.operation == "shape")
    ):
        value = Items([value])
    if isinstance(value, Node):
        return _axes_computed(value, site)
    if not isinstance(value, Items) or value.power:
        return None, False
    found: list[Axis | None] = []
    declared = False
    for item in value.items:
        number = literal(item)
        if isinstance(item, Node) and item.constant and largest(item.degree) > 0:
            declared = True
            found.append(Axis(largest(item.degree)))
        elif isinstance(number, int):
            found.append(None if number < 0 else Axis(0, number))
        elif isinstance(item, Constant) and item.value is None:
            found.append(None)
        elif isinstance(item, Node) and None not in item.degree and not (item.constant and item.operation in ("setting", "opaque")):
            found.append(Axis(largest(item.degree)))
        else:
            found.append(ANY)
    return found, declared


def _axes_computed(value: Node, site: Site) -> tuple[list[Axis | None] | None, bool]:
    """The axes of a target shape that was put together: stacked lengths, parts of other shapes one after the other."""
    match value.operation:
        case "pack":
            return axes_named(Items(list(value.arguments)), site)
        case "shape":
            of, axes = value.details.get("of"), value.details.get("axes")
            if isinstance(of, Shape) and of.exact and value.details["start"] == 0:
                axes = of.lead
            return (list(axes) if axes is not None else None), False
        case "concat":
            parts = [axes_named(part, site) for part in value.arguments]
            if all(part[0] is not None for part in parts):
                return [axis for part in parts for axis in part[0] or ()], any(part[1] for part in parts)
        case "cast" | "identity":
            return axes_named(value.arguments[0], site)
    return None, False


def _of_unknown_length(target: Value | None) -> bool:
    """Whether the first length of a target shape is a number of which nothing is known."""
    first = target.items[0] if isinstance(target, Items) and target.items else None
    return isinstance(first, Node) and first.constant and first.operation in ("setting", "opaque") and literal(first) is None


def reshaped(x: Node, target: Value | None, site: Site) -> tuple[Shape | None, bool]:
    """The shape of a reshape, and whether a configured batch size is in it."""
    if (
        isinstance(target, Node)
        and target.operation == "shape"
        and isinstance(target.details.get("of"), Shape)
        and target.details["start"] == 0
    ):
        return target.details["of"], False
    axes, declared = axes_named(target, site)
    total = x.shape.power if x.shape is not None else None
    if axes is None:
        return (Shape((Axis(1),), 0) if total == 1 else None), declared
    given = sum(axis.power for axis in axes if axis is not None)
    if total is None:
        if None in axes or given == 0:
            return None, declared
        return Shape(tuple(axis or ANY for axis in axes)), declared
    left = max(total - given, 0)
    found: list[Axis] = []
    if left and None in axes and _of_unknown_length(target) and x.shape is not None and x.shape.lead[:1] == (Axis(left),):
        axes[0] = Axis(left)  # what comes before the rest of each sample is the number of samples
        left = 0
    for axis in axes:
        found.append(Axis(left) if axis is None else axis)
        left = 0 if axis is None else left
    if left:
        index = next((i for i, axis in enumerate(found) if axis == ANY), 0)
        if found:
            found[index] = Axis(left)
    return Shape(tuple(found)), declared


def created(
    name: str,
    target: Value | None,
    site: Site,
    operands: list[Node],
    values: columns.Columns,
    gradient: Gradient = Gradient.NONE,
    **more: object,
) -> Node:
    """A tensor of a given shape."""
    axes, declared = axes_named(target, site)
    shape = None if axes is None else Shape(tuple(axis or Axis(1) for axis in axes))
    if isinstance(target, Node) and target.operation == "shape" and isinstance(target.details.get("of"), Shape):
        shape = target.details["of"]
    fixed = shape is not None and shape.power == 0
    node = made(name, operands, site, shape=shape, degree=degree.ZERO, columns=values, gradient=gradient, constant=fixed and not more)
    node.details["made"] = True
    if declared:
        node.details["declared"] = True
    return node
