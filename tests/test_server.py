"""The language server, asked by a real client."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

SUMMED = """\
import tensorflow as tf


def squared_loss(y_true, y_pred):
    \U0001d6fc = 2.0; return \U0001d6fc * tf.reduce_sum(tf.square(y_true - y_pred))
"""
LOGARITHM = """\
import tensorflow as tf


def entropy_loss(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(y_pred), axis=-1)
"""


@pytest_lsp.fixture(config=ClientServerConfig(server_command=[sys.executable, "-m", "losslint", "server"]))
async def client(lsp_client: LanguageClient, tmp_path: Path) -> AsyncIterator[None]:
    """A client of a server in an empty folder."""
    folder = types.WorkspaceFolder(tmp_path.as_uri(), "project")
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities("visual-studio-code"), workspace_folders=[folder], root_uri=tmp_path.as_uri()
        )
    )
    yield
    await lsp_client.shutdown_session()


async def told(client: LanguageClient, what: str) -> None:
    """Wait until the server says something, 20 s at most."""
    await asyncio.wait_for(client.wait_for_notification(what), 20)


async def opened(client: LanguageClient, path: Path, text: str) -> list[types.Diagnostic]:
    path.write_text(text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(types.TextDocumentItem(path.as_uri(), "python", 1, text)))
    await told(client, types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    return list(client.diagnostics[path.as_uri()])


async def actions(client: LanguageClient, path: Path, where: types.Range, *kinds: types.CodeActionKind) -> dict[str, list[types.TextEdit]]:
    context = types.CodeActionContext(diagnostics=[], only=list(kinds) or None)
    asked = types.CodeActionParams(types.TextDocumentIdentifier(path.as_uri()), where, context)
    offered = await client.text_document_code_action_async(asked)
    return {action.title: action.edit.document_changes[0].edits for action in offered or []}  # type: ignore[union-attr,index]


def changed(text: str, edits: list[types.TextEdit]) -> str:
    """A text of one byte a character with edits."""
    lines = text.splitlines(keepends=True)
    for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        start, end = edit.range.start, edit.range.end
        head, tail = lines[start.line][: start.character], lines[end.line][end.character :] if end.line < len(lines) else ""
        lines[start.line : end.line + 1] = [head + edit.new_text + tail]
    return "".join(lines)


@pytest.mark.asyncio
async def test_findings_are_shown_while_typing(client: LanguageClient, tmp_path: Path) -> None:
    path = tmp_path / "losses.py"
    (found,) = await opened(client, path, SUMMED)
    assert (found.code, found.severity, found.source) == ("LL101 batch-sum", types.DiagnosticSeverity.Warning, "losslint")
    line = SUMMED.splitlines()[4]
    wide = line[: line.index("tf.reduce_sum")].encode("utf-16-le")
    assert (found.range.start.line, found.range.start.character) == (4, len(wide) // 2)  # the Greek letter has two units
    mended = SUMMED.replace("reduce_sum", "reduce_mean")
    change = types.TextDocumentContentChangeWholeDocument(mended)
    client.text_document_did_change(types.DidChangeTextDocumentParams(types.VersionedTextDocumentIdentifier(2, path.as_uri()), [change]))
    await told(client, types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    assert not client.diagnostics[path.as_uri()]
    assert path.read_text() == SUMMED  # what is on disk is of no interest


@pytest.mark.asyncio
async def test_a_finding_can_be_fixed_or_ignored(client: LanguageClient, tmp_path: Path) -> None:
    path = tmp_path / "losses.py"
    (found,) = await opened(client, path, LOGARITHM)
    offered = await actions(client, path, found.range)
    fix, ignore = offered
    assert fix.startswith("LL301: ") and ignore == "LL301: ignore unguarded-log on this line"
    assert "tf.math.log(tf.maximum(y_pred, 1e-7))" in changed(LOGARITHM, offered[fix])
    assert changed(LOGARITHM, offered[ignore]).splitlines()[4].endswith("  # losslint: ignore[unguarded-log]")
    assert not await actions(client, path, types.Range(types.Position(0, 0), types.Position(0, 0)))
    (everything,) = (await actions(client, path, found.range, types.CodeActionKind.SourceFixAll)).values()
    assert changed(LOGARITHM, everything) == changed(LOGARITHM, offered[fix])


@pytest.mark.asyncio
async def test_what_is_under_the_cursor_is_explained(client: LanguageClient, tmp_path: Path) -> None:
    path = tmp_path / "losses.py"
    await opened(client, path, SUMMED)
    line = SUMMED.splitlines()[4]
    column = len(line[: line.index("reduce_sum")].encode("utf-16-le")) // 2
    shown = await client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(path.as_uri()), types.Position(4, column))
    )
    assert shown is not None and isinstance(shown.contents, types.MarkupContent)
    for words in ("sum over the batch: grows like B", "gradient flows", "made of pred, true", "LL101 batch-sum", "## Why is this bad"):
        assert words in shown.contents.value
    nothing = await client.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(path.as_uri()), types.Position(0, 0)))
    assert nothing is None


@pytest.mark.asyncio
async def test_opening_a_folder_runs_none_of_its_code(client: LanguageClient, tmp_path: Path) -> None:
    (tmp_path / "pack.py").write_text("from pathlib import Path\nPath('ran').write_text('')\n")
    (tmp_path / "losslint.toml").write_text('packs = ["./pack.py"]\nignore = ["LL101"]\n')
    path = tmp_path / "losses.py"
    assert [found.code for found in await opened(client, path, SUMMED + LOGARITHM)] == ["LL301 unguarded-log"]
    assert not (tmp_path / "ran").exists()
    (tmp_path / "losslint.toml").write_text('ignore = ["batch-summ"]\n')
    client.text_document_did_save(types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(path.as_uri())))
    await told(client, types.WINDOW_SHOW_MESSAGE)
    assert "unknown rule `batch-summ`" in client.messages[-1].message


def test_without_its_extra_the_server_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['pygls'] = sys.modules['lsprotocol'] = None\nfrom losslint.cli import main\nmain(['server'])"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr == "losslint: error: the language server needs lsprotocol: install it with `pip install 'keras-losslint[server]'`\n"
