"""How long verdicts take: from the start to the first one, for each finding, and for a second run.

usage: python benchmarks/laboratory.py [--python PATH] [--rules CODE,CODE] PATH...

Each finding's time is its own experiment, on a loss that is opened for it; TensorFlow's import is counted to the first one.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter

from losslint.config import Confirmation, Settings
from losslint.discovery import discover, read
from losslint.finding import LosslintError
from losslint.lab.memory import Memory
from losslint.lab.verdicts import Laboratory
from losslint.linter import examine
from losslint.project import ProjectModules
from losslint.rule import load_rules
from losslint.screen import may_hold_loss
from losslint.source import decode


def verdicts(paths: list[str], python: str, settings: Settings) -> tuple[list[float], Counter[str]]:
    """The seconds of every verdict, the first one from the start, and how many of each kind there are."""
    rules, modules = load_rules(), ProjectModules()
    seconds: list[float] = []
    kinds: Counter[str] = Counter()
    started = time.perf_counter()
    with Laboratory(Confirmation(python), Memory(None, "")) as laboratory:
        for path in discover(paths).paths:
            data = read(path)
            if not may_hold_loss(data):
                continue
            try:
                text = decode(data, path)
                own = modules.settled(settings, path, text)
                result, suspects = examine(text, filename=path, settings=own, rules=rules, modules=modules)
            except LosslintError:
                continue
            for finding in result.findings:
                begun = started if not seconds else time.perf_counter()
                benches: dict[int, object] = {}
                verdict = laboratory.verdict(suspects[finding], modules, own, benches)  # type: ignore[arg-type]
                for bench in benches.values():
                    bench.close()  # type: ignore[attr-defined]
                seconds.append(time.perf_counter() - begun)
                kinds[verdict.status] += 1
    return seconds, kinds


def command(paths: list[str], python: str, select: str, cache: str) -> float:
    """The seconds of a whole command."""
    started = time.perf_counter()
    line = [sys.executable, "-m", "losslint", "check", "--confirm", "--isolated", "--quiet", "--python", python, "--select", select, *paths]
    subprocess.run(line, env={"XDG_CACHE_HOME": cache, "PATH": "/usr/bin:/bin"}, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--rules", default="default")
    given = parser.parse_args()
    seconds, kinds = verdicts(given.paths, given.python, Settings(select=tuple(given.rules.split(","))))
    if not seconds:
        sys.exit("no finding in these files")
    rest = sorted(seconds[1:]) or [0.0]
    with tempfile.TemporaryDirectory() as cache:
        first, second = (command(given.paths, given.python, given.rules, cache) for _ in range(2))
    print(f"{len(seconds)} findings: {', '.join(f'{number} {kind}' for kind, number in kinds.most_common())}")
    print(f"first verdict after the start  {seconds[0]:6.2f} s")
    print(f"every other one, median        {statistics.median(rest):6.2f} s")
    print(f"every other one, 90 %          {rest[int(0.9 * (len(rest) - 1))]:6.2f} s")
    print(f"whole command, first run       {first:6.2f} s")
    print(f"whole command, second run      {second:6.2f} s")


if __name__ == "__main__":
    main()
