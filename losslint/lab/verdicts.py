"""From findings to verdicts: each finding's own experiment, run on the losses that reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Self

from msgspec.structs import replace

from losslint.analysis.trace import Trace
from losslint.config import Confirmation, Settings
from losslint.discovery import read
from losslint.edits import apart, edited
from losslint.experiment import Undecided, undecided
from losslint.finding import Confidence, Failure, Finding, Fix, LosslintError, Result, Verdict
from losslint.lab.bench import Bench
from losslint.lab.memory import Memory
from losslint.lab.process import Worker
from losslint.lab.repair import Proof, repaired
from losslint.lab.slice import Slice
from losslint.linter import Suspect, examine
from losslint.project import ProjectModules
from losslint.rule import Report, Rule
from losslint.source import Modules, Source, decode

MOST_LOSSES = 3  # losses on which one finding is tried
AT_ONCE = 2  # losses that run side by side


@dataclass(slots=True)
class Laboratory:
    """A worker that is started when the first loss needs it, and the verdicts that are known already.

    Attributes
    ----------
    broken
        Why there is no worker, once that is known.
    crashes
        Experiments that failed.
    taken
        Of every confirmed finding the loss on which it was.
    """

    asked: Confirmation
    memory: Memory
    worker: Worker | None = None
    broken: str = ""
    crashes: list[Failure] = field(default_factory=list)
    taken: dict[Finding, Slice] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.worker is not None:
            self.worker.close()

    def running(self) -> Worker:
        """The worker.

        Raises
        ------
        Undecided
            It cannot be started: the reason is in `broken` too.
        """
        with self.lock:
            if self.worker is None and not self.broken:
                try:
                    self.worker = Worker.start(self.asked.python, self.asked.seconds)
                except LosslintError as error:
                    self.broken = str(error)
        if self.worker is None:
            raise Undecided("there is no interpreter with TensorFlow; name one with --python")
        return self.worker

    # --- one file -----------------------------------------------------------------------------------------------------

    def judged(
        self,
        text: str,
        filename: str,
        settings: Settings,
        rules: Sequence[Rule],
        modules: Modules,
        progress: Callable[[int], None] = lambda done: None,
    ) -> Result:
        """The result of one file, each of its findings with a verdict.

        Parameters
        ----------
        progress
            Told how many more findings are done.
        """
        result, suspects = examine(text, filename=filename, settings=settings, rules=rules, modules=modules)
        losses: dict[int, list[Finding]] = {}
        for finding in result.findings:
            runs = suspects[finding].runs
            losses.setdefault(id(runs[0][0]) if runs else 0, []).append(finding)
        found: dict[Finding, Finding] = {}

        def loss(findings: Sequence[Finding]) -> None:
            benches: dict[int, Bench] = {}
            try:
                for finding in findings:
                    verdict = self.verdict(suspects[finding], modules, settings, benches)
                    fix = self.tested(suspects[finding], verdict, modules, settings, findings)
                    found[finding] = replace(finding, verdict=verdict, fix=fix)
                    progress(1)
            finally:
                for bench in benches.values():
                    bench.close()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(loss, losses.values()))
        return replace(result, findings=tuple(found[finding] for finding in result.findings))

    def tested(
        self, suspect: Suspect, verdict: Verdict, modules: Modules, settings: Settings, findings: Sequence[Finding] = ()
    ) -> Fix | None:
        """The fix of a finding, verified by a run of the loss before and after where that was asked for.

        Parameters
        ----------
        findings
            All of the same loss.
        """
        finding, source = suspect.finding, suspect.source
        fix = finding.fix
        if fix is None or not self.asked.fixes or not suspect.runs:
            return fix
        trace, report = suspect.runs[0]
        beside = [other for other in findings if other.fix is not None and other.fix.safety in ("safe", fix.safety)]
        after, whole = (
            Source.parse(edited(source.text, chosen), source.path)
            for chosen in ([finding], apart([finding, *(other for other in beside if other != finding)]))
        )

        def again(bench: Bench) -> bool:
            return self.asked_of(suspect.rule, bench, report, source).status == "confirmed"

        place = source.place(report.node.site.syntax)
        where = (place.line, place.column, place.end_line, place.end_column)
        text = next((edit.text for edit in fix.edits if (edit.line, edit.column, edit.end_line, edit.end_column) == where), None)
        proof = None if verdict.witness is None else Proof(verdict.witness, report.node, text, whole, len(beside) < len(findings), again)
        held, told = repaired(
            self.running,
            source,
            after,
            trace.loss.function,
            safe=fix.safety == "safe",
            proof=proof,
            settings=settings,
            modules=modules,
        )
        return replace(fix, verified=held, message=f"{fix.message} ({'run' if held else 'not verified'}: {told})")

    def verdict(self, suspect: Suspect, modules: Modules, settings: Settings, benches: dict[int, Bench]) -> Verdict:
        """The first decisive verdict on the losses that reach a finding, else the first reason."""
        if suspect.rule.confirm is None:
            return undecided("this rule has no experiment; see what its page says")
        reasons: list[Verdict] = []
        for trace, report in suspect.runs[:MOST_LOSSES]:
            verdict = self.tried(trace, suspect.source, suspect.rule, report, modules, settings, benches)
            if verdict.status == "refuted" and suspect.finding.confidence is Confidence.HIGH:
                return replace(verdict, status="not-reproduced")  # a finding of high confidence is not dropped for it
            if verdict.status == "confirmed":
                self.taken[bare(suspect.finding)] = benches[id(trace)].slice
            if verdict.status != "undecided":
                return verdict
            reasons.append(verdict)
        return reasons[0] if reasons else undecided("no loss leads to it; call it from one")

    def tried(
        self,
        trace: Trace,
        source: Source,
        rule: Rule,
        report: Report,
        modules: Modules,
        settings: Settings,
        benches: dict[int, Bench],
    ) -> Verdict:
        """What a rule's experiment says of one report on one loss.

        Parameters
        ----------
        benches
            Losses that are open, by their traces: the experiments of several findings share one.
        """
        try:
            bench = benches.get(id(trace)) or Bench(self.running, trace, Slice.of(trace, source, modules, settings.inputs))
        except Undecided as error:
            return undecided(str(error))
        benches[id(trace)] = bench
        place = source.place(report.node.site.syntax)
        told = (bench.cut.order(False), str(bench.cut.declared), str([*trace.given.values()]))
        name = self.memory.name(rule.code, place, report.message, *told, self.asked.seconds)
        known = self.memory.get(name)
        if known is not None:
            return known
        verdict = self.asked_of(rule, bench, report, source)
        if not bench.stopped:
            self.memory.put(name, verdict)
        return verdict

    def asked_of(self, rule: Rule, bench: Bench, report: Report, source: Source) -> Verdict:
        """Run an experiment; a crash of the experiment itself is a failure of losslint's."""
        assert rule.confirm is not None
        try:
            verdict = rule.confirm(bench, report)
        except Undecided as error:
            return undecided(str(error))
        except Exception as error:  # a bug in an experiment must not take the other verdicts with it
            said = " ".join(f"{type(error).__name__}: {error}".split())
            line = getattr(report.node.site.syntax, "lineno", None)
            message = f"the experiment of {rule.code} {rule.name} failed: {said}; please report it"
            self.crashes.append(Failure(source.path, line, message))
            return undecided("the experiment itself failed, which is a bug of losslint's; please report it")
        if verdict.witness is None:
            return verdict
        told = tuple(bench.slice.call.guesses)
        return replace(verdict, witness=replace(verdict.witness, stand_ins=bench.stand_ins, guesses=told, moved=bench.moved))


def bare(finding: Finding) -> Finding:
    """A finding without what runs told of it: the same before and after them."""
    return replace(finding, verdict=None, fix=None)


# --- all files -------------------------------------------------------------------------------------------------------


def confirmed(
    result: Result,
    texts: Mapping[str, Sequence[str]],
    asked: Confirmation,
    settings: Settings,
    rules: Sequence[Rule],
    *,
    packs: str,
    keep: Path | None,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[Result, tuple[str, ...]]:
    """A result with verdicts, and what to tell the user about the laboratory.

    Parameters
    ----------
    texts
        The lines of files that are not on disk.
    packs
        A text that changes when losslint or a rule does.
    keep
        The folder where verdicts are kept, and those of earlier runs are found; None: they are not.
    progress
        Told how many more findings are done.

    Raises
    ------
    LosslintError
        The seconds are no positive number.
    """
    if not asked.seconds > 0:
        raise LosslintError("--confirm-timeout must be more than 0 seconds")
    try:
        memory = Memory.open(asked.python, packs, keep)
    except LosslintError as error:
        return replace(result, failures=(*result.failures, Failure(asked.python, None, str(error)))), ()
    modules = ProjectModules()
    found: dict[Finding, Finding] = {}
    with Laboratory(asked, memory) as laboratory:
        for path in dict.fromkeys(finding.place.path for finding in result.findings):
            text = "\n".join(texts[path]) if path in texts else decode(read(path), path)
            settled = modules.settled(settings, path, text)
            for finding in laboratory.judged(text, path, settled, rules, modules, progress).findings:
                found[bare(finding)] = finding
    silent = {rule.code for rule in rules if rule.proven}
    findings = tuple(found.get(bare(finding), finding) for finding in result.findings)
    findings = tuple(f for f in findings if f.code not in silent or (f.verdict is not None and f.verdict.status == "confirmed"))
    kept = tuple(f for f in findings if asked.refuted or f.verdict is None or f.verdict.status != "refuted")
    failures = [*laboratory.crashes, *([Failure(asked.python, None, laboratory.broken)] if laboratory.broken else [])]
    notes = [*_notes(laboratory, len(findings) - len(kept)), *_reproduced(asked, laboratory, findings)]
    return replace(result, findings=kept, failures=(*result.failures, *failures)), tuple(notes)


def _reproduced(asked: Confirmation, laboratory: Laboratory, findings: Sequence[Finding]) -> Iterator[str]:
    """Write the scripts that were asked for, and say where."""
    if asked.repro is None:
        return
    from losslint.lab.reproduction import written

    paths = []
    for finding in findings:
        taken = laboratory.taken.get(bare(finding))
        if taken is not None and finding.verdict is not None and finding.verdict.witness is not None:
            try:
                paths.append(written(finding, taken, finding.verdict.witness.moved, Path(asked.repro)))
            except OSError as error:
                raise LosslintError(f"--repro: cannot write to {asked.repro}: {(error.strerror or str(error)).lower()}") from error
    yield (
        f"{len(paths)} script{'' if len(paths) == 1 else 's'} written to {asked.repro}"
        if paths
        else "nothing was confirmed: no script was written"
    )


def _notes(laboratory: Laboratory, dropped: int) -> list[str]:
    notes = []
    if laboratory.worker is not None:
        on = laboratory.worker.environment
        fence = " and ".join(sorted(laboratory.worker.fences)) or "none was needed"
        notes.append(f"losses ran on TensorFlow {on.tensorflow}, Keras {on.keras} ({on.executable}); fence: {fence}")
    if dropped:
        notes.append(f"{dropped} refuted by a real run and left out; --show-refuted tells them")
    return notes
