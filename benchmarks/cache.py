"""What the cache saves: a scan with nothing in the cache, and the same scan again, in turns; read the ratio.

usage: python benchmarks/cache.py [TREE] [--rounds N]

Without a TREE, the folder that the installed tensorflow lies in, with all that is installed beside it.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def scan(tree: str, cache: str) -> float:
    """The seconds of one scan."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "losslint", "check", "--quiet", "--statistics", "--cache-dir", cache, tree]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return time.perf_counter() - start


def main() -> None:
    """Print both times, the best of all rounds each, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    spec = None if given.tree else importlib.util.find_spec("tensorflow")
    tree = given.tree or (str(Path(spec.origin).parent.parent) if spec is not None and spec.origin else ".")
    cold, warm = [], []
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(scan(tree, cache))
            warm.append(scan(tree, cache))
    print(f"{tree}: nothing in the cache {min(cold):.2f} s, nothing changed {min(warm):.2f} s, ratio {min(warm) / min(cold):.2f}")


if __name__ == "__main__":
    main()
