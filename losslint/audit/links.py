"""What the linter says of the file of a loss that was trained."""

from __future__ import annotations

import os
from collections.abc import Sequence

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
