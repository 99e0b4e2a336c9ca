"""What losslint reports: findings, places, fixes, verdicts. Frozen data; nothing here reads code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import Enum
from typing import Any

from msgspec import Struct, field


class LosslintError(Exception):
    """A mistake of the user's: the message says what is wrong, where, and what to do."""


class Severity(str, Enum):
    """How bad it is when the finding is true."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Confidence(str, Enum):
    """How sure we are that it is true."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 for low, 2 for high."""
        return ("low", "medium", "high").index(self.value)


class Place(Struct, frozen=True, order=True):
    """A region of a file: 1-based lines, 1-based columns counted in characters, the end exclusive."""

    path: str
    line: int
    column: int
    end_line: int
    end_column: int
    message: str = ""
    cell: int | None = None


class Edit(Struct, frozen=True):
    """One replacement of text."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class Fix(Struct, frozen=True):
    """Edits that mend a finding; ``safe`` keeps value and gradient on every benign batch."""

    safety: str
    message: str
    edits: tuple[Edit, ...]
    verified: bool | None = None


class Witness(Struct, frozen=True):
    """The real run that shows a defect.

    Attributes
    ----------
    mode, dtype, seed
        How the loss was run: ``eager``, ``graph``, ``static`` or ``xla``.
    domain
        The smallest domain in which the batch is legal: ``simplex``, ``box`` or ``real``.
    inputs
        By name: ``shape``, ``dtype`` and, where it is not too large, ``data`` as nested lists.
    value, gradient, expected
        What came out (a number, or numbers by name), the gradient where it is the point, and what a correct loss gives.
    seen
        What the flagged expression was.
    stand_ins, guesses
        What was put in place of something that cannot be had, and arguments that had to be guessed.
    repeat
        How many times the samples of `inputs` are given.
    words
        What is special about the batch.
    proof
        What a script has to show: ``finite``, ``repeat``, ``raises``, ``precise``, ``gradient``, ``weights:NAME``, or nothing that
        a few lines could.
    moved
        Names that the loss uses, and what they are called today.
    """

    mode: str
    dtype: str
    seed: int
    domain: str
    inputs: dict[str, Any]
    value: Any = None
    gradient: Any = None
    expected: Any = None
    seen: str | None = None
    stand_ins: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    repeat: int = 1
    words: str = ""
    proof: str = ""
    moved: dict[str, str] = field(default_factory=dict)


class Verdict(Struct, frozen=True):
    """What a real run said of a finding: ``confirmed``, ``not-reproduced``, ``refuted`` or ``undecided``."""

    status: str
    reason: str
    witness: Witness | None = None


class Finding(Struct, frozen=True):
    """One defect at one expression."""

    code: str
    name: str
    place: Place
    function: str
    message: str
    help: str
    severity: Severity
    confidence: Confidence
    related: tuple[Place, ...] = ()
    fix: Fix | None = None
    verdict: Verdict | None = None
    source: str = ""  # the flagged expression as written, blanks folded: makes the fingerprint

    @property
    def fingerprint(self) -> str:
        """Stable while lines move: the rule, the function, and the flagged text (not the path's line)."""
        text = "\0".join((self.code, self.place.path, self.function, self.source))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Failure(Struct, frozen=True, order=True):
    """Something that kept losslint from doing its job on a file: exit status 2."""

    path: str
    line: int | None
    message: str


class Incomplete(Struct, frozen=True, order=True):
    """A loss that the abstract run did not follow to its end, and why."""

    path: str
    line: int
    function: str
    reason: str


def by_path(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Findings by the file that they are in, in their order."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.place.path, []).append(finding)
    return found


class Result(Struct, frozen=True):
    """All that a check of some files found."""

    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    files: int = 0
    losses: int = 0
    suppressed: int = 0
    fixed: int = 0
    known: int = 0  # findings of a baseline
    incomplete: tuple[Incomplete, ...] = ()
