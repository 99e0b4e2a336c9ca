"""Tests in Python: the witness columns in which they certainly hold, and those in which they certainly do not."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from losslint.analysis.columns import COLUMNS
from losslint.analysis.node import Node
from losslint.analysis.scope import Scope
from losslint.analysis.truth import truth

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

ALL: frozenset[int] = frozenset(range(COLUMNS))
NONE: frozenset[int] = frozenset()


def certain(run: Run, test: ast.expr, scope: Scope) -> tuple[frozenset[int], frozenset[int]]:
    """The columns in which a test holds, and those in which it does not; the rest is not known."""
    with run.quietly():
        return _certain(run, test, scope)


def _certain(run: Run, test: ast.expr, scope: Scope) -> tuple[frozenset[int], frozenset[int]]:
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            true, false = _certain(run, operand, scope)
            return false, true
        case ast.BoolOp(op=op, values=values):
            parts = [_certain(run, value, scope) for value in values]
            trues, falses = [part[0] for part in parts], [part[1] for part in parts]
            if isinstance(op, ast.And):
                return ALL.intersection(*trues), NONE.union(*falses)
            return NONE.union(*trues), ALL.intersection(*falses)
    value = run.evaluate(test, scope)
    known = truth(value)
    if known is not None:
        return (ALL, NONE) if known else (NONE, ALL)
    return value.columns.truth if isinstance(value, Node) and not value.constant else (NONE, NONE)
