"""Settings: what a pyproject.toml may say, and what the command line makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from losslint.config import Settings, find_settings, overridden, read_settings
from losslint.finding import Confidence, LosslintError


def settings_of(folder: Path, text: str) -> Settings | None:
    path = folder / "pyproject.toml"
    path.write_text(text)
    return read_settings(path)


def test_all_keys(tmp_path: Path) -> None:
    text = """
[tool.losslint]
select = ["LL1"]
extend-select = ["unguarded-log"]
ignore = ["LL102"]
min-confidence = "low"
exclude = ["old/"]
keras = 2
xla = "off"
packs = ["our_losses"]
[tool.losslint.inputs]
"pkg/losses.py::focal" = "y_true: onehot[B, 5]"
"""
    assert settings_of(tmp_path, text) == Settings(
        select=("LL1",),
        extend_select=("unguarded-log",),
        ignore=("LL102",),
        min_confidence=Confidence.LOW,
        exclude=("old/",),
        keras="2",
        xla="off",
        inputs={"pkg/losses.py::focal": "y_true: onehot[B, 5]"},
        packs=("our_losses",),
        root=str(tmp_path),
    )


def test_a_file_without_a_table_says_nothing(tmp_path: Path) -> None:
    assert settings_of(tmp_path, "[tool.other]\nx = 1\n") is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('selct = ["LL1"]', "unknown key `selct` in \\[tool.losslint\\]; did you mean `select`?"),
        ('select = "LL1"', "select must be a list of strings"),
        ('min-confidence = "sure"', "min-confidence = 'sure' is not valid"),
        ("keras = 4", "keras = '4' is not valid; it is one of auto 2 3"),
        ("xla = true", "xla = True is not valid"),
        ('inputs = { "a.py" = "x: real" }', "the key 'a.py' of inputs must be path::function"),
        ('inputs = { "a.py::f" = "x: rael" }', "column 4 of 'x: rael': unknown domain `rael`; did you mean `real`?"),
        ("select = [", "not valid TOML"),
    ],
)
def test_mistakes_name_the_file(tmp_path: Path, table: str, message: str) -> None:
    with pytest.raises(LosslintError, match=message) as raised:
        settings_of(tmp_path, f"[tool.losslint]\n{table}\n")
    assert str(raised.value).startswith(str(tmp_path / "pyproject.toml"))


def test_the_nearest_table_counts(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.losslint]\nselect = ["LL1"]\n')
    inner = tmp_path / "pkg" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "pkg" / "pyproject.toml").write_text("[project]\n")
    found = find_settings(inner)
    assert (found.select, found.root) == (("LL1",), str(tmp_path))


def test_the_command_line_replaces_the_selection_and_adds_the_rest() -> None:
    settings = Settings(select=("LL1",), extend_select=("LL301",), ignore=("LL102",))
    assert overridden(settings, ignore=["LL103"]).ignore == ("LL102", "LL103")
    assert overridden(settings, extend_select=["LL2"]).extend_select == ("LL301", "LL2")
    chosen = overridden(settings, select=["LL3"], ignore=["LL302"], min_confidence="high")
    assert (chosen.select, chosen.extend_select, chosen.ignore) == (("LL3",), (), ("LL302",))
    assert chosen.min_confidence is Confidence.HIGH
