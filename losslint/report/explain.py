"""Each value of a loss beside its line, with the facts that rules read: why one fired, or stayed silent."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from losslint.analysis.columns import PRED, TRUE
from losslint.analysis.node import Gradient, Node, reach
from losslint.analysis.trace import Trace
from losslint.finding import Finding
from losslint.report.losses import batch, values
from losslint.report.style import Style, one_line, wrapped

GRADIENTS = {Gradient.NONE: "no gradient", Gradient.BLOCKED: "gradient blocked", Gradient.FLOWS: "gradient flows"}
INDENT = "       "
INTRODUCTION = (
    "Of each value: what made it; how it scales with the batch; whether a gradient reaches the prediction through it; which inputs it "
    "is made of; and what it is where every element of the inputs is one of these (? is not known):"
)


def explain(trace: Trace, path: str, lines: Sequence[str], findings: Iterable[Finding], style: Style) -> str:
    """One run of a loss, line by line.

    Parameters
    ----------
    trace
        The run.
    path, lines
        The file that is explained; what helpers of other files compute is told at the line that calls them.
    findings
        What was found in it.
    """
    option = f", where `{trace.flipped}` goes the other way" if trace.flipped else ""
    shown = [style.paint(f"{path}:{getattr(trace.loss.node, 'lineno', 1)} {trace.loss.function or '(module)'}{option}", "bold")]
    shown += wrapped(INTRODUCTION, style.width)
    shown += [f"y_true {values(TRUE.single)}", f"y_pred {values(PRED.single)}", ""]
    by_line: dict[int, list[Node]] = {}
    for node in _values(trace, path):
        by_line.setdefault(getattr(node.site.syntax, "lineno", 1), []).append(node)
    told = {line: [f for f in findings if f.place.line == line] for line in {f.place.line for f in findings}}
    for line in sorted(by_line.keys() | told):
        shown.append(f"{line:>5} | {one_line(lines[line - 1].strip())}"[: style.width] if line <= len(lines) else f"{line:>5} |")
        for node in sorted(by_line.get(line, ()), key=_order):
            shown += _value(node, style)
        for finding in told.get(line, ()):
            shown += wrapped(f"=> {style.paint(finding.code, 'yellow')} {finding.name}: {finding.message}", style.width, "  ", INDENT)
    if trace.incomplete:
        shown += wrapped(f"stopped: {trace.incomplete}", style.width)
    if not any(told.values()):
        shown.append("No rule finds anything here.")
    return "\n".join(shown) + "\n"


def _values(trace: Trace, path: str) -> Iterator[Node]:
    """The values that were made by an expression of this file, each expression once; literals and settings say nothing."""
    seen: set[int] = set()
    for node in reach(*(root.node for root in trace.roots), *trace.effects):
        syntax = node.site.syntax
        if node.site.source.path != path or not isinstance(syntax, ast.expr) or node.constant or id(syntax) in seen:
            continue
        seen.add(id(syntax))
        yield node


def _order(node: Node) -> tuple[int, int]:
    """Inner expressions first."""
    syntax = node.site.syntax
    return getattr(syntax, "end_col_offset", 0) or 0, -getattr(syntax, "col_offset", 0)


def _value(node: Node, style: Style) -> list[str]:
    origin = ", ".join(sorted(name for name in node.origin if not name.startswith("parameter:"))) or "no input"
    facts = f"{node.operation}; {batch(node)}; {GRADIENTS[node.gradient]}; made of {origin}"
    shown = wrapped(style.paint(one_line(node.text)[:60], "cyan"), style.width, INDENT, INDENT)
    shown += wrapped(facts, style.width, INDENT + "  ", INDENT + "  ")
    if node.columns.known:
        shown.append(f"{INDENT}{values(node.columns.single)}")
    return shown
