"""How fast losslint is beside other linters, in one run on one machine: ratios, not absolute times.

usage: python benchmarks/speed.py [TREE]

TREE is scanned whole (default: the installed tensorflow package). Tools that are not installed are left out and said so.
Prints one line for each measurement: tool, seconds (the best of three), ratio to the first line of its table.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RULES = """\
rules:
  - {id: log, languages: [python], severity: WARNING, message: log, pattern-either: [{pattern: tf.math.log(...)}, {pattern: K.log(...)}]}
  - {id: sum, languages: [python], severity: WARNING, message: sum, pattern-either: [{pattern: tf.reduce_sum(...)}, {pattern: K.sum(...)}]}
"""


def best(command: list[str], times: int) -> float:
    """The shortest of several runs in seconds; the exit status does not matter."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        found.append(time.perf_counter() - start)
    return min(found)


def tool(name: str) -> str | None:
    """Where a tool is: beside this interpreter or on the path."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def table(title: str, commands: dict[str, list[str]], times: int) -> None:
    """Run and print one table."""
    print(f"\n{title}")
    first = None
    for name, command in commands.items():
        where = tool(command[0])
        if where is None:
            print(f"  {name:28} not installed")
            continue
        seconds = best([where, *command[1:]], times)
        first = first or seconds
        print(f"  {name:28} {seconds:8.2f} s  {seconds / first:6.2f} x")


def main() -> None:
    """Print all tables."""
    spec = importlib.util.find_spec("tensorflow")
    given = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(spec.origin or "") if spec is not None else "."
    here = Path(__file__).resolve().parent.parent
    one, tree = str(here / "examples" / "batch_sum.py"), str(here / "examples")
    with tempfile.TemporaryDirectory() as folder:
        config = str(Path(folder) / "rules.yaml")
        Path(config).write_text(RULES, encoding="utf-8")
        for title, target in (("one file", one), ("a small tree", tree)):
            commands = {
                "flake8": ["flake8", target],
                "losslint": ["losslint", "check", "--no-cache", target],
                "dslinter (pylint)": ["pylint", "--load-plugins=dslinter", target],
                "semgrep": ["semgrep", "scan", "--metrics=off", "--disable-version-check", "--config", config, target],
            }
            table(title, commands, 3)
    commands = {
        "ruff (F, B)": ["ruff", "check", "--no-cache", "--isolated", "--select", "F,B", given],
        "losslint, nothing cached": ["losslint", "check", "--no-cache", given],
        "losslint, cached": ["losslint", "check", given],
    }
    table(f"the whole of {Path(given).name}", commands, 2)


if __name__ == "__main__":
    main()
