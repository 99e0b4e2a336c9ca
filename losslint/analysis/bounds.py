"""Bounds of a value that hold for every input: read off the operations, infinite where nothing is known."""

from __future__ import annotations

import math
from collections.abc import Callable

from losslint.analysis.node import Node

INF = math.inf
Bounds = tuple[float, float]
NONE: Bounds = (-INF, INF)
SETTING = 50.0  # what a setting of which nothing is known is taken to stay below: a temperature, a scale

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
KEPT = frozenset(
    {
        *(
            "cast",
            "identity",
            "stop_gradient",
            "getitem",
            "gather",
            "boolean_mask",
            "reshape",
            "transpose",
            "expand_dims",
            "squeeze",
            "tile",
        ),
        *("repeat", "flatten", "mean", "max", "min", "median", "sort", "permute_dimensions", "broadcast_to", "slice", "split", "pieces"),
        *("diag_part", "constant", "reverse", "roll", "band_part"),
    }
)
DOTS = frozenset({"matmul", "dot", "batch_dot", "tensordot", "einsum"})
UNIT = frozenset({"l2_normalize", "unit_vectors"})
MOST_DEPTH = 40


def bounds(node: Node, depth: int = 0) -> Bounds:
    """The least and the largest value, as far as they follow from the operations; infinite where they do not."""
    if depth > MOST_DEPTH:
        return NONE
    if node.constant:
        return _of_constant(node)
    parts = [argument for argument in node.arguments]
    if node.operation == "subtract" and largest_of(parts[1], parts[0]):
        return -INF, 0.0
    if _unit_product(node):
        return -1.0, 1.0
    rule = RULES.get(node.operation)
    if rule is not None and len(parts) >= 2:
        return rule(bounds(parts[0], depth + 1), bounds(parts[1], depth + 1))
    return _of_one(node, [bounds(part, depth + 1) for part in parts] if node.operation not in FIXED else [])


def _of_one(node: Node, parts: list[Bounds]) -> Bounds:
    match node.operation:
        case name if name in FIXED:
            return FIXED[name]
        case name if name in KEPT and parts:
            return parts[0]
        case "negative":
            return -parts[0][1], -parts[0][0]
        case "clip" if len(parts) == 3:
            return _clipped(parts[0], parts[1][0], parts[2][1])
        case "where" | "cond" | "switch" if len(parts) == 3:
            return min(parts[1][0], parts[2][0]), max(parts[1][1], parts[2][1])
        case "concat" | "stack" | "pack" if parts:
            return min(low for low, _ in parts), max(high for _, high in parts)
        case "sqrt" | "root":
            return 0.0, math.sqrt(max(parts[0][1], 0.0))
        case "parameter" if node.marked("activated"):
            return 0.0, 1.0
    return NONE


def _of_constant(node: Node) -> Bounds:
    values = [value for value in node.columns.double if value == value]
    return (min(values), max(values)) if values else (-SETTING, SETTING)


def _clipped(of: Bounds, low: float, high: float) -> Bounds:
    return max(min(of[0], high), low), min(max(of[1], low), high)


def _add(a: Bounds, b: Bounds) -> Bounds:
    return a[0] + b[0], a[1] + b[1]


def _subtract(a: Bounds, b: Bounds) -> Bounds:
    return a[0] - b[1], a[1] - b[0]


def _multiply(a: Bounds, b: Bounds) -> Bounds:
    corners = [0.0 if x == 0 or y == 0 else x * y for x in a for y in b]
    return min(corners), max(corners)


def _divide(a: Bounds, b: Bounds) -> Bounds:
    if b == (-SETTING, SETTING):
        return _multiply(a, b)  # by a setting
    return _multiply(a, (1.0 / b[1], 1.0 / b[0])) if b[0] > 0 or b[1] < 0 else NONE


def _maximum(a: Bounds, b: Bounds) -> Bounds:
    return max(a[0], b[0]), max(a[1], b[1])


def _minimum(a: Bounds, b: Bounds) -> Bounds:
    return min(a[0], b[0]), min(a[1], b[1])


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
    largest = bare(node)
    return largest.operation == "max" and bare(largest.arguments[0]) is bare(whole)


def _unit_product(node: Node) -> bool:
    """Whether a value is made of products of vectors of length 1: cosines."""
    if node.operation == "sum" and node.arguments[0].operation == "multiply":
        node = node.arguments[0]
    elif node.operation not in DOTS:
        return False
    return len(node.arguments) == 2 and all(bare(argument).operation in UNIT for argument in node.arguments)
