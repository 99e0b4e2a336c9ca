"""From what a training run told to chains that are joined with what the linter says of the loss's code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from losslint.audit.chain import Chain, chain
from losslint.audit.evaluated import evaluated
from losslint.audit.links import findings_in
from losslint.audit.run import Recorded
from losslint.config import Settings
from losslint.finding import Finding
from losslint.rule import Rule


def explained(recorded: Recorded, number: float | None, settings: Settings, rules: Sequence[Rule]) -> tuple[Chain, ...]:
    """One chain for each epoch told.

    Parameters
    ----------
    number
        What the user got; it is the last epoch's, the other ones are explained without it.
    """
    last = len(recorded.epochs) - 1
    files = {
        path: findings_in(path, settings, rules)
        for path in {place.get("path") for record in recorded.epochs for place in record["losses"]}
        if path
    }
    return tuple(
        replace(_chain(record, number if place == last else None), findings=_of(record["losses"], files))
        for place, record in enumerate(recorded.epochs)
    )


def _chain(record: Mapping[str, Any], number: float | None) -> Chain:
    return evaluated(record) if record["evaluate"] else chain(record, number)


def _of(losses: Sequence[Mapping[str, str]], files: Mapping[str, Sequence[Finding]]) -> tuple[Finding, ...]:
    """The findings in the functions of the losses."""
    return tuple(f for loss in losses for f in files.get(loss.get("path", ""), ()) if loss["name"] in f.function.split("."))
