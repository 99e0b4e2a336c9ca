"""What losslint takes for losses and what it understood of each: `losslint losses`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from losslint.analysis.columns import PRED, TRUE
from losslint.analysis.degree import known
from losslint.analysis.node import Gradient, Node
from losslint.analysis.trace import Root, Trace
from losslint.report.style import Style, wrapped
from losslint.report.words import counted

EVIDENCE = {0: "values only", 1: "may be a loss", 2: "named like a loss", 3: "used as a loss"}
INPUTS = frozenset({"true", "pred", "input"})
GRADIENTS = {
    Gradient.NONE: "none (no path to the prediction or to a weight was met)",
    Gradient.BLOCKED: "blocked (the value depends on the prediction or a weight, and nothing flows back)",
    Gradient.FLOWS: "flows",
}
MOST_NAMES = 10


def default_paths(traces: Iterable[Trace]) -> list[Trace]:
    """The runs along the default path that are about a loss or reached a value that training uses."""
    return [trace for trace in traces if trace.flipped is None and (trace.roots or trace.loss.evidence)]


# --- one loss ------------------------------------------------------------------------------------------------------


def batch(node: Node) -> str:
    """What became of the batch axis, in words."""
    degree, shape = node.degree, node.shape
    if None in degree or not degree:
        return "not known how it scales with the batch"
    largest, axes = max(known(degree)), shape.batch_axes if shape is not None else None
    if largest > 0:
        return f"sum over the batch: grows like {_power(largest)}"
    if largest < 0:
        return f"divided by the batch too often: shrinks like {_power(largest)}"
    if axes is None:
        return "does not grow with the batch; its shape is not known"
    if axes == 0:
        return "one number for the batch that does not grow with it, such as a mean"
    return "one value per sample" if axes == 1 else "one value for each pair of samples"


def _power(exponent: float) -> str:
    return "B" if exponent == 1 else f"B^{exponent:g}"


def _columns(node: Node) -> list[str]:
    rows = (("y_true", TRUE.single), ("y_pred", PRED.single), ("value", node.columns.single))
    return [f"  {label:<7}{values(numbers)}" for label, numbers in rows]


def values(numbers: Iterable[float]) -> str:
    """A value in the eight columns, 72 characters."""
    return "".join(f"{_number(value):>9}" for value in numbers)


def _number(value: float) -> str:
    return "?" if math.isnan(value) else f"{value:.3g}"


def describe(trace: Trace, path: str, style: Style) -> str:
    """One loss: why it is taken for one, and what is known of every value that training uses."""
    line = getattr(trace.loss.node, "lineno", 1)
    shown = [style.paint(f"{path}:{line} {trace.loss.function or '(module)'}", "bold")]
    shown += wrapped(f"why: {trace.loss.why} ({EVIDENCE[trace.loss.evidence]})", style.width, "  ", "    ")
    for root in trace.roots:
        shown += _root(root, trace.loss.scope.parameters, style)
    if trace.unresolved:
        names = ", ".join(dict.fromkeys(trace.unresolved))
        shown += wrapped(f"calls it does not know: {names}", style.width, "  ", "    ")
    if trace.incomplete:
        shown += wrapped(f"stopped: {trace.incomplete}", style.width, "  ", "    ")
    elif not trace.roots:
        shown.append("  stopped: no value that training uses was reached")
    return "\n".join(shown) + "\n"


def _root(root: Root, parameters: Iterable[str], style: Style) -> list[str]:
    node = root.node
    line = getattr(node.site.syntax, "lineno", None)
    at = f" (line {line})" if line else ""
    own = {f"parameter:{name}" for name in parameters}
    others = ", ".join(sorted(node.origin - INPUTS - own))
    shown = wrapped(f"value: {root.why}{at}; {batch(node)}", style.width, "  ", "    ")
    if others:
        shown += wrapped(f"also reads: {others}", style.width, "  ", "    ")
    shown += wrapped(f"gradient: {GRADIENTS[node.gradient]}", style.width, "  ", "    ")
    return shown + (_columns(node) if node.columns.known else ["  range: not known"])


# --- all of them ---------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Statistics:
    """How much of the losses was understood; only default paths count, of each loss its first value of evidence 1 or more."""

    losses: int = 0
    valued: int = 0
    degrees: int = 0
    gradients: int = 0
    incomplete: int = 0
    calls: int = 0
    unresolved: Counter[str] = field(default_factory=Counter)

    def add(self, traces: Iterable[Trace]) -> None:
        """Count the runs of one file."""
        for trace in default_paths(traces):
            self.calls += trace.calls
            self.unresolved.update(trace.unresolved)
            root = next((root for root in trace.roots if root.evidence >= 1), None)
            if root is None and not trace.loss.evidence:
                continue
            self.losses += 1
            self.incomplete += trace.incomplete is not None
            if root is not None:
                self.valued += 1
                self.degrees += bool(root.node.degree) and None not in root.node.degree
                self.gradients += root.node.gradient is not Gradient.NONE or not (trace.unresolved or trace.incomplete)

    def lines(self) -> Iterator[str]:
        """The numbers, each with its meaning."""
        found = counted(self.losses, "loss", "losses")
        yield f"{found}, {self.valued} of them followed to a value, {self.incomplete} not to their end"
        scaling = "how each part of the value grows with the batch is known"
        yield f"scaling known   {_share(self.degrees, self.losses)}  of all losses: {scaling}"
        yield (
            f"gradient known  {_share(self.gradients, self.losses)}  of all losses: a path to the prediction or a weight was found, "
            "flowing or blocked, or everything was understood and there is none"
        )
        missed = self.unresolved.total()
        yield f"calls resolved  {_share(self.calls - missed, self.calls)}  of {self.calls} framework calls met on the way"
        if self.unresolved:
            yield "most frequent unresolved calls:"
            for name, times in sorted(self.unresolved.items(), key=lambda item: (-item[1], item[0]))[:MOST_NAMES]:
                yield f"  {times:>5}  {name}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:5.1f} %" if whole else "    – %"
