"""The one entry for the command line: given paths and settings, what was found."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from losslint.config import Confirmation, Settings
from losslint.discovery import discover, read, shown
from losslint.finding import Failure, Finding, LosslintError, Place, Result, by_path
from losslint.linter import check_source, counts, selected
from losslint.notebooks import ENDING, lines_of
from losslint.notebooks import place as in_cell
from losslint.parallel import Checked, check_files
from losslint.project import ProjectModules
from losslint.rule import Rule
from losslint.source import Source, SourceError, decode, split_lines

if TYPE_CHECKING:
    pass

CACHED_FROM = 40  # files; below, reading the cache costs more than it saves


class Request(Struct, frozen=True):
    """What to check.

    Attributes
    ----------
    paths
        As given; ``-`` alone is `text`.
    text
        The bytes to check in place of files, for ``-``.
    filename
        What `text` is reported as, and where its imports are looked up.
    jobs
        Processes; None: chosen by the number of files.
    cache
        The folder where results are kept; None: they are not.
    force
        Excludes also apply to the given paths themselves.
    progress
        Called with the number of all files (and, before losses are run, of findings) and with what is done with them; what it
        returns is told how many more are done.
    confirm
        What is asked of the laboratory; None: nothing is run.
    baseline
        The file of known findings; None: there is none.
    new_baseline
        Write it with all that is found, and report nothing.
    """

    paths: tuple[str, ...] = (".",)
    text: bytes | None = None
    filename: str = "<stdin>"
    jobs: int | None = None
    cache: Path | None = None
    force: bool = False
    progress: Callable[[int, str], Callable[[int], None]] | None = None
    confirm: Confirmation | None = None
    baseline: str | None = None
    new_baseline: bool = False


class Outcome(Struct, frozen=True):
    """What a check found, and what to tell the user besides."""

    result: Result
    notes: tuple[str, ...] = ()
    text: dict[str, tuple[str, ...]] = field(default_factory=dict)  # lines of files that are not on disk
    checked: tuple[str, ...] = ()

    def lines(self, path: str, cell: int | None = None) -> tuple[str, ...]:
        """The lines of a file of the report, or of a cell of a notebook; empty if it is gone."""
        try:
            found = self.text[path] if path in self.text else split_lines(decode(read(path), path))
        except SourceError:
            return ()
        return found if cell is None else lines_of("\n".join(found), cell)

    def by_cell(self) -> Outcome:
        """The same with places in notebooks told by cell and line, as an editor shows them."""
        result = self.result
        told = {*(finding.place.path for finding in result.findings), *(failure.path for failure in result.failures)}
        code = {path: "\n".join(self.lines(path)) for path in told if path.endswith(ENDING)}
        if not code:
            return self
        findings = tuple(_in_cells(f, code[f.place.path]) if f.place.path in code else f for f in result.findings)
        failures = tuple(_failed_in_cell(f, code[f.path]) if f.path in code else f for f in result.failures)
        return replace(self, result=replace(result, findings=findings, failures=failures))


def _failed_in_cell(failure: Failure, code: str) -> Failure:
    if failure.line is None:
        return failure
    cell, line = in_cell(code, failure.line)
    return replace(failure, line=line, message=f"cell {cell}: {failure.message}")


def _in_cells(finding: Finding, code: str) -> Finding:
    def moved(place: Place) -> Place:
        if place.path != finding.place.path:
            return place
        cell, line = in_cell(code, place.line)
        return replace(place, cell=cell, line=line, end_line=in_cell(code, place.end_line)[1])

    fix = finding.fix
    if fix is not None:
        edits = (replace(e, line=in_cell(code, e.line)[1], end_line=in_cell(code, e.end_line)[1]) for e in fix.edits)
        fix = replace(fix, edits=tuple(edits))
    return replace(finding, place=moved(finding.place), related=tuple(map(moved, finding.related)), fix=fix)


def joined(results: Iterable[Result]) -> Result:
    """Results of several files as one."""
    all_ = tuple(results)
    return Result(
        findings=tuple(f for r in all_ for f in r.findings),
        failures=tuple(f for r in all_ for f in r.failures),
        files=sum(r.files for r in all_),
        losses=sum(r.losses for r in all_),
        suppressed=sum(r.suppressed for r in all_),
        fixed=sum(r.fixed for r in all_),
        known=sum(r.known for r in all_),
        incomplete=tuple(i for r in all_ for i in r.incomplete),
    )


def check(request: Request, settings: Settings, rules: Sequence[Rule]) -> Outcome:
    """Check files or a text, and run what is flagged where that is asked for.

    Raises
    ------
    LosslintError
        The settings are wrong (an unknown rule, a pattern that is not valid), or the laboratory cannot be opened.
    """
    outcome = _check(request, settings, rules)
    if request.baseline is not None:
        outcome = _unknown(outcome, request.baseline, request.new_baseline)
    if request.confirm is None or not outcome.result.findings:
        return outcome
    from losslint.cache import contents
    from losslint.lab.verdicts import confirmed

    told = _bar(request, len(outcome.result.findings), "running")
    packs = contents(_packages(settings))
    result, notes = confirmed(
        outcome.result,
        outcome.text,
        request.confirm,
        settings,
        rules,
        packs=packs,
        keep=request.cache,
        progress=told or (lambda done: None),
    )
    return replace(outcome, result=result, notes=(*outcome.notes, *notes))


class Fixed(Struct, frozen=True):
    """What fixing did.

    Attributes
    ----------
    outcome
        What is left, with the number of what is fixed.
    texts
        The new text of each file that changes, by its path.
    diff
        The changes as a unified diff.
    """

    outcome: Outcome
    texts: dict[str, str]
    diff: str


def fixed(request: Request, settings: Settings, rules: Sequence[Rule], outcome: Outcome, *, unsafe: bool, write: bool) -> Fixed:
    """Apply the fixes of what a check found.

    Parameters
    ----------
    unsafe
        Fixes that change training too.
    write
        Whether files are changed on disk; a text given for ``-`` never is.
    """
    from losslint.edits import difference
    from losslint.fixing import applicable, checked, mended, replace_file

    left, failures, notes, texts, diffs, count = [], list(outcome.result.failures), list(outcome.notes), {}, [], 0
    modules = ProjectModules()
    for path, findings in by_path(outcome.result.findings).items():
        if not any(applicable(finding, unsafe) for finding in findings):
            left += findings
            continue
        try:
            data = read(path) if request.text is None else request.text
            text = decode(data, path)
            check_again = checked(path, modules.settled(settings, path, text), rules, modules)
            ours = {finding.fingerprint: finding for finding in findings}
            every = check_again(text)
            skip = frozenset(finding.fingerprint for finding in every.findings) - ours.keys()
            before = replace(every, findings=tuple(ours.get(finding.fingerprint, finding) for finding in every.findings))
            done = mended(text, before, check_again, unsafe=unsafe, skip=skip)
            if write and request.text is None and done.text != text:
                replace_file(path, data, done.text)
        except LosslintError as error:
            failures.append(Failure(path, None, str(error).removeprefix(f"{path}: ")))
            left += findings
            continue
        if done.text != text:
            texts[path] = done.text
            diffs.append(difference(path, text, done.text))
        verdicts = {finding.fingerprint: finding.verdict for finding in findings}
        left += [replace(f, verdict=verdicts.get(f.fingerprint)) for f in done.result.findings if f.fingerprint not in skip]
        count += len(done.fixed)
        for refused in done.refused:
            place = refused.finding.place
            notes.append(f"{path}:{place.line}: the fix of {refused.finding.code} is not applied, please report it: {refused.reason}")
    result = replace(outcome.result, findings=tuple(left), failures=tuple(failures), fixed=count)
    kept = {path: split_lines(text) for path, text in texts.items() if not (write and request.text is None)}
    return Fixed(Outcome(result, tuple(notes), outcome.text | kept), texts, "".join(diffs))


def silenced(request: Request, outcome: Outcome, reason: str) -> Outcome:
    """Write an ignore comment for each finding into the files, and tell how many.

    Parameters
    ----------
    reason
        Is written behind the names of the rules; may be empty.
    """
    from losslint.fixing import replace_file
    from losslint.ignores import ignoring

    left, failures, written = [], list(outcome.result.failures), 0
    for path, findings in by_path(outcome.result.findings).items():
        try:
            data = read(path)
            replace_file(path, data, ignoring(Source.parse(decode(data, path), path), findings, reason))
            written += len(findings)
        except LosslintError as error:
            failures.append(Failure(path, None, str(error).removeprefix(f"{path}: ")))
            left += findings
    suppressed = outcome.result.suppressed + written
    result = replace(outcome.result, findings=tuple(left), failures=tuple(failures), suppressed=suppressed)
    return replace(outcome, result=result, notes=(*outcome.notes, f"ignore comments were written for {written} of the findings"))


def _check(request: Request, settings: Settings, rules: Sequence[Rule]) -> Outcome:
    selected(rules, settings)  # a wrong selector is told even where there is no file
    if request.text is not None:
        return _check_text(request, settings, rules)
    files = discover(request.paths, exclude=settings.excluded, root=settings.root, force=request.force or settings.force_exclude)
    named = frozenset(shown(path) for path in request.paths)
    checked = _checked(files.paths, named, request, settings, rules)
    failed = Result(failures=files.failures)
    notes = _notes(files.excluded, files.paths, files.failures)
    return Outcome(joined([failed, *(c.result for c in checked)]), notes, checked=files.paths)


def _unknown(outcome: Outcome, file: str, anew: bool) -> Outcome:
    """What a baseline leaves of an outcome, or an outcome that has become the baseline."""
    from losslint.baseline import Baseline

    findings = outcome.result.findings
    if anew:
        Baseline.of(file, findings).write()
        result = replace(outcome.result, findings=(), known=len(findings))
        return replace(outcome, result=result, notes=(*outcome.notes, f"{file} knows all findings, {len(findings)} of them"))
    baseline = Baseline.read(file)
    new, gone = baseline.new(findings), baseline.gone(findings, outcome.checked)
    notes = (f"{gone} of the findings in {file} are gone: --write-baseline takes them out",) if gone else ()
    result = replace(outcome.result, findings=new, known=len(findings) - len(new))
    return replace(outcome, result=result, notes=(*outcome.notes, *notes))


def _notes(excluded: Sequence[str], paths: Sequence[str], failures: Sequence[Failure]) -> tuple[str, ...]:
    if paths or failures or not excluded:
        return ()
    names = ", ".join(excluded[:3]) + (f" and {len(excluded) - 3} more" if len(excluded) > 3 else "")
    return (f"every given file is excluded ({names}), nothing was checked",)


def _check_text(request: Request, settings: Settings, rules: Sequence[Rule]) -> Outcome:
    assert request.text is not None
    name = shown(request.filename) if request.filename != "<stdin>" else request.filename
    if (request.force or settings.force_exclude) and request.filename != "<stdin>" and os.path.exists(request.filename):
        files = discover([request.filename], exclude=settings.excluded, root=settings.root, force=True)
        if files.excluded:
            return Outcome(Result(), _notes(files.excluded, (), ()))
    try:
        text = decode(request.text, name)
        source = Source.parse(text, name)
    except SourceError as error:
        return Outcome(Result(failures=(error.failure,), files=1))
    modules = ProjectModules()
    result = check_source(text, filename=name, settings=modules.settled(settings, name, text), rules=rules, modules=modules)
    return Outcome(result, text={name: source.lines})


def _checked(paths: Sequence[str], named: frozenset[str], request: Request, settings: Settings, rules: Sequence[Rule]) -> list[Checked]:
    if request.cache is None or len(paths) < CACHED_FROM:
        return check_files(paths, settings=settings, rules=rules, named=named, jobs=request.jobs, progress=_bar(request, len(paths)))
    from losslint.cache import Cache, Entry, contents, stamp

    cache = Cache.open(request.cache, settings, contents(_packages(settings)))
    found = {path: Checked(path, result, ()) for path in paths if path not in named and (result := cache.get(path)) is not None}
    rest = [path for path in paths if path not in found]
    for checked in check_files(rest, settings=settings, rules=rules, named=named, jobs=request.jobs, progress=_bar(request, len(rest))):
        found[checked.path] = checked
        if all(failure.line is not None for failure in checked.result.failures):  # of its text, which is what is stamped
            touched = (checked.path, *checked.touched)
            cache.put(checked.path, Entry(checked.result, {name: stamp(name) for name in touched}))
    cache.save()
    return [found[path] for path in paths]


def _bar(request: Request, total: int, what: str = "checking") -> Callable[[int], None] | None:
    return request.progress(total, what) if request.progress is not None and total else None


def _packages(settings: Settings) -> list[ModuleType]:
    from losslint.rule import BUILT_IN, import_pack

    folder = Path(settings.root) if settings.root else None
    return [import_pack(name, folder) for name in ("losslint", BUILT_IN, *settings.packs)]


def status(result: Result, settings: Settings, exit_zero: bool = False, strict: bool = False) -> int:
    """The exit status: 2 if something kept losslint from its job, 1 if findings count, else 0.

    Parameters
    ----------
    exit_zero
        Findings do not count.
    strict
        What a real run did not reproduce counts too.
    """
    if result.failures:
        return 2
    return int(not exit_zero and any(counts(finding, settings, strict) for finding in result.findings))
