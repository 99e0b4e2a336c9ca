"""A loss cut out of its file: the statements it needs, of its own file and of the project's, and nothing else."""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from losslint.lab.names import COMPOUND, Binding, Needs, bindings, header, needs
from losslint.names import Scoped, imported
from losslint.source import Modules, Source

HOOKS = frozenset(
    {"call", "build", "compute_output_shape", "compute_mask", "get_config", "from_config"}
)  # methods that the framework calls by name
Position = tuple[int, int]


def position(node: ast.AST) -> Position:
    """Line and column, as the syntax tree counts them."""
    return getattr(node, "lineno", 0), getattr(node, "col_offset", 0)


@dataclass(eq=False, slots=True)
class Piece:
    """What is taken of one file.

    Attributes
    ----------
    keep
        Statements that are taken whole.
    opened
        Statements of whose bodies only those in `keep` or `opened` are taken.
    returns
        Functions that are ended by returning a name, or the lambda at a position; None as the function: the module binds it.
    links
        What an import of this file means: ``.losses`` or ``pkg.losses`` -> the number of a piece.
    needs
        Free names of all that is kept.
    """

    source: Source
    keep: set[Position] = field(default_factory=set)
    opened: set[Position] = field(default_factory=set)
    returns: list[tuple[Position | None, str | Position]] = field(default_factory=list)
    links: dict[str, int] = field(default_factory=dict)
    needs: set[str] = field(default_factory=set)

    def sent(self) -> dict[str, Any]:
        """As the worker takes it."""
        return {
            "name": f"losslint_slice_{self.source.path.rpartition('/')[2].removesuffix('.py')}",
            "path": self.source.path,
            "text": self.source.text,
            "keep": sorted(self.keep),
            "open": sorted(self.opened),
            "returns": self.returns,
            "links": self.links,
            "needs": sorted(self.needs),
            "given": [],
        }


class Slicer:
    """Gathers what a loss needs. The first piece is the file of the loss."""

    def __init__(self, source: Source, modules: Modules) -> None:
        self.modules = modules
        self.pieces: list[Piece] = []
        self.numbers: dict[str, int] = {}
        self.tables: dict[int, dict[str, list[Binding]]] = {}
        self.done: set[tuple[int, str]] = set()
        self.attributes: set[str] = set(HOOKS)
        self.classes: list[tuple[int, ast.ClassDef]] = []
        self.piece(source)

    def piece(self, source: Source) -> int:
        """The number of a file's piece."""
        if source.path not in self.numbers:
            number = self.numbers[source.path] = len(self.pieces)
            self.pieces.append(Piece(source))
            table: dict[str, list[Binding]] = defaultdict(list)
            for name, binding in bindings(source.tree.body):
                table[name].append(binding)
            self.tables[number] = table
        return self.numbers[source.path]

    # --- what is needed -----------------------------------------------------------------------------------------------

    def take(self, number: int, needed: Needs) -> None:
        """Gather what some syntax of a file needs."""
        self.attributes |= needed.attributes
        for name in sorted(needed.names):
            self.pieces[number].needs.add(name)
            members = sorted(d.partition(".")[2] for d in needed.dotted if d.partition(".")[0] == name)
            self.name(number, name, members)

    def name(self, number: int, name: str, members: list[str]) -> None:
        """Gather what binds a name of a file; `members`: the dotted names that are read from it."""
        found = self.tables[number].get(name)
        if found is None:
            if not hasattr(builtins, name):
                self.star(number, name, members)
            return
        if self._starred(number, name):
            self.star(number, name, members)  # a star import may bind the name anew
        wanted = (number, f"{name}: {' '.join(members)}")
        if wanted not in self.done:
            self.done.add(wanted)
            for binding in found:
                if isinstance(binding.statement, ast.Import | ast.ImportFrom):
                    self.imports(number, binding.statement, name, members)
        if (number, name) in self.done:
            return
        self.done.add((number, name))
        for binding in found:
            self.statement(number, binding)

    def statement(self, number: int, binding: Binding) -> None:
        """Keep a statement and what it needs."""
        piece = self.pieces[number]
        for compound in binding.around:
            if position(compound) not in piece.opened:
                piece.opened.add(position(compound))
                self.take(number, needs(*header(compound)))
        statement = binding.statement
        if position(statement) in piece.keep | piece.opened:
            return
        if isinstance(statement, ast.ClassDef):
            self.class_(number, statement)
        elif isinstance(statement, COMPOUND):
            piece.opened.add(position(statement))
            self.take(number, needs(*header(statement)))
        else:
            piece.keep.add(position(statement))
            if not isinstance(statement, ast.Import | ast.ImportFrom):
                self.take(number, needs(statement))

    # --- classes ------------------------------------------------------------------------------------------------------

    def class_(self, number: int, node: ast.ClassDef) -> None:
        """Keep a class with the members that anything reads."""
        self.pieces[number].opened.add(position(node))
        self.classes.append((number, node))
        self.take(number, needs(*node.bases, *(k.value for k in node.keywords), *node.decorator_list))

    def settle(self) -> None:
        """Add members to classes until nothing more is read."""
        changed = True
        while changed:
            changed = False
            for number, node in list(self.classes):
                keep, opened = self.pieces[number].keep, self.pieces[number].opened
                for statement in node.body:
                    if position(statement) not in keep | opened and self._wanted(statement):
                        keep.add(position(statement))
                        self.take(number, needs(statement))
                        changed = True

    def _wanted(self, statement: ast.stmt) -> bool:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = statement.name
            return name in self.attributes or (name.startswith("__") and name.endswith("__"))
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
            return bool(names & self.attributes)
        return False

    # --- imports ------------------------------------------------------------------------------------------------------

    def imports(self, number: int, statement: ast.Import | ast.ImportFrom, name: str, members: list[str]) -> None:
        """Follow an import into the project."""
        path = self.pieces[number].source.path
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.asname == name:
                    self.module(number, alias.name, alias.name, 0, members)
                elif alias.asname is None and alias.name.partition(".")[0] == name:
                    rest = alias.name.partition(".")[2]
                    inner = [m.removeprefix(rest).lstrip(".") for m in members if m.startswith(rest)]
                    self.module(number, alias.name, alias.name, 0, inner)
            return
        for found in imported(statement):
            if found.name != name or found.member is None:
                continue
            stem = "." * found.level + found.module
            target = self.modules.find(found.module, found.level, path)
            if target is not None:
                other = self.piece(target)
                if (found.member in self.tables[other] and not self._is_part(other, found.member)) or self._starred(other, found.member):
                    self.pieces[number].links[stem] = other
                    self.name(other, found.member, members)
                    continue
            inner_name = f"{found.module}.{found.member}" if found.module else found.member
            joined = stem + found.member if not stem or stem.endswith(".") else f"{stem}.{found.member}"
            self.module(number, joined, inner_name, found.level, members)

    def _is_part(self, number: int, name: str) -> bool:
        """Whether a package binds a name only by importing the module of that name out of itself."""
        statements = [binding.statement for binding in self.tables[number][name]]
        return all(isinstance(s, ast.ImportFrom) and s.level == 1 and not s.module for s in statements)

    def module(self, number: int, link: str, name: str, level: int, members: list[str]) -> None:
        """Link a module of the project and gather the members that are read from it."""
        target = self.modules.find(name, level, self.pieces[number].source.path)
        if target is None:
            return
        other = self.piece(target)
        self.pieces[number].links[link] = other
        for member in members:
            first, _, rest = member.partition(".")
            self.name(other, first, [rest] if rest else [])

    def star(self, number: int, name: str, members: list[str]) -> None:
        """Gather a name that only a star import can bring."""
        wanted = (number, f"* {name}: {' '.join(members)}")
        if wanted in self.done:
            return
        self.done.add(wanted)
        for binding in self.tables[number].get("*", ()):
            assert isinstance(binding.statement, ast.ImportFrom)
            statement = binding.statement
            target = self.modules.find(statement.module or "", statement.level, self.pieces[number].source.path)
            if target is not None:
                other = self.piece(target)
                if name not in self.tables[other] and not self._starred(other, name):
                    continue
                self.pieces[number].links["." * statement.level + (statement.module or "")] = other
                self.name(other, name, members)
            self.statement(number, binding)

    def _starred(self, number: int, name: str) -> bool:
        """Whether a star import of a file may bring a name."""
        for binding in self.tables[number].get("*", ()):
            assert isinstance(binding.statement, ast.ImportFrom)
            target = self.modules.find(binding.statement.module or "", binding.statement.level, self.pieces[number].source.path)
            if target is not None and target.path != self.pieces[number].source.path and name in self.tables[self.piece(target)]:
                return True
        return False

    def functions(self, scope: Scoped) -> Iterator[ast.AST]:
        """The loss and every function that is taken with it."""
        yield scope.node
        for piece in self.pieces:
            for node in ast.walk(piece.source.tree):
                if isinstance(node, ast.FunctionDef) and position(node) in piece.keep and node is not scope.node:
                    yield node

    # --- the loss itself ----------------------------------------------------------------------------------------------

    def loss(self, scope: Scoped) -> tuple[list[Scoped], dict[str, set[str]]]:
        """Gather a loss.

        Returns
        -------
        tuple
            The scopes from the outermost to the loss itself, and of every function around it the parameters that are read.
        """
        chain = [scope]
        while chain[0].parent is not None and chain[0].parent.parent is not None:
            chain.insert(0, chain[0].parent)
        read: dict[str, set[str]] = {}
        node = scope.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        needed = needs(node)
        for inner, outer in zip(reversed(chain), [*reversed(chain[:-1]), None], strict=True):
            if outer is None:
                self._outermost(inner, needed)
            elif outer.is_class:
                self.attributes.add(inner.short)
                if position(inner.node) in self.pieces[0].opened:
                    self.take(0, needed)
                needed = Needs(frozenset(), frozenset(), frozenset())  # a method is taken with its class
            else:
                needed = self._enclosing(outer, inner, needed, read)
        self.settle()
        return chain, read

    def _outermost(self, scope: Scoped, needed: Needs) -> None:
        if isinstance(scope.node, ast.Lambda):
            self.pieces[0].returns.append((None, position(scope.node)))
        else:
            bound = self.tables[0].get(scope.short, ())
            for binding in [b for b in bound if b.statement is scope.node] or bound:
                self.statement(0, binding)
        self.take(0, needed)

    def _enclosing(self, outer: Scoped, inner: Scoped, needed: Needs, read: dict[str, set[str]]) -> Needs:
        """Cut a function down to what the one inside it needs, and have it return that."""
        node = outer.node
        assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        piece = self.pieces[0]
        piece.opened.add(position(node))
        piece.returns.append((position(node), position(inner.node) if isinstance(inner.node, ast.Lambda) else inner.short))
        table: dict[str, list[Binding]] = defaultdict(list)
        for name, binding in bindings(node.body):
            table[name].append(binding)
        parameters = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        names, attributes, chains = set(needed.names), set(needed.attributes), set(needed.dotted)
        bound = [] if isinstance(inner.node, ast.Lambda) else table.get(inner.short, [])
        own = [b for b in bound if b.statement is inner.node] or bound  # what the name is bound to later is no loss
        waiting, seen = [inner.short, *sorted(names)], set[str]()
        while waiting:
            name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            for binding in own if name == inner.short and name not in names else table.get(name, ()):
                more = self._inside(binding, inner, piece)
                attributes |= more.attributes
                chains |= more.dotted
                names |= more.names
                waiting.extend(sorted(more.names))
        read[outer.name] = names & parameters
        defaults = needs(*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None), *node.decorator_list)
        outside = frozenset(n for n in names if n not in table and n not in parameters)
        return Needs(outside | defaults.names, frozenset(attributes) | defaults.attributes, frozenset(chains) | defaults.dotted)

    def _inside(self, binding: Binding, inner: Scoped, piece: Piece) -> Needs:
        found: list[ast.stmt | ast.expr] = []
        for compound in binding.around:
            if position(compound) not in piece.opened:
                piece.opened.add(position(compound))
                found.extend(header(compound))
        statement = binding.statement
        if isinstance(statement, COMPOUND):
            piece.opened.add(position(statement))
            found.extend(header(statement))
        elif statement is inner.node and position(statement) in piece.opened:
            return Needs(frozenset(), frozenset(), frozenset())
        elif position(statement) not in piece.keep:
            piece.keep.add(position(statement))
            found.append(statement)
        return needs(*found)
