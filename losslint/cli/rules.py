"""`losslint rule` and `losslint rules`."""

from __future__ import annotations

from typing import Annotated

import typer

from losslint.cli.options import Isolated, LocalPacks, rules_of, settings_for
from losslint.cli.streams import write


def rule(
    name: Annotated[str, typer.Argument(metavar="CODE|NAME", help="Which rule.")],
    isolated: Isolated = False,
    allow_local_packs: LocalPacks = False,
) -> None:
    """Show the documentation page of a rule."""
    from losslint.report.rules import page

    write(page(rules_of(settings_for(["."], isolated), allow_local_packs), name))


def rules(isolated: Isolated = False, allow_local_packs: LocalPacks = False) -> None:
    """List all rules."""
    from losslint.report.rules import table

    write(table(rules_of(settings_for(["."], isolated), allow_local_packs)))
