"""Operations that make tensors, and those that pass a value on."""

from __future__ import annotations

from losslint.analysis import columns, degree
from losslint.analysis.columns import UNKNOWN, rounded
from losslint.analysis.node import Facts, Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import PER_SAMPLE, Axis, Shape
from losslint.analysis.transfer.lengths import created
from losslint.analysis.transfer.results import Arguments, as_node, largest, literal, made, pack, unknown
from losslint.operations.operation import Flow, Operation

SHAPELESS = Shape((), 0)
KERAS_EPSILON = 1e-7


def creation(op: Operation, arguments: Arguments, site: Site) -> Value:
    """A tensor made from settings or in the likeness of another."""
    x = arguments.get("x")
    target = arguments.get("shape")
    match op.name:
        case "zeros" | "ones":
            return created(op.name, target, site, [], columns.constant(float(op.name == "ones")))
        case "fill":
            value = as_node(arguments.get("value", Constant(None)), site)
            return created("fill", target, site, [value], rounded(value.columns), value.gradient)
        case "zeros_like" | "ones_like" | "full_like":
            like = as_node(x or Constant(None), site)
            held = (
                columns.constant(float(op.name == "ones_like"))
                if op.name != "full_like"
                else rounded(as_node(arguments.get("value", Constant(None)), site).columns)
            )
            return made(
                op.name, [like], site, shape=like.shape, degree=degree.ZERO, columns=held, gradient=Gradient.NONE, marks=frozenset()
            )
        case "random_normal" | "random_uniform":
            return created(op.name, target, site, [], UNKNOWN, random=True)
        case "epsilon":
            return Node("constant", (), site, Facts(columns=columns.constant(KERAS_EPSILON), constant=True, python=True))
        case "variable":
            facts = Facts(SHAPELESS, gradient=Gradient.FLOWS, origin=frozenset({"variable"}), marks=frozenset({"trainable"}))
            return Node("weights", (), site, facts)
        case "placeholder":
            return Node("input", (), site, Facts(_placed(target, site), gradient=Gradient.FLOWS, origin=frozenset({"input"})))
        case "one_hot" | "sequence_mask":
            like = as_node(x or Constant(None), site)
            shape = like.shape.insert(-1, Axis()) if like.shape is not None else None
            gradient = min(like.gradient, Gradient.BLOCKED)
            return made(op.name, [like], site, shape=shape, degree=degree.ZERO, columns=columns.TRUE, gradient=gradient, marks=frozenset())
        case "eye":
            rows = as_node(arguments.get("rows", Constant(None)), site)
            axis = Axis(largest(rows.degree))
            facts = Facts(Shape((axis, axis)), columns=columns.FREE_BOOLEAN, origin=rows.origin, constant=not axis.power)
            return Node("eye", (rows,), site, facts, {"declared": True} if rows.constant and axis.power else {})
        case "range":
            return _range(arguments, site)
        case "linspace":
            return made(op.name, [], site, shape=Shape((Axis(),)), degree=degree.ZERO, constant=True)
    return _constant(x, target, site)


def _placed(target: Value | None, site: Site) -> Shape:
    """The shape of a placeholder: None is the batch."""
    if isinstance(target, Items) and target.items and isinstance(target.items[0], Constant) and target.items[0].value is None:
        return Shape((Axis(1), *(Axis(0, n if isinstance(n := literal(item), int) else None) for item in target.items[1:])))
    return PER_SAMPLE if target is None or not isinstance(target, Items) else Shape(tuple(Axis() for _ in target.items))


def _range(arguments: Arguments, site: Site) -> Node:
    stop = arguments.get("limit", arguments.get("start", Constant(None)))
    start = literal(arguments.get("start")) if "limit" in arguments else 0
    length = as_node(stop, site)
    facts = Facts(Shape((Axis(largest(length.degree)),)), origin=length.origin, constant=length.constant)
    details = {"length": length, "start": start}
    return Node("range", (length,), site, facts, details | ({"declared": True} if length.constant and largest(length.degree) else {}))


def _constant(x: Value | None, target: Value | None, site: Site) -> Value:
    if isinstance(x, Items):
        return pack(x, site)
    node = as_node(x or Constant(None), site)
    if not node.constant:
        return node
    values = rounded(node.columns) if node.facts.python else node.columns
    if isinstance(target, Items):
        return created("constant", target, site, [], values)
    return made("constant", [node], site, shape=node.shape, degree=node.degree, columns=values, constant=True, python=node.facts.python)


def identity(op: Operation, arguments: Arguments, site: Site) -> Value:
    """A value passed on: with its gradient, without it, or a function as it is."""
    if op.name == "passed":
        return arguments.get("f") or arguments.get("x") or unknown((), site, constant=True)
    x = arguments.get("x", Constant(None))
    if op.flow is Flow.FLOWS:
        return x if isinstance(x, Node) else as_node(x, site)
    node = as_node(x, site)
    return made(
        op.name,
        [node],
        site,
        shape=node.shape,
        degree=node.degree,
        columns=node.columns,
        gradient=min(node.gradient, Gradient.BLOCKED),
        marks=node.facts.marks,
    )
