"""Source lines with a region underlined, cut where they are longer than the terminal is wide."""

from __future__ import annotations

from collections.abc import Sequence

from losslint.finding import Place
from losslint.report.style import Style, printable, span

MOST_LINES = 6
NARROWEST_GUTTER = 4
CUT = "…"


def excerpt(lines: Sequence[str], place: Place, style: Style, *, mark: str = "^", colour: str = "red") -> list[str]:
    """The lines of a place, each followed by a line that underlines what is meant; nothing if the file has no such line.

    Parameters
    ----------
    lines
        All lines of the file.
    mark, colour
        The character that underlines, and its colour.
    """
    if not 1 <= place.line <= len(lines):
        return []
    last = min(place.end_line, len(lines))
    numbers = list(range(place.line, last + 1))
    hidden = len(numbers) - MOST_LINES
    if hidden > 1:
        numbers = numbers[: MOST_LINES - 1]
    gutter = max(len(str(last)), NARROWEST_GUTTER)
    room = max(style.width - gutter - 3, 20)
    shown: list[str] = []
    for number in numbers:
        text, underline = _row(lines[number - 1], place, number, room, mark)
        if not text.strip():
            continue
        shown.append(f"{style.paint(f'{number:>{gutter}} |', 'dim')} {text}".rstrip())
        shown.append(f"{style.paint(f'{chr(32):>{gutter}} |', 'dim')} {_painted(underline, style, colour)}")
    if hidden > 1:
        shown.append(style.paint(f"{'…':>{gutter}} | and {hidden + 1} more lines", "dim"))
    return shown


def _painted(underline: str, style: Style, colour: str) -> str:
    marks = underline.lstrip(" ")
    return underline[: len(underline) - len(marks)] + style.paint(marks, colour)


def _row(line: str, place: Place, number: int, room: int, mark: str) -> tuple[str, str]:
    """One line as shown and what stands below it."""
    indent = len(line) - len(line.lstrip())
    begin = place.column - 1 if number == place.line else indent
    end = place.end_column - 1 if number == place.end_line else len(line.rstrip())
    begin = min(begin, len(line))
    end = min(max(end, begin + 1), max(len(line), begin + 1))
    pieces = [printable(character) for character in line]
    start, stop = _window([span(piece) for piece in pieces], begin, end, room)
    left, right = CUT if start else "", CUT if stop < len(pieces) else ""
    before = left + "".join(pieces[start:begin])
    region = "".join(pieces[max(begin, start) : min(end, stop)])
    text = left + "".join(pieces[start:stop]) + right
    return text, " " * span(before) + mark * max(span(region), 1)


def _window(widths: Sequence[int], begin: int, end: int, room: int) -> tuple[int, int]:
    """The characters to show: all if they fit, else the region with what fits around it."""
    if sum(widths) <= room:
        return 0, len(widths)
    start = 0
    if sum(widths[:end]) > room - 1:
        start, used = begin, 0
        spare = max((room - 2 - sum(widths[begin:end])) // 2, 8)
        while start > 0 and used + widths[start - 1] <= spare:
            start -= 1
            used += widths[start]
    stop, used = start, 1 if start else 0
    while stop < len(widths) and used + widths[stop] <= room - 1:
        used += widths[stop]
        stop += 1
    return start, stop
