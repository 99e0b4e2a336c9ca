"""What a rule is, what it reports, the laboratory it may ask, and the registry of packs."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from msgspec import Struct
from msgspec.structs import replace

from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.config import Settings, nearest
from losslint.experiment import Lab
from losslint.finding import Confidence, LosslintError, Severity, Verdict
from losslint.options import Options, decoded
from losslint.repair import Repair
from losslint.settings import told

BUILT_IN = "losslint_rules"
CODE = re.compile(r"[A-Z]{2,}[0-9]{3}")
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
LONGEST_QUOTE = 60


class Report(Struct, frozen=True):
    """What a rule's `check` yields: the flagged value, why, and what to write instead.

    Attributes
    ----------
    because
        Further values and what each has to do with it.
    xla
        Whether it goes wrong under XLA only: reported with medium confidence, and not at all where the settings say ``xla = "off"``.
    """

    node: Node
    message: str
    help: str
    because: tuple[tuple[Node, str], ...] = ()
    confidence: Confidence = Confidence.HIGH
    xla: bool = False


class Ignored(Struct, frozen=True):
    """An ignore comment, as a rule on such comments is asked about it.

    Attributes
    ----------
    names
        Codes and names in it, in lower case; None: it is for all rules.
    used
        Those of them that silenced a finding; of a comment for all rules, what it silenced.
    known, asked
        Codes and names of all rules, and of those that were asked, in lower case.
    """

    names: frozenset[str] | None
    used: frozenset[str]
    known: frozenset[str]
    asked: frozenset[str]


def no_reports(trace: Trace) -> Iterable[Report]:
    """The `check` of a rule that is asked about ignore comments only."""
    return ()


class Rule(Struct, frozen=True):
    """One rule: a question about one run of a loss.

    Attributes
    ----------
    code, name
        ``LL301`` and ``unguarded-log``; either addresses it.
    severity
        How bad a true finding is.
    check
        Reads the record of an abstract run, yields reports.
    bad, good, misses
        Examples, each a whole module. In a bad one, and in a known miss, the line that deserves the finding ends in ``# here``.
    default
        Whether it is selected without being asked for.
    proven
        Whether it speaks only where a real run has confirmed it.
    supersedes
        Names of rules whose finding on the same expression gives way to this one's.
    confirm, fix
        The other half, and the repair of what was reported on a run; None where there is none.
    places
        The nodes at which the rule's question can be asked at all, flagged or not; None: at the values that training uses.
    ignores
        For a rule on ignore comments: the names in one that should go, or None for the whole comment, with a message each.
    options
        What users may set, see `losslint.options`; a rule reads it with ``trace.options(KIND)``. None: nothing.
    documentation
        The rule's page in Markdown: the docstring of its module, which the registry fills in.
    """

    code: str
    name: str
    severity: Severity
    check: Callable[[Trace], Iterable[Report]]
    bad: tuple[str, ...]
    good: tuple[str, ...]
    misses: tuple[str, ...] = ()
    default: bool = True
    proven: bool = False
    supersedes: tuple[str, ...] = ()
    confirm: Callable[[Lab, Report], Verdict] | None = None
    places: Callable[[Trace], Iterable[Node]] | None = None
    fix: Callable[[Trace, Report], Repair | None] | None = None
    ignores: Callable[[Ignored], Iterable[tuple[str | None, str]]] | None = None
    options: type[Options] | None = None
    documentation: str = ""


def quoted(node: Node) -> str:
    """The source of a node in backticks for a message, cut where it is long."""
    text = str(node.details["name"]) if node.operation == "parameter" else node.text
    return f"`{text}`" if len(text) <= LONGEST_QUOTE else f"`{text[: LONGEST_QUOTE - 1].rstrip()}…`"


def configured(rules: Sequence[Rule], settings: Settings) -> dict[type[Options], Options]:
    """What the settings make of the options that rules have, those of which nothing is set left out.

    Raises
    ------
    LosslintError
        A rule or an option does not exist, or a value is not valid.
    """
    given: dict[type[Options], dict[str, object]] = {}
    for word, options in settings.rules.items():
        for name, value in options.items():
            try:
                kind, field, held = _option(rules, word, name, value)
            except LosslintError as error:  # only now is the line looked for: that takes the time of reading the file many times
                raise LosslintError(f"{told(settings, 'rules', word, name)}{error}") from error
            given.setdefault(kind, {})[field] = held
    return {kind: kind(**values) for kind, values in given.items()}


def _option(rules: Sequence[Rule], word: str, name: str, value: object) -> tuple[type[Options], str, object]:
    """What holds an option of a rule, its field there, and its value."""
    kinds = {known: rule.options for rule in rules for known in (rule.code, rule.name)}
    if word not in kinds:
        raise LosslintError(f"unknown rule `{word}`; {nearest(word, kinds)}")
    kind = kinds[word]
    if kind is None:
        having = " ".join(rule.name for rule in rules if rule.options is not None)
        raise LosslintError(f"the rule `{word}` has no options; those that have are {having}")
    try:
        return kind, *decoded(kind, name, value)
    except LosslintError as error:
        raise LosslintError(f"rules.{word}.{name}: {error}") from error


# --- the registry ------------------------------------------------------------------------------------------------


def load_rules(packs: Iterable[str] = (), *, folder: Path | None = None, allow_local: bool = False) -> tuple[Rule, ...]:
    """The built-in rules and those of the packs named, pack by pack, by code within each.

    Parameters
    ----------
    packs
        Import names of installed packages, or paths (they hold a ``/`` or begin with a dot).
    folder
        What a path is relative to: the folder of the settings file. None: the working directory.
    allow_local
        Whether paths may be loaded: that runs code of the tree that is being linted.

    Raises
    ------
    LosslintError
        A pack is missing, fails to import, holds no rule or may not be loaded; or two rules share a code or a name.
    """
    rules: list[Rule] = []
    for pack in (BUILT_IN, *packs):
        for rule in load_pack(pack, folder=folder, allow_local=allow_local):
            clash = next((r for r in rules if rule.code == r.code or rule.name == r.name), None)
            if clash:
                raise LosslintError(f"pack {pack!r}: {rule.code} {rule.name} clashes with {clash.code} {clash.name}; rename it")
            rules.append(rule)
    return tuple(rules)


def load_pack(name: str, *, folder: Path | None = None, allow_local: bool = False) -> tuple[Rule, ...]:
    """The rules of one pack: every `Rule` bound to the name ``RULE`` in one of its modules, by code.

    Parameters and errors are those of `load_rules`.
    """
    if _is_local(name) and not allow_local:
        raise LosslintError(
            f"pack {name!r} is a path, and loading it runs code of the linted project; pass --allow-local-packs if you trust it, "
            "or install it as a package and give its import name"
        )
    try:
        package = import_pack(name, folder)
        found = [
            replace(module.RULE, documentation=module.RULE.documentation or (module.__doc__ or ""))
            for module in _modules(package)
            if isinstance(getattr(module, "RULE", None), Rule)
        ]
    except Exception as error:  # a pack is foreign code: whatever its import raises is the user's to know
        reason = f"{type(error).__name__}: {error}"
        raise LosslintError(f"pack {name!r} does not import: {reason}; install it or remove it from `packs`") from error
    if not found:
        raise LosslintError(f"pack {name!r} holds no rule: a rule module binds a losslint Rule to the name RULE")
    return tuple(sorted(found, key=lambda rule: rule.code))


def import_pack(name: str, folder: Path | None = None) -> ModuleType:
    """The package or module of a pack, imported: this runs its code."""
    return _from_path((folder or Path()) / name) if _is_local(name) else importlib.import_module(name)


def _is_local(name: str) -> bool:
    """Whether a pack is given as a path."""
    return "/" in name or name.startswith(".")


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for info in pkgutil.walk_packages(getattr(package, "__path__", []), package.__name__ + "."):
        yield importlib.import_module(info.name)


def _from_path(path: Path) -> ModuleType:
    """Import a module or package by its place, under a name that no other module can have."""
    path = path.resolve()
    start = path / "__init__.py" if path.is_dir() else path
    if not start.is_file():
        raise FileNotFoundError(f"{start} is no file")
    name = f"losslint_local_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, start, submodule_search_locations=[str(path)] if path.is_dir() else None)
    if spec is None or spec.loader is None:
        raise ImportError(f"{start} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
