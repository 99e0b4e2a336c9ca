"""`losslint new-rule` and `losslint test`, for authors of rules."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from losslint.cli.streams import say, write


def new_rule(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Two or more words with hyphens, as in batch-sum.")],
    pack: Annotated[str, typer.Option(metavar="DIR", help="The folder of the pack.")] = "losslint_pack",
    code: Annotated[str | None, typer.Option(metavar="CODE", help="Letters and three digits; the next free one.")] = None,
) -> None:
    """Write the file of a new rule into a pack."""
    from losslint.packs import new_rule as made

    path = made(name, code, pack)
    write(f"{path}\n")
    say(f"note: it works as it is: `losslint test {pack}` runs its examples; put your own question into `check`")


def test(
    pack: Annotated[str, typer.Argument(metavar="PACK", help="The folder or the import name of a pack.")],
) -> None:
    """Run every example of a pack's rules, and show what differs, with what is known of its values."""
    import os

    from losslint.packs import FILE, record, tested
    from losslint.report.explain import explain
    from losslint.report.style import style_of
    from losslint.report.words import counted
    from losslint.rule import BUILT_IN, load_pack, load_rules

    name = f"./{pack}" if os.path.exists(pack) and not pack.startswith((".", "/")) else pack
    rules = load_pack(name, allow_local=True)
    known = load_rules([] if name == BUILT_IN else [name], allow_local=True)
    style, failed = style_of(sys.stdout), 0
    for item in tested(rules, known):
        failed += 1
        write(f"{item.rule.code} {item.rule.name}, {item.kind} example {item.number}: {item.reason}\n")
        for trace in record(item.text) if item.text else ():
            write(explain(trace, FILE, item.text.splitlines(), (), style))
    examples = sum(len(rule.bad) + len(rule.good) + len(rule.misses) for rule in rules)
    write(f"{counted(len(rules), 'rule')}, {counted(examples, 'example')}, {failed or 'none'} that differ{'s' if failed == 1 else ''}\n")
    raise typer.Exit(int(failed > 0))
