"""Range: a value run on eight witness columns of uniform tensors, in float32 and in float64 side by side.

One column is one number for each input: every element of `y_true` and of `y_pred` has it. NaN in a column means that
nothing is known there; no rule fires on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

from losslint.operations.float32 import round32

COLUMNS = 8
EACH_AXIS = 4  # elements that an axis of unknown length stands for
ORDINARY = 6  # the last two columns saturate activations; a negative number there is no legal input
NAN = math.nan


class Columns(Struct, frozen=True):
    """One number a column: `single` as TensorFlow computes it in float32, `double` in float64."""

    single: tuple[float, ...]
    double: tuple[float, ...]

    @property
    def known(self) -> bool:
        """Whether any column is known."""
        return any(value == value for value in self.single)

    @property
    def truth(self) -> tuple[frozenset[int], frozenset[int]]:
        """The columns in which a condition holds, and those in which it does not; it is unknown in the rest."""
        known = [(index, value) for index, value in enumerate(self.single) if value == value]
        return frozenset(i for i, value in known if value != 0), frozenset(i for i, value in known if value == 0)

    def attains(self, test: Callable[[float], bool], saturated: bool = False) -> int | None:
        """The first column whose float32 value passes `test`; the saturation columns count only when asked."""
        for index, value in enumerate(self.single[: COLUMNS if saturated else ORDINARY]):
            if value == value and test(value):
                return index
        return None

    def without(self, columns: Sequence[int]) -> Columns:
        """The same with the given columns unknown: a condition rules them out there."""
        return Columns(
            tuple(NAN if i in columns else v for i, v in enumerate(self.single)),
            tuple(NAN if i in columns else v for i, v in enumerate(self.double)),
        )


UNKNOWN = Columns((NAN,) * COLUMNS, (NAN,) * COLUMNS)


def table(values: Sequence[float]) -> Columns:
    """Columns of an input; the numbers are rounded to float32 in the first half."""
    return Columns(tuple(map(round32, values)), tuple(values))


def constant(value: float) -> Columns:
    """A Python number: exact in both halves until it meets a tensor."""
    return Columns((value,) * COLUMNS, (value,) * COLUMNS)


TRUE = table((0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0))
PRED = table((0.0, 1.0, 0.0, 1.0, 0.5, 0.5, 100.0, -100.0))
LINEAR = table((-1.0, 2.0, *(NAN,) * 4, 100.0, -100.0))  # what weights make of data, before any activation: any number
FREE_BOOLEAN = table((0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0))


def at(index: int, bound: Columns) -> Columns:
    """Known in one column only."""
    return bound.without([i for i in range(COLUMNS) if i != index])


def rounded(columns: Columns) -> Columns:
    """A Python number as it enters a tensor: rounded to float32."""
    return Columns(tuple(map(round32, columns.single)), columns.double)


def apply(column: Callable[..., float], operands: Sequence[Columns], python: bool = False) -> Columns:
    """An elementwise function on every column; `python` keeps double precision (no tensor among the operands)."""
    single = tuple(column(*row) for row in zip(*(o.single for o in operands), strict=True))
    double = tuple(column(*row) for row in zip(*(o.double for o in operands), strict=True))
    return Columns(single if python else tuple(map(round32, single)), double)
