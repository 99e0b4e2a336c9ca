"""What an author of rules has: a new rule that works at once, its examples run, and each value of a loss explained."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import losslint, write

DICE = """\
from tensorflow.keras import backend as K


def unused(values):
    return values


def dice_loss(y_true, y_pred, smooth=0.0):
    overlap = K.sum(y_true * y_pred, axis=-1)
    if smooth:
        overlap = overlap + smooth
    return 1 - 2 * overlap / K.sum(y_true + y_pred, axis=-1)
"""


def test_a_new_rule_works_as_it_is(tmp_path: Path) -> None:
    made = losslint("new-rule", "no-tanh", folder=tmp_path)
    assert (made.status, made.out) == (0, "losslint_pack/no_tanh.py\n")
    ran = losslint("test", "losslint_pack", folder=tmp_path)
    assert (ran.status, ran.out) == (0, "1 rule, 2 examples, none that differ\n")
    write(
        tmp_path,
        losses="import tensorflow as tf\n\n\ndef my_loss(y_true, y_pred):\n    return tf.reduce_mean(tf.tanh(y_true - y_pred), -1)\n",
    )
    (tmp_path / "pyproject.toml").write_text('[tool.losslint]\npacks = ["./losslint_pack"]\n')
    found = losslint("check", "--allow-local-packs", "losses.py", folder=tmp_path)
    assert found.status == 1 and "OWN001 no-tanh" in found.out
    assert losslint("new-rule", "other-rule", folder=tmp_path).status == 0
    assert 'Rule("OWN002", "other-rule"' in (tmp_path / "losslint_pack" / "other_rule.py").read_text()


def test_what_differs_is_shown_with_its_record(tmp_path: Path) -> None:
    losslint("new-rule", "no-tanh", folder=tmp_path)
    path = tmp_path / "losslint_pack" / "no_tanh.py"
    path.write_text(path.read_text().replace('node.operation == "tanh"', 'node.operation == "abs"').replace("  # here", ""))
    ran = losslint("test", "losslint_pack", folder=tmp_path)
    assert ran.status == 1
    assert "OWN001 no-tanh, bad example 1: no line ends in `# here`" in ran.out
    assert "OWN001 no-tanh, good example 1: line 5 is found and not marked" in ran.out
    assert "abs; one value per sample; gradient flows" in ran.out.replace("for each pair of ", "per ") or "abs;" in ran.out


def test_the_built_in_rules_pass_as_a_pack(tmp_path: Path) -> None:
    ran = losslint("test", "losslint_rules", folder=tmp_path)
    assert ran.status == 0 and ran.out.endswith("none that differ\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["new-rule", "tanh"], "two or more words with hyphens"),
        (["new-rule", "batch-sum"], "LL101 batch-sum already"),
        (["new-rule", "no-tanh", "--code", "x1"], "capital letters and three digits"),
        (["new-rule", "no-tanh", "--pack", "file.txt/pack"], "cannot be written"),
        (["test", "no_such_pack"], "does not import"),
        (["explain", "losses.py"], "give FILE:LINE"),
        (["explain", "losses.py:5"], "there is no loss; the nearest are `dice_loss` in line 8"),
        (["explain", "gone.py:5"], "cannot read the file"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: list[str], says: str) -> None:
    write(tmp_path, losses=DICE)
    (tmp_path / "file.txt").write_text("")
    ran = losslint(*arguments, folder=tmp_path)
    assert ran.status == 2 and says in ran.err and not ran.out


def test_each_value_is_explained_beside_its_line(tmp_path: Path) -> None:
    write(tmp_path, losses=DICE)
    ran = losslint("explain", "losses.py:9", folder=tmp_path)
    assert ran.status == 0
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    assert "    9 | overlap = K.sum(y_true * y_pred, axis=-1)" in ran.out
    assert "sum; one value per sample; gradient flows; made of pred, true" in ran.out
    assert "  => LL305 unguarded-division: " in ran.out
    assert "goes the other way" not in ran.out
    both = losslint("explain", "--all-paths", "losses.py:9", folder=tmp_path)
    assert "where `smooth` goes the other way" in both.out
