"""Bounds of a value that hold for every input: read off the operations, infinite where any number is possible, NaN where nothing is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

from losslint.analysis.node import Node
from losslint.operations.functions import maximum, minimum

INF = math.inf
Bounds = tuple[float, float]
NONE: Bounds = (-INF, INF)  # every number is possible
UNKNOWN: Bounds = (math.nan, math.nan)  # nothing is known: it may be bounded
SETTING = 50.0  # what a setting of which nothing is known is taken to stay below: a temperature, a scale
OPEN: Bounds = (-SETTING, SETTING)

FIXED: dict[str, Bounds] = {
    **dict.fromkeys(("sigmoid", "softmax", "hard_sigmoid", "one_hot", "random_uniform", "sequence_mask"), (0.0, 1.0)),
    **dict.fromkeys(("tanh", "erf", "sin", "cos", "l2_normalize", "unit_vectors", "softsign", "sign"), (-1.0, 1.0)),
    **dict.fromkeys(("less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_not"), (0.0, 1.0)),
    **dict.fromkeys(("exp", "square", "abs", "softplus", "relu", "norm", "std", "var", "squared_difference", "euclidean_norm"), (0.0, INF)),
    **dict.fromkeys(("zeros_like", "zeros"), (0.0, 0.0)),
    **dict.fromkeys(("ones_like", "ones"), (1.0, 1.0)),
    **dict.fromkeys(("log_softmax", "log_sigmoid"), (-INF, 0.0)),
    "relu6": (0.0, 6.0),
    "acos": (0.0, math.pi),
}  # fmt: skip
KEPT = frozenset(  # whatever these leave out, move or mix, no element is beyond the bounds of the operand
    {
        "cast", "identity", "stop_gradient", "getitem", "gather", "boolean_mask", "reshape", "transpose", "expand_dims",
        "squeeze", "tile", "repeat", "flatten", "mean", "max", "min", "median", "sort", "permute_dimensions", "broadcast_to",
        "slice", "split", "pieces", "diag_part", "constant", "reverse", "roll", "band_part",
    }
)  # fmt: skip
DOTS = frozenset({"matmul", "dot", "batch_dot", "tensordot", "einsum"})
UNIT = frozenset({"l2_normalize", "unit_vectors"})


def bounds(node: Node) -> Bounds:
    """The least and the largest value, as far as they follow from the operations."""
    return _bounds(node, {})


def _bounds(node: Node, done: dict[int, Bounds]) -> Bounds:
    if id(node) not in done:
        done[id(node)] = _of_constant(node) if node.constant else _of(node, done)
    return done[id(node)]


def _of(node: Node, done: dict[int, Bounds]) -> Bounds:
    parts = node.arguments
    if node.operation in FIXED:
        return FIXED[node.operation]
    if node.operation == "subtract" and largest_of(parts[1], parts[0]):
        return -INF, 0.0
    if node.operation == "where" and (side := _sided(node)) is not None:
        return side
    if _unit_product(node):
        return -1.0, 1.0
    inside = [_bounds(part, done) for part in parts]
    rule = RULES.get(node.operation)
    return rule(*inside[:2]) if rule is not None and len(parts) >= 2 else _of_one(node, inside)


def _of_one(node: Node, parts: list[Bounds]) -> Bounds:
    match node.operation:
        case name if name in KEPT and parts:
            return parts[0]
        case "variable" if parts:
            return parts[0]  # a constant that the graph holds as a variable starts as what it was made of
        case "negative":
            return -parts[0][1], -parts[0][0]
        case "clip" if len(parts) == 3:
            return _maximum((parts[1][0],) * 2, _minimum((parts[2][1],) * 2, parts[0]))
        case "where" | "cond" | "switch" if len(parts) == 3:
            return minimum(parts[1][0], parts[2][0]), maximum(parts[1][1], parts[2][1])
        case "concat" | "stack" | "pack" if parts:
            return reduce(minimum, (low for low, _ in parts)), reduce(maximum, (high for _, high in parts))
        case "sqrt" | "root":
            return 0.0, math.sqrt(max(parts[0][1], 0.0)) if parts[0][1] == parts[0][1] else INF
        case "sum" | "cumsum":
            return _multiply(parts[0], (1.0, INF))
        case "parameter" if node.marked("activated"):
            return 0.0, 1.0
        case "parameter" if node.shape is None:
            return UNKNOWN
        case name if name in DOTS | {"parameter", "layer", "variable", "filter", "pow"}:
            return NONE
    return UNKNOWN


def _sided(node: Node) -> Bounds | None:
    """The bounds of ``where(x < 0, -x, x)``: an absolute value, or its negative."""
    first, second = node.arguments[1:]
    if not any(a.operation == "negative" and a.arguments[0] is b for a, b in ((first, second), (second, first))):
        return None
    known = [value for value in node.columns.single if value == value]
    if known and all(value >= 0 for value in known):
        return 0.0, INF
    return (-INF, 0.0) if known and all(value <= 0 for value in known) else None


def _of_constant(node: Node) -> Bounds:
    values = [value for value in node.columns.double if value == value]
    return (min(values), max(values)) if values else OPEN


def _add(a: Bounds, b: Bounds) -> Bounds:
    return a[0] + b[0], a[1] + b[1]


def _subtract(a: Bounds, b: Bounds) -> Bounds:
    return a[0] - b[1], a[1] - b[0]


def _multiply(a: Bounds, b: Bounds) -> Bounds:
    if a[0] != a[0] or b[0] != b[0] or any(one == OPEN and math.isinf(other[0]) != math.isinf(other[1]) for one, other in ((a, b), (b, a))):
        return UNKNOWN  # a setting of which not even the sign is known decides on which side the other is unbounded
    corners = [0.0 if x == 0 or y == 0 else x * y for x in a for y in b]
    return min(corners), max(corners)


def _divide(a: Bounds, b: Bounds) -> Bounds:
    if b == OPEN:
        return _multiply(a, b)  # by a setting
    if b[0] != b[0]:
        return UNKNOWN
    if b[0] < 0 < b[1]:
        return NONE
    return _multiply(a, (1.0 / b[1] if b[1] else -INF, 1.0 / b[0] if b[0] else INF))


def _maximum(a: Bounds, b: Bounds) -> Bounds:
    low = max((end for end in (a[0], b[0]) if end == end), default=math.nan)
    return low, maximum(a[1], b[1])


def _minimum(a: Bounds, b: Bounds) -> Bounds:
    high = min((end for end in (a[1], b[1]) if end == end), default=math.nan)
    return minimum(a[0], b[0]), high


RULES: dict[str, Callable[[Bounds, Bounds], Bounds]] = {
    "add": _add, "subtract": _subtract, "multiply": _multiply, "divide": _divide, "maximum": _maximum, "minimum": _minimum,
}  # fmt: skip


def bare(node: Node) -> Node:
    """A value before it was only moved about or cast."""
    while node.operation in KEPT - {"mean", "max", "min", "median"} and node.arguments:
        node = node.arguments[0]
    return node


def largest_of(node: Node, whole: Node) -> bool:
    """Whether a value is the largest element of another: what is subtracted before an exponential."""
    largest = chosen(bare(node))
    return largest.operation == "max" and bare(largest.arguments[0]) is bare(whole)


def chosen(node: Node) -> Node:
    """What a selection by a test of the value itself chooses where the test holds: ``where(is_finite(x), x, 0)`` is x."""
    while node.operation == "where" and node.arguments[0].operation in ("is_finite", "is_nan", "is_inf"):
        tested = node.arguments[0].arguments[0]
        node = bare(next((a for a in node.arguments[1:] if a is tested), tested))
    return node


def is_shift(node: Node) -> bool:
    """Whether a value is the negative of a largest element: the correction of a shifted exponential."""
    return node.operation == "negative" and chosen(bare(node.arguments[0])).operation == "max"


def _unit_product(node: Node) -> bool:
    """Whether a value is made of products of vectors of length 1: cosines."""
    if node.operation == "sum" and node.arguments[0].operation == "multiply":
        node = node.arguments[0]
    elif node.operation not in DOTS:
        return False
    return len(node.arguments) == 2 and all(bare(argument).operation in UNIT for argument in node.arguments)
