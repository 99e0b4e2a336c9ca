"""Selections: `where`, `cond`, `switch`, masks."""

from __future__ import annotations

from contextlib import nullcontext
from functools import reduce
from typing import TYPE_CHECKING

from losslint.analysis import columns, degree
from losslint.analysis.columns import rounded
from losslint.analysis.node import Gradient, Node, Site, reach
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import SCALAR, Shape, broadcast
from losslint.analysis.transfer.axes import NUMPY_LIKE
from losslint.analysis.transfer.gathering import indices_of
from losslint.analysis.transfer.indexing import boolean_mask
from losslint.analysis.transfer.results import Arguments, as_node, callable_value, made, unknown
from losslint.operations.functions import where
from losslint.operations.operation import Operation

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

FILLERS = frozenset({"zeros_like", "ones_like", "zeros", "ones", "fill"})
COUNTS = frozenset({"size", "dimension", "count_nonzero"})
TESTS = frozenset(
    {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "logical_not", "logical_and", "logical_or", "cast", "identity"}
)


def selection(op: Operation, arguments: Arguments, site: Site, run: Run, spelling: str) -> Value:
    """The result of a selection."""
    if op.name == "boolean_mask":
        return boolean_mask(as_node(arguments.get("x", Constant(None)), site), as_node(arguments.get("mask", Constant(None)), site), site)
    if op.name == "case":
        return _one_of(arguments, site, run)
    if op.name == "nan_to_num":
        x = as_node(arguments.get("x", Constant(None)), site)
        return made(op.name, [x], site, shape=x.shape, degree=x.degree, columns=x.columns)
    if op.name == "in_train_phase":
        chosen = arguments.get("x", Constant(None))
        return run.call(chosen, [], {}, site) if callable_value(chosen) else chosen
    condition = as_node(arguments.get("condition", Constant(None)), site)
    if "x" not in arguments:
        if spelling.endswith("flatnonzero"):
            return indices_of(condition, site, rows=False)
        if not spelling.startswith(NUMPY_LIKE) or spelling.endswith("argwhere"):
            return indices_of(condition, site)
        return made("positions", [condition], site, shape=None, degree=degree.UNKNOWN, gradient=min(condition.gradient, Gradient.BLOCKED))
    return _chosen(op.name, condition, arguments["x"], arguments.get("y", Constant(None)), site, run)


def _chosen(name: str, condition: Node, x: Value, y: Value, site: Site, run: Run) -> Value:
    branches = []
    for branch, truth in ((x, True), (y, False)):
        if callable_value(branch):
            holds, fails = condition.columns.truth
            with run.narrowed(fails if truth else holds) if not condition.constant else nullcontext():
                branch = run.call(branch, [], {}, site)
        branches.append(as_node(branch, site))
    operands = [condition, *branches]
    values = columns.apply(where, [condition.columns, *(rounded(b.columns) if b.facts.python else b.columns for b in branches)])
    gradient = max(*(b.gradient for b in branches), min(condition.gradient, Gradient.BLOCKED))
    parts = _parts(name, branches)
    parted = name == "cond" or (name == "switch" and condition.shape in (None, SCALAR))
    shape = _either(branches) if parted else reduce(broadcast, (o.shape for o in (operands if name == "where" else branches)))
    result = made(name, operands, site, shape=shape, degree=parts, columns=values, gradient=gradient)
    if condition.shape == SCALAR and _asks_how_many(condition):
        return result.with_facts(marks=result.facts.marks - {"maybe-empty"})
    return result


def _either(branches: list[Node]) -> Shape | None:
    """The shape of one of two branches, whichever it is: known where both have the same."""
    one, other = (branch.shape for branch in branches)
    return one if one == other else None


def _asks_how_many(condition: Node) -> bool:
    """Whether a condition asks for a number of elements: then an empty selection is not what was chosen."""
    asked = reach(condition, through=lambda node: node.operation in TESTS)
    return any(node.operation in COUNTS for node in asked)


def _one_of(arguments: Arguments, site: Site, run: Run) -> Value:
    """The result of one of several functions, or of the default."""
    given = arguments.get("branches", Constant(None))
    listed = list(given.items.values()) if isinstance(given, Dictionary) else list(given.items) if isinstance(given, Items) else []
    found = [item.items[-1] if isinstance(item, Items) and item.items else item for item in listed]
    found += [v for name in ("default",) if callable_value(v := arguments.get(name)) and v is not None]
    if not found or not all(callable_value(function) for function in found):
        return unknown([as_node(v, site) for v in arguments.values() if not callable_value(v)], site)
    branches = [as_node(run.call(function, [], {}, site), site) for function in found]
    shape = branches[0].shape if all(b.shape == branches[0].shape for b in branches) else None
    return made("case", branches, site, shape=shape, degree=_parts("case", branches), gradient=max(b.gradient for b in branches))


def _parts(name: str, branches: list[Node]) -> degree.Degree:
    """The degree of a selection; which of two whole branches it is, of which one grows and one does not, is not known."""
    even = [b.degree == degree.ZERO for b in branches if not _settled(b)]
    whole = name != "where" or all(b.shape == SCALAR for b in branches)
    if whole and any(even) and not all(even):
        return degree.UNKNOWN
    return degree.union((b.degree, _settled(b)) for b in branches)


def _settled(node: Node) -> bool:
    """Whether a value is a setting: a constant, or one in the shape of something."""
    return node.constant or node.operation in FILLERS
