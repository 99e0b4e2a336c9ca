"""The experiment of this family: the flagged operation brought to its pole on every legal batch, in every mode.

A graph is not only faster: TensorFlow folds constants in it, so that ``1 - p + 1e-8`` becomes ``(1 + 1e-8) - p``, which is 0 at 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from losslint.analysis.node import Node
from losslint.experiment import Lab, Probe, Run, Undecided, confirmed, refuted, undecided
from losslint.finding import Verdict

NEAR = 1e-5  # a guarded operand counts as being at its pole from here on
WITHIN = 1.001
MODES = ("eager", "static", "xla")  # a person's debugger, `fit`, and `fit` on a GPU

Distance = Callable[[Probe], float]


def least(node: Node) -> float:
    """The smallest value that the abstract run knows of a node, NaN if it knows none."""
    return min((value for value in node.columns.single if not math.isnan(value)), default=math.nan)


def smallest(index: int) -> Distance:
    """How far the smallest element of an operand is above 0; infinite where the operand is not finite itself."""

    def distance(probe: Probe) -> float:
        operand = probe.operands[index] if index < len(probe.operands) else None
        if operand is None or not operand.values or not operand.finite:
            return math.inf
        return min(operand.values)

    return distance


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
