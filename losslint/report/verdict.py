"""What a real run showed, in a few lines that a person can check by eye."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from losslint.finding import Verdict, Witness
from losslint.report.style import Style, wrapped

INDENT, DEEP = "  ", "    "
COLOURS = {"confirmed": "red", "not-reproduced": "yellow", "refuted": "green", "undecided": "cyan"}
MOST_ROWS, MOST_COLUMNS = 2, 4


def lines(verdict: Verdict, style: Style) -> list[str]:
    """The verdict and its witness."""
    shown = wrapped(f"{verdict.status}: {verdict.reason}", style.width, INDENT, DEEP)
    shown[0] = shown[0].replace(f"{verdict.status}:", style.paint(f"{verdict.status}:", COLOURS[verdict.status]), 1)
    if verdict.witness is None or verdict.status != "confirmed":
        return shown
    for label, text in _rows(verdict.witness):
        shown.extend(wrapped(text, style.width, f"{DEEP}{label:<9} ", DEEP + " " * 10))
    return shown


def _rows(witness: Witness) -> list[tuple[str, str]]:
    batch = ", ".join(f"{name} {_tensor(told)}" for name, told in witness.inputs.items())
    rows = [("batch", f"{batch} ({', '.join(filter(None, (witness.words, witness.mode, witness.dtype)))})")]
    if witness.seen:
        rows.append(("seen", witness.seen))
    rows.append(("came out", number(witness.value)))
    if witness.expected is not None:
        rows.append(("expected", number(witness.expected)))
    assumed = [*witness.stand_ins, *witness.guesses]
    if assumed:
        rows.append(("assumed", "; ".join(assumed)))
    return rows


def number(value: Any) -> str:
    """A number, numbers by name, or words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {number(item)}" for name, item in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _tensor(told: Mapping[str, Any]) -> str:
    shape = "×".join(map(str, told["shape"])) or "scalar"
    return shape if told["data"] is None else f"{_cut(told['data'])} [{shape}]"


def _cut(data: Any) -> str:
    """The first numbers of nested lists."""
    if not isinstance(data, list):
        return f"{data:.4g}"
    most = MOST_ROWS if data and isinstance(data[0], list) else MOST_COLUMNS
    items = [_cut(item) for item in data[:most]]
    return f"[{', '.join(items)}{', …' if len(data) > most else ''}]"
