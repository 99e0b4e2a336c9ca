"""Runs the command line in this process, or a script in one of its own, in a folder of a test."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from losslint.cli import main

SUMMED = """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))
"""
CLEAN = """\
import tensorflow as tf


def squared_error_loss(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)
"""


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    status: int
    out: str
    err: str


def losslint(*arguments: str, folder: Path, text: str = "") -> Ran:
    """Run `losslint` with a text as its standard input."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    standard_input = io.TextIOWrapper(io.BytesIO(text.encode()), encoding="utf-8")
    status = 0
    with (
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "stdin", standard_input),
    ):
        try:
            main(arguments)
        except SystemExit as exit_:
            status = int(exit_.code or 0)
    return Ran(status, out.buffer.getvalue().decode(), err.buffer.getvalue().decode())  # type: ignore[attr-defined]


def run(folder: Path, script: str, *command: str) -> Ran:
    """Run a script as `train.py`, by `command` before its name, in a session of its own."""
    (folder / "train.py").write_text(script)
    ran = subprocess.run(
        [sys.executable, *command, "train.py"], cwd=folder, capture_output=True, text=True, check=False, start_new_session=True
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def why(folder: Path, script: str, *options: str) -> Ran:
    """Run `losslint why` on a script in a folder."""
    return run(folder, script, "-m", "losslint", "why", *options)


def write(folder: Path, **files: str) -> Path:
    """Write `name=text` as `name.py` and return the folder."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return folder
