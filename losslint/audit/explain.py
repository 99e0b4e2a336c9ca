"""From what a training run told to chains that are joined with what the linter says of the loss's code."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from losslint.audit.chain import Chain, chain
from losslint.audit.links import findings_of
from losslint.audit.run import Recorded
from losslint.config import Settings
from losslint.rule import Rule


def explained(recorded: Recorded, number: float | None, settings: Settings, rules: Sequence[Rule]) -> tuple[Chain, ...]:
    """One chain for each epoch told.

    Parameters
    ----------
    number
        What the user got; it is the last epoch's, the other ones are explained without it.
    """
    last = len(recorded.epochs) - 1
    return tuple(
        replace(chain(record, number if place == last else None), findings=findings_of(record["loss"], settings, rules))
        for place, record in enumerate(recorded.epochs)
    )
