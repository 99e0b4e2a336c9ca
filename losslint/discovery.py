"""Files: the ones that given paths stand for, and how they are read and named."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from losslint.finding import Failure, LosslintError
from losslint.notebooks import ENDING
from losslint.source import SourceError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

EXCLUDED = frozenset(
    {
        ".git",
        ".hg",
        ".venv",
        "venv",
        "env",
        "node_modules",
        "build",
        "dist",
        "__pycache__",
        ".tox",
        ".nox",
        ".eggs",
        "site-packages",
        ".ipynb_checkpoints",
    }
)
READ = (".py", ENDING)
MOST_BYTES = 20_000_000


class Files(Struct, frozen=True):
    """What a check reads.

    Attributes
    ----------
    paths
        Files as reported: relative to the working directory where they lie in it, with ``/``, each once.
    failures
        Given paths that cannot be read.
    excluded
        Given paths that were left out, or whose Python files all were.
    """

    paths: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    excluded: tuple[str, ...] = ()


def shown(path: str) -> str:
    """A path as it is reported."""
    absolute = os.path.abspath(path)
    here = os.getcwd()
    if absolute == here:
        return "."
    prefix = here if here.endswith(os.sep) else here + os.sep
    return (absolute[len(prefix) :] if absolute.startswith(prefix) else absolute).replace(os.sep, "/")


def read(path: str) -> bytes:
    """The bytes of a file.

    Raises
    ------
    SourceError
        It cannot be read.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        reason = "a broken symbolic link" if os.path.islink(path) and not os.path.exists(path) else (error.strerror or str(error)).lower()
        raise SourceError(path, None, f"cannot read the file: {reason}; mend it or exclude it") from error
    if len(data) > MOST_BYTES:
        raise SourceError(path, None, f"the file is larger than {MOST_BYTES // 1_000_000} MB; exclude it")
    return data


# --- ignore files ----------------------------------------------------------------------------------------------------


class _Patterns(Struct, frozen=True):
    """Ignore patterns and the folder they are relative to."""

    folder: str
    spec: GitIgnoreSpec

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """True: ignored, False: taken back by a `!` pattern, None: not mentioned."""
        prefix = self.folder.rstrip(os.sep) + os.sep
        if not path.startswith(prefix):
            return None
        relative = path[len(prefix) :].replace(os.sep, "/")
        return self.spec.check_file(relative + "/" if is_folder else relative).include


@functools.cache
def patterns(folder: str, lines: tuple[str, ...], where: str) -> _Patterns:
    """Ignore patterns; `where` names what they come from if one is not valid."""
    from pathspec import GitIgnoreSpec

    try:
        return _Patterns(folder, GitIgnoreSpec.from_lines(lines))
    except ValueError as error:
        raise LosslintError(f"{where}: not a valid ignore pattern: {error}") from error


def _gitignore(folder: str) -> _Patterns | None:
    path = os.path.join(folder, ".gitignore")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return patterns(folder, tuple(file.read().splitlines()), shown(path))
    except OSError:
        return None


def _ignored(path: str, is_folder: bool, layers: Sequence[_Patterns]) -> bool:
    """Whether the innermost ignore file that mentions a path ignores it."""
    return next((v for layer in reversed(layers) if (v := layer.verdict(path, is_folder)) is not None), False)


# --- which files -----------------------------------------------------------------------------------------------------


class _Walk(Struct):
    """Gathers the files of the given paths."""

    exclude: _Patterns | None
    force: bool
    paths: dict[str, None] = field(default_factory=dict)  # absolute
    failures: list[Failure] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)

    def given(self, path: str) -> None:
        absolute = os.path.abspath(path)
        if not os.path.exists(absolute):
            link = os.path.islink(absolute)
            reason = "it is a broken symbolic link" if link else "no such file or directory"
            self.failures.append(Failure(shown(path), None, f"{reason}; check the path"))
        elif self.force and self._excluded_above(absolute):
            self.excluded.append(shown(path))
        elif not os.path.isdir(absolute):
            self._file(absolute)
        else:
            self._folder(absolute)

    def _file(self, path: str) -> None:
        self.paths.setdefault(path)

    def _folder(self, path: str) -> None:
        try:
            found = list(self._tree(path))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self.failures.append(Failure(shown(path), None, f"cannot read the directory: {reason}; check its permissions"))
            return
        self.paths.update(dict.fromkeys(found))
        if not found:
            if _holds_python(path):
                self.excluded.append(shown(path))
            else:
                self.failures.append(Failure(shown(path), None, "the directory holds no Python file and no notebook; check the path"))

    def _tree(self, top: str) -> Iterator[str]:
        """Python files under a folder, sorted, without what is excluded below it."""
        above = _layers_above(top) if self.force else []
        exclude = self.exclude
        if exclude is not None and not self.force and exclude.verdict(top, True):
            exclude = None  # asked for by name
        stack = [(top, above)]
        while stack:
            folder, layers = stack.pop()
            with os.scandir(folder) as entries:
                here = sorted(entries, key=lambda entry: entry.name)
            if any(entry.name == ".gitignore" for entry in here):
                own = _gitignore(folder)
                layers = [*layers, own] if own else layers
            folders = []
            for entry in here:
                is_folder = entry.is_dir(follow_symlinks=False)
                if is_folder and entry.name in EXCLUDED:
                    continue
                if not is_folder and not (entry.name.endswith(READ) and not entry.is_dir()):
                    continue
                if layers and _ignored(entry.path, is_folder, layers):
                    continue
                if exclude is not None and exclude.verdict(entry.path, is_folder):
                    continue
                if is_folder:
                    folders.append((entry.path, layers))
                else:
                    yield entry.path
            stack.extend(reversed(folders))

    def _excluded_above(self, path: str) -> bool:
        """Whether a path given by name lies in an excluded folder, or an ignore file or the settings name it or a folder above it."""
        root = self.exclude.folder if self.exclude is not None else os.getcwd()
        layers = _layers_above(path)
        is_folder = os.path.isdir(path)
        while True:
            parent, name = os.path.split(path)
            if not name or path == root:
                return False
            inside = path.startswith(root.rstrip(os.sep) + os.sep)
            if is_folder and inside and name in EXCLUDED:
                return True
            if _ignored(path, is_folder, [layer for layer in layers if path.startswith(layer.folder)]):
                return True
            if self.exclude is not None and self.exclude.verdict(path, is_folder):
                return True
            path, is_folder = parent, True


def _layers_above(path: str) -> list[_Patterns]:
    """The ignore files of the repository above a path, outermost first; none outside a repository."""
    found: list[_Patterns] = []
    folder = os.path.dirname(path)
    while True:
        if (layer := _gitignore(folder)) is not None:
            found.insert(0, layer)
        if os.path.exists(os.path.join(folder, ".git")):
            return found
        parent = os.path.dirname(folder)
        if parent == folder:
            return []
        folder = parent


def _holds_python(top: str) -> bool:
    return any(name.endswith(READ) for _, _, names in os.walk(top) for name in names)


def discover(given: Sequence[str], *, exclude: Sequence[str] = (), root: str | None = None, force: bool = False) -> Files:
    """The files that the given paths stand for.

    Parameters
    ----------
    given
        Files, which are always read, and folders, which are searched for ``*.py``.
    exclude
        Patterns as in a .gitignore, relative to `root` (the working directory where it is None).
    force
        Excludes and ignore files also apply to the given paths themselves.

    Raises
    ------
    LosslintError
        A pattern is not valid.
    """
    walk = _Walk(patterns(root or os.getcwd(), tuple(exclude), "exclude") if exclude else None, force)
    for path in given:
        walk.given(path)
    return Files(tuple(shown(path) for path in walk.paths), tuple(walk.failures), tuple(walk.excluded))


def settings_folder(given: Sequence[str]) -> Path:
    """The folder from which the settings of a run are looked for: the deepest one that holds all given paths."""
    folders = [os.path.abspath(path) if os.path.isdir(path) else os.path.dirname(os.path.abspath(path)) for path in given]
    try:
        return Path(os.path.commonpath(folders)) if folders else Path.cwd()
    except ValueError:  # different drives
        return Path.cwd()
