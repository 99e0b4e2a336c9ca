"""What the recorder tells: one JSON object a line, each of a ``kind``."""

from __future__ import annotations

import errno
import json
import math
import os
import sys
from collections.abc import Callable
from typing import Any

Tell = Callable[[dict[str, Any]], None]


def writer(path: str) -> Tell:
    """A function that appends a record to a file at once, so that nothing is lost where the script ends badly.

    Where there is no room for one, this is said to standard error, and no more are written.
    """
    lost: list[OSError] = []

    def tell(record: dict[str, Any]) -> None:
        line = (json.dumps(plain(record)) + "\n").encode()
        try:
            if not lost:
                _append(path, line)
        except OSError as error:
            lost.append(error)
            print(f"losslint: error: the records of the audit cannot be written, the training goes on: {error.strerror}", file=sys.stderr)

    return tell


def _append(path: str, line: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)


def said(error: BaseException) -> str:
    """What was raised, in one line of a record."""
    return f"{type(error).__name__}: {error}"


def plain(value: Any) -> Any:
    """A value that JSON can hold: numbers that are not finite become their names, what is unknown its representation."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    try:
        number = float(value)
    except (TypeError, ValueError):
        return repr(value)
    return number if math.isfinite(number) else str(number)
