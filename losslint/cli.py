"""The command line: reads options, calls the pipeline, writes the report. What is heavy is imported where it is used."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from losslint import __version__
from losslint.finding import LosslintError

if TYPE_CHECKING:
    from losslint.config import Settings
    from losslint.rule import Rule

INTERRUPTED = 130
GARBAGE = 100_000  # new objects between two collections: trees and traces are many small ones, and die together

app = typer.Typer(
    name="losslint",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Words = list[str] | None
Paths = Annotated[Words, typer.Argument(metavar="[PATHS]...", help="Files and folders; the current folder if there is none.")]
Isolated = Annotated[bool, typer.Option("--isolated", help="Ignore every pyproject.toml.")]
LocalPacks = Annotated[bool, typer.Option("--allow-local-packs", help="Load rule packs given as paths: runs code of the linted project.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        _write(f"losslint {__version__}\n")
        raise typer.Exit


@app.callback()
def _losslint(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    """Find the losses that turn into NaN, train nothing, or show another loss than the one that was meant."""


@app.command()
def check(
    paths: Annotated[Words, typer.Argument(metavar="[PATHS]...", help="Files and folders; `-` reads standard input.")] = None,
    select: Annotated[Words, typer.Option(help="Rules to ask in place of the settings': codes, names, prefixes, default, ALL.")] = None,
    extend_select: Annotated[Words, typer.Option(help="Further rules to ask.")] = None,
    ignore: Annotated[Words, typer.Option(help="Rules not to ask.")] = None,
    min_confidence: Annotated[str | None, typer.Option(metavar="high|medium|low", help="Leave out findings below it.")] = None,
    output_format: Annotated[str, typer.Option(metavar="text|concise|json|github", help="How to report.")] = "text",
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even if there are findings.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Report the findings only.")] = False,
    stdin_filename: Annotated[str | None, typer.Option(metavar="PATH", help="What standard input is reported as.")] = None,
    force_exclude: Annotated[bool, typer.Option("--force-exclude", help="Excludes also apply to the given paths.")] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", min=1, help="Processes; chosen by the number of files if not given.")] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Run the flagged losses on small batches and prove the findings.")] = False,
    python: Annotated[str | None, typer.Option(metavar="PATH", help="The interpreter with TensorFlow that runs them.")] = None,
    confirm_timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long one loss may run.")] = 20.0,
    show_refuted: Annotated[bool, typer.Option("--show-refuted", help="Also report what a real run refuted.")] = False,
    repro: Annotated[str | None, typer.Option(metavar="DIR", help="Write a script for each confirmed finding that shows it.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Findings that a real run did not reproduce count too.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor write the cache.")] = False,
    isolated: Isolated = False,
    allow_local_packs: LocalPacks = False,
) -> None:
    """Find defects in the losses of files and folders."""
    from losslint import pipeline, report
    from losslint.config import Confirmation, choice, overridden
    from losslint.report.progress import bar
    from losslint.report.style import style_of

    choice(output_format, report.FORMATS, "--output-format")
    given = tuple(paths or ["."])
    text = _standard_input(given, stdin_filename)
    settings = overridden(
        _settings(given if text is None else [stdin_filename or "-"], isolated),
        select=_words(select),
        extend_select=_words(extend_select),
        ignore=_words(ignore),
        min_confidence=min_confidence,
    )
    rules = _rules(settings, allow_local_packs)
    asked = Confirmation(python or settings.python or sys.executable, confirm_timeout, show_refuted, repro) if confirm or repro else None
    with bar(wanted=not quiet) as progress:
        request = pipeline.Request(
            given, text, stdin_filename or "<stdin>", jobs=jobs, cache=not no_cache, force=force_exclude, progress=progress, confirm=asked
        )
        outcome = pipeline.check(request, settings, rules)
    for line in report.complaints(outcome, output_format):
        if not (quiet and line.startswith("note:")):
            _say(line)
    _write(report.render(outcome, output_format, style_of(sys.stdout, quiet=quiet)))
    raise typer.Exit(pipeline.status(outcome.result, settings, exit_zero, strict))


@app.command()
def rule(
    name: Annotated[str, typer.Argument(metavar="CODE|NAME", help="Which rule.")],
    isolated: Isolated = False,
    allow_local_packs: LocalPacks = False,
) -> None:
    """Show the documentation page of a rule."""
    from losslint.report.rules import page

    _write(page(_rules(_settings(["."], isolated), allow_local_packs), name))


@app.command()
def rules(isolated: Isolated = False, allow_local_packs: LocalPacks = False) -> None:
    """List all rules."""
    from losslint.report.rules import table

    _write(table(_rules(_settings(["."], isolated), allow_local_packs)))


@app.command()
def losses(
    paths: Paths = None,
    statistics: Annotated[bool, typer.Option("--statistics", help="Only tell how much was understood.")] = False,
    force_exclude: Annotated[bool, typer.Option("--force-exclude", help="Excludes also apply to the given paths.")] = False,
    isolated: Isolated = False,
) -> None:
    """Show what is taken for a loss, and what is understood of it."""
    from losslint import pipeline
    from losslint.report.losses import Statistics, default_paths, describe
    from losslint.report.style import style_of

    given = tuple(paths or ["."])
    counts, style, failed, shown = Statistics(), style_of(sys.stdout), False, False
    for item in pipeline.losses(pipeline.Request(given, force=force_exclude), _settings(given, isolated)):
        if not isinstance(item, pipeline.Followed):
            failed = True
            _say(f"error: {item.path}: {item.message}")
            continue
        counts.add(item.traces)
        for trace in () if statistics else default_paths(item.traces):
            _write(("\n" if shown else "") + describe(trace, item.path, style))
            shown = True
    if statistics:
        _write("".join(f"{line}\n" for line in counts.lines()))
    elif not shown:
        _say("note: no losses found")
    raise typer.Exit(2 if failed else 0)


@app.command(name="audit-rules")
def audit_rules(
    paths: Paths = None,
    select: Annotated[Words, typer.Option(help="Rules to ask in place of all.")] = None,
    python: Annotated[str | None, typer.Option(metavar="PATH", help="The interpreter with TensorFlow that runs the losses.")] = None,
    confirm_timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long one loss may run.")] = 20.0,
    isolated: Isolated = False,
    allow_local_packs: LocalPacks = False,
) -> None:
    """Run every rule's experiment on every loss, and list where it disagrees with the rule: for authors of rules."""
    from losslint import pipeline
    from losslint.config import Confirmation, overridden
    from losslint.finding import Failure
    from losslint.lab.oracle import Tally

    given = tuple(paths or ["."])
    settings = overridden(_settings(given, isolated), select=_words(select) or ("ALL",))
    request = pipeline.Request(given, confirm=Confirmation(python or settings.python or sys.executable, confirm_timeout))
    tally, failed = Tally(), False
    for item in pipeline.audit(request, settings, _rules(settings, allow_local_packs), tally):
        if isinstance(item, Failure):
            failed = True
            _say(f"error: {item.path}: {item.message}")
            continue
        where = f"{item.place.path}:{item.place.line}:{item.place.column}"
        _write(f"{where}: {item.code} {item.kind} in {item.function}: {item.source}: {item.reason}\n")
    _say(
        f"note: {tally.losses} losses, {tally.ran} of them ran; {tally.experiments} experiments, {tally.decisive} decisive, "
        f"{tally.disagreements} disagree with the rule"
    )
    raise typer.Exit(2 if failed else int(tally.disagreements > 0))


# --- parts -----------------------------------------------------------------------------------------------------------


def _words(given: Iterable[str] | None) -> tuple[str, ...]:
    """The words of a repeated option, each of which may be a list with commas."""
    return tuple(word for item in given or () for part in item.split(",") if (word := part.strip()))


def _standard_input(given: Sequence[str], filename: str | None) -> bytes | None:
    if "-" not in given:
        if filename is not None:
            raise LosslintError("--stdin-filename names what `-` reads; give `-` as the only path")
        return None
    if len(given) > 1:
        raise LosslintError("`-` reads standard input and must be the only path")
    return sys.stdin.buffer.read()


def _settings(given: Sequence[str], isolated: bool) -> Settings:
    from losslint.config import Settings, find_settings
    from losslint.project import settings_folder

    return Settings() if isolated else find_settings(settings_folder(given))


def _rules(settings: Settings, allow_local: bool) -> tuple[Rule, ...]:
    from pathlib import Path

    from losslint.rule import load_rules

    return load_rules(settings.packs, folder=Path(settings.root) if settings.root else None, allow_local=allow_local)


def _write(text: str) -> None:
    """Write to standard output; a reader that has gone away is no error."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(line: str) -> None:
    sys.stderr.write(f"losslint: {' '.join(line.split())}\n")


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
        _say(f"error: {error}")
        status = 2
    except typer.TyperException as error:
        _say(f"error: {error.format_message()}")
        status = 2
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    sys.exit(status if isinstance(status, int) else 0)
