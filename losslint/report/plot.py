"""Plots of what a real run showed, as SVG text: the loss against the batch, or an operation and its gradient around its pole."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from losslint.finding import Finding
from losslint.operations.catalogue import lookup, method
from losslint.operations.operation import Operation

WIDTH, HEIGHT, LEFT, TOP = 520, 200, 56, 24
STEPS = 160
REACH = 0.1  # how far around a pole
SAMPLES = re.compile(r"^(\d+) samples$")

Points = Sequence[tuple[float, float]]


def of(finding: Finding) -> str:
    """The plot that suits a confirmed finding, empty where none does."""
    witness = finding.verdict.witness if finding.verdict is not None else None
    if witness is None:
        return ""
    if isinstance(witness.value, Mapping):
        sizes = [(float(m.group(1)), value) for name, value in witness.value.items() if (m := SAMPLES.match(name))]
        points = [(size, float(value)) for size, value in sizes if isinstance(value, int | float) and math.isfinite(value)]
        return _against_batch(points) if len(points) > 1 else ""
    operation = _operation(finding.source)
    return _around_pole(operation) if operation is not None and finding.code.startswith("LL3") else ""


def _operation(source: str) -> Operation | None:
    """The operation that the flagged text calls."""
    name = re.match(r"[\w.]*?(\w+)\(", source)
    entry = (lookup(f"tf.{name.group(1)}") or method(name.group(1))) if name is not None else None
    return entry.operation if entry is not None and entry.operation.operands == 1 and entry.operation.poles else None


def _against_batch(points: Points) -> str:
    first = points[0][1]
    expected = [(size, first) for size, _ in points]
    return _svg(
        "the loss of one batch, and of the same samples again", [("shown", "var(--error)", points), ("expected", "var(--good)", expected)]
    )


def _around_pole(operation: Operation) -> str:
    pole = next((pole for pole in operation.poles if pole.at is not None), None)
    column = operation.column
    if pole is None or pole.at is None or column is None:
        return ""
    places = [pole.at + REACH * (step / STEPS * 2 - 1) for step in range(STEPS + 1)]
    value = [(x, y) for x in places if math.isfinite(y := _value(column, x))]
    slope = [(x, y) for x in places if math.isfinite(y := _slope(column, x))]
    if len(value) < 2 or len(slope) < 2:
        return ""
    title = f"{operation.name} around {pole.at:g}"
    return _svg(title, [("value", "var(--info)", value), ("gradient", "var(--error)", _clipped(slope))])


def _value(column: Callable[..., float], x: float) -> float:
    try:
        return float(column(x))
    except (ValueError, OverflowError, ZeroDivisionError):
        return math.nan


def _slope(column: Callable[..., float], x: float) -> float:
    step = 1e-6
    return (_value(column, x + step) - _value(column, x - step)) / (2 * step)


def _clipped(points: Points) -> Points:
    """A curve without its largest tenth, so that the rest can be seen."""
    most = sorted(abs(y) for _, y in points)[len(points) * 9 // 10]
    return [(x, y) for x, y in points if abs(y) <= most]


def _svg(title: str, curves: Sequence[tuple[str, str, Points]]) -> str:
    xs, ys = ([point[axis] for _, _, points in curves for point in points] for axis in (0, 1))
    low, high = min(0.0, *ys), max(0.0, *ys)
    wide, tall = (max(xs) - min(xs)) or 1.0, (high - low) or 1.0

    def place(point: tuple[float, float]) -> str:
        x = LEFT + (point[0] - min(xs)) / wide * (WIDTH - LEFT - 12)
        y = HEIGHT - TOP - (point[1] - low) / tall * (HEIGHT - 2 * TOP)
        return f"{x:.1f},{y:.1f}"

    parts = [f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{title}">']
    parts.append(f'<text x="{LEFT}" y="14">{title}: {", ".join(name for name, _, _ in curves)}</text>')
    bottom, top = place((min(xs), low)).split(","), place((min(xs), high)).split(",")
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - 12}" y1="{bottom[1]}" y2="{bottom[1]}" stroke="var(--line)"/>')
    parts.append(f'<text x="2" y="{bottom[1]}">{low:.3g}</text><text x="2" y="{float(top[1]) + 8}">{high:.3g}</text>')
    parts.append(f'<text x="{LEFT}" y="{HEIGHT - 6}">{min(xs):g}</text><text x="{WIDTH - 44}" y="{HEIGHT - 6}">{max(xs):g}</text>')
    for name, colour, points in curves:
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(map(place, points))}"/>')
        last = place(points[-1]).split(",")
        parts.append(f'<text x="{float(last[0]) - 54:.0f}" y="{float(last[1]) - 5:.0f}" style="fill: {colour}">{name}</text>')
    return "".join([*parts, "</svg>"])
