"""Random losses out of the catalogue: statement by statement, each of which TensorFlow runs before the next one is chosen."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from cases import cases
from spellings import HEADER, environment

from losslint.operations.catalogue import OPERATIONS
from losslint.operations.operation import Kind

SAMPLES, WIDTH = 8, 4
LARGEST, MOST_AXES = 4000, 3
KINDS = frozenset(
    {Kind.ELEMENTWISE, Kind.ACTIVATION, Kind.REDUCTION, Kind.CONTRACTION, Kind.SHAPE, Kind.SELECTION, Kind.IDENTITY, Kind.LOSS}
)
NOT_CALLED = ("layers.", "ascontiguousarray", "weights=")  # layers have weights; a vector of a scalar, on the host; weights by position
# of their first operands TensorFlow knows no derivative, or only where they are 0
LEFT_OUT = {"igamma", "igammac", "betainc", "zeta", "polygamma", "heaviside"}
# they count samples, or take the first axis for the batch, whatever it is; double precision; on the host
LEFT_OUT |= {"accuracy", "in_top_k", "batch_dot", "layer_dot", "unit_vectors", "bincount", "weighted_moments", "median", "nan_to_num"}
LEFT_OUT |= {"nextafter", "to_numpy"}
REDUCED = ("tf.reduce_sum", "tf.reduce_mean", "tf.reduce_max", "tf.reduce_min", "tf.reduce_logsumexp")
GLUE = {
    "where": ("tf.where(A > C, A, B)", "tf.where(B <= C, tf.zeros_like(A), A)", "tf.where(tf.equal(A, 0.0), tf.ones_like(A), A)"),
    "clip": ("tf.clip_by_value(A, 1e-7, 1.0 - 1e-7)", "tf.maximum(A, C)", "tf.minimum(A, 1.0 - C)", "K.clip(A, K.epsilon(), 1.0)"),
    "arithmetic": ("A + B", "A - B", "A * B", "A / (B + 2.0)", "A / B", "1.0 - A", "A ** 2", "-A", "C * A", "A + 1e-8"),
    "slice": ("A[:, 0]", "A[:, 1:]", "A[..., :2]", "A[:, None]", "A[..., None]", "A[0]"),
    "cast": ("tf.cast(A > C, tf.float32)", "tf.cast(tf.round(A), A.dtype)", "tf.stop_gradient(A)"),
}


@dataclass(frozen=True)
class Program:
    """A loss as a module.

    Attributes
    ----------
    text
        The module.
    statements
        The name and the expression of each value, in order; those with a name of a helper's stand in no line of the loss.
    used
        What it is made of: operations of the catalogue, and kinds of glue.
    depth
        The longest chain of values.
    """

    text: str
    statements: tuple[tuple[str, str], ...]
    used: tuple[str, ...]
    depth: int


@dataclass
class Drawer:
    """Draws programs; operations that were drawn less often come sooner."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def program(self) -> Program:
        """A program that TensorFlow can run."""
        maker = _Maker(self)
        for _ in range(self.random.randint(4, 10)):
            maker.grow()
        made = maker.finished()
        self.counts.update(set(made.used))
        return made


@cache
def templates() -> dict[str, tuple[str, ...]]:
    """By operation, the calls of it in A and B."""
    found: dict[str, tuple[str, ...]] = {}
    for operation in OPERATIONS:
        if operation.kind not in KINDS or operation.random or operation.name in LEFT_OUT:
            continue
        texts = []
        for case, others in cases(operation):
            form = case.form
            if (
                form.shape != "B, 4"
                or form.random
                or form.free
                or case.spelling.numpy
                or case.rank is not None
                or any(part in case.text for part in NOT_CALLED)
            ):
                continue
            texts += [form.result.format(each.text) for each in (case, *others)]
        named = [re.sub(r"\by_pred\b(?!=)", "A", re.sub(r"\by_true\b(?!=)", "B", text)) for text in texts]
        if named:
            found[operation.name] = tuple(dict.fromkeys(named))
    return found


def inputs(samples: int = SAMPLES) -> tuple[Any, Any]:
    """Targets of 0 and 1, predictions between; the same samples again and again."""
    draw = np.random.default_rng(11)
    true = (draw.uniform(size=(SAMPLES, WIDTH)) > 0.5).astype("float32")
    pred = draw.uniform(0.1, 0.9, (SAMPLES, WIDTH)).astype("float32")
    return tuple(np.tile(x, (samples // SAMPLES, 1)) for x in (true, pred))  # type: ignore[return-value]


class _Maker:
    """One program in the making, with the values of one batch."""

    def __init__(self, drawer: Drawer) -> None:
        import tensorflow as tf

        self.tf, self.drawer, self.random = tf, drawer, drawer.random
        true, pred = inputs()
        self.values: dict[str, Any] = {"y_true": tf.constant(true), "y_pred": tf.constant(pred)}
        self.depths = {"y_true": 0, "y_pred": 0}
        self.statements: list[tuple[str, str]] = []
        self.helpers: list[str] = []
        self.used: list[str] = []

    def grow(self) -> None:
        """One more value, if one of a few tries can be run."""
        for _ in range(6):
            name, text = self._drawn()
            first, second = self._operand(), self._operand()
            constant = self.random.choice(["0.1", "0.5", "1e-7", "0.9", "2.0"])
            inner = text.replace("C", constant) if name in GLUE else text
            expression = re.sub(r"\bA\b", first, re.sub(r"\bB\b", second, inner))
            value = self._run(expression)
            if value is not None and (value.dtype.is_bool or value.dtype.is_integer):
                inner, expression = f"tf.cast({inner}, tf.float32)", f"tf.cast({expression}, tf.float32)"
                value = self._run(expression)
            if value is None or value.dtype != self.tf.float32:
                continue
            if self.random.random() < 0.15:
                expression = self._helper(inner, first, second)
                self.used.append("helper")
            target = f"v{len(self.statements)}"
            self.values[target] = value
            self.depths[target] = 1 + max(self.depths[first], self.depths[second] if re.search(r"\bB\b", inner) else 0)
            self.statements.append((target, expression))
            self.used.append(name)
            return

    def _drawn(self) -> tuple[str, str]:
        chance = self.random.random()
        if chance < 0.1:
            return "where", self.random.choice(GLUE["where"])
        if chance < 0.35:
            name = self.random.choice(sorted(set(GLUE) - {"where"}))
            return name, self.random.choice(GLUE[name])
        if chance < 0.45:
            axis = self.random.choice(["", ", axis=-1", ", axis=0", ", axis=-1, keepdims=True", ", axis=[0, 1]"])
            return "reduction", f"{self.random.choice(REDUCED)}(A{axis})"
        rarest = sorted(self.random.sample(sorted(templates()), 12), key=lambda name: self.drawer.counts[name])
        name = self.random.choice(rarest[:4])
        return name, self.random.choice(templates()[name])

    def _operand(self) -> str:
        """One of the values, the last ones rather than the first."""
        names = list(self.values)
        return names[-1] if self.random.random() < 0.6 else self.random.choice(names)

    def _run(self, expression: str) -> Any:
        try:
            value = eval(expression, {**environment(), **self.values})  # in lambdas, too
        except Exception:  # an expression that TensorFlow does not take is not used
            return None
        if not isinstance(value, self.tf.Tensor) or value.shape.rank > MOST_AXES or not 0 < np.prod(value.shape) <= LARGEST:
            return None
        return value

    def _helper(self, inner: str, first: str, second: str) -> str:
        """The call of a new function that computes the expression."""
        body = re.sub(r"\bA\b", "one", re.sub(r"\bB\b", "other", inner))
        name = f"helper{len(self.helpers)}"
        self.helpers.append(f"def {name}(one, other):\n    value = {body}\n    return value\n")
        return f"{name}({first}, {second})"

    def finished(self) -> Program:
        """The module."""
        last = self.statements[-1][0] if self.statements else "y_pred"
        if self.random.random() < 0.5:
            expression = f"tf.reduce_mean({last})" if self.random.random() < 0.6 else f"tf.reduce_sum({last})"
            self.statements.append((f"v{len(self.statements)}", expression))
            self.depths[self.statements[-1][0]] = self.depths[last] + 1
            self.used.append("reduction")
            last = self.statements[-1][0]
        return Program(_module(self.statements, self.helpers), tuple(self.statements), tuple(self.used), self.depths[last])


def written(lines: list[str]) -> Program:
    """A program from assignments and, last, the expression that it returns."""
    *assigned, returned = lines
    statements = [(name, text) for name, _, text in (line.partition(" = ") for line in [*assigned, f"value = {returned}"])]
    return Program(_module(statements, []), tuple(statements), (), len(lines))


def _module(statements: list[tuple[str, str]], helpers: list[str]) -> str:
    """The loss that returns the last of some values."""
    lines = "".join(f"    {name} = {text}\n" for name, text in statements)
    shape = f"B, {WIDTH}"
    declared = f"# losslint: inputs y_true: mask[{shape}], y_pred: real[{shape}]\n"
    before = "\n\n".join(helpers)
    last = statements[-1][0] if statements else "y_pred"
    return f"{HEADER}\n\n{before}\n\n{declared}def some_loss(y_true, y_pred):\n{lines}    return {last}\n"
