"""Runs the user's script under the recorder, in the user's own interpreter, and reads what it told."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from losslint.finding import LosslintError

LAUNCH = Path(__file__).parent / "recorder" / "launch.py"


class Recorded(Struct, frozen=True):
    """What a script did: its own exit status, and what was told of each epoch, each failure of ours and each end of a fit."""

    status: int
    epochs: tuple[dict[str, Any], ...]
    failures: tuple[dict[str, Any], ...]
    fits: int


def record(script: str, arguments: Sequence[str], python: str, options: dict[str, Any]) -> Recorded:
    """Run a script as it is, with every fit measured.

    Parameters
    ----------
    script, arguments
        What the user would give to Python.
    python
        The interpreter with TensorFlow and Keras, 3.9 or newer.
    options
        As the recorder's `begin` reads them.

    Raises
    ------
    LosslintError
        There is no such script, or no such interpreter.
    """
    if not os.path.isfile(script):
        raise LosslintError(f"{script}: no such file; give the script that trains the model")
    with tempfile.TemporaryDirectory(prefix="losslint-") as folder:
        told = os.path.join(folder, "records.jsonl")
        command = [python, str(LAUNCH), told, json.dumps(options), script, *arguments]
        try:
            with subprocess.Popen(command) as process:
                status = _ended(process)
        except OSError as error:
            raise LosslintError(f"--python {python}: cannot be run: {error.strerror or error}") from error
        text = Path(told).read_text(encoding="utf-8") if os.path.exists(told) else ""
    records = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return Recorded(
        status=status,
        epochs=tuple(record for record in records if record["kind"] == "epoch"),
        failures=tuple(record for record in records if record["kind"] == "failed"),
        fits=sum(record["kind"] == "end" for record in records),
    )


def _ended(process: subprocess.Popen[bytes]) -> int:
    """The exit status of the script. Ctrl-C reaches it too, and what it does then (it may save its model) is its own affair."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def epochs_asked(text: str) -> list[int | str]:
    """The epochs of an option like ``1,5,last``: numbers counted from 1, and ``last``.

    Raises
    ------
    LosslintError
        A word is neither.
    """
    found: list[int | str] = []
    for word in (part.strip() for part in text.split(",")):
        if word != "last" and not (word.isdigit() and int(word) > 0):
            raise LosslintError(f"--epochs {text}: {word!r} is no epoch; give numbers from 1, or `last`, with commas between")
        found.append(word if word == "last" else int(word))
    return found


def formula(text: str, script: str) -> str:
    """A formula ``FILE:FUNCTION`` whose file exists, to be found from any folder; in the script itself, with the script's own spelling.

    Raises
    ------
    LosslintError
        It is not of that form, or there is no such file.
    """
    path, _, name = text.rpartition(":")
    if not path or not name.isidentifier():
        raise LosslintError(f"--mine {text}: give FILE:FUNCTION, as in train.py:my_loss")
    if not os.path.isfile(path):
        raise LosslintError(f"--mine {text}: no such file: {path}")
    return f"{script if os.path.exists(script) and os.path.samefile(path, script) else os.path.abspath(path)}:{name}"
