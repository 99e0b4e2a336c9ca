"""Checks of many files: one after another, or in several processes."""

from __future__ import annotations

import functools
import gc
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from losslint.config import Settings
from losslint.finding import LosslintError, Result
from losslint.linter import examine
from losslint.project import ProjectModules, read
from losslint.rule import Rule, load_rules
from losslint.screen import may_hold_loss
from losslint.source import Source, SourceError, decode

FEW = 24  # files up to which starting processes costs more than it saves
ROUNDS = 16  # chunks for each process: small enough that none is left alone with the last one
UNSEEN = Result(files=1)  # of a file that can hold no loss


class Checked(Struct, frozen=True):
    """The result of one file and the absolute paths it depends on."""

    path: str
    result: Result
    touched: tuple[str, ...]


def check_file(path: str, settings: Settings, rules: Sequence[Rule], modules: ProjectModules, named: bool) -> Checked:
    """Check one file; what is wrong with it is in the result.

    Parameters
    ----------
    path
        As reported, relative to the working directory.
    named
        The user gave this file by name: it is parsed even if it can hold no loss, so that a broken file is an error.
    """
    modules.forget()
    try:
        data = read(path)
        if may_hold_loss(data):
            text = decode(data, path)
            result, _ = examine(text, filename=path, settings=modules.settled(settings, path, text), rules=rules, modules=modules)
        else:
            if named:
                Source.parse(decode(data, path), path)
            result = UNSEEN
    except SourceError as error:
        result = Result(failures=(error.failure,), files=1)
    return Checked(path, result, tuple(modules.forget()))


@functools.cache
def _rules(packs: tuple[str, ...], root: str | None) -> tuple[Rule, ...]:
    """The rules in a worker process. Whoever asked for the check has loaded them before, so packs given as paths are allowed."""
    return load_rules(packs, folder=Path(root) if root else None, allow_local=True)


@functools.cache
def _modules() -> ProjectModules:
    """The project modules of a worker process: files of one folder, which it gets together, import the same ones."""
    return ProjectModules()


def _check_chunk(paths: Sequence[str], settings: Settings) -> list[Checked | None]:
    """The results of files in a worker process; None: the file can hold no loss."""
    rules = _rules(settings.packs, settings.root)
    checked = (check_file(path, settings, rules, _modules(), False) for path in paths)
    return [None if c.result == UNSEEN and not c.touched else c for c in checked]


def _chunks(paths: Sequence[str], workers: int) -> list[list[str]]:
    """Neighbouring files together, about the same number of bytes in each chunk, the largest chunk first."""
    sizes = [_size(path) for path in paths]
    share = sum(sizes) // (workers * ROUNDS) + 1
    chunks: list[tuple[int, list[str]]] = []
    filled = share
    for path, size in zip(paths, sizes, strict=True):
        if filled >= share:
            filled = 0
            chunks.append((0, []))
        filled += size
        chunks[-1] = (filled, [*chunks[-1][1], path])
    return [chunk for _, chunk in sorted(chunks, key=lambda c: -c[0])]


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def default_jobs() -> int:
    """The number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def check_files(
    paths: Sequence[str],
    *,
    settings: Settings,
    rules: Sequence[Rule],
    named: frozenset[str] = frozenset(),
    jobs: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[Checked]:
    """Check files, in their order.

    Parameters
    ----------
    paths
        As reported.
    named
        Those that the user gave by name.
    jobs
        Processes; None: as many as processors if there are many files.
    progress
        Told how many more files are done.

    Raises
    ------
    LosslintError
        A worker process died.
    """
    workers = jobs if jobs is not None else (default_jobs() if len(paths) > FEW else 1)
    if workers <= 1 or len(paths) <= 1:
        return _in_this_process(paths, settings, rules, named, progress)
    first = [path for path in paths if path in named]
    found = {c.path: c for c in _in_this_process(first, settings, rules, named, progress)}
    for checked in _in_processes([path for path in paths if path not in named], settings, workers, progress):
        found[checked.path] = checked
    return [found[path] for path in paths]


def _in_this_process(
    paths: Sequence[str],
    settings: Settings,
    rules: Sequence[Rule],
    named: frozenset[str],
    progress: Callable[[int], None] | None,
) -> list[Checked]:
    modules = ProjectModules()
    found: list[Checked] = []
    for path in paths:
        found.append(check_file(path, settings, rules, modules, path in named))
        if progress is not None:
            progress(1)
    return found


def _in_processes(paths: Sequence[str], settings: Settings, workers: int, progress: Callable[[int], None] | None) -> list[Checked]:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    _rules(settings.packs, settings.root)  # loaded once, before the processes are forked
    method = "fork" if os.name == "posix" and os.uname().sysname == "Linux" else "spawn"
    found: list[Checked] = []
    try:
        with ProcessPoolExecutor(workers, multiprocessing.get_context(method), gc.freeze) as pool:
            chunks = {pool.submit(_check_chunk, chunk, settings): chunk for chunk in _chunks(paths, workers)}
            for done in as_completed(chunks):
                given = chunks[done]
                found.extend(c or Checked(path, UNSEEN, ()) for path, c in zip(given, done.result(), strict=True))
                if progress is not None:
                    progress(len(given))
    except BrokenProcessPool as error:
        raise LosslintError("a worker process died; run again with --jobs 1 to see on which file") from error
    return found
