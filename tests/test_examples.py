"""What losslint says of the scripts in `examples`: three losses that mislead, and their corrected twins."""

from __future__ import annotations

from pathlib import Path

import pytest

from losslint.config import Settings
from losslint.finding import Finding
from losslint.linter import check_source, counts
from losslint.rule import Rule

EXAMPLES = Path(__file__).parents[1] / "examples"


def findings(name: str, rules: tuple[Rule, ...]) -> tuple[Finding, ...]:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    result = check_source(text, filename=f"examples/{name}", settings=Settings(), rules=rules)
    assert not result.failures
    return result.findings


@pytest.mark.parametrize(
    ("name", "code", "source", "function"),
    [
        ("batch_sum.py", "LL101", "tf.reduce_sum(keras.losses.mean_squared_error(y_true, y_pred))", "summed_error"),
        ("global_model.py", "LL201", "model.layers[0].weights", "penalised_error"),
        ("small_errors.py", "LL302", "tf.math.log(1 + tf.abs(y_true - y_pred))", "log_error"),
    ],
)
def test_one_finding_at_the_expression(name: str, code: str, source: str, function: str, built_in: tuple[Rule, ...]) -> None:
    (finding,) = findings(name, built_in)
    assert (finding.code, finding.source, finding.function) == (code, source, function)


def test_only_the_hint_leaves_the_exit_status_alone(built_in: tuple[Rule, ...]) -> None:
    counted = {name: counts(findings(name, built_in)[0], Settings()) for name in ("batch_sum.py", "global_model.py", "small_errors.py")}
    assert counted == {"batch_sum.py": True, "global_model.py": True, "small_errors.py": False}


@pytest.mark.parametrize("name", ["batch_sum_fixed.py", "global_model_fixed.py", "small_errors_fixed.py"])
def test_the_corrected_twin_is_silent(name: str, built_in: tuple[Rule, ...]) -> None:
    assert not findings(name, built_in)


def test_every_example_is_tested() -> None:
    assert len(list(EXAMPLES.glob("*.py"))) == 6
