"""Settings files: `losslint.toml`, or the `[tool.losslint]` table of a pyproject.toml; what a key may be, and where each value is from."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from losslint.comments import Malformed, parse_inputs
from losslint.config import CONFIDENCES, KERAS, SEVERITIES, XLA, Settings, choice, nearest
from losslint.finding import Confidence, LosslintError, Severity

OWN, SHARED = "losslint.toml", "pyproject.toml"
MOST_EXTENDED = 10


class Key(Struct, frozen=True):
    """One key of a settings file.

    Attributes
    ----------
    read
        Makes the value of a setting of what the file says: given that, where it stands (for messages), and the file's folder.
    schema
        The same as a JSON schema.
    about
        What it does.
    """

    read: Callable[[Any, str, Path], Any]
    schema: Mapping[str, Any]
    about: str

    @classmethod
    def word(cls, valid: tuple[str, ...], about: str, make: Callable[[str], Any] = str) -> Key:
        """One of a few words; numbers are taken as words."""

        def read(value: Any, where: str, folder: Path) -> Any:
            return make(choice(str(value) if type(value) is int else value, valid, where))

        numbers = [int(word) for word in valid if word.isdigit()]
        return cls(read, {"enum": [*valid, *numbers]}, about)


def _words(value: Any, where: str, folder: Path) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise LosslintError(f'{where} must be a list of strings, as in ["LL301"], not {value!r}')


def _flag(value: Any, where: str, folder: Path) -> bool:
    if isinstance(value, bool):
        return value
    raise LosslintError(f"{where} must be true or false, not {value!r}")


def _path(value: Any, where: str, folder: Path) -> str:
    """A file, made absolute."""
    if isinstance(value, str):
        return str(folder / value)
    raise LosslintError(f'{where} must be a string, as in "losslint-baseline.json", not {value!r}')


def _python(value: Any, where: str, folder: Path) -> str:
    """An interpreter, made absolute where it is a path."""
    if not isinstance(value, str):
        raise LosslintError(f'{where} must be a string, as in ".venv/bin/python", not {value!r}')
    return str(folder / value) if "/" in value else value


def _ignores(value: Any, where: str, folder: Path) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise LosslintError(f'{where} must be a table, as in "tests/" = ["LL1"], not {value!r}')
    return {pattern: _words(selectors, f"{where} of {pattern!r}", folder) for pattern, selectors in value.items()}


def _severities(value: Any, where: str, folder: Path) -> dict[str, Severity]:
    if not isinstance(value, dict):
        raise LosslintError(f'{where} must be a table, as in batch-sum = "error", not {value!r}')
    return {rule: Severity(choice(word, SEVERITIES, f"{where} of {rule!r}")) for rule, word in value.items()}


def _inputs(value: Any, where: str, folder: Path) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise LosslintError(f'{where} must be a table of strings, as in "pkg/losses.py::focal" = "y_true: onehot[B, 5]"')
    for key, text in value.items():
        if "::" not in key:
            raise LosslintError(f"{where.removesuffix('inputs')}the key {key!r} of inputs must be path::function")
        try:
            parse_inputs(text)
        except Malformed as error:
            raise LosslintError(f"{where} of {key!r}, column {error.column + 1} of {text!r}: {error}") from error
    return dict(value)


WORDS = {"type": "array", "items": {"type": "string"}}
TEXT, FLAG = {"type": "string"}, {"type": "boolean"}
KEYS: Mapping[str, Key] = {
    "extend": Key(_path, TEXT, "another settings file, whose values hold where this one says nothing"),
    "select": Key(_words, WORDS, "rules to ask: codes, names, prefixes of codes, default, ALL"),
    "extend-select": Key(_words, WORDS, "further rules to ask"),
    "ignore": Key(_words, WORDS, "rules not to ask"),
    "per-file-ignores": Key(_ignores, {"type": "object", "additionalProperties": WORDS}, "rules not to ask in files that fit a pattern"),
    "severity": Key(_severities, {"type": "object", "additionalProperties": {"enum": list(SEVERITIES)}}, "how bad a rule's findings are"),
    "min-confidence": Key.word(CONFIDENCES, "leave out findings below it", Confidence),
    "exclude": Key(_words, WORDS, "files to leave out, as in a .gitignore, relative to the settings file"),
    "extend-exclude": Key(_words, WORDS, "further files to leave out"),
    "force-exclude": Key(_flag, FLAG, "whether excludes also apply to files given by name"),
    "require-reason": Key(_flag, FLAG, "whether an ignore comment must say why"),
    "keras": Key.word(KERAS, "which Keras the project uses"),
    "xla": Key.word(XLA, "whether findings that appear only under XLA are wanted"),
    "inputs": Key(_inputs, {"type": "object", "additionalProperties": TEXT}, "declared inputs of losses, by path::function"),
    "packs": Key(_words, WORDS, "installed packages with further rules, or paths"),
    "python": Key(_python, TEXT, "the interpreter with TensorFlow that runs losses"),
    "baseline": Key(_path, TEXT, "the file of known findings"),
}


def schema() -> dict[str, Any]:
    """The JSON schema of a losslint.toml and of a `[tool.losslint]` table."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of losslint",
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {**key.schema, "description": key.about} for name, key in KEYS.items()},
    }


def find_settings(start: Path) -> Settings:
    """The settings of the nearest losslint.toml, or pyproject.toml with a `[tool.losslint]` table, in a folder or above it.

    Raises
    ------
    LosslintError
        A file on the way is broken, or its table is not valid.
    """
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        for name in (OWN, SHARED):
            path = candidate / name
            if path.is_file() and (settings := read_settings(path)) is not None:
                return settings
    return Settings()


def read_settings(path: Path, depth: int = 0) -> Settings | None:
    """The settings of one file, and of those that it extends; None if it has no table for losslint.

    Raises
    ------
    LosslintError
        The file cannot be read, is no TOML, the table is not valid, or files extend each other in a circle.
    """
    table, shown = _table(path)
    if table is None:
        return None
    if not isinstance(table, dict):
        raise LosslintError(f"{path}: [tool.losslint] must be a table")
    for key in table:
        if key not in KEYS:
            raise LosslintError(f"{path}: unknown key `{key}`{shown}; {nearest(key, KEYS)}")
    base = Settings()
    read = {name: KEYS[name].read(value, f"{path}: {name}", path.parent) for name, value in table.items()}
    if "extend" in read:
        if depth == MOST_EXTENDED:
            raise LosslintError(f"{path}: extend: the files extend each other in a circle")
        extended = read_settings(Path(read.pop("extend")), depth + 1)
        if extended is None:
            raise LosslintError(f"{path}: extend: there is no [tool.losslint] table in {table['extend']}")
        base = extended
    origins = {**base.origins, **dict.fromkeys(read, str(path))}
    fields = {name.replace("-", "_"): value for name, value in read.items()}
    return replace(base, **fields, root=str(path.parent), origins=origins)


def _table(path: Path) -> tuple[Any, str]:
    """The table of a file, and how messages call it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LosslintError(f"{path}: cannot read the settings: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LosslintError(f"{path}: not valid TOML: {error}; mend it or run with --isolated") from error
    if path.name != SHARED:
        return tables, ""
    tool = tables.get("tool", {})
    return (tool.get("losslint") if isinstance(tool, dict) else None), " in [tool.losslint]"
