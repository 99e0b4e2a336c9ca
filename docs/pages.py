"""What the site holds besides the pages written by hand: those of the rules, the settings and the commands, told by losslint itself.

`mkdocs.yml` names this file as a hook. Nothing that it makes is kept anywhere but in the built site.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import typer.main
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from losslint.cli import app
from losslint.config import Settings
from losslint.report.rules import page, title
from losslint.report.settings import described
from losslint.rule import load_rules

PROJECT = Path(__file__).parent.parent
RULES = load_rules()
MOVED = {"](docs/": "](", "](CONTRIBUTING.md)": "](contributing.md)", "](LICENSE)": "](license.md)"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the rules behind the other pages."""
    pages = [{f"{rule.code} {rule.name}": f"rules/{rule.name}.md"} for rule in RULES]
    config.nav = [*(config.nav or ()), {"Rules": [{"All rules": "rules/index.md"}, *pages]}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that nobody wrote."""
    made = {
        "index.md": _at_home("README.md"),
        "contributing.md": _at_home("CONTRIBUTING.md"),
        "license.md": f"# License\n\n{_at_home('LICENSE')}",
        "settings.md": _settings(),
        "commands.md": _commands(),
        "rules/index.md": _rules(),
        **{f"rules/{rule.name}.md": page(RULES, rule.name) for rule in RULES},
    }
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def _at_home(name: str) -> str:
    """The text of a file beside `docs`, with its links as the site has them."""
    text = (PROJECT / name).read_text(encoding="utf-8")
    for there, here in MOVED.items():
        text = text.replace(there, here)
    return text


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ("---",) * len(head), *rows))


def _rules() -> str:
    """The table of all rules."""
    rows = [
        (
            rule.code,
            f"[{rule.name}]({rule.name}.md)",
            f"{rule.severity.value}, with --confirm"
            if rule.proven
            else rule.severity.value
            if rule.default
            else f"{rule.severity.value}, opt-in",
            title(rule),
        )
        for rule in RULES
    ]
    return f"# Rules\n\n{_table(('code', 'name', 'severity', 'what is wrong'), rows)}"


def _settings() -> str:
    """One section for each setting of the schema."""
    sections = ["# Settings\n\nIn a `losslint.toml`, or the `[tool.losslint]` table of a `pyproject.toml`.\n"]
    for key, part in described(RULES)["properties"].items():
        value = getattr(Settings(), key.replace("-", "_"), None)
        default = f" Default: `{json.dumps(value)}`." if value is not None else ""
        said = part["description"]
        sections.append(f"## {key}\n\n{said[0].upper()}{said[1:]}.\n\nValue: {_kind(part)}.{default}\n")
    return "\n".join(sections)


def _kind(part: dict[str, Any]) -> str:
    """What a part of the schema asks for, in words."""
    if "enum" in part:
        return " or ".join(f"`{json.dumps(value)}`" for value in part["enum"])
    if part["type"] == "array":
        return f"a list, of which each part is {_kind(part['items'])}"
    if part["type"] == "object":
        return f"a table, of which each value is {_kind(part['additionalProperties'])}" if "additionalProperties" in part else "a table"
    return {"string": "a string", "boolean": "`true` or `false`"}[part["type"]]


def _commands() -> str:
    """One section for each command, as its `--help` tells it."""
    group: Any = typer.main.get_command(app)
    sections = [f"# Commands\n\n{group.help}\n"]
    for name, command in sorted(group.commands.items()):
        context = command.make_context(name, [], resilient_parsing=True)
        records = [record for parameter in command.get_params(context) if (record := parameter.get_help_record(context))]
        rows = [(f"`{spelling}`", said) for spelling, said in records]
        usage = " ".join(("$ losslint", name, *command.collect_usage_pieces(context)))
        sections.append(f"## losslint {name}\n\n{command.help}\n\n```console\n{usage}\n```\n\n{_table(('', ''), rows)}")
    return "\n".join(sections)
