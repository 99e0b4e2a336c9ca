"""Expressions of the abstract run."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING

from msgspec.structs import replace

from losslint.analysis import bindings, calls, classes, effects, loops, modes, state, statements
from losslint.analysis.columns import UNKNOWN
from losslint.analysis.conditions import NONE, certain
from losslint.analysis.degree import ZERO
from losslint.analysis.models import (
    LAYER_WEIGHTS,
    MODEL_LISTS,
    MODEL_STATE,
    MODEL_TENSORS,
    captured,
    listed,
    model_state,
    model_tensor,
    symbolic,
    trainable,
)
from losslint.analysis.node import Node, Site
from losslint.analysis.objects import Class, Constant, Instance, Layer, Model, Module, Named, Slice, Value
from losslint.analysis.objects import Mapping as Dictionary
from losslint.analysis.objects import Sequence as Items
from losslint.analysis.roles import BATCH_SIZE_NAME, FRAMEWORKS, SETTING_NAME, declared_batch, of_source, setting
from losslint.analysis.scope import Scope
from losslint.analysis.singular import empty_columns
from losslint.analysis.transfer import apply, as_node, iterate, subscript, unknown
from losslint.analysis.truth import is_none, open_to_change, truth
from losslint.config import fits
from losslint.losses import VALUE_WORDS
from losslint.operations.catalogue import operation
from losslint.operations.namespaces import canonical

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Run

VALUES: dict[str, float | None] = {
    "np.pi": math.pi, "math.pi": math.pi, "np.e": math.e, "math.e": math.e, "np.inf": math.inf, "math.inf": math.inf, "np.nan": math.nan,
    "np.newaxis": None, "tf.newaxis": None, "tnp.pi": math.pi, "tnp.newaxis": None,
}  # fmt: skip
COMPARISONS = {
    ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal", ast.Eq: "equal", ast.NotEq: "not_equal",
}  # fmt: skip


def evaluate(run: Run, node: ast.expr, scope: Scope) -> Value:
    """The value of an expression in a scope."""
    match node:
        case ast.Constant(value=value):
            return Constant(value)
        case ast.Name():
            return _name(run, node, scope)
        case ast.Attribute():
            return _attribute(run, node, scope)
        case ast.Call():
            return calls.evaluate_call(run, node, scope)
        case ast.BinOp(left=left, op=op, right=right):
            return calls.operator(run, op, run.evaluate(left, scope), run.evaluate(right, scope), run.site(node, scope))
        case ast.UnaryOp():
            return _unary(run, node, scope)
        case ast.BoolOp():
            return _boolean(run, node, scope)
        case ast.Compare():
            return _compare(run, node, scope)
        case ast.Subscript(value=owner, slice=index):
            held = run.evaluate(owner, scope)
            if held == Constant(None, setting=True) and isinstance(owner, ast.Name):
                held = bindings.flipped_value(owner.id, run.site(owner, scope))  # what is indexed is not None
            return _subscript(run, held, run.evaluate(index, scope), run.site(node, scope))
        case ast.IfExp():
            return _conditional(run, node, scope)
        case ast.Tuple(elts=items) | ast.List(elts=items) | ast.Set(elts=items):
            held_items = _items(run, items, scope)
            return (
                Items(held_items, mutable=not isinstance(node, ast.Tuple))
                if held_items is not None
                else unknown((), run.site(node, scope), constant=True)
            )
        case ast.Dict():
            return _dictionary(run, node, scope)
        case ast.Lambda():
            scoped = scope.file.index.by_node.get(node)
            return bindings.function(run, node, scope, scoped.name if scoped is not None else "<lambda>")
        case (
            ast.ListComp(elt=elt, generators=generators)
            | ast.GeneratorExp(elt=elt, generators=generators)
            | ast.SetComp(elt=elt, generators=generators)
        ):
            return loops.comprehend(run, generators, scope, lambda inner: run.evaluate(elt, inner))
        case ast.DictComp(value=elt, generators=generators):
            made = loops.comprehend(run, generators, scope, lambda inner: run.evaluate(elt, inner))
            return Dictionary(dict(enumerate(made.items)) if isinstance(made, Items) else {})
        case ast.Slice(lower=lower, upper=upper, step=step):
            return Slice(*(None if part is None else run.evaluate(part, scope) for part in (lower, upper, step)))
        case ast.NamedExpr(target=target, value=inner):
            held = run.evaluate(inner, scope)
            statements.assign(run, target, held, scope)
            return held
        case ast.Starred(value=inner) | ast.Await(value=inner):
            return run.evaluate(inner, scope)
    return setting("text", run.site(node, scope))


def _items(run: Run, nodes: list[ast.expr], scope: Scope) -> list[Value] | None:
    """The items of a display; None where one of unknown length is unpacked into it."""
    made: list[Value] = []
    for node in nodes:
        value = run.evaluate(node, scope)
        if not isinstance(node, ast.Starred):
            made.append(value)
            continue
        parts = iterate(value, run.site(node, scope))
        if parts is None:
            return None
        made.extend(parts)
    return made


def _name(run: Run, node: ast.Name, scope: Scope) -> Value:
    name, site = node.id, run.site(node, scope)
    found = scope.find(name)
    if found is None:
        bindings.ready(run, scope.file, name)
        found = scope.find(name)
    if found is None:
        named = calls.from_stars(scope, name)
        if named is not None:
            return named
        if name in FRAMEWORKS:
            return Named(FRAMEWORKS[name])  # used under its usual name without an import in sight
        return calls.builtin(name) or setting(name, site)
    value, where = found
    if name in FRAMEWORKS and _handed_on(name, value):
        return Named(FRAMEWORKS[name])
    if where.outside and not scope.outside and not run.path.quiet and name not in where.parameters:
        value = captured(name, value, site)
        if isinstance(value, Node) and value.operation == "captured":
            return value
    if isinstance(value, Node):
        excluded = run.excluded()
        if excluded and not value.constant:
            some = value.facts.marks - {"maybe-empty"} if empty_columns(value) <= excluded else value.facts.marks
            return value.with_facts(columns=value.columns.without(tuple(excluded)), marks=some)
    made = isinstance(value, Node) or value == Constant(None)
    if made and not where.outside and name not in where.parameters and where.function:
        return value  # made in the loss itself: its value says what it is, not its name
    if where.outside and not where.is_class and not scope.outside and not run.path.quiet:
        value = state.variable(run, value, name, where, site)
    return declared_batch(value, name, site, run.settings.batch_size_names)


def _handed_on(name: str, value: Value) -> bool:
    """Whether a project's own way to import a framework gave it its usual name: ``tf = try_import_tf()``, ``tf = library.tf``."""
    if isinstance(value, Named):
        return canonical(value.name) is None and value.name.rpartition(".")[2] == name
    return isinstance(value, Node) and value.operation in ("setting", "opaque")


def _attribute(run: Run, node: ast.Attribute, scope: Scope) -> Value:
    site, name = run.site(node, scope), node.attr
    if name in MODEL_STATE and (state := model_state(run, node, scope)) is not None:
        return state
    if name in MODEL_TENSORS and (tensor := model_tensor(run, node, scope)) is not None:
        return tensor
    value = attribute(run, run.evaluate(node.value, scope), name, site)
    names = run.settings.batch_size_names
    return of_source(declared_batch(value, name, site, names) if fits(name, names) else value, node.value)


def attribute(run: Run, owner: Value, name: str, site: Site) -> Value:
    """An attribute of a value."""
    match owner:
        case Named(name=base):
            full = f"{base}.{name}"
            spelt = canonical(full)
            if spelt in VALUES:
                return Constant(VALUES[spelt])
            return setting(name, site) if spelt is None and BATCH_SIZE_NAME.match(name) else Named(full)
        case Module(scope=inner):
            return bindings.member(run, inner.file, name) or calls.from_stars(inner, name) or setting(name, site)
        case Instance():
            held = classes.attribute(run, owner, name, site)
            if held is None:
                return _instance_state(owner, name, site)
            if not run.path.quiet:
                held = state.attribute(run, held, owner, name, site)
            return declared_batch(held, name, site, run.settings.batch_size_names)
        case Class():
            return classes.lookup(run, owner, name) or setting(name, site)
        case Model(output=output) if name in ("output", "outputs", "input", "inputs"):
            return output if output is not None else symbolic(site)
        case Layer() if name in ("output", "input"):
            return symbolic(site)
        case Model() | Layer() if name in MODEL_STATE | LAYER_WEIGHTS:
            return trainable(site)
        case Node():
            return _tensor_attribute(run, owner, name, site)
        case Dictionary(items=items) if name in items:
            return items[name]
    return setting(name, site)


def _instance_state(owner: Instance, name: str, site: Site) -> Value:
    return trainable(site) if classes.is_layer(owner) and name in MODEL_STATE | {"kernel", "bias"} else setting(name, site)


def _tensor_attribute(run: Run, owner: Node, name: str, site: Site) -> Value:
    match name:
        case "shape" if owner.operation == "shape" and owner.arguments:  # the shape of a shape is the rank
            return Items([apply(operation("rank"), {"x": owner.arguments[0]}, site, run, ".rank")], mutable=False)
        case "shape":
            return apply(operation("shape"), {"x": owner}, site, run, ".shape")
        case "T":
            return apply(operation("transpose"), {"x": owner}, site, run, ".T")
        case "size":
            return apply(operation("size"), {"x": owner}, site, run, ".size")
        case "ndim":
            return apply(operation("rank"), {"x": owner}, site, run, ".ndim")
        case "rank" | "ndims" if owner.operation == "shape":
            return apply(operation("rank"), {"x": owner.arguments[0]}, site, run, ".rank")
        case "dtype" | "name" | "device" | "graph":
            return setting(name, site)
        case "real" | "imag" | "values" | "data" | "flat":
            return owner
    if (owner.shape is None or owner.operation == "layer") and name in MODEL_LISTS:
        return trainable(site)
    if owner.constant:
        return setting(name, site)
    if owner.operation == "model-state":
        return owner
    if owner.operation == "weights" or name in LAYER_WEIGHTS:
        return trainable(site)
    if owner.operation in ("parameter", "member"):
        return _member(owner, name, site)
    if owner.operation == "layer" and not VALUE_WORDS.search(name):
        return subscript(owner, Constant(name), site)  # one of the outputs of a model, as by its key
    return unknown((owner,), site)


def _member(owner: Node, name: str, site: Site) -> Node:
    """What an object that the loss was given holds: a setting by its name, else an input from outside, of which little is known."""
    if owner.shape is None and SETTING_NAME.match(name):
        return setting(name, site)
    facts = replace(owner.facts, columns=UNKNOWN, degree=ZERO)
    return Node("member", (owner,), site, facts, {"name": name})


def _subscript(run: Run, owner: Value, index: Value, site: Site) -> Value:
    if isinstance(owner, Node) and owner.operation in ("weights", "model-state"):
        return owner if owner.operation == "model-state" else trainable(site)
    if isinstance(owner, Named | Layer | Model | Instance) or (
        isinstance(owner, Node) and owner.constant and owner.operation in ("setting", "opaque")
    ):
        return setting(str(index.value) if isinstance(index, Constant) else "item", site)
    if isinstance(owner, Node) and isinstance(index, Constant) and isinstance(index.value, int):
        piece = listed(run, owner, site)
        if piece is not None:
            return piece
    return subscript(owner, index, site)


def _unary(run: Run, node: ast.UnaryOp, scope: Scope) -> Value:
    value, site = run.evaluate(node.operand, scope), run.site(node, scope)
    if isinstance(node.op, ast.Not):
        effects.truth(run, value, run.site(node.operand, scope), "not")
        known = truth(value)
        if known is not None:
            return Constant(not known, open_to_change(value))
        return apply(operation("logical_not"), {"x": as_node(value, site)}, site, run)
    if isinstance(value, Constant) and isinstance(value.value, int | float):
        folded = -value.value if isinstance(node.op, ast.USub) else ~int(value.value) if isinstance(node.op, ast.Invert) else value.value
        return Constant(folded, value.setting)
    name = {ast.USub: "negative", ast.Invert: "logical_not"}.get(type(node.op))
    return value if name is None else apply(operation(name), {"x": as_node(value, site)}, site, run)


def _boolean(run: Run, node: ast.BoolOp, scope: Scope) -> Value:
    """`and`/`or`: the operand that Python would return, where the truth of those before it is known."""
    wanted = isinstance(node.op, ast.Or)
    setting_seen = False
    value: Value = Constant(None)
    for operand in node.values:
        value = run.evaluate(operand, scope)
        if operand is not node.values[-1]:
            effects.truth(run, value, run.site(operand, scope), "or" if wanted else "and")
        known = truth(value)
        setting_seen = setting_seen or open_to_change(value)
        if known is None or known == wanted:
            break
    if isinstance(value, Constant):
        return Constant(value.value, value.setting or setting_seen)
    return value


def _compare(run: Run, node: ast.Compare, scope: Scope) -> Value:
    left, site = run.evaluate(node.left, scope), run.site(node, scope)
    result: Value = Constant(True)
    for op, comparator in zip(node.ops, node.comparators, strict=True):
        right = run.evaluate(comparator, scope)
        result = _compared(run, left, op, right, site)
        left = right
    return result


def _compared(run: Run, left: Value, op: ast.cmpop, right: Value, site: Site) -> Value:
    if isinstance(op, ast.Is | ast.IsNot) or (isinstance(op, ast.Eq | ast.NotEq) and Constant(None) in (left, right)):
        if isinstance(right, Constant) and right.value is None:
            known = is_none(left)
            if known is not None:
                return Constant(known == isinstance(op, ast.Is | ast.Eq), open_to_change(left))
        return setting("test", site)
    if isinstance(op, ast.Eq) and isinstance(right, Named) and (training := modes.training(right.name)) is not None:
        return Constant(training, setting=True)
    if isinstance(left, Constant) and isinstance(right, Constant | Items):
        known = _fold(left, op, right)
        if known is not None:
            return Constant(known, left.setting or open_to_change(right))
    if isinstance(op, ast.In | ast.NotIn) or not all(isinstance(v, Node | Constant) for v in (left, right)):
        return setting("test", site)
    if any(isinstance(v, Constant) and not isinstance(v.value, int | float) for v in (left, right)):
        return setting("test", site)
    return apply(operation(COMPARISONS[type(op)]), {"x": as_node(left, site), "y": as_node(right, site)}, site, run)


def _fold(left: Constant, op: ast.cmpop, right: Constant | Items) -> bool | None:
    if isinstance(op, ast.In | ast.NotIn):
        if isinstance(right, Constant):
            return (
                (left.value in right.value) == isinstance(op, ast.In)
                if isinstance(right.value, str) and isinstance(left.value, str)
                else None
            )
        if not all(isinstance(item, Constant) for item in right.items):
            return None
        return any(isinstance(item, Constant) and item.value == left.value for item in right.items) == isinstance(op, ast.In)
    if not isinstance(right, Constant):
        return None
    a, b = left.value, right.value
    try:
        match op:
            case ast.Eq():
                return bool(a == b)
            case ast.NotEq():
                return bool(a != b)
            case ast.Lt():
                return bool(a < b)
            case ast.LtE():
                return bool(a <= b)
            case ast.Gt():
                return bool(a > b)
            case ast.GtE():
                return bool(a >= b)
    except TypeError:
        return None
    return None


def _conditional(run: Run, node: ast.IfExp, scope: Scope) -> Value:
    test = run.evaluate(node.test, scope)
    effects.truth(run, test, run.site(node.test, scope), "if")
    known = truth(test)
    taken = run.decide(node.test, True if known is None else known, known is None or open_to_change(test))
    branch = node.body if taken else node.orelse
    true, false = certain(run, node.test, scope) if known is None else (NONE, NONE)
    with run.narrowed(false if taken else true):
        return run.evaluate(branch, scope)


def _dictionary(run: Run, node: ast.Dict, scope: Scope) -> Value:
    made: dict[object, Value] = {}
    for index, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
        held = run.evaluate(value, scope)
        if key is None:
            if isinstance(held, Dictionary):
                made.update(held.items)
            continue
        name = run.evaluate(key, scope)
        made[name.value if isinstance(name, Constant) else f"\0{index}"] = held
    return Dictionary(made)
