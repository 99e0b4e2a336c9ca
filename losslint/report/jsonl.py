"""One JSON object a line: each finding as in the JSON report, then each error. For logs and for `jq`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from losslint.pipeline import Outcome
from losslint.report.json import entry, finite
from losslint.report.style import Style
from losslint.rule import Rule


def render(outcome: Outcome, style: Style, rules: Sequence[Rule]) -> str:
    """A line for each finding and each error; an error has ``error`` in place of ``code``."""
    lines = [finite(entry(finding)) for finding in outcome.result.findings]
    lines += [{"error": failure.message, "path": failure.path, "line": failure.line} for failure in outcome.result.failures]
    return "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
