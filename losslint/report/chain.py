"""The page that `losslint why` prints: the chain of numbers, a bar for each, and the largest causes in plain sentences."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from msgspec.structs import asdict

from losslint.audit.causes import CAUSES
from losslint.audit.chain import TOGETHER, Chain, Step
from losslint.audit.evaluated import EVALUATE
from losslint.finding import Finding
from losslint.report.json import finite
from losslint.report.style import Style, one_line, span, wrapped
from losslint.report.text import located
from losslint.report.words import counted

EXPLAINED = 3
UNMEASURED = "what you compute could not be measured"
NUMBER = 12
COLUMNS = ("change", "number")
LETTERS = "abcdefghijklmnop"


def render(chain: Chain, style: Style) -> str:
    """The table, the bars and the sentences of one chain, ending in a line end."""
    lines = [style.paint(title(chain), "bold"), ""]
    if not math.isfinite(chain.shown):
        return "\n".join([*lines, *(line for text in told(chain) for line in wrapped(text, style.width, "  ", "    "))]) + "\n"
    lines += _table(chain, style)
    lines += ["", *_bars(chain, style)] if chain.steps else []
    for text in told(chain):
        lines += ["", *wrapped(text, style.width, "  ", "     ")]
    return "\n".join(lines) + "\n"


def to_json(chains: Sequence[Chain]) -> str:
    """All chains as one JSON object."""
    found = []
    for chain in chains:
        record = asdict(chain) | {"explained": chain.explained, "steps": [asdict(step) for step in chain.steps]}
        record["findings"] = [{"code": f.code, "name": f.name, "path": f.place.path, "line": f.place.line} for f in chain.findings]
        found.append(record)
    return json.dumps(finite({"version": 1, "fits": found}), indent=2, allow_nan=False) + "\n"


def title(chain: Chain) -> str:
    """Which training, which epoch, how many batches and rows."""
    rest = chain.rows % chain.batch if chain.batch else 0
    last = f" (last: {rest})" if rest else ""
    sizes = f"{counted(chain.batches, 'batch', 'batches')} of {chain.batch}{last}, " if chain.batch else ""
    where = "model.fit, validation" if chain.metric == "val_loss" else "model.fit"
    return one_line(f"{chain.path}:{chain.line}  {where}, epoch {chain.epoch}, {sizes}{counted(chain.rows, 'row')}")


def rows(chain: Chain) -> list[tuple[str, float | None, float, str]]:
    """The table: of each row what it is, the change, the number after it, and the letter that the sentences call it by."""
    found: list[tuple[str, float | None, float, str]] = [(f"shown by Keras: {chain.metric}", None, chain.shown, "")]
    found += [(step.label, step.change, step.value, letter) for letter, step in zip(LETTERS, chain.steps, strict=False)]
    if chain.mine is not None:
        found.append((chain.yours or f"yours: mean of {chain.loss or 'the loss'}(y, model.predict(x))", None, chain.mine, ""))
        found.append(("not explained", None, chain.unexplained, ""))
    return found


def _table(chain: Chain, style: Style) -> list[str]:
    wide = style.width - 2 * NUMBER - 6
    lines = [f"{'':<{wide}}{COLUMNS[0]:>{NUMBER}} {COLUMNS[1]:>{NUMBER}}"]
    lines += [_row(label, change, value, letter, wide, 4 if letter else 2) for label, change, value, letter in rows(chain)]
    return lines if chain.mine is not None else [*lines, f"  {UNMEASURED}"]


def _row(label: str, change: float | None, value: float, letter: str, wide: int, indent: int) -> str:
    text, moved = " " * indent + label, f"{change:+.6g}" if change is not None else ""
    room = wide if moved else wide + NUMBER
    if span(text) >= room:
        text = text[: room - 2] + "…"
    return f"{text:<{room}}{moved:>{wide + NUMBER - room}} {value:>{NUMBER}.6g}  {letter}".rstrip()


def _bars(chain: Chain, style: Style) -> list[str]:
    """A waterfall: where each step begins and ends, between the smallest and the largest number."""
    values = [chain.shown, *(step.value for step in chain.steps)]
    low, high = min([0.0, *values]), max([0.0, *values])
    room = style.width - 8
    scale = room / (high - low) if high > low else 0.0

    def cell(value: float) -> int:
        return round((value - low) * scale)

    def bar(start: float, end: float, block: str) -> str:
        first, last = sorted((cell(start), cell(end)))
        return " " * min(first, room - 1) + (block * (last - first) or "·")

    lines = [f"  {'shown':<5} {bar(0.0, chain.shown, '█')}"]
    before = chain.shown
    for letter, step in zip(LETTERS, chain.steps, strict=False):
        block = style.paint("▒", "red" if step.change > 0 else "green") if style.colour else "▓" if step.change > 0 else "░"
        lines.append(f"  {letter:<5} {bar(before, step.value, block)}")
        before = step.value
    lines.append(f"  {'yours':<5} {bar(0.0, before, '█')}")
    lines.append(
        "  each step takes one cause away: " + ("red adds to the number" if style.colour else "▓ adds to the number, ░ takes from it")
    )
    return [line.rstrip() for line in lines]


def told(chain: Chain) -> list[str]:
    """What the numbers mean, in plain sentences: the largest steps, what is not explained, what could not be measured."""
    if not math.isfinite(chain.shown):
        return _not_finite(chain)
    lettered = list(zip(LETTERS, chain.steps, strict=False))
    by_size = sorted(lettered, key=lambda pair: -abs(pair[1].change))
    sentences = [f"{letter}  {_sentence(chain, step, place < EXPLAINED)}" for place, (letter, step) in enumerate(by_size)]
    sentences[:0] = _verdict(lettered)
    if chain.penalised and "mine" not in chain.nodes:
        sentences.append(f"Of yours, {chain.hidden:.6g} is a penalty: {_meaning(chain, 'hidden')}")
    if not chain.explained and chain.mine is not None:
        sentences.append(
            f"{chain.unexplained:.6g} is not explained: two ways to the same number disagree. The model may change outside of what "
            "Keras calls in `fit`, or this is a mistake of losslint's."
        )
    if chain.matches:
        sentences.insert(0, f"The number that you gave is {chain.matches}.")
    sentences.extend(f"note: {note}" for note in chain.notes)
    if chain.quiet:
        sentences.append(f"{counted(chain.quiet, 'other cause')} checked, no effect.")
    return sentences


def _verdict(lettered: Sequence[tuple[str, Step]]) -> list[str]:
    """Which steps are to be expected, and which are not."""
    usual = [letter for letter, step in lettered if all(CAUSES[cause].usual for cause in step.causes)]
    others = [letter for letter, step in lettered if letter not in usual]
    said = [f"{', '.join(usual)}: this is how Keras trains and shows a loss, also where the code is right."] if usual else []
    return said + ([f"{', '.join(others)}: look here, it comes from your own code and not from the training."] if others else [])


def _sentence(chain: Chain, step: Step, full: bool) -> str:
    if len(step.causes) > TOGETHER:
        return f"One number for all of these, which could not be measured one by one: {', '.join(step.causes)}."
    return " ".join(_meaning(chain, cause, step, full) for cause in step.causes)


def _meaning(chain: Chain, name: str, step: Step | None = None, full: bool = True) -> str:
    cause = CAUSES[name]
    where = [_found(finding) for finding in chain.findings if finding.code in cause.rules]
    known = {"loss": chain.loss or "the loss", "batch": chain.batch}
    if step is not None:
        known |= {"value": f"{step.value:.6g}", "before": f"{step.value - step.change:.6g}"}
    text = cause.means.format_map(known)
    do = cause.do if full and chain.yours != EVALUATE else ""
    return " ".join(part for part in (text, "; ".join(where), do) if part)


def _found(finding: Finding) -> str:
    return f"{located(finding.place)}  {finding.code} {finding.name}."


def _not_finite(chain: Chain) -> list[str]:
    """In place of the steps, where the number that was shown is none."""
    found = [finding for finding in chain.findings if finding.code.startswith("LL3")]
    said = f"The loss that Keras shows is {chain.shown}: there is no chain of numbers."
    return [said, *chain.notes, *(f"{_found(finding)} {finding.message}" for finding in found)]
