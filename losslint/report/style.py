"""How text is laid out: width, colour, and how many cells of a terminal a text takes."""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

DEFAULT_WIDTH = 80
NARROWEST, WIDEST = 40, 120
TAB = "    "
CODES = {"bold": "1", "dim": "2", "red": "1;31", "yellow": "1;33", "cyan": "1;36", "green": "32"}


@dataclass(frozen=True, slots=True)
class Style:
    """Width in cells, whether colours are used, and whether only the findings are wanted."""

    width: int = DEFAULT_WIDTH
    colour: bool = False
    quiet: bool = False

    def paint(self, text: str, colour: str) -> str:
        """A text in a colour, unchanged where there are none."""
        return f"\x1b[{CODES[colour]}m{text}\x1b[0m" if self.colour and text else text


def style_of(stream: TextIO, environment: Mapping[str, str] = os.environ, *, quiet: bool = False) -> Style:
    """The style that suits a stream: colours on a terminal (NO_COLOR and FORCE_COLOR decide first), 80 cells elsewhere."""
    terminal = stream.isatty()
    width = DEFAULT_WIDTH
    if terminal:
        width = min(max(shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns, NARROWEST), WIDEST)
    if environment.get("NO_COLOR"):
        colour = False
    elif environment.get("FORCE_COLOR"):
        colour = environment["FORCE_COLOR"] != "0"
    else:
        colour = terminal and environment.get("TERM") != "dumb"
    return Style(width, colour, quiet)


def cells(character: str) -> int:
    """How many cells of a terminal a character takes."""
    if character.isascii():
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def span(text: str) -> int:
    """How many cells a text takes."""
    return len(text) if text.isascii() else sum(map(cells, text))


def printable(character: str) -> str:
    """A character of a source line as it is shown: tabs as blanks, control characters (which could steer a terminal) as a dot."""
    if character == "\t":
        return TAB
    return character if character.isprintable() else "·"


def one_line(text: str) -> str:
    """A message without line ends or control characters."""
    return "".join(map(printable, " ".join(text.split())))


def wrapped(text: str, width: int, first: str = "", indent: str = "") -> list[str]:
    """A text in lines of at most `width` cells, broken at blanks only; the first line begins with `first`, the others with `indent`."""
    lines: list[str] = []
    line, used = first, span(first)
    bare = True
    for word in one_line(text).split(" "):
        wide = span(word)
        if not bare and used + 1 + wide > width:
            lines.append(line)
            line, used, bare = indent, span(indent), True
        line, used = (line + word, used + wide) if bare else (f"{line} {word}", used + 1 + wide)
        bare = False
    return [*lines, line]
