"""What the recorder tells: one JSON object a line, each of a ``kind``."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from typing import Any

Tell = Callable[[dict[str, Any]], None]


def writer(path: str) -> Tell:
    """A function that appends a record to a file at once, so that nothing is lost where the script ends badly."""

    def tell(record: dict[str, Any]) -> None:
        line = json.dumps(plain(record)) + "\n"
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    return tell


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
