"""Edits of a text: applied together, and shown as a diff."""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Iterable

from losslint.finding import Edit, Finding
from losslint.source import split_lines


def edited(text: str, findings: Iterable[Finding]) -> str:
    """A text with the fixes of findings, an edit that several have once."""
    return apply(text, {edit for finding in findings if finding.fix is not None for edit in finding.fix.edits})


def apart(findings: Iterable[Finding]) -> list[Finding]:
    """Findings whose edits do not touch, the first ones first."""
    taken: list[Edit] = []
    chosen: list[Finding] = []
    for finding in findings:
        assert finding.fix is not None
        edits = [edit for edit in finding.fix.edits if edit not in taken]
        if not any(_overlap(edit, other) for edit in edits for other in taken):
            taken.extend(edits)
            chosen.append(finding)
    return chosen


def _overlap(one: Edit, other: Edit) -> bool:
    return (one.line, one.column) <= (other.end_line, other.end_column) and (other.line, other.column) <= (one.end_line, one.end_column)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits that do not overlap; line ends are those of the text."""
    starts = _starts(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    for edit in sorted(edits, key=_order, reverse=True):
        begin, end = (starts[line - 1] + column - 1 for line, column in ((edit.line, edit.column), (edit.end_line, edit.end_column)))
        text = text[:begin] + edit.text.replace("\n", newline) + text[end:]
    return text


def _order(edit: Edit) -> tuple[int, int]:
    return edit.line, edit.column


def _starts(text: str) -> list[int]:
    """Where each line of a text begins."""
    starts, place = [], 0
    for line in split_lines(text):
        starts.append(place)
        place += len(line)
        place += 2 if text.startswith("\r\n", place) else 1
    return starts


def replacement(before: str, after: str) -> Edit | None:
    """The one edit, as short as can be, that makes one text of another; None if they are equal."""
    if before == after:
        return None
    start = _alike(before, after)
    same = _alike(before[start:][::-1], after[start:][::-1])
    end = len(before) - same
    return Edit(*_place(before, start), *_place(before, end), after[start : len(after) - same])


def _alike(one: str, other: str) -> int:
    """How many characters two texts begin with together."""
    return next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def _place(text: str, offset: int) -> tuple[int, int]:
    """The line and column of a character."""
    starts = _starts(text)
    line = bisect.bisect_right(starts, offset)
    return line, offset - starts[line - 1] + 1


def difference(path: str, before: str, after: str) -> str:
    """A unified diff of a file."""
    lines = difflib.unified_diff(_lines(before), _lines(after), path, path)
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").splitlines(keepends=True)
