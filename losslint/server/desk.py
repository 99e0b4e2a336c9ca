"""What is known of each open text: its findings, and the abstract runs of its losses."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from pygls.workspace import TextDocument

from losslint.analysis.trace import Trace
from losslint.config import Settings
from losslint.discovery import discover, shown
from losslint.finding import Finding, LosslintError, Result
from losslint.fixing import Mended, mended
from losslint.linter import check_source, run
from losslint.project import ProjectModules
from losslint.rule import Rule, load_rules
from losslint.settings import find_settings
from losslint.source import Source, SourceError


class Checked(Struct, frozen=True):
    """A version of a text and what was found in it.

    Attributes
    ----------
    complaint
        Why it could not be checked, empty if it was.
    """

    version: int | None
    text: str
    path: str
    settings: Settings
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...] = ()
    complaint: str = ""


class Desk:
    """The open texts. One that is being typed is checked against the settings of its folder, read anew each time."""

    def __init__(self) -> None:
        self._checked: dict[str, Checked] = {}
        self._runs: dict[str, tuple[Checked, list[Trace]]] = {}

    def forget(self, uri: str) -> None:
        """A text that was closed."""
        self._checked.pop(uri, None)
        self._runs.pop(uri, None)

    def checked(self, document: TextDocument) -> Checked:
        """What is found in a text as it is now; a text that cannot be parsed, as while typing, keeps no findings."""
        held = self._checked.get(document.uri)
        if held is None or held.version != document.version or held.text != document.source:
            held = self._checked[document.uri] = _check(document)
        return held

    def traces(self, document: TextDocument) -> list[Trace]:
        """The abstract runs of the losses of a text; none if it cannot be followed."""
        checked = self.checked(document)
        held = self._runs.get(document.uri)
        if held is None or held[0] is not checked:
            held = self._runs[document.uri] = (checked, _follow(checked))
        return held[1]

    def mended(self, document: TextDocument) -> Mended:
        """A text with its safe fixes."""
        checked = self.checked(document)
        modules = ProjectModules()

        def check(text: str) -> Result:
            return check_source(text, filename=checked.path, settings=checked.settings, rules=checked.rules, modules=modules)

        return mended(checked.text, check(checked.text), check, unsafe=False)


def _check(document: TextDocument) -> Checked:
    path, text = shown(document.path), document.source
    try:
        settings = find_settings(Path(document.path).parent)
        if Path(document.path).exists() and discover([path], exclude=settings.excluded, root=settings.root, force=True).excluded:
            return Checked(document.version, text, path, settings, ())
        rules = load_rules(tuple(pack for pack in settings.packs if pack.isidentifier()), folder=None, allow_local=False)
        modules = ProjectModules()
        own = modules.settled(settings, path, text)
        result = check_source(text, filename=path, settings=own, rules=rules, modules=modules)
    except LosslintError as error:
        return Checked(document.version, text, path, Settings(), (), complaint=str(error))
    return Checked(document.version, text, path, own, rules, result.findings)


def _follow(checked: Checked) -> list[Trace]:
    try:
        return run(Source.parse(checked.text, checked.path), checked.settings, ProjectModules())
    except (SourceError, LosslintError):
        return []
