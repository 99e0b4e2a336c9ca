"""How a loss is called: the steps that lead to it, and its arguments, guessed by name where the file does not tell them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from losslint.analysis.roles import BATCH_NAME, BATCH_SIZE_NAME, MASK_NAME, PRED_NAME, TRUE_NAME, roles
from losslint.lab import flips, guesses
from losslint.lab.contents import Profile, batch, encoded
from losslint.lab.slicing import position
from losslint.losses import Loss
from losslint.names import Index, Scoped, dotted

TENSORS = frozenset({"true", "pred", "input", "mask"})
INDEX_NAME = re.compile(r"(?:^|_)(?:index|idx)$", re.IGNORECASE)
SAMPLE_WEIGHTS = re.compile(r"^sample_?weights?$", re.IGNORECASE)
WHOLE_MODEL = re.compile(r"(?:model|network|_net)$", re.IGNORECASE)  # names of nothing else, also where another function calls it
MOST_LISTED, ITERATED = 8, 2  # tensors of a list; of one that a loop goes over


@dataclass(slots=True)
class Calling:
    """How a loss is reached and called.

    Attributes
    ----------
    steps
        What leads to the loss: ``name``, ``lambda``, ``call``, ``construct``, ``attribute``.
    arguments
        Arguments of the loss that are no tensors.
    tensors
        Parameter -> the name of its input, or the names of several.
    roles
        Input -> ``true``, ``pred``, ``mask``, ``weights`` (one for each sample) or ``other``.
    guesses
        What was guessed, in words.
    stand_ins
        What was put in place of something else, in words.
    parameters
        Of the functions around the loss.
    flipped
        The test that goes the other way.
    """

    steps: list[dict[str, Any]] = field(default_factory=list)
    arguments: dict[str, dict[str, Any]] = field(default_factory=dict)
    tensors: dict[str, str | list[str]] = field(default_factory=dict)
    roles: dict[str, str] = field(default_factory=dict)
    guesses: list[str] = field(default_factory=list)
    stand_ins: list[str] = field(default_factory=list)
    parameters: list[str] = field(default_factory=list)
    flipped: str | None = None


def calling(loss: Loss, chain: list[Scoped], read: dict[str, set[str]], index: Index, flipped: str | None = None) -> Calling:
    """How to call a loss.

    Parameters
    ----------
    chain
        The scopes from the outermost to the loss.
    read
        Of every function around the loss, the parameters that it reads.
    index
        Of the file: its own calls tell arguments.
    flipped
        A test that has to go the other way than it does for the defaults.
    """
    made = Calling(flipped=flipped)
    for depth, scope in enumerate(chain):
        owner = chain[depth - 1] if depth else None
        if owner is None:
            made.steps.append({"step": "lambda"} if isinstance(scope.node, ast.Lambda) else {"step": "name", "name": scope.short})
        elif owner.is_class:
            made.steps.append({"step": "attribute", "name": scope.short})
        if scope.is_class:
            arguments, given = _constructor(scope, index, made)
            made.steps.append({"step": "construct", "arguments": arguments, "given": given})
        elif scope is not loss.scope:
            made.parameters += scope.parameters
            made.steps.append({"step": "call", "arguments": _arguments(scope, read[scope.name], index, made)})
    _inputs(loss, made, index)
    return made


# --- arguments that are no tensors -----------------------------------------------------------------------------------


def _constructor(scope: Scoped, index: Index, made: Calling) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """The arguments of a class's own constructor, and all its parameters."""
    init = next((s for s in index.scopes if s.parent is not None and s.parent.node is scope.node and s.short == "__init__"), None)
    if init is None or init.function is None:
        return {}, []
    return _arguments(init, set(init.parameters), index, made, called=scope.short, owner=scope.node), init.parameters


def _of_attribute(name: str, init: ast.AST, owner: ast.AST) -> guesses.Usage:
    """How a class uses a parameter of its constructor: itself, or the attribute that it is put in."""
    used = guesses.usage(name, [init])
    for node in ast.walk(init):
        match node:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=attribute)], value=ast.Name(id=value)) if value == name:
                used = used.joined(guesses.usage(attribute, [owner], "self"))
    return used


def _arguments(
    scope: Scoped, read: set[str], index: Index, made: Calling, called: str = "", owner: ast.AST | None = None
) -> dict[str, dict[str, Any]]:
    """The arguments of a factory or constructor: of the file's own call, then the defaults, then guesses; None for what is not read."""
    function = scope.function
    assert function is not None
    told = _told(called or scope.short, scope, index)
    defaults, names = defaulted(function), roles(scope, 0)
    found: dict[str, dict[str, Any]] = {}
    for name in scope.parameters:
        option = _option(name, defaults.get(name), made)
        if option is not None and option["value"] is not None:
            found[name] = option
        elif name in told:
            found[name] = told[name]
        elif name not in defaults:
            used = guesses.usage(name, [function])
            if name not in read:
                found[name] = {"value": None}
            elif names[name] in TENSORS and guesses.number(name) is None and not guesses.MODEL_NAME.search(name) and used.called is None:
                found[name] = _tensor(name, made)
            else:
                found[name] = _guessed(name, used if not owner else _of_attribute(name, function, owner), made)
    return found


def _told(called: str, scope: Scoped, index: Index) -> dict[str, dict[str, Any]]:
    """Literal arguments of the first call of a name in the file."""
    for around in index.scopes:
        for call in around.calls:
            if (dotted(call.func) or "").rpartition(".")[2] != called or any(isinstance(a, ast.Starred) for a in call.args):
                continue
            pairs: list[tuple[str, ast.expr]] = list(zip(scope.parameters, call.args))
            pairs += [(k.arg, k.value) for k in call.keywords if k.arg in scope.parameters and k.arg is not None]
            return {name: {"value": value} for name, node in pairs if (value := _literal(node)) is not None}
    return {}


def _literal(node: ast.expr) -> Any:
    """A literal that JSON can carry, None for anything else."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    simple = isinstance(value, bool | int | float | str) or (
        isinstance(value, list | tuple) and all(isinstance(item, bool | int | float | str) for item in value)
    )
    return value if simple else None


def defaulted(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> dict[str, ast.expr]:
    """The parameters with defaults, and these."""
    positional = [*function.args.posonlyargs, *function.args.args]
    late = positional[len(positional) - len(function.args.defaults) :]
    found = {a.arg: d for a, d in zip(late, function.args.defaults, strict=True)}
    return found | {a.arg: d for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if d is not None}


def _tensor(name: str, made: Calling) -> dict[str, Any]:
    """A tensor that a factory takes: small random numbers, one row for each sample."""
    made.guesses.append(f"`{name}` is a tensor of random numbers")
    return {"tensor": encoded(batch(Profile((3,), (3,), "uniform"), {name: "other"}).inputs[name])}


def _guessed(name: str, used: guesses.Usage, made: Calling) -> dict[str, Any]:
    """An argument by its use and its name, told in words."""
    spec, words = guesses.guess(name, used)
    if words.startswith("stand-in: "):
        made.stand_ins.append(words.removeprefix("stand-in: "))
    elif words:
        made.guesses.append(words)
    return spec


# --- inputs ----------------------------------------------------------------------------------------------------------


def _inputs(loss: Loss, made: Calling, index: Index) -> None:
    """Which parameters of the loss are tensors, and what the others are."""
    scope = loss.scope
    function = scope.function
    if function is None:
        return
    defaults = defaulted(function)
    lengths = {name: [""] * (max(numbers) + 1) for name, numbers in scope.indexed.items() if len(numbers) > 1 and min(numbers) >= 0}
    lengths |= dict(_unpacked(function))
    for name, role in roles(scope, max(loss.evidence, 2)).items():
        default = defaults.get(name)
        optional = isinstance(default, ast.Constant) and default.value is None
        option = _option(name, default, made)
        if option is not None and not optional:
            made.arguments[name] = option
            continue
        if default is not None and not (optional and (role in ("true", "pred") or option is not None)):
            continue
        used = _used(name, function, index)
        if not _is_tensor(name, role, used):
            made.arguments[name] = _guessed(name, used, made)
            continue
        kind = "weights" if SAMPLE_WEIGHTS.search(name) else role if role in ("true", "pred", "mask") else "other"
        parts = lengths.get(name) or ([""] * ITERATED if used.items is not None and used.items.called is None else [])
        if 2 <= len(parts) <= MOST_LISTED:
            made.tensors[name] = [f"{name}[{i}]" for i in range(len(parts))]
            made.roles.update({f"{name}[{i}]": part(unpacked) or kind for i, unpacked in enumerate(parts)})
        else:
            made.tensors[name] = name
            made.roles[name] = kind


def _used(name: str, function: ast.AST, index: Index, depth: int = 2) -> guesses.Usage:
    """How a function uses a parameter, and how those of the file do that it hands it on to."""
    used, handed = guesses.usage(name, [function]), list[guesses.Usage]()
    for call in ast.walk(function) if depth else ():
        if not isinstance(call, ast.Call):
            continue
        called = (dotted(call.func) or "").removeprefix("self.")
        scope = next((scope for scope in index.scopes if scope.short == called and scope.function not in (None, function)), None)
        if scope is not None and scope.function is not None:
            given = [*zip(scope.parameters, call.args, strict=False), *((k.arg, k.value) for k in call.keywords)]
            for parameter, value in given:
                if parameter is not None and isinstance(value, ast.Name) and value.id == name:
                    handed.append(_used(parameter, scope.function, index, depth - 1))
    own, listed = used.items, all(other.items is not None for other in handed)
    for other in handed:
        used = used.joined(other)
    return replace(used, items=used.items if listed else own)  # what only one of two functions takes for a list is none


def _option(name: str, default: ast.expr | None, made: Calling) -> dict[str, Any] | None:
    """The value of an option that has to be taken the other way, None where this is no such option."""
    value = flips.flipped(made.flipped, name, default) if made.flipped else flips.MISSING
    if value is flips.MISSING:
        return None
    made.guesses.append(f"`{name}` is given, so that `{made.flipped}` goes the other way than by default")
    return {"value": value}


def _is_tensor(name: str, role: str, used: guesses.Usage) -> bool:
    """Whether a parameter of a loss is an input; a name that may be either, and for which no number is known, is one."""
    if role == "framework" or guesses.OPTIMIZER_NAME.search(name) or used.keys or used.attributes & guesses.MODEL_ATTRIBUTES:
        return False
    if guesses.MODEL_NAME.search(name) and (used.called is not None or WHOLE_MODEL.search(name)):
        return False
    if role in ("true", "pred"):
        return INDEX_NAME.search(name) is None
    if role in ("unknown", "setting") and guesses.number(name) is not None:
        return used.array
    return role != "setting" or (bool(BATCH_NAME.search(name)) and guesses.number(name) is None and not BATCH_SIZE_NAME.match(name))


def _unpacked(function: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """The names that are unpacked into several, whole or in two slices, and what these are called."""
    halves: dict[str, dict[str, list[str]]] = {}
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Tuple(elts=items) | ast.List(elts=items)], value=value):
                names = [item.id if isinstance(item, ast.Name) else "" for item in items]
                match value:
                    case ast.Name(id=name):
                        yield name, names
                    case ast.Subscript(value=ast.Name(id=name), slice=ast.Slice(lower=None, upper=ast.Constant(value=int(cut)))):
                        halves.setdefault(name, {})["first"] = [*names, *[""] * (cut - len(names))][:cut]
                    case ast.Subscript(value=ast.Name(id=name), slice=ast.Slice(lower=ast.Constant(value=int(cut)), upper=None)):
                        halves.setdefault(name, {})["last"] = names
    for name, found in halves.items():
        if len(found) == 2:
            yield name, [*found["first"], *found["last"]]


def part(name: str) -> str:
    """The role of one part of an unpacked list, or of an attribute, by its name; empty where that says nothing."""
    if MASK_NAME.search(name):
        return "mask"
    if PRED_NAME.search(name):
        return "pred"
    return "true" if TRUE_NAME.search(name) else ""


def observed(node: ast.AST) -> tuple[int, int, int, int]:
    """The region of an expression, as the syntax tree counts it."""
    return *position(node), getattr(node, "end_lineno", 0) or 0, getattr(node, "end_col_offset", 0) or 0
