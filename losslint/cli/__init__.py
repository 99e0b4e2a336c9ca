"""The command line: one module for each command. What is heavy is imported where it is used."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

from losslint import __version__
from losslint.cli import audit, check, clean, explain, losses, packs, rules, server, settings, why
from losslint.cli.streams import say, write
from losslint.finding import LosslintError

INTERRUPTED = 130
GARBAGE = 100_000  # new objects between two collections: trees and traces are many small ones, and die together

app = typer.Typer(
    name="losslint",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        write(f"losslint {__version__}\n")
        raise typer.Exit


@app.callback()
def _losslint(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Find the losses that turn into NaN, train nothing, or show another loss than the one that was meant."""


COMMANDS = (
    check.check,
    rules.rule,
    rules.rules,
    losses.losses,
    explain.explain,
    packs.new_rule,
    packs.test,
    settings.settings,
    clean.clean,
    server.server,
    audit.audit_rules,
)
for command in COMMANDS:
    app.command()(command)
app.command(context_settings={"ignore_unknown_options": True})(why.why)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status."""
    gc.set_threshold(GARBAGE)
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        status = app(args=list(sys.argv[1:] if arguments is None else arguments) or ["--help"], prog_name="losslint", standalone_mode=False)
    except LosslintError as error:
        say(f"error: {error}")
        status = 2
    except typer.TyperException as error:
        say(f"error: {error.format_message()}")
        status = 2
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    sys.exit(status if isinstance(status, int) else 0)
