"""Losses that mean harm, or only do it: each costs its own verdict, the next one is unharmed, and nothing outside changes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from losslint.config import Confirmation, Settings
from losslint.finding import Verdict
from losslint.lab.memory import Memory
from losslint.lab.process import Worker
from losslint.lab.verdicts import Laboratory
from losslint.rule import load_rules
from losslint.source import no_modules

pytestmark = pytest.mark.tensorflow
SECONDS = 4.0
SETTINGS = Settings(select=("LL101",))
RULES = load_rules()
TEXT = """\
import ctypes
import os
import shutil
import socket
import subprocess
import sys
import tensorflow as tf
{before}

def hostile_loss(y_true, y_pred):
    {act}
    return tf.reduce_sum(tf.square(y_true - y_pred))


def honest_loss(y_true, y_pred):
    return tf.reduce_sum(tf.abs(y_true - y_pred))
"""
STOPPED = "the loss was stopped"
# What the loss does, and what its verdict says; it may be confirmed where the act is without effect.
ACTS = {
    "loops in Python": ("while True: pass", "longer than"),
    "loops in TensorFlow": ("tf.while_loop(lambda i: True, lambda i: (i + 1,), (tf.constant(0),))", "longer than"),
    "sleeps": ("import time; time.sleep(1000)", "longer than"),
    "forks": ("os.fork()", "os.fork"),
    "allocates": ("x = tf.ones((100000, 100000, 10))", "ResourceExhausted|OOM|memory|stopped"),
    "allocates in Python": ("x = b'1' * (100 << 30)", "MemoryError"),
    "connects": ("socket.create_connection(('127.0.0.1', 9))", "socket"),
    "runs a program": ("subprocess.run(['touch', VICTIM])", "subprocess|os\\.|fork"),
    "calls the shell": ("os.system('rm ' + VICTIM)", "os.system"),
    "removes": ("os.remove(VICTIM)", "os.remove"),
    "removes a tree": ("shutil.rmtree(os.path.dirname(VICTIM))", "shutil.rmtree|os\\."),
    "writes": ("open(VICTIM, 'w').write('gone')", "writing the file"),
    "writes by a descriptor": ("os.open(VICTIM, os.O_WRONLY | os.O_TRUNC)", "writing the file"),
    "leaves by sys.exit": ("sys.exit(0)", "SystemExit"),
    "leaves by os._exit": ("os._exit(0)", "ended its own process"),
    "aborts": ("os.abort()", "SIGABRT"),
    "kills itself": ("os.kill(os.getpid(), 9)", "os.kill"),
    "kills its parent": ("os.kill(os.getppid(), 9)", "os.kill"),
    "crashes": ("ctypes.string_at(0)", "SIGSEGV|ctypes"),
    "prints": ("[sys.stdout.write('x' * (1 << 20)) for _ in range(64)]", "confirmed"),
    "reads its input": ("assert sys.stdin.read() == ''", "confirmed"),
    "changes Keras": ("tf.keras.backend.set_floatx('float16')", "confirmed"),
    "raises what cannot be shown": ("if len(y_true.shape): raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})()", "E"),
    "raises an interrupt": ("if len(y_true.shape): raise KeyboardInterrupt", "KeyboardInterrupt"),
    "hides what was refused": ("\n    try: os.remove(VICTIM)\n    except BaseException: pass\n", "os.remove"),
    "closes everything": ("os.closerange(3, 256)", "ended|channel"),
}
# What TensorFlow does from C++: held back by Landlock alone.
FROM_C = {
    "writes from C++": ("tf.io.write_file(VICTIM, 'gone')", "PermissionDenied|Permission denied"),
    "removes a tree from C++": ("tf.io.gfile.rmtree(os.path.dirname(VICTIM))", "PermissionDenied|Permission denied"),
    "removes by ctypes": ("ctypes.CDLL(None).unlink(VICTIM.encode())", "ctypes|confirmed"),
}
AT_IMPORT = {
    "raises at import": ("raise SystemError('no')", "confirmed"),
    "makes a constant by force": ("SCALE = os.system('rm ' + VICTIM)", "os.system"),
}


def laboratories() -> Iterator[object]:
    yield pytest.param(True, id="Landlock")
    yield pytest.param(False, id="no Landlock")


@pytest.fixture(scope="module", params=list(laboratories()))
def fenced(request: pytest.FixtureRequest) -> Iterator[Laboratory]:
    worker = Worker.start(sys.executable, SECONDS, landlock=request.param)
    with Laboratory(Confirmation(sys.executable, SECONDS), Memory(None, ""), worker) as made:
        yield made


def verdicts(laboratory: Laboratory, folder: Path, act: str, before: str = "") -> tuple[Verdict, Verdict]:
    """What is said of the hostile loss and of the honest one; the victim is unharmed."""
    victim = folder / "kept" / "victim.txt"
    victim.parent.mkdir(exist_ok=True)
    victim.write_text("kept")
    named = f"VICTIM = {str(victim)!r}\n{before}"
    findings = laboratory.judged(TEXT.format(act=act, before=named), "losses.py", SETTINGS, RULES, no_modules).findings
    assert [finding.function for finding in findings] == ["hostile_loss", "honest_loss"]
    assert victim.read_text() == "kept"
    hostile, honest = (finding.verdict for finding in findings)
    assert hostile is not None and honest is not None
    return hostile, honest


def held_back(laboratory: Laboratory, folder: Path, told: str, act: str, before: str = "") -> None:
    """The hostile loss is told what it did, and the honest one is judged all the same."""
    hostile, honest = verdicts(laboratory, folder, act, before)
    assert re.search(told, f"{hostile.status}: {hostile.reason}"), hostile.reason
    assert honest.status == "confirmed", honest.reason


@pytest.mark.parametrize("name", ACTS)
def test_act(name: str, fenced: Laboratory, tmp_path: Path) -> None:
    act, told = ACTS[name]
    held_back(fenced, tmp_path, told, act)


@pytest.mark.parametrize("name", FROM_C)
def test_act_from_c(name: str, fenced: Laboratory, tmp_path: Path) -> None:
    if fenced.worker is None or not fenced.worker.landlock:
        pytest.skip("only Landlock holds this back")
    act, told = FROM_C[name]
    held_back(fenced, tmp_path, told, act)


@pytest.mark.parametrize("name", AT_IMPORT)
def test_act_at_import(name: str, fenced: Laboratory, tmp_path: Path) -> None:
    before, told = AT_IMPORT[name]
    act = "y_pred = y_pred * SCALE" if "SCALE" in before else "pass"
    held_back(fenced, tmp_path, told, act, before)


def test_nothing_is_left_behind(fenced: Laboratory, tmp_path: Path) -> None:
    verdicts(fenced, tmp_path, "while True: pass")
    assert fenced.worker is not None
    assert fenced.worker.children == []
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(fenced.worker.process.pid)], capture_output=True, text=True, check=False)
    assert children.stdout.split() == []


def test_the_run_says_which_fence_it_had(fenced: Laboratory, tmp_path: Path) -> None:
    verdicts(fenced, tmp_path, "pass")
    assert fenced.worker is not None
    (fence,) = fenced.worker.fences
    assert fence.startswith("Landlock") == fenced.worker.landlock


def test_children_die_with_the_worker() -> None:
    worker = Worker.start(sys.executable, SECONDS)
    child = worker.child()
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    until = time.monotonic() + 5
    while os.path.exists(f"/proc/{child.pid}") and time.monotonic() < until:
        time.sleep(0.05)
    assert not os.path.exists(f"/proc/{child.pid}")
