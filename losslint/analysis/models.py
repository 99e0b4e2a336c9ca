"""Models and layers that a loss closes over: their weights, their symbolic tensors."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from losslint.analysis import bindings, classes
from losslint.analysis.node import Facts, Gradient, Node, Site
from losslint.analysis.objects import Class, Constant, Function, Instance, Layer, Model, Module, Named, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.roles import FRAMEWORKS
from losslint.analysis.scope import Scope
from losslint.analysis.shape import PER_SAMPLE, Shape
from losslint.names import Scoped
from losslint.operations.layers import TWINS

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

MODEL_STATE = frozenset(
    {
        "layers",
        "weights",
        "trainable_weights",
        "trainable_variables",
        "non_trainable_weights",
        "losses",
        "get_layer",
        "get_weights",
        "variables",
        "non_trainable_variables",
    }
)
MODEL_LISTS = frozenset({"losses", "weights", "trainable_weights", "trainable_variables", "variables"})
LAYER_WEIGHTS = frozenset({"kernel", "bias", "embeddings", "gamma", "beta"})
MODEL_TENSORS = frozenset({"output", "outputs", "input", "inputs", "out_tensor"})
MODEL_NAME = re.compile(
    r"model|net(?:work)?$|^net_?\w$|(?:en|de)coder|vae|gan$|generator|discriminator|critic|actor|policy|extractor|backbone|_layers?$|^layer|^[DG]$|mlp|vgg|resnet",
    re.IGNORECASE,
)
LOOPS = frozenset(
    {
        "predict",
        "predict_on_batch",
        "evaluate",
        "test_on_batch",
        "fit",
        "train_on_batch",
        "predict_generator",
        "evaluate_generator",
        "fit_generator",
    }
)
WEIGHTS_NAME = re.compile(r"^(?:\w+_)?(?:weights|trainables|vars|variables|params|theta|filters|kernels)$", re.IGNORECASE)
SHAPELESS = Shape((), 0)
MOST_LEVELS = 3  # of lists in lists; one can hold itself


def several(node: Node) -> bool:
    """Whether what Python iterates over is a list of batch tensors: a parameter, or some of the outputs of a model."""
    if node.operation == "parameter":
        return True
    while node.operation == "getitem":
        node = node.arguments[0]
    return node.operation == "layer"


def listed(run: Run, owner: Node, site: Site) -> Node | None:
    """An item of a parameter or of a model's output.

    What is indexed by several bare integers is a list of batch tensors; by one, it may as well be a batch that gives its
    first sample: then the shape is not known.
    """
    if run.path.entry is None or not several(owner):
        return None
    read = site.syntax.value if isinstance(site.syntax, ast.Subscript) else None
    scoped = next((s for s in run.open(site.source).index.scopes if s.name == site.function), None)
    item = one_of(owner, site)
    known = isinstance(read, ast.Name) and scoped is not None and _by_numbers(scoped, read.id)
    return item if known else item.with_facts(shape=None)


def _by_numbers(scoped: Scoped, name: str) -> bool:
    """Whether a function takes several items of a parameter by number, in its own text or in a loop of a fixed number of rounds."""
    if len(scoped.indexed.get(name, ())) > 1:
        return True
    loops = [loop for loop in scoped.loops if isinstance(loop, ast.For) and _fixed(loop.iter) and isinstance(loop.target, ast.Name)]
    items = {f"{name}[{ast.unparse(loop.target)}]" for loop in loops}
    parts = [part for loop in loops for part in ast.walk(loop)]
    taken = any(isinstance(part, ast.Subscript) and ast.unparse(part) in items for part in parts)
    return taken and not any(ast.unparse(given) in items for part in parts for given in _lists(part))


def _lists(part: ast.AST) -> list[ast.expr]:
    """What code treats as lists: it asks for their length, or takes one item after the other."""
    match part:
        case ast.Call(func=ast.Name(id="len" | "enumerate" | "zip"), args=given):
            return given
        case ast.Subscript(value=given, slice=ast.Name() | ast.Constant(value=int()) | ast.UnaryOp()):
            return [given]
        case ast.For(iter=given) | ast.comprehension(iter=given):
            return [given]
    return []


def _fixed(iterable: ast.expr) -> bool:
    """Whether it is ``range(3)``."""
    match iterable:
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(times))]):
            return times > 1
    return False


def one_of(node: Node, site: Site) -> Node:
    """One of the batch tensors in a list of which nothing more is known."""
    return Node(node.operation, node.arguments, site, node.facts, node.details)


def symbolic(site: Site) -> Node:
    """A symbolic tensor of a model that is being built."""
    return Node("input", (), site, Facts(PER_SAMPLE, gradient=Gradient.FLOWS, origin=frozenset({"symbolic"})))


def function_of(layer: Layer) -> Value | None:
    """The function that a layer without weights is, None of any other."""
    kind = layer.name.rpartition(".")[2]
    if kind == "Lambda":
        return layer.given("function")
    if kind == "Activation":
        named = layer.given("activation")
        return Named(f"keras.activations.{named.value}") if isinstance(named, Constant) else named
    bounded = kind == "ReLU" and layer.keywords  # with a slope or an upper bound
    return Named(TWINS[kind]) if kind in TWINS and not bounded else None


def is_symbolic(value: Value, levels: int = MOST_LEVELS) -> bool:
    """Whether a value is a symbolic tensor of a model that is being built, or a list or dict that holds one."""
    match value:
        case Node():
            return "symbolic" in value.origin
        case Items(items=items) if levels:
            return any(is_symbolic(item, levels - 1) for item in items)
        case Dictionary(items=held) if levels:
            return any(is_symbolic(item, levels - 1) for item in held.values())
    return False


def captured(name: str, value: Value, site: Site, levels: int = MOST_LEVELS) -> Value:
    """What a loss reads of the code around it: a symbolic tensor there, alone or in a list or dict, is noted as captured."""
    if not is_symbolic(value, levels):
        return value
    match value:
        case Node():
            return Node("captured", (value,), site, value.facts, {"name": name, "bound": value.site})
        case Items():
            return replace(value, items=[captured(name, item, site, levels - 1) for item in value.items])
        case Dictionary():
            return Dictionary({key: captured(name, item, site, levels - 1) for key, item in value.items.items()})
    return value


def trainable(site: Site, **details: object) -> Node:
    """Weights of a layer or model: no batch axis, differentiable."""
    facts = Facts(SHAPELESS, gradient=Gradient.FLOWS, origin=frozenset({"variable"}), marks=frozenset({"trainable"}))
    return Node("weights", (), site, facts, dict(details))


def model_state(run: Run, node: ast.Attribute, scope: Scope) -> Value | None:
    """``model.layers`` and the like, of a name that is neither the loss's own nor its factory's parameter."""
    root: ast.expr = node.value
    while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
        root = root.func if isinstance(root, ast.Call) else root.value
    if (
        not isinstance(root, ast.Name)
        or scope.outside
        or run.path.quiet
        or (isinstance(root, ast.Name) and root.id in ("self", "cls", "super"))
    ):
        return None
    found = scope.find(root.id)
    if found is None:
        bindings.ready(run, scope.file, root.id)
        found = scope.find(root.id)
    if found is None:
        if root.id in FRAMEWORKS:
            return None  # used under its usual name without an import in sight
        held = None
    else:
        held, where = found
        if not where.outside or root.id in where.parameters:
            return None
    if root.id in FRAMEWORKS and not isinstance(held, Model):
        return None  # the framework under its usual name, imported out of sight
    if (
        isinstance(held, Named | Class | Function | Module | Constant | Items | Dictionary)
        or run.path.entry is None
        or not run.path.entry.function
    ):
        return None
    if isinstance(held, Node) and not held.constant and held.operation != "opaque":
        return None
    site = run.site(node, scope)
    facts = Facts(SHAPELESS, gradient=Gradient.FLOWS, origin=frozenset({"variable", f"model:{root.id}"}), marks=frozenset({"trainable"}))
    return Node("model-state", (), site, facts, {"model": root.id, "attribute": node.attr})


def model_tensor(run: Run, node: ast.Attribute, scope: Scope) -> Node | None:
    """``model.output`` of a model that the loss closes over: a symbolic tensor."""
    if not isinstance(node.value, ast.Name) or scope.outside or run.path.quiet or run.path.entry is None or not run.path.entry.function:
        return None
    found = scope.find(node.value.id)
    if found is None or not found[1].outside:
        return None
    held = found[0]
    of_model = isinstance(held, Model) or (
        isinstance(held, Node) and (held.constant or held.operation == "parameter") and MODEL_NAME.search(node.value.id)
    )
    if not of_model:
        return None
    site = run.site(node, scope)
    tensor = symbolic(site)
    return Node("captured", (tensor,), site, tensor.facts, {"name": f"{node.value.id}.{node.attr}", "bound": site})


def is_model(run: Run, owner: Value, method: str) -> bool:
    """Whether an object is a Keras model, whose own class does not define a method: by its class, or by its name."""
    match owner:
        case Model():
            return True
        case Instance():
            return classes.is_model(owner.cls) and classes.lookup(run, owner.cls, method) is None
        case Node():
            given = owner.constant or (owner.operation == "parameter" and not owner.origin & {"true", "pred"})
            return given and MODEL_NAME.search(str(owner.details.get("name", ""))) is not None
    return False
