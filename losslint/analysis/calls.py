"""Calls and operators of the abstract run: who is called, and what comes of it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from losslint.analysis import builtins, classes, effects, methods, modes, roles, state
from losslint.analysis.models import LOOPS, MODEL_NAME, function_of, is_model, is_symbolic, symbolic, trainable
from losslint.analysis.node import Facts, Gradient, Node, Site
from losslint.analysis.objects import Class, Constant, Function, Instance, Layer, LossObject, Model, Module, Named, Partial, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.roles import setting
from losslint.analysis.scope import Scope
from losslint.analysis.shape import PER_SAMPLE
from losslint.analysis.transfer import apply, as_node, loss_object, unknown
from losslint.losses import LOSS_WORDS, VALUE_WORDS
from losslint.operations.catalogue import Entry, bind, lookup, loss_class, operation
from losslint.operations.namespaces import canonical

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

OPERATORS = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.FloorDiv: "floordiv", ast.Mod: "mod", ast.Pow: "pow",
    ast.MatMult: "matmul", ast.BitAnd: "logical_and", ast.BitOr: "logical_or", ast.BitXor: "logical_xor", ast.LShift: "multiply", ast.RShift: "floordiv",
}  # fmt: skip
INPUTS = re.compile(r"^keras\.(?:layers\.|engine\.\w+\.|input_layer\.)?Input$|^K\.placeholder$")
MODELS = re.compile(
    r"^keras\.(?:models\.|engine\.\w+\.|training\.)?(?:Model|Sequential|Functional|load_model|model_from_\w+|clone_model)$|^keras\.applications\.|^tf\.saved_model\.load$|hub\."
)
LAYERS = re.compile(r"^keras\.(?:layers|legacy\.layers|engine\.base_layer)\.(?:\w+\.)*[A-Z]\w*$|^tf\.(?:keras\.)?layers\.[A-Z]\w*$")
WEIGHTS_READ = re.compile(r"trainable|variables?|weights|params|theta|vars|var_list", re.IGNORECASE)
FRAMEWORK = re.compile(r"^(?:tf|K|keras|ops|tfp)\.")
HOST_WRAPPERS = frozenset({"tf.py_function", "tf.numpy_function", "tf.py_func"})
OTHER_FRAMEWORK = re.compile(r"^(?:torch|jax|flax|optax|mxnet|theano|paddle|chainer)(?:\.|$)")
MOST_DIGITS = 64


def from_stars(scope: Scope, name: str) -> Value | None:
    """A name that a star import of a framework module may have brought."""
    brought = None
    for module in (module for s in scope.chain() for around in (s, *s.starred()) for module in around.packages):
        if name in roles.FRAMEWORKS and canonical(module) is not None:
            return Named(roles.FRAMEWORKS[name])  # the module imported it under the usual name
        spelt = canonical(f"{module}.{name}")
        if spelt is None:
            continue
        entry = lookup(spelt)
        if (
            loss_class(spelt)
            or INPUTS.match(spelt)
            or MODELS.match(spelt)
            or LAYERS.match(spelt)
            or (entry and entry.operation.name != "opaque")
        ):
            return Named(f"{module}.{name}")
        if entry and brought is None:
            brought = Named(f"{module}.{name}")  # a module of which it is not known what it has
    return brought


def builtin(name: str) -> Value | None:
    """One of Python's own functions."""
    return Named(f"builtins.{name}") if name in builtins.KNOWN else None


def evaluate_call(run: Run, node: ast.Call, scope: Scope) -> Value:
    """The value of a call expression."""
    site = run.site(node, scope)
    positional: list[Value] = []
    for argument in node.args:
        value = run.evaluate(argument, scope)
        if isinstance(argument, ast.Starred) and isinstance(value, Items):
            positional.extend(value.items)
        else:
            positional.append(value)
    keywords: dict[str, Value] = {}
    for keyword in node.keywords:
        value = run.evaluate(keyword.value, scope)
        if keyword.arg is not None:
            keywords[keyword.arg] = value
        elif isinstance(value, Dictionary):
            keywords.update({k: v for k, v in value.items.items() if isinstance(k, str)})
    if isinstance(node.func, ast.Attribute):
        return _attribute_call(run, node.func, positional, keywords, site, scope)
    return call(run, run.evaluate(node.func, scope), positional, keywords, site)


def _attribute_call(
    run: Run, function: ast.Attribute, positional: list[Value], keywords: dict[str, Value], site: Site, scope: Scope
) -> Value:
    owner_node, name = function.value, function.attr
    if isinstance(owner_node, ast.Call) and isinstance(owner_node.func, ast.Name) and owner_node.func.id == "super":
        return classes.call_super(run, scope, name, positional, keywords, site) or unknown(_operands(positional, keywords, site), site)
    callee = run.evaluate(function, scope) if name in ("get_layer", "get_weights", "layers") else None
    if isinstance(callee, Node) and callee.operation == "model-state":
        return callee
    owner = run.evaluate(owner_node, scope)
    if name in ("add_weight", "add_variable") and isinstance(owner, Instance):
        return trainable(site)
    sink(run, name, owner, positional, keywords, site)
    if name in LOOPS and is_model(run, owner, name):
        effects.looped(run, name, _operands(positional, keywords, site), site)
    if not isinstance(owner, Named | Module | Instance | Class):
        done = methods.call_method(run, owner, name, positional, keywords, site)
        if done is not None:
            return done
    from losslint.analysis.expressions import attribute

    return call(run, attribute(run, owner, name, run.site(function, scope)), positional, keywords, site)


def sink(run: Run, name: str, owner: Value, positional: list[Value], keywords: dict[str, Value], site: Site) -> None:
    """Record a value that is handed to an optimizer, a tape or `add_loss`."""
    if run.path.quiet:
        return
    first = positional[0] if positional else None
    match name:
        case "minimize" | "compute_gradients":
            value = keywords.get("loss") or first
        case "add_loss":
            value = keywords.get("losses") or first
        case "EstimatorSpec" | "TPUEstimatorSpec":
            value = keywords.get("loss")
        case "get_updates":
            value = keywords.get("loss") or (positional[-1] if len(positional) == 3 else first)
        case "gradient" | "gradients":
            value = keywords.get("target") or keywords.get("ys") or keywords.get("loss") or first
            over = (
                keywords.get("sources")
                or keywords.get("xs")
                or keywords.get("variables")
                or (positional[1] if len(positional) > 1 else None)
            )
            if not _trains(site, value, over):
                return
        case _:
            return
    if value is not None and not isinstance(value, Function | Partial):
        run.root(value, 3, f"handed to `{name}`")
    elif isinstance(value, Function) and name == "minimize" and not value.node.args.args:
        run.root(run.call(value, [], {}, site), 3, f"handed to `{name}`")


def _trains(site: Site, value: Value | None, over: Value | None) -> bool:
    """Whether a gradient is taken to train: of a loss-like name, or over weights; not a penalty on an input's gradient."""
    syntax = site.syntax
    texts = [ast.unparse(a) for a in [*getattr(syntax, "args", []), *(k.value for k in getattr(syntax, "keywords", []))]]
    if isinstance(over, Node) and ("variable" in over.origin or over.marked("trainable")):
        return True
    if isinstance(over, Items) and over.items and all(isinstance(i, Node) and "variable" in i.origin for i in over.items):
        return True
    if len(texts) > 1 and WEIGHTS_READ.search(texts[1]):
        return True
    return bool(texts and VALUE_WORDS.search(texts[0].rpartition(".")[2])) and not (
        isinstance(over, Node) and "parameter" in over.operation
    )


def _operands(positional: list[Value], keywords: dict[str, Value], site: Site) -> tuple[Node, ...]:
    return tuple(as_node(v, site) for v in (*positional, *keywords.values()) if isinstance(v, Node | Items | Dictionary))


def call(run: Run, function: Value, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value:
    """The value of calling something."""
    match function:
        case Function():
            return _function_call(run, function, positional, keywords, site)
        case Partial():
            return call(run, function.function, [*function.positional, *positional], {**function.keywords, **keywords}, site)
        case Named():
            return _named_call(run, function.name, positional, keywords, site)
        case Class():
            return _class_call(run, function, positional, keywords, site)
        case Instance():
            return _instance_call(run, function, positional, keywords, site)
        case LossObject():
            return loss_object(function, positional, keywords, site)
        case Layer() if positional and (twin := function_of(function)) is not None and not is_symbolic(positional[0]):
            return call(run, twin, positional, {name: value for name, value in function.keywords.items() if name == "axis"}, site)
        case Layer() | Model():
            output = model_call(positional, keywords, site)
            output.details["layer"] = function
            return output
    return _unknown_call(run, function, positional, keywords, site)


def _function_call(run: Run, function: Function, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value:
    """The value of calling a function of the project, as its decorators change it."""
    wrapped = modes.decorators(function.scope.file, function.node)
    if wrapped & HOST_WRAPPERS:
        return unknown(_operands(positional, keywords, site), site)
    done = run.invoke(function, positional, keywords, site)
    if done is None:
        return unknown(_operands(positional, keywords, site), site)
    if "tf.custom_gradient" in wrapped and isinstance(done, Items) and done.items and isinstance(done.items[0], Node):
        value, operands = done.items[0], _operands(positional, keywords, site)
        effects.given_gradient(run, value, operands, site)
        return value.with_facts(gradient=max(o.gradient for o in (value, *operands)))
    return done


def _unknown_call(run: Run, function: Value, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value:
    """A call of something that is not known: a free name called on batch tensors is taken for a model or layer."""
    if not run.path.quiet:
        run.path.handed.extend(operand for operand in _operands(positional, keywords, site) if not operand.constant)
    if isinstance(function, Node) and MODEL_NAME.search(str(function.details.get("name", ""))):
        return model_call(positional, keywords, site)
    operands = _operands(positional, keywords, site)
    if isinstance(function, Node) and _object(function) and _one_batch(operands):
        return model_call(positional, keywords, site)
    if any(o.shape is not None and o.shape.batch_axes for o in operands) and isinstance(function, Node):
        return unknown(operands, site, shape=PER_SAMPLE)
    return unknown(operands, site)


def _object(function: Node) -> bool:
    """Whether what is called is an object that some call made, that was given, or that `self` holds: not a function of a module."""
    match function.site.syntax:
        case ast.Call():
            return True
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return not LOSS_WORDS.search(name)
    return function.operation == "parameter"


def _one_batch(operands: tuple[Node, ...]) -> bool:
    """Whether a call gets one tensor, a batch: a layer is called so, a loss is not."""
    tensors = [o for o in operands if not o.constant]
    return len(tensors) == 1 and tensors[0].shape is not None and bool(tensors[0].shape.batch_axes)


def model_call(positional: list[Value], keywords: dict[str, Value], site: Site) -> Node:
    """The output of a layer or model: batch first, differentiable in its inputs and its weights."""
    operands = _operands(positional, keywords, site)
    origin = frozenset({"variable"}).union(*(o.origin for o in operands))
    return Node("layer", operands, site, Facts(PER_SAMPLE, gradient=Gradient.FLOWS, origin=origin))


def _instance_call(run: Run, owner: Instance, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value:
    if classes.is_layer(owner):
        return model_call(positional, keywords, site)
    method = classes.attribute(run, owner, "__call__", site)
    if isinstance(method, Function):
        return call(run, method, positional, keywords, site)
    method = classes.attribute(run, owner, "call", site)
    if isinstance(method, Function):
        value = call(run, method, positional, {k: v for k, v in keywords.items() if k != "sample_weight"}, site)
        if classes.is_loss(owner) and isinstance(value, Node) and not _unreduced(owner):
            return apply(operation("mean"), {"x": value}, site, run)
        return value
    return unknown(_operands(positional, keywords, site), site)


def _unreduced(owner: Instance) -> bool:
    reduction = owner.attributes.get("reduction")
    told = str(reduction.value) if isinstance(reduction, Constant) else reduction.name if isinstance(reduction, Named) else ""
    return told.lower().endswith(("none", "sum"))


def _class_call(run: Run, cls: Class, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value:
    if len(run.path.stack) > 10:
        return unknown((), site)
    return classes.instantiate(run, cls, positional, keywords, site)


def _named_call(run: Run, name: str, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value:
    if (canonical(name) or "").startswith("builtins."):
        done = builtins.call_builtin(run, name.rpartition(".")[2], positional, keywords, site)
        return done if done is not None else unknown(_operands(positional, keywords, site), site)
    if name == "functools.partial" and positional:
        return Partial(positional[0], tuple(positional[1:]), keywords)
    outside = effects.leaves(name)
    if outside:
        effects.taken_out(run, name, [*positional, *keywords.values()], site)
    value = _framework_call(run, name, positional, keywords, site)
    if outside and isinstance(value, Node) and not value.constant:
        value = effects.left(value, site)
    return state.drawn(run, name, value)


def _framework_call(run: Run, name: str, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value:
    spelt = canonical(name)
    if spelt is not None and spelt.endswith(".executing_eagerly"):
        return Constant(False)  # Keras and tf.function trace losses into graphs
    if spelt is None:
        run.path.foreign = run.path.foreign or OTHER_FRAMEWORK.match(name) is not None
        if name.rpartition(".")[2] == "namedtuple":
            return setting(name, site)
        return _foreign(name, positional, keywords, site)
    effects.called(run, name, site)
    member = spelt.rpartition(".")[2]
    sink(run, member, Named(name), positional, keywords, site)
    counted = not run.path.quiet and FRAMEWORK.match(spelt) is not None
    run.path.calls += counted
    if counted and not run.path.touched:
        run.path.touched = any(not operand.constant for operand in _operands(positional, keywords, site))
    made = _asked(spelt, positional) or _made(spelt, positional, keywords, site)
    if made is not None:
        return made
    entry = loss_class(spelt)
    if entry is not None:
        return LossObject(entry.operation, bind(entry, positional, keywords), site, spelt)
    found = lookup(spelt)
    if found is None:
        if counted:
            run.path.unresolved.append(spelt)
        asks = spelt.rpartition(".")[2].startswith("is_")  # what it asks of the object, Python answers
        return setting(name, site) if asks else _foreign(name, positional, keywords, site)
    return apply_entry(run, found, spelt, positional, keywords, site)


def _foreign(name: str, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value:
    """A function of a package that the catalogue does not know."""
    operands = _operands(positional, keywords, site)
    if all(o.constant for o in operands):
        return setting(name, site)
    last = name.rpartition(".")[2]
    if MODEL_NAME.search(last) and not LOSS_WORDS.search(last) and any(o.shape is not None and o.shape.batch_axes for o in operands):
        return model_call(positional, keywords, site)
    return unknown(operands, site)


def apply_entry(run: Run, entry: Entry, spelt: str, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value:
    """The result of a catalogue operation on given arguments."""
    return apply(entry.operation, bind(entry, positional, keywords), site, run, spelt)


def _asked(spelt: str, positional: list[Value]) -> Value | None:
    """What Python can ask of the framework while a loss is traced: it is not run eagerly, and its inputs are tensors."""
    if spelt == "tf.executing_eagerly":
        return Constant(False)
    if spelt in ("tf.is_tensor", "K.is_tensor", "ops.is_tensor") and positional and roles.is_input(positional[0]):
        return Constant(True)
    return None


def _made(spelt: str, positional: list[Value], keywords: dict[str, Value], site: Site) -> Value | None:
    """Symbolic inputs, layers and models of Keras."""
    if INPUTS.match(spelt):
        return symbolic(site)
    if spelt.endswith("EstimatorSpec"):  # an object that holds the loss
        return setting(spelt, site)
    if MODELS.match(spelt):
        outputs = keywords.get("outputs") or keywords.get("output") or (positional[1] if len(positional) > 1 else None)
        if isinstance(outputs, Node):
            return Model(spelt, outputs, [outputs])
        first = keywords.get("layers") or (positional[0] if positional else None)
        return Model(spelt, None, list(first.items) if isinstance(first, Items) and spelt.endswith("Sequential") else [])
    if LAYERS.match(spelt):
        return Layer(spelt, {**{f"*{index}": value for index, value in enumerate(positional)}, **keywords})
    return None


def operator(run: Run, op: ast.operator, left: Value, right: Value, site: Site) -> Value:
    """The value of a binary operator."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        return _folded(op, left, right) or setting("text", site)
    if isinstance(left, Items) and isinstance(right, Items) and isinstance(op, ast.Add):
        return Items([*left.items, *right.items], left.mutable, max(left.power, right.power))
    if isinstance(left, Items) and isinstance(op, ast.Mult):
        if isinstance(right, Constant) and isinstance(right.value, int) and 0 <= right.value * len(left.items) <= MOST_DIGITS:
            return Items(left.items * right.value, left.mutable)
    if any(isinstance(v, Constant) and isinstance(v.value, str) for v in (left, right)):
        return setting("text", site)
    return apply(operation(OPERATORS[type(op)]), {"x": as_node(left, site), "y": as_node(right, site)}, site, run)


def _folded(op: ast.operator, left: Constant, right: Constant) -> Constant | None:
    """Python's own arithmetic on two literals; None where it is no number."""
    a, b, setting_ = left.value, right.value, left.setting or right.setting
    if isinstance(a, str) and isinstance(b, str) and isinstance(op, ast.Add):
        return Constant(a + b, setting_)
    if not isinstance(a, int | float) or not isinstance(b, int | float):
        return None
    if isinstance(op, ast.Pow | ast.LShift) and abs(b) > MOST_DIGITS:
        return None
    try:
        match op:
            case ast.Add():
                return Constant(a + b, setting_)
            case ast.Sub():
                return Constant(a - b, setting_)
            case ast.Mult():
                return Constant(a * b, setting_)
            case ast.Div():
                return Constant(a / b, setting_)
            case ast.FloorDiv():
                return Constant(a // b, setting_)
            case ast.Mod():
                return Constant(a % b, setting_)
            case ast.Pow():
                power = a**b
                return Constant(power, setting_) if isinstance(power, int | float) else None
    except (ArithmeticError, ValueError):
        return None
    return None
