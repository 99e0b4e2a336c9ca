"""Checks of many files: one after another, or in several processes."""

from __future__ import annotations

import functools
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from losslint.config import Settings
from losslint.discovery import read
from losslint.finding import Failure, LosslintError, Result
from losslint.linter import examine
from losslint.project import ProjectModules, excluded
from losslint.rule import Rule, load_rules
from losslint.screen import worth_reading
from losslint.source import Source, SourceError, decode

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

FEW = 24  # files up to which starting processes costs more than it saves
ROUNDS = 4  # shifts for each processor: short enough that none is left alone with the last one
MOST_BYTES = 12_000_000  # of a shift
GARBAGE = 400_000  # objects of a worker process between two collections
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
        if worth_reading(data, path, settings.loss_names):
            text = decode(data, path)
            own = modules.settled(settings, path, text)
            left_out = own.root != settings.root and not named and excluded(own, path)
            result = Result() if left_out else examine(text, filename=path, settings=own, rules=rules, modules=modules)[0]
        else:
            if named:
                Source.parse(decode(data, path), path)
            result = UNSEEN
    except SourceError as error:
        result = Result(failures=(error.failure,), files=1)
    except LosslintError as error:
        result = Result(failures=(Failure(path, None, str(error)),), files=1)
    return Checked(path, result, tuple(modules.forget()))


@functools.cache
def _rules(packs: tuple[str, ...], root: str | None) -> tuple[Rule, ...]:
    """The rules in a worker process. Whoever asked for the check has loaded them before, so packs given as paths are allowed."""
    return load_rules(packs, folder=Path(root) if root else None, allow_local=True)


def _work(results: Connection, paths: Sequence[str], settings: Settings) -> None:
    """Check files in a process of their own and send what was found; None: the file can hold no loss.

    The process ends with its files, so its garbage is hardly ever collected: that would take a sixth of the time.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE)
    rules, modules = _rules(settings.packs, settings.root), ProjectModules()
    checked = (check_file(path, settings, rules, modules, False) for path in paths)
    results.send([None if c.result == UNSEEN and not c.touched else c for c in checked])
    results.close()


def _shifts(paths: Sequence[str], workers: int) -> list[list[str]]:
    """Neighbouring files together, about the same number of bytes in each shift, the largest shift first."""
    sizes = [_size(path) for path in paths]
    share = min(sum(sizes) // (workers * ROUNDS) + 1, MOST_BYTES)
    shifts: list[list[str]] = []
    filled: list[int] = []
    for path, size in zip(paths, sizes, strict=True):
        if not shifts or filled[-1] >= share:
            shifts.append([])
            filled.append(0)
        shifts[-1].append(path)
        filled[-1] += size
    return [shift for _, shift in sorted(zip(filled, shifts, strict=True), key=lambda pair: -pair[0])]


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


class _Shift(Struct, eq=False):
    """Files that a process of their own checks."""

    paths: list[str]
    process: BaseProcess
    results: Connection

    @classmethod
    def begun(cls, paths: list[str], settings: Settings) -> _Shift:
        """Start the process."""
        import multiprocessing

        context = multiprocessing.get_context("fork") if sys.platform == "linux" else multiprocessing.get_context("spawn")
        results, sender = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(sender, paths, settings), daemon=True)
        process.start()
        sender.close()
        return cls(paths, process, results)

    def done(self) -> list[Checked]:
        """What it found; EOFError: it died."""
        found = [checked or Checked(path, UNSEEN, ()) for path, checked in zip(self.paths, self.results.recv(), strict=True)]
        self.process.join()
        return found


def _in_processes(paths: Sequence[str], settings: Settings, workers: int, progress: Callable[[int], None] | None) -> list[Checked]:
    from multiprocessing.connection import wait

    _rules(settings.packs, settings.root)  # loaded once, before the processes are forked
    found: list[Checked] = []
    waiting = _shifts(paths, workers)[::-1]
    running: list[_Shift] = []
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running.append(_Shift.begun(waiting.pop(), settings))
            wait([shift.results for shift in running])
            for shift in [shift for shift in running if shift.results.poll()]:
                running.remove(shift)
                found.extend(shift.done())
                if progress is not None:
                    progress(len(shift.paths))
    except EOFError as error:
        raise LosslintError("a worker process died; run again with --jobs 1 to see on which file") from error
    finally:
        for shift in running:
            shift.process.terminate()
    return found
