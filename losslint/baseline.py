"""Known findings: a file that lists them, so that only new ones are reported. Lines may move; what was flagged may not change."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from losslint.files import write_in_one_step
from losslint.finding import Finding, LosslintError

VERSION = 1
KEYS = ("path", "code", "function", "source")

Key = tuple[str, str, str, str]  # path relative to the file, code, function, flagged expression with blanks folded


class Baseline(Struct, frozen=True):
    """The findings that are known, each with how often it is there."""

    file: Path
    known: dict[Key, int]

    @classmethod
    def read(cls, file: str) -> Baseline:
        """Read a baseline.

        Raises
        ------
        LosslintError
            There is none, or it is no baseline.
        """
        path = Path(file)
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            message = f"--baseline {file}: cannot be read: {(error.strerror or str(error)).lower()}; make one with --write-baseline"
            raise LosslintError(message) from error
        except ValueError as error:
            raise LosslintError(f"--baseline {file}: not valid JSON: {error}; make it anew with --write-baseline") from error
        if not isinstance(told, dict) or told.get("version") != VERSION or not isinstance(told.get("findings"), list):
            raise LosslintError(f"--baseline {file}: no baseline of version {VERSION}; make it anew with --write-baseline")
        known: Counter[Key] = Counter()
        for entry in told["findings"]:
            try:
                path_, code, function, source = (str(entry[key]) for key in KEYS)
                known[path_, code, function, source] += int(entry.get("count", 1))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise LosslintError(f"--baseline {file}: {entry!r} is no finding; make it anew with --write-baseline") from error
        return cls(path, dict(known))

    @classmethod
    def of(cls, file: str, findings: Iterable[Finding]) -> Baseline:
        """The baseline that knows all of these."""
        return cls(Path(file), dict(Counter(_key(finding, Path(file)) for finding in findings)))

    def new(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """The findings that are not known, or are there more often than they were."""
        left = Counter(self.known)
        kept: list[Finding] = []
        for finding in findings:
            key = _key(finding, self.file)
            if left[key] > 0:
                left[key] -= 1
            else:
                kept.append(finding)
        return tuple(kept)

    def gone(self, findings: Iterable[Finding], paths: Iterable[str]) -> int:
        """How many known findings are no longer there, in the files that were checked."""
        here = {_relative(path, self.file) for path in paths}
        there = Counter(_key(finding, self.file) for finding in findings)
        return sum(max(count - there[key], 0) for key, count in self.known.items() if key[0] in here)

    def write(self) -> None:
        """Write the file in one step.

        Raises
        ------
        LosslintError
            It cannot be written.
        """
        entries = [dict(zip(KEYS, key, strict=True)) | {"count": count} for key, count in sorted(self.known.items())]
        text = json.dumps({"version": VERSION, "findings": entries}, indent=1) + "\n"
        try:
            write_in_one_step(self.file, text.encode())
        except OSError as error:
            raise LosslintError(f"--baseline {self.file}: cannot be written: {(error.strerror or str(error)).lower()}") from error


def _key(finding: Finding, file: Path) -> Key:
    return _relative(finding.place.path, file), finding.code, finding.function, finding.source


def _relative(path: str, file: Path) -> str:
    return os.path.relpath(path, file.parent).replace(os.sep, "/")
