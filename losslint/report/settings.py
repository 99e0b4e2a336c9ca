"""What settings files may hold, as a JSON schema: the keys, and the options of rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from losslint.options import schema as table
from losslint.rule import Rule
from losslint.settings import schema


def described(rules: Sequence[Rule]) -> dict[str, Any]:
    """The JSON schema of a settings file, for the rules that there are."""
    return schema({word: table(rule.options) for rule in rules if rule.options is not None for word in (rule.code, rule.name)})
