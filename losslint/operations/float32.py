"""Rounding as TensorFlow does it: float32 and float16 results from double arithmetic, subnormals flushed to zero."""

from __future__ import annotations

import math
import struct

_SINGLE = struct.Struct("f")
_HALF = struct.Struct("e")
TINY32 = 2.0**-126  # smallest normal float32; TensorFlow flushes what is below to 0, in results and operands


def round32(value: float) -> float:
    """The nearest float32; magnitudes below 2^-126 become 0, too large ones infinite."""
    try:
        rounded: float = _SINGLE.unpack(_SINGLE.pack(value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return math.copysign(0.0, value) if -TINY32 < rounded < TINY32 else rounded


def round16(value: float) -> float:
    """The nearest float16; subnormals are kept, as TensorFlow keeps them."""
    try:
        rounded: float = _HALF.unpack(_HALF.pack(value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded
