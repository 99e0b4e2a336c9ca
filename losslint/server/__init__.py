"""The language server: what the linter knows, told to an editor while somebody types.

It reads the text of the editor and never runs code of the opened folder: rule packs that are given as paths are left out.
"""

from __future__ import annotations

import asyncio
from functools import partial

from losslint import __version__
from losslint.finding import LosslintError

try:
    from lsprotocol import types
    from pygls.lsp.server import LanguageServer
except ImportError as missing:
    raise LosslintError(
        f"the language server needs {missing.name or 'pygls'}: install it with `pip install 'keras-losslint[server]'`"
    ) from missing

from losslint.server.actions import actions
from losslint.server.desk import Desk
from losslint.server.diagnostics import diagnostic
from losslint.server.hover import hover
from losslint.server.positions import Positions

PAUSE = 0.15  # seconds without a key before a text is checked


def make() -> LanguageServer:
    """The server with its features."""
    server, desk = LanguageServer("losslint", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Incremental), Desk()
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(partial(_opened, server, desk))
    server.feature(types.TEXT_DOCUMENT_DID_SAVE)(partial(_opened, server, desk))
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(partial(_changed, server, desk))
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(partial(_closed, server, desk))
    kinds = [types.CodeActionKind.QuickFix, types.CodeActionKind.SourceFixAll]
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))(partial(_actions, server, desk))
    server.feature(types.TEXT_DOCUMENT_HOVER)(partial(_hover, server, desk))
    return server


Opened = types.DidOpenTextDocumentParams | types.DidSaveTextDocumentParams


async def _opened(server: LanguageServer, desk: Desk, params: Opened) -> None:
    desk.forget(params.text_document.uri)  # the settings may be others now
    _publish(server, desk, params.text_document.uri)


async def _changed(server: LanguageServer, desk: Desk, params: types.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    version = server.workspace.get_text_document(uri).version
    await asyncio.sleep(PAUSE)
    if uri in server.workspace.text_documents and server.workspace.get_text_document(uri).version == version:
        _publish(server, desk, uri)


async def _closed(server: LanguageServer, desk: Desk, params: types.DidCloseTextDocumentParams) -> None:
    desk.forget(params.text_document.uri)
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(params.text_document.uri, []))


def _publish(server: LanguageServer, desk: Desk, uri: str) -> None:
    document = server.workspace.get_text_document(uri)
    checked = desk.checked(document)
    positions = Positions(document)
    found = [diagnostic(finding, positions) for finding in checked.findings]
    server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found, version=document.version))
    if checked.complaint:
        server.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"losslint: {checked.complaint}"))


async def _actions(server: LanguageServer, desk: Desk, params: types.CodeActionParams) -> list[types.CodeAction]:
    document = server.workspace.get_text_document(params.text_document.uri)
    return actions(desk, document, params, Positions(document))


async def _hover(server: LanguageServer, desk: Desk, params: types.HoverParams) -> types.Hover | None:
    document = server.workspace.get_text_document(params.text_document.uri)
    return hover(desk, document, params.position, Positions(document))
