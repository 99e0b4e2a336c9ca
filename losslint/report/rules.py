"""What is told about the rules themselves: the table of all, and the page of one."""

from __future__ import annotations

import json
from collections.abc import Sequence

from losslint.config import nearest
from losslint.finding import LosslintError
from losslint.options import options
from losslint.rule import Rule


def title(rule: Rule) -> str:
    """What the rule is about: the rest of its page's first line."""
    first = rule.documentation.strip().partition("\n")[0]
    return first.partition(":")[2].strip().removesuffix(".") or first


def table(rules: Sequence[Rule]) -> str:
    """One line for each rule: code, name, severity, whether it is asked by default, and what it is about."""
    code, name = max(len(rule.code) for rule in rules), max(len(rule.name) for rule in rules)
    return "".join(
        f"{rule.code:<{code}}  {rule.name:<{name}}  {rule.severity.value:<7}  {'confirm' if rule.proven else 'default' if rule.default else 'opt-in '}  {title(rule)}\n"
        for rule in rules
    )


def page(rules: Sequence[Rule], word: str) -> str:
    """The documentation page of the rule with a code or a name.

    Raises
    ------
    LosslintError
        There is none.
    """
    for rule in rules:
        if word.lower() in (rule.code.lower(), rule.name):
            _, _, rest = rule.documentation.strip().partition("\n")
            kind = f"{rule.severity.value}, {'with --confirm' if rule.proven else 'on by default' if rule.default else 'opt-in'}"
            return f"# {rule.code} {rule.name}: {title(rule)}\n\n({kind})\n\n{rest.strip()}\n{_options(rule)}"
    raise LosslintError(f"unknown rule `{word}`; {nearest(word, (known for rule in rules for known in (rule.name, rule.code)))}")


def _options(rule: Rule) -> str:
    """The last section of a page: what users may set; empty if that is nothing."""
    if rule.options is None:
        return ""
    about = (f"* `{option.name}`: {option.about}. Default: `{json.dumps(option.default)}`.\n" for option in options(rule.options))
    return f"\n## Options\n\nIn the settings, under `[rules.{rule.name}]`:\n\n{''.join(about)}"
