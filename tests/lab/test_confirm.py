"""`--confirm` on the command line: what a person sees, what it costs the second time, and what happens without TensorFlow."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from commands import CLEAN, SUMMED, losslint, write

GUARDED = """\
import tensorflow as tf


def cross_entropy(y_true, y_pred):
    return -tf.reduce_mean(y_true * tf.math.log(y_pred), axis=-1)

"""


GRADIENTS = """\
import tensorflow as tf


@tf.custom_gradient
def halved(x):
    return x * x, lambda upstream: upstream * x


@tf.custom_gradient
def whole(x):
    return x * x, lambda upstream: 2.0 * upstream * x


def halved_loss(y_true, y_pred):
    return tf.reduce_mean(halved(y_true - y_pred), axis=-1)


def whole_loss(y_true, y_pred):
    return tf.reduce_mean(whole(y_true - y_pred), axis=-1)


def silenced_loss(y_true, y_pred):
    return tf.reduce_mean(halved(y_true - y_pred), axis=-1)  # losslint: ignore[wrong-custom-gradient] half of it is meant
"""


OF_JAX = """\
class keras:
    __version__ = "3"

    class backend:
        backend = staticmethod(lambda: "jax")


class config:
    set_visible_devices = staticmethod(lambda *a: None)

    class threading:
        set_intra_op_parallelism_threads = set_inter_op_parallelism_threads = staticmethod(lambda n: None)


__version__ = "2"
"""


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.mark.tensorflow
def test_the_witness_is_shown_and_kept(tmp_path: Path) -> None:
    write(tmp_path, losses=SUMMED)
    ran = losslint("check", "--confirm", "--isolated", "losses.py", folder=tmp_path)
    assert ran.status == 1
    assert "confirmed: the same samples, given twice, give another loss" in ran.out
    assert "batch     y_true [[" in ran.out
    assert "came out  6 samples: " in ran.out
    assert "expected  the same number for both" in ran.out
    assert "note: losses ran on TensorFlow" in ran.err and "fence: " in ran.err
    again = losslint("check", "--confirm", "--isolated", "losses.py", folder=tmp_path)
    assert again.out == ran.out
    assert "TensorFlow" not in again.err, "nothing was run"


@pytest.mark.tensorflow
def test_json_carries_the_witness(tmp_path: Path) -> None:
    write(tmp_path, losses=GUARDED)
    ran = losslint("check", "--confirm", "--isolated", "--output-format", "json", "losses.py", folder=tmp_path)
    (finding,) = json.loads(ran.out)["findings"]
    assert finding["verdict"]["status"] == "confirmed"
    witness = finding["verdict"]["witness"]
    assert witness["domain"] in ("simplex", "box")
    assert witness["value"] in ("inf", "nan", "-inf")
    assert set(witness["inputs"]) == {"y_true", "y_pred"}
    assert witness["inputs"]["y_pred"]["shape"] == [6, 3]


@pytest.mark.tensorflow
def test_repro_writes_scripts(tmp_path: Path) -> None:
    write(tmp_path, losses=SUMMED)
    ran = losslint("check", "--repro", "scripts", "--isolated", "losses.py", folder=tmp_path)
    assert "1 script written to scripts" in ran.err
    assert [path.name for path in (tmp_path / "scripts").iterdir()] == ["LL101_squared_error_loss_5.py"]


@pytest.mark.tensorflow
def test_a_rule_that_speaks_only_of_what_a_run_has_shown(tmp_path: Path) -> None:
    write(tmp_path, losses=GRADIENTS)
    assert losslint("check", "--isolated", "losses.py", folder=tmp_path).status == 0
    confirmed = losslint("check", "--confirm", "--isolated", "--output-format", "json", "losses.py", folder=tmp_path)
    (finding,) = json.loads(confirmed.out)["findings"]
    assert (finding["code"], finding["line"], finding["verdict"]["status"]) == ("LL404", 15, "confirmed")
    assert "refuted" not in confirmed.err, "what was not confirmed was no finding"


def test_no_finding_starts_nothing(tmp_path: Path) -> None:
    write(tmp_path, losses=CLEAN)
    ran = losslint("check", "--confirm", "--isolated", "--python", "no/such/python", "losses.py", folder=tmp_path)
    assert (ran.status, ran.err) == (0, "")


@pytest.mark.parametrize(
    ("python", "told"),
    [
        ("no/such/python", "cannot run the interpreter"),
        ("{folder}/losses.py", "cannot run the interpreter"),
        ("/bin/false", "no working Python interpreter"),
    ],
)
def test_a_wrong_interpreter_is_one_line_and_the_findings_stay(python: str, told: str, tmp_path: Path) -> None:
    write(tmp_path, losses=SUMMED)
    ran = losslint("check", "--confirm", "--isolated", "--python", python.format(folder=tmp_path), "losses.py", folder=tmp_path)
    assert ran.status == 2
    assert "LL101" in ran.out
    (line,) = [line for line in ran.err.splitlines() if "error" in line]
    assert told in line and "--python" in line


def interpreter(folder: Path, tensorflow: str | None) -> str:
    """A Python environment without packages; `tensorflow` is the text of a module of that name."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    if tensorflow is not None:
        (site,) = (folder / "env").glob("lib/python*/site-packages")
        (site / "numpy").mkdir()
        (site / "numpy" / "__init__.py").write_text("__version__ = '0'\n")
        (site / "numpy" / "random.py").write_text("")
        (site / "tensorflow.py").write_text(tensorflow)
    return str(folder / "env" / "bin" / "python")


@pytest.mark.parametrize(
    ("tensorflow", "told"),
    [
        (None, "cannot import TensorFlow: ModuleNotFoundError"),
        ("raise RuntimeError('no AVX')", "cannot import TensorFlow: RuntimeError: no AVX"),
        ("import os; os.abort()", "ended while importing TensorFlow (it was killed by SIGABRT)"),
        ("import sys; sys.exit(3)", "cannot import TensorFlow: SystemExit: 3"),
        (
            OF_JAX,
            "Keras computes with jax",
        ),
    ],
)
def test_an_interpreter_that_cannot_run_losses(tensorflow: str | None, told: str, tmp_path: Path) -> None:
    write(tmp_path, losses=SUMMED)
    python = interpreter(tmp_path, tensorflow)
    ran = losslint("check", "--confirm", "--isolated", "--python", python, "losses.py", folder=tmp_path)
    assert ran.status == 2
    assert "LL101" in ran.out and "undecided: there is no interpreter with TensorFlow" in " ".join(ran.out.split())
    assert told in ran.err
    assert len(ran.err.splitlines()) == 1


def test_the_interpreter_may_be_a_setting(tmp_path: Path) -> None:
    write(tmp_path, losses=SUMMED)
    (tmp_path / "pyproject.toml").write_text('[tool.losslint]\npython = "env/bin/python"\n')
    ran = losslint("check", "--confirm", "losses.py", folder=tmp_path)
    assert f"{tmp_path}/env/bin/python" in ran.err


def test_a_timeout_must_be_positive(tmp_path: Path) -> None:
    write(tmp_path, losses=SUMMED)
    ran = losslint("check", "--confirm", "--confirm-timeout", "0", "losses.py", folder=tmp_path)
    assert ran.status == 2 and "more than 0" in ran.err
