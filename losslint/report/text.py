"""The report that a person reads: the message, the source with the expression underlined, the places that explain it, the help."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Sequence

from losslint.finding import Confidence, Finding, Place, Result
from losslint.pipeline import Outcome
from losslint.report import verdict
from losslint.report.excerpt import excerpt
from losslint.report.style import Style, one_line, wrapped
from losslint.report.words import counted
from losslint.rule import Rule

COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}
INDENT = "  "

Lines = Callable[[str, int | None], Sequence[str]]


def located(place: Place) -> str:
    """``path:line:column``, with the cell of a notebook."""
    cell = "" if place.cell is None else f"cell {place.cell}:"
    return f"{one_line(place.path)}:{cell}{place.line}:{place.column}"


def summary(result: Result) -> str:
    """The last line of a report."""
    checked = f"{counted(result.files, 'file')}, {counted(result.losses, 'loss', 'losses')}"
    if not result.findings:
        parts = [f"No problems {'left' if result.fixed else 'found'} in {checked}"]
    else:
        severities = Counter(finding.severity.value for finding in result.findings)
        kinds = [counted(severities[kind], kind) if kind != "info" else f"{severities[kind]} info" for kind in COLOURS if severities[kind]]
        files = len({finding.place.path for finding in result.findings})
        parts = [f"Found {counted(len(result.findings), 'problem')} in {counted(files, 'file')} ({', '.join(kinds)})", f"{checked} checked"]
    if result.fixed:
        parts.insert(0, f"Fixed {counted(result.fixed, 'problem')}")
    safe, unsafe = (sum(f.fix is not None and f.fix.safety == kind for f in result.findings) for kind in ("safe", "unsafe"))
    if safe or unsafe:
        ways = ((safe, "--fix"), (unsafe, "--fix --unsafe-fixes"))
        parts.append(", ".join(f"{number} fixable with {way}" for number, way in ways if number))
    if result.known:
        parts.append(f"{result.known} in the baseline")
    if result.suppressed:
        parts.append(f"{result.suppressed} suppressed")
    if result.incomplete:
        parts.append(f"{counted(len(result.incomplete), 'loss', 'losses')} not followed to the end")
    if result.failures:
        parts.append(counted(len(result.failures), "error"))
    return "; ".join(parts) + "."


def render(outcome: Outcome, style: Style, rules: Sequence[Rule]) -> str:
    """The whole report."""
    result = outcome.result
    lines = functools.cache(outcome.lines)
    blocks = ["\n".join(_finding(finding, lines, style)) for finding in result.findings]
    if not style.quiet and (result.files or not (outcome.notes or result.failures)):
        blocks.append("\n".join(wrapped(summary(result), style.width)))
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _finding(finding: Finding, lines: Lines, style: Style) -> list[str]:
    severity = finding.severity.value
    colour = COLOURS[severity]
    sure = "" if finding.confidence is Confidence.HIGH else f", {finding.confidence.value} confidence"
    shown = [
        f"{style.paint(located(finding.place), 'bold')} {style.paint(finding.code, colour)} {finding.name} "
        f"({style.paint(severity, colour)}{sure})",
        *wrapped(finding.message, style.width, INDENT, INDENT),
        *excerpt(lines(finding.place.path, finding.place.cell), finding.place, style, colour=colour),
    ]
    for place in finding.related:
        shown.extend(wrapped(f"{located(place)} {place.message}", style.width, INDENT, INDENT * 2))
        shown.extend(excerpt(lines(place.path, place.cell), place, style, mark="-", colour="cyan"))
    help_lines = wrapped(f"help: {finding.help}", style.width, INDENT, INDENT * 2)
    if style.colour:
        help_lines[0] = help_lines[0].replace("help:", style.paint("help:", "green"), 1)
    shown.extend(help_lines if finding.help else [])
    if finding.fix is not None:
        shown.extend(wrapped(f"fix ({finding.fix.safety}): {finding.fix.message}", style.width, INDENT, INDENT * 2))
    if finding.verdict is not None:
        shown.extend(verdict.lines(finding.verdict, style))
    return shown
