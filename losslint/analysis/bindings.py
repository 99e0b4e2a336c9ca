"""How names get their values: imports, definitions, parameters, and the scopes that a loss closes over."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from losslint.analysis import classes
from losslint.analysis.branches import leading
from losslint.analysis.node import Node, Site
from losslint.analysis.objects import Class, Constant, Function, Module, Named, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.roles import COUNT_NAME, FRAMEWORKS, PRED_NAME, TIME_MAJOR, TRUE_NAME, parameter, roles, setting, tensor
from losslint.analysis.scope import File, Late, Scope
from losslint.analysis.transfer import unknown
from losslint.losses import Loss
from losslint.names import Import, Scoped, imported
from losslint.source import Declared

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run


def bind_imports(run: Run, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
    """Bind what an import statement binds: project modules and their members where they resolve, dotted names else."""
    for found in imported(node):
        if found.member == "*":
            module = _project(run, found.module, found.level, scope.file)
            if module is not None:
                ready(run, module)
                scope.stars.append(module.scope)
            else:
                scope.packages.append(found.module)
            continue
        scope.bind(found.name, Late(partial(_imported_value, run, found, scope.file), Named(found.whole)))


def _imported_value(run: Run, found: Import, file: File) -> Value:
    if found.member is None:
        module = _project(run, found.module, found.level, file)
        return Module(module.scope) if module is not None else Named(found.module)
    whole = f"{found.module}.{found.member}" if found.module else found.member
    module = _project(run, found.module, found.level, file) if found.module or found.level else None
    if module is not None and module is not file:  # `from . import a` in a package's own file asks for its part
        value = member(run, module, found.member)
        if value is not None:
            return value
    inner = _project(run, whole, found.level, file) if found.level or module is not None else None
    if inner is not None:
        return Module(inner.scope)
    if found.member in FRAMEWORKS and module is None:
        return Named(FRAMEWORKS[found.member])  # a project hands on its backend under the usual name
    return Named(found.whole)


def _project(run: Run, name: str, level: int, importer: File) -> File | None:
    if not level and name.partition(".")[0] in ("tensorflow", "keras", "numpy", "tf_keras"):
        return None
    source = run.modules.find(name, level, importer.source.path)
    return None if source is None else run.open(source)


def member(run: Run, file: File, name: str) -> Value | None:
    """A module's attribute: what it binds, or a submodule of the package that it is."""
    ready(run, file, name)
    found = file.scope.find(name)
    if found is not None:
        return found[0]
    inner = _project(run, name, 1, file) if file.source.path.endswith("__init__.py") else None
    return None if inner is None else Module(inner.scope)


def ready(run: Run, file: File, name: str | None = None) -> None:
    """Walk a module's body, once, for its bindings: definitions and imports at first, all of it when a name asks for more."""
    scope = file.scope
    if not file.declared and not file.executing:
        file.declared = file.executing = True
        with run.quietly():
            _declare(run, file.source.tree.body, scope)
        file.executing = False
    if name is None or scope.find(name) is not None or file.executed or file.executing or name not in file.index.module.bound:
        return
    file.executed = file.executing = True
    with run.quietly():
        run.execute(file.source.tree.body, scope)
    file.executing = False


def _declare(run: Run, body: Sequence[ast.stmt], scope: Scope) -> None:
    for statement in body:
        match statement:
            case ast.Import() | ast.ImportFrom():
                bind_imports(run, statement, scope)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                scope.bind(statement.name, definition(run, statement, scope))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant() | ast.UnaryOp(operand=ast.Constant()) as value):
                scope.bind(name, run.evaluate(value, scope))
            case ast.Try() | ast.If():
                _declare(run, [*getattr(statement, "handlers", []), *statement.orelse, *statement.body], scope)
            case ast.ExceptHandler():
                _declare(run, statement.body, scope)


def definition(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, scope: Scope) -> Value:
    """The value of a def or class statement."""
    index = scope.file.index.by_node.get(node)
    name = index.name if index is not None else node.name
    if isinstance(node, ast.ClassDef):
        return Class(node, scope, scope.file.source, name, tuple(run.evaluate(base, scope) for base in node.bases))
    return function(run, node, scope, name)


def function(run: Run, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope, name: str) -> Function:
    """A function value with its defaults evaluated where it is defined."""
    made = Function(node, scope, scope.file.source, name)
    positional = [*node.args.posonlyargs, *node.args.args]
    late = positional[len(positional) - len(node.args.defaults) :] if node.args.defaults else []
    for argument, default in zip(late, node.args.defaults, strict=True):
        made.defaults[argument.arg] = run.evaluate(default, scope)
    for argument, keyword in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if keyword is not None:
            made.defaults[argument.arg] = run.evaluate(keyword, scope)
    return made


def bind_parameters(
    run: Run, called: Function, scope: Scope, positional: Sequence[Value], keywords: Mapping[str, Value], site: Site
) -> None:
    """Bind the parameters of a called function; what is not given and has no default is an unknown setting."""
    arguments = called.node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    values = list(positional)
    if called.bound is not None:
        values.insert(0, called.bound)
    given = dict(keywords)
    scope.parameters = frozenset((*names, *(a.arg for a in arguments.kwonlyargs)))
    for name, value in zip(names, values, strict=False):
        scope.names[name] = value
    if arguments.vararg is not None:
        scope.names[arguments.vararg.arg] = Items(values[len(names) :], mutable=False)
    for name in (*names[len(values) :], *(a.arg for a in arguments.kwonlyargs)):
        scope.names[name] = (given.pop(name) if name in given else None) or called.defaults.get(name) or setting(name, site)
    if arguments.kwarg is not None:
        scope.names[arguments.kwarg.arg] = Dictionary({k: v for k, v in given.items() if k not in scope.names})


# --- entering a loss ---------------------------------------------------------------------------------------------


def closure(run: Run, scoped: Scoped) -> Scope:
    """The scope that a definition closes over: the functions around it walked for their bindings."""
    parent = scoped.parent
    if parent is None or parent.parent is None:
        ready(run, run.file)
        return run.file.scope
    if parent.is_class:
        return closure(run, parent)
    ways = leading(getattr(parent.node, "body", ()), scoped.node) if not isinstance(parent.node, ast.Lambda) else ()
    if (parent.node, ways) in run.closures:
        return run.closures[parent.node, ways]
    outer = closure(run, parent)
    scope = run.closures[parent.node, ways] = Scope(run.file, parent.name, outer, outside=True)
    built = _self_bound(run, parent, function(run, _callable(parent), outer, parent.name))
    fill(run, parent, built, scope, 2, {})
    with run.quietly():
        run.path.stack.append(parent.node)
        run.path.ways.update(ways)
        run.body(parent.node, scope)
        run.path.stack.pop()
    return scope


def _callable(scoped: Scoped) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda:
    assert scoped.function is not None
    return scoped.function


def loss_function(run: Run, loss: Loss) -> Function:
    """The loss as a value, bound to an instance of its class where it is a method."""
    with run.quietly():
        outer = closure(run, loss.scope)
        made = function(run, _callable(loss.scope), outer, loss.function)
        return _self_bound(run, loss.scope, made)


def _self_bound(run: Run, scoped: Scoped, made: Function) -> Function:
    owner = scoped.owner
    if owner is None or _is_static(scoped):
        return made
    assert isinstance(owner.node, ast.ClassDef)
    cls = definition(run, owner.node, closure(run, owner))
    assert isinstance(cls, Class)
    made.bound = classes.prototype(run, cls)
    return made


def _is_static(scoped: Scoped) -> bool:
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in getattr(scoped.node, "decorator_list", []))


def entry_scope(run: Run, loss: Loss, called: Function) -> Scope:
    """A scope that holds the parameters of a loss, each by its role."""
    scope = Scope(run.file, loss.function, called.scope)
    declared = run.file.source.declared(loss.node, loss.function, run.settings.inputs)
    fill(run, loss.scope, called, scope, loss.evidence, declared)
    return scope


def fill(run: Run, scoped: Scoped, called: Function, scope: Scope, evidence: int, declared: Mapping[str, Declared]) -> None:
    """Bind the parameters of a function that nobody calls in sight: roles, and defaults as settings that may change."""
    arguments = called.node.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    scope.parameters = frozenset(names)
    if called.bound is not None and names:
        scope.names[names[0]] = called.bound
    given = roles(scoped, evidence)
    steps_first = _steps_first(scoped)  # then the first axis is not the batch
    for name in scoped.parameters:
        node = next(a for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs) if a.arg == name)
        site = Site(node, scope.file.source, scope.function)
        default = called.defaults.get(name)
        if (
            name in declared
            or default is None
            or (isinstance(default, Constant) and default.value is None and given.get(name) in ("true", "pred"))
        ):
            value = parameter(name, given.get(name, "setting"), site, declared)
            scope.names[name] = value.with_facts(shape=None) if steps_first and isinstance(value, Node) and not value.constant else value
        elif isinstance(default, Constant):
            counted = default.value == 1 and COUNT_NAME.search(name)  # the caller gives the number to divide by
            scope.names[name] = setting(name, site) if counted else Constant(default.value, setting=True)
        else:
            scope.names[name] = default
    if arguments.vararg is not None:
        scope.names[arguments.vararg.arg] = unknown((), Site(called.node, scope.file.source, scope.function))
    if arguments.kwarg is not None:
        scope.names[arguments.kwarg.arg] = Dictionary({})


@lru_cache(maxsize=64)
def _steps_first(scoped: Scoped) -> bool:
    """Whether the docstrings of a function, or of the class that it is a method of, say that the first axis is time."""
    nodes = (scoped.node, scoped.owner.node if scoped.owner is not None else None)
    texts = (ast.get_docstring(n, clean=False) for n in nodes if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef))
    return any(TIME_MAJOR.search(text) for text in texts if text)


def pieces(run: Run, targets: list[ast.expr], value: Value, site: Site) -> list[Value] | None:
    """A parameter that is unpacked is a list of batch tensors, with roles by their names."""
    if not isinstance(value, Node) or value.operation != "parameter" or not all(isinstance(t, ast.Name) for t in targets):
        return None
    role = next((r for r in ("true", "pred") if r in value.origin), "input")
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    return [setting(name, site) if COUNT_NAME.search(name) else tensor(name, site, role) for name in names]


def named_tensor(name: str, site: Site) -> Node:
    """A batch tensor of which only the name tells what it is."""
    return tensor(name, site, "true" if TRUE_NAME.search(name) else "pred" if PRED_NAME.search(name) else "input")


def flipped_value(name: str, site: Site) -> Value:
    """What a name is on a path on which it is no longer what its default says: a setting, or a tensor by its name."""
    from losslint.analysis.roles import BATCH_NAME, MASK_NAME, SETTING_NAME, unknown_tensor

    if MASK_NAME.search(name):
        return unknown_tensor(name, site) if SETTING_NAME.match(name) else tensor(name, site, "mask")
    if BATCH_NAME.search(name):
        return tensor(name, site, "input")
    return setting(name, site)
