"""The shape of a form: how an operation is called in a test, on what inputs, and what may stay unknown of its result."""

from __future__ import annotations

from dataclasses import dataclass, field

P, T = "y_pred", "y_true"


@dataclass(frozen=True)
class Form:
    """One way to call an operation.

    Attributes
    ----------
    arguments
        Expressions in ``y_true`` and ``y_pred`` by canonical parameter names; ``*0``, ``*1`` … are more positional ones.
    shape
        The axes of both inputs, as a declaration writes them.
    result
        What is made of the call; ``{}`` is the call.
    unknown
        Facts of which nothing needs to be known, among ``shape``, ``degree``, ``columns``; a claim is tested even so.
        ``gradient``: it is not that of the prediction.
    only, but
        Regular expressions of the spellings, as they are written, that are (not) called in this way.
    xla
        Whether XLA compiles it: it needs shapes that do not depend on values.
    open
        Whether it makes sense on inputs of which only the batch axis is known.
    style
        ``position`` or ``keyword``, where it can be called in one of these ways only.
    free
        Whether its truth is not tied to the columns: both outcomes happen.
    random
        Whether two runs differ: values are not compared, shapes are.
    flat
        Whether a gradient that flows may be 0 on the test's inputs.
    """

    arguments: dict[str, str] = field(default_factory=dict)
    shape: str = "B, 4"
    result: str = "{}"
    unknown: str = ""
    only: str = ""
    but: str = ""
    xla: bool = True
    open: bool = True
    style: str = ""
    random: bool = False
    free: bool = False
    flat: bool = False
