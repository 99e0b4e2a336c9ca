"""One call, twice: walked by the abstract run, and run by TensorFlow; every claim of the first is held against the second."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from forms import Form
from spellings import HEADER, Spelling, environment

from losslint.analysis import interpreter
from losslint.analysis.columns import COLUMNS, ORDINARY
from losslint.analysis.node import Gradient, Node
from losslint.analysis.shape import Axis, Shape
from losslint.config import Settings
from losslint.operations.operation import Kind
from losslint.source import Source, no_modules

MASK = (0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0)
REAL = (0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 100.0, -100.0)
PREDICTED = (0.0, 1.0, 0.0, 1.0, 0.5, 0.5, 100.0, -100.0)
SAMPLES = 8  # twice as many in the second run
MANY = 64  # times as many, where a logarithm looks like a power
OF_SHAPES = {".as_list", ".num_elements"}
AXIS = 4  # the length that an axis of unknown length stands for in a column


@dataclass(frozen=True, eq=False)
class Case:
    """A call in the frame of a loss.

    Attributes
    ----------
    spelling
        Whose call it is.
    form
        How it is called.
    text
        The call.
    rank
        None: the inputs' shape is declared; else it is not, and TensorFlow gets inputs of that rank.
    """

    spelling: Spelling
    form: Form
    text: str
    rank: int | None = None

    @property
    def source(self) -> str:
        """The loss as a module; the mean makes a loss of what is none by itself."""
        shape = self.form.shape
        told = f"# losslint: inputs y_true: mask[{shape}], y_pred: real[{shape}]\n" if self.rank is None else ""
        value = self.form.result.format(self.text)
        return f"{HEADER}\n{told}def loss(y_true, y_pred):\n    return {value}, tf.reduce_mean(y_pred)\n"

    @property
    def axes(self) -> list[int]:
        """The lengths of the inputs' axes after the first."""
        if self.rank is not None:
            return [AXIS] * (self.rank - 1)
        return [int(part) for part in self.form.shape.split(",")[1:]]

    @cached_property
    def node(self) -> Node:
        """What the abstract run learns of the returned value, on the default path."""
        return walked(self.source)

    @cached_property
    def function(self) -> Any:
        """The loss itself."""
        return eval(f"lambda y_true, y_pred: {self.form.result.format(self.text)}", environment())

    def inputs(self, samples: int) -> list[Any]:
        """Targets and predictions between 0.1 and 0.9: the same eight samples again and again."""
        return [self._given(x) for x in repeated(samples, tuple(self.axes))]

    def column(self, index: int) -> list[Any]:
        """The uniform inputs of one witness column; where an activation saturates, one large logit among small ones."""
        operation = self.spelling.entry.operation
        if operation.kind is Kind.ACTIVATION and operation.activation and index >= ORDINARY:
            x = np.full((AXIS, *self.axes), -100.0, "float32")
            x[(0,) * x.ndim] = 100.0
            return [self._given(x), self._given(x)]
        predicted = REAL if self.rank is None else PREDICTED
        return [self._given(np.full((AXIS, *self.axes), x[index], "float32")) for x in (MASK, predicted)]

    def _given(self, x: Any) -> Any:
        import tensorflow as tf

        name = self.spelling.written
        of_arrays = name.startswith(".") and name not in OF_SHAPES and not hasattr(tf.constant(0.0), name[1:])
        return x if self.spelling.space == "np" or of_arrays else tf.constant(x)


@lru_cache(maxsize=64)
def repeated(samples: int, axes: tuple[int, ...]) -> list[Any]:
    """Two arrays between 0.1 and 0.9, in which the same few samples come again and again."""
    draw = np.random.default_rng(7)
    once = [draw.uniform(0.1, 0.9, (SAMPLES, *axes)).astype("float32") for _ in range(2)]
    return [np.tile(x, (samples // SAMPLES, *(1 for _ in axes))) for x in once]


@lru_cache(maxsize=64)
def walked(source: str) -> Node:
    """The first value that the loss in a text returns."""
    traces = interpreter.run(Source.parse(source, "losses.py"), Settings(), no_modules)
    return traces[0].roots[0].node


class Seen:
    """What TensorFlow makes of one call; each part is run when it is first asked for."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self._columns: dict[int, Any] = {}

    def batch(self, times: int) -> Any:
        """The result for a batch of so many repetitions."""
        return array(self.case.function(*self.case.inputs(times * SAMPLES)))

    @cached_property
    def once(self) -> Any:
        """The result for the batch."""
        return self.batch(1)

    @cached_property
    def twice(self) -> Any:
        """The result for the batch and the same batch again."""
        return self.batch(2)

    def column(self, index: int) -> Any:
        """The distinct values of the result in a witness column."""
        if index not in self._columns:
            got = array(self.case.function(*self.case.column(index)))
            self._columns[index] = np.unique(np.real(got).astype("float64"))
        return self._columns[index]

    @cached_property
    def flows(self) -> bool | None:
        """Whether a gradient reaches the prediction; None where TensorFlow raises: nobody trains with that."""
        import tensorflow as tf

        y_true, y_pred = self.case.inputs(SAMPLES)
        with tf.GradientTape() as tape:
            tape.watch(y_pred)
            value = tf.convert_to_tensor(self.case.function(y_true, y_pred))
            if not value.dtype.is_floating:
                return False
            weights = np.random.default_rng(3).uniform(0.5, 1.5, value.shape)
            total = tf.reduce_sum(value * tf.cast(weights, value.dtype))
        try:
            gradient = tape.gradient(total, y_pred)
        except LookupError:
            return None
        return gradient is not None and (self.case.form.flat or bool(tf.math.count_nonzero(gradient)))


def array(value: Any) -> Any:
    """A result as a numpy array."""
    import tensorflow as tf

    return np.asarray(tf.convert_to_tensor(value) if not isinstance(value, np.ndarray) else value)


def differences(case: Case, seen: Seen) -> list[str]:
    """Every claim of the abstract run that TensorFlow contradicts, and everything that should be known and is not."""
    node, form = case.node, case.form
    wrong = [*_shape(node.shape, seen.once.shape, seen.twice.shape, form.unknown), *_degree(node, seen.once, seen.twice, form)]
    if any(w.startswith("degree: [") for w in wrong):
        wrong = [*_shape(node.shape, seen.once.shape, seen.twice.shape, form.unknown)]
        wrong += _degree(node, seen.batch(MANY), seen.batch(2 * MANY), form)
    if not form.random and not form.free and case.rank != 3:
        wrong += _columns(case, seen)
    if case.rank != 3 and not case.spelling.numpy and not case.spelling.written.startswith(".") and "gradient" not in form.unknown:
        told, flows = node.gradient, seen.flows
        if flows is not None and flows != (told is Gradient.FLOWS):
            wrong.append(f"gradient: {told.name}, it is {'flowing' if flows else 'None or 0'}")
    return wrong


def _shape(shape: Shape | None, once: Sequence[int], twice: Sequence[int], unknown: str) -> list[str]:
    if shape is None:
        return [] if "shape" in unknown else [f"shape: not known, it is {once} and {twice}"]
    ahead, behind = len(shape.lead), len(shape.trail)
    fits = len(once) == ahead if shape.exact else len(once) >= shape.least_rank
    if fits:
        told = [*shape.lead, *[Axis()] * (len(once) - ahead - behind), *shape.trail]
        fits = all(_axis(axis, small, large) for axis, small, large in zip(told, once, twice, strict=True))
    return [] if fits else [f"shape: {shape}, it is {once} and {twice}"]


def _axis(axis: Axis, small: int, large: int) -> bool:
    if axis.length is not None and (axis.length != small or axis.length != large):
        return False
    return not small or abs(math.log2(large / small) - axis.power) < 0.3


def _degree(node: Node, once: Any, twice: Any, form: Form) -> list[str]:
    if None in node.degree:
        return [] if "degree" in form.unknown else ["degree: not known"]
    sizes = [float(np.mean(np.abs(x.astype("complex128")))) if x.size else 0.0 for x in (once, twice)]
    if form.random or not all(math.isfinite(s) and s > 1e-6 for s in sizes):
        return []
    grown = math.log2(sizes[1] / sizes[0])
    told = [power for power in node.degree if power is not None]
    return [] if min(told) - 0.25 < grown < max(told) + 0.25 else [f"degree: {sorted(told)}, it grows by {grown:.3f}"]


def _columns(case: Case, seen: Seen) -> list[str]:
    columns, operation = case.node.columns, case.spelling.entry.operation
    if not columns.known:
        return [] if "columns" in case.form.unknown or operation.column is None else ["columns: not known"]
    wrong = []
    for index, want in enumerate(columns.single[:COLUMNS]):
        if want == want and not any(agrees(float(x), want, operation.tolerance) for x in seen.column(index)):
            wrong.append(f"column {index + 1}: {want!r}, it is {seen.column(index)[:4]}")
    return wrong


def ulps(got: float, want: float) -> float:
    """Distance in units of the last place of float32."""
    if math.isnan(got) or math.isnan(want):
        return 0.0 if math.isnan(got) and math.isnan(want) else math.inf
    if got == want:
        return 0.0
    if math.isinf(got) or math.isinf(want):
        return math.inf

    def ordinal(value: float) -> int:
        bits = struct.unpack("<i", struct.pack("<f", value))[0]
        return int(bits if bits >= 0 else -(bits & 0x7FFFFFFF))

    return abs(ordinal(got) - ordinal(want))


def agrees(got: float, want: float, tolerance: int, scale: int = 1) -> bool:
    """Whether a value of TensorFlow is the column's, within the entry's tolerance."""
    if got == want or ulps(got, want) <= max(tolerance, 0) * scale:
        return True
    return tolerance > 0 and abs(got - want) <= 1e-7 * scale
