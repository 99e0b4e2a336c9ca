"""The chain from the loss that training shows to what `model.evaluate` gives on the same data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from losslint.audit.chain import Chain, label, measured, noticed, small, told

EVALUATE = "model.evaluate(x, y)"


def evaluated(record: Mapping[str, Any]) -> Chain:
    """The chain of one epoch to `evaluate`, whose number comes from Keras itself.

    Parameters
    ----------
    record
        What the recorder told of it, with ``evaluate``.
    """
    nodes, shown, found = measured(record), float(record["shown"].get("loss", "nan")), record["evaluate"]
    parts = [(causes, label(record, causes), change) for causes, change in _changes(nodes, shown, found)]
    steps, quiet = noticed(parts, shown, small(record) * abs(shown))
    return told(
        record,
        mine=float(found["loss"]),
        steps=tuple(steps),
        quiet=quiet,
        unexplained=float(found["loss"]) - shown - sum(change for _, _, change in parts),
        nodes=nodes,
        yours=EVALUATE,
    )


def _changes(nodes: Mapping[str, float], shown: float, found: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], float]]:
    """The causes, each with the change that it makes; all in one where what lies between could not be measured."""
    if not {"total", "compiled", "bare"} <= set(nodes) or "counted" not in found:
        yield ("weights", "mode", "moved", "data"), float(found["reread"]) - shown
        return
    penalties, counted = nodes["total"] - nodes["compiled"], float(found["counted"])
    yield ("running",), nodes["total"] - shown
    yield ("weights",), nodes["bare"] - nodes["compiled"]
    if "settled" in nodes:
        yield ("mode",), nodes["settled"] - nodes["bare"]
        yield ("moved",), counted - (nodes["settled"] + penalties)
    else:
        yield ("mode", "moved"), counted - (nodes["bare"] + penalties)
    yield ("data",), float(found["reread"]) - counted
