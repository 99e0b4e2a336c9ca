"""A forked child: fences itself in, then answers requests about one loss until the linter is done with it."""

from __future__ import annotations

import json
import os
import re
import struct
import tempfile
import traceback
from typing import Any, Dict, List, Optional

from losslint_worker import fence

LENGTH = struct.Struct(">I")
# What TensorFlow and Keras put around what they say: names of nodes and devices, colours, what they were called with.
DECORATION = re.compile(
    r"\{\{(?:function_)?node [^}]*\}\}|\[Op:\w+\].*$|\x1b\[\d*m|Exception encountered when calling|Arguments received by .*$", re.S
)
MISSING = re.compile(r"`[\w.]+` is not installed")


def serve(descriptor: int, order: Dict[str, Any]) -> None:
    """Answer requests on a descriptor until it closes.

    Parameters
    ----------
    order
        ``folder``: the only place that may be written to; ``limits``: see `fence.limit`; ``landlock``: whether to use it.
    """
    os.setsid()
    fence.die_with_parent()
    folder = order["folder"]
    os.chdir(folder)
    for variable in ("HOME", "KERAS_HOME", "TMPDIR", "TFHUB_CACHE_DIR", "XDG_CACHE_HOME"):
        os.environ[variable] = folder
    tempfile.tempdir = folder  # what was found before the fork is remembered there
    refusals: List[str] = []
    held = order["landlock"] and fence.landlock(folder)
    fence.limit(order["limits"])
    from losslint_worker.session import Session

    session = Session()
    fence.watch(folder, refusals.append)
    _send(descriptor, {"fence": "Landlock, limits and an audit hook" if held else "limits and an audit hook (this kernel has no Landlock)"})
    while True:
        request = _receive(descriptor)
        if request is None:
            return
        del refusals[:]
        try:
            answer = session.answer(request)
        except BaseException as error:  # whatever a loss raises is an answer
            answer = {"error": described(error, session.paths)}
        if refusals and request["request"] == "run":
            answer = {"error": {"type": "Refused", "message": refusals[0], "line": None, "path": None}}
        _send(descriptor, answer)


def described(error: BaseException, paths: List[str]) -> Dict[str, Any]:
    """An exception as data: its type, its first lines, and the last line of the user's files that it came through."""
    line: Optional[int] = None
    path: Optional[str] = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in paths:
            line, path = frame.lineno, frame.filename
    try:
        message = str(error)
    except BaseException:  # a loss may raise an exception that cannot even be shown
        message = ""
    missing = MISSING.search(message)  # whatever was made of it on the way
    if missing:
        return {"type": "Missing", "message": missing.group(), "line": line, "path": path}
    message = " ".join(DECORATION.sub(" ", message).split())[:600]
    return {"type": type(error).__name__, "message": message, "line": line, "path": path}


def _receive(descriptor: int) -> Optional[Dict[str, Any]]:
    head = _read(descriptor, LENGTH.size)
    if head is None:
        return None
    body = _read(descriptor, LENGTH.unpack(head)[0])
    found: Optional[Dict[str, Any]] = None if body is None else json.loads(body)
    return found


def _read(descriptor: int, length: int) -> Optional[bytes]:
    parts: List[bytes] = []
    while length:
        part = os.read(descriptor, min(length, 1 << 20))
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _send(descriptor: int, answer: Dict[str, Any]) -> None:
    body = json.dumps(answer).encode()
    data = memoryview(LENGTH.pack(len(body)) + body)
    while data:
        data = data[os.write(descriptor, data) :]
