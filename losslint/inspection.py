"""What is known of losses, apart from findings: each followed, one explained, every rule's experiment on each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from losslint.analysis.trace import Trace
from losslint.config import Settings
from losslint.discovery import discover, read, shown
from losslint.finding import Confidence, Failure, Finding, LosslintError
from losslint.linter import check_source, run, selected
from losslint.pipeline import Request
from losslint.project import ProjectModules
from losslint.rule import Rule
from losslint.screen import worth_reading
from losslint.source import Source, SourceError, decode

if TYPE_CHECKING:
    from losslint.lab.oracle import Disagreement, Tally


class Followed(Struct, frozen=True):
    """A file and the abstract runs of its losses."""

    path: str
    traces: tuple[Trace, ...]


def losses(request: Request, settings: Settings) -> Iterator[Followed | Failure]:
    """The abstract runs of every file that holds a loss, and what could not be read.

    Raises
    ------
    LosslintError
        A pattern of the settings is not valid.
    """
    files = discover(request.paths, exclude=settings.excluded, root=settings.root, force=request.force or settings.force_exclude)
    yield from files.failures
    modules = ProjectModules()
    for path in files.paths:
        try:
            data = read(path)
            if worth_reading(data, path, settings.loss_names):
                text = decode(data, path)
                yield Followed(path, tuple(run(Source.parse(text, path), modules.settled(settings, path, text), modules)))
        except SourceError as error:
            yield error.failure
        except LosslintError as error:
            yield Failure(path, None, str(error))


class Explained(Struct, frozen=True):
    """The runs of the loss at a line, and what was found in its function."""

    path: str
    lines: tuple[str, ...]
    traces: tuple[Trace, ...]
    findings: tuple[Finding, ...]


def explained(path: str, line: int, settings: Settings, rules: Sequence[Rule]) -> Explained:
    """What is known of the loss at a line of a file; every rule is asked, at every confidence.

    Raises
    ------
    LosslintError
        The file cannot be read, or no loss is there; then the nearest ones are named.
    """
    name = shown(path)
    text = decode(read(name), name)
    source, modules = Source.parse(text, name), ProjectModules()
    own = replace(modules.settled(settings, name, text), select=("ALL",), extend_select=(), ignore=(), min_confidence=Confidence.LOW)
    traces = [trace for trace in run(source, own, modules) if trace.roots or trace.loss.evidence]
    there = [trace for trace in traces if line in _lines(trace)]
    if not there:
        near = sorted(
            {(getattr(t.loss.node, "lineno", 1), t.loss.function or "(module)") for t in traces}, key=lambda at: abs(at[0] - line)
        )
        hint = "; the nearest are " + ", ".join(f"`{function}` in line {at}" for at, function in near[:3]) if near else ""
        raise LosslintError(f"{name}:{line}: there is no loss{hint}; `losslint losses {name}` lists what is taken for one")
    innermost = min(len(_lines(trace)) for trace in there)
    there = [trace for trace in there if len(_lines(trace)) == innermost]
    findings = check_source(text, filename=name, settings=own, rules=rules, modules=modules).findings
    return Explained(name, source.lines, tuple(there), tuple(f for f in findings if f.place.line in _lines(there[0])))


def _lines(trace: Trace) -> range:
    """The lines of a loss."""
    node = trace.loss.node
    first = getattr(node, "lineno", 1)
    return range(first, (getattr(node, "end_lineno", None) or 1_000_000 if first == 1 else getattr(node, "end_lineno", first)) + 1)


def audit(request: Request, settings: Settings, rules: Sequence[Rule], tally: Tally) -> Iterator[Disagreement | Failure]:
    """Every rule's experiment on every loss, flagged or not: where the abstract run and the real run disagree.

    Parameters
    ----------
    tally
        Is counted up on the way.

    Raises
    ------
    LosslintError
        A selector or a pattern is not valid, or the interpreter has no TensorFlow.
    """
    from losslint.lab.memory import Memory
    from losslint.lab.oracle import audited
    from losslint.lab.verdicts import Laboratory

    assert request.confirm is not None
    asked = selected(rules, settings)
    files = discover(request.paths, exclude=settings.excluded, root=settings.root, force=request.force or settings.force_exclude)
    yield from files.failures
    modules = ProjectModules()
    with Laboratory(request.confirm, Memory(None, "")) as laboratory:
        for path in files.paths:
            try:
                data = read(path)
                if worth_reading(data, path, settings.loss_names):
                    text = decode(data, path)
                    own = modules.settled(settings, path, text)
                    yield from audited(laboratory, Source.parse(text, path), asked, own, modules, tally)
            except SourceError as error:
                yield error.failure
            except LosslintError as error:
                yield Failure(path, None, str(error))
            if laboratory.broken:
                raise LosslintError(laboratory.broken)
