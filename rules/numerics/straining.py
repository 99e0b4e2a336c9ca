"""The experiment of this family: the flagged operation brought to its pole on every legal batch, in every mode.

A graph is not only faster: TensorFlow folds constants in it, so that ``1 - p + 1e-8`` becomes ``(1 + 1e-8) - p``, which is 0 at 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from losslint.analysis.node import Node
from losslint.experiment import Batch, Lab, Probe, Run, Tensor, Undecided, confirmed, refuted, undecided
from losslint.finding import Verdict
from losslint.operations.catalogue import known
from losslint.operations.operation import Kind

NEAR = 1e-5  # a guarded operand counts as being at its pole from here on
WITHIN = 1.001
LARGE = (25.0, 100.0)  # beyond the first float32 tells a sigmoid from 1 no longer and float64 does, beyond the second exp overflows
MODES = ("eager", "static", "xla")  # a person's debugger, `fit`, and `fit` on a GPU

Distance = Callable[[Probe], float]


def least(node: Node) -> float:
    """The smallest value that the abstract run knows of a node, NaN if it knows none."""
    return min((value for value in node.columns.single if not math.isnan(value)), default=math.nan)


def closest(node: Node) -> float:
    """The distance from 0 of the value nearest to it that the abstract run knows of a node, NaN if it knows none."""
    return min((abs(value) for value in node.columns.single if not math.isnan(value)), default=math.nan)


def smallest(index: int) -> Distance:
    """How far the smallest element of an operand is above 0; infinite where the operand is not finite itself."""

    def distance(probe: Probe) -> float:
        operand = probe.operands[index] if index < len(probe.operands) else None
        if operand is None or not operand.values or not operand.finite:
            return math.inf
        return min(operand.values)

    return distance


def size(index: int) -> Distance:
    """How far the smallest element of an operand is from 0, whatever its sign."""

    def distance(probe: Probe) -> float:
        operand = probe.operands[index] if index < len(probe.operands) else None
        return math.inf if operand is None else min(map(abs, operand.values), default=math.inf)

    return distance


def count(probe: Probe) -> float:
    """How many elements the first operand has."""
    operand = probe.operands[0] if probe.operands else None
    return math.inf if operand is None else float(len(operand.values))


def to_pole(node: Node) -> Distance:
    """How far an operation is from the pole of its entry in the catalogue: its operand, or its result where all elements count."""
    entry = known(node.operation)
    poles = entry.poles if entry is not None else ()
    if entry is not None and (entry.kind is Kind.REDUCTION or any(pole.at is None for pole in poles)):
        return lambda probe: min(map(abs, probe.result.values), default=math.inf) if probe.result is not None else math.inf
    if any(pole.operand for pole in poles):
        return size(poles[0].operand)
    inside = [pole.at for pole in poles if pole.at]
    if not inside:
        return smallest(0)

    def distance(probe: Probe) -> float:
        operand = probe.operands[0] if probe.operands else None
        if operand is None or not operand.finite:
            return math.inf
        return min((1.0 - abs(value) for value in operand.values), default=math.inf)

    return distance


def logits(batch: Batch) -> Iterator[Batch]:
    """Batches of large predictions, whatever the loss is meant for: of both signs, all positive, all negative."""
    names = [
        name
        for name, tensor in batch.inputs.items()
        if tensor.dtype == "float32" and batch.roles.get(name) not in ("true", "mask", "weights")
    ]
    for size, signs in ((size, signs) for size in LARGE for signs in ((1, -1), (1, 1), (-1, -1))):
        changed = {}
        for name in names:
            tensor = batch.inputs[name]
            changed[name] = Tensor(tensor.shape, tuple(size * signs[index % 2] for index in range(len(tensor.values))))
        yield batch.having(f"predictions {size * signs[0]:g} and {size * signs[1]:g} in turn", "real", **changed)


def strained(lab: Lab, node: Node, distance: Distance, *, pole: str, extreme: float = math.nan) -> Verdict:
    """Whether a legal batch brings an operation to its pole and breaks the loss.

    Parameters
    ----------
    node
        The operation.
    distance
        How far an operand is from the pole; 0 or less: it is there.
    pole
        What is the case there, in words.
    extreme
        The least distance that the abstract run knows: an operation that never comes near the pole is refuted from there on.
    """
    nearest, modes = math.inf, []
    for mode in MODES:
        ran = False
        for batch in lab.edges():
            run = lab.run(batch, mode=mode, at=node)
            if run.raised is not None:
                continue
            ran = True
            at = min(map(distance, run.probes), default=math.inf)
            nearest = min(nearest, at)
            if at <= 0 and run.broken:
                return broken(run, pole)
        modes += [mode] if ran else []
    if nearest == math.inf:
        raise Undecided("the expression was not computed on any batch; it may stand behind an option: call the loss with it in the file")
    if nearest > max(NEAR, extreme * WITHIN if extreme > 0 else 0.0):
        return undecided(f"no legal batch brings it to the pole, the nearest is {nearest:.3g}; declare its inputs (`# losslint: inputs …`)")
    told = ", ".join({"static": "graph", "xla": "XLA"}.get(mode, mode) for mode in modes)
    return refuted(f"{nearest:.3g} away from the pole, value and gradient stay finite ({told})", lab.run(lab.batch))


def broken(run: Run, pole: str) -> Verdict:
    """The batch that breaks the loss."""
    mode = {"static": " in a graph, as in `fit`", "xla": " under XLA, the default on a GPU"}.get(run.mode, "")
    what = "the loss is" if run.broken == "value" else "the loss is finite, but its gradient is"
    number = run.number if run.broken == "value" else "nan or inf (gradient)"
    return confirmed(f"{what} not finite on a legal batch{mode}: {pole}", run, value=number, expected="a finite number", seen=pole)
