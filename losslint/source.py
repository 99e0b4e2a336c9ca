"""A file's text: its tree, its lines, the places of its nodes, and what its comments tell losslint."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cached_property
from typing import Protocol

from msgspec import Struct, field

from losslint import comments, names
from losslint.comments import Comments, Declared, Suppression, parse_inputs
from losslint.finding import Failure, LosslintError, Place
from losslint.notebooks import ENDING, NotebookError, code

__all__ = ["Declared", "Modules", "NoModules", "Source", "SourceError", "Suppression", "decode", "no_modules", "split_lines"]

_NEWLINE = re.compile(r"\r\n?|\n")
_PYTHON_2 = re.compile(
    r"Missing parentheses in call to|multiple exception types must be parenthesized|leading zeros in decimal|inconsistent use of tabs"
)
_PYTHON_2_LINE = re.compile(
    r"^\s*(?:print\s+[^\s=(.]|exec\s+[^\s=(.]|except\s+[\w.]+\s*,\s*\w+\s*:|raise\s+[\w.]+\s*,)|\bur[\"']|<>|(?<![\w.])(?:0[0-7]+|\d+[lL])\b"
)

_SAVE = "save it as UTF-8 or name its encoding in the first line (# -*- coding: … -*-)"

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class SourceError(LosslintError):
    """A file that cannot be read as Python: carries the failure to report."""

    def __init__(self, path: str, line: int | None, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}" if line else f"{path}: {message}")
        self.failure = Failure(path, line, message)


class Modules(Protocol):
    """Looks up the text of modules of the project."""

    def find(self, name: str, level: int, importer: str) -> Source | None:
        """The module `name`, imported with `level` leading dots from the file `importer`; None if it is no module of the project."""


class NoModules:
    """A project of one file."""

    def find(self, name: str, level: int, importer: str) -> Source | None:
        """Nothing is found."""
        return None


no_modules: Modules = NoModules()


def decode(data: bytes, path: str) -> str:
    """The text of a Python file: UTF-8, or what its byte order mark or first two lines say (PEP 263); of a notebook its code.

    Raises
    ------
    SourceError
        The bytes are not in that encoding, or no notebook.
    """
    if path.endswith(ENDING):
        try:
            return code(data.decode("utf-8-sig"))
        except (UnicodeDecodeError, NotebookError) as error:
            raise SourceError(path, None, str(error)) from error
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{data[error.start]:02x} is not {error.encoding}; {_SAVE}"
        raise SourceError(path, line, message) from error
    except SyntaxError as error:
        if "unknown encoding" in str(error) or "BOM" in str(error):
            raise SourceError(path, 1, f"{error.msg or error}; save the file as UTF-8") from error
        raise SourceError(path, 1, f"the file is not UTF-8; {_SAVE}") from error


def split_lines(text: str) -> tuple[str, ...]:
    """The lines of a text as Python counts them (form feeds do not end a line), without line ends or a byte order mark."""
    text = text.removeprefix("\ufeff")
    return tuple(_NEWLINE.split(text) if "\r" in text else text.split("\n"))


class Source(Struct, frozen=True, eq=False, dict=True):
    """One Python file.

    Attributes
    ----------
    path
        As reported, with ``/``.
    text
        The decoded text without a byte order mark, line ends as in the file.
    tree
        Its syntax.
    lines
        Its lines as Python counts them (form feeds do not end a line), without line ends.
    comments
        Suppressions, declared inputs, and comments that cannot be read.
    """

    path: str
    text: str
    tree: ast.Module
    lines: tuple[str, ...]
    comments: Comments = field(default_factory=Comments)

    @classmethod
    def parse(cls, text: str, path: str) -> Source:
        """Parse a text.

        Raises
        ------
        SourceError
            It is not Python 3, holds a null byte, or is nested too deeply for Python's own parser.
        """
        text = text.removeprefix("\ufeff")
        lines = split_lines(text)
        return cls(path, text, _tree(text, path, lines), lines, comments.read("\n".join(lines)))

    @cached_property
    def index(self) -> names.Index:
        """What its names mean and its functions are."""
        return names.index(self.tree)

    @property
    def suppressions(self) -> tuple[Suppression, ...]:
        """The ignore comments of the file, in the order of the text."""
        return self.comments.suppressions

    # --- places ---------------------------------------------------------------------------------------------------

    def segment(self, node: ast.AST) -> str:
        """The source of a node on one line, blanks folded; empty for a node without a place."""
        if not isinstance(node, ast.expr | ast.stmt | ast.arg | ast.keyword | ast.alias | ast.ExceptHandler):
            return ""
        end_line, end = node.end_lineno or node.lineno, node.end_col_offset or 0
        first, last = node.lineno - 1, end_line - 1
        start = self._characters(first, node.col_offset)
        stop = self._characters(last, end)
        if first == last:
            return self.lines[first][start:stop]
        pieces = [self.lines[first][start:], *self.lines[first + 1 : last], self.lines[last][:stop]]
        if any("#" in piece for piece in pieces):
            return " ".join(ast.unparse(node).split())
        folded = " ".join(" ".join(piece.removesuffix("\\") for piece in pieces).split())
        return re.sub(r"(?<=[(\[{]) | (?=[)\]}.])", "", folded).replace(",)", ")").replace(",]", "]")

    def place(self, node: ast.AST, message: str = "") -> Place:
        """Where a node is: of a definition its name, of a node without a place the first line."""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            return self._name_place(node, message)
        line = getattr(node, "lineno", None)
        if line is None:
            return Place(self.path, 1, 1, 1, 1, message)
        end_line = getattr(node, "end_lineno", None) or line
        column = self._characters(line - 1, getattr(node, "col_offset", 0))
        end = self._characters(end_line - 1, getattr(node, "end_col_offset", 0) or 0)
        return Place(self.path, line, column + 1, end_line, end + 1, message)

    def _name_place(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, message: str) -> Place:
        start = self._characters(node.lineno - 1, node.col_offset)
        found = re.compile(rf"\b{re.escape(node.name)}\b").search(self.lines[node.lineno - 1], start)
        begin, end = found.span() if found else (start, len(self.lines[node.lineno - 1]))
        return Place(self.path, node.lineno, begin + 1, node.lineno, end + 1, message)

    def _characters(self, line: int, offset: int) -> int:
        """Characters before a byte offset of a 0-based line."""
        text = self.lines[line] if line < len(self.lines) else ""
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))

    # --- what the user tells --------------------------------------------------------------------------------------

    def declared(self, node: ast.AST, function: str = "", inputs: Mapping[str, str] | None = None) -> dict[str, Declared]:
        """What the user declared of the inputs of a function: comments on or above its `def`, before the settings.

        Parameters
        ----------
        node
            The definition; for anything else nothing is declared.
        function
            Its qualified name.
        inputs
            From the settings: ``path::function`` -> declarations. They are valid, `config` has seen to it.
        """
        found: dict[str, Declared] = {}
        for key, text in (inputs or {}).items():
            path, _, name = key.rpartition("::")
            if name == function and (self.path == path or self.path.endswith("/" + path)):
                found |= parse_inputs(text)
        if self.comments.inputs and isinstance(node, Function):
            lines = self._header(node)
            for comment in self.comments.inputs:
                if comment.line in lines:
                    found |= comment.inputs
        return found

    def mistakes(self) -> Iterator[Failure]:
        """Comments addressed to losslint that cannot be read or that stand nowhere, in the order of the text."""
        for mistake in self.comments.mistakes:
            yield self._mistake(mistake.line, mistake.column, mistake.message)
        if not self.comments.inputs:
            return
        functions = [(self._header(n), _parameters(n)) for n in ast.walk(self.tree) if isinstance(n, Function)]
        for comment in self.comments.inputs:
            owners = [names for lines, names in functions if comment.line in lines]
            if not owners:
                yield self._mistake(comment.line, comment.column, "declared inputs belong on a `def` or on the line above it")
            for name in comment.inputs:
                if owners and not any(name in names for names in owners):
                    near = get_close_matches(name, [n for names in owners for n in names], 1)
                    hint = f"; did you mean `{near[0]}`?" if near else ""
                    yield self._mistake(comment.line, comment.column, f"the function has no parameter `{name}`{hint}")

    def _mistake(self, line: int, column: int, message: str) -> Failure:
        return Failure(self.path, line, f"column {column}: losslint comment: {message}")

    def _header(self, node: Function) -> range:
        """The lines of a definition up to its body, and the comment lines right above."""
        if isinstance(node, ast.Lambda):
            first, last = node.lineno, node.end_lineno or node.lineno
        else:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            last = max(node.lineno, node.body[0].lineno - 1)
        while first > 1 and self.lines[first - 2].lstrip().startswith("#"):
            first -= 1
        return range(first, last + 1)

    def silencing(self, place: Place, code: str, name: str) -> tuple[Suppression, ...]:
        """The ignore comments that cover a finding: on its statement, on a `def` around it, or for the whole file."""
        matching = [s for s in self.suppressions if s.covers(code, name)]
        if not matching:
            return ()
        lines = {line for lines in _covering(self.tree, place) for line in lines}
        return tuple(s for s in matching if s.whole_file or s.line in lines)


def _covering(tree: ast.Module, place: Place) -> Iterator[range]:
    """The lines of the statement at a place, and of the headers of the definitions around it."""
    body: list[ast.stmt] = tree.body
    while True:
        inside = [s for s in body if _first_line(s) <= place.line <= (s.end_lineno or s.lineno)]
        if not inside:
            return
        body = []
        for statement in inside:
            blocks = _blocks(statement)
            header_end = min((_first_line(s) for s in blocks), default=None)
            last = statement.end_lineno or statement.lineno
            header = range(_first_line(statement), (last if header_end is None else max(statement.lineno, header_end - 1)) + 1)
            if place.line in header or isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                yield header
            body.extend(blocks)


def _blocks(statement: ast.stmt) -> list[ast.stmt]:
    """The statements right inside a statement."""
    found: list[ast.stmt] = []
    for name in ("body", "orelse", "finalbody"):
        found.extend(getattr(statement, name, ()))
    for inner in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        found.extend(inner.body)
    return found


def _first_line(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)])


def _parameters(node: Function) -> list[str]:
    arguments = node.args
    return [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]


def _tree(text: str, path: str, lines: tuple[str, ...]) -> ast.Module:
    if "\0" in text:
        line = next(number for number, content in enumerate(lines, 1) if "\0" in content)
        raise SourceError(path, line, "the file holds a null byte, it is not Python source; remove the byte or exclude the file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text, path)
    except (RecursionError, MemoryError) as error:
        raise SourceError(path, None, "an expression is nested too deeply for Python's own parser; split it or exclude the file") from error
    except SyntaxError as error:
        raise _syntax_error(error, path, lines) from error
    except ValueError as error:
        raise SourceError(path, None, f"Python cannot parse the file: {error}; mend it or exclude it") from error


def _syntax_error(error: SyntaxError, path: str, lines: tuple[str, ...]) -> SourceError:
    line = error.lineno or 1
    said = (error.msg or "invalid syntax").replace("\n", " ")
    if "too many nested parentheses" in said or "parser stack overflow" in said:
        return SourceError(path, line, "an expression is nested too deeply for Python's own parser; split it or exclude the file")
    text = lines[line - 1] if line <= len(lines) else ""
    if _PYTHON_2.search(said) or _PYTHON_2_LINE.search(text):
        return SourceError(path, line, f"this is Python 2 ({said}); port the file to Python 3 or exclude it")
    where = f"column {error.offset}: " if error.offset else ""
    return SourceError(path, line, f"{where}syntax error: {said}; mend it or exclude the file")
