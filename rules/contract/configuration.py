"""What a class with a `get_config` gives back of its constructor's parameters: names followed from one to the other."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from losslint.analysis.classes import methods
from losslint.analysis.objects import Class

PLAIN = frozenset({"keras.losses.Loss", "tf.losses.Loss"})


def words(node: ast.AST) -> set[str]:
    """Every name, attribute, keyword and text in a piece of code."""
    found: set[str] = set()
    for inner in ast.walk(node):
        match inner:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.keyword(arg=str(word)) | ast.Constant(value=str(word)):
                found.add(word)
    return found


def _simple(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Each simple statement of a body, and the header of each loop."""
    for statement in body:
        blocks = [inner for name in ("body", "orelse", "finalbody") for inner in getattr(statement, name, ())]
        blocks += [inner for handler in getattr(statement, "handlers", ()) for inner in handler.body]
        yield from _simple(blocks)
        if isinstance(statement, ast.For):
            yield ast.Tuple([statement.target, statement.iter])
        elif not blocks:
            yield statement


def _held(statement: ast.AST) -> set[str]:
    """What a statement of a constructor sets or touches: local names that are bound, attributes of the object."""
    found: set[str] = set()
    for inner in ast.walk(statement):
        match inner:
            case ast.Attribute(value=ast.Name(id="self"), attr=word) | ast.Name(id=word, ctx=ast.Store()):
                found.add(word)
    return found


def told_by_config(cls: Class) -> set[str]:
    """What `get_config` and `from_config` of a class mention, through its own properties and methods, and through its constructors."""
    own = methods(cls)
    known: set[str] = set().union(*(words(node) for name in ("get_config", "from_config") for node, _ in own.get(name, [])))
    statements = [(_held(s), words(s)) for node, _ in own.get("__init__", []) for s in _simple(node.body)]
    while True:
        called = [words(node) for name in known & set(own) - {"__init__"} for node, _ in own[name]]
        stored = [words for held, words in statements if held & known]
        more = set().union(*called, *stored) - known
        if not more:
            return known
        known |= more


def functions(cls: Class) -> set[str]:
    """What a class with a `get_config` keeps to call it: functions cannot be written down, subclasses supply them."""
    own = methods(cls)
    if "get_config" not in own:
        return set()
    calls = [c.func for all_ in own.values() for node, _ in all_ for c in ast.walk(node) if isinstance(c, ast.Call)]
    called = {f.attr for f in calls if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id == "self"}
    statements = [s for node, _ in own.get("__init__", []) for s in _simple(node.body)]
    return set().union(*(words(s) for s in statements if _held(s) & called))


def handed_on(cls: Class, constructor: ast.FunctionDef, bases: set[str]) -> set[str]:
    """What a constructor hands on to a base that keeps more than `name` and `reduction`."""
    if bases <= PLAIN and not any(owner.node is not cls.node for _, owner in methods(cls).get("get_config", [])):
        return set()
    calls = [
        c for c in ast.walk(constructor) if isinstance(c, ast.Call) and isinstance(c.func, ast.Attribute) and c.func.attr == "__init__"
    ]
    given = [value for call in calls for value in (*call.args, *call.keywords)]
    return set().union(*(words(value) for value in given if not isinstance(getattr(value, "value", value), ast.Lambda)))


def kept_as_given(constructor: ast.FunctionDef) -> dict[str, str]:
    """The attributes in which a constructor keeps its parameters as they are: neither is set a second time."""
    stores = (part for part in ast.walk(constructor) if isinstance(getattr(part, "ctx", None), ast.Store))
    times = Counter(
        part.id if isinstance(part, ast.Name) else f".{part.attr}" for part in stores if isinstance(part, ast.Name | ast.Attribute)
    )
    found: dict[str, str] = {}
    for step in constructor.body:
        match step:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)], value=ast.Name(id=name)):
                if not times[name] and times[f".{attribute}"] == 1:
                    found[name] = attribute
    return found
