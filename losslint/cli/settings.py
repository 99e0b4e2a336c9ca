"""`losslint settings`."""

from __future__ import annotations

from typing import Annotated

import typer

from losslint.cli.options import Config, Isolated, settings_for
from losslint.cli.streams import write


def settings(
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="A file or folder.")] = ".",
    config: Config = None,
    isolated: Isolated = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON schema of settings files.")] = False,
) -> None:
    """Show the settings that hold for a path, and where each comes from."""
    import json

    from losslint.settings import KEYS
    from losslint.settings import schema as described

    if schema:
        write(json.dumps(described(), indent=2) + "\n")
        return
    found = settings_for([path], isolated, config)
    for key in KEYS:
        value = getattr(found, key.replace("-", "_"), None)
        if key != "extend":
            origin = found.origins.get(key, "default")
            write(f"{key} = {json.dumps(value, default=str)}  # {origin}\n")
