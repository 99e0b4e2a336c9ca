"""`losslint explain`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from losslint.cli.options import Assigned, Isolated, LocalPacks, rules_of, settings_for
from losslint.cli.streams import write


def explain(
    place: Annotated[str, typer.Argument(metavar="FILE:LINE", help="A line of a loss.")],
    all_paths: Annotated[bool, typer.Option("--all-paths", help="Also the runs where an option goes the other way.")] = False,
    assigned: Assigned = None,
    isolated: Isolated = False,
    allow_local_packs: LocalPacks = False,
) -> None:
    """Show what is known of each value of a loss, and why rules speak or stay silent."""
    from losslint import inspection
    from losslint.finding import LosslintError
    from losslint.report.explain import explain as explained
    from losslint.report.style import style_of

    path, _, word = place.rpartition(":")
    if not path or not word.isdigit() or int(word) < 1:
        raise LosslintError(f"{place}: give FILE:LINE, as in losses.py:12")
    settings = settings_for([path], isolated, assigned=assigned)
    told = inspection.explained(path, int(word), settings, rules_of(settings, allow_local_packs))
    style = style_of(sys.stdout)
    texts = [explained(trace, told.path, told.lines, told.findings, style) for trace in told.traces if all_paths or trace.flipped is None]
    write("\n".join(texts))
