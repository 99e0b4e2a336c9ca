"""What rules say of a file's ignore comments, and how such comments are written and taken away."""

from __future__ import annotations

import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence

from losslint.edits import apply
from losslint.finding import Confidence, Edit, Failure, Finding, Fix, Place
from losslint.rule import Ignored, Rule
from losslint.source import Source, Suppression


def ignored(
    source: Source, silenced: Mapping[Finding, Sequence[Suppression]], asked: Sequence[Rule], rules: Sequence[Rule]
) -> Iterator[Finding]:
    """The findings on the ignore comments of a file.

    Parameters
    ----------
    silenced
        All that was found, with the comments that cover it.
    asked
        The rules that were asked, among all `rules`.
    """
    own = [rule for rule in asked if rule.ignores is not None]
    words = [frozenset(word.lower() for rule in some for word in (rule.code, rule.name)) for some in (rules, asked)]
    for comment in source.suppressions if own else ():
        used = {word.lower() for f, comments in silenced.items() if comment in comments for word in (f.code, f.name)}
        about = Ignored(comment.names, frozenset(used & (comment.names if comment.names is not None else used)), *words)
        for rule in own:
            assert rule.ignores is not None
            told = list(rule.ignores(about))
            for name, message in told:
                yield _finding(source, comment, rule, message, frozenset(filter(None, (name for name, _ in told))), name)


def unreasoned(source: Source) -> Iterator[Failure]:
    """The ignore comments that do not say why: where a reason is required, they silence nothing."""
    for comment in source.suppressions:
        if not comment.reason:
            message = f"column {comment.column}: losslint comment: say behind it why, as the setting `require-reason` asks"
            yield Failure(source.path, comment.line, message)


def _finding(source: Source, comment: Suppression, rule: Rule, message: str, gone: frozenset[str], name: str | None) -> Finding:
    return Finding(
        code=rule.code,
        name=rule.name,
        place=Place(source.path, comment.line, comment.column, comment.line, comment.end_column),
        function="",
        message=message,
        help="take it away" if name is None else f"take `{name}` away",
        severity=rule.severity,
        confidence=Confidence.HIGH,
        fix=Fix("safe", "takes away what silences nothing", (_without(source, comment, gone),)),
        source=source.lines[comment.line - 1][comment.column - 1 :],
    )


def _without(source: Source, comment: Suppression, gone: frozenset[str]) -> Edit:
    """A comment without some names, without itself if none is left, or without its line if that holds nothing else."""
    left = [name for name in comment.listed if name.lower() not in gone]
    if left and gone:
        return Edit(comment.line, comment.column, comment.line, comment.end_column, _text(comment.word, left, comment.reason))
    before = source.lines[comment.line - 1][: comment.column - 1].rstrip()
    if before or comment.line == len(source.lines):
        return Edit(comment.line, len(before) + 1, comment.line, comment.end_column, "")
    return Edit(comment.line, 1, comment.line + 1, 1, "")


def ignoring(source: Source, findings: Iterable[Finding], reason: str) -> str:
    """The text of a file with an ignore comment for each finding: at the end of the first line of it that can have one.

    Parameters
    ----------
    reason
        What is written behind the names; may be empty.
    """
    ends = _ends(source)
    names: dict[int, list[str]] = {}
    for finding in findings:
        line = next((line for line in range(finding.place.line, len(source.lines) + 1) if line in ends), None)
        if line is not None:
            names.setdefault(line, []).append(finding.name)
    return apply(source.text, [_comment(source, line, ends[line], list(dict.fromkeys(new)), reason) for line, new in names.items()])


def _comment(source: Source, line: int, end: int, names: list[str], reason: str) -> Edit:
    """The edit that makes a line ignore rules: the comment that is there with more names, or a new one."""
    there = next((s for s in source.suppressions if s.line == line and not s.whole_file and s.listed), None)
    if there is not None:
        names = [*there.listed, *(name for name in names if name not in (there.names or ()))]
        reason = there.reason or reason
    text = _text("ignore", names, reason)
    if there is not None:
        return Edit(line, there.column, line, there.end_column, text)
    return Edit(line, end, line, end, f"  {text}")


def _text(word: str, names: Iterable[str], reason: str) -> str:
    """A comment that names rules."""
    return f"# losslint: {word}[{', '.join(names)}] {reason}".rstrip()


def _ends(source: Source) -> dict[int, int]:
    """Where the lines end that a comment can be put behind: not inside of strings, nor before a backslash."""
    lines = iter([f"{line}\n" for line in source.lines])
    tokens = tokenize.generate_tokens(lambda: next(lines, ""))
    return {
        token.start[0]: len(source.lines[token.start[0] - 1].rstrip()) + 1
        for token in tokens
        if token.type in (tokenize.NEWLINE, tokenize.NL)
    }
