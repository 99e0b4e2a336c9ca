"""Results of earlier checks, kept in the user's cache folder and used while nothing that they depend on has changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from stat import S_ISDIR
from types import ModuleType

from msgspec import Struct, field
from msgspec.structs import asdict

from losslint import __version__
from losslint.config import Settings
from losslint.files import write_in_one_step
from losslint.finding import LosslintError, Result

MOST_ENTRIES = 200_000
MOST_FILES = 50  # working directories and settings; the oldest go


class Stamp(Struct, frozen=True):
    """What a file was when it was read: time in nanoseconds, size in bytes, and a hash of its contents."""

    time: int
    size: int
    digest: str


class Entry(Struct, frozen=True):
    """The result of one file, and every file it depends on, itself included: None is one that was not there."""

    result: Result
    stamps: dict[str, Stamp | None]


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


FOLDER = Stamp(0, 0, "folder")  # which modules it holds is asked of each of them


def stamp(path: str) -> Stamp | None:
    """The stamp of a file as it is now, None if it cannot be read."""
    try:
        status = os.stat(path)
        if S_ISDIR(status.st_mode):
            return FOLDER
        with open(path, "rb") as file:
            return Stamp(status.st_mtime_ns, status.st_size, _digest(file.read()))
    except OSError:
        return None


def clean(folder: Path) -> int:
    """Take away all that is kept in a cache folder, and tell how many files that was; other files in it stay.

    Raises
    ------
    LosslintError
        A file cannot be taken away.
    """
    found = [path for path in (*folder.glob("*.json"), *folder.glob("verdicts/*")) if path.is_file()]
    for path in found:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise LosslintError(f"{path}: cannot be taken away: {(error.strerror or str(error)).lower()}") from error
    return len(found)


def contents(modules: Iterable[ModuleType]) -> str:
    """A text that changes when a file of one of these packages does."""
    found: list[str] = []
    for module in modules:
        folders = getattr(module, "__path__", None)
        paths = [Path(module.__file__ or "")] if folders is None else [p for folder in folders for p in sorted(Path(folder).rglob("*.py"))]
        for path in paths:
            status = path.stat()
            found.append(f"{path}:{status.st_mtime_ns}:{status.st_size}")
    return "\n".join(found)


class Cache(Struct):
    """The entries of one working directory under one set of settings, rules and losslint itself."""

    file: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    changed: bool = False
    _unchanged: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def open(cls, folder: Path, settings: Settings, packs: str) -> Cache:
        """Read the cache; an unreadable one counts as empty.

        Parameters
        ----------
        folder
            Where caches are.
        packs
            What `contents` says of the rule packs and of losslint.
        """
        import msgspec

        key = _digest("\0".join((__version__, packs, repr(sorted(asdict(settings).items(), key=str)), os.getcwd())).encode())
        file = folder / f"{key}.json"
        try:
            return cls(file, msgspec.json.decode(file.read_bytes(), type=dict[str, Entry]))
        except (OSError, msgspec.MsgspecError):
            return cls(file)

    def get(self, path: str) -> Result | None:
        """The result of a file, if neither it nor anything it depends on has changed."""
        entry = self.entries.get(path)
        if entry is None or not all(self._same(name, then) for name, then in entry.stamps.items()):
            return None
        return entry.result

    def put(self, path: str, entry: Entry) -> None:
        """Keep a result."""
        self.entries[path] = entry
        self.changed = True

    def save(self) -> None:
        """Write the cache, if anything changed; a folder that cannot be written to is no error."""
        if not self.changed or len(self.entries) > MOST_ENTRIES:
            return
        import msgspec

        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_in_one_step(self.file, msgspec.json.encode(self.entries))
            for old in sorted(self.file.parent.glob("*.json"), key=lambda path: -path.stat().st_mtime)[MOST_FILES:]:
                old.unlink()
        except OSError:
            return

    def _same(self, path: str, then: Stamp | None) -> bool:
        key = f"{path}\0{then.digest if then else ''}"
        if key not in self._unchanged:
            self._unchanged[key] = _unchanged(path, then)
        return self._unchanged[key]


def _unchanged(path: str, then: Stamp | None) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return then is None
    if then is None:
        return False
    if S_ISDIR(status.st_mode) or then == FOLDER:
        return stamp(path) == then
    if (status.st_mtime_ns, status.st_size) == (then.time, then.size):
        return True
    now = stamp(path) if status.st_size == then.size else None
    return now is not None and now.digest == then.digest
