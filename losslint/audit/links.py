"""What the linter says of the file of a loss that was trained, and where the training contradicts it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from losslint.audit.causes import CAUSES
from losslint.audit.chain import Chain
from losslint.audit.evaluated import EVALUATE
from losslint.config import Settings
from losslint.discovery import shown
from losslint.finding import Finding
from losslint.parallel import check_file
from losslint.project import ProjectModules
from losslint.rule import Rule


def findings_in(path: str, settings: Settings, rules: Sequence[Rule]) -> tuple[Finding, ...]:
    """The findings in a file; none if it is not there or cannot be read.

    Parameters
    ----------
    settings, rules
        As for a check.
    """
    if not os.path.exists(path):
        return ()
    return check_file(shown(path), settings, rules, ProjectModules(), named=False).result.findings


def disagreements(chain: Chain) -> Iterator[str]:
    """In words, each step that no rule speaks of where one should, and each finding that no step bears out; in the user's own losses.

    Parameters
    ----------
    chain
        From the shown loss to the user's, with the findings of all rules.
    """
    if chain.yours == EVALUATE:
        return
    effects = {cause for step in chain.steps for cause in step.causes} | ({"hidden"} if chain.penalised else set())
    measured = {"whole": "whole" in chain.nodes and chain.batches > 1, "hidden": chain.hidden is not None}
    for name in (name for name, known in measured.items() if known):
        rules = CAUSES[name].rules
        found = [finding for finding in chain.findings if finding.code in rules]
        if name in effects and not found and chain.own:
            yield f"{chain.path}:{chain.line}: {chain.loss} has a step `{name}`, and none of {', '.join(rules)} speaks of it"
        for finding in found if name not in effects else ():
            yield f"{finding.place.path}:{finding.place.line}: {finding.code} {finding.name}, and {chain.loss} has no step `{name}`"
