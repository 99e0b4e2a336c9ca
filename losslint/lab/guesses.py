"""What an argument may be that the file does not tell: by how the code uses it, and by its name. Every guess is told in the verdict."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
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
ANY_NUMBER = 1.0
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


@dataclass(slots=True)
class Usage:
    """What code does with a name: it is read, called (with so many arguments), counted, indexed by words, or has attributes."""

    read: bool = False
    called: int | None = None
    listed: bool = False
    matrix: bool = False
    keys: set[Any] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)


def usage(name: str, functions: Iterable[ast.AST], owner: str = "") -> Usage:
    """How functions use a name, or an attribute `owner.name`."""
    found = Usage()

    def is_it(node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return node.attr == name and node.value.id == owner
        return isinstance(node, ast.Name) and node.id == name and not owner

    for function in functions:
        for node in ast.walk(function):
            found.read = found.read or is_it(node)
            match node:
                case ast.Call(func=called, args=args) if is_it(called):
                    found.called = len(args)
                case ast.Call(func=ast.Name(id="len" | "zip" | "enumerate" | "list" | "tuple"), args=args) if any(map(is_it, args)):
                    found.listed = True
                case ast.Call(func=ast.Attribute(attr=attribute), args=args) if attribute in MATRIX_CALLS and any(map(is_it, args)):
                    found.matrix = True
                case ast.For(iter=value) | ast.comprehension(iter=value) if is_it(value):
                    found.listed = True
                case ast.Subscript(value=value, slice=ast.Constant(value=str(key))) if is_it(value):
                    found.keys.add(key)
                case ast.Subscript(value=value) if is_it(value):
                    found.listed = True
                case ast.Attribute(value=value, attr=attribute) if is_it(value):
                    found.attributes.add(attribute)
    return found


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
    if used.attributes & MODEL_ATTRIBUTES or (MODEL_NAME.search(name) and not used.keys):
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
        parts = {attribute: guess(attribute, Usage())[0] for attribute in attributes}
        return {"object": parts}, f"`{name}` has the attributes {', '.join(attributes)}"
    if used.matrix:
        return {"matrix": MATRIX}, f"`{name}` is a 3×3 matrix"
    value = number(name)
    if value is None and used.attributes & {"shape", "get_shape", "dtype"}:
        return {"matrix": MATRIX}, f"`{name}` is a 3×3 array"
    value = ANY_NUMBER if value is None else value
    if used.listed and not isinstance(value, list):
        value = THREE if isinstance(value, float) else [value, value]
    return {"value": value}, f"`{name}` = {value}"


def number(name: str) -> Any:
    """The number, list or word for a name, None if there is none."""
    return next((value for pattern, value in NUMBERS if re.search(pattern, name, re.I)), None)
