"""What the parameters of a loss stand for before anything is known of its callers."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from losslint.analysis import columns, degree
from losslint.analysis.node import Facts, Gradient, Node, Site
from losslint.analysis.objects import Constant, Named, Value
from losslint.analysis.shape import BATCH, BATCH_FIRST, PER_SAMPLE, SCALAR, Axis, Shape
from losslint.config import fits
from losslint.losses import Loss
from losslint.names import Scoped
from losslint.operations.namespaces import canonical
from losslint.source import Declared

TRUE_NAME = re.compile(r"true|target|label|(?:^|_)gt(?:_|$|s$)|truth|actual|(?:^|_)tgt|reference|^y_?t$", re.IGNORECASE)
PRED_NAME = re.compile(
    r"pred(?!ictor)|logit|output|prob(?!lem)|hat(?:_|$)|recon|decoded|fake|(?:^|_)out$|estimat|generated|^y_?p$|^yh|(?:^|_)prs?(?:_|$)",
    re.IGNORECASE,
)
SETTING_NAME = re.compile(
    r"^(?:alphas?|betas?|gammas?|eps|epsilon|delta|smooth(?:ing)?|margin|tau|temperature|temp|thresh(?:old)?s?|lambda_?\w*|lam\w*|lmbda|axis|axes|dim|rate|name|reduction|"
    r"from_logits|kwargs|args|dtype|config|cfg|params|hparams|flags|opts?|training|is_training|epoch|step|iteration|quantiles?|q|power|order|mode|kind|method|version|"
    r"seed|device|verbose|debug|coef\w*|factor|scale|ratio|c|k|n|m|t|p_norm|ignore_index|normalize|average|use_\w+|with_\w+|is_\w+|has_\w+|num\w*|n_\w+|label_smooth\w*|strides?|levels?|\w*_?num|\w+_(?:weight|coef\w*|factor|rate|size|ratio|"
    r"thresh(?:old)?|margin|scale|lambda|eps|epsilon|axis|dim|dims|shape|count|type|mode|fn|func|config|params|args|weights?)|weights?|classes|class_(?!(?:targets?|labels|logits|outputs?|preds?|predictions?)$)\w+|sigma_?\w*|image_size|img_\w+|input_shape|h|w|height|width|hw|grid\w*|anchors?|vocab\w*)$",
    re.IGNORECASE,
)
BATCH_NAME = re.compile(
    r"^z\w*$|mean$|mu$|var$|logvar|log_var|std$|sigma|anchor|positive|negative|emb|encod|feat|(?:^|_)[xy]\d*(?:_|$)|^xs$|^a$|^b$|image|img|recon|input|real|latent|state|action|reward|advantage|sample|box|tensor|repr|vec|distance|"
    r"query|key|value|pos|neg|source|style|content|left|right|^u$|^v$|^f$",
    re.IGNORECASE,
)
COUNT_NAME = re.compile(
    r"^(?!.*(?:_per_|(?:scale|weight|coef\w*|factor|lambda|threshold|ratio)s?$)).*?(?:"
    r"normali[sz]er|denom|^(?:counts?|total|n|size)$|sample_?size$|(?:^|_)(?:num|n|nb|no|total|count)_?(?:of_)?(?:pos|neg|match|example|sample|instance|object|obj|target|valid|item|token|word|"
    r"event|pair|triplet|point|box|label|element|data)|(?:pos\w*|neg\w*|sample|example|match|object|item)_?(?:num|count|total)s?$)",
    re.IGNORECASE,
)
TIME_MAJOR = re.compile(
    r"\[\s*T\s*,\s*B\b|\(\s*T\s*,\s*B\b|\bT\s*[x×]\s*B\b|time[- ]major|(?:seq\w*|time\w*)\s*[,x×]\s*batch", re.IGNORECASE
)
CLASS_WEIGHTS = re.compile(r"^(?:class|cls|label|loss)_?weights?$", re.IGNORECASE)
ONE_SAMPLE = re.compile(r"^(?:one|single)_", re.IGNORECASE)
MASK_NAME = re.compile(r"mask|weights?_?map|(?:^|_)weights?$|indicator|is_valid|valid", re.IGNORECASE)
BATCH_SIZE_NAME = re.compile(
    r"^(?:self_?)?_?(?:batch_?size|bs|batchsz|batch_sz|n_?batch(?:es)?|minibatch_?size|mb_size|\w+_batch_?size|global_batch\w*)$",
    re.IGNORECASE,
)
SOURCE_NAME = re.compile(r"replay|buffer|memory|queue|loader|data_?set|iterator|pipeline|generator|feeder", re.IGNORECASE)
PREDICTED = re.compile(r"^y_|pred|logits")
NUMBERS = frozenset({"int", "float", "bool", "str", "None", "Optional", "Union", "typing"})  # words of annotations that name no tensor
WORDS = re.compile(r"\w+")
FRAMEWORKS = {
    "tf": "tensorflow",
    "tf1": "tensorflow",
    "K": "keras.backend",
    "np": "numpy",
    "ops": "keras.ops",
    "backend": "keras.backend",
    "keras": "keras",
}
DOMAIN_COLUMNS = {
    "onehot": columns.TRUE,
    "mask": columns.TRUE,
    "int": columns.TRUE,
    "sigmoid": columns.table((0.0, 1.0, 0.0, 1.0, 0.5, 0.5, 1.0, 0.0)),
    "softmax": columns.table((0.0, 1.0, 0.0, 1.0, 0.5, 0.5, 1.0, 0.0)),
    "positive": columns.table((1e-6, 1.0, 0.5, 2.0, 10.0, 0.1, 100.0, 1e-3)),
    "real": columns.table((0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 100.0, -100.0)),
    "logits": columns.table((0.0, 1.0, -1.0, 2.0, 0.5, -0.5, 100.0, -100.0)),
}
SATURATED = frozenset({"sigmoid", "softmax"})


def tensor(name: str, site: Site, role: str) -> Node:
    """A batch tensor in a role: ``true``, ``pred``, ``input`` (batch first, values unknown), ``mask`` or ``batch_mask``.

    A mask alone has an unknown shape (it may lie over weights), beside a prediction and a target it lies over the batch.
    """
    values = {"true": columns.TRUE, "pred": columns.PRED, "mask": columns.TRUE, "batch_mask": columns.TRUE}.get(role, columns.UNKNOWN)
    return Node(
        "parameter",
        (),
        site,
        Facts(
            shape=None if role == "mask" or ONE_SAMPLE.match(name) else BATCH_FIRST if role == "batch_mask" else PER_SAMPLE,
            degree=degree.ZERO,
            columns=values,
            gradient=Gradient.FLOWS if role in ("pred", "input") else Gradient.NONE,
            origin=frozenset({"true" if role.endswith("mask") else role, f"parameter:{name}"}),
        ),
        {"name": name},
    )


def is_input(value: Value) -> bool:
    """Whether a value is a prediction or a target as the loss was given it."""
    return isinstance(value, Node) and value.operation == "parameter" and bool(value.origin & {"true", "pred"})


def unknown_tensor(name: str, site: Site) -> Node:
    """A parameter that may be a tensor: nothing is known but its name."""
    facts = Facts(None, degree.ZERO, columns.UNKNOWN, Gradient.FLOWS, frozenset({"input", f"parameter:{name}"}))
    return Node("parameter", (), site, facts, {"name": name})


def setting(name: str, site: Site, value: float | None = None, told: bool = False) -> Node:
    """A number that configures the loss; a batch size, by its name or as the user told, is *declared*: degree 1."""
    last = name.rpartition(".")[2]
    declared = told or bool(BATCH_SIZE_NAME.match(last))
    counted = degree.UNKNOWN if COUNT_NAME.search(last) else degree.ZERO  # a number of samples, or of parts of one
    facts = Facts(
        SCALAR,
        frozenset({1.0}) if declared else counted,
        columns.UNKNOWN if value is None else columns.constant(float(value)),
        origin=frozenset({f"setting:{name}"}),
        constant=True,
        python=True,
        marks=frozenset({"declared-batch", "dimension"}) if declared else frozenset(),
    )
    return Node("setting", (), site, facts, {"name": name})


def declared(name: str, site: Site, told: Declared) -> Node:
    """A parameter as the user declared it."""
    shape: Shape | None = PER_SAMPLE
    if told.shape is not None:
        shape = Shape(tuple(BATCH if part == "B" else Axis(0, part if isinstance(part, int) else None) for part in told.shape))
    role = "true" if TRUE_NAME.search(name) and not PRED_NAME.search(name) else "pred"
    marks = frozenset({"activated"}) if told.domain in SATURATED else frozenset()
    gradient = Gradient.FLOWS if role == "pred" else Gradient.NONE
    facts = Facts(shape, degree.ZERO, DOMAIN_COLUMNS[told.domain], gradient, frozenset({role, f"parameter:{name}"}), marks=marks)
    return Node("parameter", (), site, facts, {"name": name})


@lru_cache(maxsize=64)
def roles(scope: Scoped, evidence: int) -> dict[str, str]:
    """The role of each parameter without a default: true, pred, input, mask, setting or unknown.

    With two tensor parameters one strongly named target makes the other the prediction; two short names that say
    nothing are (target, prediction), the order in which Keras calls.
    """
    function = scope.function
    names = scope.parameters
    given: dict[str, str] = {}
    with_default, numbers = _defaulted(scope), _numbers(scope)
    for name in names:
        if name in FRAMEWORKS:
            given[name] = "framework"
        elif name in scope.unpacked and not TRUE_NAME.search(name) and not PRED_NAME.search(name):
            given[name] = "input"
        elif CLASS_WEIGHTS.match(name):
            given[name] = "setting"
        elif MASK_NAME.search(name):
            given[name] = "mask" if not SETTING_NAME.match(name) else "unknown"
        elif (
            SETTING_NAME.match(name)
            or BATCH_SIZE_NAME.match(name)
            or COUNT_NAME.search(name)
            or (name in numbers and not PREDICTED.match(name))
        ):
            given[name] = "setting"
        elif TRUE_NAME.search(name) and not re.search(r"pred", name, re.IGNORECASE):
            given[name] = "true"
        elif PRED_NAME.search(name):
            given[name] = "pred"
    if {"true", "pred"} <= set(given.values()):
        given.update({name: "batch_mask" for name, role in given.items() if role == "mask"})
    open_ = [n for n in names if n not in given and n not in with_default]
    tensors = [n for n in names if given.get(n) in ("true", "pred")]
    if len(open_) == 1 and len(tensors) == 1:
        given[open_[0]] = "pred" if given[tensors[0]] == "true" else "true"
    elif (len(open_) == 2 and not tensors and function is not None and evidence >= 2 and all(len(n) <= 2 for n in open_)) or (
        len(open_) == 2 and not tensors and evidence >= 3
    ):
        given[open_[0]], given[open_[1]] = "true", "pred"
    for name in open_:
        given.setdefault(name, "input" if BATCH_NAME.search(name) else "unknown")
    return given


def _numbers(scope: Scoped) -> set[str]:
    """The parameters that are annotated as Python numbers or texts."""
    if scope.function is None:
        return set()
    arguments = scope.function.args
    told = {a.arg: a.annotation for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs) if a.annotation is not None}
    return {name for name, annotation in told.items() if set(WORDS.findall(ast.unparse(annotation))) <= NUMBERS}


def named(scope: Scoped) -> bool:
    """Whether a name says which parameter is the prediction: its own, or that of the target beside it."""
    return any(TRUE_NAME.search(name) or PRED_NAME.search(name) for name in scope.parameters)


def declared_batch(value: Value, name: str, site: Site, names: Sequence[str]) -> Value:
    """A number under a batch size's name: a configured batch size, unless it is the loss's own parameter.

    Parameters
    ----------
    names
        Patterns of further names that the user says are those of a batch size.
    """
    told = fits(name, names)
    if not told and not BATCH_SIZE_NAME.match(name):
        return value
    if isinstance(value, Constant) and isinstance(value.value, int | float) and not isinstance(value.value, bool):
        return setting(name, site, float(value.value), told)
    if (isinstance(value, Constant) and value.value is None) or (isinstance(value, Named) and canonical(value.name) is None):
        return setting(name, site, told=told)
    if isinstance(value, Node) and value.constant and not value.marked("declared-batch") and value.operation in ("setting", "opaque"):
        return setting(name, site, told=told)
    if told and isinstance(value, Node) and value.operation == "parameter" and "input" in value.origin:
        return setting(name, site, told=True)
    return value


def of_source(value: Value, owner: ast.expr) -> Value:
    """A batch size that is asked of what the batches come from is the length of each of them: it fixes nothing."""
    if isinstance(value, Node) and value.marked("declared-batch") and SOURCE_NAME.search(ast.unparse(owner)):
        facts = Facts(SCALAR, frozenset({1.0}), columns.UNKNOWN, origin=value.facts.origin, marks=frozenset({"dimension"}))
        return Node("dimension", (), value.site, facts)
    return value


def certain(loss: Loss) -> bool:
    """Whether it is certain which parameter is the prediction: training gives it there, or a name says so."""
    return loss.evidence >= 3 or named(loss.scope)


def _defaulted(scope: Scoped) -> set[str]:
    function = scope.function
    if function is None:
        return set()
    positional = [*function.args.posonlyargs, *function.args.args]
    late = positional[len(positional) - len(function.args.defaults) :] if function.args.defaults else []
    keyword = [a for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if d is not None]
    return {a.arg for a in (*late, *keyword)}


def parameter(name: str, role: str, site: Site, told: Mapping[str, Declared]) -> Value:
    """The value of a parameter in a role."""
    if name in told:
        return declared(name, site, told[name])
    if role == "framework":
        return Named(FRAMEWORKS[name])
    if role == "setting":
        return setting(name, site)
    if role == "unknown":
        return unknown_tensor(name, site)
    return tensor(name, site, role)
