"""Known findings: a team adopts losslint on code that has findings, and only hears of new ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import CLEAN, SUMMED, losslint, write

OTHER = SUMMED.replace("squared_error_loss", "other_loss")


@pytest.fixture
def known(tmp_path: Path) -> Path:
    write(tmp_path, old=SUMMED)
    ran = losslint("check", "--baseline", "known.json", "--write-baseline", ".", folder=tmp_path)
    assert ran.status == 0 and "knows all findings, 1 of them" in ran.err
    return tmp_path


def test_what_is_known_is_not_reported_when_lines_move(known: Path) -> None:
    (known / "old.py").write_text(f"# a line more\n\n{SUMMED}")
    ran = losslint("check", "--baseline", "known.json", ".", folder=known)
    assert ran.status == 0
    assert "1 in the baseline" in ran.out


def test_a_baseline_that_is_written_again_keeps_its_mode(known: Path) -> None:
    (known / "known.json").chmod(0o664)
    assert losslint("check", "--baseline", "known.json", "--write-baseline", ".", folder=known).status == 0
    assert (known / "known.json").stat().st_mode & 0o777 == 0o664


def test_what_is_new_is_reported(known: Path) -> None:
    write(known, new=OTHER)
    (known / "old.py").write_text(SUMMED + OTHER.partition("\n\n\n")[2].join(["\n\n", ""]))
    ran = losslint("check", "--baseline", "known.json", "--output-format", "json", ".", folder=known)
    assert ran.status == 1
    assert sorted((f["path"], f["function"]) for f in json.loads(ran.out)["findings"]) == [
        ("new.py", "other_loss"),
        ("old.py", "other_loss"),
    ]


def test_the_same_finding_once_more_is_new(known: Path) -> None:
    twice = SUMMED.replace("    return", "    return tf.reduce_sum(tf.square(y_true - y_pred)) +")
    (known / "old.py").write_text(twice)
    assert losslint("check", "--baseline", "known.json", ".", folder=known).status == 1


def test_what_is_fixed_can_be_taken_out(known: Path) -> None:
    write(known, old=CLEAN)
    ran = losslint("check", "--baseline", "known.json", ".", folder=known)
    assert ran.status == 0
    assert "1 of the findings in known.json are gone: --write-baseline takes them out" in ran.err
    losslint("check", "--baseline", "known.json", "--write-baseline", ".", folder=known)
    assert json.loads((known / "known.json").read_text())["findings"] == []


def test_the_baseline_of_the_settings_is_found_from_anywhere(known: Path) -> None:
    (known / "pyproject.toml").write_text('[tool.losslint]\nbaseline = "known.json"\n')
    (known / "inner").mkdir()
    assert losslint("check", "..", folder=known / "inner").status == 0
    assert losslint("check", "--isolated", "..", folder=known / "inner").status == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("{", "not valid JSON"),
        ('{"version": 9, "findings": []}', "no baseline of version 1"),
        ('{"version": 1, "findings": [{"path": "a.py"}]}', "is no finding"),
    ],
)
def test_mistakes(tmp_path: Path, text: str | None, says: str) -> None:
    write(tmp_path, old=SUMMED)
    if text is not None:
        (tmp_path / "known.json").write_text(text)
    ran = losslint("check", "--baseline", "known.json", ".", folder=tmp_path)
    assert ran.status == 2
    assert says in ran.err
    assert losslint("check", "--write-baseline", ".", folder=tmp_path).status == 2
    assert losslint("check", "--baseline", "missing/known.json", "--write-baseline", ".", folder=tmp_path).status == 2
