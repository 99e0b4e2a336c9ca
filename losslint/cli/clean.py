"""`losslint clean`."""

from __future__ import annotations

from typing import Annotated

import typer

from losslint.cli.streams import say


def clean(cache_dir: Annotated[str | None, typer.Option(metavar="DIR", help="Where results are kept.")] = None) -> None:
    """Take away the results that are kept."""
    from losslint.cache import clean as cleaned
    from losslint.config import cache_folder
    from losslint.report.words import counted

    folder = cache_folder(cache_dir)
    say(f"note: took away {counted(cleaned(folder), 'file')} in {folder}")
