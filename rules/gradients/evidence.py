"""Who calls a loss, and what it is called: what the rules on gradients ask before they speak."""

from __future__ import annotations

import ast
import re

from losslint.analysis.node import Node
from losslint.analysis.roles import named, roles
from losslint.analysis.tensors import is_tensor
from losslint.analysis.trace import Trace
from losslint.finding import Confidence
from losslint.losses import LOSS_WORDS

LOOP = re.compile(r"(?:^|_)(?:fn|func|function|loss|losses|model|net|network|optimizer|optim|strategy|tape)$", re.IGNORECASE)


def says_loss(trace: Trace) -> bool:
    """Whether training uses the loss, or its name or that of the function that makes it says so."""
    loss = trace.loss
    if loss.metric or loss.evidence < 2:
        return False
    parent = loss.scope.parent
    names = [loss.scope.short, parent.short if parent is not None and parent.function is not None else ""]
    return loss.evidence >= 3 or any(LOSS_WORDS.search(name) for name in names)


def result(trace: Trace) -> Node | None:
    """What the loss returns, the loss itself where it returns several."""
    return next((root.node for root in trace.roots if root.returned and root.evidence >= 2), None)


def in_a_graph(trace: Trace) -> bool:
    """Whether the loss is one that Keras builds a graph of, as far as its name or its parameters and its result tell."""
    value = result(trace)
    return says_loss(trace) or (trace.called_by_keras and value is not None and is_tensor(value))


def confidence(trace: Trace) -> Confidence:
    """How sure a finding is that no value of the trace carries."""
    return Confidence.HIGH if trace.loss.evidence >= 2 and trace.flipped is None else Confidence.MEDIUM


def pairs(trace: Trace) -> bool:
    """Whether a loss takes one target and one prediction by their names, among settings, and returns one value, as Keras asks."""
    scope = trace.loss.scope
    if trace.loss.evidence != 2 or scope.function is None or not trace.single or any(map(LOOP.search, scope.parameters)):
        return False
    given = roles(scope, trace.loss.evidence)
    required = scope.parameters[: len(scope.parameters) - len(scope.function.args.defaults)]
    return named(scope) and [role for name in required if (role := given.get(name)) in ("true", "pred")] in (
        ["true", "pred"],
        ["pred", "true"],
    )


def optional(end: Node) -> bool:
    """Whether a step stands under an `if` of the function that it is written in: an option that somebody chose."""
    inside = end.site.syntax
    for node in ast.walk(end.site.source.tree):
        if isinstance(node, ast.If | ast.IfExp) and any(part is inside for part in ast.walk(node)):
            return True
    return False
