"""Settings: what a pyproject.toml may say, and what the command line makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from commands import CLEAN, SUMMED, losslint, write
from msgspec.structs import replace

from losslint import settings
from losslint.config import Settings, overridden
from losslint.finding import Confidence, LosslintError
from losslint.report.settings import described
from losslint.rule import load_rules
from losslint.settings import find_settings, read_settings


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
loss-names = ["*_term"]
batch-size-names = ["rows"]
rules = { LL103 = { least = 4 } }
[tool.losslint.inputs]
"pkg/losses.py::focal" = "y_true: onehot[B, 5]"
"""
    found = settings_of(tmp_path, text)
    assert found is not None
    assert set(found.origins.values()) == {str(tmp_path / "pyproject.toml")}
    assert replace(found, origins={}) == Settings(
        select=("LL1",),
        extend_select=("unguarded-log",),
        ignore=("LL102",),
        min_confidence=Confidence.LOW,
        exclude=("old/",),
        keras="2",
        xla="off",
        inputs={"pkg/losses.py::focal": "y_true: onehot[B, 5]"},
        packs=("our_losses",),
        loss_names=("*_term",),
        batch_size_names=("rows",),
        rules={"LL103": {"least": 4}},
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


# --- what the command line makes of settings files --------------------------------------------------------------------


def test_rules_are_ignored_by_file(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    write(tmp_path, summed=SUMMED)
    write(tmp_path / "tests", summed=SUMMED)
    (tmp_path / "losslint.toml").write_text('[per-file-ignores]\n"tests/" = ["LL1"]\n')
    ran = losslint("check", ".", folder=tmp_path)
    assert ran.out.count("LL101") == 1 and "tests/" not in ran.out


def test_a_rule_may_be_worse_or_better_than_it_says(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED)
    (tmp_path / "losslint.toml").write_text('severity = { batch-sum = "info" }\n')
    ran = losslint("check", ".", folder=tmp_path)
    assert ran.status == 0 and "LL101 batch-sum (info)" in ran.out


def test_settings_extend_others_and_tell_where_each_value_is_from(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "base.toml").write_text('ignore = ["LL102"]\nmin-confidence = "high"\n')
    (tmp_path / "pyproject.toml").write_text('[tool.losslint]\nextend = "team/base.toml"\nmin-confidence = "low"\n')
    out = losslint("settings", ".", folder=tmp_path).out
    assert f'ignore = ["LL102"]  # {tmp_path / "team" / "base.toml"}\n' in out
    assert f'min-confidence = "low"  # {tmp_path / "pyproject.toml"}\n' in out
    assert 'keras = "auto"  # default\n' in out


def test_its_own_file_comes_before_the_shared_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.losslint]\nkeras = "2"\n')
    (tmp_path / "losslint.toml").write_text('keras = "3"\n')
    assert 'keras = "3"' in losslint("settings", folder=tmp_path).out
    assert 'keras = "2"' in losslint("settings", "--config", "pyproject.toml", folder=tmp_path).out


def test_an_ignore_comment_must_say_why_where_that_is_asked(tmp_path: Path) -> None:
    (tmp_path / "losslint.toml").write_text("require-reason = true\n")
    line = "(tf.square(y_true - y_pred))"
    write(tmp_path, bare=SUMMED.replace(line, f"{line}  # losslint: ignore[batch-sum]"))
    ran = losslint("check", ".", folder=tmp_path)
    assert ran.status == 2 and "say behind it why" in ran.err and "LL101" in ran.out
    write(tmp_path, bare=SUMMED.replace(line, f"{line}  # losslint: ignore[batch-sum] the trainer divides"))
    assert losslint("check", ".", folder=tmp_path).status == 0


def test_excludes_of_the_settings_and_the_command_line_add_up(tmp_path: Path) -> None:
    write(tmp_path, one=SUMMED, two=SUMMED, three=CLEAN)
    (tmp_path / "losslint.toml").write_text('extend-exclude = ["one.py"]\nforce-exclude = true\n')
    assert losslint("check", "--extend-exclude", "two.py", ".", folder=tmp_path).status == 0
    assert losslint("check", "one.py", folder=tmp_path).status == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('per-file-ignores = { "a.py" = ["LL999"] }', "unknown rule `LL999`"),
        ('severity = { batch-summ = "error" }', "unknown rule `batch-summ`; did you mean `batch-sum`?"),
        ('severity = { batch-sum = "fatal" }', "'fatal' is not valid"),
        ('extend = "gone.toml"', "cannot read the settings"),
        ('extend = "losslint.toml"', "in a circle"),
        ("require-reason = 1", "must be true or false"),
        ("per-file-ignore = {}", "did you mean `per-file-ignores`?"),
    ],
)
def test_mistakes_of_a_file_of_its_own(tmp_path: Path, text: str, says: str) -> None:
    write(tmp_path, clean=CLEAN)
    (tmp_path / "losslint.toml").write_text(text + "\n")
    ran = losslint("check", ".", folder=tmp_path)
    assert ran.status == 2 and says in ran.err, ran.err


def test_the_schema_is_shipped_and_takes_what_is_taken(tmp_path: Path) -> None:
    shipped = json.loads((Path(settings.__file__).parent / "settings.schema.json").read_text())
    assert shipped == described(load_rules()) == json.loads(losslint("settings", "--schema", folder=tmp_path).out)
    table = {"select": ["LL1"], "keras": 2, "per-file-ignores": {"tests/": ["LL1"]}, "severity": {"LL101": "error"}, "require-reason": True}
    table |= {"rules": {"LL103": {"least": 4}, "rounded-away-guard": {"dtype": "float16"}, "OWN001": {"anything": 1}}}
    jsonschema.validate(table, shipped)
    for wrong in ({"selct": []}, {"keras": 4}, {"severity": {"LL101": "bad"}}, {"select": "LL1"}, {"rules": {"LL103": {"last": 4}}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, shipped)


def test_the_nearest_settings_hold_for_each_file(tmp_path: Path) -> None:
    for folder, table in (("", 'ignore = ["LL102"]'), ("old", 'ignore = ["LL101"]'), ("new", ""), ("out", 'exclude = ["skipped.py"]')):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / "losses.py").write_text(SUMMED)
        if table:
            (tmp_path / folder / "losslint.toml").write_text(f"{table}\n")
    (tmp_path / "out" / "skipped.py").write_text(SUMMED)
    (tmp_path / "old" / "deeper").mkdir()
    (tmp_path / "old" / "deeper" / "losses.py").write_text(SUMMED)

    def flagged(*options: str) -> list[str]:
        run = losslint("check", "--no-cache", "--output-format", "concise", *options, ".", folder=tmp_path)
        return sorted(line.partition(":")[0] for line in run.out.splitlines() if "LL101" in line)

    assert flagged() == ["losses.py", "new/losses.py", "out/losses.py"]
    assert flagged("--select", "LL101") == ["losses.py", "new/losses.py", "old/deeper/losses.py", "old/losses.py", "out/losses.py"]
    assert flagged("--isolated") == [
        "losses.py",
        "new/losses.py",
        "old/deeper/losses.py",
        "old/losses.py",
        "out/losses.py",
        "out/skipped.py",
    ]
    assert flagged("--config", "old/losslint.toml") == []
    (tmp_path / "new" / "losslint.toml").write_text('ignored = ["LL101"]\n')
    run = losslint("check", "--no-cache", ".", folder=tmp_path)
    assert run.status == 2 and "new/losslint.toml:1: unknown key `ignored`" in run.err
