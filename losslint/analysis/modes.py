"""How the functions of a file run: as a graph that autograph has rewritten, as Keras traces a training step, or eagerly."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from losslint.analysis.scope import File
from losslint.names import Scoped, last
from losslint.operations.namespaces import canonical

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

TRACING = frozenset({"tf.function", "tf.contrib.eager.defun", "tf.autograph.to_graph", "tf.contrib.autograph.to_graph"})
KERAS_STEPS = frozenset({"train_step", "test_step"})  # Keras builds a graph of them, and rewrites nothing


class Modes(Struct, frozen=True):
    """Functions of a file, each with the functions in it.

    Attributes
    ----------
    rewritten
        In the hands of `tf.function`: Python's `if` on a tensor becomes one of the graph.
    steps
        Training steps of a model.
    eager
        Called by training loops of the file's own, and by nobody else.
    """

    rewritten: frozenset[ast.AST]
    steps: frozenset[ast.AST]
    eager: frozenset[ast.AST]


def training(mode: str) -> bool | None:
    """Whether an estimator that is being trained is in a mode; None for what is no mode."""
    owner, _, name = mode.rpartition(".")
    return name == "TRAIN" if owner.endswith("ModeKeys") else None


def may_ask(run: Run) -> bool:
    """Whether Python may ask for the truth of a tensor here: a function on the way is rewritten, or runs eagerly."""
    return any(node in modes.rewritten | modes.eager for node, modes in _on_the_way(run))


def graph(run: Run) -> bool | None:
    """Whether what is walked becomes part of a graph (True) or runs eagerly (False), by what the file says; None: it does not say."""
    way = _on_the_way(run)
    if any(node in modes.rewritten | modes.steps for node, modes in way):
        return True
    return False if any(node in modes.eager for node, modes in way) else None


def _on_the_way(run: Run) -> list[tuple[ast.AST, Modes]]:
    way: list[tuple[ast.AST, Modes]] = []
    for file in run.files.values():
        inside = [node for node in run.path.stack if node in file.index.by_node]
        if inside and file not in run.modes:
            run.modes[file] = _of(file)
        way.extend((node, run.modes[file]) for node in inside)
    return way


def decorators(file: File, node: ast.AST) -> frozenset[str]:
    """The canonical names of the decorators of a function that go back to a framework."""
    names = (file.index.resolve(d.func if isinstance(d, ast.Call) else d) for d in getattr(node, "decorator_list", ()))
    return frozenset(spelt for name in names if name and (spelt := canonical(name)))


def _of(file: File) -> Modes:
    scopes = file.index.scopes
    wrapped, taped = _wrapped(file), _taped(file)
    rewritten = {s.node for s in scopes if s.short in wrapped or decorators(file, s.node) & TRACING}
    steps = {s.node for s in scopes if _keras_step(s)}
    eager = {s.node for s in scopes if s.short in taped}
    return Modes(_with_inner(scopes, rewritten), _with_inner(scopes, steps), _with_inner(scopes, eager))


def _with_inner(scopes: Iterable[Scoped], nodes: set[ast.AST]) -> frozenset[ast.AST]:
    """These functions and those defined in them; scopes come in the order of the text, outer ones first."""
    for scope in scopes:
        if scope.parent is not None and scope.parent.node in nodes:
            nodes.add(scope.node)
    return frozenset(nodes)


def _keras_step(scope: Scoped) -> bool:
    return scope.owner is not None and scope.short in KERAS_STEPS


def _wrapped(file: File) -> set[str]:
    """The names of functions that a file gives to `tf.function` itself."""
    functions = {scope.short for scope in file.index.scopes if scope.function is not None}
    calls = ((call.func, last(call.args[0])) for scope in file.index.scopes for call in scope.calls if call.args)
    given = ((function, name) for function, name in calls if name in functions)
    return {name for function, name in given if name and canonical(file.index.resolve(function) or "") in TRACING}


def _taped(file: File) -> set[str]:
    """The names of functions that only training loops of the file's own call, under a tape or rewritten by autograph."""
    free = {s for s in file.index.scopes if ("GradientTape" in s.called and not _keras_step(s)) or decorators(file, s.node) & TRACING}
    called = {last(call.func) for scope in free for call in scope.calls}
    if not called:
        return set()
    elsewhere = {last(call.func) for scope in file.index.scopes if scope not in free for call in scope.calls}
    for call in (call for scope in file.index.scopes for call in scope.calls):
        elsewhere.update(last(value) for value in (*call.args, *(k.value for k in call.keywords)))
    return {name for name in called - elsewhere if name}
