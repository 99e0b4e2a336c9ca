"""The nodes of the record of an abstract run: one for each value that the loss computes, with its four facts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from losslint.analysis import columns, degree
from losslint.analysis.columns import Columns
from losslint.analysis.degree import Degree
from losslint.analysis.shape import SCALAR, Shape

if TYPE_CHECKING:
    from losslint.source import Source


class Gradient(IntEnum):
    """How a value depends on the prediction or on trainable weights; the join of two is the larger."""

    NONE = 0  # does not depend on it
    BLOCKED = 1  # depends on it, but no gradient passes
    FLOWS = 2


class Site(Struct, frozen=True):
    """Where a value was written: the syntax, the file, and the function around it.

    `caller` is the call through which the walk came into this file's code, None in the file that is linted.
    """

    syntax: ast.AST
    source: Source
    function: str = ""
    caller: Site | None = None


class Facts(Struct, frozen=True):
    """The four facts of a value, and a few marks.

    Attributes
    ----------
    shape
        Axes with their batch powers; None: unknown.
    degree
        By what powers of the batch size its elements grow.
    columns
        Its value on the witness columns.
    gradient
        Whether a gradient reaches the prediction or a weight through it.
    origin
        Which inputs it came from: ``true``, ``pred``, ``input`` (another tensor parameter), ``parameter:NAME``, ``variable``,
        ``symbolic``, ``random``, ``model:NAME``, ``state``.
    constant
        Made of literals and settings only.
    python
        A Python number that has not met a tensor: still in double precision.
    marks
        ``maybe-empty`` (a selection that can have no element), ``declared-batch`` (a configured batch size),
        ``mixed`` (made of several values; the columns are those of the smallest), ``dimension`` (a length read from a shape, never 0), ``activated`` (went through a saturating activation),
        ``slow`` (a bounded function or the logarithm of what grows with the batch, so that no power says what an exponential or a pole makes of it),
        ``trainable``, ``linear`` (what weights made of data, before any activation), ``numpy``.
    """

    shape: Shape | None = SCALAR
    degree: Degree = degree.ZERO
    columns: Columns = columns.UNKNOWN
    gradient: Gradient = Gradient.NONE
    origin: frozenset[str] = frozenset()
    constant: bool = False
    python: bool = False
    marks: frozenset[str] = frozenset()


class Node(Struct, eq=False):
    """One value of the abstract run. Identity is meaning: a name bound once is one node wherever it is read."""

    operation: str
    arguments: tuple[Node, ...]
    site: Site
    facts: Facts
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def shape(self) -> Shape | None:
        """See `Facts.shape`."""
        return self.facts.shape

    @property
    def degree(self) -> Degree:
        """See `Facts.degree`."""
        return self.facts.degree

    @property
    def columns(self) -> Columns:
        """See `Facts.columns`."""
        return self.facts.columns

    @property
    def gradient(self) -> Gradient:
        """See `Facts.gradient`."""
        return self.facts.gradient

    @property
    def origin(self) -> frozenset[str]:
        """See `Facts.origin`."""
        return self.facts.origin

    @property
    def constant(self) -> bool:
        """See `Facts.constant`."""
        return self.facts.constant

    @property
    def text(self) -> str:
        """The expression as the user wrote it, on one line."""
        return self.site.source.segment(self.site.syntax)

    def marked(self, mark: str) -> bool:
        """Whether it carries a mark."""
        return mark in self.facts.marks

    def with_facts(self, **changes: Any) -> Node:
        """A new node for the same expression, told something more."""
        return Node(self.operation, self.arguments, self.site, replace(self.facts, **changes), self.details)


def reach(*roots: Node, through: Any = None) -> Iterator[Node]:
    """Every node that the roots are made of, each once, roots first; `through(node)` false: its arguments are not entered."""
    seen: set[int] = set()
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if through is None or through(node):
            stack.extend(reversed(node.arguments))


def blend(operands: tuple[Node, ...]) -> tuple[Gradient, frozenset[str], bool]:
    """What any result inherits: the largest gradient, all origins, and whether it is constant."""
    gradient = max((o.gradient for o in operands), default=Gradient.NONE)
    origin: frozenset[str] = frozenset().union(*(o.origin for o in operands))
    return gradient, origin, all(o.constant for o in operands)
