"""What a rule proposes to write instead: the user's own expressions, text, and operations that are spelt as the file spells its own."""

from __future__ import annotations

import ast

from msgspec import Struct

from losslint.analysis.node import Node
from losslint.analysis.roles import roles
from losslint.analysis.trace import Trace
from losslint.names import last
from losslint.operations.catalogue import bind, lookup, method
from losslint.operations.namespaces import canonical

SAFE, UNSAFE = "safe", "unsafe"


class Operation(Struct, frozen=True):
    """The function of an operation of the catalogue, by its canonical name; how it is spelt depends on the file."""

    name: str


class Term(Struct, frozen=True):
    """An expression of the user's as an operand: in parentheses unless it is one name, number, call or the like."""

    syntax: ast.expr


class Moved(Struct, frozen=True):
    """A function by its full dotted name, spelt with the file's own imports."""

    name: str


Piece = str | ast.expr | Term | Operation | Moved


class Change(Struct, frozen=True):
    """One expression or assignment and what replaces it, or a function and the lines that come behind it, a tab for each level of their indentation.

    Attributes
    ----------
    operator
        Whether the new text is no atom, and gets parentheses where it stands in a larger expression.
    """

    syntax: ast.expr | ast.Assign | ast.AugAssign | ast.FunctionDef
    pieces: tuple[Piece, ...]
    operator: bool = False


class Repair(Struct, frozen=True):
    """A proposal.

    Attributes
    ----------
    safety
        ``safe``: value and gradient stay on every batch on which the loss worked; else ``unsafe``.
    message
        What is written and, where it is unsafe, what will change in training.
    changes
        All of them belong together.
    """

    safety: str
    message: str
    changes: tuple[Change, ...]


def call(operation: str, *arguments: Piece) -> tuple[Piece, ...]:
    """The pieces of a call of an operation."""
    pieces: list[Piece] = [Operation(operation), "("]
    for place, argument in enumerate(arguments):
        pieces += [", ", argument] if place else [argument]
    return (*pieces, ")")


def argument(node: Node, place: int = 0) -> ast.expr | None:
    """The expression that a call or operator has as an operand, in the order of its operation; None where it is written otherwise.

    A tensor's method has the tensor itself as its first operand.
    """
    syntax = node.site.syntax
    if isinstance(syntax, ast.BinOp):
        return (syntax.left, syntax.right)[place] if place < 2 else None
    if isinstance(syntax, ast.AugAssign):
        return syntax.value if place == 1 else None
    if not isinstance(syntax, ast.Call) or any(isinstance(given, ast.Starred) for given in syntax.args):
        return None
    name = node.site.source.index.resolve(syntax.func)
    entry = lookup(canonical(name) or "") if name is not None else None
    if entry is None:
        if not isinstance(syntax.func, ast.Attribute) or (of := method(syntax.func.attr)) is None or of.operation.name != node.operation:
            return None
        return (syntax.func.value, *syntax.args)[place] if place <= len(syntax.args) else None
    keywords = {keyword.arg: keyword.value for keyword in syntax.keywords if keyword.arg}
    names = entry.operation.parameters.split()
    return bind(entry, syntax.args, keywords).get(names[place]) if place < len(names) else None


def added_to_one(syntax: ast.expr | None) -> ast.expr | None:
    """What a literal 1 is added to, None where an expression is no such sum."""
    if not isinstance(syntax, ast.BinOp) or not isinstance(syntax.op, ast.Add):
        return None
    others = [side for side in (syntax.left, syntax.right) if not (isinstance(side, ast.Constant) and side.value == 1)]
    return others[0] if len(others) == 1 else None


def samples(trace: Trace, node: Node) -> tuple[Piece, ...]:
    """The number of samples of the batch, read from an input in the function of a value; empty where no input can be told."""
    scope = trace.loss.scope
    if scope.function is None or node.site.function != trace.loss.function or isinstance(scope.function, ast.Lambda):
        return ()
    given = roles(scope, trace.loss.evidence)
    left_out = scope.assigned | _mappings(scope.function) | scope.unpacked | scope.indexed.keys()  # the last two may be lists of tensors
    read = {part.id for part in ast.walk(scope.function) if isinstance(part, ast.Name)}  # what is not may be anything
    names = [name for role in ("pred", "true") for name in scope.parameters if given.get(name) == role and name in read - left_out]
    if not names:
        return ()
    kind = f"{names[0]}.dtype" if given[names[0]] == "pred" else '"float32"'  # targets may be whole numbers
    return (Operation("cast"), "(", Operation("shape"), f"({names[0]})[0], {kind})")


def _mappings(function: ast.AST) -> set[str]:
    """Names that may hold a mapping of tensors: they are asked by a text, or by what a loop takes from something that is no range."""
    loops = [part for part in ast.walk(function) if isinstance(part, ast.For | ast.comprehension)]
    ranges = [loop for loop in loops if isinstance(loop.iter, ast.Call) and last(loop.iter.func) == "range"]
    keys = {name.id for loop in loops if loop not in ranges for name in ast.walk(loop.target) if isinstance(name, ast.Name)}
    found: set[str] = set()
    for part in ast.walk(function):
        match part:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str())):
                found.add(name)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Name(id=key)) if key in keys:
                found.add(name)
    return found
