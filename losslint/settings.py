"""Settings files: `losslint.toml`, or the `[tool.losslint]` table of a pyproject.toml; what a key may be, and where each value is from."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from losslint.comments import Malformed, parse_inputs
from losslint.config import COMMAND_LINE, CONFIDENCES, KERAS, SEVERITIES, XLA, Settings, choice, merged, nearest, under
from losslint.finding import Confidence, LosslintError, Severity

OWN, SHARED = "losslint.toml", "pyproject.toml"
MOST_EXTENDED = 10


class Where(Struct, frozen=True):
    """A key, for messages: its text names the file, the line and the key.

    Attributes
    ----------
    file
        None: it is of the command line.
    keys
        The key, and the keys within its table that lead to what is meant.
    """

    file: Path | None
    keys: tuple[str, ...]

    def of(self, key: str) -> Where:
        """A key of this one's table."""
        return Where(self.file, (*self.keys, key))

    @property
    def place(self) -> str:
        """The file and the line, or the option of the command line."""
        if self.file is None:
            return COMMAND_LINE
        try:
            table = ("tool", "losslint") if self.file.name == SHARED else ()
            line = _line(self.file.read_text(encoding="utf-8"), (*table, *self.keys))
        except (OSError, UnicodeDecodeError):
            line = None  # it was there when it was read
        return f"{self.file}:{line}" if line else str(self.file)

    def __str__(self) -> str:
        first, *inner = self.keys
        return f"{self.place}: {first}{''.join(f' of {key!r}' for key in inner)}"


def told(settings: Settings, *keys: str) -> str:
    """What begins a message about a key: the file and the line that set it, or the option; empty where neither does."""
    origin = settings.origins.get(keys[0] if keys[0] != "rules" else ".".join(keys))
    return "" if origin is None else f"{Where(None if origin == COMMAND_LINE else Path(origin), keys).place}: "


def _line(text: str, keys: tuple[str, ...]) -> int | None:
    """The line of a TOML text in which a key is set: the first statement after which it is there."""
    lines = text.replace("\r\n", "\n").split("\n")
    begin = 0
    for end in range(1, len(lines) + 1):
        try:
            table: Any = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue  # it ends within a statement
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else None
        if table is not None:
            return next(number for number in range(begin, end) if lines[number].strip() and not lines[number].lstrip().startswith("#")) + 1
        begin = end
    return None


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

    read: Callable[[Any, Where, Path], Any]
    schema: Mapping[str, Any]
    about: str

    @classmethod
    def word(cls, valid: tuple[str, ...], about: str, make: Callable[[str], Any] = str) -> Key:
        """One of a few words; numbers are taken as words."""

        def read(value: Any, where: Where, folder: Path) -> Any:
            return make(choice(str(value) if type(value) is int else value, valid, where))

        numbers = [int(word) for word in valid if word.isdigit()]
        return cls(read, {"enum": [*valid, *numbers]}, about)


def _words(value: Any, where: Where, folder: Path) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise LosslintError(f'{where} must be a list of strings, as in ["…"], not {value!r}')


def _flag(value: Any, where: Where, folder: Path) -> bool:
    if isinstance(value, bool):
        return value
    raise LosslintError(f"{where} must be true or false, not {value!r}")


def _path(value: Any, where: Where, folder: Path) -> str:
    """A file, made absolute."""
    if isinstance(value, str):
        return str(folder / value)
    raise LosslintError(f'{where} must be a string, as in "losslint-baseline.json", not {value!r}')


def _python(value: Any, where: Where, folder: Path) -> str:
    """An interpreter, made absolute where it is a path."""
    if not isinstance(value, str):
        raise LosslintError(f'{where} must be a string, as in ".venv/bin/python", not {value!r}')
    return str(folder / value) if "/" in value else value


def _ignores(value: Any, where: Where, folder: Path) -> dict[str, tuple[str, ...]]:
    if not isinstance(value, dict):
        raise LosslintError(f'{where} must be a table, as in "tests/" = ["LL1"], not {value!r}')
    return {pattern: _words(selectors, where.of(pattern), folder) for pattern, selectors in value.items()}


def _severities(value: Any, where: Where, folder: Path) -> dict[str, Severity]:
    if not isinstance(value, dict):
        raise LosslintError(f'{where} must be a table, as in batch-sum = "error", not {value!r}')
    return {rule: Severity(choice(word, SEVERITIES, where.of(rule))) for rule, word in value.items()}


def _inputs(value: Any, where: Where, folder: Path) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise LosslintError(f'{where} must be a table of strings, as in "pkg/losses.py::focal" = "y_true: onehot[B, 5]"')
    for key, text in value.items():
        if "::" not in key:
            raise LosslintError(f"{where.of(key).place}: the key {key!r} of inputs must be path::function")
        try:
            parse_inputs(text)
        except Malformed as error:
            raise LosslintError(f"{where.of(key)}, column {error.column + 1} of {text!r}: {error}") from error
    return dict(value)


def _options(value: Any, where: Where, folder: Path) -> dict[str, dict[str, Any]]:
    """Of each rule a table; what may be in it, the rule says."""
    if not isinstance(value, dict):
        raise LosslintError(f"{where} must be a table, as in fixed-batch-size = {{ least = 4 }}, not {value!r}")
    for rule, options in value.items():
        if not isinstance(options, dict):
            raise LosslintError(f"{where.of(rule)} must be a table of options, not {options!r}")
    return value


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
    "loss-names": Key(_words, WORDS, "functions that are losses whatever else they look like, as in a shell: *_criterion"),
    "batch-size-names": Key(_words, WORDS, "names that hold the configured batch size, as in a shell: *_rows"),
    "rules": Key(
        _options,
        {"type": "object", "additionalProperties": {"type": "object"}},
        "options of rules, by code or name: the page of a rule lists them",
    ),
    "packs": Key(_words, WORDS, "installed packages with further rules, or paths"),
    "python": Key(_python, TEXT, "the interpreter with TensorFlow that runs losses"),
    "baseline": Key(_path, TEXT, "the file of known findings"),
}


def schema(rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON schema of a losslint.toml and of a `[tool.losslint]` table.

    Parameters
    ----------
    rules
        Code or name of each rule that has options -> the schema of their table.
    """
    properties = {name: {**key.schema, "description": key.about} for name, key in KEYS.items()}
    properties["rules"] = {**properties["rules"], "properties": rules}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Settings of losslint",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
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
    base = Settings()
    read = _read(table, path, path.parent, shown)
    if "extend" in read:
        if depth == MOST_EXTENDED:
            raise LosslintError(f"{path}: extend: the files extend each other in a circle")
        extended = read_settings(Path(read.pop("extend")), depth + 1)
        if extended is None:
            raise LosslintError(f"{path}: extend: there is no [tool.losslint] table in {table['extend']}")
        base = extended
    return replace(under(base, read, str(path)), root=str(path.parent))


def assigned(words: Sequence[str]) -> dict[str, Any]:
    """What the `--set KEY=VALUE` of a command line say, by fields of the settings; a key of a table is written with dots.

    Raises
    ------
    LosslintError
        One has no `=`, its key does not exist, or its value is not valid.
    """
    table: dict[str, Any] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise LosslintError(f"{COMMAND_LINE} {word}: give KEY=VALUE, as in xla=off")
        try:
            found = tomllib.loads(f"{key} = {value}")
        except tomllib.TOMLDecodeError:
            found = _text(key, value)
        if "extend" in found:
            raise LosslintError(f"{COMMAND_LINE} {word}: --config names the settings file")
        table = merged(table, found)
    return _read(table, None, Path.cwd(), "")


def _text(key: str, value: str) -> dict[str, Any]:
    """A word without quotes is a text."""
    try:
        return tomllib.loads(f"{key} = {json.dumps(value)}")
    except tomllib.TOMLDecodeError as error:
        raise LosslintError(f"{COMMAND_LINE} {key}={value}: `{key}` is no key; `losslint settings` lists them") from error


def _read(table: Mapping[str, Any], file: Path | None, folder: Path, shown: str) -> dict[str, Any]:
    """The fields that a table sets."""
    for key in table:
        if key not in KEYS:
            raise LosslintError(f"{Where(file, (key,)).place}: unknown key `{key}`{shown}; {nearest(key, KEYS)}")
    return {name.replace("-", "_"): KEYS[name].read(value, Where(file, (name,)), folder) for name, value in table.items()}


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
