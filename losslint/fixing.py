"""Applies fixes: edits of one file together, checked again before anything is written, and written in one step or not at all."""

from __future__ import annotations

import io
import os
import tokenize
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from losslint.config import Settings
from losslint.edits import apart, edited
from losslint.files import write_in_one_step
from losslint.finding import Finding, Fix, LosslintError, Result
from losslint.linter import check_source
from losslint.notebooks import ENDING, with_code
from losslint.rule import Rule
from losslint.source import Modules

PASSES = 20  # fixes whose edits overlap wait for the next one


class Refused(Struct, frozen=True):
    """A fix that was not applied, and why."""

    finding: Finding
    reason: str


class Mended(Struct, frozen=True):
    """A text after its fixes.

    Attributes
    ----------
    fixed
        The findings that are gone.
    refused
        Fixes that do not hold: a mistake of ours.
    result
        What a check of the new text finds.
    """

    text: str
    fixed: tuple[Finding, ...]
    refused: tuple[Refused, ...]
    result: Result


def applicable(finding: Finding, unsafe: bool) -> Fix | None:
    """The fix of a finding, if it is wanted."""
    fix = finding.fix
    return fix if fix is not None and (unsafe or fix.safety == "safe") and fix.verified is not False else None


def mended(
    text: str,
    result: Result,
    check: Callable[[str], Result],
    *,
    unsafe: bool,
    skip: frozenset[str] = frozenset(),
) -> Mended:
    """A text with all fixes applied that hold.

    A fix holds if a check of the edited text no longer reports its finding, and reports nothing that was not there before.

    Parameters
    ----------
    text
        The file as it is.
    result
        What a check of it found.
    check
        Checks another text in place of it.
    unsafe
        Whether fixes that change training are wanted.
    skip
        Fingerprints of findings to leave alone, such as those of a baseline.
    """
    fixed: list[Finding] = []
    refused: dict[str, Refused] = {}
    for _ in range(PASSES):
        wanted = [f for f in result.findings if f.fingerprint not in skip | refused.keys() and applicable(f, unsafe) is not None]
        chosen = apart(wanted)
        if not chosen:
            break
        new = edited(text, chosen)
        after = check(new)
        told = _told(result, after, chosen)
        if told and len(chosen) > 1:  # find out which one it is
            held = [finding for finding in chosen if not _told(result, check(edited(text, [finding])), [finding])]
            refused.update((f.fingerprint, Refused(f, told)) for f in chosen if f not in held)
            chosen, new = held, edited(text, held)
            after = check(new)
            told = _told(result, after, chosen)
        if told:
            refused.update((finding.fingerprint, Refused(finding, told)) for finding in chosen)
            continue
        text, result = new, after
        fixed.extend(chosen)
    return Mended(text, tuple(fixed), tuple(refused.values()), result)


def _told(before: Result, after: Result, fixed: Sequence[Finding]) -> str:
    """Why fixes do not hold; empty if they do."""
    if after.failures:
        return f"the edited file cannot be checked: {after.failures[0].message}"
    kinds = Counter((f.code, f.function) for f in before.findings) - Counter((f.code, f.function) for f in fixed)
    more = Counter((f.code, f.function) for f in after.findings) - kinds
    if more:
        code, function = next(iter(more))
        return f"the edited code still has {code} in `{function}`, or has it now"
    return ""


def checked(path: str, settings: Settings, rules: Sequence[Rule], modules: Modules) -> Callable[[str], Result]:
    """A check of other texts in place of a file."""
    return lambda text: check_source(text, filename=path, settings=settings, rules=rules, modules=modules)


def replace_file(path: str, before: bytes, text: str) -> None:
    """Write a file in one step: it holds the old text or the new one, whatever happens; its mode, owner and encoding stay.

    Parameters
    ----------
    before
        What it held when it was checked.

    Raises
    ------
    LosslintError
        It has changed since, or cannot be written: nothing is.
    """
    target = Path(os.path.realpath(path))
    notebook = path.endswith(ENDING)
    encoding = "utf-8" if notebook else tokenize.detect_encoding(io.BytesIO(before).readline)[0]

    def ready(beside: Path) -> None:
        if not os.access(target, os.W_OK):
            raise PermissionError(13, "the file is not writable")
        if target.read_bytes() != before:
            raise LosslintError(f"{path}: the file changed while it was checked, and is left as it is; run again")

    try:
        data = (with_code(before.decode(), text) if notebook else text).encode(encoding)
        write_in_one_step(target, data, ready)
    except UnicodeEncodeError as error:
        raise LosslintError(f"{path}: the fix cannot be written in {encoding}; save the file as UTF-8") from error
    except OSError as error:
        raise LosslintError(f"{path}: cannot be written, and is left as it is: {error.strerror or error}") from error
