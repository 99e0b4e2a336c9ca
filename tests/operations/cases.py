"""Every call that the tests make of an operation: each spelling that exists here, in each form, by position and by keyword."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agreement import Case
from forms import Form
from spellings import Spelling, call, spellings
from table import forms

from losslint.operations.operation import Operation


def fits(form: Form, spelling: Spelling) -> bool:
    """Whether a spelling is called in a form."""
    written = spelling.written
    return (not form.only or bool(re.search(form.only, written))) and not (form.but and re.search(form.but, written))


def calls(form: Form, spelling: Spelling) -> list[str]:
    """The texts of a call: by position first, then by keyword, where both are possible."""
    styles = [name for name in ("position", "keyword") if form.style in ("", name)]
    found = [call(spelling, form.arguments, style == "keyword") for style in styles]
    return list(dict.fromkeys(text for text in found if text is not None))


def cases(operation: Operation) -> Iterator[tuple[Case, list[Case]]]:
    """A case to run, and those that mean the same in other words."""
    for spelling in spellings(operation):
        if spelling.space == "math":
            continue  # numbers only, see test_columns
        for form in forms(operation):
            texts = calls(form, spelling) if fits(form, spelling) else []
            for rank in (None, 2, 3) if form.open else (None,):
                if texts:
                    yield Case(spelling, form, texts[0], rank), [Case(spelling, form, text, rank) for text in texts[1:]]


def uncalled(operation: Operation) -> set[str]:
    """The spellings that exist here and are called in no form."""
    return {
        spelling.written
        for spelling in spellings(operation)
        if spelling.space != "math" and not any(fits(form, spelling) and calls(form, spelling) for form in forms(operation))
    }
