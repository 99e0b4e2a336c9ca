"""Python's own functions on the values of an abstract run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from losslint.analysis import effects
from losslint.analysis.models import one_of, several
from losslint.analysis.node import Node, Site
from losslint.analysis.objects import Class, Constant, Function, Instance, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.roles import is_input, setting
from losslint.analysis.transfer import apply, as_node, iterate, subscript, unknown
from losslint.operations.catalogue import operation

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

KNOWN = frozenset(
    [
        "abs",
        "all",
        "any",
        "bool",
        "callable",
        "dict",
        "enumerate",
        "float",
        "getattr",
        "hasattr",
        "id",
        "int",
        "isinstance",
        "issubclass",
        "iter",
        "len",
        "list",
        "map",
        "max",
        "min",
        "next",
        "object",
        "print",
        "pow",
        "range",
        "repr",
        "reversed",
        "round",
        "set",
        "sorted",
        "str",
        "sum",
        "super",
        "tuple",
        "type",
        "zip",
        "divmod",
        "filter",
        "vars",
        "property",
        "staticmethod",
        "classmethod",
        "Exception",
        "ValueError",
    ]
)
MOST_ITEMS = 64
TENSORS = frozenset({"tensorflow.Tensor", "tf.Tensor", "tensorflow.python.framework.ops.Tensor"})
NO_TENSORS = frozenset({"numpy.ndarray", "numpy.generic", "builtins.float", "builtins.int", "builtins.bool", "builtins.str"})


def call_builtin(run: Run, name: str, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value | None:
    """The value of a call of one of Python's functions, None where nothing is known of it."""
    if name == "dict":
        return _dict(positional, keywords)
    handler = HANDLERS.get(name)
    if handler is not None:
        return handler(run, positional, site)
    return setting(name, site) if all(isinstance(v, Constant) or (isinstance(v, Node) and v.constant) for v in positional) else None


def _items(run: Run, value: Value, site: Site) -> list[Value] | None:
    if isinstance(value, Dictionary):
        return [Constant(key) for key in value.items]
    if isinstance(value, Items):
        return value.items
    return iterate(value, site) if isinstance(value, Node) else None


def _len(run: Run, given: list[Value], site: Site) -> Value:
    value = given[0] if given else Constant(0)
    if isinstance(value, Items) and not value.power:
        return Constant(len(value.items))
    if isinstance(value, Dictionary):
        return Constant(len(value.items))
    if isinstance(value, Node) and not value.constant:
        if value.operation == "shape":
            return apply(operation("rank"), {"x": value.arguments[0]}, site, run) if value.arguments else setting("rank", site)
        if value.shape is not None:
            length = subscript(apply(operation("shape"), {"x": value}, site, run), Constant(0), site)
            assert isinstance(length, Node)
            length.details["list"] = several(value)
            return length
    return setting("len", site)


def _range(run: Run, given: list[Value], site: Site) -> Value:
    numbers = [v.value for v in given if isinstance(v, Constant) and isinstance(v.value, int)]
    if given and len(numbers) == len(given) and 0 not in numbers[2:]:
        counted = range(*numbers)
        if len(counted) <= MOST_ITEMS:
            return Items([Constant(i) for i in counted])
    made = unknown((), site, constant=True)
    stop = given[1] if len(given) > 1 else given[0] if given else None
    start = given[0].value if len(given) > 1 and isinstance(given[0], Constant) else 0
    return Node("range", (), site, made.facts, {"length": stop, "start": start})


def _zip(run: Run, given: list[Value], site: Site) -> Value:
    columns = [_items(run, value, site) for value in given]
    if columns and all(c is not None for c in columns):
        return Items([Items(list(row), mutable=False) for row in zip(*(c or [] for c in columns), strict=False)])
    row = [c[0] if c else _element(run, v, site) for v, c in zip(given, columns, strict=True)]
    return Items([Items(row, mutable=False)], power=max((_power(v) for v in given), default=0))


def _power(value: Value) -> int:
    if isinstance(value, Items):
        return value.power
    if isinstance(value, Node) and several(value):
        return 0  # what Python iterates over is a list of tensors
    axis = value.shape.axis(0) if isinstance(value, Node) and value.shape is not None else None
    return axis.power if axis is not None else 0


def _element(run: Run, value: Value, site: Site) -> Value:
    if isinstance(value, Node) and several(value):
        return one_of(value, site)
    if isinstance(value, Node):
        return subscript(value, Constant(0), site)
    if isinstance(value, Items) and value.items:
        return value.items[0]
    return unknown((), site)


def _enumerate(run: Run, given: list[Value], site: Site) -> Value:
    items = _items(run, given[0], site) if given else None
    if items is not None:
        return Items([Items([Constant(i), v], mutable=False) for i, v in enumerate(items)], power=_power(given[0]))
    element = _element(run, given[0], site) if given else unknown((), site)
    return Items([Items([setting("index", site), element], mutable=False)], power=_power(given[0]) if given else 0)


def _sum(run: Run, given: list[Value], site: Site) -> Value | None:
    from losslint.analysis.loops import grown

    items = _items(run, given[0], site) if given else None
    if items is None:
        if given and isinstance(given[0], Node) and not given[0].constant:
            return apply(operation("sum"), {"x": given[0], "axis": Constant(0)}, site, run)
        return None
    total: Value = given[1] if len(given) > 1 else Constant(0)
    batch = isinstance(given[0], Items) and given[0].power
    for item in items:
        if batch and isinstance(item, Node):
            run.path.batch_loops += 1
            item = grown(run, item)
            run.path.batch_loops -= 1
        total = item if total == Constant(0) else apply(operation("add"), {"x": as_node(total, site), "y": as_node(item, site)}, site, run)
    return total


def _extreme(name: str) -> Callable[[Run, list[Value], Site], Value | None]:
    def extreme(run: Run, given: list[Value], site: Site) -> Value | None:
        values = given if len(given) > 1 else (_items(run, given[0], site) or []) if given else []
        numbers = [v.value for v in values if isinstance(v, Constant) and isinstance(v.value, int | float)]
        if values and len(numbers) == len(values):
            return Constant(max(numbers) if name == "maximum" else min(numbers))
        if not values:
            return None
        result: Value = values[0]
        for value in values[1:]:
            effects.compared(run, result, value, site, "max" if name == "maximum" else "min")
            result = apply(operation(name), {"x": as_node(result, site), "y": as_node(value, site)}, site, run)
        return result

    return extreme


def _number(run: Run, given: list[Value], site: Site) -> Value | None:
    """`float` and `int` keep a value, but take it out of the framework."""
    if not given:
        return Constant(0)
    value = given[0]
    if isinstance(value, Constant):
        if isinstance(value.value, str):
            try:
                return Constant(float(value.value))
            except ValueError:
                return setting("number", site)
        return value
    if not isinstance(value, Node):
        return setting("number", site)
    if value.constant:
        return value
    effects.taken_out(run, "a Python number", [value], site)
    return effects.left(value, site)


def _bool(run: Run, given: list[Value], site: Site) -> Value | None:
    """`bool` asks for the truth of a value."""
    if given:
        effects.truth(run, given[0], site, "bool")
    return _number(run, given, site) if not given or not isinstance(given[0], Node) else given[0]


def _unary(name: str) -> Callable[[Run, list[Value], Site], Value | None]:
    def unary(run: Run, given: list[Value], site: Site) -> Value | None:
        if not given:
            return None
        arguments: dict[str, Value] = dict(zip(operation(name).parameters.split(), (as_node(v, site) for v in given), strict=False))
        return apply(operation(name), arguments, site, run)

    return unary


def _listed(mutable: bool) -> Callable[[Run, list[Value], Site], Value | None]:
    def listed(run: Run, given: list[Value], site: Site) -> Value | None:
        if not given:
            return Items([], mutable)
        items = _items(run, given[0], site)
        if items is None:
            return given[0]
        return Items(list(items), mutable, given[0].power if isinstance(given[0], Items) else 0)

    return listed


def _reversed(run: Run, given: list[Value], site: Site) -> Value | None:
    items = _items(run, given[0], site) if given else None
    return None if items is None else Items(items[::-1])


def _map(run: Run, given: list[Value], site: Site) -> Value | None:
    items = _items(run, given[1], site) if len(given) == 2 else None
    return None if items is None else Items([run.call(given[0], [item], {}, site) for item in items[:MOST_ITEMS]])


def _isinstance(run: Run, given: list[Value], site: Site) -> Value:
    if len(given) == 2 and isinstance(given[0], Items):
        names = {getattr(v, "name", "") for v in (given[1].items if isinstance(given[1], Items) else [given[1]])}
        if names <= {"builtins.list", "builtins.tuple"}:
            return Constant(True)
    if len(given) == 2 and is_input(given[0]):
        names = {getattr(v, "name", "") for v in (given[1].items if isinstance(given[1], Items) else [given[1]])}
        if names & TENSORS or names <= NO_TENSORS:
            return Constant(bool(names & TENSORS))
    return setting("isinstance", site)


def _callable(run: Run, given: list[Value], site: Site) -> Value:
    return Constant(True) if given and isinstance(given[0], Function | Class) else setting("callable", site)


def _getattr(run: Run, given: list[Value], site: Site) -> Value | None:
    from losslint.analysis.expressions import attribute

    if len(given) >= 2 and isinstance(given[1], Constant) and isinstance(given[1].value, str):
        if isinstance(given[0], Instance) and len(given) > 2:
            return given[0].attributes.get(given[1].value, given[2])
        return attribute(run, given[0], given[1].value, site)
    return None


def _next(run: Run, given: list[Value], site: Site) -> Value:
    """The next item of an iterator: an input from outside."""
    return given[0].items[0] if given and isinstance(given[0], Items) and given[0].items else unknown((), site)


def _dict(given: list[Value], keywords: dict[str, Value]) -> Value:
    """``dict(other, key=value)``; what is no known dict is kept as it is."""
    if given and not isinstance(given[0], Dictionary):
        return given[0]
    return Dictionary({**(given[0].items if given and isinstance(given[0], Dictionary) else {}), **keywords})


HANDLERS: dict[str, Callable[[Run, list[Value], Site], Value | None]] = {
    "len": _len, "range": _range, "xrange": _range, "zip": _zip, "enumerate": _enumerate, "sum": _sum, "max": _extreme("maximum"), "min": _extreme("minimum"),
    "float": _number, "int": _number, "bool": _bool, "abs": _unary("abs"), "round": _unary("round"), "pow": _unary("pow"),
    "list": _listed(True), "tuple": _listed(False), "set": _listed(True), "sorted": _listed(True), "iter": _listed(True), "reversed": _reversed, "map": _map,
    "isinstance": _isinstance, "callable": _callable, "getattr": _getattr, "next": _next,
}  # fmt: skip
