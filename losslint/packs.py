"""For authors of rules: a new rule in a pack, and what the examples of a pack's rules say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from losslint.analysis.trace import Trace
from losslint.config import Settings
from losslint.finding import Confidence, LosslintError
from losslint.linter import examine, run
from losslint.rule import CODE, NAME, Rule, load_rules
from losslint.source import Source, no_modules

MARK = re.compile(r"#\s*here\s*$")
FILE = "example.py"


class Differs(Struct, frozen=True):
    """An example that does not do what it should.

    Attributes
    ----------
    kind, number
        ``bad``, ``good`` or ``misses``, and which of them, from 1.
    reason
        What differs.
    """

    rule: Rule
    kind: str
    number: int
    text: str
    reason: str


def tested(rules: Sequence[Rule], known: Sequence[Rule]) -> Iterator[Differs]:
    """Run every example of some rules.

    A bad one has to be found where its lines end in ``# here`` and nowhere else, a good one must be silent, and a known miss must
    still be one. Of a rule that speaks only of what a run has shown, bad ones have to be suspected.

    Parameters
    ----------
    known
        All rules, these among them: a finding may give way to that of another one.
    """
    for rule in rules:
        for kind in ("bad", "good", "misses"):
            for number, text in enumerate(getattr(rule, kind), 1):
                reason = _reason(rule, kind, text, known)
                if reason:
                    yield Differs(rule, kind, number, text, reason)
        if not rule.bad:
            yield Differs(rule, "bad", 0, "", "the rule has no bad example: write one, with `# here` at the end of the line to report")


def _reason(rule: Rule, kind: str, text: str, known: Sequence[Rule]) -> str:
    marked = {number for number, line in enumerate(text.splitlines(), 1) if MARK.search(line)}
    if kind != "good" and not marked:
        return "no line ends in `# here`"
    settings = Settings(select=("default", rule.code), min_confidence=Confidence.LOW, runs=rule.proven and kind != "good")
    result, _ = examine(text, filename=FILE, settings=settings, rules=known)
    if result.failures:
        return result.failures[0].message
    found = {finding.place.line for finding in result.findings if finding.code == rule.code}
    if kind == "misses":
        return f"it is found now, in line {min(found)}: make it a bad example" if found & marked else ""
    missing, wrong = sorted(marked - found), sorted(found - marked)
    words = [f"line {line} is not found" for line in missing] + [f"line {line} is found and not marked" for line in wrong]
    return "; ".join(words) + (", nothing in it is taken for a loss" if missing and not result.losses else "")


def record(text: str) -> list[Trace]:
    """The abstract runs of an example."""
    return run(Source.parse(text, FILE), Settings(), no_modules)


# --- a new rule ------------------------------------------------------------------------------------------------------

TEMPLATE = '''"""{code} {name}: say in a few words what is wrong.

## What it does

Says which value is reported, and when.

## Why is this bad

Says what happens to a training that has it.

## Example

The first example below.

## Use instead

The first good one.

## What it does not flag

* What looks like it and is right.

## Fix safety

There is no fix.

## How it is confirmed

It is not.

## Known misses

* None yet.

## References

* A page or paper that explains it.
"""

from __future__ import annotations

from collections.abc import Iterator

from losslint.analysis.trace import Trace
from losslint.finding import Severity
from losslint.rule import Report, Rule, quoted

BAD = (
    """\\
import tensorflow as tf


def bounded_loss(y_true, y_pred):
    return tf.reduce_mean(tf.tanh(tf.abs(y_true - y_pred)), axis=-1)  # here
""",
)
GOOD = (
    """\\
import tensorflow as tf


def absolute_loss(y_true, y_pred):
    return tf.reduce_mean(tf.abs(y_true - y_pred), axis=-1)
""",
)


def check(trace: Trace) -> Iterator[Report]:
    """Every tanh that a loss is made of: put your own question here."""
    for node in trace.reached(1):
        if node.operation == "tanh":
            yield Report(node, f"{{quoted(node)}} is a tanh", "say what to write instead", (), trace.confidence(node))


RULE = Rule("{code}", "{name}", Severity.WARNING, check, BAD, GOOD)
'''


def new_rule(name: str, code: str | None, pack: str) -> Path:
    """Write the file of a new rule, which works as it is, into a pack, which is made if it is not there.

    Parameters
    ----------
    name
        Two or more words with hyphens.
    code
        Letters and three digits; None: the next one of the pack.
    pack
        A folder.

    Raises
    ------
    LosslintError
        Name or code have another form or are taken, or the file cannot be written.
    """
    if NAME.fullmatch(name) is None:
        raise LosslintError(f"{name}: the name of a rule is two or more words with hyphens, as in batch-sum")
    folder = Path(pack)
    rules = (
        load_rules([f"./{folder}" if not folder.is_absolute() else str(folder)], allow_local=True) if _holds_rules(folder) else load_rules()
    )
    codes = {rule.code for rule in rules}
    if code is None:
        letters = next((rule.code[:-3] for rule in rules if not rule.code.startswith("LL")), "OWN")
        code = next(f"{letters}{number:03}" for number in range(1, 1000) if f"{letters}{number:03}" not in codes)
    if CODE.fullmatch(code) is None:
        raise LosslintError(f"--code {code}: a code is two or more capital letters and three digits, as in OWN001")
    taken = next((rule for rule in rules if rule.code == code or rule.name == name), None)
    path = folder / f"{name.replace('-', '_')}.py"
    if taken is not None or path.exists():
        what = f"{taken.code} {taken.name}" if taken is not None else str(path)
        raise LosslintError(f"{code} {name}: there is {what} already; choose another name or code")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        start = folder / "__init__.py"
        if not start.exists():
            start.write_text('"""Our rules for losslint."""\n', encoding="utf-8")
        path.write_text(TEMPLATE.format(code=code, name=name), encoding="utf-8")
    except OSError as error:
        raise LosslintError(f"{path}: cannot be written: {(error.strerror or str(error)).lower()}") from error
    return path


def _holds_rules(folder: Path) -> bool:
    return folder.is_dir() and any(path.name != "__init__.py" for path in folder.glob("*.py"))
