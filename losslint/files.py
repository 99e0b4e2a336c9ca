"""Files written in one step, with the mode and owner that they had: whatever happens, the old text or the new one is there, and nothing beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path


def write_in_one_step(target: Path, data: bytes, ready: Callable[[Path], None] | None = None) -> None:
    """Write a file beside its place and move it there; mode and owner of one that is replaced stay.

    Parameters
    ----------
    ready
        Called with the new file before it is moved; what it raises leaves the old one as it is.

    Raises
    ------
    OSError
        It cannot be written or moved.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with open(beside, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            _be_like(target, beside)
        if ready is not None:
            ready(beside)
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def _be_like(old: Path, new: Path) -> None:
    if os.name == "posix":
        with contextlib.suppress(PermissionError):  # only the superuser gives files away
            os.chown(new, old.stat().st_uid, old.stat().st_gid)
    shutil.copymode(old, new)
