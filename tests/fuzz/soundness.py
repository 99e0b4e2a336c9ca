"""A program, twice: walked by the abstract run, and run by TensorFlow; what the first claims and the second contradicts."""

from __future__ import annotations

import ast
import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from agreement import MASK, REAL
from programs import SAMPLES, WIDTH, Program, inputs
from spellings import environment

from losslint.analysis import interpreter
from losslint.analysis.columns import COLUMNS, EACH_AXIS, ORDINARY
from losslint.analysis.degree import ZERO
from losslint.analysis.node import Gradient, Node, reach
from losslint.analysis.shape import SCALAR, Axis, Shape
from losslint.config import Settings
from losslint.operations.catalogue import OPERATIONS, is_loss, known
from losslint.operations.operation import Degree, Flow, Kind
from losslint.source import Source, no_modules

MANY = 32  # times as many samples, where a logarithm looks like a power
CLOSE, TINY, NEAR, FAR = 2e-3, 1e-5, 2.0**-21, 1e5
EDGED = frozenset({"acos", "asin", "acosh"})  # not defined on both sides of a pole
LARGE = 1e30
# operations that stay near a bound, come back, or grow like a logarithm: a degree says nothing of how far a batch of this size is from it
BOUNDING = frozenset(
    operation.name
    for operation in OPERATIONS
    if operation.kind is Kind.ELEMENTWISE and operation.degree is Degree.ZERO and operation.flow is not Flow.ZERO
) | {"clip", "minimum", "maximum", "relu", "clip_by_norm", "clip_by_global_norm", "atan2", "tan", "mod", "gather", "xlogy", "xlog1py"}
# these touch a share of the batch, or each sample in another way
LOGARITHMIC = frozenset(
    ["logsumexp", "softmax", "log_softmax", "cumsum", "cumprod", "diag", "matrix_diag", "scatter_update", "scatter_add", "euclidean_norm"]
)
RENAMED = frozenset({"tf.softmax_cross_entropy_with_logits"})  # TensorFlow 1 stops the gradient of the labels, 2 does not
STEPS = frozenset({"floor", "ceil", "round", "trunc", "sign", "cast", "floordiv", "mod"})  # a last digit decides
MOVING = frozenset(
    operation.name for operation in OPERATIONS if operation.kind in (Kind.SHAPE, Kind.CONTRACTION) and operation.name not in ("transpose",)
) | {"getitem", "slice", "boolean_mask", "norm", "global_norm", "unit_vectors", "atan2", "cumsum", "cumprod"}
COUNTING = (
    frozenset(  # what these give depends on how many elements there are
        ["sum", "prod", "logsumexp", "norm", "euclidean_norm", "l2_loss", "global_norm", "count_nonzero", "trace", "softmax", "log_softmax"]
    )
    | {operation.name for operation in OPERATIONS if operation.kind is Kind.CONTRACTION}
    | {"l2_normalize", "size"}
)


def walked(program: Program) -> dict[str, Node]:
    """What the abstract run learns of each value of the loss that it can name."""
    source = Source.parse(program.text, "losses.py")
    traces = interpreter.run(source, Settings(), no_modules)
    trace = next((trace for trace in traces if trace.loss.function == "some_loss" and trace.flipped is None), None)
    assert trace is not None, program.text
    (function,) = (part for part in source.tree.body if isinstance(part, ast.FunctionDef) and part.name == "some_loss")
    written = {
        id(part.value): part.targets[0].id
        for part in function.body
        if isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name)
    }
    found: dict[str, Node] = {}
    stopped: set[str] = set()  # values that are used with a gradient and without
    for node in reach(*(root.node for root in trace.roots)):  # a value comes before what it is made of
        name = written.get(id(node.site.syntax))
        if name is not None and found.setdefault(name, node).gradient is not node.gradient and node.operation == found[name].operation:
            stopped.add(name)
    found = {name: node for name, node in found.items() if name not in stopped}
    if trace.roots:
        found.setdefault(program.statements[-1][0], trace.roots[0].node)
    return found


class Real:
    """The program as TensorFlow runs it."""

    def __init__(self, program: Program) -> None:
        names = ", ".join(f"{name!r}: {name}" for name, _ in program.statements)
        text = program.text.rpartition("    return ")[0] + f"    return {{{names}}}\n"
        self.scope = dict(environment())
        exec(text, self.scope)

    def values(self, y_true: Any, y_pred: Any) -> dict[str, Any]:
        """Every value of the loss for a batch."""
        return dict(self.scope["some_loss"](y_true, y_pred))


def contradictions(program: Program) -> Iterator[str]:
    """Every claim about a value that TensorFlow contradicts."""
    import tensorflow as tf

    nodes, real = walked(program), Real(program)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            once, twice = (_arrays(real, samples) for samples in (SAMPLES, 2 * SAMPLES))
        except Exception:  # it works for one number of samples only, and says so in one of many ways
            return
        columns = list(_columns(real))
        odd = {id(node) for name, node in nodes.items() if _assumed(node) and not _fits(node.shape, once[name].shape, twice[name].shape)}
        finite = {id(node): bool(np.isfinite(once[name]).all()) for name, node in nodes.items()}
        for name, node in nodes.items():
            parts = [id(part) for part in reach(node)]
            if not odd.isdisjoint(parts):
                continue
            if not _fits(node.shape, once[name].shape, twice[name].shape) and not _fits(node.shape, *(x.shape for x in _many(real, name))):
                yield f"{name}: shape {node.shape}, it is {once[name].shape} and {twice[name].shape}"
            elif all(finite.get(part, True) for part in parts) and (told := _grown(node, real, name, once, twice)):
                yield f"{name}: {told}"
            exactly = not any(part.operation in MOVING | STEPS or _decided_by_a_digit(part) for part in reach(node))
            counted = exactly or not any(part.operation in COUNTING for part in reach(node))
            rounded = any(map(_rounded, reach(node)))
            for index in range(len(columns)):
                want = node.columns.single[index]
                if want != want or not _followed(node, index):
                    continue
                got = columns[index][name]
                if not _agrees(got, want, node.columns.double[index], exactly, counted, rounded) and not _at_edge(node, index):
                    if not _near(real, name, index, got, want):
                        yield f"{name}: column {index + 1} is {want!r}, it is {np.unique(got)[:4]}"
        yield from _gradients(nodes, real, tf)


def _arrays(real: Real, samples: int, factor: float = 1.0) -> dict[str, Any]:
    import tensorflow as tf

    given = (tf.constant(x * np.float32(factor)) for x in inputs(samples))
    return {name: np.asarray(value) for name, value in real.values(*given).items()}


def _many(real: Real, name: str) -> tuple[Any, Any]:
    """A value for many samples and for twice as many; nothing where it does not work for so many."""
    try:
        once, twice = (_arrays(real, times * SAMPLES)[name] for times in (MANY, 2 * MANY))
    except Exception:
        return np.zeros(1), np.zeros(1)
    return once, twice


def _assumed(node: Node) -> bool:
    """Whether a shape rests on what the abstract run takes for granted of an operand of which no axes are known.

    It takes it for something with the axes of the batch, or fewer, the batch first. Random programs have it otherwise, losses do not.
    """
    return node.shape is not None and not node.shape.exact and any(part.shape is None for part in reach(node))


def _grown(node: Node, real: Real, name: str, once: dict[str, Any], twice: dict[str, Any]) -> str:
    """What is wrong with a degree, for few samples and for many; nothing where all that is left of a sum are rounding errors."""
    if not _degree(node, once[name], twice[name]) or not (told := _degree(node, *_many(real, name))):
        return ""
    moved = _arrays(real, SAMPLES, 1 + NEAR)[name]
    return told if np.allclose(moved, once[name], rtol=0.1, atol=0) else ""


def _columns(real: Real) -> Iterator[dict[str, Any]]:
    """Every value in each witness column; none for a loss that does not work on four samples, which a column stands for."""
    for index in range(COLUMNS):
        try:
            yield _column(real, index)
        except Exception:  # it works for one number of samples only, and says so in one of many ways
            return


def _column(real: Real, index: int, factor: float = 1.0) -> dict[str, Any]:
    import tensorflow as tf

    values = real.values(*(tf.fill([EACH_AXIS, WIDTH], np.float32(x[index] * factor)) for x in (MASK, REAL)))
    return {name: np.asarray(value) for name, value in values.items()}


def _followed(node: Node, index: int) -> bool:
    """Whether all that a value is made of is known in a column: a bound of what is not known is a claim of another kind.

    An axis of unknown length stands for four elements, and where an activation saturates one logit is large and the others are not.
    """
    parts = list(reach(node))
    if any(part.shape is None or not part.shape.exact for part in parts):
        return False
    if any(part.marked("mixed") for part in parts):
        return False
    if index >= ORDINARY and any(part.marked("activated") for part in parts):
        return False
    return all(part.columns.single[index] == part.columns.single[index] for part in parts)


def _agrees(got: Any, want: float, double: float, exactly: bool, counted: bool, rounded: bool) -> bool:
    """Whether one of the values is the claim.

    Where float32 and float64 part, or not `exactly` (a reduction of an axis of which only the power is known), it is compared
    whether it is 0, infinite, positive or negative: that is what rules ask. Where not even how many elements there are is
    `counted`, it is not compared. What is infinite where an operation is exact is far out where it is `rounded`; on which side is
    not compared, since TensorFlow keeps the sign of a 0 that it divides by only sometimes.
    """
    values = [float(value) for value in np.unique(np.real(got))]
    if abs(double) > LARGE and math.isfinite(want):
        return True
    if not counted:
        return True
    if want == 0:
        return any(abs(value) <= TINY for value in values)
    if math.isinf(want):
        return any(math.isinf(value) or (rounded and abs(value) > FAR) for value in values)
    parted = double == double and not math.isclose(want, double, rel_tol=1e-2, abs_tol=TINY)
    if parted or not exactly:
        return any(value != 0 and (value > 0) == (want > 0) for value in values) or abs(want) < TINY or parted
    return any(math.isclose(value, want, rel_tol=CLOSE, abs_tol=TINY) for value in values)


def _near(real: Real, name: str, index: int, got: Any, want: float) -> bool:
    """Whether a claim is a value for inputs that differ in their last digits: how rounding errors grow on the way is not claimed."""
    if not want or not math.isfinite(want):
        return False
    around = [got, *(_column(real, index, factor)[name] for factor in (1 - NEAR, 1 + NEAR))]
    ends = [float(end(np.real(value))) for value in around for end in (np.min, np.max)]
    return min(ends) - TINY <= want <= max(ends) + TINY


def _at_edge(node: Node, index: int) -> bool:
    """Whether an operand lies on the edge of a domain by an operation that TensorFlow rounds in its own way: it may be beyond."""
    for part in reach(node):
        entry = known(part.operation)
        for pole in entry.poles if entry is not None and part.operation in EDGED else ():
            if part.arguments[0].columns.single[index] == pole.at and any(map(_rounded, reach(*part.arguments))):
                return True
    return False


def _decided_by_a_digit(node: Node) -> bool:
    """Whether it is asked if a rounded value is equal to another."""
    return node.operation in ("equal", "not_equal") and any(map(_rounded, reach(*node.arguments)))


def _rounded(node: Node) -> bool:
    """Whether TensorFlow may round a value otherwise than to the nearest number."""
    entry = known(node.operation)
    return entry is not None and entry.tolerance > 0 and bool(node.arguments)


def _fits(shape: Shape | None, once: tuple[int, ...], twice: tuple[int, ...]) -> bool:
    if shape is None:
        return True
    ahead, behind = len(shape.lead), len(shape.trail)
    if len(once) < shape.least_rank or (shape.exact and len(once) != ahead):
        return False
    told = [*shape.lead, *[Axis()] * (len(once) - ahead - behind), *shape.trail]
    return all(_axis(axis, *lengths) for axis, *lengths in zip(told, once, twice, strict=True))


def _axis(axis: Axis, small: int, large: int) -> bool:
    if axis.length is not None and (axis.length != small or axis.length != large):
        return False
    return not small or not large or abs(math.log2(large / small) - axis.power) < 0.4


def _degree(node: Node, once: Any, twice: Any) -> str:
    """What is wrong with a degree, empty if nothing is."""
    if None in node.degree or not node.degree:
        return ""
    sizes = [float(np.mean(np.abs(x.astype("float64")))) for x in (once, twice)]
    if len(np.unique(np.concatenate([once.ravel(), twice.ravel()]))) == 1:
        return ""  # a constant: what grew was 0
    if not all(math.isfinite(size) and 1e-6 < size < LARGE for size in sizes):
        return ""
    grown = math.log2(sizes[1] / sizes[0])
    told = sorted(power for power in node.degree if power is not None)
    if any(map(_without_degree, reach(node))):
        return ""
    return "" if told[0] - 0.25 < grown < told[-1] + 0.25 else f"degree {told}, it grows by {grown:.3f}"


def _one_branch(node: Node) -> bool:
    """Whether only one of two branches is run, and perhaps not the one through which a gradient flows."""
    return node.operation in ("cond", "case") or (node.operation == "switch" and node.arguments[0].shape == SCALAR)


def _without_degree(node: Node) -> bool:
    """Whether a batch of this size says nothing of how a value grows."""
    return (
        node.operation in LOGARITHMIC | EDGED  # beside an edge it goes by a root
        or is_loss(node.operation)
        or (node.operation in BOUNDING and any(a.degree != ZERO for a in node.arguments))
    )


def _gradients(nodes: dict[str, Node], real: Real, tf: Any) -> Iterator[str]:
    """Gradients said to flow that are None, and those said to be none that are there."""
    y_true, y_pred = map(tf.constant, inputs())
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(y_pred)
        values = {name: value for name, value in real.values(y_true, y_pred).items() if name in nodes}
    for name, value in values.items():
        if not tf.as_dtype(value.dtype).is_floating:
            continue
        try:
            gradient = tape.gradient(value, y_pred)
        except (LookupError, tf.errors.OpError):  # an operation without a derivative, or one that checks its numbers
            continue
        told = nodes[name].gradient
        if told is Gradient.FLOWS and any(part.details.get("spelling") in RENAMED for part in reach(nodes[name])):
            continue
        if told is Gradient.FLOWS and gradient is None and not any(map(_one_branch, reach(nodes[name]))):
            yield f"{name}: the gradient is said to flow, it is None"
        if (
            told is not Gradient.FLOWS
            and gradient is not None
            and float(tf.reduce_max(tf.abs(tf.where(tf.math.is_finite(gradient), gradient, 0.0)))) > 1e-6
        ):
            yield f"{name}: the gradient is said to be {told.name}, it flows"
