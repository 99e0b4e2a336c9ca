"""From what a rule proposes to edits of the text: operations spelt with the file's own names, the user's expressions as they are."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator

from losslint.finding import Edit, Fix
from losslint.names import dotted
from losslint.operations.availability import public
from losslint.operations.catalogue import lookup, operation
from losslint.operations.namespaces import canonical
from losslint.repair import Moved, Operation, Piece, Repair, Term
from losslint.source import Source

WITHIN = ("", ".math", ".nn", ".linalg", ".ops", ".backend", ".keras.backend")  # where a package keeps its functions
ATOMS = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript, ast.List, ast.Tuple)
TENSORFLOW = "import tensorflow as tf"


def written(repair: Repair, near: ast.AST, source: Source) -> Fix | None:
    """The edits of a proposal in a file, None where the file has no way to say it or a comment would be lost.

    Parameters
    ----------
    near
        The flagged expression: what is new is spelt as it is.
    """
    edits: list[Edit] = []
    for change in repair.changes:
        text = ""
        for piece in change.pieces:
            found = _text(piece, near, source, edits)
            if found is None:
                return None
            text += found
        if change.operator and _within(change.syntax, source):
            text = f"({text})"
        if isinstance(change.syntax, ast.FunctionDef):
            lines = _behind(change.syntax, text, source)
            if lines is None:
                return None
            edits.append(lines)
            continue
        if _comments(_raw(change.syntax, source)) != _comments(text):
            return None
        place = source.place(change.syntax)
        edits.append(Edit(place.line, place.column, place.end_line, place.end_column, text))
    return Fix(repair.safety, repair.message, tuple(sorted(dict.fromkeys(edits), key=lambda edit: (edit.line, edit.column))))


def _behind(function: ast.FunctionDef, text: str, source: Source) -> Edit | None:
    """The edit that puts lines behind a function, indented as it is; None for a function of one line."""
    first, last = function.body[0], function.body[-1]
    outer = source.lines[function.lineno - 1].partition("def")[0]
    inner = source.lines[first.lineno - 1][: source.place(first).column - 1]
    if inner.strip() or not inner.startswith(outer):
        return None
    line = last.end_lineno or last.lineno
    column = len(source.lines[line - 1]) + 1
    lines = (outer + part.replace("\t", inner.removeprefix(outer)) if part else "" for part in text.split("\n"))
    return Edit(line, column, line, column, "\n" + "\n".join(lines))


def _comments(text: str) -> list[str]:
    """The comments within an expression."""
    if "#" not in text:
        return []
    tokens = tokenize.generate_tokens(io.StringIO(f"({text}\n)").readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def _text(piece: Piece, near: ast.AST, source: Source, edits: list[Edit]) -> str | None:
    match piece:
        case str():
            return piece
        case Operation(name=name):
            return _spelt(name, near, source, edits)
        case Moved(name=name):
            return _moved(name, near, source)
        case Term(syntax=syntax) if not isinstance(syntax, ATOMS):
            return f"({_raw(syntax, source)})"
        case Term(syntax=syntax):
            return _raw(syntax, source)
    return _raw(piece, source)


def _within(syntax: ast.AST, source: Source) -> bool:
    """Whether an expression is an operand of an operator, or something is asked of it."""
    parts = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Attribute, ast.Subscript, ast.Await, ast.IfExp)
    return any(syntax is child for parent in ast.walk(source.tree) if isinstance(parent, parts) for child in ast.iter_child_nodes(parent))


def _imports(near: ast.AST, source: Source) -> dict[str, str]:
    """The full name of each import that is seen at an expression: it is bound there, and no function around binds its name again."""
    line = getattr(near, "lineno", 0)
    around = [s for s in source.index.scopes if s.function and s.function.lineno <= line <= (s.function.end_lineno or 0)]
    bound = {name for scope in (source.index.module, *around) for name in scope.bound}
    hidden = {name for scope in around for name in (*scope.assigned, *scope.parameters)}
    names = source.index.imports.items()
    return {alias: found.whole for alias, found in names if not found.level and found.member != "*" and alias in bound - hidden}


def _moved(name: str, near: ast.AST, source: Source) -> str | None:
    """A full dotted name by the import that reaches furthest into it, None if there is none."""
    found = [
        (len(whole), alias + name[len(whole) :])
        for alias, whole in _imports(near, source).items()
        if name == whole or name.startswith(f"{whole}.")
    ]
    return max(found)[1] if found else None


def _raw(syntax: ast.AST, source: Source) -> str:
    """The text of an expression as it stands, with its lines and comments."""
    place = source.place(syntax)
    lines = list(source.lines[place.line - 1 : place.end_line])
    lines[-1] = lines[-1][: place.end_column - 1]
    lines[0] = lines[0][place.column - 1 :]
    return "\n".join(lines)


def _spelt(name: str, near: ast.AST, source: Source, edits: list[Edit]) -> str | None:
    """An operation in the file's own words, those of the replaced call first; with an import where the file has none."""
    imports = _imports(near, source)
    for alias, whole in imports.items():
        if _is(name, whole):
            return alias
    function = source.index.resolve(near.func) if isinstance(near, ast.Call) else None
    own = (public(function) if function else frozenset()) or _generations(source)
    first = (dotted(near.func) or "").partition(".")[0] if isinstance(near, ast.Call) else ""
    order = sorted(imports, key=lambda alias: alias != first)
    homes = [(alias + inner, imports[alias] + inner) for alias in order[: first in imports] for inner in WITHIN]
    homes += [(alias + inner, imports[alias] + inner) for inner in WITHIN for alias in order]
    for text, whole in homes:
        for last in _lasts(name):
            generations = public(f"{whole}.{last}")
            if _is(name, f"{whole}.{last}") and generations and (not own or generations & own):
                return f"{text}.{last}"
    new = _import(source) if any(canonical(whole) in ("K", "keras") for whole in imports.values()) else None
    if new is None:
        return None
    for inner in WITHIN[:4]:
        for last in _lasts(name):
            if _is(name, f"tensorflow{inner}.{last}") and public(f"tensorflow{inner}.{last}"):
                edits.append(new)
                return f"tf{inner}.{last}"
    return None


def _lasts(name: str) -> Iterator[str]:
    """The last parts of an operation's spellings, the usual one first."""
    found = (spelling.partition("(")[0].rpartition(".")[2] for spelling in operation(name).spellings.split())
    return iter(dict.fromkeys(found))


def _is(name: str, whole: str) -> bool:
    """Whether a full dotted name is a function of an operation on tensors."""
    spelt = canonical(whole)
    if spelt is None or spelt.partition(".")[0] not in ("tf", "K", "ops"):
        return False
    entry = lookup(spelt)
    return entry is not None and entry.operation.name == name and entry.positional == tuple(entry.operation.parameters.split())


def _generations(source: Source) -> frozenset[str]:
    """The generations that have all functions which a file calls; empty if none has, or nothing is known of any."""
    names = {source.index.resolve(call.func) for scope in source.index.scopes for call in scope.calls}
    known = [found for name in names if name is not None and (found := public(name))]
    return frozenset[str].intersection(*known) if known else frozenset()


def _import(source: Source) -> Edit | None:
    """The import of TensorFlow, behind the last import at the top of the file; None if its name is taken or nothing can stand there."""
    body = source.tree.body
    last = max((place for place, statement in enumerate(body) if isinstance(statement, ast.Import | ast.ImportFrom)), default=None)
    if last is None or any("tf" in scope.bound or "tf" in scope.parameters for scope in source.index.scopes):
        return None
    line = body[last].end_lineno or body[last].lineno
    if any(statement.lineno == line for statement in body[last + 1 : last + 2]):
        return None  # a second statement on its line may go on over the next ones
    column = len(source.lines[line - 1]) + 1
    return Edit(line, column, line, column, f"\n{TENSORFLOW}")
