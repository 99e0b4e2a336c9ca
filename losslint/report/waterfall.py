"""The chains of `losslint why` as one picture: an SVG file that needs nothing else, in light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from losslint.audit.chain import Chain

WIDE, ROW, LABEL, NUMBER = 860, 24, 300, 90
LETTERS = 44  # of a label
STYLE = """
  svg { background: #fff; font: 13px system-ui, sans-serif; } text { fill: #1c1f24; } .dim { fill: #5b6472; } .title { font-weight: 600; }
  .end { fill: #5b6472; } .up { fill: #b3261e; } .down { fill: #1b6e3c; } line { stroke: #5b6472; stroke-dasharray: 2 2; }
  @media (prefers-color-scheme: dark) { svg { background: #14171b; } text { fill: #e6e9ee; } .dim { fill: #9aa4b2; }
    .end { fill: #9aa4b2; } .up { fill: #ff8a80; } .down { fill: #7dd69c; } line { stroke: #9aa4b2; } }
"""


def svg(chains: Sequence[Chain]) -> str:
    """The whole picture, one waterfall below the other, ending in a line end."""
    parts: list[str] = []
    top = 0
    for chain in chains:
        drawn, top = _waterfall(chain, top)
        parts += drawn
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {top}" width="{WIDE}" height="{top}" role="img">'
    return "\n".join([head, f"<style>{STYLE}</style>", *parts, "</svg>"]) + "\n"


def _waterfall(chain: Chain, top: int) -> tuple[list[str], int]:
    """One chain: a full bar for each end, and for each step where it begins and ends; the axis begins at 0 or below."""
    title = f"{chain.path}:{chain.line}, epoch {chain.epoch}: from {chain.metric} to {chain.yours or 'yours'}"
    parts = [f'<text class="title" x="12" y="{top + 22}">{escape(title)}</text>']
    rows: list[tuple[str, float, float, str]] = [(f"shown by Keras: {chain.metric}", 0.0, chain.shown, "end")]
    before = chain.shown
    for step in chain.steps:
        rows.append((step.label, before, step.value, "up" if step.change > 0 else "down"))
        before = step.value
    if chain.mine is not None:
        rows.append((chain.yours or "yours", 0.0, chain.mine, "end"))
    values = [value for _, start, end, _ in rows for value in (start, end)]
    low, high = min(values), max(values)
    scale = (WIDE - LABEL - NUMBER - 24) / ((high - low) or 1.0)

    def at(value: float) -> float:
        return LABEL + (value - low) * scale

    for number, (label, start, end, kind) in enumerate(rows):
        y = top + 34 + number * ROW
        left, right = sorted((at(start), at(end)))
        label = label if len(label) <= LETTERS else label[: LETTERS - 1] + "…"
        told = f"{end:.6g}" if kind == "end" else f"{end - start:+.6g}"
        parts.append(f'<text x="12" y="{y + 15}">{escape(label)}</text>')
        parts.append(f'<rect class="{kind}" x="{left:.1f}" y="{y + 3}" width="{max(right - left, 1.0):.1f}" height="{ROW - 7}"/>')
        parts.append(f'<text class="dim" x="{WIDE - 12}" y="{y + 15}" text-anchor="end">{told}</text>')
    bottom = top + 34 + len(rows) * ROW
    parts.append(f'<line x1="{at(0.0):.1f}" x2="{at(0.0):.1f}" y1="{top + 32}" y2="{bottom}"/>')
    parts.append(f'<text class="dim" x="{at(0.0):.1f}" y="{bottom + 14}" text-anchor="middle">0</text>')
    return parts, bottom + 24
