"""Scaling, first half: axes whose lengths are known as powers of the batch size."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace


class Axis(Struct, frozen=True):
    """One axis: its length grows with batch size to the `power`; `length` where it is literal."""

    power: int = 0
    length: int | None = None


BATCH = Axis(1)
ONE = Axis(0, 1)
ANY = Axis()


class Shape(Struct, frozen=True):
    """Leading axes, an optional run of hidden axes, trailing axes.

    `hidden` is ``None`` where every axis is listed in `lead` (the rank is exact), else the number of axes that the
    hidden run holds at least. Hidden axes never grow with the batch. An unknown shape is ``None``, not a `Shape`.
    """

    lead: tuple[Axis, ...] = ()
    hidden: int | None = None
    trail: tuple[Axis, ...] = ()

    @property
    def exact(self) -> bool:
        """Whether the rank is known."""
        return self.hidden is None

    @property
    def rank(self) -> int | None:
        """Number of axes, where known."""
        return len(self.lead) if self.hidden is None else None

    @property
    def least_rank(self) -> int:
        """Number of axes that there are at least."""
        return len(self.lead) + (self.hidden or 0) + len(self.trail)

    @property
    def power(self) -> int:
        """Power of the batch size by which the number of elements grows."""
        return sum(axis.power for axis in self.lead + self.trail)

    @property
    def batch_axes(self) -> int:
        """Number of axes that grow with the batch."""
        return sum(axis.power > 0 for axis in self.lead + self.trail)

    def locate(self, index: int) -> tuple[str, int] | None:
        """Where axis `index` lies: ``("lead", i)``, ``("trail", i)`` or ``("hidden", 0)``; None if there is no such axis."""
        if self.hidden is None:
            position = index + len(self.lead) if index < 0 else index
            return ("lead", position) if 0 <= position < len(self.lead) else None
        if 0 <= index < len(self.lead):
            return ("lead", index)
        if index < 0 and -index <= len(self.trail):
            return ("trail", len(self.trail) + index)
        if self.hidden == 0 and self.batch_axes >= 2:  # a pairwise matrix: its last axis is a batch axis
            if index >= 0 and index - len(self.lead) < len(self.trail):
                return ("trail", index - len(self.lead))
            if index < 0 and not self.trail and -index <= len(self.lead):
                return ("lead", len(self.lead) + index)
        return ("hidden", 0)

    def axis(self, index: int) -> Axis | None:
        """The axis at `index`, negative from the end; a hidden one has no known length; None if there is no such axis."""
        where = self.locate(index)
        if where is None:
            return None
        return ANY if where[0] == "hidden" else (self.lead if where[0] == "lead" else self.trail)[where[1]]

    def reduce(self, axes: tuple[int, ...] | None, keepdims: bool = False) -> tuple[Shape | None, list[Axis] | None]:
        """The shape without `axes` (None: all), and the axes that went; (None, None) where an axis does not exist."""
        if axes is None:
            gone = [*self.lead, *([ANY] * (self.hidden or 0)), *self.trail]
            kept = Shape((ONE,) * len(self.lead), self.hidden, (ONE,) * len(self.trail)) if keepdims else Shape()
            return kept, gone
        lead: list[Axis | None] = list(self.lead)
        trail: list[Axis | None] = list(self.trail)
        hidden, gone = self.hidden, []
        for index in dict.fromkeys(axes):
            where = self.locate(index)
            if where is None:
                return None, None
            if where[0] == "hidden":
                gone.append(ANY)
                if not keepdims and hidden:
                    hidden -= 1
                continue
            part = lead if where[0] == "lead" else trail
            axis = part[where[1]]
            if axis is not None:
                gone.append(axis)
                part[where[1]] = None
        fill = ONE if keepdims else None
        new_lead = tuple(a for a in (axis or fill for axis in lead) if a is not None)
        new_trail = tuple(a for a in (axis or fill for axis in trail) if a is not None)
        return Shape(new_lead, hidden, new_trail), gone

    def insert(self, index: int, axis: Axis = ONE) -> Shape | None:
        """The shape with `axis` put at `index` of the result, as expand_dims counts."""
        if self.hidden is None:
            position = index + len(self.lead) + 1 if index < 0 else index
            if not 0 <= position <= len(self.lead):
                return None
            return replace(self, lead=(*self.lead[:position], axis, *self.lead[position:]))
        if index >= 0:
            if index <= len(self.lead):
                return replace(self, lead=(*self.lead[:index], axis, *self.lead[index:]))
            return replace(self, hidden=self.hidden + 1)
        position = len(self.trail) + index + 1
        if position >= 0:
            return replace(self, trail=(*self.trail[:position], axis, *self.trail[position:]))
        return replace(self, hidden=self.hidden + 1)

    def with_axis(self, index: int, axis: Axis) -> Shape | None:
        """The shape with the axis at `index` replaced; a hidden one stays hidden; None if there is no such axis."""
        where = self.locate(index)
        if where is None:
            return None
        if where[0] == "hidden":
            return self if axis.power == 0 else None
        part = list(self.lead if where[0] == "lead" else self.trail)
        part[where[1]] = axis
        return replace(self, lead=tuple(part)) if where[0] == "lead" else replace(self, trail=tuple(part))

    def forget_lengths(self) -> Shape:
        """The same axes without their literal lengths."""
        return Shape(tuple(Axis(a.power) for a in self.lead), self.hidden, tuple(Axis(a.power) for a in self.trail))


SCALAR = Shape()
PER_SAMPLE = Shape((BATCH,), 1)  # an input: batch first, at least one more axis
BATCH_FIRST = Shape((BATCH,), 0)


def _join(one: Axis, other: Axis) -> Axis:
    """Two axes aligned by broadcasting: length 1 gives way."""
    if one == ONE:
        return other
    if other == ONE:
        return one
    if one.power != other.power:
        return one if one.power > other.power else other
    return one if one.length is not None else other


def _join_right(one: tuple[Axis, ...], other: tuple[Axis, ...]) -> tuple[Axis, ...]:
    size = max(len(one), len(other))
    pad = (ONE,) * size
    left, right = (pad + one)[len(one) :][-size:] if size else (), (pad + other)[len(other) :][-size:] if size else ()
    return tuple(map(_join, left, right))


def _join_left(one: tuple[Axis, ...], other: tuple[Axis, ...]) -> tuple[Axis, ...]:
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    return tuple(map(_join, longer, shorter)) + longer[len(shorter) :]


def broadcast(one: Shape | None, other: Shape | None) -> Shape | None:
    """The shape of an elementwise result.

    Different inputs may have different ranks, so two batch-first shapes are taken to be aligned at the batch axis.
    A batch-first shape with an unknown one keeps its batch axis: broadcasting can only add axes.
    """
    if one is None or other is None:
        known = one or other
        if known is None or not known.lead or known.lead[0].power == 0:
            return None
        return Shape(known.lead[:1], 0) if known.batch_axes < 2 else Shape(known.lead[:2], 0)
    if one.exact and other.exact:
        return Shape(_join_right(one.lead, other.lead))
    if one.exact or other.exact:
        exact, open_ = (one, other) if one.exact else (other, one)
        if exact.power == 0 or exact.batch_axes < open_.batch_axes:
            return _with_rank(open_, exact)
        if exact.batch_axes > open_.batch_axes:
            return Shape(exact.lead, 0) if len(exact.lead) < open_.least_rank else exact
        return _with_rank(open_, exact)
    lead, trail = _join_left(one.lead, other.lead), _join_right(one.trail, other.trail)
    rank = max(one.least_rank, other.least_rank)
    if len(lead) + len(trail) > rank:  # the axes listed from the left and those from the right may be the same ones
        lead, trail = lead[:1], trail[-1:]
    return Shape(lead, max(rank - len(lead) - len(trail), 0), trail)


def _with_rank(open_: Shape, exact: Shape) -> Shape:
    """The open shape, told that it has at least the rank of `exact`."""
    lack = len(exact.lead) - open_.least_rank
    return replace(open_, hidden=(open_.hidden or 0) + lack) if lack > 0 else open_
