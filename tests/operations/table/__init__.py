"""How each entry of the catalogue is called in the tests. An entry that is not here is called as its kind is."""

from __future__ import annotations

from functools import cache

from forms import Form, P, T

from losslint.operations.operation import Kind, Operation
from table import axes, elements, framework

FORMS: dict[str, tuple[Form, ...]] = {**elements.FORMS, **axes.FORMS, **framework.FORMS}


@cache
def forms(operation: Operation) -> tuple[Form, ...]:
    """The ways in which an operation is called."""
    if operation.name in FORMS:
        return FORMS[operation.name]
    names = operation.parameters.split()
    operands = dict(zip(names[: operation.operands], (P, T, T), strict=False))
    match operation.kind:
        case Kind.REDUCTION:
            return (
                Form(operands),
                Form({**operands, "axis": "-1"}),
                Form({**operands, "axis": "0", "keepdims": "True"}),
                Form({**operands, "axis": "(0, 1)"}),
            )
        case Kind.ACTIVATION if "axis" in names:
            return Form(operands), Form({**operands, "axis": "-1"}), Form({**operands, "axis": "0"})
        case Kind.OPAQUE | Kind.EFFECT:
            return ()
    return (Form(operands),)
