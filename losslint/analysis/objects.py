"""What a Python expression can be besides a tensor: constants, containers, functions, classes, layers, models, modules."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from losslint.analysis.node import Node, Site
from losslint.operations.operation import Operation

if TYPE_CHECKING:
    from losslint.analysis.scope import Scope
    from losslint.source import Source

Body = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda  # what a function of the project is written as


class Constant(Struct, frozen=True):
    """A Python literal (str, bytes, bool, int, float, None, Ellipsis) that is known.

    `setting`: the user may give another one (a default argument of a loss or of its factory), so tests of it go both ways.
    """

    value: Any
    setting: bool = False


class Sequence(Struct, eq=False):
    """A list, tuple or set whose items are known."""

    items: list[Value]
    mutable: bool = True
    power: int = 0  # filled once in a loop over the batch: its length grows with the batch
    declared: bool = False  # its length is a configured batch size


class Mapping(Struct, eq=False):
    """A dict whose keys are known."""

    items: dict[Any, Value]


class Slice(Struct, frozen=True):
    """`lower:upper:step` in a subscript; None where it is left out."""

    lower: Value | None
    upper: Value | None
    step: Value | None


class Named(Struct, frozen=True):
    """A full dotted name in another package, as imported (`tensorflow.math.log`, `torch.nn`)."""

    name: str


class Function(Struct, eq=False):
    """A function or lambda of the project, with the scope it was defined in."""

    node: Body
    scope: Scope
    source: Source
    name: str  # qualified
    bound: Value | None = None  # self
    defaults: dict[str, Value] = field(default_factory=dict)


class Class(Struct, eq=False):
    """A class of the project."""

    node: ast.ClassDef
    scope: Scope
    source: Source
    name: str
    bases: tuple[Value, ...] = ()


class Instance(Struct, eq=False):
    """An object of a project's class; `attributes` is what its constructor and methods set."""

    cls: Class
    attributes: dict[str, Value] = field(default_factory=dict)


class Module(Struct, eq=False):
    """A module of the project."""

    scope: Scope


class Partial(Struct, eq=False):
    """A callable with some arguments given (functools.partial)."""

    function: Value
    positional: tuple[Value, ...]
    keywords: dict[str, Value]


class LossObject(Struct, eq=False):
    """An object of a framework's loss class, e.g. `keras.losses.MeanSquaredError(reduction="sum")`."""

    operation: Operation
    arguments: dict[str, Value]
    site: Site
    spelling: str = ""


class Layer(Struct, eq=False):
    """A layer object (called, it gives a symbolic tensor where it is called on one); its positional arguments are ``*0`` and so on."""

    name: str
    keywords: dict[str, Value] = field(default_factory=dict)

    def given(self, name: str, place: int | None = 0) -> Value | None:
        """What its constructor was given for a parameter, by name or at a place; None where nothing was."""
        return self.keywords.get(name) or self.keywords.get(f"*{place}")


class Model(Struct, eq=False):
    """A model object; `output` is its symbolic output where known, `layers` what it is made of as far as known, the last one last."""

    name: str
    output: Value | None = None
    layers: list[Value] = field(default_factory=list)


Value = Node | Constant | Sequence | Mapping | Slice | Named | Function | Class | Instance | Partial | LossObject | Layer | Model | Module
