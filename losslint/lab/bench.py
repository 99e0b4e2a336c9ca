"""The laboratory itself: one loss in a child, opened, given a batch on which it works, and run as an experiment asks."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from losslint.analysis.node import Gradient, Node
from losslint.analysis.trace import Trace
from losslint.experiment import Batch, Change, Fitted, Probe, Raised, Reloaded, Run, Slope, Slopes, Undecided
from losslint.lab import contents, ladder, legal, reasons
from losslint.lab.calling import observed
from losslint.lab.process import Child, Ended, Worker
from losslint.lab.slice import Slice
from losslint.options import Chosen

MOST_TRIED = 240
SAME = 24  # a mistake of types that so many batches made in the same words does not depend on the batch
TRIED_AFTER_FINITE = 28 * len(contents.KINDS)
HOPELESS = ("NameError", "AttributeError", "Missing", "Unmade", "ModuleNotFoundError", "ImportError", "NotImplementedError", "Refused")
OLD = re.compile(
    r"unexpected keyword|no attribute|got multiple values|takes .* positional arguments|Got an unexpected|did not get an initializer"
)
EAGER = re.compile(r"not supported when eager execution|not compatible with eager execution")
MOST_REMEDIES = 12
SLOW = 1.0  # seconds of one run from which a graph is used
EAGER_SECONDS, XLA_SECONDS = 4.0, 5.0
TOO_SLOW = {"error": {"type": "Timeout", "message": f"XLA takes longer than {XLA_SECONDS:g} s to compile it", "line": None, "path": None}}


@dataclass(slots=True)
class Bench:
    """Implements `losslint.experiment.Lab` for one loss.

    Attributes
    ----------
    until
        When its time is over.
    stopped
        Why it was stopped, once it was.
    old
        TensorFlow is its own first version where the two differ.
    graph
        It runs in a graph where eager mode is asked for: it is too slow in that, or does not work.
    xla_slow
        XLA takes too long to compile it.
    cut
        The slice before anything was guessed that a run asked for.
    """

    running: Callable[[], Worker]
    trace: Trace
    slice: Slice
    child: Child | None = None
    until: float = 0.0
    moved: dict[str, str] = field(default_factory=dict)
    placeholders: list[str] = field(default_factory=list)
    runs: int = 0
    stopped: str = ""
    old: bool = False
    graph: bool = False
    xla_slow: bool = False
    cut: Slice = field(init=False)
    _batch: Batch | None = None
    _profile: contents.Profile | None = None
    _hopeless: str = ""

    def __post_init__(self) -> None:
        self.cut = self.slice

    # --- the child ----------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Fork the child and open the slice in it."""
        if self.child is not None:
            return
        worker = self.running()
        if self.stopped:
            raise Undecided(self.stopped)
        self.until = self.until or time.monotonic() + worker.seconds
        try:
            self.child = worker.child()
        except Ended as error:
            raise Undecided(f"the laboratory could not start a process: {error}; give it more memory or processes") from error
        answer = self.answered(self.slice.order(self.old))
        self.placeholders = answer["stand_ins"]
        self.moved |= answer["moved"]

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request to the child; a child that is gone is an `Undecided`."""
        assert self.child is not None
        try:
            return self.child.ask(request, self.until)
        except Ended as error:
            how = self._ended() or str(error)
            if time.monotonic() >= self.until:
                how = f"its experiments took longer than {self.running().seconds:g} s"
            self.stopped = f"the loss was stopped: {how}; raise --confirm-timeout if it is only slow"
            raise Undecided(self.stopped) from error

    def answered(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request to the child; what the loss raises there is an `Undecided` too."""
        answer = self.ask(request)
        if isinstance(answer.get("error"), dict):
            raise Undecided(self.failure(_raised(answer["error"])))
        return answer

    def within(self, request: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """One request that has a limit of its own; None where that is over: the child alone is lost."""
        assert self.child is not None
        until = min(self.until, time.monotonic() + seconds)
        try:
            return self.child.ask(request, until)
        except Ended:
            if time.monotonic() < until:
                raise  # it did not take too long, it ended
            self._ended()
            return None

    def _ended(self) -> str:
        """How the child ended."""
        assert self.child is not None
        how = self.running().end(self.child)
        self.child = None
        return how

    def close(self) -> None:
        """End the child."""
        if self.child is not None:
            self.running().end(self.child)
            self.child = None

    def failure(self, raised: Raised) -> str:
        """Why the loss cannot be run, in words."""
        return reasons.failure(raised, self.slice.call.roles)

    # --- the protocol -------------------------------------------------------------------------------------------------

    @property
    def batch(self) -> Batch:
        """See `losslint.experiment.Lab`."""
        if self._hopeless:
            raise Undecided(self._hopeless)
        if self._batch is None:
            try:
                self._batch = self._climbed()
            except Undecided as error:
                self._hopeless = str(error)
                self._batch = self._remedied(str(error))
            self._hopeless = ""
        return self._batch

    def _remedied(self, failure: str) -> Batch:
        """Once more, as the failure suggests: TensorFlow of old, a graph, a guess for what the object lacks.

        Raises
        ------
        Undecided
            Nothing helps: with the first failure.
        """
        for _ in range(MOST_REMEDIES):
            if (filled := self.slice.filled(failure)) is not None:
                self.slice = filled
            elif EAGER.search(failure) and not self.graph:
                self.graph = True
            elif OLD.search(failure) and not self.old:
                self.old = True
            else:
                break
            self.close()
            try:
                return self._climbed()
            except Undecided as error:
                failure = str(error)
        self.slice, self.graph, self.old = self.cut, False, False  # what does not help is undone
        self.close()
        raise Undecided(self._hopeless)

    def _climbed(self) -> Batch:
        """Climb the ladder to the first informative batch."""
        self.open()
        said: Counter[str] = Counter()
        shapes: set[object] = set()
        uninformative, since = False, 0
        for tried, profile in enumerate(self.profiles()):
            since += uninformative
            if tried >= MOST_TRIED or since > TRIED_AFTER_FINITE:
                break
            batch = contents.batch(profile, self.slice.call.roles)
            shapes.add((profile.true, profile.pred))
            started = time.monotonic()
            run = self.run(batch)
            if not self.graph and run.raised is None and time.monotonic() - started > SLOW:
                self.graph = True
                self.graph = self.run(batch).raised is None  # some losses work in eager mode alone
            if run.raised is not None:
                said[f"{run.raised.type}: {run.raised.message[:160]}"] += 1
                if run.raised.type in HOPELESS or (tried > SAME and len(said) == 1 and run.raised.type == "TypeError"):
                    raise Undecided(self.failure(run.raised))
            elif self._informative(run):
                self._profile = profile
                return batch
            else:
                uninformative = uninformative or run.finite
        names = self.slice.call.roles
        raise Undecided(reasons.uninformative(names) if uninformative else reasons.untaken(said, len(shapes), names))

    def _informative(self, run: Run) -> bool:
        """Whether a run is worth experiments: finite, not empty, not 0, and with some gradient where the loss can have one."""
        if not run.telling:
            return False
        if not any(root.node.gradient is Gradient.FLOWS for root in self.trace.roots):
            return True
        return any(g is not None and not g.zero for g in run.gradients.values())

    def options(self, kind: type[Chosen]) -> Chosen:
        """See `losslint.experiment.Lab`."""
        return self.trace.options(kind)

    def candidates(self) -> Iterator[Batch]:
        """See `losslint.experiment.Lab`."""
        for profile in islice(self.profiles(), MOST_TRIED):
            yield contents.batch(profile, self.slice.call.roles)

    def profiles(self) -> Iterator[contents.Profile]:
        """The rungs of the ladder: by what the user declares, and what the code of the loss and of its helpers shows."""
        self.open()
        for profile in ladder.ladder(ladder.hints(self.slice.functions, self.evaluate)):
            yield replace(profile, declared=self.slice.declared)

    def evaluate(self, expressions: list[str], path: str | None = None) -> list[float | None]:
        """The numbers that expressions stand for where the loss is defined, or in another file of the slice."""
        self.open()
        answer = self.ask({"request": "evaluate", "expressions": expressions, "path": path})
        values: list[float | None] = answer.get("values", [None] * len(expressions))
        return values

    def contents(self) -> tuple[Batch, ...]:
        """See `losslint.experiment.Lab`."""
        base = self.batch
        assert self._profile is not None
        return base, *contents.contents(base, self._profile)

    def edges(self, domain: str = "") -> tuple[Batch, ...]:
        """See `losslint.experiment.Lab`."""
        told = [self.slice.declared[name].domain for name in self.batch.named("pred") if name in self.slice.declared]
        of = domain or next((legal.DECLARED[name] for name in told if name in legal.DECLARED), None) or legal.domain(self.trace)
        known, unknown = legal.codes(self.trace)
        evaluated = (v for path, text in unknown for v in self.evaluate([text], path) if v is not None)
        return tuple(contents.edges(self.batch, of, tuple(dict.fromkeys((*known, *evaluated)))))

    def small(self) -> tuple[Batch, ...]:
        """See `losslint.experiment.Lab`."""
        return tuple(contents.small(self.batch))

    def run(
        self,
        batch: Batch,
        *,
        mode: str = "eager",
        at: Node | None = None,
        dtype: str = "float32",
        seed: int = 0,
        change: Change | None = None,
    ) -> Run:
        """See `losslint.experiment.Lab`."""
        self.open()
        self.runs += 1
        mode = "static" if mode == "eager" and self.graph else mode
        probes: list[Any] = []
        if at is not None:
            probes.append((at.site.source.path, observed(at.site.syntax)))
        request: dict[str, Any] = {
            "request": "run",
            "inputs": {name: contents.encoded(tensor) for name, tensor in batch.inputs.items()},
            "repeat": batch.repeat,
            "mode": mode,
            "wide": dtype == "float64",
            "seed": seed,
            "watch": self.watched(batch),
            "change": None if change is None else {"kind": change.kind, "name": change.name, "factor": change.factor},
        }
        root = self._root()
        if root is not None:
            region = (root.site.source.path, observed(root.site.syntax))
            request["observe"] = probes.index(region) if region in probes else len(probes)
            if region not in probes:
                probes.append(region)
        request["probes"] = probes
        answer = self._answer(request, mode)
        if answer is None:
            return self.run(batch, mode="static", at=at, dtype=dtype, seed=seed, change=change)
        if "error" in answer:
            return Run(batch, mode, None, raised=_raised(answer["error"]), dtype=dtype, seed=seed)
        self.moved |= answer["moved"]
        return Run(
            batch,
            mode,
            contents.decoded(answer["value"]),
            {name: contents.decoded(g) for name, g in answer["gradients"].items()},
            tuple(
                Probe(tuple(map(contents.decoded, operands)), contents.decoded(result))
                for n, operands, result in answer["probes"]
                if n == 0 and at is not None
            ),
            returned=answer["returned"],
            dtype=dtype,
            seed=seed,
        )

    def _answer(self, request: dict[str, Any], mode: str) -> dict[str, Any] | None:
        """The answer to a run; None where eager mode is too slow for the loss and a graph has to be tried."""
        if mode == "xla" and self.xla_slow:
            return TOO_SLOW
        limit = XLA_SECONDS if mode == "xla" else EAGER_SECONDS if mode == "eager" and self._batch is None else 0.0
        try:
            answer = self.within(request, limit) if limit else self.ask(request)
        except Ended:
            return self.ask(request)  # the child is gone: this says how
        if answer is not None:
            return answer
        if mode == "xla":
            self.xla_slow = True
            return TOO_SLOW
        self.graph = True
        return None

    def shapes(self, batch: Batch) -> tuple[tuple[int | None, ...], ...]:
        """See `losslint.experiment.Lab`."""
        self.open()
        inputs = {name: contents.encoded(tensor) for name, tensor in batch.inputs.items()}
        answer = self.answered({"request": "shapes", "inputs": inputs, "repeat": batch.repeat})
        return tuple(map(tuple, answer["shapes"]))

    def reloaded(self) -> Reloaded:
        """See `losslint.experiment.Lab`."""
        self.open()
        given = next((list(step["given"]) for step in self.slice.call.steps if step["step"] == "construct"), None)
        if given is None:
            raise Undecided("the loss is no method of a class; write it as the `call` of one")
        answer = self.answered({"request": "reload", "given": given})
        return Reloaded(tuple(answer["lost"]), answer["error"])

    def fitted(self) -> Fitted:
        """See `losslint.experiment.Lab`."""
        self.open()
        answer = self.answered({"request": "fit"})
        if not answer.get("steps"):
            raise Undecided(f"the model cannot be fitted on guessed data: {answer['error']}; call `fit` on data of its own to see it")
        return Fitted(tuple(answer["steps"]), answer["history"])

    def slopes(self, batch: Batch, at: Node | None = None) -> tuple[Slopes, ...]:
        """See `losslint.experiment.Lab`."""
        self.open()
        inputs = {name: contents.encoded(tensor) for name, tensor in batch.inputs.items()}
        probes = [] if at is None else [(at.site.source.path, observed(at.site.syntax))]
        request = {"request": "slopes", "inputs": inputs, "repeat": batch.repeat, "probes": probes}
        answer = self.ask(request | {"wide": True})
        if "error" in answer:  # float32 that the loss makes by itself does not go with float64
            answer = self.answered(request)
        return tuple(Slopes(same, tuple(Slope(*numbers) for numbers in found)) for same, found in answer["slopes"])

    def exists(self, name: str) -> bool:
        """See `losslint.experiment.Lab`."""
        self.open()
        return bool(self.ask({"request": "exists", "name": name}).get("exists"))

    def watched(self, batch: Batch) -> list[str]:
        """The inputs whose gradient matters: predictions, and whatever else is no target."""
        return [name for name in batch.inputs if batch.roles.get(name) not in ("true", "mask", "weights")] or list(batch.inputs)

    def _root(self) -> Node | None:
        """The value that training uses, where the loss does not return it."""
        if any(root.returned for root in self.trace.roots):
            return None
        return max(self.trace.roots, key=lambda root: root.evidence).node if self.trace.roots else None

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """What stands in for something else, and what was found under another name."""
        renamed = (f"`{old}` is `{new}` today" for old, new in self.moved.items())
        return (*self.slice.call.stand_ins, *self.placeholders, *renamed, *self.slice.told)


def _raised(told: Mapping[str, Any]) -> Raised:
    return Raised(told["type"], told["message"], told["line"], told["path"])
