"""Options that several commands have, and what is made of them. What is heavy is imported where it is used."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from losslint.finding import LosslintError

if TYPE_CHECKING:
    from losslint.config import Settings
    from losslint.rule import Rule

Words = list[str] | None
Paths = Annotated[Words, typer.Argument(metavar="[PATHS]...", help="Files and folders; the current folder if there is none.")]
Isolated = Annotated[bool, typer.Option("--isolated", help="Ignore every settings file.")]
Config = Annotated[str | None, typer.Option("--config", metavar="FILE", help="The settings file to use.")]
Assigned = Annotated[
    Words, typer.Option("--set", metavar="KEY=VALUE", help="Set a key of the settings, as in xla=off; of an option rules.RULE.OPTION.")
]
LocalPacks = Annotated[bool, typer.Option("--allow-local-packs", help="Load rule packs given as paths: runs code of the linted project.")]


def words_of(given: Iterable[str] | None) -> tuple[str, ...]:
    """The words of a repeated option, each of which may be a list with commas."""
    return tuple(word for item in given or () for part in item.split(",") if (word := part.strip()))


def standard_input(given: Sequence[str], filename: str | None) -> bytes | None:
    """The bytes of standard input where `-` is the path, else None.

    Raises
    ------
    LosslintError
        `-` is one of several paths, or a file name is given without it.
    """
    if "-" not in given:
        if filename is not None:
            raise LosslintError("--stdin-filename names what `-` reads; give `-` as the only path")
        return None
    if len(given) > 1:
        raise LosslintError("`-` reads standard input and must be the only path")
    return sys.stdin.buffer.read()


def settings_for(
    given: Sequence[str], isolated: bool, file: str | None = None, assigned: Sequence[str] | None = None, **options: Any
) -> Settings:
    """The settings that hold for the given paths, or those of a file, under the options of the command line.

    Parameters
    ----------
    assigned
        Each ``KEY=VALUE`` of `--set`.
    options
        The other parameters of `losslint.config.overridden`.

    Raises
    ------
    LosslintError
        A settings file, or what is assigned, is not valid.
    """
    from losslint.config import overridden
    from losslint.settings import assigned as read

    found = _found(given, isolated, file)
    return overridden(found, keys=read(assigned or ()), **options)


def _found(given: Sequence[str], isolated: bool, file: str | None) -> Settings:
    """The settings of files alone."""
    from pathlib import Path

    from msgspec.structs import replace

    from losslint.config import Settings
    from losslint.discovery import settings_folder
    from losslint.settings import find_settings, read_settings

    if file is not None:
        if isolated:
            raise LosslintError("--config names a settings file and --isolated ignores all of them; give one of them")
        settings = read_settings(Path(file).absolute())
        if settings is None:
            raise LosslintError(f"--config {file}: there is no [tool.losslint] table in it")
        return replace(settings, nested=False)
    return Settings(nested=False) if isolated else find_settings(settings_folder(given))


def rules_of(settings: Settings, allow_local: bool) -> tuple[Rule, ...]:
    """The built-in rules and those of the settings' packs.

    Raises
    ------
    LosslintError
        A pack cannot be loaded, or is a path and those are not allowed.
    """
    from pathlib import Path

    from losslint.rule import load_rules

    return load_rules(settings.packs, folder=Path(settings.root) if settings.root else None, allow_local=allow_local)
