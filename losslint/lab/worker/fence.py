"""What keeps a loss from doing harm: Landlock where the kernel has it, then limits, then an audit hook.

The slice is the real protection: only definitions run. This is for what they still do. Landlock also holds back what
TensorFlow writes from C++; where there is none, that is not held back.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from typing import Any, Dict

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
NO_NEW_PRIVILEGES = 38
PARENT_DEATH_SIGNAL = 1
KILL = 9
# Access rights of linux/landlock.h: execute, write, remove and make of every kind; then refer, truncate, device control.
EXECUTE, WRITE_FILE = 1 << 0, 1 << 1
CHANGES = WRITE_FILE | sum(1 << bit for bit in range(4, 13))
REFER, TRUNCATE, IOCTL = 1 << 13, 1 << 14, 1 << 15
TCP = 0b11
SCOPES = 0b11  # abstract sockets, signals

REFUSED = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.forkpty", "pty.", "os.kill",
    "os.killpg", "urllib.", "ftplib.", "smtplib.", "http.", "webbrowser.", "sqlite3.", "ctypes.dlopen", "ctypes.dlsym",
    "ctypes.cdata", "ctypes.call_function", "signal.pthread_kill", "imaplib.", "poplib.", "telnetlib.", "resource.",
)  # fmt: skip
CHANGING = (
    "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown",
    "os.utime", "os.setxattr", "os.removexattr", "shutil.",
)  # fmt: skip
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Refused(BaseException):
    """An act that the fence refuses; no `except Exception` of a loss turns it into success."""


def landlock(folder: str) -> bool:
    """Allow changes below a folder only, no new programs, no TCP, no signals to others; False where the kernel has no Landlock."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    handled = EXECUTE | CHANGES | (REFER if version >= 2 else 0) | (TRUNCATE if version >= 3 else 0) | (IOCTL if version >= 5 else 0)
    attributes = struct.pack("QQQ", handled, TCP, SCOPES)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    ruleset = libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return False
    within = handled & ~EXECUTE & ~IOCTL
    for path, allowed in ((folder, within), (os.devnull, WRITE_FILE)):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        libc.syscall(ADD_RULE, ruleset, 1, struct.pack("=Qi", allowed, place), 0)
        os.close(place)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    held = libc.syscall(RESTRICT_SELF, ruleset, 0) == 0
    os.close(ruleset)
    return bool(held)


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, KILL, 0, 0, 0)


def limit(limits: Dict[str, int]) -> None:
    """Set soft and hard limits: bytes of private memory, bytes of a file, seconds of all threads, open files."""
    kinds = {
        "memory": resource.RLIMIT_DATA,
        "file": resource.RLIMIT_FSIZE,
        "seconds": resource.RLIMIT_CPU,
        "files": resource.RLIMIT_NOFILE,
        "core": resource.RLIMIT_CORE,
    }
    for name, amount in limits.items():
        try:
            resource.setrlimit(kinds[name], (amount, amount))
        except (ValueError, OSError):  # lower limits are in force already
            continue


def watch(folder: str, told: Any) -> None:
    """Refuse from now on, in this process, what no loss needs; `told` is called with every refusal.

    Parameters
    ----------
    folder
        The one folder that may be written to.
    """
    home = os.path.realpath(folder)

    def within(path: Any) -> bool:
        if isinstance(path, int):
            return True
        try:
            name = os.path.realpath(os.fsdecode(path))
        except (TypeError, ValueError):
            return False
        return name == home or name.startswith(home + os.sep) or name == os.devnull

    def refuse(what: str) -> None:
        told(what)
        raise Refused(what)

    def hook(event: str, arguments: Any) -> None:
        if event == "open":
            path, mode, flags = arguments
            writes = any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & WRITING)
            if writes and not within(path):
                refuse("writing the file {!r}".format(path))
        elif event.startswith(REFUSED):
            refuse(event)
        elif event.startswith(CHANGING) and not all(within(a) for a in arguments if isinstance(a, (str, bytes))):
            refuse("{} outside the temporary folder".format(event))

    sys.addaudithook(hook)
