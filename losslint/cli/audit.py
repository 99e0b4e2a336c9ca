"""`losslint audit-rules`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from losslint.cli.options import Isolated, LocalPacks, Paths, Words, rules_of, settings_for, words_of
from losslint.cli.streams import say, write


def audit_rules(
    paths: Paths = None,
    select: Annotated[Words, typer.Option(metavar="RULES", help="Rules to ask in place of all.")] = None,
    python: Annotated[str | None, typer.Option(metavar="PATH", help="The interpreter with TensorFlow that runs the losses.")] = None,
    confirm_timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long one loss may run.")] = 20.0,
    isolated: Isolated = False,
    allow_local_packs: LocalPacks = False,
) -> None:
    """Run every rule's experiment on every loss, and list where it disagrees with the rule: for authors of rules."""
    from losslint import inspection, pipeline
    from losslint.config import Confirmation
    from losslint.finding import Failure
    from losslint.lab.oracle import Tally

    given = tuple(paths or ["."])
    settings = settings_for(given, isolated, select=words_of(select) or ("ALL",), runs=True)
    request = pipeline.Request(given, confirm=Confirmation(python or settings.python or sys.executable, confirm_timeout))
    tally, failed = Tally(), False
    for item in inspection.audit(request, settings, rules_of(settings, allow_local_packs), tally):
        if isinstance(item, Failure):
            failed = True
            say(f"error: {item.path}: {item.message}")
            continue
        where = f"{item.place.path}:{item.place.line}:{item.place.column}"
        write(f"{where}: {item.code} {item.kind} in {item.function}: {item.source}: {item.reason}\n")
    say(
        f"note: {tally.losses} losses, {tally.ran} of them ran; {tally.experiments} experiments, {tally.decisive} decisive, "
        f"{tally.disagreements} disagree with the rule"
    )
    raise typer.Exit(2 if failed else int(tally.disagreements > 0))
