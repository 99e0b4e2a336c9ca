"""What the comments of a file tell losslint: `# losslint: ignore[…]`, `ignore-file[…]` and `inputs …`."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from difflib import get_close_matches

from msgspec import Struct

MARK = "losslint:"
DOMAINS = ("onehot", "softmax", "sigmoid", "logits", "real", "positive", "int", "mask")

_DIRECTIVE = re.compile(r"#[#:\s]*losslint:[ \t]*([A-Za-z-]*)")
_LIST = re.compile(r"[ \t]*\[([^\]\[]*)(\]?)")
_CODE = re.compile(r"[A-Za-z][\w-]*\Z")
_WORD = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"[0-9]+")
_WORDS = ("ignore", "ignore-file", "inputs")


class Malformed(Exception):
    """A comment or setting that cannot be read: what is wrong, and the 0-based character where it is."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.column = column


class Declared(Struct, frozen=True):
    """What the user says an input of a loss is.

    Attributes
    ----------
    domain
        One of `DOMAINS`.
    shape
        Axis lengths: a number, or a name for one that is not fixed (``B`` is the batch); None where it is not told.
    """

    domain: str
    shape: tuple[str | int, ...] | None = None


class Suppression(Struct, frozen=True):
    """One ignore comment.

    Attributes
    ----------
    line, column, end_column
        Where it stands, from the mark to the end of the comment: 1-based, the end exclusive.
    names
        Codes and names in lower case, None for all rules.
    listed
        The same as they are written.
    reason
        What is said behind them.
    """

    line: int
    names: frozenset[str] | None
    whole_file: bool = False
    column: int = 1
    end_column: int = 1
    listed: tuple[str, ...] = ()
    reason: str = ""

    @property
    def word(self) -> str:
        """The directive."""
        return "ignore-file" if self.whole_file else "ignore"

    def covers(self, code: str, name: str) -> bool:
        """Whether it names this rule."""
        return self.names is None or code.lower() in self.names or name.lower() in self.names


class InputComment(Struct, frozen=True):
    """One comment that declares inputs."""

    line: int
    column: int  # 1-based, where the declarations begin
    inputs: dict[str, Declared]


class Mistake(Struct, frozen=True):
    """A comment that cannot be read, 1-based."""

    line: int
    column: int
    message: str


class Comments(Struct, frozen=True):
    """All that the comments of a file tell losslint."""

    suppressions: tuple[Suppression, ...] = ()
    inputs: tuple[InputComment, ...] = ()
    mistakes: tuple[Mistake, ...] = ()


class _Reader:
    """Walks through the text of one declaration."""

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self.at = start

    def blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def take(self, pattern: re.Pattern[str]) -> str | None:
        self.blanks()
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found.group()

    def sees(self, mark: str) -> bool:
        self.blanks()
        if not self.text.startswith(mark, self.at):
            return False
        self.at += len(mark)
        return True

    def need(self, mark: str, after: str) -> None:
        if not self.sees(mark):
            raise Malformed(f"expected `{mark}` after `{after}`", self.at)

    @property
    def done(self) -> bool:
        self.blanks()
        return self.at >= len(self.text)


def parse_inputs(text: str, start: int = 0) -> dict[str, Declared]:
    """Read ``y_true: onehot[B, 5], y_pred: softmax[B, 5]`` from a character of a text on.

    Raises
    ------
    Malformed
        The text is no such list; its column is the character at which it stops being one.
    """
    reader = _Reader(text, start)
    found: dict[str, Declared] = {}
    while True:
        name_at = _begin(reader)
        name = reader.take(_WORD)
        if name is None:
            raise Malformed("expected the name of an input, as in `y_true: onehot[B, 5]`", name_at)
        if name in found:
            raise Malformed(f"`{name}` is declared twice", name_at)
        reader.need(":", name)
        found[name] = Declared(_domain(reader), _shape(reader))
        if reader.done:
            return found
        reader.need(",", "the declaration of " + name)


def _begin(reader: _Reader) -> int:
    reader.blanks()
    return reader.at


def _domain(reader: _Reader) -> str:
    at = _begin(reader)
    domain = reader.take(_WORD)
    if domain is None:
        raise Malformed(f"expected a domain, one of {' '.join(DOMAINS)}", at)
    if domain not in DOMAINS:
        near = get_close_matches(domain, DOMAINS, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"it is one of {' '.join(DOMAINS)}"
        raise Malformed(f"unknown domain `{domain}`; {hint}", at)
    return domain


def _shape(reader: _Reader) -> tuple[str | int, ...] | None:
    if not reader.sees("["):
        return None
    shape: list[str | int] = []
    while not reader.sees("]"):
        if shape:
            reader.need(",", str(shape[-1]))
        at = _begin(reader)
        if (number := reader.take(_NUMBER)) is not None:
            shape.append(int(number))
        elif (name := reader.take(_WORD)) is not None:
            shape.append(name)
        else:
            raise Malformed("expected a length or a name such as B, and `]` at the end", at)
    return tuple(shape)


def read(text: str) -> Comments:
    """The directives of a file. A text without the mark is not scanned."""
    if MARK not in text:
        return Comments()
    suppressions: list[Suppression] = []
    inputs: list[InputComment] = []
    mistakes: list[Mistake] = []
    for comment, line, column in _comments(text):
        for found in _DIRECTIVE.finditer(comment):
            try:
                made = _directive(comment, found, line, column)
            except Malformed as error:
                mistakes.append(Mistake(line, column + error.column + 1, str(error)))
                continue
            if isinstance(made, Suppression):
                suppressions.append(made)
            elif made is not None:
                inputs.append(made)
    return Comments(tuple(suppressions), tuple(inputs), tuple(mistakes))


def _comments(text: str) -> Iterator[tuple[str, int, int]]:
    """Comments that carry the mark, with line and 0-based column; the rest of a text that cannot be tokenised is left out."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT and MARK in token.string:
                yield token.string, token.start[0], token.start[1]
    except (tokenize.TokenError, SyntaxError):
        return


def _directive(comment: str, found: re.Match[str], line: int, column: int) -> Suppression | InputComment | None:
    word = found.group(1)
    if word == "inputs":
        start = found.end()
        return InputComment(line, column + start + 1, parse_inputs(comment, start))
    if word in ("ignore", "ignore-file"):
        return _suppression(comment, found, line, column)
    near = get_close_matches(word, _WORDS, 1, 0.7)
    if near:
        raise Malformed(f"unknown directive `{word}`; did you mean `{near[0]}`?", found.start(1))
    return None


def _suppression(comment: str, found: re.Match[str], line: int, column: int) -> Suppression:
    listed, end = _codes(comment, found.end())
    names = None if listed is None else frozenset(name.lower() for name in listed)
    whole = found.group(1) == "ignore-file"
    begin = column + found.start() + 1
    return Suppression(line, names, whole, begin, column + len(comment) + 1, listed or (), comment[end:].strip())


def _codes(comment: str, at: int) -> tuple[tuple[str, ...] | None, int]:
    """The names in brackets and where they end; None where there are no brackets."""
    found = _LIST.match(comment, at)
    if found is None:
        return None, at
    if not found.group(2):
        raise Malformed("the list of rules is not closed, expected `]`", found.end())
    names = [name.strip() for name in found.group(1).split(",")]
    if not all(_CODE.match(name) for name in names):
        raise Malformed("expected rule codes or names with commas between them, as in `ignore[unguarded-log]`", found.start(1))
    return tuple(names), found.end()
