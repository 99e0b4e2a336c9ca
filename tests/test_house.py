"""House rules that no other tool checks."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
LONGEST = 400
SKIPPED = {".git", ".venv", "build", "dist"}
TEXTS = {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".cfg", ""}
OTHER_PROJECT = re.compile(r"pip install (?:-\S+ +)*['\"]?" + r"losslint\b")
OF_ONE_MACHINE = re.compile("|".join(re.escape("/" + name + "/") for name in ("work", "tmp", "root")) + "|" + r"\bshared" + "/")
WEAK_NAMES = re.compile(r"\b(?:utils?|helpers?|misc|common|manager)\.py$")


def texts() -> Iterator[Path]:
    """The files of the project, by git where there is a checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    names = listed.stdout.splitlines() or [str(path.relative_to(PROJECT)) for path in PROJECT.rglob("*")]
    for name in names:
        path = PROJECT / name
        if path.is_file() and path.suffix in TEXTS and not SKIPPED & set(path.relative_to(PROJECT).parts):
            yield path


def test_files_are_short() -> None:
    long = {
        str(path.relative_to(PROJECT)): lines
        for path in texts()
        if path.suffix == ".py" and (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST
    }
    assert {name: lines for name, lines in long.items() if not name.startswith("losslint/operations/")} == {}


def test_no_text_names_the_wrong_project_or_one_machine() -> None:
    for path in texts():
        text = path.read_text(encoding="utf-8")
        assert not OTHER_PROJECT.search(text), path
        assert not OF_ONE_MACHINE.search(text), path


def test_names_of_files_say_something() -> None:
    assert [path for path in texts() if WEAK_NAMES.search(path.name)] == []


def test_every_package_is_installed() -> None:
    told = set(tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    there = {
        ".".join(path.parent.relative_to(PROJECT).parts).replace("rules", "losslint_rules", 1 if folder == "rules" else 0)
        for folder in ("losslint", "rules")
        for path in (PROJECT / folder).rglob("__init__.py")
    }
    assert there == told


@pytest.mark.parametrize("mark", ["first", "second"])
def test_readme_has_its_two_commands(mark: str) -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(rf"<!-- {mark} command -->\n+```[a-z]*\n(.+)\n```\n", readme)
    assert command.startswith("python3 -m venv .venv && ")


def test_readme_tells_every_rule() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    for path in (PROJECT / "rules").rglob("*.py"):
        found = re.match(r'"""(LL\d+) ([a-z0-9-]+):', path.read_text(encoding="utf-8"))
        if found:
            assert found[1] in readme and found[2] in readme, found[0]
