"""What the names of a file mean: its imports, and one pass over its tree that tells what each function is and uses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class Import:
    """One name that an import statement binds.

    `module` is what is imported from (``import a.b`` binds ``a``: module ``a``), `member` the name in it or None for the
    module itself, ``*`` for a star import; `level` counts the leading dots.
    """

    name: str
    module: str
    member: str | None
    level: int = 0


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


@dataclass(eq=False, slots=True)
class Scoped:
    """A function, class or module of a file, and what the one pass saw directly inside it (nested functions apart)."""

    node: ast.AST
    name: str  # qualified, "" for the module
    parent: Scoped | None
    attributes: set[str] = field(default_factory=set)  # names of the attributes read, `log` of tf.math.log
    calls: list[ast.Call] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)  # names stored
    indexed: dict[str, set[int]] = field(default_factory=dict)  # name -> bare integer subscripts
    unpacked: set[str] = field(default_factory=set)  # names that are unpacked into several
    highest_axis: int = 0
    ellipsis: bool = False
    generator: bool = False
    returned: list[ast.expr] = field(default_factory=list)
    stored: dict[str, list[str]] = field(default_factory=dict)  # class: attribute of self -> methods that set it

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


@dataclass(eq=False, slots=True)
class Index:
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


LEAVES = frozenset(
    {ast.Load, ast.Store, ast.Del, *ast.operator.__subclasses__(), *ast.unaryop.__subclasses__(), *ast.boolop.__subclasses__()}
)
RECORDED = frozenset(
    {
        ast.Attribute,
        ast.Call,
        ast.Name,
        ast.Subscript,
        ast.Constant,
        ast.Assign,
        ast.Return,
        ast.Yield,
        ast.YieldFrom,
        ast.Import,
        ast.ImportFrom,
    }
)


class _Indexer:
    """Walks the tree once, without recursion into Python's own generic visitor (it is twice as slow)."""

    def __init__(self) -> None:
        self.index = Index()

    def scope(self, node: ast.AST, name: str, parent: Scoped | None) -> Scoped:
        made = Scoped(node, name, parent)
        self.index.scopes.append(made)
        self.index.by_node[node] = made
        return made

    def walk(self, node: ast.AST, scope: Scoped) -> None:
        for name in node._fields:
            value = getattr(node, name, None)
            if value.__class__ is list:
                for item in value:
                    if isinstance(item, ast.AST):
                        self.visit(item, scope)
            elif isinstance(value, ast.AST) and value.__class__ not in LEAVES:
                self.visit(value, scope)

    def visit(self, node: ast.AST, scope: Scoped) -> None:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            self.definition(node, scope)
            return
        if isinstance(node, ast.Lambda):
            inner = self.scope(node, f"{scope.name}.<lambda>" if scope.name else "<lambda>", scope)
            inner.returned.append(node.body)
            self.walk(node.args, scope)
            self.visit(node.body, inner)
            return
        if node.__class__ in RECORDED:
            self.record(node, scope)
        if node.__class__ is not ast.Name and node.__class__ is not ast.Constant:
            self.walk(node, scope)

    def definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, scope: Scoped) -> None:
        scope.bound.add(node.name)
        inner = self.scope(node, f"{scope.name}.{node.name}" if scope.name else node.name, scope)
        for decorator in node.decorator_list:
            self.visit(decorator, scope)
        if isinstance(node, ast.ClassDef):
            for base in (*node.bases, *node.keywords):
                self.visit(base, scope)
        else:
            self.walk(node.args, scope)
        for statement in node.body:
            self.visit(statement, inner)

    def record(self, node: ast.AST, scope: Scoped) -> None:
        match node:
            case ast.Attribute():
                scope.attributes.add(node.attr)
                if isinstance(node.ctx, ast.Store):
                    scope.bound.add(node.attr)
                if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and scope.owner is not None:
                    if node.value.id in ("self", "cls"):
                        scope.owner.stored.setdefault(node.attr, []).append(scope.short)
            case ast.Call():
                scope.calls.append(node)
                if isinstance(node.func, ast.Name):
                    scope.attributes.add(node.func.id)
                for keyword in node.keywords:
                    if keyword.arg in ("axis", "dim", "reduction_indices") and isinstance(keyword.value, ast.Constant):
                        if isinstance(keyword.value.value, int):
                            scope.highest_axis = max(scope.highest_axis, keyword.value.value)
            case ast.Name(ctx=ast.Store()):
                scope.bound.add(node.id)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=int(number))):
                if not isinstance(node.ctx, ast.Store):
                    scope.indexed.setdefault(name, set()).add(number)
            case ast.Constant(value=value) if value is Ellipsis:
                scope.ellipsis = True
            case ast.Assign(targets=[ast.Tuple() | ast.List()], value=ast.Name(id=name)):
                scope.unpacked.add(name)
            case ast.Return(value=ast.expr() as value):
                scope.returned.append(value)
            case ast.Yield() | ast.YieldFrom():
                scope.generator = True
            case ast.Import() | ast.ImportFrom():
                for found in imported(node):
                    self.index.imports.setdefault(found.name, found)
                    scope.bound.add(found.name)


def index(tree: ast.Module) -> Index:
    """One pass over a module's tree."""
    indexer = _Indexer()
    indexer.walk(tree, indexer.scope(tree, "", None))
    return indexer.index
