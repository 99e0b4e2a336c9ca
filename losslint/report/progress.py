"""A progress bar on a terminal, for scans that take a while."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LONG = {"checking": 200, "running": 2}  # files, findings: below, there is nothing to wait for


@contextmanager
def bar(wanted: bool) -> Iterator[Callable[[int, str], Callable[[int], None]] | None]:
    """What `pipeline.Request.progress` asks for; None where standard error is no terminal.

    There is no thread behind it: worker processes are forked while it is shown.
    """
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)

    def begin(total: int, what: str) -> Callable[[int], None]:
        if total < LONG[what]:
            return lambda done: None
        progress.start()
        task = progress.add_task(what, total=total)

        def advance(done: int) -> None:
            progress.advance(task, done)
            progress.refresh()

        return advance

    try:
        yield begin
    finally:
        progress.stop()
