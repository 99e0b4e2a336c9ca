"""The tutorial: each of its files is written, each of its commands run, and what comes out is what it shows."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from repositories import git, of_hooks, surroundings

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"
BLOCK = re.compile(r"(?:`([\w./-]+)`:\n\n)?```(\w+)\n(.*?)```\n", re.DOTALL)
TRAINS = re.compile(r"python train\.py|losslint why|--confirm")
NUMBER = re.compile(r"[-+]?[\d][\d.,e+-]*")
BARS = re.compile("[█▓░·]+")
ADDRESS = "https://github.com/keras-losslint/keras-losslint"


def steps() -> Iterator[tuple[str, str]]:
    """Each file with its text, and each command (`$ …`) with its output, in order."""
    for name, language, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language != "console":
            yield name, body
            continue
        for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield f"$ {command}", output


def about(output: str) -> list[str]:
    """The words of an output that depends on the processor: without its numbers and bars."""
    return BARS.sub("", NUMBER.sub("0", output)).split()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The project where its address says that it is, and the commands of the tests' own interpreter."""
    home = tmp_path / "home"
    home.mkdir()
    hooks, revision = of_hooks(tmp_path / "hooks", home)
    assert git(hooks, "tag", "v0.1.0", revision, home=home).returncode == 0
    found = surroundings(home)
    instead = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{hooks.as_uri()}.insteadOf", "GIT_CONFIG_VALUE_0": ADDRESS}
    commands = {"PATH": f"{Path(sys.executable).parent}:{found['PATH']}", "COLUMNS": "80"}
    return {**found, **instead, **commands, "LOSSLINT_CACHE_DIR": str(home / "cache")}


def follow(folder: Path, environment: dict[str, str], *, training: bool) -> None:
    """Do what the tutorial says, and hold what comes out against what it shows."""
    folder.mkdir()
    done = 0
    for name, shown in steps():
        if not name.startswith("$ "):
            (folder / name).write_text(shown, encoding="utf-8")
            continue
        trains = TRAINS.search(name) is not None
        if trains and not training:
            continue
        errors = subprocess.DEVNULL if trains else subprocess.STDOUT
        ran = subprocess.run(
            ["bash", "-c", name[2:]], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True, check=False
        )
        if trains:
            assert about(ran.stdout) == about(shown), name
        else:
            assert ran.stdout == shown, name
        done += 1
    assert done >= 12


def test_the_tutorial_shows_what_comes_out(tmp_path: Path, environment: dict[str, str]) -> None:
    follow(tmp_path / "project", environment, training=False)


@pytest.mark.tensorflow
def test_the_tutorial_with_its_training(tmp_path: Path, environment: dict[str, str]) -> None:
    follow(tmp_path / "project", environment, training=True)
