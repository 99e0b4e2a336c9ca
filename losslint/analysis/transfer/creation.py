"""Operations that make tensors, and those that pass a value on."""

from __future__ import annotations

from losslint.analysis import columns, degree
from losslint.analysis.columns import UNKNOWN, Columns, rounded
from losslint.analysis.node import Facts, Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ONE, PER_SAMPLE, Axis, Shape
from losslint.analysis.transfer.lengths import axes_named, created, length
from losslint.analysis.transfer.results import Arguments, as_node, largest, literal, made, pack, unknown
from losslint.operations.operation import Flow, Operation

SHAPELESS = Shape((), 0)
KERAS_EPSILON = 1e-7
HELD = {"zeros": columns.constant(0.0), "ones": columns.constant(1.0), "empty": UNKNOWN}
TOLD = {  # what Keras answers unless it was configured; the axes of an image may be, so tests of them go both ways
    "floatx": Constant("float32"),
    "backend": Constant("tensorflow"),
    "image_data_format": Constant("channels_last", setting=True),
    "image_dim_ordering": Constant("tf", setting=True),
}


def creation(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Value:
    """A tensor made from settings or in the likeness of another."""
    x = arguments.get("x")
    target = arguments.get("shape")
    match op.name:
        case "zeros" | "ones" | "empty":
            return created(op.name, target, site, [], HELD[op.name])
        case "fill":
            value = as_node(arguments.get("value", Constant(None)), site)
            return created("fill", target, site, [value], rounded(value.columns), value.gradient)
        case "zeros_like" | "ones_like" | "empty_like":
            return _like(op.name, as_node(x or Constant(None), site), HELD[op.name.removesuffix("_like")], site)
        case "full_like":
            value = as_node(arguments.get("value", Constant(None)), site)
            return _like(op.name, as_node(x or Constant(None), site), rounded(value.columns), site)
        case "random":
            return _random(arguments, site)
        case "random_categorical":
            logits = as_node(x or Constant(None), site)
            shape = logits.shape.with_axis(-1, length(arguments.get("count"))) if logits.shape is not None else None
            return made(op.name, [logits], site, shape=shape, degree=degree.ZERO, gradient=min(logits.gradient, Gradient.BLOCKED))
        case "epsilon":
            return Node("constant", (), site, Facts(columns=columns.constant(KERAS_EPSILON), constant=True, python=True))
        case "told":
            return TOLD[spelling.rpartition(".")[2]]
        case "variable":
            return _variable(x, site)
        case "placeholder":
            facts = Facts(_placed(target, site), gradient=Gradient.FLOWS, origin=frozenset({"input"}))
            return Node("input", (), site, facts, {"fixed": axes_named(target, site)[1]})
        case "one_hot":
            return _one_hot(as_node(x or Constant(None), site), arguments, site, spelling)
        case "sequence_mask":
            return _sequence_mask(as_node(x or Constant(None), site), arguments, site)
        case "eye":
            return _eye(arguments, site)
        case "range":
            return _range(arguments, site)
        case "linspace":
            return made(op.name, [], site, shape=Shape((length(arguments.get("num", Constant(50))),)), degree=degree.ZERO, constant=True)
    return _constant(x, target, site)


def _like(name: str, model: Node, held: Columns, site: Site) -> Node:
    """A tensor of the shape of another; its elements are new, and no gradient goes on to the model."""
    return made(name, [model], site, shape=model.shape, degree=degree.ZERO, columns=held, gradient=Gradient.NONE, marks=frozenset())


def _variable(x: Value | None, site: Site) -> Node:
    """A variable: a weight, or a store for a prediction, which gets no gradient back."""
    if isinstance(x, Node) and x.gradient > Gradient.NONE:
        return made("variable", [x], site, shape=x.shape, degree=x.degree, columns=x.columns, gradient=Gradient.BLOCKED)
    facts = Facts(SHAPELESS, gradient=Gradient.FLOWS, origin=frozenset({"variable"}), marks=frozenset({"trainable"}))
    first = as_node(x or Constant(None), site)
    return Node("weights", (), site, facts, {"fixed": first.shape is not None and first.shape.power > 0})


def _placed(target: Value | None, site: Site) -> Shape:
    """The shape of a placeholder: None is the batch."""
    if isinstance(target, Items) and target.items and isinstance(target.items[0], Constant) and target.items[0].value is None:
        return Shape((Axis(1), *(Axis(0, n if isinstance(n := literal(item), int) else None) for item in target.items[1:])))
    return PER_SAMPLE if target is None or not isinstance(target, Items) else Shape(tuple(Axis() for _ in target.items))


def _random(arguments: Arguments, site: Site) -> Node:
    """Random numbers of a given shape; a gradient passes through their mean and their spread."""
    target, rest = arguments.get("shape"), [v for k, v in arguments.items() if k.startswith("*")]
    moments = [v for name in ("mean", "stddev") if isinstance(v := arguments.get(name), Node) and not v.constant]
    flow = max((m.gradient for m in moments), default=Gradient.NONE)
    return created("random", Items([target, *rest]) if rest and target is not None else target, site, moments, UNKNOWN, flow, random=True)


def _one_hot(x: Node, arguments: Arguments, site: Site, spelling: str) -> Node:
    axis, new = literal(arguments.get("axis", Constant(-1))), length(arguments.get("depth"))
    shape = x.shape.insert(axis, new) if x.shape is not None and isinstance(axis, int) else None
    if spelling.endswith("to_categorical") and x.shape is not None and x.shape.least_rank > 1 and x.shape.axis(-1) == ONE:
        shape = x.shape.with_axis(-1, new)
    values = columns.UNKNOWN if {"on_value", "off_value"} & arguments.keys() else columns.TRUE
    gradient, grown = min(x.gradient, Gradient.BLOCKED), frozenset({-float(new.power)})
    return made("one_hot", [x], site, shape=shape, degree=grown, columns=values, gradient=gradient, marks=frozenset(), axis=axis)


def _sequence_mask(lengths: Node, arguments: Arguments, site: Site) -> Node:
    """True up to the length of each sequence; a length above 0 makes the first element true."""
    shape = lengths.shape.insert(-1, length(arguments.get("maxlen"))) if lengths.shape is not None else None
    first = columns.apply(lambda v: v if v != v else float(v > 0), (lengths.columns,)) if lengths.columns.known else columns.FREE_BOOLEAN
    gradient = min(lengths.gradient, Gradient.BLOCKED)
    return made("sequence_mask", [lengths], site, shape=shape, degree=degree.ZERO, columns=first, gradient=gradient, marks=frozenset())


def _eye(arguments: Arguments, site: Site) -> Node:
    """An identity matrix; the larger it is, the more of it is 0."""
    rows = as_node(arguments.get("rows", Constant(None)), site)
    row = length(arguments.get("rows"))
    column = length(arguments["columns"]) if "columns" in arguments else row
    power = max(row.power, column.power)
    facts = Facts(Shape((row, column)), frozenset({-float(power)}), columns.FREE_BOOLEAN, origin=rows.origin, constant=not power)
    return Node("eye", (rows,), site, facts, {"declared": True} if rows.constant and power else {})


def _range(arguments: Arguments, site: Site) -> Node:
    stop = arguments.get("limit", arguments.get("start", Constant(None)))
    start = literal(arguments.get("start")) if "limit" in arguments else 0
    last, number, step = as_node(stop, site), literal(stop), literal(arguments.get("delta", Constant(1)))
    power = largest(last.degree)
    whole = isinstance(start, int) and isinstance(number, int) and isinstance(step, int) and step
    axis = Axis(0, len(range(start, number, step))) if whole else Axis(power)
    grown = degree.ZERO if last.constant else frozenset({float(power)})
    facts = Facts(Shape((axis,)), grown, origin=last.origin, constant=last.constant)
    details = {"length": last, "start": start}
    return Node("range", (last,), site, facts, details | ({"declared": True} if last.constant and power else {}))


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
    marks = frozenset({"numpy"}) if op.name == "to_numpy" else frozenset()
    node = as_node(x, site)
    return made(
        op.name,
        [node],
        site,
        shape=node.shape,
        degree=node.degree,
        columns=node.columns,
        gradient=min(node.gradient, Gradient.BLOCKED),
        marks=node.facts.marks | marks,
    )
