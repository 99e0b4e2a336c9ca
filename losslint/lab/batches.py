"""Batches for a loss: a ladder of shapes and kinds to find one on which it works, and others to strain it."""

from __future__ import annotations

import ast
import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from losslint.experiment import Batch, Tensor
from losslint.losses import Loss

TINY = 3e-8  # float32 has steps of 1.2e-7 above 1
SAMPLES = 6  # divides into halves and thirds
Shape = tuple[int, ...]

# Shapes of one sample: of the target and of the prediction, the commonest first.
GENERAL: tuple[tuple[Shape, Shape], ...] = (
    ((3,), (3,)), ((1,), (1,)), ((8, 8, 1), (8, 8, 1)), ((8, 8, 3), (8, 8, 3)), ((5, 3), (5, 3)), ((1,), (3,)), ((), (3,)), ((), ()),
    ((32, 32, 3), (32, 32, 3)), ((8, 8, 8, 1), (8, 8, 8, 1)), ((8, 8), (8, 8)), ((4,), (4,)), ((6, 4), (6, 4)), ((24,), (24,)),
    ((3,), (6,)), ((1,), (2,)), ((2,), (2,)), ((10,), (10,)), ((16,), (16,)), ((5,), (5, 3)), ((7, 5), (7, 5)),
)  # fmt: skip
KINDS = ("classes", "uniform", "binary", "integers", "normal", "flagged")


@dataclass(frozen=True, slots=True)
class Profile:
    """A rung of the ladder: the shapes of one sample, and the kind of contents."""

    true: Shape
    pred: Shape
    kind: str


def rank_hint(loss: Loss) -> int:
    """The least number of axes, batch included, that a loss shows: by subscripts and axes."""
    function = loss.scope.function
    if function is None:
        return 1
    least = 1
    for node in ast.walk(function):
        match node:
            case ast.Subscript(slice=ast.Tuple(elts=items)) if not any(
                isinstance(i, ast.Constant) and i.value in (..., None) for i in items
            ):
                least = max(least, len(items))
            case ast.keyword(arg="axis" | "axes" | "reduction_indices", value=value):
                least = max([least, *(number + 1 if number >= 0 else -number for number in _numbers(value))])
    return min(least, 5)


def _numbers(node: ast.expr) -> Iterator[int]:
    for part in ast.walk(node):
        match part:
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
                yield -number
            case ast.Constant(value=int(number)):
                yield number


def ladder(loss: Loss) -> Iterator[Profile]:
    """Shapes and kinds to try, the likeliest first: shape before kind."""
    least = rank_hint(loss)
    fitting = [pair for pair in GENERAL if max(len(pair[0]), len(pair[1])) + 1 >= least]
    for true, pred in (*fitting, *(pair for pair in GENERAL if pair not in fitting)):
        for kind in KINDS:
            yield Profile(true, pred, kind)


# --- contents --------------------------------------------------------------------------------------------------------


def batch(profile: Profile, roles: Mapping[str, str], seed: int = 0, samples: int = SAMPLES) -> Batch:
    """A batch of a profile for the inputs of a loss."""
    inputs: dict[str, Tensor] = {}
    for number, (name, role) in enumerate(roles.items()):
        chance = random.Random(f"{seed} {number} {role}")
        shape = (samples, *(profile.true if role == "true" else profile.pred))
        inputs[name] = _tensor(shape, role, profile, chance)
    domain = "real" if profile.kind in ("normal", "integers") else "box"
    if profile.kind == "classes" and profile.pred and profile.pred[-1] > 1:
        domain = "simplex"
    return Batch(inputs, dict(roles), domain, f"{samples} samples")


def _tensor(shape: Shape, role: str, profile: Profile, chance: random.Random) -> Tensor:
    width = shape[-1] if len(shape) > 1 else 1
    count = math.prod(shape)
    if role == "mask":
        return Tensor(shape, tuple(float(chance.random() < 0.7) for _ in range(count)))
    match profile.kind:
        case "classes" if role == "true" and len(profile.true) < len(profile.pred):
            classes = profile.pred[-1]
            return Tensor(shape, tuple(float(chance.randrange(classes)) for _ in range(count)), "int32")
        case "classes" if width > 1:
            return Tensor(shape, tuple(v for _ in range(count // width) for v in _row(width, role, chance)))
        case "classes" | "binary":
            return Tensor(
                shape, tuple(float(chance.random() < 0.5) if role == "true" else chance.uniform(0.05, 0.95) for _ in range(count))
            )
        case "integers":
            kind = "int32" if role == "true" else "float32"
            return Tensor(shape, tuple(float(chance.randrange(3)) if role == "true" else chance.gauss(0, 1) for _ in range(count)), kind)
        case "normal":
            return Tensor(shape, tuple(chance.gauss(0, 1) for _ in range(count)))
        case "flagged":
            values = [chance.uniform(0.05, 0.95) for _ in range(count)]
            if role == "true" and width > 1:
                values[width - 1 :: width] = [float(chance.random() < 0.5) for _ in values[width - 1 :: width]]
            return Tensor(shape, tuple(values))
        case _:
            return Tensor(shape, tuple(chance.uniform(0.05, 0.95) for _ in range(count)))


def _row(width: int, role: str, chance: random.Random) -> list[float]:
    """One row of a simplex: a one-hot label, or the softmax of normal logits."""
    if role == "true":
        hot = chance.randrange(width)
        return [float(i == hot) for i in range(width)]
    powers = [math.exp(chance.gauss(0, 1)) for _ in range(width)]
    return [power / sum(powers) for power in powers]


def contents(base: Batch, profile: Profile) -> Iterator[Batch]:
    """The shape of a batch with four other contents: another seed, labels of 0 and 1, one-hot, ones."""
    other = batch(profile, base.roles, seed=1, samples=base.size)
    yield other.having("another seed", other.domain)
    labels = {name: base.inputs[name] for name in base.named("true") if base.inputs[name].dtype == "float32"}
    for words, step in (("labels of 0 and 1", 3), ("one-hot labels", 0), ("labels of 1", 1)) if labels else ():
        changed = {name: _every(tensor, step or (tensor.shape[-1] if len(tensor.shape) > 1 else 2)) for name, tensor in labels.items()}
        yield base.having(words, base.domain, **changed)


def _every(tensor: Tensor, step: int) -> Tensor:
    """Ones in every so many places, zeros in the others."""
    return Tensor(tensor.shape, tuple(float(i % step == 0) for i in range(len(tensor.values))), tensor.dtype)


def edges(base: Batch) -> Iterator[Batch]:
    """Batches at the ends of the domain of a batch: predictions that are sure and right, sure and wrong, 0, 1, equal to the target."""
    predictions = base.named("pred") or base.named("other")
    targets = base.named("true")

    def moved(words: str, domain: str, change: Mapping[str, Tensor]) -> Batch:
        return base.having(words, domain, **change)

    for true_words, true in _labels(base, targets):
        for words, domain, change in _ends(base, predictions, true):
            yield moved(f"{words}{true_words}", domain, {**true, **change})


def small(base: Batch) -> Iterator[Batch]:
    """Predictions and targets that are 0 or tiny."""
    for true, pred in ((0.0, TINY), (TINY, 0.0), (1.0, TINY)):
        changed = {
            name: tensor.map(lambda _, value=value: value)  # type: ignore[misc]
            for name, tensor in base.inputs.items()
            if tensor.dtype == "float32"
            for value in [true if name in base.named("true") else pred]
        }
        yield base.having(f"targets {true:g}, predictions {pred:g}", "box", **changed)


def _labels(base: Batch, targets: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Tensor]]]:
    yield "", {}
    for value in (0.0, 1.0):
        changed = {name: base.inputs[name].map(lambda _, value=value: value) for name in targets if base.inputs[name].dtype == "float32"}  # type: ignore[misc]
        if changed and base.domain != "simplex":
            yield f", labels {value:g}", changed


def _ends(base: Batch, predictions: tuple[str, ...], true: Mapping[str, Tensor]) -> Iterator[tuple[str, str, dict[str, Tensor]]]:
    shapes = {name: base.inputs[name] for name in predictions}
    yield "", base.domain, {}
    if base.domain == "simplex":
        for words, shift in (("sure of class 0", 0), ("sure of class 1", 1)):
            yield words, "simplex", {n: _hot(t, shift) for n, t in shapes.items()}
        yield "even", "simplex", {n: t.map(lambda _, t=t: 1 / t.shape[-1]) for n, t in shapes.items()}  # type: ignore[misc]
        return
    for value in (0.0, 1.0, 0.5):
        yield f"predictions {value:g}", "box", {n: t.map(lambda _, value=value: value) for n, t in shapes.items()}  # type: ignore[misc]
    for name in base.named("true"):
        target = true.get(name, base.inputs[name])
        equal = {n: target for n, t in shapes.items() if t.shape == target.shape and target.dtype == "float32"}
        if equal:
            yield "predictions equal to the target", base.domain, equal
    if base.domain == "real":
        for factor in (200.0, -100.0):
            yield f"predictions times {factor:g}", "real", {n: t.map(lambda v, f=factor: v * f) for n, t in shapes.items()}  # type: ignore[misc]


def _hot(tensor: Tensor, shift: int) -> Tensor:
    width = tensor.shape[-1] if tensor.shape else 1
    return Tensor(tensor.shape, tuple(float(i % width == shift % width) for i in range(len(tensor.values))), tensor.dtype)
