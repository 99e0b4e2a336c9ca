"""What a narrower type than float32 makes of a value: which guards are lost where a model computes in float16 or bfloat16."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

from losslint.analysis.columns import ORDINARY
from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.operations.catalogue import known
from losslint.operations.float32 import round16, round32
from losslint.options import Meta, Options

from .guard import CHAIN, guards, works_in_double
from .logarithm import logarithms

PASSED = frozenset({"expand_dims", "transpose", "reshape", "tile", "squeeze"})
CASTS = frozenset({"cast", "identity"})


class Precision(Options, frozen=True):
    """The type that losses are computed in."""

    dtype: Annotated[
        Literal["float32", "float16", "bfloat16"],
        Meta(description="the type that losses are computed in, where the model computes in a narrower one and the loss casts nothing"),
    ] = "float32"

    @property
    def guard(self) -> str:
        """A number that keeps a logarithm and its gradient finite in that type."""
        return "1e-4" if self.dtype == "float16" else "1e-7"

    @property
    def narrower(self) -> Callable[[float], float] | None:
        """Rounding to that type; None: it is float32."""
        return {"float16": round16, "bfloat16": _brain}.get(self.dtype)


def _brain(value: float) -> float:
    """The nearest bfloat16: the first 16 bits of a float32, the nearest even one of two."""
    value = round32(value)
    if not math.isfinite(value):
        return value
    (bits,) = struct.unpack("<I", struct.pack("<f", value))
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    found: float = struct.unpack("<f", struct.pack("<I", bits))[0]
    return found


def lost(trace: Trace) -> Iterator[tuple[Node, Node, int]]:
    """The logarithms that float32 keeps away from 0 and the narrower type of the settings does not, with guard and witness column."""
    precision = trace.options(Precision)
    rounded = precision.narrower
    for node in logarithms(trace) if rounded is not None else ():
        operand = node.arguments[0]
        for column in range(ORDINARY):
            if not (operand.columns.single[column] > 0 and operand.columns.double[column] > 0 and trace.live(column, node)):
                continue
            guard = next((guard for guard in guards(operand) if works_in_double(guard, column)), None)
            if rounded is not None and guard is not None and _value(operand, column, rounded, precision.dtype) == 0:
                yield node, guard, column
                break


def _value(node: Node, column: int, rounded: Callable[[float], float], dtype: str) -> float:
    """A value in a witness column, computed in the narrower type step by step; NaN where the code casts to another one."""
    if node.facts.python:
        return node.columns.double[column]
    if node.operation in CASTS | PASSED:
        if node.details.get("dtype", "") not in ("", dtype):
            return math.nan
        return _value(node.arguments[0], column, rounded, dtype)
    entry = known(node.operation)
    if node.operation in CHAIN and entry is not None and entry.column is not None and len(node.arguments) == entry.operands:
        return rounded(entry.column(*(rounded(_value(argument, column, rounded, dtype)) for argument in node.arguments)))
    return rounded(node.columns.single[column])
