"""Which inputs are legal for a loss: a batch that it never meets proves nothing."""

from __future__ import annotations

import ast
import re

from losslint.analysis.node import Node, reach
from losslint.analysis.trace import Trace
from losslint.names import dotted

CATEGORICAL = re.compile(r"categorical|softmax|multi_?class|sparse|one_?hot", re.IGNORECASE)
LOGITS = re.compile(r"logit", re.IGNORECASE)
ACTIVATIONS = frozenset({"sigmoid", "softmax", "log_softmax", "log_sigmoid", "softplus", "tanh"})
LIKE = {"ones_like": 1.0, "zeros_like": 0.0}
COMPARISONS = frozenset({"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"})
MOVED = frozenset(
    {"cast", "identity", "reshape", "getitem", "slice", "transpose", "squeeze", "expand_dims", "flatten", "divide", "multiply"}
)
DECLARED = {"onehot": "simplex", "softmax": "simplex", "sigmoid": "box", "mask": "box", "logits": "real", "real": "real", "positive": "box"}


def domain(trace: Trace) -> str:
    """The smallest domain of predictions that a loss is meant for: ``simplex``, ``box`` (0 to 1) or ``real``."""
    nodes = [node for root in trace.roots for node in reach(root.node)]
    if any(node.operation in ACTIVATIONS and _direct(node.arguments[0]) for node in nodes if node.arguments):
        return "real"
    if any(LOGITS.search(name) for name in trace.loss.scope.parameters):
        return "real"
    names = [trace.loss.function, *trace.loss.scope.parameters, *(dotted(call.func) or "" for call in trace.loss.scope.calls)]
    if any(CATEGORICAL.search(name) and "binary" not in name for name in names) or any(map(_own_sum, nodes)):
        return "simplex"
    return "box"


def codes(trace: Trace) -> tuple[tuple[float, ...], tuple[tuple[str, str], ...]]:
    """The numbers that a loss, its helpers included, compares targets with; of those that are not known, file and source."""
    found: dict[float, None] = {}
    unknown: dict[tuple[str, str], None] = {}
    for node in (node for root in trace.roots for node in reach(root.node)):
        if node.operation in COMPARISONS and len(node.arguments) == 2:
            for one, other in (node.arguments, node.arguments[::-1]):
                value = LIKE.get(other.operation, other.columns.single[0])
                if "true" in one.origin and (other.constant or other.operation in LIKE) and _direct(one):
                    if value == value:
                        found.setdefault(value)
                    elif (written := _written(node, node.arguments.index(other))) is not None:
                        unknown.setdefault((node.site.source.path, written))
    return tuple(found), tuple(unknown)


def _written(node: Node, index: int) -> str | None:
    """The source of an operand of a comparison, where it stands there."""
    match node.site.syntax:
        case ast.Compare(left=left, comparators=[right]):
            return ast.unparse((left, right)[index])
        case ast.Call(args=[first, second]):
            return ast.unparse((first, second)[index])
    return None


def _direct(node: Node) -> bool:
    """Whether a value is an input, perhaps cast, cut, scaled or moved about."""
    while node.operation in MOVED and node.arguments:
        node = node.arguments[0]
    return node.operation == "parameter"


def _own_sum(node: Node) -> bool:
    """Whether a prediction is divided by its own sum: that makes a softmax of it."""
    if node.operation != "divide" or len(node.arguments) != 2:
        return False
    top, bottom = node.arguments
    while bottom.operation in MOVED - {"divide", "multiply"} and bottom.arguments:
        bottom = bottom.arguments[0]
    return bottom.operation == "sum" and bottom.arguments[0] is top and "pred" in top.origin and "true" not in top.origin
