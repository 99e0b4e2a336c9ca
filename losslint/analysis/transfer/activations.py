"""Activations, and whatever else mixes the elements along an axis and keeps it: softmax, l2_normalize, cumsum, sort."""

from __future__ import annotations

import math

from msgspec.structs import replace

from losslint.analysis import columns, degree
from losslint.analysis.columns import ORDINARY, Columns
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, SCALAR, Axis, Shape
from losslint.analysis.transfer.axes import NUMPY_LIKE, Axes, axes_of, elements, gone
from losslint.analysis.transfer.results import INHERITED, Arguments, as_node, literal, made
from losslint.operations.operation import Degree, Flow, Operation

FLATTENED = frozenset({"cumsum", "cumprod"})  # by numpy and keras.ops, where no axis is given


def activation(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Value:
    """The result of an operation that keeps its operand's axes and mixes the elements along some of them."""
    given = arguments.get("x", Constant(None))
    if op.name == "clip_by_global_norm" and isinstance(given, Items):
        nodes = [as_node(item, site) for item in given.items]
        flow = max((node.gradient for node in nodes), default=Gradient.NONE)  # the norm of all is in each
        still = all(node.degree == degree.ZERO and node.shape is not None and not node.shape.power for node in nodes)
        grown = degree.ZERO if still else degree.UNKNOWN
        parts = [_mixed(op, node, [], site, True, None).with_facts(gradient=flow, degree=grown) for node in nodes]
        return Items([Items(list(parts)), made("global_norm", parts, site, shape=Shape(), degree=degree.UNKNOWN)], mutable=False)
    x = as_node(given, site)
    others = [v for name, v in arguments.items() if name != "x" and isinstance(v, Node) and not v.constant]
    known, axes = axes_of(arguments["axis"]) if "axis" in arguments else (True, None if op.default_axis is None else (op.default_axis,))
    if op.name in FLATTENED and spelling.startswith(NUMPY_LIKE) and literal(arguments.get("axis")) is None:
        axes = None
        flat = Shape((Axis(x.shape.power),)) if x.shape is not None else None
        return _mixed(op, x, others, site, known, axes).with_facts(shape=flat)
    if op.name == "unit_vectors":
        return _unit_vectors(op, x, arguments, site, spelling, (known, axes))
    return _mixed(op, x, others, site, known, axes)


def _unit_vectors(op: Operation, x: Node, arguments: Arguments, site: Site, spelling: str, along: tuple[bool, Axes]) -> Value:
    """Vectors divided by their norm; TensorFlow returns the norm with them, and takes the whole value where no axis is given."""
    order = literal(arguments.get("order", Constant(2)))
    if order not in (2, "euclidean"):
        number = isinstance(order, int | float) and order > 0
        op = replace(op, column=None, along=-1.0 / order if number else None)
    if spelling != "tf.normalize":
        return _mixed(op, x, [], site, *along)
    known, axes = along if "axis" in arguments else (True, None)
    unit, (shape, _) = _mixed(op, x, [], site, known, axes), gone(x, known, axes, keepdims=True)
    unit = unit.with_facts(columns=columns.apply(lambda value: value or columns.NAN, (unit.columns,)))  # 0 / 0
    return Items([unit, made("norm", [x], site, shape=shape, degree=degree.UNKNOWN)], mutable=False)


def _mixed(op: Operation, x: Node, others: list[Node], site: Site, known: bool, axes: Axes) -> Node:
    _, along = gone(x, known, axes, keepdims=True)
    power = None if along is None else sum(axis.power for axis in along)
    flow = max(o.gradient for o in (x, *others))
    marks = (x.facts.marks & INHERITED) | ({"activated"} if op.activation else frozenset())
    if op.degree is Degree.ZERO and (any(x.degree) or (op.along == 0.0 and power != 0)):
        marks |= {"slow"}
    return made(
        op.name,
        [x, *others],
        site,
        shape=None if axes is not None and x.shape == SCALAR else x.shape,  # which has no axis
        degree=_degree(op, x, others, power),
        columns=_columns(op, x, along if known else None),
        gradient=flow if op.flow is Flow.FLOWS else min(flow, Gradient.BLOCKED),
        marks=marks,
    )


def _degree(op: Operation, x: Node, others: list[Node], power: int | None) -> degree.Degree:
    if op.along is None or op.degree is Degree.UNKNOWN:
        still = power == 0 and all(o.degree == degree.ZERO for o in (x, *others))
        return degree.ZERO if still else degree.UNKNOWN
    if op.name == "argsort":
        return degree.of_position(power)
    if op.degree is Degree.ZERO_STAYS:
        return degree.ZERO if all(o.degree == degree.ZERO for o in (x, *others)) else degree.UNKNOWN
    base = degree.ZERO if op.degree is Degree.ZERO else x.degree
    if op.along == 0.0:
        return base
    return degree.UNKNOWN if power is None else degree.shift(base, power * op.along)


def _columns(op: Operation, x: Node, along: list[Axis] | None) -> Columns:
    column, count = op.column, elements(along if along is not None else [ANY])
    if column is None:
        return columns.UNKNOWN
    if op.name == "l2_normalize" and not x.columns.known and not x.constant:
        alike = columns.constant(column(1.0, count))  # two vectors of which nothing is known can be alike
        return columns.at(0, alike) if x.origin & {"true", "pred"} else alike.without(range(ORDINARY, columns.COLUMNS))
    if op.name == "softmax":  # defined for every finite input; saturated logits give 1 and 0
        share = columns.constant(column(0.0, count))
        rounded = columns.rounded(share)
        values = Columns((*rounded.single[:ORDINARY], 1.0, 0.0), (*share.double[:ORDINARY], 1.0, 0.0))
        return values.without([index for index, value in enumerate(x.columns.single) if math.isinf(value)])
    return columns.apply(lambda v: v if v != v else column(v, count), (x.columns,))
