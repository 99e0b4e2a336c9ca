"""From findings to verdicts: each finding's own experiment, run on the losses that reach it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from losslint.analysis.trace import Trace
from losslint.config import Confirmation, Settings
from losslint.experiment import Undecided, undecided
from losslint.finding import Confidence, Finding, LosslintError, Result, Verdict
from losslint.lab.bench import Bench, Slice
from losslint.lab.process import Worker
from losslint.linter import Suspect, examine
from losslint.project import ProjectModules, read
from losslint.rule import Report, Rule
from losslint.source import Modules, Source, decode

MOST_LOSSES = 3  # losses on which one finding is tried


def confirmed(
    result: Result, texts: Mapping[str, Sequence[str]], asked: Confirmation, settings: Settings, rules: Sequence[Rule]
) -> tuple[Result, tuple[str, ...]]:
    """A result with verdicts, and what to tell the user about the laboratory.

    Parameters
    ----------
    texts
        The lines of files that are not on disk.

    Raises
    ------
    LosslintError
        The interpreter cannot be started, or has no TensorFlow.
    """
    worker = started(asked)
    modules = ProjectModules()
    found: dict[Finding, Finding] = {}
    try:
        for path in dict.fromkeys(finding.place.path for finding in result.findings):
            text = "\n".join(texts[path]) if path in texts else decode(read(path), path)
            for finding in judged(worker, text, path, settings, rules, modules).findings:
                found[replace(finding, verdict=None)] = finding
    finally:
        worker.close()
    findings = (found.get(finding, finding) for finding in result.findings)
    kept = shown(findings, asked.refuted)
    return replace(result, findings=kept), ()


def judged(
    worker: Worker,
    text: str,
    filename: str,
    settings: Settings,
    rules: Sequence[Rule],
    modules: Modules,
    progress: Callable[[int], None] = lambda done: None,
) -> Result:
    """The result of one file, each of its findings with a verdict."""
    result, suspects = examine(text, filename=filename, settings=settings, rules=rules, modules=modules)
    found = []
    for finding in result.findings:
        found.append(replace(finding, verdict=_verdict(worker, suspects[finding], modules)))
        progress(1)
    return replace(result, findings=tuple(found))


def _verdict(worker: Worker, suspect: Suspect, modules: Modules) -> Verdict:
    """The first decisive verdict on the losses that reach a finding, else the first reason."""
    if suspect.rule.confirm is None:
        return undecided("this rule has no experiment")
    reasons: list[Verdict] = []
    for trace, report in suspect.runs[:MOST_LOSSES]:
        verdict = tried(worker, trace, suspect.source, suspect.rule, report, modules)
        if verdict.status == "refuted" and suspect.finding.confidence is Confidence.HIGH:
            return replace(verdict, status="not-reproduced")  # a finding of high confidence is not dropped for it
        if verdict.status != "undecided":
            return verdict
        reasons.append(verdict)
    return reasons[0] if reasons else undecided("no loss leads to it")


def tried(worker: Worker, trace: Trace, source: Source, rule: Rule, report: Report, modules: Modules) -> Verdict:
    """What a rule's experiment says of one report on one loss."""
    assert rule.confirm is not None
    try:
        bench = Bench(worker, trace, Slice.of(trace, source, modules))
    except Undecided as error:
        return undecided(str(error))
    try:
        verdict = rule.confirm(bench, report)
    except Undecided as error:
        return undecided(str(error))
    finally:
        bench.close()
    if verdict.witness is None:
        return verdict
    return replace(verdict, witness=replace(verdict.witness, stand_ins=bench.stand_ins, guesses=tuple(bench.slice.call.guesses)))


def shown(findings: Iterable[Finding], refuted: bool) -> tuple[Finding, ...]:
    """The findings that are reported: refuted ones only when asked for."""
    return tuple(f for f in findings if refuted or f.verdict is None or f.verdict.status != "refuted")


def started(confirmation: Confirmation) -> Worker:
    """A worker for what was asked.

    Raises
    ------
    LosslintError
        It cannot be started.
    """
    if confirmation.seconds <= 0:
        raise LosslintError("--confirm-timeout must be more than 0 seconds")
    return Worker.start(confirmation.python, confirmation.seconds)
