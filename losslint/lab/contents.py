"""What batches hold: contents of several kinds for given shapes, made of plain numbers, the same for the same seed."""

from __future__ import annotations

import base64
import math
import random
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from losslint.experiment import Batch, Tensor
from losslint.source import Declared

SAMPLES = 6  # divides into halves and thirds
TINY = (3e-8, 1.7e-4)  # float32 has steps of 1.2e-7 above 1; the square of the second is as small
Shape = tuple[int, ...]

KINDS = ("classes", "uniform", "binary", "integers", "normal", "flagged")


@dataclass(frozen=True, slots=True)
class Profile:
    """A rung of the ladder.

    Attributes
    ----------
    true, pred
        Shapes of one sample of the target and of the prediction.
    kind
        One of `KINDS`.
    samples
        The number of samples.
    declared
        What the user says of inputs: it goes before everything else.
    """

    true: Shape
    pred: Shape
    kind: str
    samples: int = SAMPLES
    declared: Mapping[str, Declared] = field(default_factory=dict)


def batch(profile: Profile, roles: Mapping[str, str], seed: int = 0) -> Batch:
    """A batch of a profile for the inputs of a loss, by their roles."""
    inputs: dict[str, Tensor] = {}
    for number, (name, role) in enumerate(roles.items()):
        shape = (profile.samples, *(() if role == "weights" else profile.true if role in ("true", "mask") else profile.pred))
        chance = random.Random(f"{seed} {number} {role}")
        told = profile.declared.get(name)
        inputs[name] = _tensor(shape, role, profile, chance) if told is None else _declared(told, shape, profile.samples, chance)
    domain = "real" if profile.kind in ("normal", "integers") else "box"
    if profile.kind == "classes" and profile.pred and profile.pred[-1] > 1:
        domain = "simplex"
    return Batch(inputs, dict(roles), domain, f"{profile.samples} samples")


def _tensor(shape: Shape, role: str, profile: Profile, chance: random.Random) -> Tensor:
    width = shape[-1] if len(shape) > 1 else 1
    count = math.prod(shape)
    label = role == "true"
    if role == "weights":
        return Tensor(shape, tuple(chance.uniform(0.5, 1.5) for _ in range(count)))
    if role == "mask":
        return Tensor(shape, tuple(float(chance.random() < 0.7) for _ in range(count)))
    if profile.kind == "classes" and label and len(profile.true) < len(profile.pred):
        return Tensor(shape, tuple(float(chance.randrange(profile.pred[-1])) for _ in range(count)), "int32")
    if profile.kind == "classes" and width > 1:
        return Tensor(shape, tuple(value for _ in range(count // width) for value in _row(width, label, chance)))
    if profile.kind in ("classes", "binary") and label:
        return Tensor(shape, tuple(float(chance.random() < 0.5) for _ in range(count)))
    if profile.kind == "integers" and label:
        return Tensor(shape, tuple(float(chance.randrange(3)) for _ in range(count)), "int32")
    if profile.kind in ("normal", "integers"):
        return Tensor(shape, tuple(chance.gauss(0, 1) for _ in range(count)))
    values = [chance.uniform(0.05, 0.95) for _ in range(count)]
    if profile.kind == "flagged" and label and width > 1:
        values[width - 1 :: width] = [float(chance.random() < 0.5) for _ in values[width - 1 :: width]]
    return Tensor(shape, tuple(values))


def _declared(told: Declared, shape: Shape, samples: int, chance: random.Random) -> Tensor:
    """A tensor as the user declares it; an axis with a name other than the batch's has length 4."""
    if told.shape is not None:
        shape = tuple(samples if part == "B" else part if isinstance(part, int) else 4 for part in told.shape)
    width, count = shape[-1] if shape else 1, math.prod(shape)
    match told.domain:
        case "onehot" | "softmax":
            rows = (_row(width, told.domain == "onehot", chance) for _ in range(count // width if width else 0))
            return Tensor(shape, tuple(value for row in rows for value in row))
        case "int":
            return Tensor(shape, tuple(float(chance.randrange(3)) for _ in range(count)), "int32")
        case "mask":
            return Tensor(shape, tuple(float(chance.random() < 0.7) for _ in range(count)))
        case "sigmoid":
            return Tensor(shape, tuple(chance.uniform(0.05, 0.95) for _ in range(count)))
        case "positive":
            return Tensor(shape, tuple(math.exp(chance.gauss(0, 1)) for _ in range(count)))
    return Tensor(shape, tuple(chance.gauss(0, 1) for _ in range(count)))


def _row(width: int, label: bool, chance: random.Random) -> list[float]:
    """One row of a simplex: a one-hot label, or the softmax of normal logits."""
    if label:
        hot = chance.randrange(width)
        return [float(i == hot) for i in range(width)]
    powers = [math.exp(chance.gauss(0, 1)) for _ in range(width)]
    return [power / sum(powers) for power in powers]


def encoded(tensor: Tensor) -> dict[str, Any]:
    """A tensor as the worker takes it."""
    data = base64.b64encode(struct.pack(f"<{len(tensor.values)}d", *tensor.values)).decode()
    return {"shape": list(tensor.shape), "dtype": tensor.dtype, "data": data}


def decoded(told: Mapping[str, Any] | None) -> Tensor | None:
    """A tensor as the worker sent it."""
    if told is None:
        return None
    data = base64.b64decode(told["data"])
    return Tensor(tuple(told["shape"]), struct.unpack(f"<{len(data) // 8}d", data), told["dtype"])


# --- other contents for the shapes of a batch ------------------------------------------------------------------------


def full(tensor: Tensor, value: float) -> Tensor:
    """One number everywhere."""
    return Tensor(tensor.shape, (value,) * len(tensor.values), tensor.dtype)


def every(tensor: Tensor, step: int, first: int = 0) -> Tensor:
    """Ones in every so many places from one on, zeros in the others."""
    return Tensor(tensor.shape, tuple(float((i - first) % step == 0) for i in range(len(tensor.values))), tensor.dtype)


def width(tensor: Tensor) -> int:
    """The length of the last axis beside the batch."""
    return tensor.shape[-1] if len(tensor.shape) > 1 else 1


def contents(base: Batch, profile: Profile) -> Iterator[Batch]:
    """The shapes of a batch with four other contents: another seed, labels of 0 and 1, one-hot, ones."""
    other = batch(profile, base.roles, seed=1)
    yield other.having("another seed", other.domain)
    labels = {name: base.inputs[name] for name in base.named("true") if base.inputs[name].dtype == "float32"}
    for words, step in (("labels of 0 and 1", 3), ("one-hot labels", 0), ("labels of 1", 1)) if labels else ():
        changed = {name: every(tensor, step or max(width(tensor), 2)) for name, tensor in labels.items()}
        yield base.having(words, base.domain, **changed)


def small(base: Batch) -> Iterator[Batch]:
    """Predictions and targets that are 0 or tiny."""
    floats = {name: tensor for name, tensor in base.inputs.items() if tensor.dtype == "float32"}
    targets = base.named("true") or tuple(floats)[:1]
    for true, pred in ((one, other) for tiny in TINY for one, other in ((0.0, tiny), (tiny, 0.0), (1.0, tiny))):
        changed = {name: full(tensor, true if name in targets else pred) for name, tensor in floats.items()}
        yield base.having(f"targets {true:g}, predictions {pred:g}", "box", **changed)


def edges(base: Batch, domain: str, codes: tuple[float, ...] = ()) -> Iterator[Batch]:
    """Batches at the ends of a domain.

    Parameters
    ----------
    domain
        What is legal for the predictions: ``simplex``, ``box`` or ``real``.
    codes
        Numbers that the loss compares labels with: missing values, classes to ignore.
    """
    predictions = base.named("pred") or base.named("other")
    if domain == "simplex" and not any(width(base.inputs[name]) > 1 for name in predictions):
        domain = "box"
    for true_words, true in _labels(base, domain, codes):
        for words, of, pred in _predictions(base, predictions, true, domain):
            said = ", ".join(filter(None, (words, true_words))) or base.words
            yield base.having(said, of, **true, **pred)
    for name in base.named("mask"):
        yield base.having(f"`{name}` 0 everywhere", base.domain, **{name: full(base.inputs[name], 0.0)})


def _labels(base: Batch, domain: str, codes: tuple[float, ...]) -> Iterator[tuple[str, dict[str, Tensor]]]:
    targets = {name: base.inputs[name] for name in base.named("true")}
    yield "", {}
    if domain == "simplex" and any(width(tensor) > 1 for tensor in targets.values()):
        yield "targets of one class", {name: every(t, width(t)) for name, t in targets.items() if t.dtype == "float32"}
    for value in dict.fromkeys((0.0, 1.0, *codes) if domain != "simplex" else (0.0, *codes) if codes else ()):
        changed = {name: full(tensor, value) for name, tensor in targets.items() if tensor.dtype == "float32" or value == 0}
        if changed:
            yield f"targets {value:g}", changed


def _predictions(
    base: Batch, names: tuple[str, ...], true: Mapping[str, Tensor], domain: str
) -> Iterator[tuple[str, str, dict[str, Tensor]]]:
    shapes = {name: base.inputs[name] for name in names if base.inputs[name].dtype == "float32"}
    labels = {name: true.get(name, base.inputs[name]) for name in base.named("true")}
    equal = {n: label for n, t in shapes.items() for label in labels.values() if label.shape == t.shape and label.dtype == t.dtype}
    yield "", base.domain, {}
    if not shapes:
        return
    if equal:
        yield "predictions equal to the targets", base.domain, equal
    if any(width(t) > 1 for t in shapes.values()):
        for first in (0, 1):
            yield f"predictions sure of class {first}", "simplex", {n: every(t, width(t), first) for n, t in shapes.items()}
        yield "predictions even", "simplex", {n: full(t, 1 / width(t)) for n, t in shapes.items()}
    if domain == "simplex":
        return
    for value in (0.0, 1.0, 0.5):
        yield f"predictions {value:g}", "box", {n: full(t, value) for n, t in shapes.items()}
    yield "the first prediction 0", "box", {n: _first_zero(t) for n, t in shapes.items()}
    yield "all predictions the same", base.domain, {n: _same_rows(t) for n, t in shapes.items()}
    if len(shapes) > 1:
        one = next(iter(shapes.values()))
        yield "inputs equal to each other", base.domain, {n: one for n, t in shapes.items() if t.shape == one.shape}
    for value in (-1.0, 100.0, -100.0, 1e4) if domain == "real" else ():
        yield f"predictions {value:g}", "real", {n: full(t, value) for n, t in shapes.items()}
    if domain == "real":
        yield "predictions times 200", "real", {n: t.map(lambda v: 200 * v) for n, t in shapes.items()}


def _first_zero(tensor: Tensor) -> Tensor:
    row = len(tensor.values) // max(tensor.shape[0], 1) if tensor.shape else 1
    return Tensor(tensor.shape, (0.0,) * row + tensor.values[row:], tensor.dtype)


def _same_rows(tensor: Tensor) -> Tensor:
    samples = tensor.shape[0] if tensor.shape else 1
    return Tensor(tensor.shape, tensor.values[: len(tensor.values) // max(samples, 1)] * samples, tensor.dtype)
