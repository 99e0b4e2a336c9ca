"""Git repositories of tests, and this project as a repository of hooks."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parent.parent
SHIPPED = ("losslint", "rules", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml")
IDENTITY = {
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "A",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def surroundings(home: Path) -> dict[str, str]:
    """The environment of git and pre-commit, of which nothing is the tester's own."""
    return {**{key: value for key, value in os.environ.items() if not key.startswith("GIT_")}, **IDENTITY, "PRE_COMMIT_HOME": str(home)}


def git(folder: Path, *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run git in a folder."""
    return subprocess.run(["git", *arguments], cwd=folder, env=surroundings(home), capture_output=True, text=True, check=False)


def committed(folder: Path, home: Path) -> str:
    """Make a folder a repository with one commit, and return its name."""
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "start"]):
        ran = git(folder, *arguments, home=home)
        assert ran.returncode == 0, ran.stderr
    return git(folder, "rev-parse", "HEAD", home=home).stdout.strip()


def of_hooks(folder: Path, home: Path) -> tuple[Path, str]:
    """Lay what the project ships into a folder, as a repository with one commit."""
    for name in SHIPPED:
        path = PROJECT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, folder / name)
    return folder, committed(folder, home)
