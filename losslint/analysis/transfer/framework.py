"""Framework losses, layers, distributions and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

from losslint.analysis import columns, degree
from losslint.analysis.node import Facts, Gradient, Node, Site
from losslint.analysis.objects import Constant, LossObject, Named, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import BATCH_FIRST, SCALAR, Shape, broadcast
from losslint.analysis.transfer.results import Arguments, as_node, literal, made
from losslint.operations.operation import Degree, Flow, Operation


def _rows(operands: Sequence[Node], drop: bool) -> Shape | None:
    shape = reduce(broadcast, (o.shape for o in operands)) if operands else None
    return shape if not drop or shape is None else shape.reduce((-1,))[0]


def loss(op: Operation, arguments: Arguments, site: Site) -> Value:
    """The value of a framework loss: numerically safe, of no growth but what its reduction adds."""
    operands = [as_node(arguments[name], site) for name in ("y_true", "y_pred") if name in arguments]
    gradient = None if op.flow is Flow.FLOWS else Gradient.BLOCKED
    match op.shape:
        case "penalty":
            facts = Facts(SCALAR, gradient=Gradient.FLOWS, origin=frozenset({"variable"}))
            return Node("weight_penalty", (), site, facts)
        case "same":
            shape = _rows(operands, False)
        case "labels":
            shape = operands[0].shape if operands else None
        case "scalar":
            return _reduced("batch_loss", operands, _told(arguments.get("reduction")), site, SCALAR)
        case "rows":
            shape = BATCH_FIRST if any(o.shape is not None and o.shape.batch_axes for o in operands) else None
        case _:
            shape = _rows(operands, True)
    return made(op.name, operands, site, shape=shape, degree=degree.ZERO, gradient=gradient, marks=_selected(operands))


def _selected(operands: Sequence[Node]) -> frozenset[str]:
    """A loss of each of the elements that a mask selects has as many elements, perhaps none."""
    return frozenset().union(*(o.facts.marks & {"maybe-empty"} for o in operands))


def _told(reduction: Value | None) -> str:
    """The reduction as text: ``sum``, ``none``, or anything else for the mean."""
    if isinstance(reduction, Named):
        return reduction.name.rpartition(".")[2].lower()
    return str(literal(reduction) or "mean").lower()


def _reduced(name: str, operands: list[Node], reduction: str, site: Site, mean: Shape | None) -> Node:
    if reduction == "none":
        return made(name, operands, site, shape=_rows(operands, True), degree=degree.ZERO, marks=_selected(operands))
    rows = _rows(operands, True)
    grown = degree.ZERO
    if reduction == "sum":
        grown = frozenset({float(rows.power)}) if rows is not None else degree.UNKNOWN
    details: dict[str, Any] = {"reduction": "sum"} if reduction == "sum" else {}
    return made(name, operands, site, shape=mean, degree=grown, marks=frozenset(), **details)


def loss_object(obj: LossObject, positional: Sequence[Value], keywords: dict[str, Value], site: Site) -> Node:
    """The value of a framework's loss object called on (y_true, y_pred)."""
    given = [*positional[:2], *(keywords[k] for k in ("y_true", "y_pred") if k in keywords)]
    value = _reduced("loss_object", [as_node(v, site) for v in given], _told(obj.arguments.get("reduction")), site, SCALAR)
    value.details["spelling"] = obj.spelling
    return value


def layer(op: Operation, arguments: Arguments, site: Site) -> Value:
    """Layers, image operations and distributions: the batch axis is kept, the rest is not known."""
    operands = [as_node(v, site) for k, v in arguments.items() if k in op.parameters.split()[: max(op.operands, 1)]]
    whole = reduce(broadcast, (o.shape for o in operands)) if operands else None
    match op.shape:
        case "batch":
            shape = Shape(whole.lead[:1]) if whole is not None and whole.batch_axes else None
        case "density":
            event = any(o.operation == "vector_distribution" for o in operands)
            shape = whole.reduce((-1,))[0] if event and whole is not None else whole
        case "element" | "row":
            shape = whole
        case _:
            shape = whole.forget_lengths() if whole is not None else None
    grown = (
        degree.ZERO if op.degree is Degree.ZERO or op.shape != "same" or all(o.degree == degree.ZERO for o in operands) else degree.UNKNOWN
    )
    return made(op.name, operands, site, shape=shape, degree=grown, marks=frozenset())


def gradient(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Value:
    """Gradients: shaped like what they are taken over; their norm can be 0. ``tf.gradients`` and ``K.gradients`` return a list."""
    if op.name == "tape":
        return Node("tape", (), site, Facts(None))
    target = as_node(arguments.get("target", Constant(None)), site)
    sources = arguments.get("sources", Constant(None))
    if isinstance(sources, Items):
        return Items([_over(target, as_node(source, site), site) for source in sources.items])
    found = _over(target, as_node(sources, site), site)
    return found if spelling.startswith(".") or "trainable" in found.arguments[1].facts.marks else Items([found])


def _over(target: Node, source: Node, site: Site) -> Node:
    grown = target.degree if "variable" in source.origin else degree.ZERO if target.degree == degree.ZERO else degree.UNKNOWN
    return made(
        "gradient",
        [target, source],
        site,
        shape=source.shape,
        degree=grown,
        columns=columns.constant(0.0),
        gradient=Gradient.FLOWS,
        constant=False,
        marks=frozenset(),
    )
