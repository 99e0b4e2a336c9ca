"""Which functions and stretches of code of a module are losses, and why we think so.

Evidence decides which rules may speak. 3: training uses it (`compile(loss=)`, `call` of a Loss class). 2: its parameters or
its name say so. 1: it may be one (a score, a distance, code that takes a logarithm); only rules about single
expressions speak there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from losslint.config import fits
from losslint.names import Index, Scoped, dotted, last

LOSS_WORDS = re.compile(
    r"loss(?!y|less)|cost(?!om)|cross_?entropy|xent(?:ropy)?|nll|likelihood|objective|(?<!scale_)(?<!length_)(?<!brevity_)penalty|divergence"
    r"|(?:^|_)(?:elbo|kld?|[bcs]ce|mse|mae)(?:_|$)",
    re.IGNORECASE,
)
VALUE_WORDS = re.compile(
    r"(?:^|_)(?:loss(?:es)?|cost|entropy|error(?!_(?:ms|mess|str|text|type|code|count|info))|objective|nll|elbo|likelihood)(?:_|$|\d)"
    r"|(?:loss|cost)$|cross_?entropy|^xent",
    re.IGNORECASE,
)
SCORE_WORDS = re.compile(r"dice|iou|jaccard|tversky|distance|score|similarity|coef|correlation|regulari[sz]", re.IGNORECASE)
METRIC_WORDS = re.compile(
    r"accuracy|(?:^|_)acc(?:_|$)|precision|recall|(?:^|_)m?iou(?:_|$)|score|coef|(?:^|_)f1|fbeta|rmse|psnr|ssim|(?:^|_)auc"
    r"|specificity|sensitivity|metric",
    re.IGNORECASE,
)
PREDICTION_PARAMETER = re.compile(
    r"^_?(?:y_?)?(?:pred(?!icate|ecessor|ictor)|logit)|_pred(?:s|iction|ictions|icted)?$|^y_?hat$|_logits$", re.IGNORECASE
)
COUNT_WORDS = re.compile(r"positives|negatives|(?:^|_)(?:[tf]p|tn)(?:_|$)|^fn(?:_|$)|count|confusion", re.IGNORECASE)
BUILDER = re.compile(
    r"^_?(?:get|build|make|create|load|compile|plot|print|log|save|test|init|setup|select|parse|register|update)_", re.IGNORECASE
)
NOT_LOSSES = frozenset({"__init__", "predict", "evaluate", "fit", "update_state", "compute_loss_and_gradients"})
CODING = re.compile(r"offset|encode|decode|suppress|(?:^|_)nms(?:_|$)|anchors?(?:_|$)|post_?process|visuali|draw|plot", re.IGNORECASE)
SINKS = frozenset({"minimize", "compute_gradients", "add_loss", "get_updates", "gradient", "gradients", "apply_gradients", "EstimatorSpec"})
HINTS = frozenset({"log", "l2_loss", "gradients", "log_prob", *SINKS})
LOSS_KEYWORDS = frozenset({"loss", "loss_fn", "losses", "loss_function", "loss_func", "criterion", "objective"})
REDUCTIONS = frozenset({"sum", "reduce_sum", "mean", "reduce_mean", "norm", "reduce_max", "max", "logsumexp"})
OWN_REDUCTIONS = frozenset({"sum", "max"})  # as bare names they are Python's
RUNS = frozenset({"run", "experimental_run", "experimental_run_v2"})
STRATEGY = re.compile(r"strateg|distribut|mirrored|replica", re.IGNORECASE)
MAPPINGS = frozenset({"map_fn", "vectorized_map", "foldl", "foldr", "scan", "vmap"})
FOREIGN = frozenset({"numpy", "jax", "torch", "scipy", "math", "statistics", "sklearn", "skimage", "pandas", "cv2", "openvino"})
OTHERS = frozenset({"torch", "jax", "flax", "mxnet", "paddle", "chainer", "theano"})
WEAK = "a parameter is named like a prediction"
WEAKEST = "two tensor arguments and a reduction"
MOST_FUNCTIONS = 3000


class Loss(Struct, frozen=True):
    """A function, lambda or stretch of code that is a loss, and why we think so.

    Attributes
    ----------
    function
        Qualified name, empty for a module body.
    scope
        What the one pass over the file saw in it.
    evidence
        0 to 3, of its returned value; 0: only values that it hands to a minimiser or binds to a loss-like name count.
    why
        The reason in words.
    metric
        Whether it looks like something that is only reported.
    passed
        Whether it is handed on as a value (to `compile`, to another call), not only called.
    replica
        Whether a distribution strategy runs it, or what calls it: then it sees a part of the batch.
    """

    function: str
    scope: Scoped
    evidence: int
    why: str
    metric: bool = False
    passed: bool = False
    replica: bool = False

    @property
    def weak(self) -> bool:
        """Whether nothing but its form speaks for it: two tensors and a reduction, or something named like a prediction."""
        return self.why in (WEAKEST, WEAK) and not self.passed and not LOSS_WORDS.search(self.scope.short)

    @property
    def node(self) -> ast.AST:
        """The definition."""
        return self.scope.node


class _Uses(Struct, frozen=True):
    """How the names of a file's functions are used."""

    losses: dict[str, str]  # name -> why
    lambdas: dict[ast.AST, str]
    metrics: frozenset[str]
    single: frozenset[str]  # called for one sample at a time: mapped over the batch, or given ``x[i]``


def _named_values(value: ast.expr) -> Iterator[ast.expr]:
    """The expressions that a `loss=` argument holds: itself, or the items of a list or dict, through partial()."""
    match value:
        case ast.List() | ast.Tuple():
            for item in value.elts:
                yield from _named_values(item)
        case ast.Dict():
            for item in value.values:
                yield from _named_values(item)
        case ast.Call(func=function, args=[first, *_]) if last(function) == "partial":
            yield from _named_values(first)
        case _:
            yield value


def _names(values: Iterable[ast.expr]) -> Iterator[str]:
    """The names that stand as values among these, by themselves or as the items of a list or dict."""
    for value in values:
        if isinstance(value, ast.Name):
            yield value.id
        elif not isinstance(value, ast.Constant):
            yield from filter(None, map(last, _named_values(value)))


def _called(call: ast.Call) -> str | None:
    """The last name of what is called: `compile` of ``build().compile()``."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else None


def _uses(index: Index) -> _Uses:
    losses: dict[str, str] = {}
    lambdas: dict[ast.AST, str] = {}
    metrics: set[str] = set()
    single: set[str] = set()

    def take(value: ast.expr, why: str) -> None:
        for item in _named_values(value):
            if isinstance(item, ast.Lambda):
                lambdas[item] = why
            elif isinstance(item, ast.Call):
                name = last(item.func)
                if name:
                    losses.setdefault(name, f"{why}, made by a call")
            elif name := last(item):
                losses.setdefault(name, why)

    for call in (call for scope in index.scopes for call in scope.calls):
        method = _called(call)
        compiles = method == "compile"
        for keyword in call.keywords:
            if keyword.arg in LOSS_KEYWORDS and (compiles or keyword.arg != "losses"):
                take(keyword.value, f"passed as {keyword.arg}= of {method or 'a call'}")
            elif keyword.arg in ("metrics", "weighted_metrics") and compiles:
                metrics.update(_names([keyword.value]))
        if compiles and len(call.args) >= 2 and isinstance(call.func, ast.Attribute):
            take(call.args[1], "passed to compile")
        if method in MAPPINGS:
            single.update(_names(call.args[:1]))
        elif method and call.args and all(isinstance(a, ast.Subscript) and isinstance(a.slice, ast.Name) for a in call.args):
            single.add(method)
    return _Uses(losses, lambdas, frozenset(metrics), frozenset(single))


def _passed(index: Index, functions: set[str]) -> set[str]:
    """The names of these functions that are handed on as values, to calls and by return, not called."""
    found: set[str] = set()
    for scope in index.scopes:
        found.update(_names(scope.returned))
        for call in scope.calls:
            values = [*call.args, *(keyword.value for keyword in call.keywords)]
            if values and _called(call) not in MAPPINGS:
                found.update(_names(values))
    return found & functions


def _on_replicas(index: Index) -> list[str]:
    """The names of the functions that a distribution strategy runs, and of all that they call."""
    calls = (call for scope in index.scopes for call in scope.calls if isinstance(call.func, ast.Attribute))
    run = (call for call in calls if _called(call) in RUNS and STRATEGY.search(ast.unparse(call.func)))
    found = [name for call in run for name in _names(call.args[:1])]
    for name in found:
        found.extend(inner for scope in index.scopes if scope.short == name for inner in scope.called if inner not in found)
    return found


def _is_loss_class(scope: Scoped) -> bool:
    """Whether a class is a loss by its bases or its name (layers, models and metrics are not)."""
    assert isinstance(scope.node, ast.ClassDef)
    bases = [last(base) or "" for base in scope.node.bases]
    if any(re.search(r"Layer|Model|Metric|Callback|Module|Sequence|Generator|Regularizer|TestCase|Optimizer", base) for base in bases):
        return False
    if any(re.search(r"Loss(?:FunctionWrapper)?$", base) for base in bases) or (scope.short.endswith("Loss") and bool(bases)):
        return True
    return any("losses." in (dotted(base) or "") for base in scope.node.bases)


def _makes_loss(scope: Scoped) -> bool:
    """Whether it is the constructor of a loss class that leaves the computing to its base: the class has no other method to be met by."""
    owner = scope.owner
    if owner is None or scope.short != "__init__" or not _is_loss_class(owner):
        return False
    return not {"call", "__call__"} & owner.bound


def _compiles(scope: Scoped) -> bool:
    """Whether it compiles a model with a cross-entropy, which goes with one activation of the last layer and not with another."""
    if "compile" not in scope.called:
        return False
    names = [(call, _called(call) or "") for call in scope.calls]
    return any("rossentropy" in (ast.unparse(call) if name == "compile" else name) for call, name in names)


def _is_step(scope: Scoped, index: Index) -> bool:
    """Whether it is a training step that leaves the computing to other methods of its class."""
    if scope.owner is None or scope.short != "train_step":
        return False
    return any(other.owner is scope.owner and other.short in scope.called and other.called & SINKS for other in index.scopes)


def _is_test(scope: Scoped) -> bool:
    return scope.short.startswith("test_") or bool(scope.owner and re.search(r"Test(?:Case|s)?$|^Test", scope.owner.short))


def _of_tests(index: Index) -> bool:
    """Whether a module holds tests, by their framework: what they compute trains nothing that anyone uses."""
    cases = (last(base) for scope in index.scopes if isinstance(scope.node, ast.ClassDef) for base in scope.node.bases)
    framed = any(name is not None and name.endswith("TestCase") for name in cases)
    framed = framed or any(bound.module.partition(".")[0] in ("pytest", "unittest") for bound in index.imports.values())
    return framed and any(map(_is_test, index.scopes))


def _tensor_parameters(scope: Scoped) -> int:
    function = scope.function
    if function is None:
        return 0
    defaults = [*function.args.defaults, *filter(None, function.args.kw_defaults)]
    return len(scope.parameters) - len(defaults)


def _chooses(scope: Scoped) -> bool:
    """Whether it takes a predicate and the functions to choose from, as `cond(pred, true_fn, false_fn)`."""
    return "pred" in scope.parameters and any(re.search(r"(?:^|_)fn\d?$", name) for name in scope.parameters)


def _factory(scope: Scoped, uses: _Uses) -> Scoped | None:
    """The function around this one that returns it, if its name says loss or training is given what it makes."""
    parent = scope.parent
    if parent is None or parent.function is None or not (LOSS_WORDS.search(parent.short) or parent.short in uses.losses):
        return None
    for value in parent.returned:
        if value is scope.node or any(last(item) == scope.short for item in _named_values(value)):
            return parent
    return None


def _returns_inner(scope: Scoped) -> bool:
    """Whether a function returns a function defined in it: then the inner one is the loss."""
    return any(isinstance(value, ast.Lambda) or any(name in scope.functions for name in _names([value])) for value in scope.returned)


def _reduces(scope: Scoped, index: Index) -> bool:
    """Whether a reduction of the framework, or a tensor's own, is called: Python's `sum` and `max`, numpy and the like are none."""
    if not scope.called & REDUCTIONS:
        return False
    functions = [call.func for call in scope.calls]
    if any(f.id in REDUCTIONS - OWN_REDUCTIONS for f in functions if isinstance(f, ast.Name)):
        return True
    named = [f for f in functions if isinstance(f, ast.Attribute) and f.attr in REDUCTIONS]
    return any((index.resolve(f) or "").partition(".")[0] not in FOREIGN for f in named)


def _calls_loss(scope: Scoped) -> bool:
    """Whether a loss of the framework is called by its full name, as `tf.losses.absolute_difference()`."""
    functions = [call.func for call in scope.calls]
    return any(isinstance(f, ast.Attribute) and isinstance(f.value, ast.Attribute) and f.value.attr == "losses" for f in functions)


def _of_others(scope: Scoped) -> bool:
    """Whether its annotations say that its tensors are another framework's."""
    arguments = scope.function.args if scope.function is not None else None
    annotated = [a.annotation for a in (*arguments.posonlyargs, *arguments.args)] if arguments is not None else []
    return any(annotation is not None and (dotted(annotation) or "").partition(".")[0] in OTHERS for annotation in annotated)


def _function_evidence(scope: Scoped, uses: _Uses, index: Index, names: Sequence[str]) -> tuple[int, str]:
    node = scope.node
    if node in uses.lambdas:
        return 3, uses.lambdas[node]
    if scope.returned and fits(scope.short, names):
        return 2, "the settings name it"
    if scope.generator or _is_test(scope) or _of_others(scope):
        return 0, ""
    named = scope.short
    if scope.owner is not None and named in ("call", "__call__") and _is_loss_class(scope.owner):
        return 3, f"`{named}` of the loss class {scope.owner.short}"
    if _returns_inner(scope) or (named in uses.single and named not in uses.losses):
        return 0, ""
    if named in uses.losses and isinstance(node, ast.FunctionDef) and scope.parameters:
        if "made by a call" not in uses.losses[named]:
            return 3, uses.losses[named]
    if (factory := _factory(scope, uses)) is not None:
        if factory.short in uses.losses:
            return 3, f"made by the factory `{factory.short}`, {uses.losses[factory.short]}"
        return 2, f"returned by the factory `{factory.short}`"
    if isinstance(node, ast.Lambda):
        return 0, ""
    if not scope.returned:
        return 0, ""
    tensors = _tensor_parameters(scope)
    several = tensors > 1 and any(isinstance(value, ast.Tuple) for value in scope.returned)  # as of what encodes targets
    told = not several or LOSS_WORDS.search(f"{scope.owner.short if scope.owner else ''}.{named}")
    given = [name for place, name in enumerate(scope.parameters) if place < tensors or "logit" not in name]  # a density may have either
    if told and any(map(PREDICTION_PARAMETER.search, given)) and tensors and not _chooses(scope):
        if not (named in NOT_LOSSES or (CODING.search(named) and not LOSS_WORDS.search(named))) and not (
            scope.owner and re.search(r"Metric|Callback|Layer", scope.owner.short)
        ):
            return 2, WEAK
    if LOSS_WORDS.search(named) and not BUILDER.search(named) and not named.startswith("__"):
        return 2, "its name says loss"
    if SCORE_WORDS.search(named) and _tensor_parameters(scope) >= 2:
        return 1, "its name says score or distance"
    if _tensor_parameters(scope) >= 2 and _reduces(scope, index):
        return 1, WEAKEST
    if _tensor_parameters(scope) >= 2 and _calls_loss(scope):
        return 1, "two tensor arguments and a loss of the framework"
    if "softmax" in named and "exp" in scope.called and tensors:
        return 1, "a softmax by hand"
    return 0, ""


def _is_metric(scope: Scoped, uses: _Uses, path: str) -> bool:
    if scope.short in uses.losses:
        return False
    if scope.short in uses.metrics:
        return True
    names = " ".join(filter(None, (scope.short, scope.owner.short if scope.owner else "")))
    if re.search(r"loss", names, re.IGNORECASE):
        return False
    return (
        bool(METRIC_WORDS.search(scope.short) or COUNT_WORDS.search(scope.short))
        or "metric" in " ".join((names, *path.split("/")[-2:])).lower()
    )


def find(index: Index, path: str, names: Sequence[str] = ()) -> list[Loss]:
    """The losses of a file, in the order of the text; the module body, where it can hold one, comes last.

    Parameters
    ----------
    names
        Patterns of the names of functions that the user says are losses.
    """
    if len(index.scopes) > MOST_FUNCTIONS or _of_tests(index):
        return []
    uses = _uses(index)
    found: list[Loss] = []
    for scope in index.scopes:
        if scope.function is None:
            continue
        evidence, why = _function_evidence(scope, uses, index, names)
        if not evidence and not _may_hold_values(scope) and not _makes_loss(scope) and not _compiles(scope) and not _is_step(scope, index):
            continue
        if not evidence and isinstance(scope.node, ast.Lambda):
            continue
        if _is_test(scope) or scope.generator or (scope.owner is not None and scope.short == "update_state"):
            continue  # a metric adds up what it will divide later
        found.append(
            Loss(
                scope.name,
                scope,
                evidence,
                why or "it computes a value that training uses",
                _is_metric(scope, uses, path),
                scope.short in uses.losses or scope.node in uses.lambdas,
            )
        )
    if found:
        passed, spread = _passed(index, {loss.scope.short for loss in found}), _on_replicas(index)
        found = [replace(loss, passed=loss.passed or loss.scope.short in passed, replica=loss.scope.short in spread) for loss in found]
    if _may_hold_values(index.module) or _compiles(index.module):
        found.append(Loss("", index.module, 0, "the module computes a value that training uses"))
    return found


def _may_hold_values(scope: Scoped) -> bool:
    """Whether a body that is no loss itself may compute one on the way: it minimises, or binds a loss-like name after a log or sum."""
    if scope.called & SINKS:
        return True
    return bool(scope.called & (HINTS | REDUCTIONS)) and any(VALUE_WORDS.search(name) for name in scope.assigned)
