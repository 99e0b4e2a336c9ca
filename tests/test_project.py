"""Which files are read, and where imports of a project lead."""

from __future__ import annotations

from pathlib import Path

import pytest

from losslint.discovery import discover, settings_folder, shown
from losslint.finding import LosslintError
from losslint.project import ProjectModules


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*paths: str, text: str = "x = 1\n") -> None:
    for path in map(Path, paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_paths_are_sorted_relative_and_once(folder: Path) -> None:
    make("b.py", "a/c.py", "a/b.py", "a/readme.txt")
    assert discover([".", "a", "b.py", str(folder / "b.py")]).paths == ("b.py", "a/b.py", "a/c.py")


def test_a_path_outside_the_working_directory_is_absolute(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make("here/a.py", "there/b.py")
    monkeypatch.chdir(folder / "here")
    assert discover(["../there"]).paths == (f"{folder.as_posix()}/there/b.py",)
    assert shown(".") == "."


def test_default_excludes() -> None:
    make("a.py", ".venv/b.py", "build/c.py", "pkg/__pycache__/d.py", "pkg/site-packages/e.py", "pkg/environment/f.py")
    assert discover(["."]).paths == ("a.py", "pkg/environment/f.py")


def test_gitignore_files_of_the_folders_count() -> None:
    make("a.py", "old/b.py", "old/keep/c.py", "pkg/d.py", "pkg/e.py")
    Path(".gitignore").write_text("old/*\n!old/keep\ne.py\n")
    Path("pkg/.gitignore").write_text("!e.py\nd.py\n")
    assert discover(["."]).paths == ("a.py", "old/keep/c.py", "pkg/e.py")


def test_a_path_given_by_name_is_read_whatever_ignores_it() -> None:
    make("old/a.py", "build/b.py", "x.py")
    Path(".gitignore").write_text("old\n")
    assert discover(["old", "build/b.py", "x.py"], exclude=["x.py"]).paths == ("old/a.py", "build/b.py", "x.py")


def test_forced_excludes_reach_given_paths(folder: Path) -> None:
    make("old/a.py", "build/b.py", "x.py", "y.py")
    Path(".git").mkdir()
    Path(".gitignore").write_text("old\n")
    files = discover(["old", "old/a.py", "build/b.py", "x.py", "y.py"], exclude=["x.py"], root=str(folder), force=True)
    assert files.paths == ("y.py",)
    assert files.excluded == ("old", "old/a.py", "build/b.py", "x.py")


def test_settings_exclude_below_a_given_folder(folder: Path) -> None:
    make("pkg/a.py", "pkg/gen/b.py", "gen/c.py")
    assert discover(["."], exclude=["pkg/gen/"], root=str(folder)).paths == ("gen/c.py", "pkg/a.py")


def test_a_folder_whose_files_are_all_excluded_is_no_error() -> None:
    make("pkg/build/a.py")
    files = discover(["pkg"])
    assert (files.paths, files.failures, files.excluded) == ((), (), ("pkg",))


def test_what_cannot_be_read_is_told() -> None:
    Path("empty").mkdir()
    make("note.ipynb")
    messages = {f.path: f.message for f in discover(["empty", "gone", "note.ipynb"]).failures}
    assert messages["empty"] == "the directory holds no Python file and no notebook; check the path"
    assert messages["gone"] == "no such file or directory; check the path"
    assert "note.ipynb" not in messages


def test_links_to_folders_are_not_followed() -> None:
    make("pkg/a.py")
    Path("pkg/again").symlink_to(Path("pkg").absolute(), target_is_directory=True)
    assert discover(["pkg"]).paths == ("pkg/a.py",)


def test_a_pattern_that_is_not_valid() -> None:
    make("a.py")
    with pytest.raises(LosslintError, match="not a valid ignore pattern"):
        discover(["."], exclude=["!"])


def test_modules_of_a_project(folder: Path) -> None:
    make("pyproject.toml", text="")
    make("src/pkg/__init__.py", "src/pkg/losses.py", "src/pkg/sub/inner.py", "scripts/tool.py", "scripts/train.py")

    def found(name: str, level: int, importer: str) -> str | None:
        source = ProjectModules().find(name, level, importer)
        return source.path if source else None

    assert found("pkg.losses", 0, "scripts/train.py") == "src/pkg/losses.py"
    assert found("pkg", 0, "scripts/train.py") == "src/pkg/__init__.py"
    assert found("tool", 0, "scripts/train.py") == "scripts/tool.py"
    assert found("losses", 1, "src/pkg/__init__.py") == "src/pkg/losses.py"
    assert found("losses", 2, "src/pkg/sub/inner.py") == "src/pkg/losses.py"
    assert found("", 1, "src/pkg/losses.py") == "src/pkg/__init__.py"
    assert found("os", 0, "scripts/train.py") is None
    assert found("nowhere.at_all", 0, "scripts/train.py") is None


def test_what_was_looked_for_in_vain_is_remembered(folder: Path) -> None:
    make("a.py")
    modules = ProjectModules()
    modules.find("missing", 0, "a.py")
    assert str(folder / "missing.py") in modules.forget()
    assert modules.forget() == {}


def test_a_broken_module_is_no_module() -> None:
    make("broken.py", text="def (\n")
    assert ProjectModules().find("broken", 0, "a.py") is None


def test_settings_are_looked_for_above_all_given_paths(folder: Path) -> None:
    make("pkg/a/x.py", "pkg/b/y.py")
    assert settings_folder(["pkg/a/x.py", "pkg/b"]) == folder / "pkg"
    assert settings_folder([]) == folder
