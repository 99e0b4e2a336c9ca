"""The chain: what was measured in a training run, as steps from the number that was shown to the number that the user computes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from losslint.finding import Finding

SMALL = 1e-5  # of the larger number: steps below it have no effect, and more than it that is left is not explained
COARSE = {
    "float16": 2.0**-10,
    "bfloat16": 2.0**-7,
}  # the same where the model's outputs are in half precision: their next numbers are so far apart
DRIFT = 2e-9  # of the shown number and batch: how far a float32 running mean strays
TOGETHER = 2  # causes of one step that are named each

# node -> cause of the step that leads to it, in the order that is printed
CAUSE_OF = {
    "total": "running",
    "compiled": "penalties",
    "unscaled": "loss-weights",
    "unweighted": "weights",
    "unmasked": "mask",
    "clipped": "logits",
    "called": "call",
    "inference": "mode",
    "moved": "moved",
    "reread": "data",
    "whole": "whole",
    "eager": "rounding",
    "weightless": "hidden",
    "mine": "formula",
}

# node -> what is to blame where its number is not finite, the user's own code first
BROKEN = {
    "called": "your loss itself",
    "compiled": "the loss as Keras calls it, with weights, masks and logits",
    "total": "a penalty, or what your compute_loss adds",
}


class Step(Struct, frozen=True):
    """One cause and its measured effect.

    Attributes
    ----------
    causes
        What was taken away between two measured numbers: one cause, or several where nothing between them could be measured.
    label
        In words, with what it is in this model.
    change
        The next number minus the one before.
    value
        The number after the step.
    """

    causes: tuple[str, ...]
    label: str
    change: float
    value: float


class Chain(Struct, frozen=True):
    """All that is told of one epoch of one fit.

    Attributes
    ----------
    path, line, epoch, batches, rows, batch
        Which training, and its size; `batch` is the number of rows in a batch.
    shown
        What Keras showed as the loss.
    mine
        What the user computes: the mean of the loss on the model's predictions, or of a formula.
    steps
        From the shown number to the user's; those with no effect are only counted in `quiet`.
    unexplained
        What the two independent ends disagree by: 0 where everything is explained.
    hidden
        How much of the loss comes from the weights alone: a penalty inside its own code; None: not measured.
    matches
        The node that a number given by the user equals; "" if none was given or none does.
    notes
        What could not be measured, and why.
    loss
        The name of the loss; of each, where several outputs have one.
    own
        Whether their code is the user's.
    metric
        The name under which Keras shows the number: ``loss`` or ``val_loss``.
    small
        The part of the larger number below which a step has no effect.
    yours
        What the other number is, in words; "" for the loss on the model's predictions.
    findings
        What the linter says of the loss's own code.
    """

    path: str
    line: int
    epoch: int
    batches: int
    rows: int
    batch: int
    shown: float
    mine: float | None
    steps: tuple[Step, ...]
    quiet: int
    unexplained: float
    nodes: Mapping[str, float]
    hidden: float | None = None
    matches: str = ""
    notes: tuple[str, ...] = ()
    loss: str = ""
    own: bool = False
    metric: str = "loss"
    small: float = SMALL
    yours: str = ""
    findings: tuple[Finding, ...] = ()

    @property
    def explained(self) -> bool:
        """Whether nothing is left."""
        return self.mine is not None and abs(self.unexplained) <= self.small * max(abs(self.shown), abs(self.mine))

    @property
    def penalised(self) -> bool:
        """Whether a part of the loss comes from the weights alone."""
        return self.hidden is not None and abs(self.hidden) > self.small * abs(self.shown)


def chain(record: Mapping[str, Any], number: float | None = None) -> Chain:
    """The chain of one epoch.

    Parameters
    ----------
    record
        What the recorder told of it.
    number
        What the user got; None: what the loss gives on the model's own predictions.
    """
    end, shown = record["end"], float(record["shown"].get("loss", "nan"))
    nodes = measured(record)
    own = end.get("mine", end.get("independent"))
    mine = float(own) if own is not None else None
    if number is not None:
        mine = number
    if mine is not None and (number is not None or "mine" in end):
        nodes |= {"weightless": float(end["weightless"])} if "weightless" in end else {}
        nodes["mine"] = mine
    steps, quiet = _steps(record, shown, nodes)
    return told(
        record,
        mine=mine,
        steps=steps,
        quiet=quiet,
        unexplained=_left(record, shown, nodes, mine),
        nodes=nodes,
        yours="yours" if "mine" in nodes else "",
        hidden=nodes["eager"] - float(end["weightless"]) if "weightless" in end else None,
        matches=_matches(record, shown, nodes, number) if number is not None else "",
    )


def told(record: Mapping[str, Any], **found: Any) -> Chain:
    """A chain with what the record itself says of its epoch, and with what was `found`."""
    sums, fit = record["sums"], record["fit"]
    return Chain(
        path=fit["path"],
        line=fit["line"],
        epoch=record["epoch"],
        batches=sums["batches"],
        rows=sums["rows"],
        batch=record["batch"],
        shown=float(record["shown"].get("loss", "nan")),
        notes=tuple(_notes(record, found["nodes"])),
        loss=" + ".join(place["name"] for place in record["losses"]),
        own=bool(record["losses"]) and all("path" in place for place in record["losses"]),
        metric="val_loss" if record["validation"] else "loss",
        small=small(record),
        **found,
    )


def small(record: Mapping[str, Any]) -> float:
    """The part of the larger number below which a step has no effect."""
    return COARSE.get(record["half"], SMALL)


def measured(record: Mapping[str, Any]) -> dict[str, float]:
    """What was measured in the epoch and at its end, by node."""
    nodes = {name: float(record["sums"][name]["mean"]) for name in record["nodes"]}
    nodes |= {name: float(record["end"][name]) for name in ("moved", "reread", "whole", "eager") if name in record["end"]}
    return nodes | _uncounted(record, float(record["shown"].get("loss", "nan")), nodes)


def _uncounted(record: Mapping[str, Any], shown: float, nodes: Mapping[str, float]) -> dict[str, float]:
    """The total as Keras 2 counts it where a `compute_loss` of the user's own adds something: the metric has the compiled loss only."""
    least = small(record) * abs(shown)
    if "compiled" not in nodes or abs(shown - nodes["total"]) <= least:
        return {}
    counted = nodes["compiled"] + sum(float(record["sums"][f"penalty{place}"]["mean"]) for place in range(len(record["penalties"])))
    return {"total": counted} if abs(shown - counted) <= least else {}


def _steps(record: Mapping[str, Any], shown: float, nodes: Mapping[str, float]) -> tuple[tuple[Step, ...], int]:
    found: list[Step] = []
    quiet, before, skipped = 0, shown, []
    for node, cause in CAUSE_OF.items():
        if node not in nodes:
            if cause not in (("hidden", "formula", "mode", "moved") if record["validation"] else ("hidden", "formula")):
                skipped.append(cause)
            continue
        if cause == "penalties" and not skipped:
            parts = list(_penalties(record, before - nodes[node]))
        else:
            causes = (*skipped, cause)
            parts = [(causes, label(record, causes), nodes[node] - before)]
        skipped = []
        counted, none = noticed(parts, before, small(record) * abs(shown))
        found += counted
        quiet += none
        before = nodes[node]
    return tuple(found), quiet


def noticed(parts: Iterable[tuple[tuple[str, ...], str, float]], before: float, least: float) -> tuple[list[Step], int]:
    """The steps that change more than `least`, from a number on, and how many do not."""
    found, quiet = [], 0
    for causes, words, change in parts:
        before += change
        if abs(change) <= least:
            quiet += 1
        else:
            found.append(Step(causes, words, change, before))
    return found, quiet


def _penalties(record: Mapping[str, Any], total: float) -> Iterator[tuple[tuple[str, ...], str, float]]:
    """One part for each layer that adds a loss, and what is left: a `compute_loss` of the user's own, or a random loss."""
    rest = total
    for position, name in enumerate(record["penalties"]):
        value = float(record["sums"][f"penalty{position}"]["mean"])
        rest -= value
        yield ("penalties",), f"penalty ({name})", -value
    again = abs(float(record["sums"]["again"]["mean"]) - float(record["sums"]["compiled"]["mean"]))
    random = again > small(record) * abs(float(record["sums"]["compiled"]["mean"]))
    yield ("random",) if random else ("own",), "a loss that draws random numbers" if random else "what your compute_loss adds", -rest


def label(record: Mapping[str, Any], causes: tuple[str, ...]) -> str:
    """What a step takes away, with what it is in this model."""
    return " and ".join(_words(record, cause) for cause in causes) if len(causes) <= TOGETHER else "all that is not measured apart"


def _words(record: Mapping[str, Any], cause: str) -> str:
    modes = ", ".join(record["modes"][:3])
    weights = record["class_weight"]
    folded = f"class_weight={_short(weights)}" if weights else "sample weights"
    return {
        "running": "running mean of the batches",
        "penalties": "penalties of layers",
        "loss-weights": f"loss_weights={_short(record['loss_weights'])}" if record["loss_weights"] else "loss_weights",
        "weights": folded,
        "mask": "mask of the inputs",
        "logits": "logits short-cut",
        "call": "how Keras calls the loss",
        "mode": f"training mode ({modes})" if modes else "training mode",
        "moved": "weights moved during the epoch",
        "data": "other data or batches",
        "whole": "all rows in one call",
        "rounding": "float32 in compiled code",
        "hidden": "penalty in the loss's own code",
        "formula": "your formula",
    }[cause]


def _short(value: Any) -> str:
    text = str({_number(key): item for key, item in value.items()} if isinstance(value, dict) else value)
    return text if len(text) <= 24 else text[:23] + "…"


def _number(key: str) -> Any:
    return int(key) if key.lstrip("-").isdigit() else key


def _left(record: Mapping[str, Any], shown: float, nodes: Mapping[str, float], mine: float | None) -> float:
    """What the ends disagree by: the shown number with the batches' mean, the user's number with ours."""
    left = 0.0
    if "total" in nodes:
        gap = nodes["total"] - shown
        allowed = max(small(record), DRIFT * record["sums"]["batches"]) * abs(shown)
        left += gap if abs(gap) > allowed else 0.0
    independent = record["end"].get("independent")
    if record["end"].get("random"):
        return left
    if independent is not None:
        left += float(independent) - nodes["eager"]
    return left


def _matches(record: Mapping[str, Any], shown: float, nodes: Mapping[str, float], number: float) -> str:
    """In words, the measured number that a given one equals."""
    total = record["sums"]["total"]
    known = {
        "the loss that Keras shows": shown,
        "the plain mean of the batches": float(total["plain"]),
        "the last batch": float(total["last"]),
        "the loss without penalties": nodes.get("compiled"),
        "the loss without class and sample weights": nodes.get("unweighted"),
        "your loss on the batches in training mode": nodes.get("called"),
        "your loss on the batches without training mode": nodes.get("inference"),
        "your loss on the batches, with the weights at the end": nodes.get("moved"),
        "your loss on your data, batch by batch, with the weights at the end": nodes.get("reread"),
        "your loss on all rows in one call": nodes.get("whole"),
    }
    digits = f"{number!r}".partition("e")[0].replace(".", "").lstrip("-0")
    near = abs(number) * max(SMALL, 0.5 * 10.0 ** -(len(digits) - 1))  # as exact as the user gave it
    return next((name for name, value in known.items() if value is not None and abs(value - number) <= near), "")


def _notes(record: Mapping[str, Any], nodes: Mapping[str, float]) -> Iterator[str]:
    for node, what in BROKEN.items():
        bad = int(record["sums"].get(node, {}).get("bad", 0))
        if bad:
            yield f"first not finite in batch {bad} of the epoch: {what}"
            break
    if record["own_step"]:
        yield "the model's own train_step computes a loss that Keras never sees: only what it returns is measured"
    if record["stateful"]:
        yield "a stateful layer keeps what it saw: nothing is run again, so that training stays as it was"
    if record["end"].get("random"):
        yield "the model or its loss draws random numbers: no two calls give the same number, and the last steps hold that chance"
    if record["unread"]:
        yield f"{record['unread']}: the epoch's own batches stand for your data"
    if record["half"]:
        yield f"the model's outputs are {record['half']}, whose numbers are {small(record):.1%} apart: steps below that are rounding"
    if record["sampled"]:
        yield "the epoch is larger than what is kept: `weights moved` and `other data` are sampled, their sum is exact"
    reasons: dict[str, list[str]] = {}
    for node, reason in record["missing"].items():
        reasons.setdefault(reason, []).append(CAUSE_OF.get(node, node))
    for reason, causes in reasons.items():
        yield f"not measured: {', '.join(causes)}: {reason}"
