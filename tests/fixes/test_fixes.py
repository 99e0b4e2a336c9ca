"""Fixes: each rule's own examples are mended, nothing else moves, and files survive whatever happens."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import SUMMED, losslint, write

from losslint.config import Settings
from losslint.edits import difference
from losslint.finding import Edit, Fix, LosslintError
from losslint.fixing import Mended, checked, mended, replace_file
from losslint.lab.repair import repaired
from losslint.lab.verdicts import Laboratory
from losslint.linter import check_source
from losslint.rule import Rule, load_rules
from losslint.source import Source, no_modules

RULES = load_rules()
LOGS = """\
import tensorflow as tf
from tensorflow.keras import backend as K


def entropy_loss(y_true, y_pred):
    # both logs
    return -K.mean(y_true * K.log(
        y_pred  # of the first
    ) + (1 - y_true) * tf.math.log(1 - y_pred), axis=-1)
"""
MENDED = LOGS.replace("        y_pred  #", "        K.maximum(y_pred, 1e-7)  #").replace("(1 - y_pred)", "(tf.maximum(1 - y_pred, 1e-7))")
UNSAFE = """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))
"""


def examples() -> Iterator[object]:
    for rule in RULES:
        for number, text in enumerate(rule.bad, 1) if rule.fix is not None else ():
            yield pytest.param(rule, text, id=f"{rule.code}-{number}")


def of(rule: Rule, text: str) -> Mended:
    settings = Settings(select=(rule.code,))
    result = check_source(text, filename="losses.py", settings=settings, rules=RULES)
    return mended(text, result, checked("losses.py", settings, RULES, no_modules), unsafe=True)


@pytest.mark.parametrize(("rule", "text"), list(examples()))
def test_what_is_fixed_is_not_found_again_and_nothing_else_is_touched(rule: Rule, text: str) -> None:
    done = of(rule, text)
    assert not done.refused
    assert not any(finding.fix is not None for finding in done.result.findings)
    lines = {edit.line for finding in done.fixed if finding.fix for edit in finding.fix.edits}
    lines |= {line for finding in done.fixed if finding.fix for edit in finding.fix.edits for line in range(edit.line, edit.end_line + 1)}
    removed = [line[1:] for line in difference("x", text, done.text).splitlines() if line.startswith("-") and not line.startswith("---")]
    assert removed == [line for number, line in enumerate(text.splitlines(), 1) if number in lines and line in removed]
    assert bool(done.fixed) == (done.text != text)
    assert of(rule, done.text).text == done.text


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.fix is not None], ids=lambda rule: rule.code)
def test_every_rule_with_a_fix_mends_an_example(rule: Rule) -> None:
    assert any(of(rule, text).fixed for text in rule.bad)


@pytest.mark.tensorflow
@pytest.mark.parametrize(("rule", "text"), list(examples()))
def test_no_run_contradicts_a_fix(rule: Rule, text: str, laboratory: Laboratory) -> None:
    done = of(rule, text)
    settings = Settings(select=(rule.code,))
    sources = [Source.parse(part, "losses.py") for part in (text, done.text)]
    for function in {finding.function for finding in done.fixed}:
        safe = all(f.fix is not None and f.fix.safety == "safe" for f in done.fixed)
        if not safe and rule.code in ("LL402", "LL501", "LL504"):
            continue  # these make another loss of it, which is what they say
        told, reason = repaired(laboratory.running, *sources, function, safe=safe, proof=None, settings=settings, modules=no_modules)
        assert told is not False, reason


def test_comments_and_layout_stay(tmp_path: Path) -> None:
    write(tmp_path, losses=LOGS)
    ran = losslint("check", "--fix", "losses.py", folder=tmp_path)
    assert ran.status == 0, ran.out
    assert (tmp_path / "losses.py").read_text() == MENDED
    assert "Fixed 2 problems" in ran.out


def test_unsafe_fixes_wait_until_they_are_asked_for(tmp_path: Path) -> None:
    write(tmp_path, losses=UNSAFE)
    ran = losslint("check", "--fix", "losses.py", folder=tmp_path)
    assert ran.status == 1
    assert (tmp_path / "losses.py").read_text() == UNSAFE
    assert "fix (unsafe): divides by the number of samples" in ran.out
    assert "1 fixable with --fix --unsafe-fixes" in " ".join(ran.out.split())
    ran = losslint("check", "--fix", "--unsafe-fixes", "losses.py", folder=tmp_path)
    assert ran.status == 0
    assert "/ tf.cast(tf.shape(y_pred)[0], y_pred.dtype)" in (tmp_path / "losses.py").read_text()


def test_a_diff_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, losses=LOGS)
    ran = losslint("check", "--diff", "losses.py", folder=tmp_path)
    assert ran.status == 1
    assert "+        K.maximum(y_pred, 1e-7)  # of the first" in ran.out
    assert "would fix 2 problems" in ran.err
    assert (tmp_path / "losses.py").read_text() == LOGS
    assert losslint("check", "--diff", "--fix", "losses.py", folder=tmp_path).status == 2


def test_standard_input_comes_out_fixed(tmp_path: Path) -> None:
    ran = losslint("check", "--fix", "-", folder=tmp_path, text=LOGS)
    assert ran.out.count("maximum(") == 2 and ran.out.startswith("import tensorflow")
    assert "Fixed 2 problems" in ran.err


@pytest.mark.parametrize(
    ("encode", "mode"),
    [
        (lambda text: text.replace("\n", "\r\n").encode(), 0o640),
        (lambda text: b"\xef\xbb\xbf" + text.encode(), 0o755),
        (lambda text: f"# -*- coding: latin-1 -*-\n# gr\xfc\xdfe\n{text}".encode("latin-1"), 0o600),
    ],
    ids=["crlf", "byte order mark", "latin-1"],
)
def test_line_ends_encoding_and_mode_stay(tmp_path: Path, encode: object, mode: int) -> None:
    path = tmp_path / "losses.py"
    before = encode(LOGS)  # type: ignore[operator]
    path.write_bytes(before)
    path.chmod(mode)
    assert losslint("check", "--fix", "losses.py", folder=tmp_path).status == 0
    after = path.read_bytes()
    assert after.replace(b"K.maximum(y_pred, 1e-7)", b"y_pred").replace(b"tf.maximum(1 - y_pred, 1e-7)", b"1 - y_pred") == before
    assert path.stat().st_mode & 0o777 == mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    write(tmp_path, real=LOGS)
    (tmp_path / "losses.py").symlink_to("real.py")
    losslint("check", "--fix", "losses.py", folder=tmp_path)
    assert (tmp_path / "losses.py").is_symlink()
    assert "maximum" in (tmp_path / "real.py").read_text()


def test_a_file_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "losses.py"
    path.write_text("new text\n")
    with pytest.raises(LosslintError, match="changed while it was checked"):
        replace_file(str(path), b"old text\n", "fixed text\n")
    assert path.read_text() == "new text\n"
    assert os.listdir(tmp_path) == ["losses.py"]


def test_a_fix_that_does_not_hold_is_refused() -> None:
    settings = Settings(select=("LL101",))
    check = checked("losses.py", settings, RULES, no_modules)
    result = check(SUMMED)
    (finding,) = result.findings
    from msgspec.structs import replace

    place = finding.place
    nothing = Edit(place.line, place.column, place.line, place.column, "0.0 + ")
    useless = replace(finding, fix=Fix("safe", "adds nothing", (nothing,)))
    done = mended(SUMMED, replace(result, findings=(useless,)), check, unsafe=False)
    assert done.text == SUMMED and not done.fixed
    assert re.search("still has LL101", done.refused[0].reason)


def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    names = [f"losses_{number}.py" for number in range(30)]
    command = [sys.executable, "-m", "losslint", "check", "--fix", "--no-cache", "."]
    seen = set()
    for delay in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7):
        for name in names:
            (tmp_path / name).write_text(LOGS)
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        texts = [(tmp_path / name).read_text() for name in names]
        assert set(texts) <= {LOGS, MENDED}
        seen |= set(texts)
    assert LOGS in seen
