"""Scaling, second half: by what power of the batch size the elements of a value grow.

A degree is a set with one exponent for each additive part of the value; ``None`` in it is a part that is not known.
``sum(a) + mean(b)`` is ``{1, 0}``: it is a batch sum, whatever the other part is.
"""

from __future__ import annotations

from collections.abc import Iterable

Degree = frozenset[float | None]

ZERO: Degree = frozenset({0.0})
UNKNOWN: Degree = frozenset({None})
MOST_PARTS = 12


def known(degree: Degree) -> list[float]:
    """The exponents that are known, ascending."""
    return sorted(part for part in degree if part is not None)


def union(parts: Iterable[tuple[Degree, bool]]) -> Degree:
    """The degree of a sum of (degree, is constant) operands. Settings such as a smoothing term do not count beside data.

    Data that vanish as the batch grows (``1 - eye(n)``) leave the constant.
    """
    listed = list(parts)
    data = [degree for degree, constant in listed if not constant]
    if all(part is not None and part < 0 for degree in data for part in degree):
        data = [degree for degree, _ in listed]
    return _bounded(frozenset().union(*data)) if data else ZERO


def product(one: Degree, other: Degree) -> Degree:
    """Pairwise sums."""
    return _bounded(frozenset(None if a is None or b is None else a + b for a in one for b in other))


def quotient(top: Degree, bottom: Degree) -> Degree:
    """Every part of the numerator less the largest of the denominator."""
    if None in bottom:
        return UNKNOWN
    return shift(top, -max(known(bottom), default=0.0))


def shift(degree: Degree, by: float) -> Degree:
    """Every part plus `by`."""
    return frozenset(None if part is None else part + by for part in degree)


def scale(degree: Degree, by: float) -> Degree:
    """Every part times `by`: the degree of a power."""
    return frozenset(None if part is None else part * by for part in degree)


def zero_stays(degree: Degree) -> Degree:
    """An unknown function of a value: no growth stays no growth, anything else is not known."""
    return ZERO if degree == ZERO else UNKNOWN


def of_position(power: int | None) -> Degree:
    """The degree of a position along axes of which the lengths together grow by a power: it may be that of the first element or of the last."""
    return ZERO if power == 0 else UNKNOWN


def _bounded(degree: Degree) -> Degree:
    return degree if len(degree) <= MOST_PARTS else UNKNOWN
