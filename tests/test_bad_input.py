"""Files that nobody meant for a linter: one clear line each, or silence, never a traceback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from commands import CLEAN, SUMMED, losslint, write

HEAD = "import tensorflow as tf\n\n\ndef my_loss(y_true, y_pred):\n"
BROKEN = {
    "syntax error": (f"{HEAD}    return tf.reduce_sum((y_true\n".encode(), "syntax error: '(' was never closed"),
    "Python 2": (f"{HEAD}    print 'loss'\n".encode(), "this is Python 2"),
    "null byte": (f"{HEAD}    return y_pred\0\n".encode(), "null byte"),
    "wrong encoding": (f"{HEAD}    return 'é'\n".encode("latin-1"), "byte 0xe9 is not utf-8"),
    "unknown encoding": (f"# coding: nonsense\n{HEAD}    return y_pred\n".encode(), "unknown encoding"),
    "nested parentheses": (f"{HEAD}    return {'(' * 1000}y_pred{')' * 1000}\n".encode(), "nested too deeply"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_line_and_the_others_go_on(tmp_path: Path, name: str) -> None:
    data, message = BROKEN[name]
    write(tmp_path, summed=SUMMED)
    (tmp_path / "bad.py").write_bytes(data)
    ran = losslint("check", folder=tmp_path)
    assert ran.status == 2
    assert "summed.py:5:12 LL101" in ran.out
    (line,) = ran.err.splitlines()
    assert line.startswith("losslint: error: bad.py")
    assert message in line


def test_a_broken_file_given_by_name_is_told_even_if_it_holds_no_loss(tmp_path: Path) -> None:
    write(tmp_path, bad="def f(:\n")
    assert losslint("check", "bad.py", folder=tmp_path).status == 2


def test_a_very_long_sum_ends_in_a_result_or_in_one_line(tmp_path: Path) -> None:
    write(tmp_path, long=f"{HEAD}    return {' + '.join(['y_pred'] * 4000)}\n", summed=SUMMED)
    ran = losslint("check", folder=tmp_path)
    assert "summed.py:5:12 LL101" in ran.out
    assert "bug" not in ran.err
    assert len(ran.err.splitlines()) == (ran.status == 2)


def test_a_broken_link(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED)
    (tmp_path / "link.py").symlink_to(tmp_path / "gone.py")
    for arguments in (["."], ["link.py", "summed.py"]):
        ran = losslint("check", *arguments, folder=tmp_path)
        assert ran.status == 2
        assert "summed.py:5:12 LL101" in ran.out
        (line,) = ran.err.splitlines()
        assert line.startswith("losslint: error: link.py: ")
        assert "broken symbolic link" in line


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED, secret=SUMMED)
    (tmp_path / "secret.py").chmod(0)
    ran = losslint("check", folder=tmp_path)
    assert ran.status == 2
    assert ran.err == "losslint: error: secret.py: cannot read the file: permission denied; mend it or exclude it\n"


def test_broken_settings(tmp_path: Path) -> None:
    write(tmp_path, summed=SUMMED)
    (tmp_path / "pyproject.toml").write_text("[tool.losslint\n")
    ran = losslint("check", folder=tmp_path)
    assert (ran.status, ran.out) == (2, "")
    assert len(ran.err.splitlines()) == 1
    assert "not valid TOML" in ran.err
    assert losslint("check", "--isolated", folder=tmp_path).status == 1


def test_a_folder_without_python(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("none")
    ran = losslint("check", folder=tmp_path)
    assert (ran.status, ran.out, ran.err) == (
        2,
        "",
        "losslint: error: .: the directory holds no Python file and no notebook; check the path\n",
    )


FINE = {
    "empty": b"",
    "only blanks": b"\n\n  \n",
    "50,000 lines": (CLEAN + "x = 1\n" * 50_000).encode(),
    "recursive helpers": (
        HEAD + "    return first(y_true - y_pred)\n\n\ndef first(x):\n    return second(x)\n\n\ndef second(x):\n    return first(x)\n"
    ).encode(),
    "CRLF": CLEAN.replace("\n", "\r\n").encode(),
    "byte order mark": b"\xef\xbb\xbf" + CLEAN.encode(),
    "form feeds": CLEAN.replace("\n\n\n", "\n\x0c\n").encode(),
    "non-ASCII identifiers": CLEAN.replace("y_pred", "ŷ_pred").encode(),
    "match statements": (
        HEAD
        + "    match y_pred.shape.rank:\n        case 1 | 2 as rank:\n            return tf.reduce_mean(y_pred - y_true, axis=-1)\n"
        + "        case _:\n            return tf.reduce_mean(tf.abs(y_pred - y_true), axis=-1)\n"
    ).encode(),
}


@pytest.mark.parametrize("name", FINE)
def test_odd_files_that_are_fine(tmp_path: Path, name: str) -> None:
    (tmp_path / "fine.py").write_bytes(FINE[name])
    ran = losslint("check", "fine.py", "fine.py", ".", folder=tmp_path)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("No problems found in 1 file, ")


def test_positions_under_every_line_end(tmp_path: Path) -> None:
    for name, text in {
        "crlf": SUMMED.replace("\n", "\r\n"),
        "bom": "\ufeff" + SUMMED,
        "feed": SUMMED.replace("\n\n\n", "\n\x0c\n\n"),
    }.items():
        (tmp_path / f"{name}.py").write_bytes(text.encode())
        out = losslint("check", f"{name}.py", folder=tmp_path).out
        assert f"{name}.py:5:12 LL101" in out
        assert "    |            ^^^^^^^^^^^^^" in out


def test_modules_that_import_each_other(tmp_path: Path) -> None:
    module = "import tensorflow as tf\nfrom {0} import {1}\n\n\ndef {2}(x):\n    return {1}(x)\n\n\n"
    loss = "def {0}_loss(y_true, y_pred):\n    return {0}(y_pred)\n"
    one = module.format("two", "inner", "outer") + loss.format("outer")
    two = module.format("one", "outer", "inner") + loss.format("inner")
    write(tmp_path, one=one, two=two)
    ran = losslint("check", folder=tmp_path)
    assert (ran.status, ran.err) == (0, "")
