"""What commands write, and where."""

from __future__ import annotations

import os
import sys


def write(text: str) -> None:
    """Write to standard output; a reader that has gone away is no error."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(line: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(f"losslint: {' '.join(line.split())}\n")
