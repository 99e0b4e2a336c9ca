"""One self-contained page for people who would rather look than read: no script, nothing loaded from elsewhere, light and dark."""

from __future__ import annotations

import functools
import io
import keyword
import tokenize
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from losslint import __version__
from losslint.finding import Finding, by_path
from losslint.pipeline import Outcome
from losslint.report import plot
from losslint.report.style import Style
from losslint.report.text import located, summary
from losslint.report.verdict import number
from losslint.rule import Rule

AROUND = 2  # source lines shown before and after a finding
STYLE = """
:root { color-scheme: light dark; --ground: #fff; --text: #1c1f24; --dim: #5b6472; --line: #d9dee5; --mark: #ffe3b3; --card: #f7f8fa;
  --error: #b3261e; --warning: #8a5a00; --info: #1a5fb4; --good: #1b6e3c; --word: #7a3e9d; --string: #1b6e3c; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171b; --text: #e6e9ee; --dim: #9aa4b2; --line: #333a44; --mark: #5c4312;
  --card: #1b1f25; --error: #ff8a80; --warning: #ffc168; --info: #8ab4f8; --good: #7dd69c; --word: #d0a5ef; --string: #7dd69c; } }
* { box-sizing: border-box; } body { margin: 0 auto; max-width: 62rem; padding: 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; } h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; overflow-wrap: anywhere; margin-top: 2rem; }
article { border: 1px solid var(--line); border-radius: .5rem; background: var(--card); padding: .75rem 1rem; margin: 1rem 0; }
h3 { font-size: 1rem; margin: 0 0 .5rem; } p { margin: .4rem 0; overflow-wrap: anywhere; } .dim { color: var(--dim); }
.error { color: var(--error); } .warning { color: var(--warning); } .info { color: var(--info); } .good { color: var(--good); }
pre { overflow-x: auto; background: var(--ground); border: 1px solid var(--line); border-radius: .35rem; padding: .5rem; margin: .6rem 0;
  font: .85rem/1.5 ui-monospace, monospace; } .at { background: var(--mark); } .word { color: var(--word); } .string { color: var(--string); }
.comment { color: var(--dim); } table { border-collapse: collapse; margin: .6rem 0; } td, th { text-align: left; padding: .15rem .9rem .15rem 0;
  vertical-align: top; white-space: nowrap; } td.long { white-space: normal; overflow-wrap: anywhere; } .wide { overflow-x: auto; }
svg { max-width: 100%; height: auto; } .wide svg { max-width: none; } svg text { fill: var(--dim); font: 12px system-ui, sans-serif; }
"""


def render(outcome: Outcome, style: Style, rules: Sequence[Rule]) -> str:
    """The whole page."""
    result, lines = outcome.result, functools.cache(outcome.lines)
    parts = [f'<h1>losslint</h1><p>{escape(summary(result))}</p><p class="dim">losslint {__version__}</p>']
    parts += [f'<p class="error">{escape(failure.path)}: {escape(failure.message)}</p>' for failure in result.failures]
    parts += _table(result.findings)
    for path, findings in by_path(result.findings).items():
        parts.append(f"<h2>{escape(path)}</h2>")
        parts += [article(finding, lines(path, finding.place.cell)) for finding in findings]
    return page("losslint", parts)


def page(title: str, parts: Sequence[str]) -> str:
    """A page that needs nothing else, ending in a line end."""
    head = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
    ]
    return "\n".join([*head, *parts, "</body></html>"]) + "\n"


def _table(findings: Sequence[Finding]) -> Iterator[str]:
    """How often each rule speaks."""
    counts = Counter((finding.code, finding.name, finding.severity.value) for finding in findings)
    if counts:
        rows = (
            f'<tr><td class="{severity}">{code}</td><td>{name}</td><td>{severity}</td><td>{count}</td></tr>'
            for (code, name, severity), count in sorted(counts.items())
        )
        yield f"<table><thead><tr><th>rule</th><th></th><th></th><th>findings</th></tr></thead><tbody>{''.join(rows)}</tbody></table>"


def article(finding: Finding, lines: Sequence[str]) -> str:
    """One finding, with the lines of its file or cell."""
    severity = finding.severity.value
    parts = [
        f'<article id="{finding.fingerprint}"><h3><span class="{severity}">{finding.code} {finding.name}</span> '
        f'<span class="dim">{severity}, {finding.confidence.value} confidence, {escape(located(finding.place))}</span></h3>',
        f"<p>{marked(finding.message)}</p>",
        _source(finding, lines),
    ]
    parts += [f'<p class="dim">{escape(located(place))} {marked(place.message)}</p>' for place in finding.related if place.message]
    if finding.help:
        parts.append(f"<p><b>help</b> {marked(finding.help)}</p>")
    if finding.fix is not None:
        texts = ", ".join(f"<code>{escape(edit.text.strip())}</code>" for edit in finding.fix.edits if edit.text.strip())
        parts.append(f"<p><b>fix</b> ({finding.fix.safety}) {marked(finding.fix.message)}{': ' if texts else ''}{texts}</p>")
    return "\n".join([*parts, *_verdict(finding), "</article>"])


def marked(text: str) -> str:
    """A message with what stands in backticks as code."""
    return "".join(f"<code>{escape(part)}</code>" if place % 2 else escape(part) for place, part in enumerate(text.split("`")))


def _verdict(finding: Finding) -> Iterator[str]:
    verdict = finding.verdict
    if verdict is None:
        return
    colour = {"confirmed": "error", "refuted": "good"}.get(verdict.status, "dim")
    yield f'<p><b class="{colour}">{verdict.status}</b> {marked(verdict.reason)}</p>'
    if verdict.witness is not None and verdict.status == "confirmed":
        rows = [("came out", number(verdict.witness.value)), ("expected", number(verdict.witness.expected)), ("seen", verdict.witness.seen)]
        rows += [(name, f"{told['data']}"[:300]) for name, told in verdict.witness.inputs.items() if told["data"] is not None]
        cells = "".join(
            f'<tr><th>{name}</th><td class="long">{escape(str(text))}</td></tr>' for name, text in rows if text not in (None, "None")
        )
        yield f"<table>{cells}</table>"
        yield plot.of(finding)


def _source(finding: Finding, lines: Sequence[str]) -> str:
    """The lines around a finding, coloured as Python, what is flagged marked."""
    place = finding.place
    if not 1 <= place.line <= len(lines):
        return ""
    first, last = max(place.line - AROUND, 1), min(place.end_line + AROUND, len(lines))
    while last > place.end_line and not lines[last - 1].strip():
        last -= 1
    colours = _colours(lines)
    shown = []
    for number_ in range(first, last + 1):
        text = lines[number_ - 1]
        begin = place.column - 1 if number_ == place.line else len(text) - len(text.lstrip())
        end = place.end_column - 1 if number_ == place.end_line else len(text)
        inside = range(begin, end) if place.line <= number_ <= place.end_line else range(0)
        shown.append(f'<span class="dim">{number_:>4} </span>{_line(text, colours.get(number_, {}), inside)}')
    return "<pre>" + "\n".join(shown) + "</pre>"


def _line(text: str, colours: dict[int, str], inside: range) -> str:
    """A line as HTML: runs of characters that look alike in one span."""
    found, start = [], 0
    looks = [(colours.get(place, ""), place in inside) for place in range(len(text))]
    for place in range(1, len(text) + 1):
        if place == len(text) or looks[place] != looks[start]:
            colour, at = looks[start]
            names = " ".join(filter(None, (colour, "at" if at else "")))
            piece = escape(text[start:place])
            found.append(f'<span class="{names}">{piece}</span>' if names else piece)
            start = place
    return "".join(found)


def _colours(lines: Sequence[str]) -> dict[int, dict[int, str]]:
    """For each line, the kind of each character that has one."""
    found: dict[int, dict[int, str]] = {}
    kinds = {tokenize.STRING: "string", tokenize.COMMENT: "comment"}
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline):
            kind = kinds.get(token.type, "word" if token.type == tokenize.NAME and keyword.iskeyword(token.string) else "")
            for line in range(token.start[0], token.end[0] + 1) if kind else ():
                begin = token.start[1] if line == token.start[0] else 0
                end = token.end[1] if line == token.end[0] else len(lines[line - 1])
                found.setdefault(line, {}).update(dict.fromkeys(range(begin, end), kind))
    except (tokenize.TokenError, SyntaxError):
        return found
    return found
