"""Functions called on pieces, and again and again: map_fn, foldl, scan, while_loop, TensorArray."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from losslint.analysis import degree
from losslint.analysis.columns import UNKNOWN
from losslint.analysis.node import Gradient, Node, Site, reach
from losslint.analysis.objects import Constant, Value
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.shape import ANY, Axis, Shape
from losslint.analysis.transfer import indexing
from losslint.analysis.transfer.lengths import length
from losslint.analysis.transfer.results import Arguments, as_node, callable_value, made, unknown
from losslint.operations.operation import Flow, Operation

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

ARRAY = "tensor_array"


def mapped(op: Operation, arguments: Arguments, site: Site, run: Run) -> Value:
    """The result of calling a function over and over."""
    match op.name:
        case "py_function" | "numpy_function":
            return _on_host(op, arguments, site, run)
        case "tensor_array":
            return made(ARRAY, [], site, shape=None, degree=degree.ZERO, constant=False, size=length(arguments.get("size")))
    function, x = arguments.get("f"), arguments.get("x", Constant(None))
    operands = [as_node(v, site) for v in arguments.values() if not callable_value(v)]
    if function is None or not callable_value(function):
        return unknown(operands, site)
    match op.name:
        case "while_loop":
            return _repeated(function, x, arguments, site, run, operands)
        case "fori_loop":
            bound = as_node(arguments.get("upper", Constant(None)), site)
            done = run.call(function, [unknown([bound], site, shape=Shape(), degree=degree.ZERO), x], {}, site)
            return _kept(x, done, _grows(bound), site)
    row, first = _row(x, site)
    if row is None or first is None:
        return unknown(operands, site)
    if op.name == "map_fn":
        return _stacked(run.call(function, [row], {}, site), first, site)
    start = arguments.get("initial", row)
    if isinstance(start, Constant) and start.value is None:
        start = row
    result = _kept(start, run.call(function, [start, row], {}, site), first.power > 0, site)
    return _stacked(result, first, site) if op.name == "scan" else result


def _on_host(op: Operation, arguments: Arguments, site: Site, run: Run) -> Value:
    """`py_function` and `numpy_function`: the function on its list of inputs, with and without a gradient."""
    function, x = arguments.get("f"), arguments.get("x", Constant(None))
    if function is None or not callable_value(function):
        result = unknown([as_node(x, site)], site)
        return result if op.flow is Flow.FLOWS else result.with_facts(gradient=min(result.gradient, Gradient.BLOCKED))
    with run.eagerly():
        done = run.call(function, list(x.items) if isinstance(x, Items) else [x], {}, site)
    if isinstance(done, Node) and op.flow is not Flow.FLOWS:
        return Node(op.name, (done,), site, replace(done.facts, gradient=min(done.gradient, Gradient.BLOCKED)))
    return done


def _row(x: Value, site: Site) -> tuple[Value | None, Axis | None]:
    """One piece of what is mapped over, and the axis along which it is cut."""
    if isinstance(x, Items):
        rows = [_row(item, site) for item in x.items]
        if not rows or any(row is None for row, _ in rows):
            return None, None
        return Items([row for row, _ in rows if row is not None], x.mutable), rows[0][1]
    if not isinstance(x, Node) or x.shape is None or not x.shape.least_rank:
        return None, None
    return indexing.subscript(x, Constant(0), site), x.shape.axis(0)


def _stacked(done: Value, first: Axis, site: Site) -> Value:
    """The results for all pieces, the first axis put back."""
    if isinstance(done, Items):
        return Items([_stacked(item, first, site) for item in done.items], mutable=False)
    if not isinstance(done, Node):
        return unknown([], site)
    shape = done.shape.insert(0, first) if done.shape is not None else Shape((first,), 0)
    return Node("map_fn", (done,), site, replace(done.facts, shape=shape))


def _kept(start: Value, done: Value, grows: bool, site: Site) -> Value:
    """What is carried from call to call: its shape where it stays the same, its growth where the calls are as many for every batch."""
    if isinstance(start, Items) and isinstance(done, Items) and len(start.items) == len(done.items):
        return Items([_kept(one, other, grows, site) for one, other in zip(start.items, done.items, strict=True)], mutable=False)
    if done is start:
        return done
    if isinstance(done, Node) and done.operation == ARRAY:
        return done
    before, after = as_node(start, site), as_node(done, site)
    same = before.shape is not None and after.shape is not None and before.shape.forget_lengths() == after.shape.forget_lengths()
    still = not grows and before.degree == degree.ZERO and after.degree == degree.ZERO
    return made(
        "carried",
        [before, after],
        site,
        shape=after.shape if same else None,
        degree=degree.ZERO if still else degree.UNKNOWN,
        columns=UNKNOWN,
        constant=False,
    )


def _repeated(function: Value, x: Value, arguments: Arguments, site: Site, run: Run, operands: list[Node]) -> Value:
    """`while_loop`: the body once, on the variables as they start."""
    variables = list(x.items) if isinstance(x, Items) else [x]
    condition = arguments.get("cond")
    test = as_node(run.call(condition, variables, {}, site), site) if condition is not None and callable_value(condition) else None
    done = run.call(function, variables, {}, site)
    results = list(done.items) if isinstance(done, Items) else [done]
    if len(results) != len(variables):
        return unknown(operands, site)
    grows = test is None or _grows(test)
    kept: list[Value] = [_kept(one, other, grows, site) for one, other in zip(variables, results, strict=True)]
    return Items(kept, mutable=False) if isinstance(x, Items) else kept[0]


def _grows(node: Node) -> bool:
    """Whether a number of calls may depend on the number of samples."""
    return any(power is None or power > 0 for part in reach(node) for power in part.degree)


# --- TensorArray -------------------------------------------------------------------------------------------------


def _element(array: Node, site: Site) -> Node | None:
    """An element of an array: any of those that were written."""
    parts = array.arguments
    if len(parts) < 2:
        return parts[0] if parts else None
    grown = degree.union((part.degree, part.constant) for part in parts)
    return made("element", parts, site, shape=parts[-1].shape, degree=grown, constant=False)


def array_method(owner: Node, name: str, positional: list[Value], keywords: dict[str, Value], site: Site, run: Run) -> Value:
    """The result of a method of a `TensorArray`; what was written stands for every element."""
    written = _element(owner, site)
    size: Axis = owner.details["size"]
    match name:
        case "write" | "scatter" | "unstack" | "split":
            value = as_node(keywords.get("value") or (positional[-1] if positional else Constant(None)), site)
            if name != "write":
                value = as_node(indexing.subscript(value, Constant(0), site), site)
            grown = Axis(max(size.power, run.path.batch_loops), size.length if not run.path.batch_loops and size.length else None)
            return Node(ARRAY, (*owner.arguments, value), site, value.facts, {"size": grown})
        case "read" if written is not None:
            return written
        case "stack" if written is not None and written.shape is None:
            return made("pack", [written], site, shape=Shape((size,), 0), degree=written.degree, columns=written.columns)
        case "stack" | "gather" | "concat" if written is not None and written.shape is not None:
            axis = size if name == "stack" else ANY
            first = written.shape.axis(0)
            shape = written.shape.insert(0, axis)
            if name == "concat":
                shape = written.shape.with_axis(0, Axis(size.power + first.power)) if first is not None else None
            return made("pack", [written], site, shape=shape, degree=written.degree, columns=written.columns)
        case "size":
            return made("size", [owner], site, shape=Shape(), degree=frozenset({float(size.power)}), gradient=Gradient.NONE)
    return unknown([owner], site)
