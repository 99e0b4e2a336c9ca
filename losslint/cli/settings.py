"""`losslint settings`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from losslint.cli.options import Assigned, Config, Isolated, LocalPacks, rules_of, settings_for
from losslint.cli.streams import write

if TYPE_CHECKING:
    from losslint.config import Settings
    from losslint.rule import Rule


def settings(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="A file or folder.")] = ".",
    assigned: Assigned = None,
    config: Config = None,
    isolated: Isolated = False,
    allow_local_packs: LocalPacks = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of settings files.")] = False,
) -> None:
    """Show the settings that hold for a path, and where each comes from."""
    import json

    from losslint.linter import selected
    from losslint.report.settings import described

    found = settings_for([path], isolated, config, assigned)
    rules = rules_of(found, allow_local_packs)
    if schema:
        write(json.dumps(described(rules), indent=2) + "\n")
        return
    selected(rules, found)
    for key, value, origin in (*_keys(found), *_options(found, rules)):
        write(f"{key} = {json.dumps(value, default=str)}  # {origin}\n")


def _keys(settings: Settings) -> Iterator[tuple[str, Any, str]]:
    """Each key with its value and what sets it."""
    from losslint.settings import KEYS

    for key in KEYS:
        if key not in ("extend", "rules"):
            yield key, getattr(settings, key.replace("-", "_")), settings.origins.get(key, "default")


def _options(settings: Settings, rules: Sequence[Rule]) -> Iterator[tuple[str, Any, str]]:
    """Each option of a rule, by the name of the rule, with its value and what sets it."""
    from losslint.options import options
    from losslint.rule import configured

    given = configured(rules, settings)
    for rule in rules:
        if rule.options is None:
            continue
        holding = given.get(rule.options, rule.options())
        for option in options(rule.options):
            keys = [f"rules.{word}.{option.name}" for word in (rule.code, rule.name)]
            origins = [origin for key, origin in settings.origins.items() if key in keys]
            yield f"rules.{rule.name}.{option.name}", getattr(holding, option.field), origins[-1] if origins else "default"
