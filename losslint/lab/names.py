"""Which names a piece of syntax needs from around it, and which statements of a block bind them."""

from __future__ import annotations

import ast
import copy
import dis
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType

from losslint.names import dotted

Block = Sequence[ast.stmt]
COMPOUND = ast.If | ast.Try | ast.With
TRACERS = frozenset({"function", "register_keras_serializable", "keras_export", "tf_export", "jit", "njit", "autograph"})


@dataclass(frozen=True, slots=True)
class Binding:
    """A statement that binds a name, and the compound statements around it, outermost first."""

    statement: ast.stmt
    around: tuple[ast.stmt, ...]


@dataclass(frozen=True, slots=True)
class Needs:
    """What a piece of syntax needs: free names, the attributes it reads, and the dotted names that begin with a name."""

    names: frozenset[str]
    attributes: frozenset[str]
    dotted: frozenset[str]


class _Bare(ast.NodeTransformer):
    """Without annotations and the decorators that only trace or register."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = [d for d in node.decorator_list if _last(d) not in TRACERS]
        node.returns = None
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = [d for d in node.decorator_list if _last(d) not in TRACERS]
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node


def _last(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return (dotted(target) or "").rpartition(".")[2]


def needs(*nodes: ast.stmt | ast.expr) -> Needs:
    """What statements or expressions read from the scopes around them: exact, by compiling them."""
    body: list[ast.stmt] = [n if isinstance(n, ast.stmt) else ast.copy_location(ast.Expr(n), n) for n in copy.deepcopy(nodes)]
    tree = ast.Module([_Bare().visit(statement) for statement in body], [])
    attributes: set[str] = set()
    chains: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            attributes.add(node.attr)
            if (name := dotted(node)) is not None:
                chains.add(name)
    try:
        found = frozenset(_loaded(compile(ast.fix_missing_locations(tree), "<slice>", "exec")))
    except (SyntaxError, ValueError):  # `return` outside a function and the like: fall back on the syntax
        found = frozenset(n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    return Needs(found, frozenset(attributes), frozenset(chains))


def _loaded(code: CodeType) -> Iterator[str]:
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"):
            yield str(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _loaded(constant)


def blocks(statement: ast.stmt) -> Iterator[Block]:
    """The blocks of a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        if block := getattr(statement, name, None):
            yield block
    for handler in getattr(statement, "handlers", ()):
        yield handler.body


def header(statement: ast.stmt) -> list[ast.expr]:
    """The expressions of a compound statement that are computed before its blocks."""
    if isinstance(statement, ast.If):
        return [statement.test]
    if isinstance(statement, ast.With):
        return [item.context_expr for item in statement.items]
    if isinstance(statement, ast.Try):
        return [handler.type for handler in statement.handlers if handler.type is not None]
    return []


def _is_main(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in {n.id for n in ast.walk(statement.test) if isinstance(n, ast.Name)}


def bindings(body: Block, around: tuple[ast.stmt, ...] = ()) -> Iterator[tuple[str, Binding]]:
    """Every name that a block binds, with the statement that does; inside of `if`, `try` and `with` too, not in the main guard."""
    for statement in body:
        if isinstance(statement, COMPOUND) and not _is_main(statement):
            if isinstance(statement, ast.With):
                for item in statement.items:
                    if item.optional_vars is not None:
                        for name in targets(item.optional_vars):
                            yield name, Binding(statement, around)
            for block in blocks(statement):
                yield from bindings(block, (*around, statement))
        else:
            for name in bound(statement):
                yield name, Binding(statement, around)


def bound(statement: ast.stmt) -> Iterator[str]:
    """The names that one statement binds, or whose contents it changes by an assignment."""
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Import():
            for alias in statement.names:
                yield alias.asname or alias.name.partition(".")[0]
        case ast.ImportFrom():
            for alias in statement.names:
                yield alias.asname or alias.name
        case ast.Assign():
            for target in statement.targets:
                yield from targets(target)
        case ast.AugAssign() | ast.AnnAssign():
            yield from targets(statement.target)
        case ast.For() | ast.While():
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id


def targets(target: ast.expr) -> Iterator[str]:
    """The names of an assignment's target, those whose items or attributes are assigned included."""
    match target:
        case ast.Name():
            yield target.id
        case ast.Tuple() | ast.List():
            for item in target.elts:
                yield from targets(item)
        case ast.Starred() | ast.Subscript() | ast.Attribute():
            yield from targets(target.value)
