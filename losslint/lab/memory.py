"""Verdicts of earlier runs, kept while nothing that they depend on has changed: then TensorFlow is not even started."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from msgspec import MsgspecError, Struct, msgpack

from losslint import __version__
from losslint.files import write_in_one_step
from losslint.finding import LosslintError, Verdict

PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "tf_keras", "numpy")
VERSIONS = f"""\
import sys
from importlib.metadata import PackageNotFoundError, version
for name in {PACKAGES!r}:
    try:
        print(name, version(name))
    except PackageNotFoundError:
        pass
print(sys.version)
"""
SECONDS = 30.0


class Memory(Struct, frozen=True):
    """The verdicts of one interpreter under one losslint.

    Attributes
    ----------
    folder
        Where they are; None: nothing is kept.
    key
        What all of them depend on: losslint, the rules, the interpreter, and the versions of its packages.
    """

    folder: Path | None
    key: str

    @classmethod
    def open(cls, python: str, packs: str, folder: Path | None) -> Memory:
        """Ask an interpreter for its versions, by what is written beside its packages: nothing of them is imported.

        Parameters
        ----------
        packs
            A text that changes when losslint or a rule does.
        folder
            Where they are kept; None: they are not.

        Raises
        ------
        LosslintError
            It is no interpreter.
        """
        if folder is None:
            return cls(None, "")
        try:
            told = subprocess.run([python, "-I", "-c", VERSIONS], capture_output=True, timeout=SECONDS, check=True).stdout
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise LosslintError(f"--confirm: cannot run the interpreter `{python}`: {reason}; name another with --python") from error
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise LosslintError(f"--confirm: `{python}` is no working Python interpreter; name another with --python") from error
        key = "\0".join((__version__, packs, python, told.decode(errors="replace")))
        return cls(folder / "verdicts", key)

    def name(self, *parts: Any) -> str:
        """What a verdict is kept under: it depends on everything given."""
        text = self.key + "\0" + json.dumps(parts, sort_keys=True, default=str)
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def get(self, name: str) -> Verdict | None:
        """A verdict, if it is known."""
        if self.folder is None:
            return None
        try:
            return msgpack.decode((self.folder / name).read_bytes(), type=Verdict)
        except (OSError, MsgspecError):
            return None

    def put(self, name: str, verdict: Verdict) -> None:
        """Keep a verdict; a folder that cannot be written to is no error."""
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_in_one_step(self.folder / name, msgpack.encode(verdict))
        except OSError:
            return
