"""The source of a slice as the user wrote it: what is not taken is cut out, layout and comments of the rest stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from losslint.lab.names import TRACERS

Position = tuple[int, int]
LAMBDA = "the_loss"


def cut(piece: Mapping[str, Any], modules: Mapping[str, str]) -> str:
    """The text of a piece of a slice.

    Parameters
    ----------
    piece
        As `losslint.lab.slicing.Piece.sent` makes it.
    modules
        Imports of the piece that lead into the project (``.losses``, ``pkg.losses``), and what these modules are called where
        the text will stand.
    """
    lines = piece["text"].splitlines()
    wrapper = MetadataWrapper(cst.parse_module(piece["text"]), unsafe_skip_copy=True)
    places = {node: (r.start.line, r.start.column) for node, r in wrapper.resolve(PositionProvider).items()}
    knife = _Knife(
        {_characters(place, lines) for place in piece["keep"]},
        {_characters(place, lines) for place in piece["open"]},
        {_characters(place, lines): result for place, result in piece["returns"] if place is not None},
        places,
        lines,
    )
    body = knife.block(wrapper.module.body)
    for place, result in piece["returns"]:
        if place is None and (found := knife.function(result)) is not None:
            body.append(cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name(LAMBDA))], found)]))
    made = wrapper.module.with_changes(body=body, header=[], footer=[]).visit(_Bare(modules))
    return made.code.strip("\n") + "\n"


def _characters(place: Sequence[int], lines: Sequence[str]) -> Position:
    """Line and column in characters, of one in bytes."""
    line, column = place
    text = lines[line - 1] if line <= len(lines) else ""
    return line, len(text.encode()[:column].decode(errors="ignore"))


class _Knife:
    """Takes the chosen statements of a block."""

    def __init__(
        self,
        keep: set[Position],
        opened: set[Position],
        returns: Mapping[Position, Any],
        places: Mapping[cst.CSTNode, Position],
        lines: Sequence[str],
    ) -> None:
        self.keep, self.opened, self.returns, self.places, self.lines = keep, opened, returns, places, lines

    def block(self, body: Sequence[Any]) -> list[Any]:
        """The statements of a block that are taken."""
        found: list[Any] = []
        for statement in body:
            if isinstance(statement, cst.SimpleStatementLine):
                small = [part for part in statement.body if self.places[part] in self.keep]
                if small:
                    last = small[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
                    found.append(statement.with_changes(body=[*small[:-1], last]))
            elif self.places[statement] in self.opened:
                found.append(self.open(statement))
            elif self.places[statement] in self.keep:
                found.append(statement)
        return found

    def open(self, statement: Any) -> Any:
        """A compound statement with what is taken of its blocks."""
        changes: dict[str, Any] = {"body": self.suite(statement.body, self.returns.get(self.places[statement]))}
        for name in ("orelse", "finalbody"):
            inner = getattr(statement, name, None)
            if isinstance(inner, cst.If):
                changes[name] = self.open(inner) if self.places[inner] in self.opened else None
            elif inner is not None:
                changes[name] = inner.with_changes(body=self.suite(inner.body))
        if getattr(statement, "handlers", ()):
            changes["handlers"] = [handler.with_changes(body=self.suite(handler.body)) for handler in statement.handlers]
        return statement.with_changes(**changes)

    def suite(self, suite: Any, result: Any = None) -> Any:
        """A block of a compound statement, `pass` where nothing of it is taken; `result` is what it returns in the end."""
        if not isinstance(suite, cst.IndentedBlock):
            return suite
        body = self.block(suite.body)
        if result is not None:
            value = cst.Name(result) if isinstance(result, str) else self.function(result)
            body.append(cst.SimpleStatementLine([cst.Return(value)]))
        return suite.with_changes(body=body or [cst.SimpleStatementLine([cst.Pass()])])

    def function(self, place: Sequence[int]) -> Any:
        """The lambda at a place."""
        at = _characters(place, self.lines)
        return next((node for node, where in self.places.items() if isinstance(node, cst.Lambda) and where == at), None)


class _Bare(cst.CSTTransformer):
    """Without what only traces, registers or annotates; relative imports by the names of their modules."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        super().__init__()
        self.modules = modules

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        return updated_node.with_changes(decorators=_kept(updated_node.decorators), returns=None)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        return updated_node.with_changes(decorators=_kept(updated_node.decorators))

    def leave_Param(self, original_node: cst.Param, updated_node: cst.Param) -> cst.Param:
        return updated_node.with_changes(annotation=None)

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.FlattenSentinel[cst.BaseSmallStatement]:
        stem = "." * len(updated_node.relative) + (_code(updated_node.module) if updated_node.module is not None else "")
        if stem in self.modules:
            return updated_node.with_changes(relative=[], module=cst.Name(self.modules[stem]))
        if isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        base = stem if not stem or stem.endswith(".") else stem + "."
        parts: list[cst.BaseSmallStatement] = []
        for alias in updated_node.names:
            bare, found = alias.with_changes(comma=cst.MaybeSentinel.DEFAULT), self.modules.get(base + _code(alias.name))
            if found is None:
                parts.append(updated_node.with_changes(names=[bare], lpar=None, rpar=None))
            else:
                parts.append(_import(found, alias.evaluated_alias or _code(alias.name)))
        if not any(isinstance(part, cst.Import) for part in parts):
            return updated_node
        return cst.FlattenSentinel(parts)

    def leave_Import(self, original_node: cst.Import, updated_node: cst.Import) -> cst.Import | cst.FlattenSentinel[cst.BaseSmallStatement]:
        parts: list[cst.BaseSmallStatement] = []
        for alias in updated_node.names:
            name = _code(alias.name)
            bound = alias.evaluated_alias or ("" if "." in name else name)
            bare = updated_node.with_changes(names=[alias.with_changes(comma=cst.MaybeSentinel.DEFAULT)])
            parts.append(_import(self.modules[name], bound) if name in self.modules and bound else bare)
        return updated_node if len(parts) == 1 and parts[0] is updated_node else cst.FlattenSentinel(parts)


def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _import(module: str, name: str) -> cst.Import:
    """``import module as name``."""
    return cst.Import([cst.ImportAlias(cst.Name(module), asname=cst.AsName(cst.Name(name)))])


def _kept(decorators: Sequence[cst.Decorator]) -> list[cst.Decorator]:
    return [d for d in decorators if _last(d.decorator) not in TRACERS]


def _last(node: cst.BaseExpression) -> str:
    node = node.func if isinstance(node, cst.Call) else node
    return node.attr.value if isinstance(node, cst.Attribute) else node.value if isinstance(node, cst.Name) else ""
