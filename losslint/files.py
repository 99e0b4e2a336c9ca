"""Files written in one step: whatever happens, the old text or the new one is there, and nothing beside it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def write_in_one_step(target: Path, data: bytes, ready: Callable[[Path], None] | None = None) -> None:
    """Write a file beside its place and move it there.

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
        if ready is not None:
            ready(beside)
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)
