"""The hook as a user meets it: a git repository, pre-commit, and this project as the repository of the hook."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from commands import CLEAN, SUMMED, losslint
from repositories import committed, git, of_hooks, surroundings


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre-commit")


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory, home: Path) -> tuple[Path, str]:
    """This project as a repository of hooks, and its revision."""
    return of_hooks(tmp_path_factory.mktemp("hook"), home)


def using(hook: tuple[Path, str], name: str, user: Path, home: Path) -> Path:
    """A user's repository with one of the hooks installed."""
    (user / ".pre-commit-config.yaml").write_text(f"repos:\n  - repo: {hook[0]}\n    rev: {hook[1]}\n    hooks:\n      - id: {name}\n")
    (user / "pyproject.toml").write_text('[tool.losslint]\nexclude = ["old/"]\n')
    committed(user, home)
    command = [sys.executable, "-m", "pre_commit", "install", "--install-hooks"]
    subprocess.run(command, cwd=user, env=surroundings(home), check=True)
    return user


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory, hook: tuple[Path, str], home: Path) -> Path:
    """A user's repository with the hook that checks."""
    return using(hook, "losslint", tmp_path_factory.mktemp("user"), home)


def commit(repository: Path, home: Path, name: str, text: str) -> subprocess.CompletedProcess[str]:
    path = repository / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    git(repository, "add", name, home=home)
    ran = git(repository, "commit", "-m", name, home=home)
    if ran.returncode:
        git(repository, "reset", "-q", name, home=home)
        path.unlink()
    return ran


def test_a_bad_loss_stops_the_commit(repository: Path, home: Path) -> None:
    ran = commit(repository, home, "bad.py", SUMMED)
    said = ran.stdout + ran.stderr
    assert ran.returncode == 1
    assert "bad.py:5:12 LL101 batch-sum (warning)" in said
    assert "Found 1 problem in 1 file" in said


def test_a_good_loss_passes(repository: Path, home: Path) -> None:
    ran = commit(repository, home, "good.py", CLEAN)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_an_excluded_file_passes(repository: Path, home: Path) -> None:
    ran = commit(repository, home, "old/bad.py", SUMMED)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_broken_file_stops_the_commit(repository: Path, home: Path) -> None:
    ran = commit(repository, home, "broken.py", "import tensorflow as tf\n\ndef my_loss(:\n")
    assert ran.returncode == 1
    assert "losslint: error: broken.py:3: " in ran.stdout + ran.stderr


def test_the_hook_that_fixes_stops_the_commit_once(tmp_path: Path, hook: tuple[Path, str], home: Path) -> None:
    user = using(hook, "losslint-fix", tmp_path, home)
    text = CLEAN.replace("tf.square(y_true - y_pred)", "-y_true * tf.math.log(y_pred)")
    (user / "losses.py").write_text(text)
    git(user, "add", "losses.py", home=home)
    first = git(user, "commit", "-m", "a loss", home=home)
    assert first.returncode == 1
    assert "files were modified by this hook" in first.stdout + first.stderr
    assert (user / "losses.py").read_text() == text.replace("log(y_pred)", "log(tf.maximum(y_pred, 1e-7))")
    git(user, "add", "losses.py", home=home)
    second = git(user, "commit", "-m", "a loss", home=home)
    assert second.returncode == 0, second.stdout + second.stderr


def test_a_team_adopts_it_on_a_real_package(tmp_path: Path, hook: tuple[Path, str], home: Path) -> None:
    source = Path(importlib.util.find_spec("keras").origin).parent / "src"  # type: ignore[union-attr,arg-type]
    user = tmp_path / "project"
    for package in ("losses", "metrics", "trainers"):
        shutil.copytree(source / package, user / "keras" / "src" / package, ignore=shutil.ignore_patterns("__pycache__"))
    (user / "losslint.toml").write_text('baseline = "losslint-baseline.json"\n')
    known = losslint("check", "--write-baseline", "keras", folder=user)
    assert known.status == 0 and "knows all findings" in known.err
    assert losslint("check", "keras", folder=user).out.startswith("No problems found")
    using(hook, "losslint", user, home)

    losses = user / "keras" / "src" / "losses" / "losses.py"
    good = losses.read_text()
    bad = good.replace("focal_cce = ops.sum(focal_cce, axis=axis)", "focal_cce = ops.sum(focal_cce)", 1)
    assert bad != good
    losses.write_text(f"# moved down by a line\n{bad}")
    git(user, "add", "-A", home=home)
    blocked = git(user, "commit", "-m", "a quick change", home=home)
    said = blocked.stdout + blocked.stderr
    assert blocked.returncode == 1 and "LL101 batch-sum" in said and "Found 1 problem" in said

    losses.write_text(f"# moved down by a line\n{good}")
    git(user, "add", "-A", home=home)
    passed = git(user, "commit", "-m", "without it", home=home)
    assert passed.returncode == 0, passed.stdout + passed.stderr
