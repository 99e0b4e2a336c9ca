"""Which findings of the linter belong to the loss that was trained."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from losslint.config import Settings
from losslint.finding import Finding
from losslint.linter import check_source
from losslint.project import ProjectModules, read, shown
from losslint.rule import Rule
from losslint.source import SourceError, decode


def findings_of(loss: Mapping[str, Any], settings: Settings, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """The findings in the function of a loss.

    Parameters
    ----------
    loss
        ``name`` and, where the loss is the user's own code, ``path`` and ``line``.
    settings, rules
        As for a check; every rule is asked.
    """
    path = loss.get("path")
    if not path or not os.path.exists(path):
        return ()
    name = shown(path)
    modules = ProjectModules()
    try:
        text = decode(read(name), name)
        result = check_source(text, filename=name, settings=modules.settled(settings, name, text), rules=rules, modules=modules)
    except SourceError:
        return ()
    wanted = loss["name"]
    return tuple(f for f in result.findings if f.function.rpartition(".")[2] == wanted or wanted in f.function.split("."))
