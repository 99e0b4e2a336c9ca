"""Statements of the abstract run: straight-line paths, one branch of each test."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from losslint.analysis import bindings, degree, effects, loops
from losslint.analysis.branches import leaves
from losslint.analysis.calls import operator
from losslint.analysis.conditions import NONE, certain
from losslint.analysis.models import MODEL_TENSORS
from losslint.analysis.node import Node, Site
from losslint.analysis.objects import Constant, Instance, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.roles import setting
from losslint.analysis.scope import Scope
from losslint.analysis.transfer import iterate, subscript, unknown
from losslint.analysis.truth import open_to_change, truth

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run


class Exit(Struct, frozen=True):
    """How a block was left: ``return`` (with its value), ``break``, ``continue`` or ``raise``."""

    how: str
    value: Value | None = None


def execute(run: Run, body: Sequence[ast.stmt], scope: Scope) -> Exit | None:
    """Run statements in order until one leaves the block."""
    for statement in body:
        left = _statement(run, statement, scope)
        if left is not None:
            return left
    return None


def _statement(run: Run, node: ast.stmt, scope: Scope) -> Exit | None:
    match node:
        case ast.Expr(value=value):
            run.evaluate(value, scope)
        case ast.Assign(targets=targets, value=value):
            result = loops.accumulated(run, targets[0], run.evaluate(value, scope), scope)
            for target in targets:
                assign(run, target, result, scope)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            assign(run, target, run.evaluate(value, scope), scope)
        case ast.AugAssign():
            _augment(run, node, scope)
        case ast.Return(value=value):
            held = run.evaluate(value, scope) if value is not None else Constant(None)
            run.returned(held, node, scope)
            return Exit("return", held)
        case ast.If():
            return _branch(run, node, scope)
        case ast.For() | ast.AsyncFor():
            return loops.for_loop(run, node, scope)
        case ast.While():
            return loops.while_loop(run, node, scope)
        case ast.With() | ast.AsyncWith():
            for item in node.items:
                held = run.evaluate(item.context_expr, scope)
                if item.optional_vars is not None:
                    assign(run, item.optional_vars, held, scope)
            return execute(run, node.body, scope)
        case ast.Try() | ast.TryStar():
            left = execute(run, [*node.body, *node.orelse], scope)
            if left is not None and left.how == "raise" and node.handlers:
                left = execute(run, node.handlers[0].body, scope)
            return execute(run, node.finalbody, scope) or left
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            scope.bind(node.name, bindings.definition(run, node, scope))
        case ast.Import() | ast.ImportFrom():
            bindings.bind_imports(run, node, scope)
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            scope.declared |= frozenset(names)
        case ast.Assert(test=test):
            effects.truth(run, run.evaluate(test, scope), run.site(test, scope), "assert")
            run.narrow(certain(run, test, scope)[1])
        case ast.Raise():
            return Exit("raise")
        case ast.Break():
            return Exit("break")
        case ast.Continue():
            return Exit("continue")
        case ast.Match():
            run.evaluate(node.subject, scope)
            return execute(run, node.cases[0].body, scope)
    return None


def raises(body: Sequence[ast.stmt]) -> bool:
    """Whether a block certainly ends in an error."""
    return bool(body) and isinstance(body[-1], ast.Raise)


def _branch(run: Run, node: ast.If, scope: Scope) -> Exit | None:
    value = run.evaluate(node.test, scope)
    effects.truth(run, value, run.site(node.test, scope), "if")
    known = truth(value)
    taken = known if known is not None else not raises(node.body)
    open_ = (known is None or open_to_change(value)) and not (raises(node.body) or raises(node.orelse))
    taken_now = run.path.ways.get(node, run.decide(node.test, taken, open_))
    if taken_now != taken:
        _tell(run, node.test, taken_now, scope)
        if taken_now and isinstance(node.test, ast.Name):
            effects.truth(run, run.evaluate(node.test, scope), run.site(node.test, scope), "if")
    true, false = certain(run, node.test, scope) if known is None else (NONE, NONE)
    with run.narrowed(false if taken_now else true):
        left = execute(run, node.body if taken_now else node.orelse, scope)
    if left is None and leaves(node.orelse if taken_now else node.body):
        run.narrow(false if taken_now else true)
    return left


def _tell(run: Run, test: ast.expr, taken: bool, scope: Scope) -> None:
    """On a flipped path a tested name is what the test now says it is."""
    match test:
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _tell(run, operand, not taken, scope)
        case ast.BoolOp(op=ast.And(), values=values) if taken:
            for value in values:
                _tell(run, value, True, scope)
        case ast.BoolOp(op=ast.Or(), values=values) if not taken:
            for value in values:
                _tell(run, value, False, scope)
        case ast.Name() | ast.Attribute():
            _retell(run, test, None if taken else Constant(False), scope)
        case ast.Compare(left=ast.Name() | ast.Attribute() as left, ops=[op], comparators=[ast.Constant(value=literal)]):
            same = taken == isinstance(op, ast.Eq | ast.Is)
            _retell(run, left, Constant(literal) if same and isinstance(op, ast.Eq | ast.Is | ast.NotEq | ast.IsNot) else None, scope)
        case ast.Compare(left=ast.Name() | ast.Attribute() as left):
            _retell(run, left, None, scope)


def _retell(run: Run, target: ast.expr, value: Value | None, scope: Scope) -> None:
    """Bind a tested name anew; None: something that is not known. A name bound to a tensor stays what it is."""
    if isinstance(run.evaluate(target, scope), Node) and value is None:
        return
    name = target.id if isinstance(target, ast.Name) else target.attr if isinstance(target, ast.Attribute) else ""
    assign(run, target, value or bindings.flipped_value(name, run.site(target, scope)), scope)


def _augment(run: Run, node: ast.AugAssign, scope: Scope) -> None:
    target = node.target
    read: ast.expr
    match target:
        case ast.Name(id=name):
            read = ast.copy_location(ast.Name(name, ast.Load()), target)
        case ast.Attribute(value=value, attr=attr):
            read = ast.copy_location(ast.Attribute(value, attr, ast.Load()), target)
        case ast.Subscript(value=value, slice=index):
            read = ast.copy_location(ast.Subscript(value, index, ast.Load()), target)
    old, new = run.evaluate(read, scope), run.evaluate(node.value, scope)
    if isinstance(old, Items) and isinstance(new, Items) and isinstance(node.op, ast.Add):
        old.items.extend(new.items)
        return
    if isinstance(node.op, ast.Add):
        new = loops.grown(run, new)
    assign(run, target, operator(run, node.op, old, new, run.site(node, scope)), scope)


def assign(run: Run, target: ast.expr, value: Value, scope: Scope) -> None:
    """Bind a target to a value."""
    match target:
        case ast.Name(id=name):
            scope.bind(name, value)
            run.bound(name, value, scope)
        case ast.Attribute(value=owner, attr=attr):
            held = run.evaluate(owner, scope)
            if isinstance(held, Instance):
                held.attributes[attr] = value
                run.bound(attr, value, scope)
        case ast.Subscript(value=owner, slice=index):
            held = run.evaluate(owner, scope)
            _store(run, held, run.evaluate(index, scope), value)
            if isinstance(owner, ast.Name) and isinstance(held, Node) and isinstance(value, Node) and not value.constant:
                grown = degree.union((part.degree, part.constant) for part in (held, value))  # each element is one of either
                scope.bind(owner.id, unknown((held, value), run.site(target, scope), shape=held.shape, degree=grown))
        case ast.Tuple(elts=targets) | ast.List(elts=targets):
            _unpack(run, targets, value, run.site(target, scope), scope)
        case ast.Starred(value=inner):
            assign(run, inner, value, scope)


def _store(run: Run, owner: Value, index: Value, value: Value) -> None:
    if not isinstance(index, Constant):
        return
    if isinstance(owner, Dictionary) or (
        isinstance(owner, Items) and isinstance(index.value, int) and -len(owner.items) <= index.value < len(owner.items)
    ):
        owner.items[index.value] = value


def _unpack(run: Run, targets: list[ast.expr], value: Value, site: Site, scope: Scope) -> None:
    items = bindings.pieces(run, targets, value, site)
    if items is None:
        items = iterate(value, site)
    star = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
    if items is not None and star is not None and len(items) >= len(targets) - 1:
        after = len(targets) - star - 1
        middle: list[Value] = [Items(items[star : len(items) - after])]
        items = [*items[:star], *middle, *items[len(items) - after :]]
    if items is None or len(items) < len(targets):
        items = [_piece(run, value, index, target, site) for index, target in enumerate(targets)]
    for target, item in zip(targets, items, strict=False):
        assign(run, target, item, scope)


def _piece(run: Run, value: Value, index: int, target: ast.expr, site: Site) -> Value:
    """One of several values that an unknown one is unpacked into."""
    if isinstance(value, Node):
        if value.constant:
            return setting("item", site)
        if value.operation == "opaque":
            return unknown((value,), site, shape=value.shape)
        return subscript(value, Constant(index), site)
    only = value.items[0] if isinstance(value, Items) and len(value.items) == 1 else None
    if isinstance(target, ast.Name) and isinstance(only, Node) and only.constant and only.details.get("name") in MODEL_TENSORS:
        return bindings.named_tensor(target.id, site)  # the outputs of several layers, each of them a batch
    return unknown((), site)
