"""How fast losslint is beside other linters, in one run on one machine: read the ratios, not the seconds.

usage: python benchmarks/speed.py [--tree FOLDER] [--losses FOLDER] [--rounds N]

--tree is scanned whole; without it, the folder that the installed tensorflow lies in, with all that is installed beside it.
--losses is a folder whose losses are run one by one, in this process; without it, the installed keras.
Tools are taken from beside this interpreter or from the path; one that is not installed is left out, and the table says so.
Within a table the tools take turns; each has its best of all rounds, in seconds on the clock and of processors.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from losslint.analysis.interpreter import Run
from losslint.config import Settings
from losslint.discovery import discover, read
from losslint.losses import find
from losslint.project import ProjectModules
from losslint.screen import may_hold_loss
from losslint.source import Source, SourceError, decode

HERE = Path(__file__).resolve().parent
PROJECT = ("tensorflow", "keras", "numpy")  # what a linter that follows imports meets in a project


def _tool(name: str) -> str | None:
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def _installed(package: str) -> Path | None:
    """The folder of an installed package."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _seconds(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, float]:
    """How long a command takes on the clock and of processors; its exit status does not matter."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=environment)
    after, end = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return end - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def table(title: str, commands: Mapping[str, Sequence[str]], rounds: int, environment: Mapping[str, str]) -> None:
    """Run commands in turns and print their times, and how they compare with the first."""
    print(f"\n{title}")
    there = {name: [where, *command[1:]] for name, command in commands.items() if (where := _tool(command[0])) is not None}
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in there}
    for turn in range(rounds + 1):
        for name, command in there.items():
            times = _seconds(command, environment)
            if turn:  # the first one warms the disk, the tools' compiled modules and losslint's cache
                taken[name].append(times)
    best = {name: (min(clock for clock, _ in times), min(used for _, used in times)) for name, times in taken.items()}
    first = next(iter(best.values()), None)
    for name in commands:
        if name not in best or first is None:
            print(f"  {name:28} not installed")
            continue
        clock, used = best[name]
        print(f"  {name:28} {clock:8.2f} s {clock / first[0]:7.2f} x   {used:8.2f} s of processors {used / first[1]:7.2f} x")


def _runs(folder: str) -> Iterator[tuple[float, int]]:
    """The time of each loss of a folder, in milliseconds, and along how many paths it was run."""
    modules = ProjectModules()
    sys.setrecursionlimit(6000)
    for path in discover([folder]).paths:
        try:
            data = read(path)
            if not may_hold_loss(data):
                continue
            source = Source.parse(decode(data, path), path)
        except SourceError:
            continue
        run = Run(source, Settings(), modules)
        for loss in find(source.index, path):
            start = time.perf_counter()
            paths = sum(1 for _ in run.traces(loss))
            yield (time.perf_counter() - start) * 1e3, paths


def losses(folder: str) -> None:
    """Print how long the abstract runs of the losses of a folder take."""
    times = list(_runs(folder))
    print(f"\nabstract runs of the losses of {folder}")
    if not times:
        print("  no losses")
        return
    single = [time_ / paths for time_, paths in times]
    print(f"  one path of a loss           median {statistics.median(single):7.2f} ms   worst {max(single):7.1f} ms")
    whole = [time_ for time_, _ in times]
    print(f"  all paths of a loss          median {statistics.median(whole):7.2f} ms   worst {max(whole):7.1f} ms   of {len(whole)} losses")


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tensorflow, keras = _installed("tensorflow"), _installed("keras")
    parser.add_argument("--tree", default=str(tensorflow.parent) if tensorflow else None)
    parser.add_argument("--losses", default=str(keras) if keras else None)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    one, tree = str(HERE.parent / "examples" / "batch_sum.py"), str(HERE.parent / "examples")
    with tempfile.TemporaryDirectory() as folder:
        for package in filter(None, map(_installed, PROJECT)):
            (Path(folder) / package.name).symlink_to(package)
        environment["PYTHONPATH"] = folder
        environment["XDG_CACHE_HOME"] = str(Path(folder) / "cache")
        for title, target in (("one file", one), ("a folder of examples", tree)):
            commands = {
                "flake8": ["flake8", "--isolated", target],
                "losslint": ["losslint", "check", target],
                "dslinter (pylint)": ["pylint", "--load-plugins=dslinter", target],
                "semgrep": ["semgrep", "scan", "--metrics=off", "--disable-version-check", f"--config={HERE / 'semgrep.yaml'}", target],
            }
            table(title, commands, given.rounds, environment)
        if given.tree:
            commands = {
                "ruff (F, B), nothing cached": ["ruff", "check", "--no-cache", "--isolated", "--select", "F,B", given.tree],
                "losslint, nothing cached": ["losslint", "check", "--no-cache", "--isolated", given.tree],
                "losslint, nothing changed": ["losslint", "check", "--isolated", given.tree],
            }
            table(f"all of {given.tree}", commands, given.rounds, environment)
    if given.losses:
        losses(given.losses)


if __name__ == "__main__":
    main()
