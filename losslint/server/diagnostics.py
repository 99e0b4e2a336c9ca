"""Findings as an editor shows them."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from losslint.finding import Finding, Place, Severity
from losslint.server.positions import Positions

SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}


def diagnostic(finding: Finding, positions: Positions) -> types.Diagnostic:
    """A finding in its text."""
    here = finding.place.path
    related = [_related(place, positions) for place in finding.related if place.path == here]
    return types.Diagnostic(
        positions.range(finding.place),
        f"{finding.message}\nhelp: {finding.help}",
        SEVERITIES[finding.severity],
        f"{finding.code} {finding.name}",
        source="losslint",
        related_information=related or None,
        data=finding.fingerprint,
    )


def _related(place: Place, positions: Positions) -> types.DiagnosticRelatedInformation:
    uri = Path(place.path).absolute().as_uri()
    return types.DiagnosticRelatedInformation(types.Location(uri, positions.range(place)), place.message or "this belongs to it")
