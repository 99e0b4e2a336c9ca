"""Loops and comprehensions: short known ones are unrolled, others walked once; what a batch-long one adds up grows."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from losslint.analysis import degree, effects, statements
from losslint.analysis.models import WEIGHTS_NAME, one_of, several, trainable
from losslint.analysis.node import Facts, Node
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.scope import Scope
from losslint.analysis.shape import SCALAR
from losslint.analysis.transfer import iterate, subscript, unknown

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

MOST_ITEMS = 8


@contextmanager
def _batch_loop(run: Run, power: int) -> Iterator[None]:
    run.path.batch_loops += power
    try:
        yield
    finally:
        run.path.batch_loops -= power


def _rounds(run: Run, iterable: ast.expr, value: Value, scope: Scope) -> tuple[list[Value], int]:
    """The items that a loop sees (one stand-in where they are not known), and the batch power of its length."""
    site = run.site(iterable, scope)
    if isinstance(value, Items):
        if len(value.items) <= MOST_ITEMS or value.power:
            return value.items, value.power
        return value.items[:1], 0
    if isinstance(value, Dictionary):
        return [Constant(key) for key in list(value.items)[:MOST_ITEMS]], 0
    if isinstance(value, Node) and value.operation == "range":
        length = value.details.get("length")
        counts = isinstance(length, Node) and not length.details.get("list")  # a parameter that Python counts is a list of tensors
        power = int(max(degree.known(length.degree), default=0)) if counts and length is not None else 0
        facts = Facts(SCALAR, constant=True, python=True)
        return [Node("counter", (), site, facts, {"range": value})], power
    if isinstance(value, Node) and several(value):
        weights = value.shape is None and WEIGHTS_NAME.search(str(value.details.get("name", "")))
        return [trainable(site) if weights else one_of(value, site)], 0
    items = iterate(value, site)
    if items is not None:
        return (items if len(items) <= MOST_ITEMS else items[:1]), 0
    if isinstance(value, Node):
        first = value.shape.axis(0) if value.shape is not None else None
        return [subscript(value, Constant(0), site)], first.power if first else 0
    return [unknown((), site)], 0


def for_loop(run: Run, node: ast.For | ast.AsyncFor, scope: Scope) -> statements.Exit | None:
    """Walk a for loop."""
    items, power = _rounds(run, node.iter, run.evaluate(node.iter, scope), scope)
    with _batch_loop(run, power):
        for item in items:
            statements.assign(run, node.target, item, scope)
            left = run.execute(node.body, scope)
            if left is not None and left.how in ("return", "raise"):
                return left
            if left is not None and left.how == "break":
                return None
    return run.execute(node.orelse, scope)


def while_loop(run: Run, node: ast.While, scope: Scope) -> statements.Exit | None:
    """Walk the body of a while loop once."""
    effects.truth(run, run.evaluate(node.test, scope), run.site(node.test, scope), "while")
    left = run.execute(node.body, scope)
    return left if left is not None and left.how in ("return", "raise") else None


def grown(run: Run, value: Value) -> Value:
    """What is added in a batch-long loop: a sum over the batch of itself."""
    power = run.path.batch_loops
    if not power or not isinstance(value, Node) or value.constant:
        return value
    facts = replace(value.facts, degree=degree.shift(value.degree, power), shape=value.shape)
    return Node("sum", (value,), value.site, facts, {"axes": "loop", "gone": [], "keepdims": False})


def accumulated(run: Run, target: ast.expr, value: Value, scope: Scope) -> Value:
    """`total = total + x` in a batch-long loop grows like ``total += x``."""
    if not run.path.batch_loops or not isinstance(target, ast.Name) or not isinstance(value, Node) or value.operation != "add":
        return value
    found = scope.find(target.id)
    if found is None or len(value.arguments) != 2 or found[0] not in value.arguments:
        return value
    other = next(a for a in value.arguments if a is not found[0])
    more = grown(run, other)
    assert isinstance(more, Node)
    arguments = tuple(more if a is other else a for a in value.arguments)
    parts = degree.union((a.degree, a.constant) for a in arguments)
    return Node("add", arguments, value.site, replace(value.facts, degree=parts), value.details)


def _configured(length: Value | None) -> bool:
    """Whether the length of a range is a configured batch size."""
    return isinstance(length, Node) and length.constant and length.marked("declared-batch")


def comprehend(run: Run, generators: list[ast.comprehension], scope: Scope, element: Callable[[Scope], Value]) -> Value:
    """The items of a comprehension; one stand-in for each loop whose items are not known. That of a bare counter is its range."""
    inner = Scope(scope.file, scope.function, scope, outside=scope.outside)
    made = Items([])

    def level(depth: int) -> None:
        if depth == len(generators):
            made.items.append(element(inner))
            return
        generator = generators[depth]
        over = run.evaluate(generator.iter, inner)
        items, power = _rounds(run, generator.iter, over, inner)
        made.declared = made.declared or (power > 0 and isinstance(over, Node) and _configured(over.details.get("length")))
        made.power += power if not made.items else 0
        for item in items:
            statements.assign(run, generator.target, item, inner)
            for test in generator.ifs:
                effects.truth(run, run.evaluate(test, inner), run.site(test, inner), "if")
            level(depth + 1)

    level(0)
    only = made.items[0] if len(made.items) == 1 and not generators[0].ifs else None
    return only.details["range"] if isinstance(only, Node) and only.operation == "counter" else made
