"""`losslint server`."""

from __future__ import annotations


def server() -> None:
    """Answer an editor over standard input and output (language server protocol)."""
    from losslint.server import make

    make().start_io()
