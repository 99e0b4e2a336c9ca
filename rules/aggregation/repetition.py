"""The experiment of this family: the samples of a batch given several times, which must not change what training shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

from losslint.analysis.node import Node, reach
from losslint.experiment import Batch, Lab, Run, Undecided, confirmed, refuted, undecided
from losslint.finding import Verdict

POWERS = (0.5, 1.0, 1.5, 2.0, 3.0)
MOST_TIMES = 256
UNUSUAL = (5, 7)  # times that a batch is repeated, so that its size is the length of no other axis
MOST_NUMBERS = 2_000_000  # in one batch
STEADY, NEAR = 0.05, 0.06
AT_LEAST = 0.9  # a slope above it at such numbers is growth, though no power (a product of a sum and a logarithm, say)
CLEAR = 0.02  # how near two numbers must be to a power for a reader to see it in them


@dataclass(frozen=True, slots=True)
class Growth:
    """How the value of one batch changes when its samples are repeated: the slope of its logarithm, twice, at large numbers."""

    batch: Batch
    slopes: tuple[float, float]

    @property
    def power(self) -> float | None:
        """The power of the number of samples by which the value grows; None if there is no such power."""
        first, second = self.slopes
        if abs(first - second) >= STEADY:
            return None
        powers = (0.0, *POWERS, *(-power for power in POWERS))
        return next((power for power in powers if abs(second - power) < NEAR), None)


def growths(lab: Lab) -> list[Growth]:
    """How the loss grows on batches of several contents, those on which it is 0 or infinite left out."""
    found: list[Growth] = []
    numbers = sum(len(tensor.values) for tensor in lab.batch.inputs.values())
    if not numbers:
        raise Undecided("the loss takes no inputs, so no batch of them can be repeated; make what it reads its parameters")
    most = max(8, min(MOST_TIMES, 1 << int(math.log2(MOST_NUMBERS / numbers))))
    for batch in lab.contents():
        values = [_size(lab.run(batch.repeated(times))) for times in (most // 4, most // 2, most)]
        if all(0 < value < math.inf for value in values):
            slopes = (math.log2(values[1] / values[0]), math.log2(values[2] / values[1]))
            found.append(Growth(batch, slopes))
    if not found:
        raise Undecided("the loss is 0 or not finite on batches of any content; declare its inputs (`# losslint: inputs …`)")
    return found


def _size(run: Run) -> float:
    return abs(run.number) if run.raised is None else math.nan


def verdict(lab: Lab, node: Node, *, grows: bool) -> Verdict:
    """Whether the loss grows (or shrinks) with the number of samples, by one power on every content.

    Parameters
    ----------
    node
        The flagged value.
    """
    found = growths(lab)
    powers = [growth.power for growth in found]
    power = powers[0]
    if None in powers and all(min(growth.slopes) > AT_LEAST for growth in found) and grows:
        return shown(lab, found[0].slopes[1])
    if any(other != power for other in powers) or power is None:
        told = ", ".join(f"{growth.slopes[1]:.2f} ({growth.batch.words})" for growth in found)
        return undecided(f"how the loss grows depends on the labels or drifts: slopes {told}; declare its inputs (`# losslint: inputs …`)")
    if power == 0:
        return refuted("the samples of a batch given again and again leave the loss as it is, whatever the labels", lab.run(lab.batch))
    if (power > 0) != grows:
        return undecided(
            f"the loss goes with the power {power:g} of the number of samples, which is not what the rule says; compare its values on two batch sizes"
        )
    if crossed(lab, node):
        return undecided(
            "on the batches that the loss takes it combines every sample with every other, which its code does not: "
            "they have other axes than it is for; declare its inputs (`# losslint: inputs …`)"
        )
    return shown(lab, power)


def crossed(lab: Lab, node: Node) -> bool:
    """Whether a tensor of the loss has two axes as long as the batch, though nothing that the value is made of should have."""
    if any(part.shape is not None and max(part.shape.batch_axes, part.shape.power) > 1 for part in reach(node)):
        return False
    try:
        for times in UNUSUAL:
            batch = lab.batch.repeated(times)
            if not any(shape.count(batch.size) > 1 for shape in lab.shapes(batch)):
                return False
    except Undecided:  # no graph takes it, so nothing is told of its shapes
        return False
    return True


def sized(lab: Lab, node: Node) -> Verdict:
    """Whether a batch of another size than the loss counts on raises an error or gives another loss."""
    batch = lab.batch
    for batch_of_other_size in (batch.repeated(2), batch.rows(0, max(2 * (batch.size // 3), 1))):
        other = lab.run(batch_of_other_size)
        if other.raised is not None:
            reason = f"a batch of {other.batch.size} samples raises {other.raised.type}, one of {batch.size} works"
            return confirmed(reason, other, value=other.raised.message[:160], expected=f"a number, as for {batch.size} samples")
    run, other = lab.run(batch), lab.run(batch.repeated(2))
    used, still = _used(run), _used(other)
    if used and still <= used:
        reason = f"of {other.batch.size} samples only {still} have a gradient, of {batch.size} it was {used}: the others are not looked at"
        return confirmed(
            reason,
            other,
            value={f"{r.batch.size} samples": f"{n} with a gradient" for r, n in ((run, used), (other, still))},
            expected="twice as many",
        )
    return verdict(lab, node, grows=True)


def _used(run: Run) -> int:
    """The number of samples of the predictions that have a gradient."""
    rows = 0
    for name in run.batch.named("pred") or run.batch.named("other"):
        gradient = run.gradients.get(name)
        if gradient is not None and gradient.shape and gradient.shape[0]:
            width = len(gradient.values) // gradient.shape[0]
            rows = max(rows, sum(any(gradient.values[i * width : (i + 1) * width]) for i in range(gradient.shape[0])))
    return rows


def shown(lab: Lab, power: float) -> Verdict:
    """The two batch sizes and the two numbers that a reader can compare."""
    run = lab.run(lab.batch)
    other = lab.run(lab.batch.repeated(2))
    if abs(other.number / run.number - 2**power) > CLEAR * 2**power:
        run, other = lab.run(lab.batch.repeated(MOST_TIMES // 2)), lab.run(lab.batch.repeated(MOST_TIMES))
    numbers = {f"{one.batch.size} samples": one.number for one in (run, other)}
    first, second = (f"{value:.4g} for {name}" for name, value in numbers.items())
    reason = f"the same samples, given twice, give another loss: {first}, {second}"
    return confirmed(reason, run, value=numbers, expected="the same number for both", proof="repeat")
