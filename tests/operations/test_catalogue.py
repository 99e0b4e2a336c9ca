"""The catalogue by itself: every spelling means one thing, can be reached, and takes its arguments in the order of the real function."""

from __future__ import annotations

from collections import Counter

import pytest
from cases import uncalled
from spellings import absent, names, spellings
from table import FORMS
from table.silent import ABSENT, GONE, ORDERS, UNCALLED, WITHOUT_FORM

from losslint.operations.catalogue import OPERATIONS, named
from losslint.operations.losses import CLASSES
from losslint.operations.namespaces import canonical
from losslint.operations.operation import Kind

EVERY = (*OPERATIONS, *CLASSES)
CLAIMED = [o for o in EVERY if o.kind not in (Kind.OPAQUE, Kind.EFFECT)]
FULL = {
    "tf": "tensorflow", "K": "keras.backend", "keras": "keras", "ops": "keras.ops", "np": "numpy", "math": "math", "tfp": "tensorflow_probability",
    "tnp": "tensorflow.experimental.numpy", "tfa": "tensorflow_addons", "scipy": "scipy", "hub": "tensorflow_hub",
}  # fmt: skip


def written() -> list[str]:
    return [spelling.partition("(")[0] for operation in EVERY for spelling in operation.spellings.split()]


def listed(reasons: dict[str, str]) -> set[str]:
    return {name for names_ in reasons.values() for name in names_.split()}


def test_a_spelling_belongs_to_one_operation() -> None:
    assert [name for name, count in Counter(written()).items() if count > 1] == []


def test_a_spelling_can_be_reached() -> None:
    for name in written():
        space, _, rest = name.rstrip("*").partition(".")
        if space:
            assert canonical(f"{FULL[space]}.{rest}") == name.rstrip("*")


def test_a_whole_family_claims_nothing() -> None:
    assert [operation.name for operation in CLAIMED if "*" in operation.spellings] == []


def test_every_operation_is_called_or_says_why_not() -> None:
    assert {name for name, found in FORMS.items() if not found} == set(WITHOUT_FORM)
    assert FORMS.keys() <= {operation.name for operation in EVERY}


@pytest.mark.tensorflow
def test_every_spelling_is_called_or_says_why_not() -> None:
    assert {name for operation in CLAIMED if operation.name not in WITHOUT_FORM for name in uncalled(operation)} == listed(UNCALLED)


@pytest.mark.tensorflow
def test_what_this_version_does_not_have_is_listed() -> None:
    assert {name for operation in CLAIMED for name in absent(operation) if not name.startswith(GONE)} == set(ABSENT.split())


@pytest.mark.tensorflow
@pytest.mark.parametrize("operation", [o for o in CLAIMED if names(o)], ids=lambda operation: operation.name)
def test_parameters_come_in_the_order_of_the_function(operation) -> None:
    """Whatever the function calls its parameters, the catalogue has a canonical name for each, at the same place."""
    for spelling in spellings(operation):
        real = [named(operation, p.name) for p in spelling.parameters() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        if spelling.written in listed(ORDERS) or not real:
            continue
        told = spelling.entry.positional[: len(real)]
        assert list(told) == real[: len(told)], f"{spelling.written} takes {real}"
