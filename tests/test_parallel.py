"""Checks of many files in several processes."""

from __future__ import annotations

import json
from pathlib import Path

from commands import CLEAN, SUMMED, losslint, write

DEADLY = """\
import os

from losslint.finding import Severity
from losslint.rule import Rule


def check(trace):
    os._exit(3)


RULE = Rule("DIE001", "deadly-rule", Severity.WARNING, check, (), ())
"""


def _tree(folder: Path) -> Path:
    inner = folder / "package"
    inner.mkdir()
    write(inner, **{f"summed_{i}": SUMMED + "\n" * i for i in range(10)}, **{f"clean_{i}": CLEAN for i in range(10)})
    write(folder, **{f"other_{i}": f"x = {i}\n" for i in range(10)}, broken="import tensorflow\ndef my_loss(:\n")
    return folder


def test_several_processes_find_what_one_finds(tmp_path: Path) -> None:
    arguments = ("check", ".", "--no-cache", "--isolated", "--output-format", "json", "--jobs")
    one, several = (losslint(*arguments, jobs, folder=_tree(tmp_path) if jobs == "1" else tmp_path) for jobs in ("1", "3"))
    assert several == one
    report = json.loads(one.out)
    assert report["summary"]["files"] == 31
    assert len(report["findings"]) == 10
    assert [error["path"] for error in report["errors"]] == ["broken.py"]


def test_a_process_that_dies_is_told(tmp_path: Path) -> None:
    (_tree(tmp_path) / "deadly.py").write_text(DEADLY)
    (tmp_path / "pyproject.toml").write_text('[tool.losslint]\npacks = ["./deadly.py"]\n')
    ran = losslint("check", ".", "--no-cache", "--allow-local-packs", "--jobs", "2", folder=tmp_path)
    assert ran.status == 2
    assert "a worker process died; run again with --jobs 1" in ran.err
