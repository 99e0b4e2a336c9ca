"""One line for each finding, for editors, `grep` and `sort`."""

from __future__ import annotations

from collections.abc import Sequence

from losslint.pipeline import Outcome
from losslint.report.style import Style, one_line
from losslint.report.text import located, summary
from losslint.rule import Rule


def render(outcome: Outcome, style: Style, rules: Sequence[Rule]) -> str:
    """``path:line:column: CODE name message``, and the summary."""
    lines = [f"{located(f.place)}: {f.code} {f.name} {one_line(f.message)}" for f in outcome.result.findings]
    if not style.quiet and (outcome.result.files or not (outcome.notes or outcome.result.failures)):
        lines.append(summary(outcome.result))
    return "".join(f"{line}\n" for line in lines)
