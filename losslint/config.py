"""Settings: how a check is done, and how the command line overrides it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from losslint.finding import Confidence, LosslintError, Severity

KERAS = ("auto", "2", "3")
XLA = ("on", "off")
COMMAND_LINE = "--set"
CONFIDENCES = tuple(confidence.value for confidence in Confidence)
SEVERITIES = tuple(severity.value for severity in Severity)


class Settings(Struct, frozen=True):
    """How a check is done.

    Attributes
    ----------
    select, extend_select, ignore
        Selectors: codes, names, prefixes of codes, ``default``, ``ALL``.
    per_file_ignores
        Pattern as in a .gitignore, relative to `root` -> selectors of rules that are not asked in such files.
    severity
        Code or name of a rule -> how bad its findings are.
    min_confidence
        Findings below it are left out.
    exclude, extend_exclude
        Patterns as in a .gitignore, relative to `root`, besides the default excludes.
    force_exclude
        Whether excludes also apply to files given by name.
    require_reason
        Whether an ignore comment must say why.
    keras
        Which Keras the project uses: ``auto``, ``2`` or ``3``.
    xla
        Whether findings that only appear under XLA are wanted: ``on`` or ``off``.
    inputs
        ``path::function`` -> declared inputs, as in a `# losslint: inputs` comment.
    loss_names, batch_size_names
        Patterns of names, as in a shell: functions that are losses, and variables, attributes and parameters that hold the
        configured batch size, besides what losslint takes for one by itself.
    rules
        Code or name of a rule -> option -> value, as they are given: only the rule knows what they may be.
    packs
        Installed packages with further rules.
    python
        The interpreter that runs losses, relative to `root`; None: losslint's own.
    baseline
        The file of known findings, relative to `root`.
    root
        Folder of the settings file; None where there is none.
    nested
        Whether a settings file in a folder below `root` takes the place of these for the files there.
    runs
        Whether losses are going to be run: rules that speak only of what a run has shown are asked, too.
    given
        What the command line adds, by the parameters of `overridden`.
    origins
        Key, of an option ``rules.RULE.OPTION`` -> the file that sets it, or ``--set``.
    """

    select: tuple[str, ...] = ("default",)
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    severity: Mapping[str, Severity] = field(default_factory=dict)
    min_confidence: Confidence = Confidence.MEDIUM
    exclude: tuple[str, ...] = ()
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    require_reason: bool = False
    keras: str = "auto"
    xla: str = "on"
    inputs: Mapping[str, str] = field(default_factory=dict)
    loss_names: tuple[str, ...] = ()
    batch_size_names: tuple[str, ...] = ()
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    packs: tuple[str, ...] = ()
    python: str | None = None
    baseline: str | None = None
    root: str | None = None
    nested: bool = True
    runs: bool = False
    given: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    @property
    def excluded(self) -> tuple[str, ...]:
        """All patterns of files to leave out."""
        return (*self.exclude, *self.extend_exclude)


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


def cache_folder(given: str | None = None) -> Path:
    """Where results are kept: the folder given, that of LOSSLINT_CACHE_DIR, or the user's cache folder."""
    folder = given or os.environ.get("LOSSLINT_CACHE_DIR")
    if folder:
        return Path(folder).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("losslint", appauthor=False)


def fits(name: str, patterns: Sequence[str]) -> bool:
    """Whether a name is as one of some patterns says."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def nearest(word: str, valid: Iterable[str]) -> str:
    """The second half of a message about an unknown word: the nearest valid one, or all of them."""
    words = list(dict.fromkeys(valid))
    folded = {known.lower(): known for known in reversed(words)}
    near = get_close_matches(word.lower(), folded, 1, 0.6)
    if near:
        return f"did you mean `{folded[near[0]]}`?"
    return f"it is one of {' '.join(words)}" if len(words) <= 12 else "`losslint rules` lists them"


def choice(value: object, valid: Sequence[str], where: object) -> str:
    """A value that must be one of a few words.

    Parameters
    ----------
    where
        Is asked for its text only where that is needed.

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
    extend_exclude: Sequence[str] = (),
    keys: Mapping[str, Any] | None = None,
    runs: bool = False,
) -> Settings:
    """Settings under the options of a command line: a given selection replaces that of the settings, the rest adds to it.

    Parameters
    ----------
    keys
        Fields with the values that `--set` gives them, which hold whatever a file says.
    runs
        See `Settings`.
    """
    given = {
        "select": tuple(select),
        "extend_select": tuple(extend_select),
        "ignore": tuple(ignore),
        "min_confidence": min_confidence,
        "extend_exclude": tuple(extend_exclude),
        "keys": keys or {},
        "runs": runs,
    }
    if keys:
        settings = under(settings, keys, COMMAND_LINE)
    if select:
        settings = replace(settings, select=tuple(select), extend_select=(), ignore=())
    if min_confidence is not None:
        settings = replace(settings, min_confidence=Confidence(choice(min_confidence, CONFIDENCES, "--min-confidence")))
    return replace(
        settings,
        extend_select=(*settings.extend_select, *extend_select),
        ignore=(*settings.ignore, *ignore),
        extend_exclude=(*settings.extend_exclude, *extend_exclude),
        runs=runs,
        given=given,
    )


def under(settings: Settings, fields: Mapping[str, Any], origin: str) -> Settings:
    """Settings with further fields set.

    Options of rules are set one by one, the others stay. So are the entries of other tables by the command line; a file gives such
    a table whole.

    Parameters
    ----------
    origin
        What sets them.
    """
    named = (name.replace("_", "-") for name in fields if name != "rules")
    options = (f"rules.{rule}.{option}" for rule, given in fields.get("rules", {}).items() for option in given)
    origins = merged(settings.origins, dict.fromkeys((*named, *options), origin))
    adding = {name for name, value in fields.items() if isinstance(value, Mapping) and (name == "rules" or origin == COMMAND_LINE)}
    values = {name: merged(getattr(settings, name), value) if name in adding else value for name, value in fields.items()}
    return replace(settings, **values, origins=origins)


def merged(before: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """A table over another one, entry by entry, also in tables within; what it sets comes last."""
    found = {**before}
    for key, value in table.items():
        old = found.pop(key, None)
        found[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return found
