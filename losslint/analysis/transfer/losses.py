"""Framework losses: numerically safe, of no growth but what their reduction adds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce

from losslint.analysis import columns, degree
from losslint.analysis.node import Facts, Gradient, Node, Site
from losslint.analysis.objects import Constant, LossObject, Named, Value
from losslint.analysis.shape import BATCH_FIRST, ONE, SCALAR, Axis, Shape, broadcast
from losslint.analysis.transfer.results import EMPTY, Arguments, as_node, largest, literal, made
from losslint.operations.catalogue import takes_logits
from losslint.operations.operation import Flow, Operation

Apart = Callable[[float, float], float]


def _square(x: float, y: float) -> float:
    return (x - y) * (x - y)


def _absolute(x: float, y: float) -> float:
    return abs(x - y)


def _zero(x: float, y: float) -> float:
    return 0.0 if x == y and math.isfinite(x) else columns.NAN


DISTANCES: dict[str, Apart] = {
    **dict.fromkeys(("mean_squared_error", "mse", "meansquarederror"), _square),
    **dict.fromkeys(("mean_absolute_error", "mae", "meanabsoluteerror", "absolute_difference"), _absolute),
    **dict.fromkeys(("mean_absolute_percentage_error", "mape", "meanabsolutepercentageerror"), _zero),
    **dict.fromkeys(("mean_squared_logarithmic_error", "msle", "meansquaredlogarithmicerror"), _zero),
    **dict.fromkeys(("logcosh", "log_cosh", "huber", "huber_loss"), _zero),
}  # 0 where the prediction is the target, and only there


def loss(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Node:
    """The value of a framework loss."""
    return _apart(_value(op, arguments, site), spelling, "weights" not in arguments)


def _apart(value: Node, spelling: str, mean: bool) -> Node:
    """A loss that measures a distance: its columns, which are 0 where its arguments are equal; two of which nothing is known can be."""
    distance = DISTANCES.get(spelling.rpartition(".")[2].lower())
    if distance is None or len(value.arguments) != 2:
        return value
    if not mean or value.details.get("reduction") == "sum":
        distance = _zero
    given = [columns.rounded(argument.columns) for argument in value.arguments]
    if not any(each.known for each in given):
        return value.with_facts(columns=columns.at(0, columns.constant(0.0)))
    return value.with_facts(columns=columns.apply(distance, given))


def _value(op: Operation, arguments: Arguments, site: Site) -> Node:
    if op.shape == "penalty":
        return Node("weight_penalty", (), site, Facts(SCALAR, gradient=Gradient.FLOWS, origin=frozenset({"variable"})))
    if op.shape == "average":
        return _average(as_node(arguments.get("x", Constant(None)), site), arguments, site)
    operands = [as_node(arguments[name], site) for name in ("y_true", "y_pred") if name in arguments]
    whole, _, rows = op.shape.partition(" ")
    if whole == "scalar":
        return _reduced("batch_loss", op, operands, rows, _told(arguments.get("reduction")), site)
    shape, gone = _rows(operands, whole, arguments.get("axis"))
    if op.name == "class_loss" and len({o.shape.rank for o in operands if o.shape is not None and o.shape.exact}) > 1:
        shape = None  # which of the two is brought to the axes of the other is not known
    flow = max((o.gradient for o in operands), default=Gradient.NONE)
    return made(
        op.name,
        operands,
        site,
        shape=shape,
        degree=_grown(op, operands, gone),
        gradient=flow if op.flow is Flow.FLOWS else min(flow, Gradient.BLOCKED),
        marks=_selected(operands),
    )


def _selected(operands: Sequence[Node]) -> frozenset[str]:
    """A loss of each of the elements that a mask selects has as many elements, perhaps none."""
    return frozenset().union(*(o.facts.marks & EMPTY for o in operands))


def _grown(op: Operation, operands: Sequence[Node], gone: int) -> degree.Degree:
    """None, unless an operand is known to grow, or a batch axis goes: what a loss makes of that depends on the loss.

    A cross-entropy that sums over pairs of samples is linear in its labels: those that share out 1 among the samples shrink.
    """
    if any(power > 0 for o in operands for power in degree.known(o.degree)):
        return degree.UNKNOWN
    along = gone * (op.along or 0.0)
    return degree.shift(operands[0].degree, along) if along and operands else degree.ZERO


def _rows(operands: Sequence[Node], how: str, axis: Value | None = None) -> tuple[Shape | None, int]:
    """What a loss leaves of the axes before it is reduced over the batch, and the power of what it reduces."""
    batched = any(o.shape is not None and o.shape.batch_axes for o in operands)
    match how:
        case "labels":
            return _labelled(operands), 0
        case "rows":
            return (Shape((Axis(1),)) if batched else None), 0
        case "vectors":  # as many values as there are, if each is one
            last = operands[-1].shape if operands else None
            return (Shape(last.lead[:1]) if last is not None and last.lead and last.rank in (None, 2) else None), 0
        case "batch":
            return (BATCH_FIRST if batched else None), 0
        case "column":
            return (Shape((Axis(1), ONE)) if batched else None), 0
        case "whole":
            return (SCALAR if literal(axis) is None else None), 0
        case "unknown" | "":
            return None, 0
    shape = reduce(broadcast, (o.shape for o in operands)) if operands else None
    if how == "same" or shape is None:
        return shape, 0
    along = literal(axis) if axis is not None else -1
    left, gone = shape.reduce((along,), keepdims=how == "keep_last") if isinstance(along, int) else (None, None)
    return left, sum(axis.power for axis in gone or ())


def _labelled(operands: Sequence[Node]) -> Shape | None:
    """The shape of the labels; a last axis of 1 goes, so that they have one axis less than the scores."""
    shapes = [operand.shape for operand in operands[:2]]
    if None in shapes or not all(shape is not None and shape.exact for shape in shapes):
        return shapes[0] if shapes else None
    labels, scores = (len(shape.lead) for shape in shapes if shape is not None)
    first = shapes[0]
    if first is not None and labels == scores and first.axis(-1) == ONE:
        return first.reduce((-1,))[0]
    return first if labels == scores - 1 else None


def _told(reduction: Value | None) -> str:
    """The reduction as text: ``sum``, ``none``, or anything else for the mean."""
    if isinstance(reduction, Named):
        return reduction.name.rpartition(".")[2].lower()
    told = str(literal(reduction) or "mean").lower()
    return "sum" if told == "weighted_sum" else told


def _reduced(name: str, op: Operation, operands: list[Node], how: str, reduction: str, site: Site) -> Node:
    rows, gone = _rows(operands, how)
    grown, flow = _grown(op, operands, gone), _flow(op, operands)
    if reduction == "none":
        return made(name, operands, site, shape=rows, degree=grown, gradient=flow, marks=_selected(operands))
    if reduction != "sum":
        return made(name, operands, site, shape=SCALAR, degree=grown, gradient=flow, marks=frozenset())
    powers = [o.shape.power for o in operands if o.shape is not None]
    if rows is not None and rows.exact:
        grown = degree.shift(grown, rows.power)
    else:  # the axis that a row loss reduces is none of the batch's
        grown = degree.shift(grown, max(powers)) if powers and len(powers) == len(operands) else degree.UNKNOWN
    return made(name, operands, site, shape=SCALAR, degree=grown, gradient=flow, marks=frozenset(), reduction="sum")


def _flow(op: Operation, operands: Sequence[Node]) -> Gradient:
    """The gradient of a loss; the softmax cross-entropies of TensorFlow 1 stop that of their labels."""
    flows = [operand.gradient for operand in operands]
    if op.name == "batch_row_loss":
        flows[:1] = [min(flow, Gradient.BLOCKED) for flow in flows[:1]]
    return max(flows, default=Gradient.NONE)


def loss_object(obj: LossObject, positional: Sequence[Value], keywords: dict[str, Value], site: Site) -> Node:
    """The value of a framework's loss object called on (y_true, y_pred)."""
    given = [*positional[:2], *(keywords[k] for k in ("y_true", "y_pred") if k in keywords)]
    operation, reduction = obj.operation, _told(obj.arguments.get("reduction"))
    value = _reduced("loss_object", operation, [as_node(v, site) for v in given], operation.shape, reduction, site)
    value = _apart(value, obj.spelling, len(positional) < 3 and "sample_weight" not in keywords)
    value.details["spelling"] = obj.spelling
    value.details["logits"] = expected(obj.spelling, obj.arguments.get("from_logits"))
    return value


def expected(spelling: str, told: Value | None) -> bool | None:
    """Whether a call of a loss, with this `from_logits`, takes raw scores."""
    usual = takes_logits(spelling)
    if usual is None or told is None:
        return usual
    value = literal(told)
    return value if isinstance(value, bool) else None


def _average(x: Node, arguments: Arguments, site: Site) -> Node:
    """`compute_average_loss`: the sum over the samples, divided by the batch size, its own or the one that is given."""
    size = arguments.get("size")
    power = x.shape.power if x.shape is not None else None
    over = power if literal(size) is None and not isinstance(size, Node) else largest(size.degree) if isinstance(size, Node) else 0
    grown = degree.UNKNOWN if power is None or over is None else degree.shift(x.degree, power - over)
    operands = [x, size] if isinstance(size, Node) else [x]
    return made("average_loss", operands, site, shape=SCALAR, degree=grown, gradient=x.gradient)
