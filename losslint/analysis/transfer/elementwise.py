"""Elementwise operations, casts and activations."""

from __future__ import annotations

import math
from functools import reduce

from losslint.analysis import columns, degree
from losslint.analysis.columns import COLUMNS, FREE_BOOLEAN, NAN, ORDINARY, Columns, rounded
from losslint.analysis.node import Gradient, Node, Site
from losslint.analysis.objects import Constant, Named, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import Shape, broadcast
from losslint.analysis.transfer.results import INHERITED, Arguments, as_node, difference, literal, made, uniform
from losslint.operations.operation import Degree, Flow, Operation

COMPARISONS = frozenset({"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"})
AFFINE = frozenset({"add", "subtract", "negative", "bias_add"})
FREE = frozenset({"linear", "trainable"})  # any number: with another one added it is any number
KEPT = INHERITED | {"trainable"}


def elementwise(op: Operation, arguments: Arguments, site: Site, spelling: str) -> Node:
    """The result of an elementwise operation."""
    names = op.parameters.split()[: op.operands]
    given = [arguments[name] for name in names if name in arguments]
    if (len(given) == 1 and isinstance(given[0], Items) and op.operands > 1) or op.name == "add_n":
        given = _several(given[0] if given else Items([]))  # add_n([...]), keras.layers.add([...])
    operands = [as_node(value, site) for value in given]
    if not operands:
        operands = [as_node(Constant(None), site)]
    if op.name == "multiply" and any(o.constant and o.facts.python and set(o.columns.single) == {0.0} for o in operands):
        return made(
            op.name, operands, site, shape=_shape(operands), degree=degree.ZERO, columns=columns.constant(0.0), constant=True, python=False
        )
    python = all(o.facts.python for o in operands)
    linear = op.name in AFFINE and any(o.marked("linear") for o in operands) and all(o.constant or o.facts.marks & FREE for o in operands)
    values = columns.LINEAR if linear else _columns(op, operands, python)
    flow, constant = max(o.gradient for o in operands), all(o.constant for o in operands)
    return made(
        op.name,
        operands,
        site,
        shape=_shape(operands),
        degree=degree.UNKNOWN if _cancel(op, operands) or _regrown(op, operands) else _degree(op, operands),
        columns=values,
        gradient=flow if op.flow is Flow.FLOWS else min(flow, Gradient.BLOCKED),
        marks=_marks(op, operands, spelling) | ({"linear"} if linear else frozenset()),
        constant=constant,
        python=python,
    )


def _cancel(op: Operation, operands: list[Node]) -> bool:
    """Whether each sample is taken from the next (``x[1:] - x[:-1]``): such differences do not add up, they cancel."""
    if op.name != "subtract" or not all(o.operation == "getitem" and o.details.get("rows") for o in operands):
        return False
    one, other = (o.arguments[0] for o in operands)
    return one.site == other.site and one.arguments == other.arguments  # the same value, perhaps told something more


def _regrown(op: Operation, operands: list[Node]) -> bool:
    """Whether a value that grows by no power may grow again: by an exponential, or beside a pole."""
    if op.degree is Degree.ZERO_STAYS:
        return any(o.marked("slow") for o in operands)
    unbounded = {pole.operand for pole in op.poles if math.isinf(pole.value)}
    return any(o.marked("slow") for index, o in enumerate(operands) if index in unbounded)


def _several(value: Value) -> list[Value]:
    if not isinstance(value, Items):
        return [value]
    return value.items or [Constant(0)]


def _shape(operands: list[Node]) -> Shape | None:
    return reduce(broadcast, (o.shape for o in operands))


def _marks(op: Operation, operands: list[Node], spelling: str) -> frozenset[str]:
    marks = frozenset().union(*(o.facts.marks & KEPT for o in operands))
    if op.flow is not Flow.FLOWS and op.name in COMPARISONS:
        marks -= {"activated", "slow"}
    if op.activation:
        marks |= {"activated"}
    if op.degree is Degree.ZERO and op.flow is Flow.FLOWS and any(any(o.degree) for o in operands):
        marks |= {"slow"}  # of what is not known nothing is said: a network's output does not grow
    if all(o.constant or o.marked("dimension") for o in operands):
        marks |= frozenset().union(*(o.facts.marks & {"dimension", "declared-batch"} for o in operands))
    if spelling.startswith("np.") and not all(o.constant for o in operands):
        marks |= {"numpy"}
    return marks


def _degree(op: Operation, operands: list[Node]) -> degree.Degree:
    first = operands[0].degree
    match op.degree:
        case Degree.KEEP:
            return degree.union((o.degree, o.constant) for o in operands)
        case Degree.FIRST:
            return first
        case Degree.UNION:
            return degree.union((o.degree, o.constant) for o in operands)
        case Degree.PRODUCT:
            return reduce(degree.product, (o.degree for o in operands))
        case Degree.QUOTIENT:
            return degree.quotient(first, operands[1].degree) if len(operands) > 1 else degree.UNKNOWN
        case Degree.DOUBLE:
            return degree.scale(degree.union((o.degree, o.constant) for o in operands), 2.0)
        case Degree.HALVE:
            return degree.scale(first, 0.5)
        case Degree.NEGATE:
            return degree.quotient(degree.ZERO, first)
        case Degree.NEGATE_HALF:
            return degree.scale(degree.quotient(degree.ZERO, first), 0.5)
        case Degree.POWER:
            exponent = literal(operands[1]) if len(operands) > 1 else None
            if isinstance(exponent, int | float):
                return degree.scale(first, float(exponent))
            return degree.zero_stays(first)
        case Degree.ZERO if op.operands == 1 and op.column is not None and op.column(0.0) == 0 and min(degree.known(first), default=0) < 0:
            return degree.UNKNOWN  # beside 0 it is what it is given
        case Degree.ZERO:
            return degree.ZERO
        case Degree.ZERO_STAYS:
            return degree.ZERO if all(o.degree == degree.ZERO for o in operands) else degree.UNKNOWN
    return degree.UNKNOWN


def _columns(op: Operation, operands: list[Node], python: bool) -> Columns:
    if op.column is None:
        return _sum(operands, python) if op.name == "add_n" else columns.UNKNOWN
    given = [o.columns if python or not o.facts.python else rounded(o.columns) for o in operands]
    if len(given) < op.operands:
        return columns.UNKNOWN
    if op.name == "add" and len(given) > 2:
        return _sum(operands, python)
    if (
        op.name in COMPARISONS
        and not python
        and not all(o.constant for o in operands)
        and not all(_compared(o, g) for o, g in zip(operands, given, strict=True))
    ):
        return FREE_BOOLEAN  # nothing is known of an operand: both outcomes happen
    if op.name == "subtract" and not given[0].known and not operands[0].constant and uniform(operands[0]) is uniform(operands[1]):
        return columns.table([0.0] * COLUMNS)
    values = columns.apply(op.column, given[: op.operands], python)
    return _told(op, operands, given, values)


def _compared(operand: Node, given: Columns) -> bool:
    """Whether enough is known of an operand to compare it: of a size only that it is 0."""
    return given.known if not operand.marked("dimension") else 0.0 in given.single


def _sum(operands: list[Node], python: bool) -> Columns:
    total = columns.constant(0.0)
    for o in operands:
        total = columns.apply(lambda x, y: x + y, (total, o.columns), python)
    return total


def _told(op: Operation, operands: list[Node], given: list[Columns], values: Columns) -> Columns:
    """What an operation says of an operand of which nothing is known, or that may be any number: the bounds that it writes are reached."""
    free = op.name == "clip" and operands[0].marked("linear")
    if operands[0].constant or (given[0].known and not free):
        if not (op.name in ("maximum", "minimum") and operands[0].constant and not operands[1].constant and not given[1].known):
            return values
    match op.name:
        case "clip":
            low, high = given[1], given[2]
            return Columns(_alternating(low.single, high.single), _alternating(low.double, high.double))
        case "maximum" | "minimum":
            bound = given[1] if operands[1].constant else given[0]
            return columns.at(0, bound)
        case "sigmoid" | "hard_sigmoid":
            return Columns((*(NAN,) * ORDINARY, 1.0, 0.0), (*(NAN,) * ORDINARY, 1.0, 0.0))
        case "relu" | "relu6":
            return columns.at(0, columns.constant(0.0))
        case "squared_difference":
            return columns.at(0, columns.constant(0.0))
        case _ if difference(operands[0]) and _even(op, operands):
            return columns.at(0, columns.constant(0.0))
    return values


def _alternating(low: tuple[float, ...], high: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(low[i] if i % 2 == 0 else high[i] for i in range(COLUMNS))


def _even(op: Operation, operands: list[Node]) -> bool:
    """Whether the result is 0 where the first operand is, and positive elsewhere."""
    if op.name == "pow":
        exponent = literal(operands[1])
        return isinstance(exponent, int) and exponent > 0 and exponent % 2 == 0
    return op.name in ("square", "abs") or (op.name == "multiply" and operands[0] is operands[-1])


def cast(op: Operation, arguments: Arguments, site: Site) -> Node:
    """A cast: to a floating type nothing changes, to an integer or boolean the gradient ends."""
    x = as_node(arguments.get("x", Constant(None)), site)
    if x.operation == "shape":
        return x
    target = arguments.get("dtype")
    told = f"{literal(target) or ''}{target.name if isinstance(target, Named) else ''}".rpartition(".")[2]
    blocks = op.flow is not Flow.FLOWS or told.startswith(("int", "uint", "bool"))
    values = x.columns if not x.facts.python else rounded(x.columns)
    if op.name == "to_int" or told.startswith(("int", "uint")):
        values = columns.apply(_whole, (values,))
    elif op.name == "to_unsigned":
        values = columns.apply(lambda v: _whole(v) if v >= 0 else NAN, (values,))
    elif op.name == "to_bool" or told.startswith("bool"):
        values = columns.apply(lambda v: v if v != v else float(v != 0), (values,)) if x.columns.known or x.constant else FREE_BOOLEAN
    gradient = min(x.gradient, Gradient.BLOCKED) if blocks else x.gradient
    return made("cast", [x], site, shape=x.shape, degree=x.degree, columns=values, gradient=gradient, marks=x.facts.marks, dtype=told)


def _whole(value: float) -> float:
    return value if value != value or math.isinf(value) else float(int(value))
