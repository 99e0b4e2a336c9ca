"""Classes of the project: objects, their attributes through constructors, bases and the methods that set them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from losslint.analysis import bindings
from losslint.analysis.node import Facts, Node, Site
from losslint.analysis.objects import Class, Constant, Function, Instance, LossObject, Named, Value
from losslint.analysis.scope import Scope
from losslint.operations.catalogue import loss_class
from losslint.operations.namespaces import canonical

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

LAYER_BASES = re.compile(r"Layer$|Model$|Module$|Sequential$|Network$|Cell$|layers\.\w+$|Wrapper$|Block$")
MODEL_BASES = re.compile(r"^keras\.(?:models\.|engine\.\w+\.|training\.)?(?:Model|Sequential|Functional)$")
LOSS_BASES = re.compile(r"Loss$|LossFunctionWrapper$")
MOST_BASES = 12


def ancestry(cls: Class) -> Iterator[Class | Named]:
    """The class and its bases, nearest first; bases of other packages by name."""
    seen = 0
    queue: list[Value] = [cls]
    while queue and seen < MOST_BASES:
        current = queue.pop(0)
        seen += 1
        if isinstance(current, Class):
            yield current
            queue.extend(current.bases)
        elif isinstance(current, Named):
            yield current


def methods(cls: Class) -> dict[str, list[tuple[ast.FunctionDef, Class]]]:
    """Every method that a class and its project bases define under a name, nearest first, each with the class it is written in."""
    found: dict[str, list[tuple[ast.FunctionDef, Class]]] = {}
    for base in ancestry(cls):
        if isinstance(base, Named):
            continue
        for statement in base.node.body:
            if isinstance(statement, ast.FunctionDef):
                found.setdefault(statement.name, []).append((statement, base))
    return found


def foreign_bases(cls: Class) -> Iterator[str | None]:
    """The bases outside the project by their full name, None for one of which nothing is known."""
    for base in ancestry(cls):
        if isinstance(base, Named):
            yield base.name
        else:
            yield from (None for other in base.bases if not isinstance(other, Class | Named))


def definition(method: ast.FunctionDef, owner: Class) -> Node:
    """A method's definition as a value of the record: where a report about the class is placed."""
    return Node("definition", (), Site(method, owner.source, f"{owner.name}.{method.name}"), Facts(None, constant=True))


def inherits(cls: Class, pattern: re.Pattern[str]) -> bool:
    """Whether a base outside the project has a name like that."""
    return any(isinstance(base, Named) and pattern.search(base.name) for base in ancestry(cls))


def is_layer(instance: Instance) -> bool:
    """Whether calling the object is calling a layer or a model."""
    return inherits(instance.cls, LAYER_BASES)


def is_model(cls: Class) -> bool:
    """Whether the objects of a class are Keras models by its bases."""
    return any(base is not None and MODEL_BASES.match(canonical(base) or "") for base in foreign_bases(cls))


def is_loss(instance: Instance) -> bool:
    """Whether the object is a framework loss by its bases: calling it reduces what its `call` returns."""
    return inherits(instance.cls, LOSS_BASES)


def _body(run: Run, cls: Class) -> Scope:
    """The scope of a class body, walked once."""
    key = cls.node, ()
    if key not in run.closures:
        scope = Scope(cls.scope.file, cls.name, cls.scope, outside=True, is_class=True)
        run.closures[key] = scope
        with run.quietly():
            run.execute(cls.node.body, scope)
    return run.closures[key]


def lookup(run: Run, cls: Class, name: str, after: ast.ClassDef | None = None) -> Value | None:
    """A name of the class or of its project bases; `after`: only of those behind that class, as `super()` looks."""
    skipping = after is not None
    for base in ancestry(cls):
        if isinstance(base, Named):
            continue
        if skipping:
            skipping = base.node is not after
            continue
        found = _body(run, base).own(name)
        if found is not None:
            return found
    return None


def _method(value: Value, instance: Instance) -> Value:
    """A function found in a class, bound as its decorators say."""
    if not isinstance(value, Function):
        return value
    decorators = {ast.unparse(d) for d in getattr(value.node, "decorator_list", [])}
    if "staticmethod" in decorators:
        return value
    bound: Value = instance.cls if "classmethod" in decorators else instance
    return Function(value.node, value.scope, value.source, value.name, bound, value.defaults)


def attribute(run: Run, instance: Instance, name: str, site: Site) -> Value | None:
    """An attribute of an object: set by its constructor, in its class, or by whichever method sets it."""
    held = instance.attributes.get(name)
    if held == Constant(None):
        _set_by_methods(run, instance, name)  # the constructor only announced it
        held = instance.attributes[name]
    if held is not None:
        return held
    found = lookup(run, instance.cls, name)
    if found is not None:
        method = _method(found, instance)
        if isinstance(method, Function) and any("property" in ast.unparse(d) for d in getattr(method.node, "decorator_list", [])):
            return run.call(method, [], {}, site)
        return method
    _set_by_methods(run, instance, name)
    return instance.attributes.get(name)


def _set_by_methods(run: Run, instance: Instance, name: str) -> None:
    """Walk the methods that assign an attribute, quietly, until it is there (graph code sets its tensors in one method, its loss in another)."""
    for base in ancestry(instance.cls):
        if isinstance(base, Named):
            continue
        scoped = base.scope.file.index.by_node.get(base.node)
        for method in dict.fromkeys(scoped.stored.get(name, []) if scoped is not None else []):
            function = _body(run, base).own(method)
            if not isinstance(function, Function) or function.node in run.path.stack or method == "__init__":
                continue
            bound = _method(function, instance)
            assert isinstance(bound, Function)
            own = base.scope.file.index.by_node[function.node]
            scope = Scope(base.scope.file, function.name, function.scope)
            with run.quietly():
                bindings.fill(run, own, bound, scope, 1, {})
                run.path.stack.append(function.node)
                run.body(function.node, scope)
                run.path.stack.pop()
            if instance.attributes.get(name, Constant(None)) != Constant(None):
                return


def instantiate(run: Run, cls: Class, positional: Sequence[Value], keywords: Mapping[str, Value], site: Site) -> Instance:
    """An object made by its constructor."""
    instance = Instance(cls)
    constructor = lookup(run, cls, "__init__")
    if isinstance(constructor, Function):
        bound = _method(constructor, instance)
        run.call(bound, positional, keywords, site)
    else:
        fields = [s.target.id for s in cls.node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)]
        instance.attributes.update(zip(fields, positional, strict=False))
        instance.attributes.update(keywords)
    return instance


def prototype(run: Run, cls: Class) -> Instance:
    """The object that a method is walked on: its constructor called with defaults, everything else a setting."""
    if cls.node in run.instances:
        return run.instances[cls.node]
    instance = run.instances[cls.node] = Instance(cls)
    constructor = lookup(run, cls, "__init__")
    if isinstance(constructor, Function) and constructor.node not in run.path.stack:
        own = constructor.scope.file.index.by_node[constructor.node]
        scope = Scope(constructor.scope.file, constructor.name, constructor.scope, outside=True)
        bound = _method(constructor, instance)
        assert isinstance(bound, Function)
        with run.quietly():
            bindings.fill(run, own, bound, scope, 0, {})
            run.path.stack.append(constructor.node)
            run.body(constructor.node, scope)
            run.path.stack.pop()
    return instance


def call_super(run: Run, scope: Scope, name: str, positional: Sequence[Value], keywords: Mapping[str, Value], site: Site) -> Value | None:
    """``super().name(…)`` in a method: the next project base's method, or what a framework's constructor sets."""
    inside = _class_around(scope)
    instance = next((s.names["self"] for s in scope.chain() if "self" in s.names), None)
    if inside is None or not isinstance(instance, Instance):
        return None
    found = lookup(run, instance.cls, name, after=inside)
    if isinstance(found, Function):
        return run.call(_method(found, instance), positional, keywords, site)
    base = next((entry for b in ancestry(instance.cls) if isinstance(b, Named) and (entry := loss_class(canonical(b.name) or ""))), None)
    if base is not None and name in ("call", "__call__"):
        how = instance.attributes.get("reduction", Constant(None)) if name == "__call__" else Constant("none")
        return run.call(LossObject(base.operation, {"reduction": how}, site), positional, keywords, site)
    if name == "__init__":
        for key in ("name", "reduction"):
            if key in keywords:
                instance.attributes.setdefault(key, keywords[key])
        return Constant(None)
    return None


def _class_around(scope: Scope) -> ast.ClassDef | None:
    name = scope.function.rpartition(".")[0]
    for scoped in scope.file.index.scopes:
        if scoped.name == name and isinstance(scoped.node, ast.ClassDef):
            return scoped.node
    return None
