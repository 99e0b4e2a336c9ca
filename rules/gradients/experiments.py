"""Experiments of the rules on gradients: whether a loss can be traced into a graph, and whether a gradient arrives."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice

from losslint.analysis.node import Node
from losslint.experiment import Batch, Lab, Run, Undecided, confirmed, refuted
from losslint.finding import Verdict

MOST_TRIED = 40
MOVED = 1e-4  # how far a prediction is moved to see whether something changes smoothly
ELSEWHERE: tuple[Callable[[float], float], ...] = (lambda v: 1.0 - v, lambda v: 0.0, lambda v: 1.0, lambda v: 10.0 * v, lambda v: -10.0 * v)


def traced(
    lab: Lab,
    node: Node,
    told: re.Pattern[str],
    words: str,
    given: Callable[[Batch], Batch] | None = None,
    kin: re.Pattern[str] | None = None,
) -> Verdict | Run:
    """Trace the loss into a graph on the first batch that it takes: confirmed if it raises what `told` matches at the flagged place.

    Parameters
    ----------
    told
        What the exception says, in type or message.
    words
        Of the flagged place.
    given
        What is added to a batch.
    kin
        What it says at another place of the same kind, which the loss comes to first.

    Returns
    -------
    The run, if the flagged expression was computed and nothing was raised.
    """
    elsewhere = ""
    for batch in islice(lab.candidates(), MOST_TRIED):
        run = lab.run(batch if given is None else given(batch), mode="graph", at=node)
        if run.raised is None:
            if run.probes:
                return run
            elsewhere = "the flagged expression was not computed; call the loss in the file as it is meant"
        elif told.search(f"{run.raised.type}: {run.raised.message}"):
            if _at(node, run.raised.line):
                reason = f"traced into a graph, the loss raises {run.raised.type} at {words}"
                return confirmed(reason, run, value=run.raised.message[:160], expected="a number")
            if kin is not None and kin.search(run.raised.message):
                reason = f"traced into a graph, the loss raises {run.raised.type} at a call of the same kind that it comes to first"
                return confirmed(f"{reason} (line {run.raised.line})", run, value=run.raised.message[:160], expected="a number")
            elsewhere = f"the loss fails before it gets there: {run.raised}; mend that first"
        else:
            elsewhere = elsewhere or f"no batch was found that the loss takes ({run.raised}); declare its inputs (`# losslint: inputs …`)"
    raise Undecided(elsewhere)


def _at(node: Node, line: int | None) -> bool:
    first = getattr(node.site.syntax, "lineno", 0)
    return line is None or first <= line <= (getattr(node.site.syntax, "end_lineno", None) or first)


def learns(run: Run) -> bool:
    """Whether a gradient that is not 0 arrives at a prediction, or at weights that the loss reads."""
    return any(g is not None and not g.zero for name, g in run.gradients.items() if run.batch.roles.get(name) != "true")


def cut_off(lab: Lab, node: Node) -> Run | None:
    """An eager run in which the flagged expression was computed and no gradient arrives; None if one does, or none can be had."""
    for batch in islice(lab.candidates(), MOST_TRIED):
        run = lab.run(batch, at=node)
        if run.telling and run.probes:
            return None if learns(run) else run
    return None


def unlearnt(lab: Lab, node: Node) -> Verdict:
    """Confirmed if no gradient arrives on any content on which the loss is not 0; refuted if one does."""
    runs = [lab.run(batch, at=node) for batch in lab.contents()]
    if not any(run.probes for run in runs):
        raise Undecided("the flagged expression runs only under an option; make the option the default to have it tried")
    told = [run for run in runs if run.telling]
    if not told:
        raise Undecided("the loss is 0 or not finite on every batch tried; declare its inputs (`# losslint: inputs …`)")
    learning = next((run for run in told if learns(run)), None)
    if learning is not None:
        return refuted("a gradient that is not 0 arrives at the prediction", learning)
    return confirmed(
        f"no gradient arrives at the prediction on {len(told)} different batches",
        told[0],
        expected="a gradient that is not 0",
        proof="gradient",
    )


def jumps(lab: Lab, term: Node) -> Verdict:
    """Confirmed if a term depends on the prediction, and does not change where every prediction is moved a little."""
    base = lab.batch
    here = lab.run(base, at=term)
    near = [lab.run(_moved(base, function), at=term) for function in (lambda v: v + MOVED, lambda v: v - MOVED)]
    far = [lab.run(_moved(base, function), at=term) for function in ELSEWHERE]
    results = [run.probes[-1].result if run.probes else None for run in (here, *near, *far)]
    if any(result is None for result in results):
        raise Undecided("the term was not computed; call the loss in the file as it is meant")
    if any(result != results[0] for result in results[1:3]):
        return refuted("the term changes with the prediction", near[0])
    if all(result == results[0] for result in results[3:]):
        raise Undecided("the term is the same for quite other predictions; declare the inputs (`# losslint: inputs …`)")
    reason = f"every prediction moved by {MOVED:g} changes nothing in the term, other predictions do: it has steps and no slope"
    return confirmed(reason, here, expected="a term that changes a little")


def _moved(batch: Batch, function: Callable[[float], float]) -> Batch:
    names = batch.named("pred") or batch.named("other")
    changed = {name: batch.inputs[name].map(function) for name in names if batch.inputs[name].dtype == "float32"}
    return batch.having("other predictions", "real", **changed)
