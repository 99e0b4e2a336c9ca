"""The branches that lead to a definition: a function exists only where the tests around it went its way."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

Ways = tuple[tuple[ast.If, bool], ...]  # each test, and whether its body is run


def leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether nothing after a block is run where the block is."""
    return bool(body) and isinstance(body[-1], ast.Raise | ast.Return | ast.Continue | ast.Break)


def leading(body: Sequence[ast.stmt], target: ast.AST) -> Ways:
    """How the tests of a block go where a definition in it is reached; none for one that is not a statement of it."""
    return tuple(_ways(body, target) or ())


def _ways(body: Sequence[ast.stmt], target: ast.AST) -> list[tuple[ast.If, bool]] | None:
    """The same of one block; None: the definition is not in it."""
    passed: list[tuple[ast.If, bool]] = []
    for statement in body:
        for block, way in _blocks(statement):
            inner = _ways(block, target)
            if inner is not None:
                return [*passed, *([(statement, way)] if isinstance(statement, ast.If) else []), *inner]
        if statement is target or (isinstance(target, ast.Lambda) and any(node is target for node in ast.walk(statement))):
            return passed
        if isinstance(statement, ast.If) and leaves(statement.body) != leaves(statement.orelse):
            passed.append((statement, leaves(statement.orelse)))
    return None


def _blocks(statement: ast.stmt) -> Iterator[tuple[list[ast.stmt], bool]]:
    """The blocks of a compound statement; those of definitions are their own."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    yield getattr(statement, "body", []), True
    yield getattr(statement, "orelse", []), False
    yield getattr(statement, "finalbody", []), False
    for handler in getattr(statement, "handlers", []):
        yield handler.body, False
