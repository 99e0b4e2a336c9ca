"""What happens to values beside the graph: Python asks for their truth, or a library outside the framework takes them.

Both are recorded as nodes of their own, ``truth`` and ``host``, whose arguments are the values in question; a test of
Python state is a ``decision``, a ``loop`` is a model that is told to `predict` or to `fit`, and ``compiled`` is one that is
given its loss (`losslint.analysis.building`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from losslint.analysis import modes
from losslint.analysis.node import Facts, Node, Site
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.objects import Value
from losslint.analysis.transfer import unknown
from losslint.operations.namespaces import canonical

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

OUTSIDE = re.compile(r"^(?:numpy|math|statistics|scipy|sklearn|skimage|cv2|PIL|pandas)\.")
ATTRIBUTES = frozenset({"numpy.shape", "numpy.ndim", "numpy.iterable"})  # they ask the tensor itself
LEAVING = frozenset(
    {"K.eval", "K.get_value", "K.convert_to_numpy", "ops.convert_to_numpy", "tf.make_ndarray", "tf.make_tensor_proto"} | {".numpy", ".eval"}
)
KNOWN = frozenset({"tf.get_static_value", "tf.contrib.util.constant_value"})  # numbers that are known when the graph is built


def truth(run: Run, value: Value, site: Site, how: str) -> None:
    """Python asks whether a value is true: `how` says where (``if``, ``while``, ``and`` …)."""
    if run.path.quiet or run.path.eager or not isinstance(value, Node):
        return
    if "state" in value.origin:
        run.path.effects.append(Node("decision", (value,), site, value.facts, {"how": how}))
    if value.constant:
        return
    run.path.effects.append(Node("truth", (value,), site, value.facts, {"how": how, "traced": modes.may_ask(run)}))


def given_gradient(run: Run, value: Node, operands: tuple[Node, ...], site: Site) -> None:
    """A function with a gradient of its own is called: what it returns, then what it was given."""
    if not run.path.quiet:
        run.path.effects.append(Node("custom_gradient", (value, *operands), site, value.facts))


def compared(run: Run, one: Value, other: Value, site: Site, how: str) -> None:
    """Python's `max` and `min` ask which of two values is the larger."""
    truth(run, next((v for v in (one, other) if isinstance(v, Node) and not v.constant), one), site, how)


def called(run: Run, name: str, site: Site) -> None:
    """A function of the framework is called, by its full dotted name as imported."""
    if not run.path.quiet and isinstance(site.syntax, ast.Call):
        run.path.called.append(Node("call", (), replace(site, syntax=site.syntax.func), Facts(None, constant=True), {"name": name}))


def looped(run: Run, name: str, operands: tuple[Node, ...], site: Site) -> None:
    """A model is asked to loop over batches itself: `predict`, `fit`."""
    if not run.path.quiet and not run.path.eager:
        facts = unknown(operands, site).facts
        run.path.effects.append(Node("loop", operands or (unknown((), site),), site, facts, {"name": name, "graph": modes.graph(run)}))


def taken_out(run: Run, name: str, values: Iterable[Value], site: Site) -> None:
    """A function outside the framework is called on values."""
    operands = tuple(_data(values))
    if operands and not run.path.quiet and not run.path.eager and name not in ATTRIBUTES and canonical(name) not in KNOWN:
        run.path.effects.append(Node("host", operands, site, unknown(operands, site).facts, {"name": name}))


def leaves(name: str) -> bool:
    """Whether a full dotted name is a function of a library that knows no tensors, or one that makes arrays of them."""
    return OUTSIDE.match(name) is not None or canonical(name) in LEAVING | KNOWN


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
