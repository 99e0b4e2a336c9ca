"""What is known at the cursor: the finding there with its rule's page, and the four facts of the value."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from lsprotocol import types
from pygls.workspace import TextDocument

from losslint.analysis.columns import PRED, TRUE
from losslint.analysis.node import Node, reach
from losslint.analysis.trace import Trace
from losslint.finding import Finding, Place
from losslint.report.explain import GRADIENTS
from losslint.report.losses import batch, values
from losslint.report.rules import page
from losslint.rule import Rule
from losslint.server.desk import Desk
from losslint.server.positions import Positions, covers


def hover(desk: Desk, document: TextDocument, position: types.Position, positions: Positions) -> types.Hover | None:
    """The text for a position; None where nothing is known."""
    line, column = positions.character(position)
    checked = desk.checked(document)
    parts = [_told(finding, checked.rules) for finding in checked.findings if covers(finding.place, line, column)]
    value = _innermost(desk.traces(document), checked.path, line, column)
    if value is not None:
        parts.insert(0, _facts(value[1]))
    if not parts:
        return None
    where = positions.range(value[0]) if value is not None else None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(parts)), where)


def _innermost(traces: list[Trace], path: str, line: int, column: int) -> tuple[Place, Node] | None:
    """The smallest expression at a place that a loss computes, as it is on the usual path if it is there."""
    found = [hit for trace in sorted(traces, key=lambda trace: trace.flipped is not None) for hit in _values(trace, path)]
    there = [(place, node) for place, node in found if covers(place, line, column)]
    return min(there, key=lambda hit: (hit[0].end_line - hit[0].line, hit[0].end_column - hit[0].column), default=None)


def _values(trace: Trace, path: str) -> Iterator[tuple[Place, Node]]:
    for node in reach(*(root.node for root in trace.roots)):
        if node.site.source.path == path and isinstance(node.site.syntax, ast.expr) and not node.constant:
            yield node.site.source.place(node.site.syntax), node


def _facts(node: Node) -> str:
    origin = ", ".join(sorted(name for name in node.origin if not name.startswith("parameter:"))) or "no input"
    table = (
        f"y_true {values(TRUE.single)}\ny_pred {values(PRED.single)}\nvalue  {values(node.columns.single)}\n" if node.columns.known else ""
    )
    known = f"\n\nWhere every element of the inputs is one number:\n\n```text\n{table}```" if table else ""
    return f"**`{node.operation}`**: {batch(node)}; {GRADIENTS[node.gradient]}; made of {origin}{known}"


def _told(finding: Finding, rules: tuple[Rule, ...]) -> str:
    return f"**{finding.code} {finding.name}**: {finding.message}\n\n*{finding.help}*\n\n{page(rules, finding.code)}"
