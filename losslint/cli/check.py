"""`losslint check`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated

import typer

from losslint.cli.options import Assigned, Config, Isolated, LocalPacks, Words, rules_of, settings_for, standard_input, words_of
from losslint.cli.streams import say, write
from losslint.finding import LosslintError


def check(
    paths: Annotated[Words, typer.Argument(metavar="[PATHS]...", help="Files and folders; `-` reads standard input.")] = None,
    select: Annotated[
        Words, typer.Option(metavar="RULES", help="Rules to ask in place of the settings': codes, names, prefixes, default, ALL.")
    ] = None,
    extend_select: Annotated[Words, typer.Option(metavar="RULES", help="Further rules to ask.")] = None,
    ignore: Annotated[Words, typer.Option(metavar="RULES", help="Rules not to ask.")] = None,
    min_confidence: Annotated[str | None, typer.Option(metavar="high|medium|low", help="Leave out findings below it.")] = None,
    output_format: Annotated[
        str, typer.Option(metavar="FORMAT", help="text, concise, json, jsonl, sarif, github, gitlab, junit or html.")
    ] = "text",
    output_file: Annotated[Words, typer.Option(metavar="FORMAT=PATH", help="Write a report into a file too; repeatable.")] = None,
    statistics: Annotated[bool, typer.Option("--statistics", help="Report how often each rule speaks, not each finding.")] = False,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 even if there are findings.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Report the findings only.")] = False,
    stdin_filename: Annotated[str | None, typer.Option(metavar="PATH", help="What standard input is reported as.")] = None,
    extend_exclude: Annotated[Words, typer.Option(metavar="PATTERN", help="Further files to leave out.")] = None,
    force_exclude: Annotated[bool, typer.Option("--force-exclude", help="Excludes also apply to the given paths.")] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", min=1, help="Processes; chosen by the number of files if not given.")
    ] = None,
    confirm: Annotated[bool, typer.Option("--confirm", help="Run the flagged losses on small batches and prove the findings.")] = False,
    python: Annotated[str | None, typer.Option(metavar="PATH", help="The interpreter with TensorFlow that runs them.")] = None,
    confirm_timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long one loss may run.")] = 20.0,
    show_refuted: Annotated[bool, typer.Option("--show-refuted", help="Also report what a real run refuted.")] = False,
    repro: Annotated[str | None, typer.Option(metavar="DIR", help="Write a script for each confirmed finding that shows it.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Findings that a real run did not reproduce count too.")] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Apply safe fixes.")] = False,
    unsafe_fixes: Annotated[bool, typer.Option("--unsafe-fixes", help="With --fix or --diff: those that change training, too.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change, and change nothing.")] = False,
    add_ignore: Annotated[bool, typer.Option("--add-ignore", help="Write an ignore comment for each finding.")] = False,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="What the comments of --add-ignore say.")] = "",
    baseline: Annotated[str | None, typer.Option(metavar="FILE", help="Known findings, which are not reported.")] = None,
    write_baseline: Annotated[bool, typer.Option("--write-baseline", help="Write all findings into the baseline.")] = False,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Neither read nor write the cache.")] = False,
    cache_dir: Annotated[str | None, typer.Option(metavar="DIR", help="Where results are kept.")] = None,
    assigned: Assigned = None,
    config: Config = None,
    isolated: Isolated = False,
    allow_local_packs: LocalPacks = False,
) -> None:
    """Find defects in the losses of files and folders."""
    from losslint import pipeline, report
    from losslint.config import Confirmation, cache_folder, choice
    from losslint.report.progress import bar
    from losslint.report.style import Style, style_of
    from losslint.report.words import counted

    choice(output_format, report.FORMATS, "--output-format")
    files = report.files(output_file or ())
    _together(fix=fix, diff=diff, add_ignore=add_ignore, reason=reason, standard_input="-" in (paths or ()))
    given = tuple(paths or ["."])
    text = standard_input(given, stdin_filename)
    settings = settings_for(
        given if text is None else [stdin_filename or "-"],
        isolated,
        config,
        assigned,
        select=words_of(select),
        extend_select=words_of(extend_select),
        ignore=words_of(ignore),
        min_confidence=min_confidence,
        extend_exclude=words_of(extend_exclude),
        runs=bool(confirm or repro) and not write_baseline,
    )
    rules = rules_of(settings, allow_local_packs)
    known = baseline or settings.baseline
    if write_baseline and known is None:
        raise LosslintError("--write-baseline writes the file of --baseline; give it")
    interpreter = python or settings.python or sys.executable
    asked = Confirmation(interpreter, confirm_timeout, show_refuted, repro, fix or diff) if confirm or repro else None
    with bar(wanted=not quiet) as progress:
        request = pipeline.Request(
            given,
            text,
            stdin_filename or "<stdin>",
            jobs=jobs,
            cache=None if no_cache else cache_folder(cache_dir),
            force=force_exclude,
            progress=progress,
            confirm=asked,
            baseline=known,
            new_baseline=write_baseline,
        )
        outcome = pipeline.check(request, settings, rules)
    if add_ignore:
        outcome = pipeline.silenced(request, outcome, " ".join(reason.split()))
    out: Callable[[str], object] = write
    if fix or diff:
        done = pipeline.fixed(request, settings, rules, outcome, unsafe=unsafe_fixes, write=not diff)
        outcome = done.outcome
        if diff:
            write(done.diff)
            say(f"note: would fix {counted(outcome.result.fixed, 'problem')}")
        elif text is not None:
            write(next(iter(done.texts.values()), text.decode(errors="surrogateescape")))
            out = sys.stderr.write
    outcome = outcome.by_cell()
    for line in report.complaints(outcome, output_format):
        if not (quiet and line.startswith("note:")):
            say(line)
    for form, path in files:
        report.write(path, report.render(outcome, form, Style(), rules))
    if diff:
        raise typer.Exit(2 if outcome.result.failures else int(bool(done.diff) and not exit_zero))
    form = "statistics" if statistics else output_format
    out(report.render(outcome, form, style_of(sys.stdout, quiet=quiet), rules))
    raise typer.Exit(pipeline.status(outcome.result, settings, exit_zero, strict))


def _together(*, fix: bool, diff: bool, add_ignore: bool, reason: str, standard_input: bool) -> None:
    """Refuse options that do not go together.

    Raises
    ------
    LosslintError
        Two of them contradict each other, or one asks for another.
    """
    if fix and diff:
        raise LosslintError("--fix changes files and --diff only shows how; give one of them")
    if add_ignore and (fix or diff or standard_input):
        raise LosslintError("--add-ignore writes comments into files; give it without --fix, --diff and `-`")
    if reason and not add_ignore:
        raise LosslintError("--reason is what --add-ignore writes; give both")
