"""Settings: what `[tool.losslint]` of a pyproject.toml may say, and how the command line overrides it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from losslint.comments import Malformed, parse_inputs
from losslint.finding import Confidence, LosslintError

KERAS = ("auto", "2", "3")
XLA = ("on", "off")
CONFIDENCES = tuple(confidence.value for confidence in Confidence)


class Settings(Struct, frozen=True):
    """How a check is done.

    Attributes
    ----------
    select, extend_select, ignore
        Selectors: codes, names, prefixes of codes, ``default``, ``ALL``.
    min_confidence
        Findings below it are left out.
    exclude
        Patterns as in a .gitignore, relative to `root`, besides the default excludes.
    keras
        Which Keras the project uses: ``auto``, ``2`` or ``3``.
    xla
        Whether findings that only appear under XLA are wanted: ``on`` or ``off``.
    inputs
        ``path::function`` -> declared inputs, as in a `# losslint: inputs` comment.
    packs
        Installed packages with further rules.
    python
        The interpreter that runs losses, relative to `root`; None: losslint's own.
    baseline
        The file of known findings, relative to `root`.
    root
        Folder of the settings file; None where there is none.
    """

    select: tuple[str, ...] = ("default",)
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    min_confidence: Confidence = Confidence.MEDIUM
    exclude: tuple[str, ...] = ()
    keras: str = "auto"
    xla: str = "on"
    inputs: Mapping[str, str] = field(default_factory=dict)
    packs: tuple[str, ...] = ()
    python: str | None = None
    baseline: str | None = None
    root: str | None = None


class Confirmation(Struct, frozen=True):
    """What is asked of the laboratory.

    Attributes
    ----------
    python
        The interpreter that runs losses.
    seconds
        How long one loss may run.
    refuted
        Whether findings that a real run refuted are reported.
    repro
        Folder to which a script is written for each confirmed finding; None: none is.
    fixes
        Whether each fix is run, too.
    """

    python: str
    seconds: float = 20.0
    refuted: bool = False
    repro: str | None = None
    fixes: bool = False


KEYS = ("select", "extend-select", "ignore", "min-confidence", "exclude", "keras", "xla", "inputs", "packs", "python", "baseline")


def nearest(word: str, valid: Iterable[str]) -> str:
    """The second half of a message about an unknown word: the nearest valid one, or all of them."""
    words = list(dict.fromkeys(valid))
    folded = {known.lower(): known for known in reversed(words)}
    near = get_close_matches(word.lower(), folded, 1, 0.6)
    if near:
        return f"did you mean `{folded[near[0]]}`?"
    return f"it is one of {' '.join(words)}" if len(words) <= 12 else "`losslint rules` lists them"


def choice(value: object, valid: Sequence[str], where: str) -> str:
    """A value that must be one of a few words.

    Raises
    ------
    LosslintError
        It is another one.
    """
    if isinstance(value, str) and value in valid:
        return value
    raise LosslintError(f"{where} = {value!r} is not valid; {nearest(str(value), valid)}")


def overridden(
    settings: Settings,
    *,
    select: Sequence[str] = (),
    extend_select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    min_confidence: str | None = None,
) -> Settings:
    """Settings under the options of a command line: a given selection replaces that of the settings, the rest adds to it."""
    if select:
        settings = replace(settings, select=tuple(select), extend_select=(), ignore=())
    if min_confidence is not None:
        settings = replace(settings, min_confidence=Confidence(choice(min_confidence, CONFIDENCES, "--min-confidence")))
    return replace(
        settings,
        extend_select=(*settings.extend_select, *extend_select),
        ignore=(*settings.ignore, *ignore),
    )


def find_settings(start: Path) -> Settings:
    """The settings of the nearest pyproject.toml, in a folder or above it, that has a `[tool.losslint]` table.

    Raises
    ------
    LosslintError
        A pyproject.toml on the way is broken, or the table is not valid.
    """
    folder = start.absolute()
    for candidate in (folder, *folder.parents):
        path = candidate / "pyproject.toml"
        if path.is_file():
            settings = read_settings(path)
            if settings is not None:
                return settings
    return Settings()


def read_settings(path: Path) -> Settings | None:
    """The `[tool.losslint]` table of a file, None if there is none.

    Raises
    ------
    LosslintError
        The file cannot be read, is no TOML, or the table is not valid.
    """
    import tomllib

    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LosslintError(f"{path}: cannot read the settings: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LosslintError(f"{path}: not valid TOML: {error}; mend it or run with --isolated") from error
    tool = tables.get("tool", {})
    table = tool.get("losslint") if isinstance(tool, dict) else None
    if table is None:
        return None
    return _settings(table, path)


def _settings(table: object, path: Path) -> Settings:
    if not isinstance(table, dict):
        raise LosslintError(f"{path}: [tool.losslint] must be a table")
    for key in table:
        if key not in KEYS:
            raise LosslintError(f"{path}: unknown key `{key}` in [tool.losslint]; {nearest(key, KEYS)}")

    def words(key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        return _words(table[key], f"{path}: {key}") if key in table else default

    def word(key: str, valid: Sequence[str], default: str) -> str:
        value: Any = table.get(key, default)
        return choice(str(value) if type(value) is int else value, valid, f"{path}: {key}")

    return Settings(
        select=words("select", ("default",)),
        extend_select=words("extend-select"),
        ignore=words("ignore"),
        min_confidence=Confidence(word("min-confidence", CONFIDENCES, "medium")),
        exclude=words("exclude"),
        keras=word("keras", KERAS, "auto"),
        xla=word("xla", XLA, "on"),
        inputs=_inputs(table.get("inputs", {}), path),
        packs=words("packs"),
        python=_python(table.get("python"), path),
        baseline=_path(table.get("baseline"), path),
        root=str(path.parent),
    )


def _python(value: object, path: Path) -> str | None:
    """The interpreter, made absolute where it is a path."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise LosslintError(f'{path}: python must be a string, as in ".venv/bin/python", not {value!r}')
    return str(path.parent / value) if "/" in value else value


def _path(value: object, path: Path) -> str | None:
    """A file, made absolute."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise LosslintError(f'{path}: baseline must be a string, as in "losslint-baseline.json", not {value!r}')
    return str(path.parent / value)


def _words(value: object, where: str) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise LosslintError(f'{where} must be a list of strings, as in ["LL301"], not {value!r}')


def _inputs(value: object, path: Path) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise LosslintError(f'{path}: inputs must be a table of strings, as in "pkg/losses.py::focal" = "y_true: onehot[B, 5]"')
    for key, text in value.items():
        if "::" not in key:
            raise LosslintError(f"{path}: the key {key!r} of inputs must be path::function")
        try:
            parse_inputs(text)
        except Malformed as error:
            raise LosslintError(f"{path}: inputs of {key!r}, column {error.column + 1} of {text!r}: {error}") from error
    return dict(value)
