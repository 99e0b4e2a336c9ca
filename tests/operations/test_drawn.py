"""Calls that hypothesis draws: ranks, axes, keepdims, by position or by keyword, in any spelling; declared shapes and open ones."""

from __future__ import annotations

from typing import Any

import pytest
from agreement import Case, Seen, differences
from cases import calls
from forms import Form, P, T
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from spellings import Spelling, spellings

from losslint.operations.catalogue import OPERATIONS
from losslint.operations.operation import Kind, Operation

pytestmark = [pytest.mark.tensorflow, pytest.mark.filterwarnings("ignore")]
REDUCED = [
    o
    for o in OPERATIONS
    if o.kind is Kind.REDUCTION and "axis" in o.parameters.split() and o.name not in ("percentile", "weighted_moments", "moments", "norm")
]
MIXED = [o for o in OPERATIONS if o.kind is Kind.ACTIVATION and o.default_axis is not None and o.name not in ("unit_vectors", "argsort")]
PAIRED = ("concat", "stack")
MOVED = ("expand_dims", "roll", "reverse", "gather", "repeat", "split", "unstack", "differences")
SINGLE = ("arg", "cumulative")  # one axis only
ALONE = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
LENGTHS = {2: "B, 4", 3: "B, 4, 6", 4: "B, 4, 2, 3"}


def drawn(data: st.DataObject, operations: list[Operation]) -> tuple[Operation, Spelling, int]:
    operation = data.draw(st.sampled_from(operations), label="operation")
    usable = [
        s
        for s in spellings(operation)
        if s.space not in ("math",) and not s.written.startswith(("tf.sparse", "tf.compat.v1.sparse", "keras.layers"))
    ]
    return operation, data.draw(st.sampled_from(usable), label="spelling"), data.draw(st.integers(2, 4), label="rank")


def check(data: st.DataObject, spelling: Spelling, arguments: dict[str, str], rank: int, **form: Any) -> None:
    """The call agrees, in each way in which it can be written, on inputs of that rank."""
    given_form = Form(arguments, shape=LENGTHS[rank], **form)
    texts = calls(given_form, spelling)
    assume(texts)
    case = Case(spelling, given_form, data.draw(st.sampled_from(texts), label="text"))
    assert differences(case, Seen(case)) == []


@ALONE
@given(data=st.data())
def test_reductions(data: st.DataObject) -> None:
    operation, spelling, rank = drawn(data, REDUCED)
    axes = data.draw(st.lists(st.integers(-rank, rank - 1), min_size=1, max_size=2, unique_by=lambda a: a % rank), label="axes")
    several = len(axes) > 1 and not operation.name.startswith(SINGLE) and operation.name != "average"
    logical = operation.name in ("any", "all")
    arguments = {"x": f"{P} > 0.5" if logical else P, "axis": str(tuple(axes)) if several else str(axes[0])}
    if data.draw(st.booleans(), label="keepdims") and "keepdims" in operation.parameters.split():
        arguments["keepdims"] = "True"
    check(
        data,
        spelling,
        arguments,
        rank,
        unknown="degree columns" if operation.along is None or operation.name in ("argmax", "argmin") else "",
        flat=operation.name == "prod",
    )


@ALONE
@given(data=st.data())
def test_operations_along_an_axis(data: st.DataObject) -> None:
    operation, spelling, rank = drawn(data, MIXED)
    axis = data.draw(st.integers(-rank, rank - 1), label="axis")
    check(data, spelling, {"x": P, "axis": str(axis)}, rank, unknown="degree" if operation.along is None else "")


@ALONE
@given(data=st.data())
def test_joins(data: st.DataObject) -> None:
    _, spelling, rank = drawn(data, [o for o in OPERATIONS if o.name in PAIRED])
    assume("parallel" not in spelling.written)
    axis = data.draw(st.integers(-rank, rank - 1), label="axis")
    check(data, spelling, {"x": f"[{P}, {T}]", "axis": str(axis)}, rank)


@ALONE
@given(data=st.data())
def test_moves(data: st.DataObject) -> None:
    operation, spelling, rank = drawn(data, [o for o in OPERATIONS if o.name in MOVED])
    axis = data.draw(st.integers(-rank, rank - 1), label="axis")
    more = {
        "roll": {"shift": "1"},
        "gather": {"indices": "[0, 1, 1]"},
        "repeat": {"repeats": "3"},
        "split": {"parts": "2"},
    }.get(operation.name, {})
    if operation.name == "reverse":
        assume(spelling.written.rpartition(".")[2] in ("reverse", "reverse_v2", "flip"))
    if operation.name == "differences":
        axis = -1
    whole = "{}[0]" if operation.name in ("split", "unstack") else "{}"
    listed = operation.name == "reverse" and "reverse" in spelling.written and spelling.space == "tf"
    assume(not (operation.name == "split" and axis % rank == rank - 1))
    check(data, spelling, {"x": P, **more, "axis": f"[{axis}]" if listed else str(axis)}, rank, result=whole)
