"""Python state: numbers outside a loss that other code changes while a model trains, and random numbers that Python draws.

Keras traces a loss into a graph once. What Python computed then is a constant of the graph for ever. Such a value carries
the origin ``state``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from losslint.analysis import classes, modes
from losslint.analysis.node import Facts, Node, Site
from losslint.analysis.objects import Constant, Instance, Value
from losslint.analysis.roles import BATCH_SIZE_NAME
from losslint.analysis.scope import Scope
from losslint.names import Scoped

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

STATE = frozenset({"state"})
DRAWN = re.compile(r"^(?:numpy\.)?random\.(?!seed$|default_rng$|RandomState$|Generator$|shuffle$)[a-z]\w*$")
TRAINING = re.compile(r"^on_(?:epoch|batch|train|test|predict)")
BEFORE = frozenset({"__init__", "build", "compile", "from_config", "set_weights", "__setstate__", "reset", "reset_states"})
Place = ast.AST


def variable(run: Run, value: Value, name: str, where: Scope, site: Site) -> Value:
    """A name of the code around a loss: state where that code changes it while the model trains."""
    if not _number(value) or BATCH_SIZE_NAME.match(name):
        return value
    scoped = next((s for s in where.file.index.scopes if s.name == where.function), None)
    place = None if scoped is None else next(_rebound(where.file.index.scopes, scoped, name), None)
    return value if place is None else _state(run, name, site, Site(place, where.file.source, where.function))


def attribute(run: Run, value: Value, owner: Instance, name: str, site: Site) -> Value:
    """An attribute of an object that the code of its class, or a callback, changes while the model trains."""
    if not _number(value) or BATCH_SIZE_NAME.match(name):
        return value
    cls = owner.cls
    index = cls.scope.file.index
    scoped = index.by_node.get(cls.node)
    own = set(scoped.stored.get(name, ())) - BEFORE if scoped is not None else set()
    for inner in index.scopes:
        if name not in inner.assigned or {"compile", "fit"} & inner.called:
            continue
        inside = inner.owner is scoped and inner.short in own
        if inside or TRAINING.match(inner.short):
            for place in _changes(inner, name, anyhow=classes.is_loss(owner)):
                return _state(run, f"self.{name}", site, Site(place, cls.source, inner.name))
    return value


def drawn(run: Run, name: str, value: Value) -> Value:
    """The result of a function of Python's or numpy's, if it draws a random number."""
    if run.path.quiet or not DRAWN.match(name) or not isinstance(value, Node) or value.origin & {"true", "pred", "input"}:
        return value
    facts = replace(value.facts, origin=value.origin | STATE)
    return Node(value.operation, value.arguments, value.site, facts, {**value.details, "drawn": name, "graph": modes.graph(run)})


def _number(value: Value) -> bool:
    """Whether a value may be a number of Python's that is no tensor."""
    if isinstance(value, Constant):
        return isinstance(value.value, int | float)
    return isinstance(value, Node) and value.constant and value.facts.python and value.operation == "setting"


def _state(run: Run, name: str, site: Site, place: Site) -> Node:
    """A number of which only the origin is known."""
    facts = Facts(origin=STATE, constant=True, python=True)
    return Node("setting", (), site, facts, {"name": name, "changed": Node("change", (), place, Facts()), "graph": modes.graph(run)})


def _rebound(scopes: list[Scoped], scope: Scoped, name: str) -> Iterator[Place]:
    """Where a name of a scope is bound anew while a model trains, by an inner function or in a loop."""
    for inner in scopes:
        if name in inner.declared and name in inner.assigned and "compile" not in inner.called:
            yield from _changes(inner, name)
    if name in scope.assigned:
        for loop in scope.loops:
            parts = list(_own(loop))
            if not any(isinstance(p, ast.FunctionDef) or _compiles(p) for p in parts):
                yield from (p for p in parts if isinstance(p, ast.stmt) and name in _targets(p))


def _changes(function: Scoped, name: str, anyhow: bool = False) -> list[Place]:
    """Where a function changes a number that outlives it: a callback anyhow, any other by making it of what it was."""
    places = list(_stores(function.node, name))
    return places if anyhow or TRAINING.match(function.short) or all(_counts(place, name) for place in places) else []


def _counts(place: Place, name: str) -> bool:
    """Whether a name is bound to something made of what it was: a counter, a decay."""
    if isinstance(place, ast.AugAssign):
        return True
    value = getattr(place, "value", None)
    computed = [n for n in ast.walk(value) if isinstance(n, ast.BinOp)] if value is not None else []  # a cast of what it was is no change
    return any(ast.unparse(n) in (name, f"self.{name}") for c in computed for n in ast.walk(c) if isinstance(n, ast.Name | ast.Attribute))


def _compiles(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("compile", "Model", "Sequential")


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """What is in a piece of code; of functions defined there only the definition itself."""
    stack = list(ast.iter_child_nodes(node))
    while stack:
        inner = stack.pop(0)
        yield inner
        if not isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            stack = [*ast.iter_child_nodes(inner), *stack]


def _targets(node: ast.AST) -> set[str]:
    """The names and attributes that a statement binds."""
    match node:
        case ast.Assign(targets=targets):
            bound = targets
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            bound = [target]
        case _:
            return set()
    flat = [inner for target in bound for inner in (target.elts if isinstance(target, ast.Tuple) else [target])]
    return {t.id for t in flat if isinstance(t, ast.Name)} | {t.attr for t in flat if isinstance(t, ast.Attribute)}


def _stores(node: ast.AST, name: str) -> Iterator[Place]:
    """The statements of a function that bind a name or an attribute."""
    return (inner for inner in _own(node) if name in _targets(inner))
