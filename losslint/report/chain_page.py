"""The page of `losslint why` for people who would rather look than read: each chain as a picture, a table and sentences, and what the linter found."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from html import escape

from losslint.audit.chain import Chain
from losslint.finding import Result
from losslint.pipeline import Outcome
from losslint.report.chain import COLUMNS, UNMEASURED, rows, title, told
from losslint.report.html import article, marked, page
from losslint.report.waterfall import svg


def render(chains: Sequence[Chain]) -> str:
    """The whole page: one section for each chain, then the findings in the code of their losses."""
    lines = functools.cache(Outcome(Result()).lines)
    parts = ["<h1>losslint why</h1>"]
    for chain in chains:
        parts += _section(chain)
    findings = {finding.fingerprint: finding for chain in chains for finding in chain.findings}
    if findings:
        parts.append("<h2>In the code of the losses</h2>")
    parts += [article(finding, lines(finding.place.path, finding.place.cell)) for finding in findings.values()]
    return page("losslint why", parts)


def _section(chain: Chain) -> Iterator[str]:
    yield f"<h2>{escape(title(chain))}</h2>"
    if math.isfinite(chain.shown):
        yield f'<div class="wide">{svg([chain])}</div>'
        yield '<div class="wide"><table>'
        yield "<tr><th></th><th></th>" + "".join(f"<th>{column}</th>" for column in COLUMNS) + "</tr>"
        for label, change, value, letter in rows(chain):
            moved = "" if change is None else f"{change:+.6g}"
            yield f"<tr><td>{letter}</td><td>{escape(label)}</td><td>{moved}</td><td>{value:.6g}</td></tr>"
        yield "</table></div>"
    if chain.mine is None:
        yield f'<p class="warning">{UNMEASURED}</p>'
    yield from (f"<p>{marked(text)}</p>" for text in told(chain))
