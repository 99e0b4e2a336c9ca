"""Models as they are put together: what comes last in them, and whether the loss that they are compiled with expects that."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from losslint.analysis.node import Node, Site
from losslint.analysis.objects import Constant, Layer, LossObject, Model, Named, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.transfer import unknown
from losslint.analysis.transfer.losses import expected
from losslint.operations.catalogue import takes_logits
from losslint.operations.namespaces import canonical

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

PASSING = frozenset({"Reshape", "Flatten", "Permute", "ZeroPadding2D", "Cropping2D"})
WEIGHTED = frozenset(
    {"Dense", "Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", "SeparableConv2D", "EinsumDense"}
)
SAME = frozenset({"cast", "identity"})


def compiled(run: Run, model: Model, positional: list[Value], keywords: dict[str, Value], site: Site) -> None:
    """A model is compiled: record what its last layer gives and what its loss takes, where both are known."""
    loss = keywords.get("loss") or (positional[1] if len(positional) > 1 else None)
    logits = _takes_logits(loss)
    given = [activation(layer) for layer in reversed(model.layers)]
    moved = sum(1 for _ in takewhile(lambda told: told == "passes", given))
    if logits is not None and moved < len(given) and given[moved] is not None and not run.path.quiet:
        made = unknown((), site)
        details = {"logits": logits, "activation": given[moved], "moved": bool(moved)}
        run.path.effects.append(Node("compiled", (made,), site, made.facts, details))


def _takes_logits(loss: Value | None) -> bool | None:
    """Whether a loss, as `compile` takes it, is made for raw scores (True) or probabilities (False); None: neither, or not known."""
    match loss:
        case Constant(value=str() as name):
            return takes_logits(f"keras.losses.{name}")
        case Named(name=name):
            return takes_logits(canonical(name) or "")
        case LossObject(spelling=spelling, arguments=arguments):
            return expected(spelling, arguments.get("from_logits"))
        case Items(items=[only]):
            return _takes_logits(only)
        case Dictionary(items=items) if len(items) == 1:
            return _takes_logits(next(iter(items.values())))
    return None


def activation(value: Value | None) -> str | None:
    """The activation that a value went through last, or that a layer ends in; ``passes``: a layer that only moves elements."""
    match value:
        case Node(operation="softmax" | "sigmoid" as name):
            return name
        case Node(operation=operation, arguments=[before]) if operation in SAME:
            return activation(before)
        case Node(operation="layer", details={"layer": Layer() | Model() as layer}):
            told = activation(layer)
            return activation(value.arguments[0]) if told == "passes" and value.arguments else told
        case Layer():
            return _of_layer(value.name.rpartition(".")[2], value)
        case Model(layers=layers):
            return next((told for layer in reversed(layers) if (told := activation(layer)) != "passes"), None)
    return None


def _of_layer(name: str, layer: Layer) -> str | None:
    if name in PASSING:
        return "passes"
    if name == "Softmax":
        return "softmax"
    if name == "TimeDistributed":
        return activation(layer.given("layer"))
    if name == "Activation":
        told = _named(layer.given("activation"))
        return "passes" if told == "linear" else told
    if name in WEIGHTED:
        return _named(layer.given("activation", 1 if name == "Dense" else None) or Constant("linear"))
    return None


def _named(value: Value | None) -> str | None:
    """The name of an activation that is given to a layer."""
    match value:
        case Constant(value=None):
            return "linear"
        case Constant(value=str() as name):
            return name
        case Named(name=name):
            return name.rpartition(".")[2]
    return None
