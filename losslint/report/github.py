"""Workflow commands of GitHub Actions: findings become annotations of a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from losslint.finding import Failure, Finding, Severity
from losslint.pipeline import Outcome
from losslint.report.style import Style
from losslint.rule import Rule

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(outcome: Outcome, style: Style, rules: Sequence[Rule]) -> str:
    """One command for each error and each finding."""
    result = outcome.result
    lines = [*map(_failure, result.failures), *map(_finding, result.findings)]
    return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _finding(finding: Finding) -> str:
    place = finding.place
    message = f"{finding.message} help: {finding.help}" if finding.help else finding.message
    return (
        f"::{LEVELS[finding.severity]} file={_property(place.path)},line={place.line},col={place.column},"
        f"endLine={place.end_line},endColumn={place.end_column},title={_property(f'{finding.code} {finding.name}')}::{_data(message)}"
    )


def _failure(failure: Failure) -> str:
    line = f",line={failure.line}" if failure.line else ""
    return f"::error file={_property(failure.path)}{line},title=losslint::{_data(failure.message)}"
