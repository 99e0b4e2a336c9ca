"""The file system: which files a check reads, and the modules of a project."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from losslint import versions
from losslint.config import Settings
from losslint.finding import Failure, LosslintError
from losslint.notebooks import ENDING
from losslint.source import Source, SourceError, decode

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
ROOT_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg")
READ = (".py", ENDING)
MOST_LEVELS = 8
MOST_BYTES = 20_000_000
MOST_KEPT = 1_000_000  # characters of project modules that are kept parsed; a tree takes fifty times as much


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
def _patterns(folder: str, lines: tuple[str, ...], where: str) -> _Patterns:
    from pathspec import GitIgnoreSpec

    try:
        return _Patterns(folder, GitIgnoreSpec.from_lines(lines))
    except ValueError as error:
        raise LosslintError(f"{where}: not a valid ignore pattern: {error}") from error


def _gitignore(folder: str) -> _Patterns | None:
    path = os.path.join(folder, ".gitignore")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return _patterns(folder, tuple(file.read().splitlines()), shown(path))
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
    patterns = _patterns(root or os.getcwd(), tuple(exclude), "exclude") if exclude else None
    walk = _Walk(patterns, force)
    for path in given:
        walk.given(path)
    return Files(tuple(shown(path) for path in walk.paths), tuple(walk.failures), tuple(walk.excluded))


# --- modules ---------------------------------------------------------------------------------------------------------


class ProjectModules:
    """Looks up project modules on the file system, and remembers what it read and what it looked for in vain."""

    def __init__(self) -> None:
        self._sources: dict[str, Source | None] = {}  # the oldest first
        self._kept = 0  # characters
        self._exists: dict[str, bool] = {}
        self._roots: dict[str, tuple[str, ...]] = {}
        self._keras: dict[str, str] = {}  # folder -> what its own files require
        self.touched: dict[str, None] = {}  # absolute paths since the last `forget`

    def forget(self) -> dict[str, None]:
        """The paths that were read, or looked for in vain, since this was last asked."""
        touched, self.touched = self.touched, {}
        return touched

    def find(self, name: str, level: int, importer: str) -> Source | None:
        """See `losslint.source.Modules`."""
        folder = os.path.dirname(os.path.abspath(importer))
        parts = name.split(".") if name else []
        if level:
            for _ in range(level - 1):
                folder = os.path.dirname(folder)
            return self._module(os.path.join(folder, *parts))
        if not parts or parts[0] in sys.stdlib_module_names:
            return None
        for base in self._search(folder):
            top = os.path.join(base, parts[0])
            if self._there(top + ".py") or self._there(os.path.join(top, "__init__.py")) or (len(parts) > 1 and self._there(top)):
                found = self._module(os.path.join(base, *parts))
                if found is not None:
                    return found
        return None

    def settled(self, settings: Settings, path: str, text: str) -> Settings:
        """The settings for one file: rules ignored there, and for an undecided Keras the one that it imports or its project requires."""
        settings = _in_file(settings, path)
        told = versions.in_file(settings, text)
        if told.keras != "auto":
            return told
        for folder in self._above(os.path.dirname(os.path.abspath(path))):
            there = [name for name in versions.FILES if self._there(os.path.join(folder, name))]
            keras = self._required(folder, tuple(there))
            if keras != "auto":
                return replace(settings, keras=keras)
        return settings

    def _required(self, folder: str, names: tuple[str, ...]) -> str:
        if folder not in self._keras:
            texts: list[str] = []
            for name in names:
                with suppress(SourceError):
                    texts.append(read(os.path.join(folder, name)).decode(errors="replace"))
            self._keras[folder] = versions.required(texts)
        return self._keras[folder]

    def _search(self, folder: str) -> tuple[str, ...]:
        """Where absolute imports of a file in a folder may lead: the folder, those above up to the project's root, and their `src`."""
        if folder not in self._roots:
            sources = ((current, os.path.join(current, "src")) for current in self._above(folder))
            self._roots[folder] = tuple(p for current, inner in sources for p in (current, inner) if p is current or os.path.isdir(p))
        return self._roots[folder]

    def _above(self, folder: str) -> Iterator[str]:
        """A folder and those above it, up to the project's root."""
        here = os.getcwd()
        for _ in range(MOST_LEVELS):
            yield folder
            parent = os.path.dirname(folder)
            if folder == here or parent == folder or any(os.path.exists(os.path.join(folder, mark)) for mark in ROOT_MARKS):
                return
            folder = parent

    def _module(self, stem: str) -> Source | None:
        for path in (stem + ".py", os.path.join(stem, "__init__.py")):
            if self._there(path):
                return self._source(path)
        return None

    def _there(self, path: str) -> bool:
        self.touched.setdefault(path)
        if path not in self._exists:
            self._exists[path] = os.path.exists(path)
        return self._exists[path]

    def _source(self, path: str) -> Source | None:
        if path in self._sources:
            return self._sources[path]
        name = shown(path)
        try:
            source = Source.parse(decode(read(path), name), name)
        except SourceError:
            source = None
        while self._sources and self._kept + _size(source) > MOST_KEPT:
            self._kept -= _size(self._sources.pop(next(iter(self._sources))))
        self._kept += _size(source)
        self._sources[path] = source
        return source


def _size(source: Source | None) -> int:
    return 0 if source is None else len(source.text)


def _in_file(settings: Settings, path: str) -> Settings:
    """Settings without the rules that are ignored in a file."""
    absolute, folder = os.path.abspath(path), settings.root or os.getcwd()
    more = [
        selector
        for pattern, selectors in settings.per_file_ignores.items()
        if _patterns(folder, (pattern,), "per-file-ignores").verdict(absolute, False)
        for selector in selectors
    ]
    return replace(settings, ignore=(*settings.ignore, *more)) if more else settings


def settings_folder(given: Sequence[str]) -> Path:
    """The folder from which the settings of a run are looked for: the deepest one that holds all given paths."""
    folders = [os.path.abspath(path) if os.path.isdir(path) else os.path.dirname(os.path.abspath(path)) for path in given]
    try:
        return Path(os.path.commonpath(folders)) if folders else Path.cwd()
    except ValueError:  # different drives
        return Path.cwd()
