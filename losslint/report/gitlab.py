"""The code quality report of GitLab: findings appear in a merge request.

Source: GitLab documentation, *Code Quality*, section on the report format.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from losslint.finding import Severity
from losslint.pipeline import Outcome
from losslint.report.style import Style
from losslint.rule import Rule

LEVELS = {Severity.ERROR: "critical", Severity.WARNING: "major", Severity.INFO: "info"}


def render(outcome: Outcome, style: Style, rules: Sequence[Rule]) -> str:
    """One JSON list; fingerprints stay while lines move, and differ within the report."""
    entries: list[dict[str, Any]] = []
    seen: Counter[str] = Counter()
    for finding in outcome.result.findings:
        seen[finding.fingerprint] += 1
        name = f"{finding.fingerprint}:{seen[finding.fingerprint]}"
        place = {"path": finding.place.path, "lines": {"begin": finding.place.line, "end": finding.place.end_line}}
        entries.append(_entry(f"{finding.code} {finding.name}", finding.message, name, LEVELS[finding.severity], place))
    for failure in outcome.result.failures:
        place = {"path": failure.path, "lines": {"begin": failure.line or 1}}
        entries.append(_entry("losslint", failure.message, f"{failure.path}:{failure.message}", "blocker", place))
    return json.dumps(entries, indent=2) + "\n"


def _entry(name: str, text: str, unique: str, severity: str, place: dict[str, Any]) -> dict[str, Any]:
    fingerprint = hashlib.sha256(unique.encode()).hexdigest()[:32]
    return {"description": text, "check_name": name, "fingerprint": fingerprint, "severity": severity, "location": place}
