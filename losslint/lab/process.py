"""The worker process from the linter's side: started once, one forked child for each loss, a time limit on every answer."""

from __future__ import annotations

import array
import contextlib
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from losslint.finding import LosslintError

LENGTH = struct.Struct(">I")
LONGEST = 1 << 28
STARTUP = 60.0  # seconds for the import of TensorFlow
WORKER = Path(__file__).parent / "worker"
BOOT = """\
import importlib.util, sys
folder, descriptor = sys.argv[1:]
spec = importlib.util.spec_from_file_location("losslint_worker", folder + "/__init__.py", submodule_search_locations=[folder])
module = importlib.util.module_from_spec(spec)
sys.modules["losslint_worker"] = module
spec.loader.exec_module(module)
from losslint_worker.main import main
main(int(descriptor))
"""
KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "KERAS_BACKEND", "TF_USE_LEGACY_KERAS")
MEMORY, FILE_SIZE, FILES = 4 << 30, 64 << 20, 256


class Ended(Exception):
    """A child is gone: the message says how it ended."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What a worker runs on."""

    python: str
    tensorflow: str
    keras: str
    numpy: str
    backend: str
    executable: str


@dataclass(slots=True)
class Child:
    """One loss's process."""

    pid: int
    link: socket.socket
    folder: str

    def ask(self, request: dict[str, Any], until: float) -> dict[str, Any]:
        """Send a request and wait for its answer until a point in time.

        Raises
        ------
        Ended
            There was none in time, or the process ended.
        """
        body = json.dumps(request).encode()
        try:
            self.link.settimeout(max(until - time.monotonic(), 0.001))
            self.link.sendall(LENGTH.pack(len(body)) + body)
            return self.receive(until)
        except TimeoutError as error:
            raise Ended("it took too long") from error
        except OSError as error:
            raise Ended("it ended its own process") from error

    def receive(self, until: float) -> dict[str, Any]:
        """Read one answer before a point in time."""
        length = LENGTH.unpack(self._read(LENGTH.size, until))[0]
        if length > LONGEST:
            raise Ended("it wrote into the laboratory's own channel")
        try:
            answer = json.loads(self._read(length, until))
        except ValueError as error:
            raise Ended("it wrote into the laboratory's own channel") from error
        if not isinstance(answer, dict):
            raise Ended("it wrote into the laboratory's own channel")
        return answer

    def _read(self, length: int, until: float) -> bytes:
        parts: list[bytes] = []
        while length:
            self.link.settimeout(max(until - time.monotonic(), 0.001))
            part = self.link.recv(min(length, 1 << 20))
            if not part:
                raise Ended("it ended its own process")
            parts.append(part)
            length -= len(part)
        return b"".join(parts)


@dataclass(slots=True)
class Worker:
    """A running worker.

    Attributes
    ----------
    environment
        The versions it found.
    seconds
        The limit of one loss.
    home
        Its empty home folder.
    landlock
        Whether children use it where there is one.
    fences
        What held the children in.
    """

    process: subprocess.Popen[bytes]
    control: socket.socket
    environment: Environment
    seconds: float
    home: str
    landlock: bool = True
    children: list[Child] = field(default_factory=list)
    fences: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def start(cls, python: str, seconds: float, landlock: bool = True) -> Self:
        """Start an interpreter and have it import TensorFlow.

        Raises
        ------
        LosslintError
            It is no interpreter, has no TensorFlow, or its Keras computes with something else.
        """
        ours, theirs = socket.socketpair()
        home = tempfile.mkdtemp(prefix="losslint-")
        environment = {name: os.environ[name] for name in KEPT if name in os.environ} | {
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_ENABLE_ONEDNN_OPTS": "0",
            "CUDA_VISIBLE_DEVICES": "-1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "XLA_FLAGS": "--xla_backend_optimization_level=0",
            "HOME": home,
            "KERAS_HOME": home,
        }
        command = [python, "-I", "-c", BOOT, str(WORKER), str(theirs.fileno())]
        try:
            process = subprocess.Popen(
                command,
                env=environment,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise LosslintError(f"--confirm: cannot run the interpreter `{python}`: {reason}; name another with --python") from error
        finally:
            theirs.close()
        try:
            hello = _hello(process, ours, python)
        except BaseException:
            shutil.rmtree(home, ignore_errors=True)
            raise
        return cls(process, ours, Environment(**hello), seconds, home, landlock)

    def child(self) -> Child:
        """Fork a child for one loss.

        Raises
        ------
        Ended
            The child did not come up.
        """
        folder = tempfile.mkdtemp(prefix="losslint-")
        ours, theirs = socket.socketpair()
        limits = {
            "memory": MEMORY,
            "file": FILE_SIZE,
            "seconds": int(self.seconds * (os.cpu_count() or 1)) + 5,
            "files": FILES,
            "core": 0,
        }
        message = json.dumps({"folder": folder, "limits": limits, "landlock": self.landlock}).encode()
        with contextlib.closing(theirs), self.lock:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))]
            self.control.sendmsg([message], rights)
            pid = json.loads(self.control.recv(1 << 16))["pid"]
            self.children.append(child := Child(pid, ours, folder))
        self.fences.add(child.receive(time.monotonic() + self.seconds)["fence"])
        return child

    def end(self, child: Child) -> str:
        """End a child, remove its folder, and say how it ended if that was not our doing."""
        child.link.close()
        for kill in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                kill(child.pid, signal.SIGKILL)
        with self.lock:
            self.control.sendall(json.dumps({"wait": child.pid}).encode())
            status = json.loads(self.control.recv(1 << 16))["status"]
            self.children.remove(child)
        shutil.rmtree(child.folder, ignore_errors=True)
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        return f"killed by {signal.Signals(number).name}" if number and number != signal.SIGKILL else ""

    def close(self) -> None:
        """End everything."""
        for child in list(self.children):
            self.end(child)
        self.control.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def _hello(process: subprocess.Popen[bytes], control: socket.socket, python: str) -> dict[str, Any]:
    """The worker's first message."""
    control.settimeout(STARTUP)
    try:
        data = control.recv(1 << 16)
    except TimeoutError as error:
        process.kill()
        raise LosslintError(f"--confirm: `{python}` did not import TensorFlow within {STARTUP:g} s; name another with --python") from error
    if not data:
        status = process.wait()
        how = f"it was killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        raise LosslintError(f"--confirm: `{python}` ended while importing TensorFlow ({how}); name another interpreter with --python")
    hello: dict[str, Any] = json.loads(data)
    if "failed" in hello:
        process.wait()
        raise LosslintError(
            f"--confirm: `{python}` cannot import TensorFlow: {hello['failed']}; install it there, or name the project's interpreter with --python"
        )
    if hello["backend"] != "tensorflow":
        process.kill()
        process.wait()
        raise LosslintError(f"--confirm: Keras computes with {hello['backend']} in `{python}`; losslint knows the TensorFlow backend only")
    control.settimeout(None)
    return hello
