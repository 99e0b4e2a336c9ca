"""What a plain check of one file imports: a hook must feel instant, and work without TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from commands import SUMMED, write

NEVER = {"libcst", "nbformat", "numpy", "tensorflow", "keras", "multiprocessing", "asyncio", "rules"}
PROGRAM = """
import json, sys
from losslint.cli import main
try:
    main(["check", "--output-format", "json", "summed.py"])
except SystemExit as exit_:
    print("\\n===", json.dumps([exit_.code, sorted(sys.modules)]))
"""


def test_a_check_of_one_file_imports_nothing_heavy(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED)
    out = subprocess.run([sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    status, modules = json.loads(out.rpartition("===")[2])
    assert status == 1
    assert NEVER.isdisjoint(modules)


def test_the_module_runs_as_a_program(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED)
    command = [sys.executable, "-m", "losslint", "check", "summed.py", "--output-format", "concise"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stdout.startswith("summed.py:5:12: LL101 batch-sum ")
