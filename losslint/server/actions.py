"""What an editor offers to do about a finding: the fix of its rule, an ignore comment, all safe fixes of the file."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types
from pygls.workspace import TextDocument

from losslint.edits import replacement
from losslint.finding import Edit, Finding, Place
from losslint.ignores import ignoring
from losslint.server.desk import Checked, Desk
from losslint.server.diagnostics import diagnostic
from losslint.server.positions import Positions
from losslint.source import Source


def actions(desk: Desk, document: TextDocument, params: types.CodeActionParams, positions: Positions) -> list[types.CodeAction]:
    """The actions for a range of a text."""
    checked, wanted = desk.checked(document), params.context.only
    first, last = positions.character(params.range.start), positions.character(params.range.end)
    offered: list[types.CodeAction] = []
    for finding in checked.findings:
        if _asked(types.CodeActionKind.QuickFix, wanted) and _touches(finding.place, first, last):
            offered += _about(finding, checked, document, positions)
    if wanted and _asked(types.CodeActionKind.SourceFixAll, wanted):
        new = desk.mended(document)
        if new.fixed:
            kind = types.CodeActionKind.SourceFixAll
            offered.append(_action("Apply all safe fixes of losslint", kind, document, positions, _whole(checked.text, new.text)))
    return offered


def _asked(kind: types.CodeActionKind, wanted: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Whether an editor asks for a kind of action: for all, for it, or for what it belongs to."""
    return wanted is None or any(
        kind.value == str(getattr(w, "value", w)) or kind.value.startswith(f"{getattr(w, 'value', w)}.") for w in wanted
    )


def _touches(place: Place, first: tuple[int, int], last: tuple[int, int]) -> bool:
    return (place.line, place.column) <= last and first <= (place.end_line, place.end_column)


def _about(finding: Finding, checked: Checked, document: TextDocument, positions: Positions) -> list[types.CodeAction]:
    kind, offered = types.CodeActionKind.QuickFix, []
    if finding.fix is not None:
        safe = finding.fix.safety == "safe"
        title = f"{finding.code}: {finding.fix.message}" + ("" if safe else " (changes training)")
        offered.append(_action(title, kind, document, positions, finding.fix.edits, finding, preferred=safe))
    source = Source.parse(checked.text, checked.path)
    edits = _whole(checked.text, ignoring(source, [finding], ""))
    offered.append(_action(f"{finding.code}: ignore {finding.name} on this line", kind, document, positions, edits, finding))
    return offered


def _whole(before: str, after: str) -> tuple[Edit, ...]:
    """The one replacement that makes a text of another."""
    edit = replacement(before, after)
    return (edit,) if edit is not None else ()


def _action(
    title: str,
    kind: types.CodeActionKind,
    document: TextDocument,
    positions: Positions,
    edits: tuple[Edit, ...],
    finding: Finding | None = None,
    preferred: bool = False,
) -> types.CodeAction:
    changes = [types.TextEdit(positions.range(edit), edit.text) for edit in edits]
    where = types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    return types.CodeAction(
        title,
        kind,
        [diagnostic(finding, positions)] if finding is not None else None,
        is_preferred=preferred,
        edit=types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(where, changes)]),
    )
