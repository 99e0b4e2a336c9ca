"""What the names of a file mean: its imports, and one pass over its tree that tells what each function is and uses."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Import(Struct, frozen=True):
    """One name that an import statement binds.

    `module` is what is imported from (``import a.b`` binds ``a``: module ``a``), `member` the name in it or None for the
    module itself, ``*`` for a star import; `level` counts the leading dots.
    """

    name: str
    module: str
    member: str | None
    level: int = 0

    @property
    def whole(self) -> str:
        """The full dotted name of what is bound, with one dot before a relative one."""
        name = ".".join(filter(None, (self.module, self.member)))
        return f".{name}" if self.level else name


def imported(statement: ast.Import | ast.ImportFrom) -> Iterator[Import]:
    """The names that an import statement binds."""
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            if alias.asname:
                yield Import(alias.asname, alias.name, None)
            else:
                top = alias.name.partition(".")[0]
                yield Import(top, top, None)
        return
    for alias in statement.names:
        yield Import(alias.asname or alias.name, statement.module or "", alias.name, statement.level)


def dotted(node: ast.expr) -> str | None:
    """``a.b.c`` of a chain of attributes on a name, None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def last(node: ast.expr) -> str | None:
    """``c`` of a chain of attributes ``a.b.c`` on a name, None for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    owner = node
    while isinstance(owner, ast.Attribute):
        owner = owner.value
    return node.attr if isinstance(node, ast.Attribute) and isinstance(owner, ast.Name) else None


class Scoped(Struct, eq=False):
    """A function, class or module of a file, and what the one pass saw directly inside it (nested functions apart)."""

    node: ast.AST
    name: str  # qualified, "" for the module
    parent: Scoped | None
    calls: list[ast.Call] = field(default_factory=list)
    called: set[str] = field(default_factory=set)  # last names of what is called, `log` of tf.math.log()
    bound: set[str] = field(default_factory=set)  # names assigned, defined and imported
    assigned: set[str] = field(default_factory=set)  # names and attributes assigned
    indexed: dict[str, set[int]] = field(default_factory=dict)  # name -> bare integer subscripts
    unpacked: set[str] = field(default_factory=set)  # names that are unpacked into several
    highest_axis: int = 0
    ellipsis: bool = False
    generator: bool = False
    returned: list[ast.expr] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)  # names of the functions defined in it
    stored: dict[str, list[str]] = field(default_factory=dict)  # class: attribute of self -> methods that set it
    declared: set[str] = field(default_factory=set)  # names that a `global` or `nonlocal` statement sends outwards
    loops: list[ast.For | ast.AsyncFor | ast.While] = field(default_factory=list)

    @property
    def is_class(self) -> bool:
        """Whether it is a class."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def function(self) -> FunctionNode | None:
        """The function or lambda node, None for a class or module."""
        return self.node if isinstance(self.node, FunctionNode) else None

    @property
    def short(self) -> str:
        """The last part of the qualified name."""
        return self.name.rpartition(".")[2]

    @property
    def owner(self) -> Scoped | None:
        """The class this is a method of."""
        return self.parent if self.parent is not None and self.parent.is_class else None

    @property
    def parameters(self) -> list[str]:
        """Names of the parameters without `self`."""
        function = self.function
        if function is None:
            return []
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
        return names[1:] if self.owner and names and names[0] in ("self", "cls") else names


class Index(Struct, eq=False):
    """All of a file's scopes in the order of the text, and its imports."""

    scopes: list[Scoped] = field(default_factory=list)
    by_node: dict[ast.AST, Scoped] = field(default_factory=dict)
    imports: dict[str, Import] = field(default_factory=dict)

    @property
    def module(self) -> Scoped:
        """The module's own scope."""
        return self.scopes[0]

    def resolve(self, node: ast.expr) -> str | None:
        """The full dotted name of an expression that goes back to an import, else None."""
        name = dotted(node)
        if name is None:
            return None
        top, _, rest = name.partition(".")
        found = self.imports.get(top)
        if found is None or found.level:
            return None
        base = found.module if found.member is None else f"{found.module}.{found.member}"
        return f"{base}.{rest}" if rest else base


_ATOMS = frozenset(
    {
        "ctx",
        "op",
        "ops",
        "id",
        "attr",
        "arg",
        "module",
        "level",
        "asname",
        "conversion",
        "is_async",
        "simple",
        "kind",
        "type_comment",
        "rest",
    }
)
_PARTS = {
    kind: tuple(name for name in reversed(kind._fields) if name not in _ATOMS)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST) and kind not in (ast.Name, ast.Constant, ast.Global, ast.Nonlocal)
}  # kind of node -> its fields that hold further nodes, last first
_SELF = ("self", "cls")
_AXES = ("axis", "dim", "reduction_indices")


class _Indexer:
    """One pass over a tree, with a stack of its own for each scope: the generic visitor of Python is five times as slow."""

    def __init__(self) -> None:
        self.index = Index()

    def scope(self, node: ast.AST, name: str, parent: Scoped | None) -> Scoped:
        made = Scoped(node, name, parent)
        self.index.scopes.append(made)
        self.index.by_node[node] = made
        return made

    def walk(self, stack: list[Any], scope: Scoped) -> None:
        """Record all nodes of a stack (the first one last) and what is in them."""
        while stack:
            node = stack.pop()
            kind = node.__class__
            if kind is ast.Name:
                if node.ctx.__class__ is ast.Store:
                    scope.bound.add(node.id)
                    scope.assigned.add(node.id)
                continue
            if kind is ast.Attribute:
                if node.ctx.__class__ is ast.Store:
                    self.stored(node, scope)
                stack.append(node.value)
                continue
            special = _SPECIAL.get(kind)
            if special is not None and special(self, node, scope):
                continue
            for name in _PARTS.get(kind, ()):
                value = getattr(node, name, None)
                if value.__class__ is list:
                    stack.extend(value[::-1])
                elif value is not None:
                    stack.append(value)

    def definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, scope: Scoped) -> bool:
        scope.bound.add(node.name)
        if not isinstance(node, ast.ClassDef):
            scope.functions.add(node.name)
        inner = self.scope(node, f"{scope.name}.{node.name}" if scope.name else node.name, scope)
        around = [*node.decorator_list, *((*node.bases, *node.keywords) if isinstance(node, ast.ClassDef) else (node.args,))]
        self.walk(around[::-1], scope)
        self.walk(node.body[::-1], inner)
        return True

    def anonymous(self, node: ast.Lambda, scope: Scoped) -> bool:
        inner = self.scope(node, f"{scope.name}.<lambda>" if scope.name else "<lambda>", scope)
        inner.returned.append(node.body)
        self.walk([node.args], scope)
        self.walk([node.body], inner)
        return True

    def stored(self, node: ast.Attribute, scope: Scoped) -> None:
        scope.assigned.add(node.attr)
        if scope.owner is not None and isinstance(node.value, ast.Name) and node.value.id in _SELF:
            scope.owner.stored.setdefault(node.attr, []).append(scope.short)

    def call(self, node: ast.Call, scope: Scoped) -> None:
        scope.calls.append(node)
        if isinstance(node.func, ast.Name):
            scope.called.add(node.func.id)
        elif isinstance(node.func, ast.Attribute):
            scope.called.add(node.func.attr)
        for keyword in node.keywords:
            if keyword.arg in _AXES and isinstance(keyword.value, ast.Constant) and isinstance(keyword.value.value, int):
                scope.highest_axis = max(scope.highest_axis, keyword.value.value)

    def constant(self, node: ast.Constant, scope: Scoped) -> None:
        if node.value is Ellipsis:
            scope.ellipsis = True

    def subscript(self, node: ast.Subscript, scope: Scoped) -> None:
        match node:
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int(number)), ctx=ast.Load() | ast.Del()):
                scope.indexed.setdefault(name, set()).add(number)

    def assignment(self, node: ast.Assign, scope: Scoped) -> None:
        match node:
            case ast.Assign(targets=[ast.Tuple() | ast.List()], value=ast.Name(id=name)):
                scope.unpacked.add(name)

    def result(self, node: ast.Return, scope: Scoped) -> None:
        if node.value is not None:
            scope.returned.append(node.value)

    def generates(self, node: ast.Yield | ast.YieldFrom, scope: Scoped) -> None:
        scope.generator = True

    def outward(self, node: ast.Global | ast.Nonlocal, scope: Scoped) -> None:
        scope.declared.update(node.names)

    def loop(self, node: ast.For | ast.AsyncFor | ast.While, scope: Scoped) -> None:
        scope.loops.append(node)

    def imports(self, node: ast.Import | ast.ImportFrom, scope: Scoped) -> None:
        for found in imported(node):
            self.index.imports.setdefault(found.name, found)
            scope.bound.add(found.name)


_SPECIAL: dict[type[ast.AST], Callable[[_Indexer, Any, Scoped], bool | None]] = {  # true: the node was walked
    ast.FunctionDef: _Indexer.definition,
    ast.AsyncFunctionDef: _Indexer.definition,
    ast.ClassDef: _Indexer.definition,
    ast.Lambda: _Indexer.anonymous,
    ast.Call: _Indexer.call,
    ast.Constant: _Indexer.constant,
    ast.Subscript: _Indexer.subscript,
    ast.Assign: _Indexer.assignment,
    ast.Return: _Indexer.result,
    ast.Yield: _Indexer.generates,
    ast.YieldFrom: _Indexer.generates,
    ast.Global: _Indexer.outward,
    ast.Nonlocal: _Indexer.outward,
    ast.For: _Indexer.loop,
    ast.AsyncFor: _Indexer.loop,
    ast.While: _Indexer.loop,
    ast.Import: _Indexer.imports,
    ast.ImportFrom: _Indexer.imports,
}


def index(tree: ast.Module) -> Index:
    """One pass over a module's tree."""
    indexer = _Indexer()
    indexer.walk(tree.body[::-1], indexer.scope(tree, "", None))
    return indexer.index
