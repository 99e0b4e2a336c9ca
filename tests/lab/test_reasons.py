"""What is told where nothing was decided: one reason and one thing to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from losslint.experiment import Raised
from losslint.lab import reasons

PROJECT = Path(__file__).parent.parent.parent
ROLES = {"y_true": "true", "y_pred": "pred", "self.images": "other"}


def written() -> Iterator[object]:
    """Every reason that stands in the code as a text."""
    for path in (*(PROJECT / "losslint" / "lab").glob("*.py"), *(PROJECT / "rules").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="Undecided" | "undecided"), args=[(ast.Constant() | ast.JoinedStr()) as told]):
                    yield pytest.param(ast.unparse(told), id=f"{path.stem}-{node.lineno}")


@pytest.mark.parametrize("told", list(written()))
def test_a_reason_is_followed_by_what_to_do(told: str) -> None:
    assert re.search(r"\w[^;]*; \w", told)


@pytest.mark.parametrize(
    ("kind", "message", "told"),
    [
        ("NameError", "name 'smooth' is not defined", "define `smooth`, or make it a parameter"),
        ("AttributeError", "'Model' object has no attribute 'images'", "set `images` in the constructor of `Model`"),
        (
            "AttributeError",
            "'NoneType' object has no attribute 'shape'",
            "declare its inputs (`# losslint: inputs y_true: real[B, 3], y_pred",
        ),
        ("AttributeError", "module 'tensorflow._api.v2.math' has no attribute 'mean'", "write the name that `tensorflow.math` has today"),
        ("FileNotFoundError", "No such file or directory: 'mask.npy'", "as a parameter"),
        ("ValueError", "A KerasTensor cannot be used as input to a TensorFlow function", "by `add_loss` or as a target"),
        ("TypeError", "'float' object is not callable", "mend that, or declare its inputs"),
        ("Missing", "`scipy` is not installed", "install it in the interpreter"),
        ("Unmade", "`model` (its definition fails: NameError)", "give it a parameter for that"),
        ("Refused", "os.fork", "do that outside of the loss"),
    ],
)
def test_what_helps_against_a_failure(kind: str, message: str, told: str) -> None:
    reason = reasons.failure(Raised(kind, message, 3), ROLES)
    assert message.partition(" (")[0] in reason
    assert told in reason.partition("; ")[2]


def test_what_was_tried_is_told() -> None:
    told = reasons.untaken({"ValueError: odd": 2, "TypeError: even": 5}, 24, ROLES)
    assert told == (
        "no batch was found that the loss takes, of 24 shapes tried (mostly TypeError: even); "
        "declare its inputs (`# losslint: inputs y_true: real[B, 3], y_pred: real[B, 3]`)"
    )
