"""A slice made runnable: its statements chosen, its probes set, its modules filled, the loss found in them."""

from __future__ import annotations

import ast
import builtins
import sys
import types
from typing import Any, Callable, Dict, List, Optional, Set, Tuple

import tensorflow as tf
from losslint_worker import names
from losslint_worker.fence import Refused

TRACERS = ("function", "register_keras_serializable", "keras_export", "tf_export", "jit", "njit", "convert_to_tensor_fn", "autograph")
RECORD = "__losslint_record__"
LAMBDA = "__losslint_lambda__"
USUAL = {"K": "keras.backend", "np": "numpy", "tf": "tensorflow"}  # what modules of older Keras handed on under these names
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

Position = Tuple[int, int]
Region = Tuple[int, int, int, int]


class Failed(Exception):
    """The loss did not get to what was to be observed."""


class Unmade(Exception):
    """Something that the loss needs and that could not be made: the message names it and says why."""


class Pruned(ast.NodeTransformer):
    """Keeps the chosen statements of the bodies that are open, and nothing of what decides about tracing or typing."""

    def __init__(self, keep: Set[Position], opened: Set[Position], returns: Dict[Position, Any]) -> None:
        self.keep, self.opened, self.returns = keep, opened, returns

    def block(self, body: List[ast.stmt]) -> List[ast.stmt]:
        kept: List[ast.stmt] = []
        for statement in body:
            place = (statement.lineno, statement.col_offset)
            if place in self.opened:
                self.open(statement)
            if place in self.opened or place in self.keep:
                kept.extend(self.visit(part) for part in _one_by_one(statement))
        return kept

    def open(self, statement: ast.stmt) -> None:
        for field in ("body", "orelse", "finalbody"):
            inner = getattr(statement, field, None)
            if isinstance(inner, list):
                chosen = self.block(inner)
                setattr(statement, field, chosen if chosen or field != "body" else [ast.copy_location(ast.Pass(), statement)])
        for handler in getattr(statement, "handlers", ()):
            handler.body = self.block(handler.body) or [ast.copy_location(ast.Pass(), handler)]
        found = self.returns.get((statement.lineno, statement.col_offset))
        if found is not None:
            value = found if isinstance(found, ast.expr) else ast.Name(found, ast.Load())
            statement.body.append(ast.fix_missing_locations(ast.copy_location(ast.Return(value), statement)))  # type: ignore[attr-defined]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list = [d for d in node.decorator_list if _last(d) not in TRACERS]
        node.returns = None
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs, node.args.vararg, node.args.kwarg):
            if argument is not None:
                argument.annotation = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = [d for d in node.decorator_list if _last(d) not in TRACERS]
        return self.generic_visit(node)


def _one_by_one(statement: ast.stmt) -> List[ast.stmt]:
    """An import of several names as several imports: one that is missing must not take the others with it."""
    if isinstance(statement, ast.ImportFrom):
        return [ast.copy_location(ast.ImportFrom(statement.module, [name], statement.level), statement) for name in statement.names]
    if isinstance(statement, ast.Import):
        return [ast.copy_location(ast.Import([name]), statement) for name in statement.names]
    return [statement]


class Probed(ast.NodeTransformer):
    """Wraps the expressions at some regions so that their operands and results are recorded."""

    def __init__(self, regions: Dict[Region, int]) -> None:
        self.regions = regions

    def visit(self, node: ast.AST) -> Any:
        node = self.generic_visit(node)
        number = self.regions.get(_region(node))
        if number is None:
            return node
        if isinstance(node, ast.AugAssign):
            target = node.target
            read = ast.copy_location(_loaded(target), target)
            value = self.wrapped(ast.copy_location(ast.BinOp(read, node.op, node.value), node), number)
            return ast.fix_missing_locations(ast.copy_location(ast.Assign([target], value), node))
        if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
            return self.wrapped(node, number)
        return node

    def wrapped(self, node: ast.expr, number: int) -> ast.expr:
        """``record(number, f, a, b=c)`` for a call, ``record(number, operator, a, b)`` for an operator, else ``record(number, None, x)``."""
        if isinstance(node, ast.Call):
            arguments, keywords, function = list(node.args), list(node.keywords), node.func
        elif isinstance(node, ast.BinOp):
            arguments, keywords = [node.left, node.right], []
            names_ = [ast.arg("a", None), ast.arg("b", None)]
            body = ast.BinOp(ast.Name("a", ast.Load()), node.op, ast.Name("b", ast.Load()))
            function = ast.Lambda(ast.arguments(posonlyargs=[], args=names_, kwonlyargs=[], kw_defaults=[], defaults=[]), body)
        else:
            arguments, keywords, function = [node], [], ast.Constant(None)
        call = ast.Call(ast.Name(RECORD, ast.Load()), [ast.Constant(number), function, *arguments], keywords)
        return ast.fix_missing_locations(ast.copy_location(call, node))


def _loaded(target: ast.expr) -> ast.expr:
    copy: ast.expr = ast.parse(ast.unparse(target), mode="eval").body
    return copy


def _region(node: ast.AST) -> Region:
    return (
        getattr(node, "lineno", 0),
        getattr(node, "col_offset", 0),
        getattr(node, "end_lineno", 0) or 0,
        getattr(node, "end_col_offset", 0) or 0,
    )


def _last(node: ast.expr) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class Wide(ast.NodeTransformer):
    """Writes float64 where the slice says float32."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if node.value == "float32":
            return ast.copy_location(ast.Constant("float64"), node)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        if node.attr == "float32":
            node.attr = "float64"
        elif node.attr == "to_float":
            node.attr = "to_double"
        return node


class Program:
    """The modules of a slice, run once, with probes at some regions.

    Parameters
    ----------
    pieces
        Of each module: `name`, `path`, `text`, `keep`, `open`, `returns`, `links`, `needs`.
    probes
        `path` and region of each expression to record.
    record
        Called with the number of a probe, the function and its arguments; returns the result.
    wide
        Compute in float64.
    old
        ``tensorflow`` is its own first version where the two differ.
    given
        Values of names that no statement binds; which modules have them, the pieces say.
    """

    def __init__(
        self, pieces: List[Dict[str, Any]], probes: List[Any], record: Callable[..., Any], wide: bool, old: bool, given: Dict[str, Any]
    ) -> None:
        self.pieces, self.record, self.wide, self.old, self.given = pieces, record, wide, old, given
        self.probes = [(path, tuple(region)) for path, region in probes]
        self.stand_ins: List[str] = []
        self.failures: Dict[str, BaseException] = {}
        self.modules: Dict[int, types.ModuleType] = {}
        self.trees: List[ast.Module] = []
        self.main = self.module(0)

    def module(self, number: int) -> types.ModuleType:
        """A module of the slice, run when it is first asked for."""
        if number in self.modules:
            return self.modules[number]
        piece = self.pieces[number]
        module = types.ModuleType(piece["name"])
        self.modules[number] = module
        tree = self.tree(piece)
        self.trees.append(tree)
        builtins_ = dict(vars(builtins))
        builtins_["__import__"] = self.importer(piece, _guarded(tree))
        module.__dict__.update({"__builtins__": builtins_, "__file__": piece["path"], RECORD: self.record})
        module.__dict__.update({name: self.given[name] for name in piece["given"]})
        for statement in tree.body:
            self.run(statement, module, piece)
        return module

    def tree(self, piece: Dict[str, Any]) -> ast.Module:
        """The chosen statements with their probes."""
        tree: Any = ast.parse(piece["text"])
        returns: Dict[Position, Any] = {}
        for place, result in piece["returns"]:
            found = _lambda(tree, tuple(result)) if isinstance(result, list) else result
            if place is None and isinstance(found, ast.expr):
                self.free = found
            elif place is not None:
                returns[tuple(place)] = found
        keep, opened = {tuple(p) for p in piece["keep"]}, {tuple(p) for p in piece["open"]}
        tree.body = Pruned(keep, opened, returns).block(tree.body)
        if any(place is None for place, _ in piece["returns"]):
            tree.body.append(
                ast.fix_missing_locations(ast.copy_location(ast.Assign([ast.Name(LAMBDA, ast.Store())], self.free), self.free))
            )
        regions = {region: number for number, (path, region) in enumerate(self.probes) if path == piece["path"]}
        if regions:
            tree = Probed(regions).visit(tree)
        if self.wide:
            tree = Wide().visit(tree)
        chosen: ast.Module = tree
        return chosen

    def constructor(self, name: str) -> Optional[ast.FunctionDef]:
        """The `__init__` of a class of the slice."""
        for tree in self.trees:
            for node in ast.walk(tree):
                if isinstance(node, ast.ClassDef) and node.name == name:
                    return next((s for s in node.body if isinstance(s, ast.FunctionDef) and s.name == "__init__"), None)
        return None

    def run(self, statement: ast.stmt, module: types.ModuleType, piece: Dict[str, Any]) -> None:
        """Run one statement; a failure matters only if one of its names is used later."""
        code = compile(ast.Module([statement], []), piece["path"], "exec")
        try:
            exec(code, module.__dict__)
            if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                self.add_moved(statement, module, piece)
        except (Exception, SystemExit, Refused) as error:
            for name in _bound(statement):
                self.failures.setdefault(name, error)

    def add_moved(self, statement: ast.ImportFrom, module: types.ModuleType, piece: Dict[str, Any]) -> None:
        """What a star import would have brought in the version that the file was written for."""
        source = sys.modules.get(statement.module or "")
        for name in piece["needs"]:
            if source is None or name in module.__dict__ or hasattr(builtins, name):
                continue
            if hasattr(source, name):
                module.__dict__[name] = getattr(source, name)
            elif name in USUAL and source.__name__.partition(".")[0] in ("keras", "tensorflow", "tf_keras"):
                module.__dict__[name] = names.outside(USUAL[name], False, self.stand_ins)

    def importer(self, piece: Dict[str, Any], guarded: Set[int]) -> Callable[..., Any]:
        """What `import` does in a module: modules of the slice, then those that are installed, then placeholders."""
        links: Dict[str, int] = piece["links"]

        def importing(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
            base = "." * level + name
            stem = base if not base or base.endswith(".") else base + "."
            inside = base in links or any(stem + str(item) in links for item in fromlist or ())
            if not fromlist and not inside and not any(link.startswith(stem) for link in links):
                top, _, rest = name.partition(".")
                module = self.outside(name, guarded)
                return module if not rest else self.outside(top, guarded)
            if not inside and level == 0:
                module = self.outside(name, guarded)
                for item in fromlist or ():
                    if item != "*" and not hasattr(module, item):
                        self.outside("{}.{}".format(name, item), guarded) if isinstance(module, types.ModuleType) else None
                return module
            if not fromlist:
                return self.chain(name, links)
            return self.gathered(base, stem, fromlist, links)

        return importing

    def outside(self, name: str, guarded: Set[int]) -> Any:
        line = sys._getframe(2).f_lineno
        if self.old and name == "tensorflow":
            return names.old()
        return names.outside(name, line in guarded, self.stand_ins)

    def gathered(self, base: str, stem: str, fromlist: Any, links: Dict[str, int]) -> types.ModuleType:
        """A module with what `from base import …` asks for."""
        found = types.ModuleType(base)
        if base in links:
            found.__dict__.update({k: v for k, v in vars(self.module(links[base])).items() if not k.startswith("__")})
            found.__dict__["__all__"] = [k for k in vars(found) if not k.startswith("__")]
        for item in fromlist:
            if stem + item in links and item not in vars(found):
                setattr(found, item, self.module(links[stem + item]))
        return found

    def chain(self, name: str, links: Dict[str, int]) -> Any:
        """The top of ``a.b.c``, its parts hanging on each other."""
        parts = name.split(".")
        made = [self.module(links[n]) if n in links else types.ModuleType(n) for n in (".".join(parts[: i + 1]) for i in range(len(parts)))]
        for owner, part, inner in zip(made, parts[1:], made[1:]):
            setattr(owner, part, inner)
        return made[0]


def _bound(statement: ast.stmt) -> List[str]:
    found: List[str] = []
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.append(node.id)
        elif isinstance(node, (*DEFINITIONS, ast.ClassDef)):
            found.append(node.name)
        elif isinstance(node, ast.alias):
            found.append(node.asname or node.name.partition(".")[0])
    return found


def _guarded(tree: ast.Module) -> Set[int]:
    """The lines inside of a `try` that has handlers."""
    found: Set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Try) and node.handlers:
            for statement in node.body:
                found.update(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    return found


def _lambda(tree: ast.Module, place: Tuple[int, ...]) -> Optional[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda) and (node.lineno, node.col_offset) == place:
            return node
    return None


def assembled(class_: Any, arguments: Dict[str, Any], init: Optional[ast.FunctionDef]) -> Any:
    """An object made without its constructor: every statement of that is tried by itself; None if even that is not possible."""
    if init is None:
        return None
    try:
        made = class_.__new__(class_)
        base = next((b for b in class_.__mro__[1:] if b.__module__.split(".")[0] in ("keras", "tensorflow", "tf_keras")), object)
        base.__init__(made)
    except Exception:  # a base class that cannot be made without arguments
        return None
    names_ = [a.arg for a in (*init.args.args, *init.args.kwonlyargs)]
    scope = dict(zip(names_[1:], [None] * len(names_)))
    defaults = init.args.defaults
    for argument, default in zip(init.args.args[len(init.args.args) - len(defaults) :], defaults):
        scope[argument.arg] = _tried(lambda default=default: eval(_code(default), class_.__init__.__globals__))  # type: ignore[misc]
    scope.update(arguments)
    scope[names_[0]] = made
    for statement in init.body:
        _tried(lambda statement=statement: exec(_code(statement), class_.__init__.__globals__, scope))  # type: ignore[misc]
    return made


def _code(node: ast.AST) -> Any:
    if isinstance(node, ast.expr):
        return compile(ast.Expression(node), "<constructor>", "eval")
    return compile(ast.Module([node], []), "<constructor>", "exec")  # type: ignore[list-item]


def _tried(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except (Exception, Refused):  # an attribute that cannot be had is missed only if the loss reads it
        return None


def brief(error: BaseException) -> str:
    """An exception in a few words."""
    return " ".join("{}: {}".format(type(error).__name__, error).split())[:120]


def module_named(name: str) -> Any:
    """A module of the framework for a parameter that stands for it."""
    return tf if name == "tensorflow" else names.outside(name, False, [])
