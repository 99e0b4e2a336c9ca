"""How a value comes to grow or shrink with the batch size: what the rules of this family ask of a trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from losslint.analysis.degree import known
from losslint.analysis.node import Node
from losslint.options import Meta, Options

DIVISIONS = frozenset({"divide", "divide_no_nan", "floordiv"})
FIRST_ONLY = DIVISIONS | {"pow", "clip", "reshape", "tile", "broadcast_to", "gather"}
SELECTIONS = frozenset({"where", "cond", "switch"})
POWERS = {0.5: "the square root of the batch size", 1.0: "the batch size", 2.0: "the square of the batch size"}


class Sizes(Options, frozen=True):
    """Which written numbers are batch sizes."""

    least: Annotated[
        int, Meta(ge=2, description="the least written number that is taken for a batch size; a smaller divisor is a weight")
    ] = 8


def largest(node: Node) -> float:
    """The largest known exponent of the batch size in a value, 0 where none is known."""
    return max(known(node.degree), default=0.0)


def is_length(node: Node) -> bool:
    """Whether a value is a number of samples (or made of such numbers and constants), not data."""
    if node.constant or node.marked("dimension") or node.marked("declared-batch") or node.operation in ("dimension", "size", "shape"):
        return True
    return bool(node.arguments) and all(map(is_length, node.arguments))


def grows(node: Node) -> bool:
    """Whether a part of some data grows with the batch size."""
    return largest(node) > 0 and not is_length(node)


def shrinks(node: Node) -> bool:
    """Whether every part of a value is known, and all of them shrink as the batch grows."""
    return None not in node.degree and largest(node) < 0


def carriers(node: Node) -> tuple[Node, ...]:
    """The arguments whose growth the value inherits: not a denominator, a condition, an exponent or a shape."""
    if node.operation in SELECTIONS and len(node.arguments) == 3:
        return node.arguments[1:]
    return node.arguments[:1] if node.operation in FIRST_ONLY else node.arguments


def literal_divisor(node: Node, least: int) -> bool:
    """Whether a value is a division by a written number that can be a batch size, as it is not below the least one."""
    if node.operation not in DIVISIONS or len(node.arguments) < 2:
        return False
    bottom = node.arguments[1]
    values = bottom.columns.single
    return bottom.constant and bottom.facts.python and len(set(values)) == 1 and values[0] >= least


def origins_of_growth(root: Node, sizes: Sizes) -> Iterator[tuple[Node, Node | None]]:
    """Where the growth of a value begins: nodes that grow though none of their arguments does.

    Parameters
    ----------
    sizes
        Says which written numbers can be a batch size.

    Yields
    ------
    origin, division
        The division is the first one by a written number on the way to the root, None if there is none.
    """
    stack: list[tuple[Node, Node | None]] = [(root, None)]
    seen: set[tuple[int, int]] = set()
    while stack:
        node, division = stack.pop()
        key = (id(node), id(division))
        if key in seen or not grows(node):
            continue
        seen.add(key)
        division = node if literal_divisor(node, sizes.least) else division
        growing = [argument for argument in carriers(node) if grows(argument)]
        if growing:
            stack.extend((argument, division) for argument in reversed(growing))
        else:
            yield node, division


def origins_of_shrinking(root: Node) -> Iterator[Node]:
    """Where the shrinking of a value begins: nodes all parts of which shrink though no argument with data does."""
    stack, seen = [root], set[int]()
    while stack:
        node = stack.pop()
        if id(node) in seen or not shrinks(node):
            continue
        seen.add(id(node))
        shrinking = [argument for argument in carriers(node) if shrinks(argument) and not is_length(argument)]
        if shrinking:
            stack.extend(reversed(shrinking))
        elif not is_length(node):
            yield node
