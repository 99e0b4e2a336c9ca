"""`losslint losses`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from losslint.cli.options import Assigned, Isolated, Paths, settings_for
from losslint.cli.streams import say, write


def losses(
    paths: Paths = None,
    statistics: Annotated[bool, typer.Option("--statistics", help="Only tell how much was understood.")] = False,
    force_exclude: Annotated[bool, typer.Option("--force-exclude", help="Excludes also apply to the given paths.")] = False,
    assigned: Assigned = None,
    isolated: Isolated = False,
) -> None:
    """Show what is taken for a loss, and what is understood of it."""
    from losslint import inspection, pipeline
    from losslint.report.losses import Statistics, default_paths, describe
    from losslint.report.style import style_of

    given = tuple(paths or ["."])
    settings = settings_for(given, isolated, assigned=assigned)
    counts, style, failed, shown = Statistics(), style_of(sys.stdout), False, False
    for item in inspection.losses(pipeline.Request(given, force=force_exclude), settings):
        if not isinstance(item, inspection.Followed):
            failed = True
            say(f"error: {item.path}: {item.message}")
            continue
        counts.add(item.traces)
        for trace in () if statistics else default_paths(item.traces):
            write(("\n" if shown else "") + describe(trace, item.path, style))
            shown = True
    if statistics:
        write("".join(f"{line}\n" for line in counts.lines()))
    elif not shown:
        say("note: no losses found")
    raise typer.Exit(2 if failed else 0)
