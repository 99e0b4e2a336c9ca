"""The report that a program reads: the contract of version 1."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from msgspec.structs import asdict

from losslint import __version__
from losslint.finding import Finding, Fix, Place, Verdict
from losslint.pipeline import Outcome
from losslint.report.style import Style
from losslint.rule import Rule

VERSION = 1


def render(outcome: Outcome, style: Style, rules: Sequence[Rule]) -> str:
    """One JSON object; numbers that are not finite are the strings "nan", "inf" and "-inf"."""
    result = outcome.result
    report = {
        "version": VERSION,
        "tool": {"name": "losslint", "version": __version__},
        "findings": [entry(finding) for finding in result.findings],
        "errors": [{"path": f.path, "line": f.line, "message": f.message} for f in result.failures],
        "summary": {
            "files": result.files,
            "losses": result.losses,
            "findings": len(result.findings),
            "suppressed": result.suppressed,
            "incomplete": [{"path": i.path, "line": i.line, "function": i.function, "reason": i.reason} for i in result.incomplete],
        },
    }
    return json.dumps(finite(report), indent=2, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """A value with every number that JSON cannot hold spelled out."""
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def _region(place: Place) -> dict[str, Any]:
    return {"line": place.line, "column": place.column, "end_line": place.end_line, "end_column": place.end_column}


def entry(finding: Finding) -> dict[str, Any]:
    """One finding of the report."""
    return {
        "code": finding.code,
        "name": finding.name,
        "path": finding.place.path,
        "cell": finding.place.cell,
        **_region(finding.place),
        "function": finding.function,
        "message": finding.message,
        "help": finding.help,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "related": [{"path": place.path, **_region(place), "message": place.message} for place in finding.related],
        "fix": None if finding.fix is None else _fix(finding.fix),
        "verdict": None if finding.verdict is None else _verdict(finding.verdict),
        "fingerprint": finding.fingerprint,
    }


def _fix(fix: Fix) -> dict[str, Any]:
    edits = [{"line": e.line, "column": e.column, "end_line": e.end_line, "end_column": e.end_column, "text": e.text} for e in fix.edits]
    return {"safety": fix.safety, "message": fix.message, "edits": edits, "verified": fix.verified}


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {"status": verdict.status, "reason": verdict.reason, "witness": None if verdict.witness is None else asdict(verdict.witness)}
