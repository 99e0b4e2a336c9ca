"""Probability distributions: an object has the axes of its parameters; its density drops those of one event."""

from __future__ import annotations

from functools import reduce

from losslint.analysis import degree
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import Shape, broadcast
from losslint.analysis.transfer.lengths import length
from losslint.analysis.transfer.results import Arguments, as_node, literal, made
from losslint.operations.operation import Flow, Operation

LOCATIONS = frozenset({"loc", "logits", "probs", "concentration", "rate", "log_rate", "scale_diag", "distribution"})
OPTIONS = frozenset({"name", "dtype", "validate_args", "allow_nan_stats", "total", "total_count"})


def distribution(op: Operation, arguments: Arguments, site: Site) -> Value:
    """A distribution, or what one of its methods gives."""
    if op.shape in ("element", "vector", "class"):
        return _object(op, arguments, site)
    this = as_node(arguments.get("distribution", Constant(None)), site)
    given = [as_node(arguments[name], site) for name in ("x", "other") if name in arguments]
    event = this.details.get("event", "")
    grown = degree.ZERO if all(o.degree == degree.ZERO for o in (this, *given)) else degree.UNKNOWN
    gradient = None
    match op.shape:
        case "density":
            shape = _density(event, this, given)
        case "sample":
            number = arguments.get("sample_shape")
            shape = _drop(this.shape) if event == "class" else this.shape
            if number is not None and shape is not None:
                shape = _stacked(shape, number)
            gradient = min(this.gradient, Gradient.BLOCKED) if this.details.get("discrete") else None
        case _:
            shape = this.shape if event != "class" else None
    return made(op.name, [this, *given], site, shape=shape, degree=grown, gradient=gradient, marks=frozenset())


def _object(op: Operation, arguments: Arguments, site: Site) -> Node:
    named = {k: v for k, v in arguments.items() if k not in OPTIONS and isinstance(v, Node | Items)}
    parameters = {name: as_node(value, site) for name, value in named.items()}
    shaping = [p for name, p in parameters.items() if op.shape == "element" or name in LOCATIONS]
    shape = reduce(broadcast, (p.shape for p in shaping)) if shaping else None
    grown = degree.ZERO if all(p.degree == degree.ZERO for p in parameters.values()) else degree.UNKNOWN
    discrete = op.flow is not Flow.FLOWS
    return made(op.name, list(parameters.values()), site, shape=shape, degree=grown, marks=frozenset(), event=op.shape, discrete=discrete)


def _density(event: str, this: Node, given: list[Node]) -> Shape | None:
    """One number for each event: a vector is one, and so is the row of probabilities of a class."""
    if not event:
        return None
    if event == "class":
        both = [_drop(o.shape) if "event" in o.details else o.shape for o in (this, *given)]
        return reduce(broadcast, both)
    whole = reduce(broadcast, (o.shape for o in (this, *given)))
    return _drop(whole) if event == "vector" else whole


def _drop(shape: Shape | None) -> Shape | None:
    return shape.reduce((-1,))[0] if shape is not None else None


def _stacked(shape: Shape, number: Value) -> Shape | None:
    """The shape of several samples: their number goes first."""
    if isinstance(number, Items):
        for item in reversed(number.items):
            shape = shape.insert(0, length(item)) or shape
        return shape
    return shape.insert(0, length(number)) if literal(number) is not None or isinstance(number, Node) else shape
