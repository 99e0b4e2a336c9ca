"""Places of the linter, 1-based and counted in characters, and the editor's, 0-based and counted in what it counts in."""

from __future__ import annotations

from lsprotocol import types
from pygls.workspace import TextDocument

from losslint.finding import Edit, Place


class Positions:
    """The positions of one text.

    Parameters
    ----------
    document
        The text as the editor has it.
    """

    def __init__(self, document: TextDocument) -> None:
        self._lines = document.lines
        self._codec = document.position_codec

    def range(self, place: Place | Edit) -> types.Range:
        """The editor's range of a place."""
        return types.Range(self._position(place.line, place.column), self._position(place.end_line, place.end_column))

    def character(self, position: types.Position) -> tuple[int, int]:
        """The line and column of one of the editor's positions."""
        there = self._codec.position_from_client_units(self._lines, position)
        return there.line + 1, there.character + 1

    def _position(self, line: int, column: int) -> types.Position:
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        return types.Position(line - 1, self._codec.client_num_units(text[: column - 1]))


def covers(place: Place, line: int, column: int) -> bool:
    """Whether a place holds a character."""
    return (place.line, place.column) <= (line, column) <= (place.end_line, place.end_column)
