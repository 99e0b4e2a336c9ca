"""Options taken the other way: the value under which a test of the code goes to the branch that the default does not take."""

from __future__ import annotations

import ast
from typing import Any

MISSING = object()
CANDIDATES: tuple[Any, ...] = (True, False, 1.0, 0.0, 2.0, -1.0, None, "flipped")


def flipped(test: str, name: str, default: ast.expr | None) -> Any:
    """A value of a parameter under which a test is true if it is false for the default, and the reverse; `MISSING` if none is known.

    Parameters
    ----------
    test
        Source of the test. It may read ``self.name`` for a parameter of the constructor.
    default
        Of the parameter; None: it has none.
    """
    try:
        tree = ast.parse(test, mode="eval")
        before = ast.literal_eval(default) if default is not None else MISSING
    except (SyntaxError, ValueError):
        return MISSING
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    bare = _Bare().visit(tree)
    read = {node.id for node in ast.walk(bare) if isinstance(node, ast.Name)} - {"isinstance", "len"}
    if name not in read or len(read) > 1 or before is MISSING or "self" in names - {"self"}:
        return MISSING
    code = compile(ast.fix_missing_locations(bare), "<test>", "eval")
    constants = [node.value for node in ast.walk(bare) if isinstance(node, ast.Constant)]
    truth = _truth(code, name, before)
    for candidate in (*constants, *CANDIDATES):
        if truth is not None and candidate != before and _truth(code, name, candidate) is (not truth):
            return candidate
    return MISSING


def _truth(code: Any, name: str, value: Any) -> bool | None:
    try:
        return bool(eval(code, {"__builtins__": {}}, {name: value}))
    except Exception:  # a comparison that this kind of value does not have
        return None


class _Bare(ast.NodeTransformer):
    """``self.x`` as ``x``; calls are not evaluated."""

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            return ast.copy_location(ast.Name(node.attr.lstrip("_"), ast.Load()), node)
        return self.generic_visit(node)
