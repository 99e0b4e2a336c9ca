"""Whether a repair does what it says: the loss before and after, on batches on which it worked, and on the one that broke it."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress

from msgspec import Struct

from losslint.analysis.node import Node
from losslint.analysis.trace import Trace
from losslint.config import Settings
from losslint.experiment import Batch, Run, Tensor, Undecided
from losslint.finding import Witness
from losslint.lab.bench import Bench
from losslint.lab.process import Worker
from losslint.lab.slice import Slice
from losslint.linter import run
from losslint.source import Modules, Source

CLOSE = 1e-5  # relative, of value and gradient
SAME = "value and gradient are as before on batches on which the loss worked"
MENDED = "; what broke it before does not now"
CLOSE_RATIO = 1e-3  # how far the factor of a repair that changes training may differ between batches


class Proof(Struct, frozen=True):
    """What the repair of a finding has to take away.

    Attributes
    ----------
    witness
        The batch that broke the loss.
    node, text
        The expression that the finding is of, and what is written in its place; None: it stays, with other operands.
    whole
        The source with the repairs of the other findings of the loss, too: the same batch may show several.
    others
        Whether the loss has findings that nothing repairs.
    again
        Whether the rule's own experiment shows the same on another loss: asked where the witness holds no inputs.
    """

    witness: Witness
    node: Node
    text: str | None
    whole: Source
    others: bool
    again: Callable[[Bench], bool]


def repaired(
    running: Callable[[], Worker],
    before: Source,
    after: Source,
    function: str,
    *,
    safe: bool,
    proof: Proof | None,
    settings: Settings,
    modules: Modules,
) -> tuple[bool | None, str]:
    """Compare a loss before and after a repair.

    Parameters
    ----------
    running
        Gives the worker.
    function
        Qualified name of the loss; it must be in both sources.
    safe
        Value and gradient must stay; otherwise they may change by one factor, the same on every batch.
    proof
        What broke the loss before must not break it now; None: nothing was seen to.

    Returns
    -------
    tuple
        True, False, or None where the loss cannot be run, changes unevenly, or has other defects; and why, in words.
    """
    benches: list[Bench] = []

    def opened(source: Source) -> Bench:
        trace = _trace(source, function, settings, modules)
        bench = Bench(running, trace, Slice.of(trace, source, modules, settings.inputs))
        benches.append(bench)
        with suppress(Undecided):
            bench.batch  # noqa: B018  # on the way to it are found the remedies that a loss needs to be run at all
        return bench

    try:
        return _judged(opened(before), after, opened, safe, proof)
    except Undecided as error:
        return None, str(error)
    finally:
        for bench in benches:
            bench.close()


def _judged(old: Bench, after: Source, opened: Callable[[Source], Bench], safe: bool, proof: Proof | None) -> tuple[bool | None, str]:
    """The judgement of `repaired`, of a loss that is open before the repair; ``opened`` opens it in other sources."""
    new = opened(after)
    pairs = [(old.run(batch), new.run(batch)) for batch in old.contents()]
    told = _compared(pairs, safe)
    if told:
        return False, told
    uneven = "" if safe else _uneven(pairs)
    if uneven:
        return None, uneven
    if proof is None:
        return True, SAME
    if _mended(old, new, proof):
        return True, f"{SAME}{MENDED}"
    if proof.whole.text != after.text and _mended(old, opened(proof.whole), proof):
        return True, f"{SAME}{MENDED}, by this and the fixes beside it"
    if _finite(old, new, proof):
        return None, "the expression is finite now where it was not before, and something else breaks the loss there"
    still = "what broke the loss before breaks it still"
    return (None, f"{still}, perhaps through another finding") if proof.others else (False, still)


def _trace(source: Source, function: str, settings: Settings, modules: Modules) -> Trace:
    for trace in run(source, settings, modules):
        if trace.loss.function == function and trace.flipped is None:
            return trace
    raise Undecided(f"`{function}` is no loss any more; see what the repair made of it")


def _compared(pairs: list[tuple[Run, Run]], safe: bool) -> str:
    """What differs on batches on which the loss worked before; empty if nothing does."""
    for old, new in _worked(pairs):
        if new.raised is not None:
            return f"on a batch on which it worked, the loss now raises {new.raised}"
        if not new.finite:
            return "on a batch on which it was finite, the loss now is not"
        if safe and not (_close(old.value, new.value) and all(_close(g, new.gradients.get(n)) for n, g in old.gradients.items())):
            return f"value or gradient changes: {old.number:.6g} before, {new.number:.6g} after"
    return ""


def _worked(pairs: list[tuple[Run, Run]]) -> list[tuple[Run, Run]]:
    return [(old, new) for old, new in pairs if old.raised is None and old.finite and old.value is not None]


def _uneven(pairs: list[tuple[Run, Run]]) -> str:
    """Whether a loss changes by other factors on other batches, as where one of several terms is repaired; empty if not."""
    ratios = [new.number / old.number for old, new in _worked(pairs) if old.number and new.number]
    if ratios and max(ratios) - min(ratios) > CLOSE_RATIO * abs(max(ratios, key=abs)):
        return f"the loss does not change by one factor: {min(ratios):.4g} to {max(ratios):.4g}"
    return ""


def _close(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other or ((one or other) is not None and (one or other).zero)  # type: ignore[union-attr]
    scale = max(map(abs, one.values), default=0.0)
    return one.shape == other.shape and all(
        math.isclose(a, b, rel_tol=CLOSE, abs_tol=CLOSE * scale) for a, b in zip(one.values, other.values, strict=True)
    )


def _finite(old: Bench, new: Bench, proof: Proof) -> bool:
    """Whether the expression itself is finite now on the batch on which it was not: then something else breaks the loss there."""
    batch, mode, source = _witnessed(old, proof.witness), proof.witness.mode, proof.node.site.source
    place = source.place(proof.node.site.syntax)

    def finite(bench: Bench, node: Node) -> list[bool]:
        return [probe.result.finite for probe in bench.run(batch, mode=mode, at=node).probes if probe.result is not None]

    for node in new.trace.reached(1):
        there = node.site.source.place(node.site.syntax)
        above = len(node.site.source.lines) - len(source.lines)  # an import that is written with the repair
        same = node.operation == proof.node.operation if proof.text is None else node.text == proof.text
        if same and (there.path, there.line - above, there.column) == (place.path, place.line, place.column):
            now = finite(new, node)
            return bool(now) and all(now) and not all(finite(old, proof.node))
    return False


def _witnessed(bench: Bench, witness: Witness) -> Batch:
    """The batch of a witness."""
    inputs = {name: _tensor(told) for name, told in witness.inputs.items()}
    return Batch(inputs, bench.batch.roles, witness.domain, witness.words, witness.repeat)


def _mended(old: Bench, new: Bench, proof: Proof) -> bool:
    """Whether what broke the loss before does not now: the witness, or, where more than the finding breaks it there, another batch."""
    witness = proof.witness
    if not witness.inputs:
        return not proof.again(new)
    if any(told["data"] is None for told in witness.inputs.values()):
        return True  # too large to be kept
    batch = _witnessed(old, witness)
    if not _fails(old.run(batch, mode=witness.mode)):
        return not new.run(batch, mode=witness.mode).broken  # it shows something else, such as a sum
    ends = (batch, *old.edges())
    return any(_fails(old.run(end, mode=witness.mode)) and not _fails(new.run(end, mode=witness.mode)) for end in ends)


def _fails(run: Run) -> bool:
    return bool(run.broken) or run.raised is not None


def _tensor(told: dict[str, object]) -> Tensor:
    values: list[float] = []

    def flat(data: object) -> None:
        if isinstance(data, list):
            for item in data:
                flat(item)
        elif isinstance(data, int | float):
            values.append(float(data))

    flat(told["data"])
    shape = told["shape"]
    assert isinstance(shape, list)
    return Tensor(tuple(shape), tuple(values), str(told["dtype"]))
