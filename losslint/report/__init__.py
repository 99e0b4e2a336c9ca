"""What a person or a program sees of a check: one module for each output format, with a `render`."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from pathlib import Path

from losslint.config import choice
from losslint.files import write_in_one_step
from losslint.finding import LosslintError
from losslint.pipeline import Outcome
from losslint.report.style import Style
from losslint.rule import Rule

FORMATS = ("text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "html")


def render(outcome: Outcome, form: str, style: Style, rules: Sequence[Rule] = ()) -> str:
    """A report as text that ends in a line end, or is empty.

    Parameters
    ----------
    form
        One of `FORMATS`, or ``statistics``.
    rules
        All rules, for formats that tell about them.
    """
    module = importlib.import_module(f"losslint.report.{form}")
    return str(module.render(outcome, style, rules))


def files(given: Sequence[str]) -> list[tuple[str, str]]:
    """The formats and paths of options ``FORMAT=PATH``.

    Raises
    ------
    LosslintError
        One is not of that form, has an unknown format, or a folder that does not exist.
    """
    found = []
    for word in given:
        form, equals, path = word.partition("=")
        if not equals or not path:
            raise LosslintError(f"--output-file {word}: give FORMAT=PATH, as in sarif=losslint.sarif")
        choice(form, FORMATS, "--output-file")
        in_a_folder(path, f"--output-file {word}")
        found.append((form, path))
    return found


def in_a_folder(path: str, option: str) -> None:
    """Make sure that a file can be put where an option says.

    Raises
    ------
    LosslintError
        There is no such folder.
    """
    folder = os.path.dirname(path)
    if not os.path.isdir(folder or "."):
        raise LosslintError(f"{option}: there is no folder {folder}; make it first")


def write(path: str, text: str, option: str = "--output-file") -> None:
    """Write a report in one step; `option` names the file.

    Raises
    ------
    LosslintError
        It cannot be written.
    """
    try:
        write_in_one_step(Path(path), text.encode())
    except OSError as error:
        raise LosslintError(f"{option} {path}: cannot be written: {(error.strerror or str(error)).lower()}") from error


def complaints(outcome: Outcome, form: str) -> list[str]:
    """What goes to standard error: notes, and what could not be checked where the report itself does not tell it."""
    lines = [f"note: {note}" for note in outcome.notes]
    if form in ("text", "concise"):
        for failure in outcome.result.failures:
            where = f"{failure.path}:{failure.line}" if failure.line else failure.path
            lines.append(f"error: {where}: {failure.message}")
    return lines
