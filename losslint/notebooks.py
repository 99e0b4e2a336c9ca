"""Notebooks as Python: the code cells one after the other, what is no Python hidden in comments, and the way back."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

ENDING = ".ipynb"
HEAD = "# %% losslint cell "
HIDDEN = "# losslint hides: "
_CELL = re.compile(rf"^{re.escape(HEAD)}(\d+)$", re.MULTILINE)
_MAGIC = re.compile(r"\s*(?:%{1,2}[A-Za-z]|!|\?{1,2}\w|[\w.]+\?{1,2}\s*$|[\w.,\s]+=\s*(?:%[A-Za-z]|!))")
_FOREIGN = re.compile(r"\s*%%(?!time\b|timeit\b|capture\b|prun\b)\w")
_INDENT = re.compile(r"\{\n( *)\"")


class NotebookError(ValueError):
    """A file that is no notebook."""


def code(text: str) -> str:
    """The Python of a notebook: a heading comment and then the lines of each code cell, numbered from 1 over all cells.

    Lines that are no Python (magics, shell commands, help) become a statement that does nothing and keeps them in a comment.

    Raises
    ------
    NotebookError
        The text is no notebook of format 4.
    """
    parts: list[str] = []
    for number, cell in _cells(_notebook(text)):
        parts.append(f"{HEAD}{number}\n" + "".join(f"{line}\n" for line in _hidden(_source(cell).split("\n"))))
    return "".join(parts)


def with_code(text: str, new: str) -> str:
    """A notebook with the cells of a changed `code`; outputs and metadata stay, and so does the layout of the file."""
    notebook = _notebook(text)
    cells = dict(_cells(notebook))
    for number, lines in _shown(new):
        cell, source = cells[number], "\n".join(lines)
        cell["source"] = source.splitlines(keepends=True) if isinstance(cell["source"], list) else source
    return _dumped(notebook, text)


def _shown(code_: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each cell of a `code` by its number, with its lines as its author sees them."""
    pieces = _CELL.split(code_)[1:]
    for number, body in zip(pieces[::2], pieces[1::2], strict=True):
        lines = body.removeprefix("\n").removesuffix("\n").split("\n")
        yield int(number), tuple(line.partition(HIDDEN)[2] if HIDDEN in line else line for line in lines)


def place(code_: str, line: int) -> tuple[int, int]:
    """The cell of a line of a `code`, and the line in it, both from 1."""
    lines = code_.split("\n")[:line]
    for back, text in enumerate(reversed(lines)):
        found = _CELL.match(text)
        if found is not None:
            return int(found.group(1)), max(back, 1)
    return 1, line


def lines_of(code_: str, cell: int) -> tuple[str, ...]:
    """The lines of a cell as its author sees them; none if there is no such cell."""
    return next((lines for number, lines in _shown(code_) if number == cell), ())


def _notebook(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise NotebookError(f"the notebook is not valid JSON: {error}; mend it or exclude it") from error
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        raise NotebookError("the notebook is not of format 4: open and save it, or exclude it")
    return found


def _cells(notebook: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The code cells, numbered over all cells from 1; none where the notebook is in another language."""
    kernel = notebook.get("metadata", {}).get("kernelspec", {})
    if isinstance(kernel, dict) and kernel.get("language", "python") != "python":
        return
    for number, cell in enumerate(notebook["cells"], 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code" and "source" in cell:
            yield number, cell


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return "".join(source) if isinstance(source, list) else str(source)


def _hidden(lines: list[str]) -> Iterator[str]:
    """The lines of a cell, those that are no Python hidden; a cell that Python takes as it is stays so."""
    try:
        ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from _without_magics(lines)
    else:
        yield from lines


def _without_magics(lines: list[str]) -> Iterator[str]:
    foreign = bool(lines and _FOREIGN.match(lines[0]))
    goes_on = False
    for line in lines:
        if foreign or goes_on:
            goes_on = goes_on and line.endswith("\\")
            yield f"{HIDDEN}{line}"
        elif _MAGIC.match(line):
            goes_on = line.endswith("\\")
            indent = line[: len(line) - len(line.lstrip())]
            yield f"{indent}pass  {HIDDEN}{line}"
        else:
            yield line


def _dumped(notebook: dict[str, Any], text: str) -> str:
    """The notebook as JSON in the layout of its file."""
    indent = _INDENT.match(text)
    wide = len(indent.group(1)) if indent else None
    return json.dumps(notebook, indent=wide, ensure_ascii="\\u" in text) + ("\n" if text.endswith("\n") else "")
