"""What a person or a program sees of a check: one module for each output format."""

from __future__ import annotations

from losslint.config import choice
from losslint.pipeline import Outcome
from losslint.report.style import Style
from losslint.report.words import counted

__all__ = ["FORMATS", "complaints", "counted", "render"]
FORMATS = ("text", "concise", "json", "github")


def render(outcome: Outcome, form: str, style: Style) -> str:
    """A report as text that ends in a line end, or is empty.

    Raises
    ------
    LosslintError
        There is no such format.
    """
    choice(form, FORMATS, "--output-format")
    if form == "json":
        from losslint.report import json

        return json.render(outcome.result)
    if form == "github":
        from losslint.report import github

        return github.render(outcome.result)
    if form == "concise":
        from losslint.report import concise

        return concise.render(outcome, style)
    from losslint.report import text

    return text.render(outcome, style)


def complaints(outcome: Outcome, form: str) -> list[str]:
    """What goes to standard error: notes, and what could not be checked where the report itself does not tell it."""
    lines = [f"note: {note}" for note in outcome.notes]
    if form in ("text", "concise"):
        for failure in outcome.result.failures:
            where = f"{failure.path}:{failure.line}" if failure.line else failure.path
            lines.append(f"error: {where}: {failure.message}")
    return lines
