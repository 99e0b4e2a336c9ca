"""How often each rule speaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from losslint.pipeline import Outcome
from losslint.report.style import Style
from losslint.report.text import summary
from losslint.rule import Rule


def render(outcome: Outcome, style: Style, rules: Sequence[Rule]) -> str:
    """One line for each rule that found something, the most frequent first, and the summary."""
    counts = Counter((f.code, f.name, f.severity.value, f.fix is not None) for f in outcome.result.findings)
    found: Counter[tuple[str, str, str]] = Counter()
    fixable: Counter[str] = Counter()
    for (code, name, severity, fix), count in counts.items():
        found[code, name, severity] += count
        fixable[code] += count if fix else 0
    lines = [
        f"{count:>5}  {code}  {name:<22} {severity:<8} {f'{fixable[code]} with a fix' if fixable[code] else ''}".rstrip()
        for (code, name, severity), count in sorted(found.items(), key=lambda item: (-item[1], item[0]))
    ]
    return "".join(f"{line}\n" for line in [*lines, *([] if style.quiet else [summary(outcome.result)])])
