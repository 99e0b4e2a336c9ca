"""From the text of a file to its findings: screen, parse, run, ask every rule, and settle what is reported."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct, field
from msgspec.structs import replace

from losslint.analysis.node import Site
from losslint.analysis.trace import Trace
from losslint.config import Settings, nearest
from losslint.finding import Confidence, Failure, Finding, Fix, Incomplete, LosslintError, Place, Result
from losslint.ignores import ignored, unreasoned
from losslint.losses import Loss
from losslint.rule import Report, Rule, configured
from losslint.screen import may_hold_loss
from losslint.settings import told
from losslint.source import Modules, Source, SourceError, no_modules
from losslint.versions import in_file
from losslint.writing import written

MOST_LOSSES_NAMED = 3
_DEPTH = 6000  # Python frames: enough for every tree that Python's own parser lets through in real code


# --- which rules -----------------------------------------------------------------------------------------------------


def _matches(selector: str, rule: Rule) -> int | None:
    """How closely a selector names a rule, None: it does not."""
    if selector == "ALL":
        return 0
    if selector == "default":
        return 1 if rule.default else None
    if selector in (rule.code, rule.name):
        return 100
    return len(selector) if rule.code.startswith(selector) and selector else None


def selected(rules: Sequence[Rule], settings: Settings) -> tuple[Rule, ...]:
    """The rules that the settings ask for: the longest match wins, ignoring beats selecting at equal length.

    A rule that is not on by default is asked for by its code, its name or ``ALL``, not by the beginning of its code. One that
    speaks only of what a run has shown is asked where losses are going to be run.

    Raises
    ------
    LosslintError
        A selector names no rule, or an option is set that is none or to what it cannot be.
    """
    wanted = (*settings.select, *settings.extend_select)
    for key, selector in _selectors(settings):
        if selector not in ("ALL", "default") and not any(_matches(selector, rule) is not None for rule in rules):
            valid = ("default", "ALL", *(word for rule in rules for word in (rule.name, rule.code)))
            raise LosslintError(f"{told(settings, *key) if key else ''}unknown rule `{selector}`; {nearest(selector, valid)}")
    configured(rules, settings)

    def best(selectors: Iterable[str], rule: Rule) -> int:
        return max((m for s in selectors if (m := _matches(s, rule)) is not None), default=-1)

    def asked(rule: Rule) -> Iterable[str]:
        return wanted if rule.default else (selector for selector in wanted if selector in ("ALL", rule.code, rule.name))

    ready = (rule for rule in rules if settings.runs or not rule.proven)
    return tuple(rule for rule in ready if best(asked(rule), rule) > best(settings.ignore, rule))


def _selectors(settings: Settings) -> Iterator[tuple[tuple[str, ...], str]]:
    """All selectors of the settings, with the key that each is in; empty for those that the command line adds."""
    for key in ("select", "extend-select", "ignore"):
        field_ = key.replace("-", "_")
        for selector in getattr(settings, field_):
            yield () if selector in settings.given.get(field_, ()) else (key,), selector
    for pattern, selectors in settings.per_file_ignores.items():
        for selector in selectors:
            yield ("per-file-ignores", pattern), selector
    for selector in settings.severity:
        yield ("severity", selector), selector


def counts(finding: Finding, settings: Settings, strict: bool = False) -> bool:
    """Whether a finding changes the exit status: an info only if its code or name was asked for, and none that was refuted.

    Parameters
    ----------
    strict
        Those that a real run did not reproduce count.
    """
    verdict = finding.verdict.status if finding.verdict is not None else ""
    if verdict == "refuted" or (verdict == "not-reproduced" and not strict):
        return False
    exact = (*settings.select, *settings.extend_select)
    return finding.severity.value != "info" or finding.code in exact or finding.name in exact


# --- one file --------------------------------------------------------------------------------------------------------


class _Draft(Struct):
    """A finding in the making: the same expression may be met on several paths and in several losses."""

    rule: Rule
    finding: Finding
    run: tuple[Trace, Report]  # that the finding is of
    losses: dict[Place, str] = field(default_factory=dict)
    runs: list[tuple[Trace, Report]] = field(default_factory=list)


class Suspect(Struct, frozen=True):
    """A finding and the abstract runs behind it: what an experiment starts from.

    Attributes
    ----------
    source
        The file that was checked.
    runs
        Each run of a loss that leads to the finding, with what the rule reported there.
    """

    source: Source
    finding: Finding
    rule: Rule
    runs: tuple[tuple[Trace, Report], ...]


def check_source(
    text: str,
    *,
    filename: str,
    settings: Settings,
    rules: Sequence[Rule],
    modules: Modules = no_modules,
) -> Result:
    """Check one file: a pure function of its arguments.

    Parameters
    ----------
    text
        The whole file.
    filename
        Its path as reported.
    settings
        Selection, confidence, declared inputs.
    rules
        The rules known; those that the settings select are asked.
    modules
        Looks up the project modules that losses take helpers from.

    Raises
    ------
    LosslintError
        The settings select a rule that does not exist. What is wrong with the file itself is in the result's failures.
    """
    if not may_hold_loss(text.encode(errors="replace"), settings.loss_names):
        selected(rules, settings)
        return Result(files=1)
    return examine(text, filename=filename, settings=settings, rules=rules, modules=modules)[0]


def examine(
    text: str,
    *,
    filename: str,
    settings: Settings,
    rules: Sequence[Rule],
    modules: Modules = no_modules,
) -> tuple[Result, dict[Finding, Suspect]]:
    """As `check_source` of a file that may hold a loss, with what an experiment needs to know of each finding."""
    asked = selected(rules, settings)
    try:
        source = Source.parse(text, filename)
    except SourceError as error:
        return Result(failures=(error.failure,), files=1), {}
    mistakes = (*source.mistakes(), *(unreasoned(source) if settings.require_reason else ()))
    try:
        given = configured(rules, settings)
        traces = [dataclasses.replace(trace, given=given) if given else trace for trace in run(source, settings, modules)]
    except LosslintError as error:
        return Result(failures=(*mistakes, Failure(filename, None, str(error))), files=1), {}
    drafts, crashes = _ask(asked, traces, source, settings)
    found = [d.finding for d in drafts if d.finding.confidence.rank >= settings.min_confidence.rank]
    found = _unsuperseded(found, {rule.name: rule for rule in asked})
    every = [d.finding for d in drafts] if source.suppressions else []
    silenced = {f: [s for s in source.silencing(f.place, f.code, f.name) if s.reason or not settings.require_reason] for f in every}
    kept = [f for f in found if not silenced.get(f)]
    suppressed = len(found) - len(kept)
    kept += ignored(source, silenced, asked, rules)
    suspects = {d.finding: Suspect(source, d.finding, d.rule, tuple(d.runs)) for d in drafts}
    result = Result(
        findings=tuple(sorted(kept, key=lambda f: (f.place.line, f.place.column, f.code))),
        failures=(*mistakes, *crashes),
        files=1,
        losses=len({id(trace.loss.node) for trace in traces if trace.roots or trace.loss.evidence}),
        suppressed=suppressed,
        incomplete=_incomplete(traces, source),
    )
    return result, suspects


def run(source: Source, settings: Settings, modules: Modules) -> list[Trace]:
    """The abstract runs of a file's losses.

    Raises
    ------
    LosslintError
        The file cannot be followed, or losslint itself failed on it.
    """
    from losslint.analysis import interpreter

    try:
        with _deep_recursion():
            return interpreter.run(source, in_file(settings, source.text), modules)
    except LosslintError:
        raise
    except RecursionError as error:
        raise LosslintError("the file is nested too deeply to be followed; split its longest expression or exclude the file") from error
    except Exception as error:
        raise LosslintError(f"losslint failed on this file, which is a bug of losslint's: {_said(error)}; please report it") from error


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Room for walking trees that Python's parser took; its limit is put back afterwards."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _said(error: Exception) -> str:
    """What was raised and where, on one line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" ({trace.tb_frame.f_code.co_filename.replace(chr(92), '/').rpartition('/')[2]}:{trace.tb_lineno})" if trace else ""
    return " ".join(f"{type(error).__name__}: {error}{where}".split())


def _ask(rules: Sequence[Rule], traces: Sequence[Trace], source: Source, settings: Settings) -> tuple[list[_Draft], list[Failure]]:
    """What every rule reports on every run, one draft for each (rule, place)."""
    drafts: dict[tuple[str, int, int], _Draft] = {}
    crashes: dict[str, Failure] = {}
    for trace in traces:
        for rule in rules:
            try:
                for report in rule.check(trace):
                    if report.xla and settings.xla == "off":
                        continue
                    _take(drafts, rule, trace, report, source, settings)
            except Exception as error:
                crashes.setdefault(rule.code, _crash(rule, trace, source, error))
    for draft in drafts.values():
        draft.finding = _settled(draft)
        try:
            draft.finding = replace(draft.finding, fix=_fix(draft.rule, *draft.run, source))
        except Exception as error:
            crashes.setdefault(draft.rule.code, _crash(draft.rule, draft.run[0], source, error))
    return list(drafts.values()), list(crashes.values())


def _crash(rule: Rule, trace: Trace, source: Source, error: Exception) -> Failure:
    message = f"rule {rule.code} {rule.name} failed, the other rules went on: {_said(error)}; please report it"
    return Failure(source.path, getattr(trace.loss.node, "lineno", None), message)


def _take(drafts: dict[tuple[str, int, int], _Draft], rule: Rule, trace: Trace, report: Report, source: Source, settings: Settings) -> None:
    finding = _finding(rule, trace, report, source, settings)
    if finding is None:
        return
    key = (rule.code, finding.place.line, finding.place.column)
    draft = drafts.setdefault(key, _Draft(rule, finding, (trace, report)))
    draft.runs.append((trace, report))
    if finding.confidence.rank > draft.finding.confidence.rank or (draft.run[0].flipped and not trace.flipped):
        draft.finding, draft.run = finding, (trace, report)
    if trace.loss.function and trace.loss.function != finding.function:
        draft.losses.setdefault(source.place(trace.loss.node), trace.loss.function)


def _finding(rule: Rule, trace: Trace, report: Report, source: Source, settings: Settings) -> Finding | None:
    """A report as a finding of this file; None if no expression of the file leads to it.

    What a helper of another file does is reported there, if that file is checked: at the call it has low confidence.
    """
    site = report.node.site
    related = [because.site.source.place(because.site.syntax, text) for because, text in report.because]
    elsewhere = site.source.path != source.path
    if elsewhere:
        related.insert(0, site.source.place(site.syntax, "the expression, reached through this call"))
        caller = _caller(site, source)
        if caller is None:
            return None
        site = caller
    place = source.place(site.syntax)
    return Finding(
        code=rule.code,
        name=rule.name,
        place=place,
        function=site.function,
        message=report.message,
        help=report.help,
        severity=settings.severity.get(rule.code) or settings.severity.get(rule.name) or rule.severity,
        confidence=Confidence.LOW if elsewhere else _confidence(Confidence.MEDIUM if report.xla else report.confidence, trace),
        related=tuple(r for r in dict.fromkeys(related) if r.message or r != place),
        source=source.segment(site.syntax),
    )


def _fix(rule: Rule, trace: Trace, report: Report, source: Source) -> Fix | None:
    """The rule's repair as edits of this file; None if there is none, or the expression is another file's."""
    repair = rule.fix(trace, report) if rule.fix is not None and report.node.site.source.path == source.path else None
    return written(repair, report.node.site.syntax, source) if repair is not None else None


def _caller(site: Site, source: Source) -> Site | None:
    """The call in this file through which a value of another file was reached."""
    caller = site.caller
    while caller is not None and caller.source.path != source.path:
        caller = caller.caller
    return caller


def _confidence(told: Confidence, trace: Trace) -> Confidence:
    """What a rule says, but no more than the run allows: weak evidence of a loss or a flipped option is medium at best."""
    if trace.flipped is None and trace.evidence >= 2:
        return told
    return min(told, Confidence.MEDIUM, key=lambda c: c.rank)


def _settled(draft: _Draft) -> Finding:
    """The finding with the losses that reach it and the option under which it appears."""
    finding = draft.finding
    places = [replace(place, message=f"reached from the loss `{name}`") for place, name in draft.losses.items()]
    left = len(places) - MOST_LOSSES_NAMED
    if left > 0:
        places = places[:MOST_LOSSES_NAMED]
        places[-1] = replace(places[-1], message=f"{places[-1].message} and {left} more")
    message = finding.message
    flipped = draft.run[0].flipped
    if flipped:
        message = f"{message.removesuffix('.')} (where `{flipped}` goes the other way)"
    return replace(finding, message=message, related=(*finding.related, *places))


def _unsuperseded(findings: list[Finding], rules: dict[str, Rule]) -> list[Finding]:
    """Without those that give way to a finding of a stronger rule on the same expression."""
    return [
        finding
        for finding in findings
        if not any(finding.name in rules[other.name].supersedes and _same_defect(other, finding) for other in findings)
    ]


def _same_defect(stronger: Finding, weaker: Finding) -> bool:
    """Whether one place lies in the other, or the stronger finding names the weaker one's place as its reason."""
    if _inside(stronger.place, weaker.place) or _inside(weaker.place, stronger.place):
        return True
    return any(_inside(weaker.place, place) for place in stronger.related if not place.message.startswith("reached from"))


def _inside(inner: Place, outer: Place) -> bool:
    if inner.path != outer.path:
        return False
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def _incomplete(traces: Sequence[Trace], source: Source) -> tuple[Incomplete, ...]:
    found: dict[Loss, Incomplete] = {}
    for trace in traces:
        if trace.incomplete:
            line = getattr(trace.loss.node, "lineno", 1)
            found.setdefault(trace.loss, Incomplete(source.path, line, trace.loss.function, trace.incomplete))
    return tuple(found.values())
