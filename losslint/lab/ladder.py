"""Which shapes and kinds of batches to try on a loss, the likeliest first: read off its code, then a general list."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from losslint.analysis.roles import BATCH_SIZE_NAME
from losslint.lab.contents import KINDS, SAMPLES, Profile, Shape
from losslint.names import dotted

# Shapes of one sample: of the target and of the prediction, the commonest first.
GENERAL: tuple[tuple[Shape, Shape], ...] = (
    ((3,), (3,)), ((1,), (1,)), ((8, 8, 1), (8, 8, 1)), ((8, 8, 3), (8, 8, 3)), ((5, 3), (5, 3)), ((1,), (3,)), ((), (3,)), ((), ()),
    ((32, 32, 3), (32, 32, 3)), ((8, 8, 8, 1), (8, 8, 8, 1)), ((8, 8), (8, 8)), ((4,), (4,)), ((6, 4), (6, 4)), ((24,), (24,)),
    ((3,), (6,)), ((1,), (2,)), ((2,), (2,)), ((10,), (10,)), ((16,), (16,)), ((5,), (5, 3)), ((8, 8), (8, 8, 3)), ((8, 8, 1), (8, 8, 3)), ((7, 5), (7, 5)), ((2, 3), (2, 3)),
)  # fmt: skip
CLASS_COUNT = re.compile(r"(?:num|n|nb|no)_?(?:of_)?(?:class|label|categor|output|target)|n_?class|num_?c$", re.IGNORECASE)
IMAGE_CALLS = re.compile(r"conv2d|ssim|psnr|max_pool|avg_pool|resize|sobel|image_gradients|total_variation|depthwise|extract_patches")
MOST_WIDTH, MOST_SAMPLES = 4096, 512

Evaluate = Callable[[list[str]], list[float | None]]


@dataclass(slots=True)
class Hints:
    """What some code shows of its inputs.

    Attributes
    ----------
    rank
        The least number of axes, batch included.
    widths
        Lengths of the last axis: the least that its indices need, or products of what it is split or reshaped into.
    extra
        Whether something is taken without its last element along the last axis: the target may have one more than the prediction.
    samples
        Configured batch sizes.
    """

    rank: int = 1
    widths: list[int] = field(default_factory=list)
    extra: bool = False
    samples: list[int] = field(default_factory=list)


def hints(functions: Iterable[ast.AST], evaluate: Evaluate) -> Hints:
    """What functions show of their inputs; `evaluate` gives the numbers that expressions stand for in the loss's own scope."""
    found = Hints()
    least = 0
    asked: dict[str, str] = {}
    for function in functions:
        for node in ast.walk(function):
            least = max(least, _seen(node, found, asked))
    if least > 1:
        found.widths.insert(0, least)
    for text, value in zip(asked, evaluate(list(asked)), strict=True):
        if value is None or value != int(value) or value < 1:
            continue
        number = int(value)
        if asked[text] == "samples" and 1 < number <= MOST_SAMPLES:
            found.samples.append(number)
        elif (asked[text] == "width" and 1 < number <= MOST_WIDTH) or (asked[text] == "bound" and least < number <= MOST_WIDTH):
            found.widths.append(number)
    found.rank = min(found.rank, 5)
    found.widths = [w for w in dict.fromkeys(found.widths) if w <= MOST_WIDTH]
    found.samples = list(dict.fromkeys(found.samples))
    return found


def _seen(node: ast.AST, found: Hints, asked: dict[str, str]) -> int:
    """What one piece of syntax shows; the least width that a literal index needs."""
    match node:
        case ast.Subscript(slice=ast.Tuple(elts=items)):
            full = not any(isinstance(i, ast.Constant) and i.value in (..., None) for i in items)
            if full:
                found.rank = max(found.rank, len(items))
            return _last_index(items[-1], found, asked) if items and (full or len(items) > 1) else 0
        case ast.keyword(arg="axis" | "axes" | "reduction_indices" | "dim", value=value):
            found.rank = max([found.rank, *(n + 1 if n >= 0 else -n for n in _numbers(value))])
        case ast.Call():
            _called(node, found, asked)
        case ast.Name(id=name) if CLASS_COUNT.search(name):
            asked.setdefault(name, "width")
        case ast.Name() | ast.Attribute():
            name = dotted(node) or ""
            if BATCH_SIZE_NAME.match(name.rpartition(".")[2]):
                asked.setdefault(name, "samples")
            elif isinstance(node, ast.Attribute) and CLASS_COUNT.search(node.attr) and name:
                asked.setdefault(name, "width")
    return 0


def _last_index(node: ast.expr, found: Hints, asked: dict[str, str]) -> int:
    match node:
        case ast.Constant(value=int(number)) if number >= 0:
            return number + 1
        case ast.Slice(lower=None, upper=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1))):
            found.extra = True
        case ast.Slice(lower=lower, upper=upper):
            edges = [n for edge in (lower, upper) if edge is not None for n in [_number(edge)]]
            for edge in (lower, upper):
                if edge is not None and _number(edge) is None:
                    asked.setdefault(ast.unparse(edge), "bound")
            return max((n + (lower is not None and n == _number(lower)) for n in edges if n is not None and n >= 0), default=0)
        case ast.Name() | ast.BinOp() | ast.Attribute():
            asked.setdefault(f"{ast.unparse(node)} + 1", "bound")
    return 0


def _called(node: ast.Call, found: Hints, asked: dict[str, str]) -> None:
    name = (dotted(node.func) or "").rpartition(".")[2]
    arguments = [*node.args, *(k.value for k in node.keywords)]
    if IMAGE_CALLS.search(name):
        found.rank = max(found.rank, 4)
    if name == "split" and len(arguments) > 1:
        if (number := _number(arguments[1])) is not None and number > 1:
            found.widths.append(2 * number)
        elif isinstance(arguments[1], ast.List | ast.Tuple):
            asked.setdefault(f"sum({ast.unparse(arguments[1])})", "width")
    if name == "reshape" and len(arguments) > 1 and isinstance(arguments[1], ast.List | ast.Tuple):
        if len(arguments[1].elts) == 2 and isinstance(arguments[1].elts[1], ast.Name | ast.Attribute):
            asked.setdefault(ast.unparse(arguments[1].elts[1]), "width")
        lengths = [_number(item) for item in arguments[1].elts[1:]]
        if lengths and all(n is not None for n in lengths):
            product = 1
            for length in lengths:
                product *= length or 1
            if product > 1:
                found.widths.append(product)


def _number(node: ast.expr) -> int | None:
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(number))):
            return -number
        case ast.Constant(value=int(number)) if not isinstance(number, bool):
            return number
    return None


def _numbers(node: ast.expr) -> list[int]:
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return [n for n in map(_number, items) if n is not None]


def ladder(found: Hints) -> Iterator[Profile]:
    """Shapes and kinds to try: shape before kind, what the code shows before the general list, too few axes last."""
    made = [shape for width in found.widths for shape in _shaped(width, found.rank)]
    if found.rank >= 3 and len(found.widths) > 1:
        made.insert(0, (max(found.widths), min(found.widths)))  # what is reshaped may be the rows of a table
    pairs = [(shape, shape) for shape in made]
    if found.extra:
        longer = [(*shape[:-1], shape[-1] + 1) for shape in made]
        pairs += [(shape, shape) for shape in longer]
    pairs += [((1,), shape) for shape in made if len(shape) == 1] + [((), shape) for shape in made if len(shape) == 1]
    pairs += [(shape, (*shape, 3)) for shape in made if len(shape) == 1]  # a class for each step of a sequence
    fitting = [pair for pair in GENERAL if max(len(pair[0]), len(pair[1])) + 1 >= found.rank]
    flat = [((width + more,), (width + more,)) for width in found.widths for more in (0, 1)[: 1 + found.extra]]
    rest = flat + [pair for pair in GENERAL if pair not in fitting]  # the rank may be that of a helper's own tensors
    if found.extra:
        fitting = [((*pred[:-1], pred[-1] + 1), pred) for _, pred in fitting if pred][:5] + fitting
    for samples in (times * number for number in found.samples for times in (1, 3, 2) if times * number <= MOST_SAMPLES):
        for true, pred in (*pairs, *fitting)[:3]:
            yield Profile(true, pred, KINDS[0], samples)
    for true, pred in dict.fromkeys((*pairs, *fitting, *rest)):
        for kind in KINDS:
            for samples in (*found.samples, SAMPLES):
                yield Profile(true, pred, kind, samples)


def _shaped(width: int, rank: int) -> Iterator[Shape]:
    """Shapes of one sample with a last axis of some length."""
    around: tuple[Shape, ...] = ((), (5,), (8, 8), (8, 8, 8))
    for axes in around[max(rank - 2, 0) :][:2]:
        yield (*axes, width)
