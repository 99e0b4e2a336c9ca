"""What happens to values beside the graph: Python asks for their truth, or a library outside the framework takes them.

Both are recorded as nodes of their own, ``truth`` and ``host``, whose arguments are the values in question; a test of
Python state is a ``decision``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from losslint.analysis.node import Node, Site
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.objects import Value
from losslint.analysis.transfer import unknown
from losslint.names import Scoped, dotted
from losslint.operations.namespaces import canonical

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run
    from losslint.analysis.scope import File

OUTSIDE = re.compile(r"^(?:numpy|math|statistics|scipy|sklearn|skimage|cv2|PIL|pandas)\.")
ATTRIBUTES = frozenset({"numpy.shape", "numpy.ndim", "numpy.iterable"})  # they ask the tensor itself
LEAVING = frozenset(
    {"K.eval", "K.get_value", "K.convert_to_numpy", "ops.convert_to_numpy", "tf.make_ndarray", "tf.make_tensor_proto"}
    | {".numpy", ".eval", ".item", ".tolist"}
)
KERAS_STEPS = frozenset({"train_step", "test_step"})  # Keras builds a graph of them, and rewrites nothing
TRACING = frozenset({"tf.function", "tf.contrib.eager.defun", "tf.autograph.to_graph", "tf.contrib.autograph.to_graph"})


def truth(run: Run, value: Value, site: Site, how: str) -> None:
    """Python asks whether a value is true: `how` says where (``if``, ``while``, ``and`` …)."""
    if run.path.quiet or run.path.eager or not isinstance(value, Node):
        return
    if "state" in value.origin:
        run.path.effects.append(Node("decision", (value,), site, value.facts, {"how": how}))
    if value.constant:
        return
    run.path.effects.append(Node("truth", (value,), site, value.facts, {"how": how, "traced": _traced(run)}))


def taken_out(run: Run, name: str, values: Iterable[Value], site: Site) -> None:
    """A function outside the framework is called on values."""
    operands = tuple(_data(values))
    if operands and not run.path.quiet and not run.path.eager and name not in ATTRIBUTES:
        run.path.effects.append(Node("host", operands, site, unknown(operands, site).facts, {"name": name}))


def leaves(name: str) -> bool:
    """Whether a full dotted name is a function of a library that knows no tensors, or one that makes arrays of them."""
    return OUTSIDE.match(name) is not None or canonical(name) in LEAVING


def _data(values: Iterable[Value]) -> Iterator[Node]:
    for value in values:
        if isinstance(value, Items):
            yield from _data(value.items)
        elif isinstance(value, Dictionary):
            yield from _data(value.items.values())
        elif isinstance(value, Node) and not value.constant:
            yield value


def left(value: Node, site: Site) -> Node:
    """A value that has left the framework: the same number, no tensor any more."""
    if value.site is site:
        value.details["spelling"] = "host"
        return value
    return Node("identity", (value,), site, value.facts, {"spelling": "host"})


# --- decorators --------------------------------------------------------------------------------------------------


def decorators(run: Run, node: ast.AST) -> frozenset[str]:
    """The canonical names of the decorators of a function that go back to a framework."""
    listed = getattr(node, "decorator_list", [])
    file = next((file for file in run.files.values() if node in file.index.by_node), None) if listed else None
    if file is None:
        return frozenset()
    names = (file.index.resolve(d.func if isinstance(d, ast.Call) else d) for d in listed)
    return frozenset(spelt for name in names if name and (spelt := canonical(name)))


def _around(run: Run) -> Iterator[tuple[File, Scoped]]:
    """The functions on the way here, and those around them."""
    for file in run.files.values():
        for node in run.path.stack:
            scoped = file.index.by_node.get(node)
            while scoped is not None:
                yield file, scoped
                scoped = scoped.parent


def _traced(run: Run) -> bool:
    """Whether Python's `if` works on tensors here: autograph rewrites a function on the way, or one around it, or it runs eagerly."""
    return any(_rewritten(run, file, scoped) or scoped.short in _taped(run, file) for file, scoped in _around(run))


def _rewritten(run: Run, file: File, scoped: Scoped) -> bool:
    return bool(decorators(run, scoped.node) & TRACING) or scoped.short in _wrapped(file)


def graph(run: Run) -> bool | None:
    """Whether what is walked becomes part of a graph (True) or runs eagerly (False), by what the file says; None: it does not say."""
    if any(_rewritten(run, file, scoped) or _keras_step(scoped) for file, scoped in _around(run)):
        return True
    return False if any(scoped.short in _taped(run, file) for file, scoped in _around(run)) else None


def _keras_step(scoped: Scoped) -> bool:
    return scoped.owner is not None and scoped.short in KERAS_STEPS


def _wrapped(file: File) -> set[str]:
    """The names of functions that a file gives to `tf.function` itself."""
    calls = (call for scope in file.index.scopes for call in scope.calls if call.args)
    return {_last(call.args[0]) for call in calls if (name := file.index.resolve(call.func)) and canonical(name) in TRACING}


def _taped(run: Run, file: File) -> set[str]:
    """The names of functions that only training loops of the file's own call, under a tape or rewritten by autograph."""
    called: set[str] = set()
    elsewhere: set[str] = set()
    for scope in file.index.scopes:
        own = "GradientTape" in scope.called and not _keras_step(scope)
        free = own or bool(decorators(run, scope.node) & TRACING)
        (called if free else elsewhere).update(_last(call.func) for call in scope.calls)
        elsewhere.update(_last(value) for call in scope.calls for value in (*call.args, *(k.value for k in call.keywords)))
    return called - elsewhere


def _last(node: ast.expr) -> str:
    return (dotted(node) or "").rpartition(".")[2]
