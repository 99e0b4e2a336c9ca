"""Rules of other people: packs by name and by path, and what happens when one of them is broken."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from losslint.analysis.trace import Trace
from losslint.config import Settings
from losslint.finding import LosslintError, Severity
from losslint.linter import check_source
from losslint.rule import Report, Rule, load_rules

HERE = Path(__file__).parent
PACK = "stranger_pack"
RULE_FILE = """\
from losslint.finding import Severity
from losslint.rule import Rule

RULE = Rule({code!r}, {name!r}, Severity.WARNING, lambda trace: (), (), ())
"""
SUM = """\
import tensorflow as tf


def {name}(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))
"""


def write(folder: Path, name: str, text: str) -> str:
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return f"./{name}.py"


def test_by_path() -> None:
    rules = load_rules([f"./{PACK}"], folder=HERE, allow_local=True)
    assert rules[-1].code == "STR001"
    assert rules[-1].documentation.startswith("STR001 hyperbolic-loss")


def test_by_path_runs_on_a_loss() -> None:
    rules = load_rules([f"./{PACK}"], folder=HERE, allow_local=True)
    result = check_source(rules[-1].bad[0], filename="losses.py", settings=Settings(), rules=rules)
    assert [(finding.code, finding.place.line) for finding in result.findings] == [("STR001", 5)]


def test_by_import_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(HERE)
    rules = load_rules([PACK])
    assert [rule.code for rule in rules if rule.code.startswith("STR")] == ["STR001"]
    for name in [name for name in sys.modules if name.partition(".")[0] == PACK]:
        monkeypatch.delitem(sys.modules, name)


def test_a_path_is_not_loaded_unasked() -> None:
    with pytest.raises(LosslintError, match=r"stranger_pack' is a path.*--allow-local-packs"):
        load_rules([f"./{PACK}"], folder=HERE)


@pytest.mark.parametrize("name", ["pack_that_nobody_wrote", "./pack_that_nobody_wrote"])
def test_missing(name: str) -> None:
    with pytest.raises(LosslintError, match=r"pack_that_nobody_wrote.* does not import"):
        load_rules([name], folder=HERE, allow_local=True)


def test_import_raises(tmp_path: Path) -> None:
    name = write(tmp_path, "raising", "raise RuntimeError('no licence')\n")
    with pytest.raises(LosslintError, match=r"raising\.py' does not import: RuntimeError: no licence"):
        load_rules([name], folder=tmp_path, allow_local=True)


def test_a_syntax_error_is_told_like_any_other(tmp_path: Path) -> None:
    name = write(tmp_path, "unfinished", "def check(\n")
    with pytest.raises(LosslintError, match=r"unfinished\.py' does not import: SyntaxError"):
        load_rules([name], folder=tmp_path, allow_local=True)


def test_without_rules(tmp_path: Path) -> None:
    name = write(tmp_path, "empty", "RULE = 'not a rule'\n")
    with pytest.raises(LosslintError, match=r"empty\.py' holds no rule"):
        load_rules([name], folder=tmp_path, allow_local=True)


@pytest.mark.parametrize(("code", "name"), [("LL101", "other-name"), ("OTH001", "batch-sum")])
def test_clash(tmp_path: Path, code: str, name: str) -> None:
    pack = write(tmp_path, "clashing", RULE_FILE.format(code=code, name=name))
    with pytest.raises(LosslintError, match=rf"{code} {name} clashes with LL101 batch-sum; rename it"):
        load_rules([pack], folder=tmp_path, allow_local=True)


def test_every_message_is_one_line(tmp_path: Path) -> None:
    name = write(tmp_path, "raising", "raise RuntimeError('no licence')\n")
    for pack in ("pack_that_nobody_wrote", name):
        with pytest.raises(LosslintError) as caught:
            load_rules([pack], folder=tmp_path, allow_local=True)
        assert "\n" not in str(caught.value)


def crash_on_first(trace: Trace) -> Iterable[Report]:
    if trace.loss.function == "first_loss":
        raise ZeroDivisionError("oh")
    return ()


def test_a_crash_of_a_rule_names_rule_and_file_and_the_rest_goes_on() -> None:
    crashing = Rule("OTH001", "crashing-rule", Severity.WARNING, crash_on_first, (), ())
    rules = (crashing, *load_rules())
    results = [
        check_source(SUM.format(name=name), filename=f"{name}.py", settings=Settings(), rules=rules)
        for name in ("first_loss", "second_loss")
    ]
    (failure,) = results[0].failures
    assert failure.path == "first_loss.py"
    assert failure.line == 4
    assert "OTH001 crashing-rule" in failure.message
    assert "ZeroDivisionError: oh" in failure.message
    assert not results[1].failures
    assert [[finding.code for finding in result.findings] for result in results] == [["LL101"], ["LL101"]]
