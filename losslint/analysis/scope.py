"""Files and scopes of an abstract run: where a name is looked up and what it was bound to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from msgspec import Struct, field

from losslint.analysis.objects import Value
from losslint.names import Index
from losslint.source import Source


class File(Struct, eq=False, dict=True):
    """A module of the project: its text, its index, and its module scope."""

    source: Source
    index: Index
    declared: bool = False  # its definitions and imports are bound
    executed: bool = False
    executing: bool = False

    @classmethod
    def of(cls, source: Source) -> File:
        """The file of a parsed source."""
        return cls(source, source.index)

    @cached_property
    def scope(self) -> Scope:
        """The bindings of the module."""
        return Scope(self, "", None, outside=True)


class Late(Struct, frozen=True, eq=False):
    """An import that is followed when its name is first read; `otherwise`: what the name is meanwhile, in a circle of imports."""

    follow: Callable[[], Value]
    otherwise: Value


class Scope(Struct, eq=False):
    """The bindings of one call of a function, of a class body, or of a module.

    Attributes
    ----------
    function
        Qualified name of the function around, for messages.
    outside
        It was walked for the bindings that a loss closes over, it is no part of the loss.
    late
        Imports whose names nobody has read yet.
    parameters
        Which of the names are parameters.
    stars
        Modules of the project that were star-imported into it.
    packages
        Names of modules outside the project that were.
    """

    file: File
    function: str
    parent: Scope | None
    names: dict[str, Value] = field(default_factory=dict)
    late: dict[str, Late] = field(default_factory=dict)
    outside: bool = False
    is_class: bool = False
    parameters: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()  # names that a `global` or `nonlocal` statement sends outwards
    stars: list[Scope] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)

    def chain(self) -> Iterator[Scope]:
        """The scope itself and those around it, as Python looks names up: a class body only from within itself."""
        scope: Scope | None = self
        while scope is not None:
            if scope is self or not scope.is_class:
                yield scope
            scope = scope.parent

    def find(self, name: str) -> tuple[Value, Scope] | None:
        """What a name is bound to and where, or None."""
        scope: Scope | None = self
        while scope is not None:
            if scope is self or not scope.is_class:
                value = scope.own(name)
                if value is not None:
                    return value, scope
                for star in scope.starred() if scope.stars else ():
                    value = star.own(name)
                    if value is not None:
                        return value, star
            scope = scope.parent
        return None

    def own(self, name: str) -> Value | None:
        """What a name is bound to right here, or None."""
        late = self.late.pop(name, None) if self.late else None
        if late is not None:
            self.names[name] = late.otherwise
            self.names[name] = late.follow()
        return self.names.get(name)

    def starred(self) -> Iterator[Scope]:
        """The modules that were star-imported into it, and into those, each once."""
        seen: list[Scope] = [self]
        for scope in seen:
            for star in scope.stars:
                if star not in seen:
                    seen.append(star)
                    yield star

    def bind(self, name: str, value: Value | Late) -> None:
        """Bind a name here, or where a `global` or `nonlocal` statement says."""
        scope = self
        if name in self.declared and self.parent is not None:
            scope = next((s for s in self.parent.chain() if name in s.names or name in s.late), self.file.scope)
        if isinstance(value, Late):
            scope.late[name] = value
        else:
            scope.late.pop(name, None)
            scope.names[name] = value
