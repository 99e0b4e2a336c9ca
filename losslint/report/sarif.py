"""SARIF 2.1.0, which code hosts and editors read: rules with their pages, fingerprints, fixes, related places, verdicts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from msgspec.structs import asdict

from losslint import __version__
from losslint.finding import Edit, Failure, Finding, Place, Severity
from losslint.pipeline import Outcome
from losslint.report.json import finite
from losslint.report.rules import page, title
from losslint.report.style import Style
from losslint.rule import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render(outcome: Outcome, style: Style, rules: Sequence[Rule]) -> str:
    """One log with one run. Columns count characters."""
    result = outcome.result
    driver = {"name": "losslint", "version": __version__, "rules": [_rule(rule, rules) for rule in rules]}
    order = {rule.code: place for place, rule in enumerate(rules)}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, order) for finding in result.findings],
        "invocations": [
            {"executionSuccessful": not result.failures, "toolExecutionNotifications": [_notification(f) for f in result.failures]},
        ],
    }
    return json.dumps(finite({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}), indent=2, allow_nan=False) + "\n"


def _rule(rule: Rule, rules: Sequence[Rule]) -> dict[str, Any]:
    text = page(rules, rule.code)
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": f"{title(rule)}."},
        "fullDescription": {"text": f"{title(rule)}."},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"enabled": rule.default, "level": LEVELS[rule.severity]},
    }


def _result(finding: Finding, order: dict[str, int]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "ruleId": finding.code,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. {finding.help}" if finding.help else finding.message},
        "locations": [_location(finding.place) | _logical(finding)],
        "partialFingerprints": {"losslint/v1": finding.fingerprint},
        "properties": {"confidence": finding.confidence.value},
    }
    if finding.code in order:
        found["ruleIndex"] = order[finding.code]
    if finding.related:
        found["relatedLocations"] = [
            _location(place) | {"id": number, "message": {"text": place.message or "related"}}
            for number, place in enumerate(finding.related)
        ]
    if finding.fix is not None:
        found["fixes"] = [_fix(finding)]
        found["properties"] |= {"fixSafety": finding.fix.safety, "fixVerified": finding.fix.verified}
    if finding.verdict is not None:
        witness = finding.verdict.witness
        found["properties"]["verdict"] = asdict(finding.verdict) | {"witness": None if witness is None else asdict(witness)}
    return found


def _artifact(path: str) -> dict[str, Any]:
    uri = quote(path)
    return {"uri": uri} if path.startswith("/") else {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _region(place: Place | Edit) -> dict[str, int]:
    return {"startLine": place.line, "startColumn": place.column, "endLine": place.end_line, "endColumn": place.end_column}


def _location(place: Place) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(place.path), "region": _region(place)}}


def _logical(finding: Finding) -> dict[str, Any]:
    return {"logicalLocations": [{"fullyQualifiedName": finding.function, "kind": "function"}]} if finding.function else {}


def _fix(finding: Finding) -> dict[str, Any]:
    assert finding.fix is not None
    changes = [{"deletedRegion": _region(edit), "insertedContent": {"text": edit.text}} for edit in finding.fix.edits]
    change = {"artifactLocation": _artifact(finding.place.path), "replacements": changes}
    return {"description": {"text": finding.fix.message}, "artifactChanges": [change]}


def _notification(failure: Failure) -> dict[str, Any]:
    place = {"physicalLocation": {"artifactLocation": _artifact(failure.path)}}
    if failure.line:
        place["physicalLocation"]["region"] = {"startLine": failure.line}
    return {"level": "error", "message": {"text": failure.message}, "locations": [place]}
