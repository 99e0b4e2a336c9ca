"""A file's text: encodings, places, suppressions, declared inputs."""

from __future__ import annotations

import ast

import pytest

from losslint.comments import Declared
from losslint.source import Source, SourceError, decode, split_lines


def expression(text: str) -> tuple[Source, ast.expr]:
    source = Source.parse(text, "a.py")
    statement = source.tree.body[-1]
    assert isinstance(statement, ast.Expr | ast.Assign)
    return source, statement.value


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"x = 1\n", "x = 1\n"),
        ("é = 1\n".encode(), "é = 1\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        ("# -*- coding: latin-1 -*-\né = 1\n".encode("latin-1"), "# -*- coding: latin-1 -*-\né = 1\n"),
    ],
)
def test_decode(data: bytes, text: str) -> None:
    assert decode(data, "a.py") == text


@pytest.mark.parametrize(
    ("data", "line"), [(b"x = 1\ny = '\xe9'\n", 2), (b"# coding: nonsense\n", 1), (b"\xef\xbb\xbf# coding: latin-1\n", 1), (b"'\xe9'\n", 1)]
)
def test_decode_tells_the_line(data: bytes, line: int) -> None:
    with pytest.raises(SourceError) as raised:
        decode(data, "a.py")
    assert raised.value.failure.line == line
    assert "UTF-8" in raised.value.failure.message


def test_lines_are_those_of_python() -> None:
    assert split_lines("\ufeffa\r\nb\rc\n\x0cd\u2028e") == ("a", "b", "c", "\x0cd\u2028e")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_under_every_line_end(end: str) -> None:
    source, value = expression(f"x = 1{end}\x0c{end}y = f(1)")
    place = source.place(value)
    assert (place.line, place.column, place.end_line, place.end_column) == (3, 5, 3, 9)


def test_columns_are_characters() -> None:
    source, value = expression("損失 = f(誤差)\n")
    place = source.place(value)
    assert (place.column, place.end_column) == (6, 11)
    assert source.segment(value) == "f(誤差)"


def test_the_place_of_a_definition_is_its_name() -> None:
    source = Source.parse("@a\n@b\nasync  def  loss(x): pass\n", "a.py")
    place = source.place(source.tree.body[0])
    assert (place.line, place.column, place.end_column) == (3, 13, 17)


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        ("f(\n    a,\n    b,\n)\n", "f(a, b)"),
        ("(a +\n   b)\n", "a + b"),
        ("f(a,  # why\n  b)\n", "f(a, b)"),
        ("f(a, \\\n  b)\n", "f(a, b)"),
    ],
)
def test_segments_are_folded_to_one_line(text: str, segment: str) -> None:
    source, value = expression(text)
    assert source.segment(value) == segment


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("print 'a'\n", "this is Python 2"),
        ("try:\n    pass\nexcept A, e:\n    pass\n", "this is Python 2"),
        ("x = 0777\n", "this is Python 2"),
        ("x = 12L\n", "this is Python 2"),
        ("as in paper 1707.03237\n", "syntax error"),
        ("x = conv2L y\n", "syntax error"),
        ("def f(:\n", "syntax error"),
        ("x = 1\0\n", "null byte"),
        ("(" * 1000 + ")" * 1000, "nested too deeply"),
    ],
)
def test_what_is_no_python(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        Source.parse(text, "a.py")


@pytest.mark.parametrize(
    ("comment_line", "comment", "suppressed"),
    [
        (7, "# losslint: ignore", True),
        (7, "# losslint: ignore[unguarded-log] the targets are positive", True),
        (7, "# losslint: ignore[LL101, ll301]", True),
        (7, "# noqa  # losslint: ignore[LL301]", True),
        (6, "# losslint: ignore[LL301]", True),
        (7, "# losslint: ignore[LL101]", False),
        (2, "# losslint: ignore[LL301]", True),
        (4, "# losslint: ignore[LL301]", False),
        (1, "# losslint: ignore-file[LL301]", True),
        (1, "# losslint: ignore-file[LL1]", False),
        (8, "# losslint: ignore[LL301]", False),
    ],
)
def test_suppressions(comment_line: int, comment: str, suppressed: bool) -> None:
    lines = ["import x", "def loss(", "    a):", "    if a:", "        b = 1", "    return f(", "        log(a))", "y = 1", ""]
    lines[comment_line - 1] += f"  {comment}"
    source = Source.parse("\n".join(lines), "a.py")
    call = next(node for node in ast.walk(source.tree) if isinstance(node, ast.Call) and ast.unparse(node) == "log(a)")
    assert bool(source.silencing(source.place(call), "LL301", "unguarded-log")) is suppressed
    assert list(source.mistakes()) == []


def test_a_mark_inside_a_string_is_no_comment() -> None:
    assert Source.parse('x = "# losslint: ignore"\n', "a.py").suppressions == ()


@pytest.mark.parametrize(
    "text",
    [
        "# losslint: inputs y_true: onehot[B, 5], y_pred: softmax\ndef loss(y_true, y_pred):\n    pass\n",
        "def loss(y_true, y_pred):  # losslint: inputs y_true: onehot[B, 5], y_pred: softmax\n    pass\n",
    ],
)
def test_declared_inputs(text: str) -> None:
    source = Source.parse(text, "a.py")
    assert source.declared(source.tree.body[0]) == {"y_true": Declared("onehot", ("B", 5)), "y_pred": Declared("softmax")}


def test_declared_inputs_of_the_settings_give_way_to_comments() -> None:
    source = Source.parse("def loss(a, b):  # losslint: inputs a: int\n    pass\n", "pkg/a.py")
    inputs = {"pkg/a.py::loss": "a: real, b: mask", "other.py::loss": "b: int"}
    assert source.declared(source.tree.body[0], "loss", inputs) == {"a": Declared("int"), "b": Declared("mask")}


@pytest.mark.parametrize(
    ("comment", "at", "message"),
    [
        ("# losslint: ignroe[LL301]", "ignroe", "unknown directive `ignroe`; did you mean `ignore`?"),
        ("# losslint: ignore[LL301", "", "the list of rules is not closed, expected `]`"),
        ("# losslint: inputs y_pred: sofmax", "sofmax", "unknown domain `sofmax`; did you mean `softmax`?"),
        ("# losslint: inputs y_prd: softmax", " y_prd", "the function has no parameter `y_prd`; did you mean `y_pred`?"),
        ("# losslint: inputs y_pred: softmax[B", "", "expected `,` after `B`"),
    ],
)
def test_comments_that_cannot_be_read(comment: str, at: str, message: str) -> None:
    line = f"def f(y_pred):  {comment}"
    (failure,) = Source.parse(f"{line}\n    pass\n", "a.py").mistakes()
    column = line.index(at, 16) + 1 if at else len(line) + 1
    assert (failure.line, failure.message) == (1, f"column {column}: losslint comment: {message}")
