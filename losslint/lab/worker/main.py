"""The worker's life: import TensorFlow once, then fork a child for every loss. It never runs an operation or user code itself."""

from __future__ import annotations

import array
import json
import os
import platform
import socket
import sys
from typing import Any, Dict, List, Tuple

LONGEST = 1 << 20
FDS = array.array("i", [0]).itemsize


def main(descriptor: int) -> None:
    """Serve the linter on a socket until it closes.

    Parameters
    ----------
    descriptor
        A Unix stream socket. Control messages are JSON, one to a packet: ``{"folder", "limits"}`` with a descriptor forks a
        child that serves one loss on that descriptor, ``{"wait": pid}`` asks how a child ended.
    """
    silence()
    sys.argv = ["losslint"]  # for code that reads its arguments at import: there are none
    control = socket.socket(fileno=descriptor)
    hello = _imported()
    control.sendall(json.dumps(hello).encode())
    if "failed" in hello:
        return
    while True:
        message, descriptors = _received(control)
        if not message:
            return
        if "wait" in message:
            _, status = os.waitpid(message["wait"], 0)
            control.sendall(json.dumps({"status": status}).encode())
            continue
        pid = os.fork()
        if pid == 0:
            try:
                control.close()
                from losslint_worker.child import serve

                serve(descriptors[0], message)
            finally:
                os._exit(0)
        os.close(descriptors[0])
        control.sendall(json.dumps({"pid": pid}).encode())


def silence() -> None:
    """Nothing that a library or a loss prints goes anywhere, and there is nothing to read."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)


def _received(control: socket.socket) -> Tuple[Dict[str, Any], List[int]]:
    data, ancillary, _, _ = control.recvmsg(LONGEST, socket.CMSG_LEN(FDS))
    descriptors = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % FDS])
    return (json.loads(data) if data else {}), list(descriptors)


def _imported() -> Dict[str, Any]:
    """Import what losses need; the versions, or why it failed."""
    try:
        import numpy
        import numpy.random  # its first import reads files, which a fenced child must not have to do
        import tensorflow as tf

        keras = tf.keras
        backend = getattr(keras, "backend", None)
        name = backend.backend() if backend is not None else "tensorflow"
        tf.config.set_visible_devices([], "GPU")
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        from losslint_worker import names

        names.prepare()
    except BaseException as error:  # a broken installation may raise anything, and the linter tells it to the user
        return {"failed": " ".join("{}: {}".format(type(error).__name__, error).split())[:500]}
    return {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": getattr(sys.modules.get(keras.__name__.partition(".")[0], keras), "__version__", "of an unknown version"),
        "numpy": numpy.__version__,
        "backend": name,
        "executable": sys.executable,
    }
