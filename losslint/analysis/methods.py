"""Methods of tensors, containers, strings, models and layers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from losslint.analysis import building, effects
from losslint.analysis.models import MODEL_NAME, WEIGHTS_NAME, trainable
from losslint.analysis.node import Node, Site
from losslint.analysis.objects import Constant, Layer, LossObject, Model, Partial, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.roles import setting
from losslint.analysis.transfer import apply, array_method, as_node, unknown
from losslint.losses import LOSS_WORDS
from losslint.operations.catalogue import bind, method

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

PLAIN_TEXT = frozenset({"lower", "upper", "strip", "startswith", "endswith", "replace"})


def call_method(run: Run, owner: Value, name: str, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value | None:
    """The value of ``owner.name(…)``; None where the attribute has to be looked up first."""
    match owner:
        case Node():
            return _tensor(run, owner, name, positional, keywords, site)
        case Items():
            return _list(run, owner, name, positional)
        case Dictionary():
            return _dict(owner, name, positional, site)
        case Constant(value=str() as text):
            return _text(text, owner.setting, name, positional, site)
        case Model() | Layer():
            return _model(run, owner, name, positional, keywords, site)
        case LossObject() if name in ("call", "__call__"):
            return run.call(owner, positional, keywords, site)
        case Partial():
            return None
    return setting(name, site)


def _tensor(run: Run, owner: Node, name: str, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value:
    if name in ("get_shape", "as_list", "numpy_shape") and owner.operation == "shape":
        return owner
    if owner.operation == "tensor_array":
        return array_method(owner, name, positional, keywords, site, run)
    if name == "get" and len(positional) == 2 and all(isinstance(given, Constant) for given in positional):
        return _dict(Dictionary({}), name, [positional[0]], site)  # a dictionary of settings, with a default
    entry = method(name)
    if f".{name}" in effects.LEAVING and not owner.constant:
        effects.taken_out(run, f".{name}", [owner], site)
        return effects.left(owner, site)
    if entry is not None and not (owner.constant and owner.operation in ("setting", "opaque")):
        return apply(entry.operation, bind(entry, [owner, *positional], keywords), site, run, f".{name}")
    operands = (owner, *(as_node(v, site) for v in (*positional, *keywords.values()) if isinstance(v, Node | Items)))
    if owner.operation in ("weights", "model-state"):
        return owner
    if all(o.constant for o in operands):
        return setting(name, site)
    if owner.shape is None and WEIGHTS_NAME.search(name):
        return trainable(site)
    if owner.shape is None and MODEL_NAME.search(str(owner.details.get("name", ""))) and not LOSS_WORDS.search(name):
        return run.call(Model(name), positional, keywords, site)
    if owner.constant and re.match(r"^[a-z_]*$", name):
        return run.call(setting(name, site), positional, keywords, site)
    return unknown(operands, site)


def _list(run: Run, owner: Items, name: str, positional: list[Value]) -> Value:
    if name == "append" and positional:
        owner.items.append(positional[0])
        owner.power = max(owner.power, run.path.batch_loops)
    elif name == "extend" and positional and isinstance(positional[0], Items):
        owner.items.extend(positional[0].items)
    elif name == "pop" and owner.items:
        return owner.items[-1]
    elif name == "copy":
        return Items(list(owner.items), owner.mutable, owner.power)
    return Constant(None)


def _dict(owner: Dictionary, name: str, positional: list[Value], site: Site) -> Value:
    key = positional[0].value if positional and isinstance(positional[0], Constant) else None
    match name:
        case "get" | "pop" | "setdefault":
            if key in owner.items:
                return owner.items[key]
            return positional[1] if len(positional) > 1 else setting(str(key), site)
        case "values":
            return Items(list(owner.items.values()))
        case "keys":
            return Items([Constant(k) for k in owner.items])
        case "items":
            return Items([Items([Constant(k), v], mutable=False) for k, v in owner.items.items()])
        case "update" if positional and isinstance(positional[0], Dictionary):
            owner.items.update(positional[0].items)
        case "copy":
            return Dictionary(dict(owner.items))
    return Constant(None)


def _text(text: str, changeable: bool, name: str, positional: list[Value], site: Site) -> Value:
    arguments = [v.value for v in positional if isinstance(v, Constant)]
    if name in PLAIN_TEXT and len(arguments) == len(positional) and all(isinstance(a, str) for a in arguments):
        return Constant(getattr(text, name)(*arguments), changeable)
    return setting(name, site)


def _model(run: Run, owner: Model | Layer, name: str, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value | None:
    if name in ("call", "__call__", "predict", "predict_on_batch"):
        return run.call(owner, positional, keywords, site)
    if name in ("get_layer", "get_weights"):
        return Layer(name) if name == "get_layer" else None
    if name == "add" and positional:
        if isinstance(owner, Model):
            owner.layers.append(positional[0])
        return Constant(None)
    if name == "compile" and isinstance(owner, Model):
        building.compiled(run, owner, positional, keywords, site)
    return (
        setting(name, site)
        if name in ("compile", "fit", "summary", "add", "build", "save", "load_weights", "evaluate", "train_on_batch")
        else None
    )
