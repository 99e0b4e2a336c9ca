"""Divisions, roots, hidden branches and exponentials: which of them are safe, and why."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from losslint.config import Settings
from losslint.finding import Confidence, Finding, Result
from losslint.linter import check_source
from losslint.rule import Rule

FRAME = """\
import tensorflow as tf
from tensorflow.keras import backend as K


def some_loss(y_true, y_pred, epsilon=1e-8, smooth=1.0, gamma=2.0):
    {body}
"""
RULES = {"LL304", "LL305", "LL306", "LL307"}


def loss(body: str) -> str:
    lines = [line.strip() for line in body.split(";")]
    lines[-1] = f"return {lines[-1]}"
    return FRAME.format(body="\n    ".join(lines))


DIVISIONS = [
    "tf.reduce_mean(y_pred / y_true, axis=-1)",
    "tf.reduce_mean((y_true - y_pred) / tf.abs(y_true), axis=-1)",
    "m = tf.cast(tf.greater(y_true, 0.5), tf.float32); tf.reduce_sum(m * y_pred, -1) / tf.reduce_sum(m, -1)",
    "m = 1.0 - y_true; tf.reduce_sum(m * y_pred, -1) / tf.reduce_sum(m, -1)",
    "s = K.std(y_true, axis=-1); K.abs(y_pred[:, 0] - y_true[:, 0]) / s",
    "x = y_pred - K.mean(y_pred, -1, keepdims=True); K.sum(x, -1) / K.sum(K.square(x), -1)",
    "positive = tf.reduce_sum(y_true) / tf.cast(tf.size(y_true), tf.float32); (1.0 - y_pred) / positive",
    "tf.reduce_mean(tf.square(y_true - y_pred), -1) * tf.math.rsqrt(tf.reduce_sum(y_true, -1))",
    "tf.reduce_sum(y_pred, -1) * tf.pow(tf.reduce_sum(y_true, -1), -1.0)",
    "tf.reduce_sum(y_pred, -1) / (tf.reduce_sum(y_true, -1) + 1e-40)",
    "tf.reduce_sum(y_pred, -1) / tf.maximum(tf.reduce_sum(y_true, -1), 0.0)",
    "picked = tf.boolean_mask(y_pred, y_true > 0); tf.reduce_sum(picked) / tf.cast(tf.shape(picked)[0], tf.float32)",
    "where = tf.where(y_true[:, 0] > 0)[:, 0]; tf.reduce_mean(tf.square(tf.gather(y_pred, where) - tf.gather(y_true, where)))",
    "y_true = y_true / K.sum(y_true, axis=-1, keepdims=True); K.mean(K.square(y_true - y_pred), axis=-1)",
    "tf.reduce_mean(tf.square((y_true - y_pred) / (1.0 - y_pred)), -1)",
    "one = tf.one_hot(y_true, 9); tf.reduce_mean(tf.reduce_sum(one * y_pred, 0) / tf.reduce_sum(one, 0))",
    "tf.reduce_mean(1.0 / tf.reduce_sum(y_true * y_pred, axis=-1))",
]
DIVIDED_SAFELY = [
    "tf.reduce_mean(y_pred / (y_true + 1e-7), axis=-1)",
    "tf.math.divide_no_nan(tf.reduce_sum(y_pred, -1), tf.reduce_sum(y_true, -1))",
    "tf.reduce_sum(y_pred, -1) / tf.maximum(tf.reduce_sum(y_true, -1), 1.0)",
    "a = K.sum(y_true, -1) + K.sum(y_pred, -1); i = K.sum(y_true * y_pred, -1); 1.0 - (i + smooth) / (a - i + smooth)",
    "near = tf.maximum(y_pred / y_true, y_true / y_pred) < 1.25; tf.reduce_mean(tf.cast(near, tf.float32))",
    "q = tf.reduce_sum(y_pred, -1) / tf.reduce_sum(y_true, -1); tf.reduce_sum(tf.gather(q, tf.where(tf.math.is_finite(q))))",
    "q = tf.reduce_sum(y_pred, -1) / tf.reduce_sum(y_true, -1); tf.reduce_sum(tf.boolean_mask(q, tf.reduce_sum(y_true, -1) > 0))",
    "one = tf.one_hot(y_true, 9); tf.reduce_sum(one * y_pred, -1) / tf.reduce_sum(one, -1)",
    "one = tf.one_hot(y_true, 9); tf.reduce_sum(one * y_pred) / tf.reduce_sum(one)",
    "one = tf.one_hot(y_true, 9); tf.reduce_mean(one * y_pred) / tf.cast(tf.math.count_nonzero(tf.reduce_sum(one, 0)), tf.float32)",
    "tf.reduce_mean(1.0 / tf.reduce_sum(y_true * K.clip(y_pred, 1e-7, 1.0), axis=-1))",
    "tf.reduce_sum(y_pred) / tf.cast(tf.size(y_pred), tf.float32)",
    "tf.reduce_sum(y_pred, -1) / tf.cast(tf.shape(y_pred)[-1], tf.float32)",
    "p = y_pred / tf.reduce_sum(y_pred, axis=-1, keepdims=True); tf.reduce_mean(tf.square(y_true - p), -1)",
    "n = tf.reduce_sum(y_true); tf.cond(n > 0, lambda: tf.reduce_sum(y_pred) / n, lambda: 0.0)",
    "picked = tf.boolean_mask(y_pred, y_true > 0); tf.cond(tf.size(picked) > 0, lambda: tf.reduce_mean(picked), lambda: 0.0)",
    "picked = tf.boolean_mask(y_pred, y_true > 0); tf.reduce_sum(picked) / tf.maximum(tf.cast(tf.size(picked), tf.float32), 1.0)",
    "safe = tf.where(y_true > 0, y_true, tf.ones_like(y_true)); tf.reduce_mean(tf.where(y_true > 0, y_pred / safe, 0.0), -1)",
    "tf.reduce_mean(y_pred / (1.0 + tf.abs(y_true)), -1)",
    "tf.reduce_mean(tf.square(y_true - y_pred) / (2.0 * gamma), -1)",
    "tf.reduce_mean(tf.nn.l2_normalize(y_pred, -1) * y_true, -1)",
    "tf.reduce_mean(y_true / tf.exp(y_pred), -1)",
    "tf.reduce_mean(y_true * tf.nn.softplus(y_pred) / (tf.nn.softplus(y_pred) + y_true), -1)",
]
ROOTS = [
    "tf.sqrt(tf.reduce_mean(tf.square(y_true - y_pred), -1))",
    "tf.norm(y_true - y_pred, axis=-1)",
    "K.sqrt(K.sum((y_true - y_pred) ** 2, axis=-1))",
    "tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), -1)) + 1e-12",
    "tf.reduce_sum(tf.math.squared_difference(y_true, y_pred), -1) ** 0.5",
    "tf.math.reduce_std(y_pred, axis=-1)",
    "tf.pow(1.0 - tf.reduce_mean(y_true * y_pred, -1), 0.75)",
    "x = tf.reduce_sum(tf.nn.l2_normalize(y_true, -1) * tf.nn.l2_normalize(y_pred, -1), -1); tf.acos(x)",
    "tf.sqrt(y_pred[:, 0])",
    "tf.reduce_mean(tf.sqrt(tf.abs(y_true - y_pred)), -1)",
    "tf.sqrt(tf.maximum(tf.reduce_sum(tf.square(y_true - y_pred), -1), 0.0))",
    "tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), -1) + 1e-40)",
    "tf.sqrt(tf.keras.losses.mean_squared_error(y_true, y_pred))",
    "K.sqrt(tf.keras.losses.MeanAbsoluteError()(y_true, y_pred))",
    "K.pow(tf.keras.losses.Huber(reduction='none')(y_true, y_pred), 0.5)",
    "w = K.l2_normalize(tf.Variable(tf.zeros([4, 4])), 0); tf.acos(tf.clip_by_value(K.l2_normalize(y_pred, -1) @ w, -1.0, 1 - 1e-12))",
]
ROOTS_UNDER_XLA = [
    "tf.square(tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), -1)))",
    "d = tf.norm(y_true - y_pred, axis=-1); d * d",
    "d = tf.norm(y_true - y_pred, axis=-1); tf.pow(d, 2.0)",
    "d = tf.sqrt(tf.square(y_true - y_pred)); tf.reduce_mean(tf.where(d > 0.0, d, 0.0), -1)",
]
ROOTED_SAFELY = [
    "tf.sqrt(tf.keras.losses.mean_squared_error(y_true, y_pred) + 1e-9)",
    "tf.sqrt(tf.keras.losses.binary_crossentropy(y_true, y_pred))",
    "tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), -1) + 1e-12)",
    "K.sqrt(K.maximum(K.sum(K.square(y_true - y_pred), -1), K.epsilon()))",
    "tf.sqrt(tf.reduce_sum(tf.square(y_true), -1)) * tf.reduce_mean(y_pred, -1)",
    "tf.stop_gradient(tf.sqrt(tf.reduce_sum(tf.square(y_true - y_pred), -1))) * tf.reduce_mean(y_pred, -1)",
    "tf.norm(y_true - y_pred, ord=1, axis=-1)",
    "tf.pow(tf.abs(y_true - y_pred), 1.5)",
    "tf.pow(1.0 - y_pred, gamma) * y_true",
    "tf.sqrt(1.0 + tf.square(y_true - y_pred)) - 1.0",
    "tf.acos(tf.clip_by_value(tf.reduce_mean(y_true * y_pred, -1), -0.999, 0.999))",
    "w = K.l2_normalize(tf.Variable(tf.zeros([4, 4])), 0); tf.acos(0.999 * tf.nn.l2_normalize(y_pred, -1) @ w)",
    "tf.math.reduce_variance(y_pred, axis=-1)",
]
TRAPS = [
    "tf.where(y_pred > 0, y_true * tf.math.log(y_pred), 0.0)",
    "tf.where(tf.equal(y_pred, 0.0), tf.zeros_like(y_pred), y_true / y_pred)",
    "K.switch(K.equal(y_pred, 0.0), K.zeros_like(y_pred), 1.0 / y_pred)",
    "e = tf.math.log(y_pred); tf.where(tf.math.is_finite(e), e, tf.zeros_like(e))",
    "tf.where(y_pred > 0.25, tf.pow(y_pred, 0.5), y_pred)",
    "ratio = y_pred / tf.reduce_sum(y_true * y_pred, -1, keepdims=True); tf.where(y_true * y_pred > 0.0, ratio, 1.0)",
]
NO_TRAPS = [
    "safe = tf.where(y_pred > 0, y_pred, 1.0); tf.where(y_pred > 0, y_true * tf.math.log(safe), 0.0)",
    "tf.where(y_true > 0, y_true * tf.math.log(y_true), 0.0) - y_true * y_pred",
    "tf.where(y_pred > 0, tf.math.divide_no_nan(y_true, y_pred), 0.0)",
    "tf.where(y_pred > 0, tf.math.xlogy(y_true, y_pred + 1e-7), 0.0)",
    "error = tf.abs(y_true - y_pred); tf.where(error < 1.0, 0.5 * tf.square(error), error - 0.5)",
    "tf.where(y_pred > 0.0, tf.math.log(tf.maximum(y_pred, 1e-7)), 0.0)",
]
UNSTABLE = [
    "-y_true * tf.math.log(tf.nn.softmax(y_pred))",
    "-y_true * K.log(K.sigmoid(y_pred))",
    "-(1.0 - y_true) * tf.math.log(1.0 - tf.nn.sigmoid(y_pred))",
    "tf.math.log(tf.reduce_sum(tf.exp(y_pred), -1))",
    "tf.math.log(1.0 + tf.exp(y_pred - y_true))",
    "tf.math.log(tf.exp(y_pred) + 1.0) - y_true",
    "tf.math.log1p(tf.exp(-y_pred * y_true))",
    "tf.math.log(tf.reduce_mean(tf.exp(y_pred - y_true), -1) + 1e-7)",
    "e = tf.exp(y_pred); -tf.math.log(e / tf.reduce_sum(e, -1, keepdims=True) + 1e-7) * y_true",
    "-tf.math.log(1.0 / (1.0 + tf.exp(-y_pred)) + 1e-7) * y_true",
    "tf.math.log(tf.exp(y_pred[:, 0]) + tf.exp(y_pred[:, 1]))",
    "-tf.math.log(tf.reduce_sum(tf.exp(-tf.square(y_true - y_pred)), -1))",
    "logits = tf.keras.layers.Dense(3)(y_pred); -y_true * tf.math.log(tf.nn.softmax(logits, axis=-1))",
]
STABLE = [
    "-y_true * tf.nn.log_softmax(y_pred)",
    "-y_true * tf.math.log(tf.nn.softmax(y_pred) + 1e-7)",
    "m = tf.reduce_max(y_pred, -1, keepdims=True); tf.math.log(tf.reduce_sum(tf.exp(y_pred - m), -1, keepdims=True)) + m",
    "m = tf.stop_gradient(tf.reduce_max(y_pred, -1, keepdims=True)); e = tf.exp(y_pred - m); e / tf.reduce_sum(e, -1, keepdims=True)",
    "tf.math.log(1.0 + tf.exp(-tf.abs(y_true - y_pred)))",
    "tf.math.log(1.0 + tf.exp(tf.clip_by_value(y_pred, -30.0, 30.0)))",
    "tf.math.log(tf.reduce_sum(tf.exp(tf.tanh(y_pred) / 0.1), -1))",
    "p = tf.sigmoid(y_pred); tf.math.log(tf.reduce_sum(tf.exp(p), -1))",
    "tf.reduce_mean(tf.exp(y_pred) - y_pred, -1)",
    "x = tf.where(y_pred < 0, y_pred, -y_pred); tf.maximum(y_pred, 0.0) + tf.math.log(1.0 + tf.exp(x))",
]
GROUPS = [
    *(("LL305", body) for body in DIVISIONS),
    *(("LL306", body) for body in ROOTS),
    *(("LL306", body) for body in ROOTS_UNDER_XLA[:3]),
    ("LL304", ROOTS_UNDER_XLA[3]),
    *(("LL304", body) for body in TRAPS),
    *(("LL307", body) for body in UNSTABLE),
]


@pytest.fixture
def found(check: Callable[[str], Result]) -> Callable[[str], list[Finding]]:
    return lambda body: [f for f in check(loss(body)).findings if f.code in RULES]


@pytest.mark.parametrize(("code", "body"), GROUPS)
def test_reported_by_its_rule_alone(code: str, body: str, found: Callable[[str], list[Finding]]) -> None:
    assert {finding.code for finding in found(body)} == {code}


@pytest.mark.parametrize("body", [*DIVIDED_SAFELY, *ROOTED_SAFELY, *NO_TRAPS, *STABLE])
def test_silent(body: str, found: Callable[[str], list[Finding]]) -> None:
    assert not found(body)


@pytest.mark.parametrize("body", ROOTS_UNDER_XLA)
def test_under_xla_alone_the_confidence_is_medium_and_the_setting_silences_it(body: str, built_in: tuple[Rule, ...]) -> None:
    settings = Settings(select=tuple(sorted(RULES)))
    args = {"filename": "losses.py", "rules": built_in}
    (finding,) = check_source(loss(body), settings=settings, **args).findings
    assert finding.confidence is Confidence.MEDIUM
    assert "XLA" in finding.message
    assert not check_source(loss(body), settings=Settings(select=tuple(sorted(RULES)), xla="off"), **args).findings


@pytest.mark.parametrize("body", ROOTS)
def test_in_every_mode_the_confidence_is_high(body: str, found: Callable[[str], list[Finding]]) -> None:
    (finding,) = found(body)
    assert finding.confidence is Confidence.HIGH


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (DIVISIONS[2], r"`tf\.reduce_sum\(m, -1\)` can be 0 where `y_true` is 0, and .* divides by it: .* nothing guards it"),
        (DIVISIONS[9], r"float32 loses the guard of .* \(1e-40 is below the smallest normal float32"),
        (DIVISIONS[10], r"`tf\.maximum\(tf\.reduce_sum\(y_true, -1\), 0\.0\)` does not keep it away from there"),
        (DIVISIONS[12], r"a selection that can be empty: 0 / 0 is NaN"),
        (ROOTS[3], r"can be 0 where .* the gradient of `tf\.sqrt\(.*` is infinite or NaN there, .* nothing inside keeps it away"),
        (ROOTS[5], r"`y_pred` can be constant, and the gradient"),
        (ROOTS[11], r"float32 loses the guard of"),
        (TRAPS[0], r"`tf\.math\.log\(y_pred\)` has no finite derivative where `y_pred` is 0, and `tf\.where\(.*` only hides its value"),
        (UNSTABLE[3], r"`tf\.exp\(y_pred\)` overflows float32 above 88"),
        (UNSTABLE[0], r"`tf\.nn\.softmax\(y_pred\)` is exactly 0 in float32"),
    ],
)
def test_the_message_says_why(body: str, words: str, found: Callable[[str], list[Finding]]) -> None:
    (finding,) = found(body)
    assert re.search(words, finding.message), finding.message


@pytest.mark.parametrize(
    ("body", "help_"),
    list(zip(UNSTABLE, ("log_softmax(x)", "log_sigmoid(x)", "log_sigmoid(-x)", "logsumexp(x)", "softplus(x)"), strict=False)),
)
def test_the_help_names_the_function_that_does_both_steps(body: str, help_: str, found: Callable[[str], list[Finding]]) -> None:
    (finding,) = found(body)
    assert f"`{help_}`" in finding.help


def test_metrics_have_no_gradient_but_a_value(codes: Callable[[str], set[str]]) -> None:
    text = loss(ROOTS[0]).replace("some_loss", "rmse_metric")
    assert not codes(text) & RULES
    text = loss(DIVISIONS[2]).replace("some_loss", "recall_metric")
    assert codes(text) & RULES == {"LL305"}


GUARDED_BY_PYTHON = [
    "if not y_true.sum() and not y_pred.sum(): return 1.0",
    "if y_true.sum() == 0 and y_pred.sum() == 0: return 1.0",
    "if y_true.sum() + y_pred.sum() == 0: raise ValueError",
    "assert y_true.sum() > 0 or y_pred.sum() > 0",
]
UNGUARDED_BY_PYTHON = ["if not y_true.sum() and y_pred.sum(): return 1.0", "if y_true.sum() > 2: return 1.0", "assert y_true.sum() >= 0"]


@pytest.mark.parametrize("guard", [*GUARDED_BY_PYTHON, *UNGUARDED_BY_PYTHON])
def test_a_test_in_python_guards_what_follows_it(guard: str, codes: Callable[[str], set[str]]) -> None:
    text = f"def dice_loss(y_true, y_pred):\n    {guard}\n    return 2 * (y_true * y_pred).sum() / (y_true.sum() + y_pred.sum())\n"
    assert ("LL305" in codes(f"import numpy as np\nimport tensorflow as tf\n\n\n{text}")) == (guard in UNGUARDED_BY_PYTHON)


def test_a_guard_in_a_helper_guards_the_helper_only(codes: Callable[[str], set[str]]) -> None:
    text = """\
import tensorflow as tf


def checked(x):
    if tf.reduce_sum(x) == 0:
        return x
    return tf.reduce_sum(x) / tf.reduce_sum(x)


def some_loss(y_true, y_pred):
    return tf.reduce_sum(checked(y_true) * y_pred) / tf.reduce_sum(y_true)
"""
    assert "LL305" in codes(text)


def test_what_numpy_computes_has_no_gradient(codes: Callable[[str], set[str]]) -> None:
    text = "import numpy as np\n\n\ndef some_loss(y_true, y_pred):\n    return np.sqrt(np.sum(np.square(y_true - y_pred), axis=-1))\n"
    assert "LL306" not in codes(text)


def test_what_only_looks_like_a_loss_is_left_alone(codes: Callable[[str], set[str]]) -> None:
    text = "import tensorflow as tf\n\n\ndef rescaled(boxes, labels):\n    return boxes / tf.reduce_sum(labels)\n"
    assert not codes(text) & RULES
    targets = (
        "import tensorflow as tf\n\n\ndef matched(gt_boxes, pred_boxes):\n    return (gt_boxes - pred_boxes) / pred_boxes, gt_boxes > 0.5\n"
    )
    assert not codes(targets)
    assert codes(targets.replace("matched", "box_loss")) & RULES == {"LL305"}
    quantile = "import tensorflow as tf\n\n\ndef quantile(p, logits=None):\n    return tf.math.log(p) / (1.0 - p)\n"
    assert not codes(quantile)
    heat = "import numpy as np\nimport tensorflow as tf\n\n\ndef heat(y_true, y_pred):\n    return y_pred / np.max(np.maximum(y_true, 0))\n"
    assert not codes(heat) & RULES
    assert codes(heat.replace("np.max(np", "tf.reduce_max(tf")) & RULES == {"LL305"}


def test_a_prediction_that_is_a_scale_is_reported_with_low_confidence(found: Callable[[str], list[Finding]]) -> None:
    body = "mu, sigma = y_pred[:, :1], y_pred[:, 1:]; tf.reduce_mean(tf.square((y_true - mu) / sigma) + tf.math.log(sigma), -1)"
    assert {finding.confidence for finding in found(body)} == {Confidence.LOW}


def test_a_gradient_is_0_where_it_is_divided_by_its_own_norm_only(codes: Callable[[str], set[str]]) -> None:
    text = """\
import tensorflow as tf


def energy_loss(model, y_true, x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = model(x)
    slope = tape.gradient(value, x)
    return {result}
"""
    assert "LL305" in codes(text.format(result="tf.reduce_mean(y_true * slope / tf.reduce_max(tf.abs(slope)))"))
    assert "LL305" not in codes(text.format(result="tf.reduce_mean(y_true * value / tf.reduce_max(tf.abs(slope)))"))


def test_values_side_by_side_are_not_alike(codes: Callable[[str], set[str]]) -> None:
    body = "both = tf.concat([y_true, tf.ones_like(y_true)], axis=-1); tf.reduce_mean(y_pred, -1) / tf.reduce_sum(both, -1)"
    assert not codes(loss(body)) & RULES
    body = "both = tf.stack([y_true, y_pred], axis=-1); tf.reduce_mean(y_pred, -1) / tf.reduce_sum(both)"
    assert codes(loss(body)) & RULES == {"LL305"}


def test_an_annotated_number_is_a_setting(codes: Callable[[str], set[str]]) -> None:
    text = "import tensorflow as tf\n\n\ndef spread_loss(x, d{kind}):\n    return tf.reduce_mean(x, -1) / tf.cast(d, tf.float32)\n"
    assert codes(text.format(kind=": int | float")) & RULES == set()
    assert codes(text.format(kind="")) & RULES == {"LL305"}


def test_minus_infinity_before_an_exponential_is_meant(codes: Callable[[str], set[str]]) -> None:
    body = "tf.reduce_logsumexp(y_pred + tf.math.log(y_true), axis=-1)"
    assert "LL301" not in codes(loss(body))
    assert "LL301" in codes(loss(body.replace("reduce_logsumexp", "reduce_mean")))
    assert "LL301" in codes(loss(body.replace("log(y_true)", "log(y_pred)")))


CHOSEN = """\
import tensorflow as tf
from tensorflow.keras import backend as K


def mask_loss(y_true, y_pred, matches):
    places = tf.where(K.equal(matches, 1))
    target, output = tf.gather_nd(y_true, places), tf.gather_nd(y_pred, places)
    loss = K.switch(tf.size(target) > 0, K.binary_crossentropy(target, output), tf.constant(0.0))
    return K.mean(loss)
"""
SCALED = """\
import tensorflow as tf


def scale_penalty(pred_box, kernel_box):
    ratio = (pred_box[:, 2] - pred_box[:, 0]) / (kernel_box[:, 2] - kernel_box[:, 0])
    penalty = tf.exp(1.0 - ratio)
    return penalty
"""


def test_what_is_chosen_where_there_are_elements_is_not_empty(codes: Callable[[str], set[str]]) -> None:
    assert "LL305" not in codes(CHOSEN)
    assert "LL305" in codes(CHOSEN.replace("tf.size(target) > 0", "tf.reduce_max(target) > 0.5"))


def test_a_penalty_of_a_score_is_no_loss(codes: Callable[[str], set[str]]) -> None:
    assert "LL305" not in codes(SCALED)
