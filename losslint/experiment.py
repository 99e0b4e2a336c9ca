"""What an experiment works with: batches as plain data, what a real run of a loss gave, and the laboratory that runs it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from losslint.analysis.node import Node
from losslint.finding import Verdict, Witness
from losslint.options import Chosen

MOST_SHOWN = 2048  # numbers of a tensor that a witness carries


class Undecided(Exception):
    """An experiment cannot be done: the message says why and, after a semicolon, what would help."""


class Tensor(Struct, frozen=True):
    """A tensor as plain numbers, in the order of rows.

    Attributes
    ----------
    shape
        Axis lengths, () for a scalar.
    values
        All elements, as Python floats.
    dtype
        TensorFlow's name of its type.
    """

    shape: tuple[int, ...]
    values: tuple[float, ...]
    dtype: str = "float32"

    @property
    def mean(self) -> float:
        """The mean of all elements, NaN of none."""
        return math.fsum(self.values) / len(self.values) if self.values and all(map(math.isfinite, self.values)) else self._special

    @property
    def _special(self) -> float:
        return sum(self.values) if self.values else math.nan

    @property
    def finite(self) -> bool:
        """Whether every element is a finite number."""
        return all(map(math.isfinite, self.values))

    @property
    def zero(self) -> bool:
        """Whether every element is 0."""
        return not any(self.values)

    def map(self, function: Callable[[float], float]) -> Tensor:
        """The same tensor with a function of every element."""
        return replace(self, values=tuple(map(function, self.values)))

    def rows(self, start: int, stop: int) -> Tensor:
        """Some of its samples."""
        if not self.shape:
            return self
        width = math.prod(self.shape[1:])
        return replace(self, shape=(stop - start, *self.shape[1:]), values=self.values[start * width : stop * width])

    def nested(self) -> Any:
        """Lists of lists, as JSON holds them."""

        def level(shape: tuple[int, ...], values: tuple[float, ...]) -> Any:
            if not shape:
                return values[0]
            step = len(values) // shape[0] if shape[0] else 0
            return [level(shape[1:], values[i * step : (i + 1) * step]) for i in range(shape[0])]

        return level(self.shape, self.values)


class Batch(Struct, frozen=True):
    """The inputs of a loss.

    Attributes
    ----------
    inputs
        By name. A parameter that is a list of tensors has one input for each: ``inputs[0]``, ``inputs[1]``.
    roles
        By name: ``true``, ``pred`` or ``other``.
    domain
        The smallest domain in which it is legal: ``simplex`` (rows that add up to 1), ``box`` (0 to 1), ``real``.
    words
        What is special about it, for a person.
    repeat
        How many times its samples are given, one after another.
    """

    inputs: Mapping[str, Tensor]
    roles: Mapping[str, str]
    domain: str = "real"
    words: str = ""
    repeat: int = 1

    @property
    def size(self) -> int:
        """The number of samples, repetitions included."""
        return max((t.shape[0] for t in self.inputs.values() if t.shape), default=1) * self.repeat

    def named(self, role: str) -> tuple[str, ...]:
        """The inputs in a role."""
        return tuple(name for name in self.inputs if self.roles.get(name) == role)

    def repeated(self, times: int) -> Batch:
        """Its samples several times."""
        return replace(self, repeat=self.repeat * times)

    def rows(self, start: int, stop: int) -> Batch:
        """Some of its samples."""
        return replace(self, inputs={name: tensor.rows(start, stop) for name, tensor in self.inputs.items()})

    def having(self, words: str, domain: str, **inputs: Tensor) -> Batch:
        """The same batch with other inputs, or more of them: they are given to parameters of that name."""
        return replace(self, inputs={**self.inputs, **inputs}, words=words, domain=domain)


class Probe(Struct, frozen=True):
    """One time that the flagged expression was computed: its operands (those that are numbers), and its result."""

    operands: tuple[Tensor | None, ...]
    result: Tensor | None


class Raised(Struct, frozen=True):
    """An exception of the loss: its type, its message, and the line of the user's code that it came through."""

    type: str
    message: str
    line: int | None = None
    path: str | None = None

    def __str__(self) -> str:
        where = f" (line {self.line})" if self.line else ""
        return f"{self.type}: {self.message}{where}"


class Run(Struct, frozen=True):
    """What one run of the loss gave.

    Attributes
    ----------
    batch, mode, dtype, seed
        What was run. `mode`: ``eager``, ``graph`` (batch size not known), ``static`` (a graph for this batch size), ``xla``.
    value
        What the loss returned, or the value that training uses where it returns none; None if it raised.
    gradients
        Of the mean of the value, by input (targets and masks apart); None where no gradient arrives. Trainable weights
        that the loss reads are there too, as ``variable 0`` and so on.
    probes
        Of the expression that was watched, in the order in which it was computed.
    raised
        The exception, None if it ran.
    returned
        The type of what it returned, where that is no tensor of numbers.
    """

    batch: Batch
    mode: str
    value: Tensor | None
    gradients: Mapping[str, Tensor | None] = field(default_factory=dict)
    probes: tuple[Probe, ...] = ()
    raised: Raised | None = None
    returned: str = ""
    dtype: str = "float32"
    seed: int = 0

    @property
    def number(self) -> float:
        """The mean of the value: what training shows."""
        return self.value.mean if self.value is not None else math.nan

    @property
    def telling(self) -> bool:
        """Whether it ran, is finite and is not 0 everywhere: where a loss is 0, its gradient says nothing."""
        return self.raised is None and self.finite and self.value is not None and not self.value.zero

    @property
    def finite(self) -> bool:
        """Whether the value and every gradient that arrives are finite."""
        gradients = (g for g in self.gradients.values() if g is not None)
        return self.value is not None and self.value.finite and all(g.finite for g in gradients)

    @property
    def broken(self) -> str:
        """What is not finite: ``value``, ``gradient`` or nothing; an empty value breaks nothing."""
        if self.value is None or not self.value.values:
            return ""
        if not self.value.finite:
            return "value"
        return "" if self.finite else "gradient"


class Change(Struct, frozen=True):
    """A change of the state that a loss reads by name, for one run.

    ``weights``: the model `name` (``*``: every model that the loss can read by its name) gets other weights.
    ``rebind``: the name is given to a copy of the model with other weights. ``number``: the name is given to the number `factor`,
    ``self.x`` is an attribute of the object that the loss is a method of.
    """

    kind: str
    name: str
    factor: float = 2.0


class Reloaded(Struct, frozen=True):
    """What became of a loss object that was made anew from its own configuration: parameters that were lost, or what was raised."""

    lost: tuple[str, ...]
    error: str


class Fitted(Struct, frozen=True):
    """What became of a model in one epoch of two batches: what its training step returned for each, and what the history shows."""

    steps: tuple[Mapping[str, float], ...]
    history: Mapping[str, float]


class Slope(Struct, frozen=True):
    """The derivative of a call by one element of an operand, in float64 where that can be; of a weighted sum of what it returns.

    Attributes
    ----------
    registered
        As automatic differentiation gives it.
    weak
        The same where the gradient that arrives is a thousandth, times 1000: of a gradient that is linear in it the same number.
    reversed
        The same where it arrives with the other sign, times -1.
    measured, halved
        Central differences, with one step and with half of it.
    """

    registered: float
    weak: float
    reversed: float
    measured: float
    halved: float


class Slopes(Struct, frozen=True):
    """The derivatives of a call by some elements of one operand.

    Attributes
    ----------
    returned
        Whether the call returns the operand as it is.
    slopes
        One for each element that was tried.
    """

    returned: bool
    slopes: tuple[Slope, ...]


class Lab(Protocol):
    """One loss, sliced out of its file and ready to be run on batches in the user's own TensorFlow.

    Every method raises `Undecided` where the loss cannot be run at all; `confirm` lets it pass.
    """

    @property
    def batch(self) -> Batch:
        """An informative batch: the loss is finite on it, not empty, not 0, and has some gradient."""

    def options(self, kind: type[Chosen]) -> Chosen:
        """The options of a rule, see `losslint.options`."""

    def candidates(self) -> Iterator[Batch]:
        """The batches that are tried, the likeliest first: for experiments on losses that work on none."""

    def contents(self) -> tuple[Batch, ...]:
        """Batches of the same shape with other contents: another seed, labels 0 and 1, one-hot, ones."""

    def edges(self, domain: str = "") -> tuple[Batch, ...]:
        """Batches at the ends of what is legal for this loss: 0, 1, equal to the target, sure, rows that are equal.

        Parameters
        ----------
        domain
            ``simplex``, ``box`` or ``real`` in place of what the loss is meant for.
        """

    def small(self) -> tuple[Batch, ...]:
        """Batches on which predictions and targets are 0, or so small (3e-8) that float32 does not see them beside 1."""

    def shapes(self, batch: Batch) -> tuple[tuple[int | None, ...], ...]:
        """The shapes of all tensors that the loss computes for a batch, by tracing it."""

    def reloaded(self) -> Reloaded:
        """Make the object that the loss is a method of anew, from its own configuration."""

    def fitted(self) -> Fitted:
        """Fit the model that the training step is a method of, for one epoch of two batches that differ."""

    def slopes(self, batch: Batch, at: Node | None = None) -> tuple[Slopes, ...]:
        """The derivatives of the flagged call by its operands, or of the whole loss by its inputs; those that are no floats are left out."""

    def exists(self, name: str) -> bool:
        """Whether the installed packages have a dotted name such as ``tensorflow.keras.losses.mse``, not one that only moved."""

    def run(
        self,
        batch: Batch,
        *,
        mode: str = "eager",
        at: Node | None = None,
        dtype: str = "float32",
        seed: int = 0,
        change: Change | None = None,
    ) -> Run:
        """Run the loss once; an exception of the loss is part of the answer.

        Parameters
        ----------
        batch
            The inputs.
        mode
            ``eager``, ``graph``, ``static`` or ``xla``, see `Run`.
        at
            The expression to watch: its operands and its result are in the run's `probes`.
        dtype
            ``float32``, or ``float64`` to compute everything in double precision.
        seed
            Of all randomness; below 0: none is sown, and randomness goes on from the run before.
        change
            Of the state around the loss, undone afterwards.
        """


# --- verdicts --------------------------------------------------------------------------------------------------------


def confirmed(reason: str, run: Run, *, value: Any = None, expected: Any = None, seen: str | None = None, proof: str = "") -> Verdict:
    """The defect was seen: `run` is the witness.

    Parameters
    ----------
    reason
        One sentence: what was done and what came out.
    run
        On the batch that shows it.
    value
        What came out, where it is not the run's number: a number, or numbers by name.
    expected
        What a correct loss gives: a number, or a few words.
    seen
        What the flagged expression was there.
    proof
        What a script has to show, see `losslint.finding.Witness`; where it is not given, it is told from the run.
    """
    proof = proof or ("raises" if run.raised is not None or run.returned else "finite" if run.broken else "")
    gradient = next((g.nested() for g in run.gradients.values() if g is not None and not g.finite and len(g.values) <= MOST_SHOWN), None)
    return Verdict("confirmed", reason, witness(run, run.number if value is None else value, gradient, expected, seen, proof))


def refuted(reason: str, run: Run | None = None) -> Verdict:
    """The flagged expression was at its extreme, on informative batches, without effect."""
    return Verdict("refuted", reason, None if run is None else witness(run, run.number, None, None, None))


def undecided(reason: str) -> Verdict:
    """Neither: one reason and, after a semicolon, one thing to do."""
    return Verdict("undecided", reason)


def witness(run: Run, value: Any, gradient: Any, expected: Any, seen: str | None, proof: str = "") -> Witness:
    """A run as data of a report; of a tensor that is too large for one only its shape, and its number if it has only one."""
    inputs: dict[str, dict[str, Any]] = {}
    for name, tensor in run.batch.inputs.items():
        inputs[name] = {"shape": list(tensor.shape), "dtype": tensor.dtype, "data": None}
        if len(tensor.values) <= MOST_SHOWN:
            inputs[name]["data"] = tensor.nested()
        elif len(set(tensor.values)) == 1:
            inputs[name]["fill"] = tensor.values[0]
    return Witness(
        run.mode,
        run.dtype,
        run.seed,
        run.batch.domain,
        inputs,
        value,
        gradient,
        expected,
        seen,
        repeat=run.batch.repeat,
        words=run.batch.words,
        proof=proof,
    )
