"""What an argument may be that the file does not tell: by how the code uses it, and by its name. Every guess is told in the verdict."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from losslint.analysis.roles import BATCH_SIZE_NAME, FRAMEWORKS

MODEL_NAME = re.compile(
    r"model|(?:^|_)net(?:work)?(?:_|$)|discriminator|generator|critic|encoder|decoder|extractor|classifier|backbone|vgg|resnet|policy|actor",
    re.I,
)
OPTIMIZER_NAME = re.compile(r"^(?:\w*_)?opt(?:imi[sz]er)?$", re.I)
FUNCTION_NAME = re.compile(r"loss|metric|cost|(?:^|_)f(?:n|unc|unction)$", re.I)
# Numbers for settings, by name; the first pattern that matches counts.
NUMBERS: tuple[tuple[str, Any], ...] = (
    (r"^gamma\w*|focus", 2.0),
    (r"alpha|^tau$|temperature|^temp$|^t$|^beta$|ratio|thresh|rate|^rho$|^q$|quantile|momentum|decay", 0.5),
    (r"smooth", 1.0),
    (r"^eps\w*|epsilon", 1e-7),
    (r"(?:num(?:ber)?|n|nb|no|nr)_?(?:of_?)?_?(?:class|label|categor)|^classes$|^n_?c$|nclass", 3),
    (r"axis|^dim$|^axes$", -1),
    (r"index$|^idx$|_idx$", 0),
    (r"epoch|step|iteration|^it$", 1),
    (r"class_?weights?|^weights$|^w$|_weights$", [1.0, 2.0, 0.5]),
    (r"layers|hidden|units|filters", 4),
    (r"from_logits|^is_|^use_|^with_|^has_|training|verbose|debug|^normali[sz]e$", False),
    (r"reduction", "none"),
    (r"^name$", "loss"),
    (r"dtype", "float32"),
    (r"^(?:num|n|nb)_|_num$|count|^k$|^n$|^m$", 3),
    (r"shape|dims$", [8, 8, 3]),
    (r"height|width|(?:^|_)[hw]$|length|dim|size|grid", 8),
)
ANY_NUMBER, ANY_COUNT = 1.0, 4
THREE = [1.0, 2.0, 0.5]
MATRIX = [[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.1, 0.8]]
TENSOR_ATTRIBUTES = frozenset({"shape", "dtype", "get_shape", "ndim", "T", "numpy", "astype", "name"})
MAPPING_METHODS = frozenset({"keys", "values", "items", "get", "setdefault", "update", "pop"})
MODEL_ATTRIBUTES = frozenset(
    {
        "layers",
        "weights",
        "trainable_weights",
        "trainable_variables",
        "losses",
        "get_layer",
        "output",
        "input",
        "outputs",
        "inputs",
        "predict",
    }
)
MATRIX_CALLS = frozenset({"inv", "pinv", "matmul", "dot", "det"})
ARRAY_CALLS = frozenset({"shape", "gather", "int_shape", "boolean_mask"})


@dataclass(slots=True)
class Usage:
    """What code does with a name: it is read, called (with so many arguments), counted, indexed by words, or has attributes.

    Attributes
    ----------
    array
        It is asked for its shape, elements are gathered from it, or something is computed along one of its axes.
    counted
        It says how many times a loop runs, or where a slice ends.
    parts
        What is done with its attributes.
    items
        What is done with its elements, where a loop goes over it.
    """

    read: bool = False
    called: int | None = None
    listed: bool = False
    matrix: bool = False
    array: bool = False
    counted: bool = False
    keys: set[Any] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    parts: dict[str, Usage] = field(default_factory=dict)
    items: Usage | None = None

    def joined(self, other: Usage) -> Usage:
        """What is done under either of two names."""
        items = [items for items in (self.items, other.items) if items is not None]
        return Usage(
            self.read or other.read,
            other.called if self.called is None else self.called,
            self.listed or other.listed,
            self.matrix or other.matrix,
            self.array or other.array,
            self.counted or other.counted,
            self.keys | other.keys,
            self.attributes | other.attributes,
            {name: self.parts.get(name, Usage()).joined(other.parts.get(name, Usage())) for name in self.parts | other.parts},
            items[0] if items else None,
        )


def usage(name: str, functions: Iterable[ast.AST], owner: str = "") -> Usage:
    """How functions use a name, or an attribute `owner.name`."""

    def is_it(node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return node.attr == name and node.value.id == owner
        return isinstance(node, ast.Name) and node.id == name and not owner

    return _used(is_it, tuple(functions))


def _used(is_it: Callable[[ast.AST], bool], functions: tuple[ast.AST, ...]) -> Usage:
    found = Usage()
    elements: set[str] = set()
    for function in functions:
        for node in ast.walk(function):
            found.read = found.read or is_it(node)
            match node:
                case ast.Call(func=called, args=args) if is_it(called):
                    found.called = len(args)
                case ast.Call(func=ast.Name(id="len" | "zip" | "enumerate" | "list" | "tuple"), args=args) if any(map(is_it, args)):
                    found.listed = True
                case ast.Call(func=ast.Attribute(attr="range") | ast.Name(id="range"), args=args):
                    found.counted = found.counted or any(_sums(argument, is_it) for argument in args)
                case ast.Slice(lower=lower, upper=upper):
                    found.counted = found.counted or any(_sums(edge, is_it) for edge in (lower, upper) if edge is not None)
                case ast.Call(func=ast.Attribute(attr=attribute), args=args) if any(map(is_it, args)):
                    found.matrix = found.matrix or attribute in MATRIX_CALLS
                    found.array = found.array or (attribute in ARRAY_CALLS and is_it(args[0])) or (_along(node) and is_it(args[0]))
                case ast.Subscript(value=value, slice=ast.Constant(value=str(key))) if is_it(value):
                    found.keys.add(key)
                case ast.Subscript(value=value) if is_it(value):
                    found.listed = True
                case ast.Attribute(value=value, attr=attribute) if is_it(value):
                    found.attributes.add(attribute)
                case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                    found.listed = found.listed or is_it(value)
                    elements |= set(_elements(target, value, is_it))
    for attribute in found.attributes:
        found.parts[attribute] = _used(partial(_is_part, is_it, attribute), functions)
    for element in sorted(elements):
        found.items = _used(partial(_is_named, element), functions)
    found.array = found.array or bool(found.attributes & {"shape", "get_shape", "dtype"})
    return found


def _along(call: ast.AST) -> bool:
    """Whether a call names axes."""
    return isinstance(call, ast.Call) and any(keyword.arg in ("axis", "axes", "reduction_indices") for keyword in call.keywords)


def _sums(node: ast.expr, is_it: Callable[[ast.AST], bool]) -> bool:
    """Whether an expression is something, or arithmetic with it."""
    if isinstance(node, ast.BinOp):
        return _sums(node.left, is_it) or _sums(node.right, is_it)
    return is_it(node) or (isinstance(node, ast.UnaryOp) and _sums(node.operand, is_it))


def _is_part(is_it: Callable[[ast.AST], bool], attribute: str, node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == attribute and is_it(node.value)


def _is_named(name: str, node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _elements(target: ast.expr, value: ast.expr, is_it: Callable[[ast.AST], bool]) -> Iterator[str]:
    """The names that a loop gives to the elements of something, itself or under `enumerate` or `zip`."""
    match target, value:
        case ast.Name(id=name), _ if is_it(value):
            yield name
        case ast.Tuple(elts=[_, ast.Name(id=name)]), ast.Call(func=ast.Name(id="enumerate"), args=[only]) if is_it(only):
            yield name
        case ast.Tuple(elts=targets), ast.Call(func=ast.Name(id="zip"), args=args):
            for inner, argument in zip(targets, args, strict=False):
                if is_it(argument) and isinstance(inner, ast.Name):
                    yield inner.id


def guess(name: str, used: Usage) -> tuple[dict[str, Any], str]:
    """An argument as the worker takes it, and the words for it; words that begin with ``stand-in`` put something in place of something.

    Parameters
    ----------
    used
        What the code does with it; an empty one leaves the name alone to decide.
    """
    if name in FRAMEWORKS and used.attributes:
        return {"module": FRAMEWORKS[name]}, ""
    if OPTIMIZER_NAME.search(name):
        return {"stand_in": "optimizer"}, f"stand-in: `{name}` is an optimizer that moves nothing"
    if used.items is not None and (used.items.called is not None or used.items.attributes & MODEL_ATTRIBUTES):
        spec, words = guess(name, used.items)
        return {"list": [spec, spec]}, f"{words}, of which there are two"
    if used.attributes & MODEL_ATTRIBUTES or (MODEL_NAME.search(name) and not used.keys and not (used.listed and number(name))):
        return {"stand_in": "model"}, f"stand-in: `{name}` is a small dense model"
    if used.called is not None:
        if used.called == 1 and not FUNCTION_NAME.search(name):
            return {"stand_in": "model"}, f"stand-in: `{name}` is a small dense model"
        kind = "error" if used.called >= 2 else "identity"
        return {"stand_in": kind}, f"stand-in: `{name}` is {'the mean squared error' if kind == 'error' else 'the identity'}"
    if BATCH_SIZE_NAME.match(name):
        return {"batch_size": True}, f"`{name}` is the number of samples"
    if used.keys or used.attributes & MAPPING_METHODS:
        keys = sorted(used.keys) or [0, 1, 2]
        items = [[key, guess(str(key), Usage())[0]] for key in keys]
        return {"mapping": items}, f"`{name}` has the keys {', '.join(map(str, keys))}"
    attributes = sorted(used.attributes - TENSOR_ATTRIBUTES)
    if attributes:
        parts = {attribute: guess(attribute, used.parts.get(attribute, Usage()))[0] for attribute in attributes}
        return {"object": parts}, f"`{name}` has the attributes {', '.join(attributes)}"
    if used.matrix:
        return {"matrix": MATRIX}, f"`{name}` is a 3×3 matrix"
    value = number(name)
    if value is None and used.array:
        return {"matrix": MATRIX}, f"`{name}` is a 3×3 array"
    if used.array and isinstance(value, list):
        return {"matrix": value}, f"`{name}` = {value}"
    value = (ANY_COUNT if used.counted else ANY_NUMBER) if value is None else value
    if used.counted and isinstance(value, float):
        value = max(int(value), 1)
    if used.listed and not isinstance(value, list):
        value = THREE if isinstance(value, float) else [value, value]
    return {"value": value}, f"`{name}` = {value}"


def number(name: str) -> Any:
    """The number, list or word for a name, None if there is none."""
    return next((value for pattern, value in NUMBERS if re.search(pattern, name, re.I)), None)
