"""What a project says about its files: modules that losses take helpers from, settings of its folders, the Keras it requires."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from losslint import versions
from losslint.config import Settings, overridden
from losslint.discovery import patterns, read, shown
from losslint.settings import OWN, SHARED, read_settings
from losslint.source import Source, SourceError, decode

ROOT_MARKS = (".git", "pyproject.toml", "setup.py", "setup.cfg")
MOST_LEVELS = 8
MOST_KEPT = 1_000_000  # characters of project modules that are kept parsed; a tree takes fifty times as much


class ProjectModules:
    """Looks up project modules on the file system, and remembers what it read and what it looked for in vain."""

    def __init__(self) -> None:
        self._sources: dict[str, Source | None] = {}  # the oldest first
        self._kept = 0  # characters
        self._exists: dict[str, bool] = {}
        self._roots: dict[str, tuple[str, ...]] = {}
        self._keras: dict[str, str] = {}  # folder -> what its own files require
        self._settings: dict[str, Settings | None] = {}  # settings file -> what it says
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
        """The settings for one file: those of the nearest settings file, rules ignored there, the Keras that it or its project names.

        Raises
        ------
        LosslintError
            A settings file on the way is not valid.
        """
        settings = _in_file(self._nearest(settings, path), path)
        told = versions.in_file(settings, text)
        if told.keras != "auto":
            return told
        for folder in self._above(os.path.dirname(os.path.abspath(path))):
            there = [name for name in versions.FILES if self._there(os.path.join(folder, name))]
            keras = self._required(folder, tuple(there))
            if keras != "auto":
                return replace(settings, keras=keras)
        return settings

    def _nearest(self, settings: Settings, path: str) -> Settings:
        """The settings of a file's own folder, or of the nearest one below that of the given settings."""
        folder = Path(os.path.abspath(path)).parent
        for current in (folder, *folder.parents) if settings.nested else ():
            if str(current) == settings.root:
                break
            for name in (OWN, SHARED):
                file = str(current / name)
                if self._there(file) and (found := self._read_settings(file)) is not None:
                    own = replace(found, loss_names=settings.loss_names)  # by these it was told which files are read
                    return overridden(own, **settings.given)
        return settings

    def _read_settings(self, file: str) -> Settings | None:
        if file not in self._settings:
            self._settings[file] = read_settings(Path(file))
        self.touched[file] = None
        return self._settings[file]

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
        if patterns(folder, (pattern,), "per-file-ignores").verdict(absolute, False)
        for selector in selectors
    ]
    return replace(settings, ignore=(*settings.ignore, *more)) if more else settings


def excluded(settings: Settings, path: str) -> bool:
    """Whether the settings of a file's own folder leave it out."""
    folder = settings.root or os.getcwd()
    return bool(settings.excluded) and bool(patterns(folder, settings.excluded, "exclude").verdict(os.path.abspath(path), False))
