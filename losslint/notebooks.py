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
_BETWEEN = re.compile(r"[\s,:]*")
_DECODER = json.JSONDecoder()


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
    """A notebook with the cells of a changed `code`: their lines are replaced where they stand, all else stays as it is written."""
    cells, before, places = dict(_cells(_notebook(text))), dict(_shown(code(text))), _sources(text)
    for number, lines in sorted(_shown(new), reverse=True):
        if lines != before[number]:
            begin, end = places[number]
            source, listed = "\n".join(lines), isinstance(cells[number]["source"], list)
            written = _listed(text[begin:end], source, text.isascii()) if listed else json.dumps(source, ensure_ascii=text.isascii())
            text = text[:begin] + written + text[end:]
    return text


def _sources(text: str) -> dict[int, tuple[int, int]]:
    """Where the source of each cell begins and ends in the text of a notebook."""
    cells = _values(text, _members(text, text.index("{"))["cells"][0])
    members = {number: _members(text, begin) for number, (begin, _) in enumerate(cells, 1) if text[begin] == "{"}
    return {number: of["source"] for number, of in members.items() if "source" in of}


def _members(text: str, begin: int) -> dict[str, tuple[int, int]]:
    """Where the value of each key of an object begins and ends in a text."""
    places = list(_values(text, begin))
    return {json.loads(text[slice(*key)]): value for key, value in zip(places[::2], places[1::2], strict=True)}


def _values(text: str, begin: int) -> Iterator[tuple[int, int]]:
    """Where each value of a list begins and ends in a text, or each key and value of an object."""
    end = begin + 1
    while text[begin := _between(text, end)] not in "]}":
        _, end = _DECODER.raw_decode(text, begin)
        yield begin, end


def _between(text: str, begin: int) -> int:
    """The next place that is not between two values."""
    found = _BETWEEN.match(text, begin)
    assert found is not None
    return found.end()


def _listed(written: str, source: str, escaped: bool) -> str:
    """A list of lines in JSON with those of another source, what is the same as it was written."""
    places = list(_values(written, 0))
    (first, begin), last = places[0], places[-1][1]
    apart = written[begin : places[1][0]] if len(places) > 1 else f",{written[1:first]}"
    known = {json.loads(written[slice(*place)]): written[slice(*place)] for place in places}
    lines = [line + "\n" for line in source.split("\n")]
    lines[-1] = lines[-1].removesuffix("\n")
    parts = [known.get(line) or json.dumps(line, ensure_ascii=escaped) for line in lines if line]
    return written[:first] + apart.join(parts) + written[last:]


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
        found = json.loads(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise NotebookError(f"the notebook is not valid JSON: {error}; mend it or exclude it") from error
    if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
        raise NotebookError("the notebook is not of format 4: open and save it, or exclude it")
    return found


def _cells(notebook: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The code cells, numbered over all cells from 1; none where the notebook is in another language."""
    metadata = notebook.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    if isinstance(kernel, dict) and kernel.get("language", "python") != "python":
        return
    for number, cell in enumerate(notebook["cells"], 1):
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        source = cell.get("source")
        if isinstance(source, str) or (isinstance(source, list) and all(isinstance(line, str) for line in source)):
            yield number, cell


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _hidden(lines: list[str]) -> Iterator[str]:
    """The lines of a cell, those hidden that are no Python or look like ours; a cell that Python takes as it is stays so."""
    text = "\n".join(lines)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from _without_magics(lines)
    else:
        yield from _without_magics(lines) if HIDDEN in text or _CELL.search(text) else lines


def _without_magics(lines: list[str]) -> Iterator[str]:
    foreign = bool(lines and _FOREIGN.match(lines[0]))
    goes_on = False
    for line in lines:
        if foreign or goes_on:
            goes_on = goes_on and line.endswith("\\")
            yield f"{HIDDEN}{line}"
        elif _MAGIC.match(line) or HIDDEN in line or _CELL.match(line):
            goes_on = line.endswith("\\")
            indent = line[: len(line) - len(line.lstrip())]
            yield f"{indent}pass  {HIDDEN}{line}"
        else:
            yield line
