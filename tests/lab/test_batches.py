"""Guesses, options, shapes and contents: what the laboratory tries, without running anything."""

from __future__ import annotations

import ast
from itertools import islice

import pytest

from losslint.lab import contents, flips, guesses, ladder
from losslint.lab.contents import Profile
from losslint.source import Declared

ROLES = {"y_true": "true", "y_pred": "pred"}


def function(body: str) -> ast.AST:
    return ast.parse(f"def f(y_true, y_pred):\n    return {body}\n").body[0]


def shapes(body: str, numbers: dict[str, float] | None = None, first: int = 1) -> list[tuple[int, ...]]:
    """The first shapes of a prediction that are tried for a body."""
    found = ladder.hints([function(body)], lambda asked: [(numbers or {}).get(text) for text in asked])
    tried = dict.fromkeys(profile.pred for profile in ladder.ladder(found))
    return list(islice(tried, first))


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ("mean(y_true - y_pred)", (3,)),
        ("mean(y_true - y_pred, axis=[1, 2, 3])", (8, 8, 1)),
        ("sum(y_pred[:, 4])", (5,)),
        ("sum(y_pred[..., 5:])", (6,)),
        ("sum(y_pred[:, :, :, 9])", (8, 8, 10)),
        ("mean(reshape(y_pred, [-1, 2, 16]))", (32,)),
        ("conv2d(y_pred, k)", (8, 8, 1)),
    ],
)
def test_shapes_are_read_off_the_code(body: str, shape: tuple[int, ...]) -> None:
    assert shapes(body) == [shape]


def test_names_in_subscripts_are_evaluated() -> None:
    assert shapes("y_pred[:, n_points]", {"n_points + 1": 7.0}) == [(7,)]
    assert shapes("y_pred[:, :n_classes]", {"n_classes": 12.0}) == [(12,)]


def test_a_configured_batch_size_is_tried_first() -> None:
    found = ladder.hints([function("reshape(y_pred, [batch_size, 4])")], lambda asked: [64.0 if t == "batch_size" else None for t in asked])
    assert found.samples == [64]
    assert next(ladder.ladder(found)).samples == 64


def test_contents_are_the_same_for_the_same_seed_and_what_they_are_called() -> None:
    profile = Profile((3,), (3,), "classes")
    first, again, other = (contents.batch(profile, ROLES, seed) for seed in (0, 0, 1))
    assert first == again and first != other
    assert first.domain == "simplex"
    rows = [first.inputs["y_pred"].values[i : i + 3] for i in range(0, 18, 3)]
    assert all(sum(row) == pytest.approx(1) for row in rows)
    assert sorted(first.inputs["y_true"].values[:3]) == [0, 0, 1]


def test_the_ends_of_a_simplex_add_up_to_one() -> None:
    base = contents.batch(Profile((3,), (3,), "classes"), ROLES)
    for batch in contents.edges(base, "simplex"):
        values = batch.inputs["y_pred"].values
        assert all(sum(values[i : i + 3]) == pytest.approx(1) for i in range(0, 18, 3)), batch.words


def test_real_numbers_only_where_they_are_legal() -> None:
    base = contents.batch(Profile((1,), (1,), "binary"), ROLES)
    assert all(0 <= value <= 1 for batch in contents.edges(base, "box") for value in batch.inputs["y_pred"].values)
    assert any(value == -100 for batch in contents.edges(base, "real") for value in batch.inputs["y_pred"].values)


def test_codes_for_missing_labels_are_tried() -> None:
    base = contents.batch(Profile((1,), (1,), "binary"), ROLES)
    assert any(set(batch.inputs["y_true"].values) == {-9.0} for batch in contents.edges(base, "box", (-9.0,)))


def test_declared_inputs_go_before_everything() -> None:
    declared = {"y_true": Declared("onehot", ("B", 5)), "y_pred": Declared("softmax", ("B", 5))}
    made = contents.batch(Profile((3,), (3,), "normal", declared=declared), ROLES)
    assert {name: tensor.shape for name, tensor in made.inputs.items()} == {"y_true": (6, 5), "y_pred": (6, 5)}
    assert sum(made.inputs["y_true"].values) == 6


def test_rows_and_repetitions() -> None:
    base = contents.batch(Profile((2,), (2,), "uniform"), ROLES)
    assert base.rows(1, 3).inputs["y_pred"].values == base.inputs["y_pred"].values[2:6]
    assert base.repeated(2).repeated(2).size == 24


@pytest.mark.parametrize(
    ("name", "body", "spec"),
    [
        ("gamma", "y ** gamma", {"value": 2.0}),
        ("batch_size", "x / batch_size", {"batch_size": True}),
        ("K", "K.mean(x)", {"module": "keras.backend"}),
        ("K", "x / K", {"value": 3}),
        ("discriminator", "discriminator(x)", {"stand_in": "model"}),
        ("optimizer", "optimizer.step()", {"stand_in": "optimizer"}),
        ("loss_fn", "loss_fn(a, b)", {"stand_in": "error"}),
        ("coefficients", "coefficients[0] + coefficients[1]", {"value": [1.0, 2.0, 0.5]}),
        ("table", "table['alpha']", {"mapping": [["alpha", {"value": 0.5}]]}),
        ("cfg", "cfg.gamma * 2", {"object": {"gamma": {"value": 2.0}}}),
        ("criteria", "sum(criterion(a, b) for criterion in criteria)", {"list": [{"stand_in": "error"}] * 2}),
        ("parts", "sum(f(x) for f, w in zip(parts, weights))", {"list": [{"stand_in": "model"}] * 2}),
        (
            "problem",
            "problem.border(x) + problem.table['a']",
            {"object": {"border": {"stand_in": "model"}, "table": {"mapping": [["a", {"value": 1.0}]]}}},
        ),
        ("points", "[x[i] for i in range(points // 2)]", {"value": 4}),
        ("rows", "x[: rows - 1]", {"value": 4}),
        ("label_index", "x[..., label_index]", {"value": 0}),
        ("examples", "tf.gather(examples, i)", {"matrix": guesses.MATRIX}),
        ("vgg_layer_weights", "sum(w for w in vgg_layer_weights)", {"value": [1.0, 2.0, 0.5]}),
        ("transition", "np.linalg.inv(transition)", {"matrix": guesses.MATRIX}),
    ],
)
def test_arguments_are_guessed_by_use_and_name(name: str, body: str, spec: dict[str, object]) -> None:
    assert guesses.guess(name, guesses.usage(name, [ast.parse(body)]))[0] == spec


@pytest.mark.parametrize(
    ("test", "name", "default", "value"),
    [
        ("from_logits", "from_logits", "False", True),
        ("not average", "average", "True", False),
        ("reduction == 'sum'", "reduction", "'mean'", "sum"),
        ("weights is None", "weights", "None", True),
        ("self.smooth > 0", "smooth", "0.0", 1.0),
        ("mode in ('a', 'b')", "mode", "'c'", "a"),
        ("len(shape) == 2", "shape", "None", flips.MISSING),
        ("a and b", "a", "True", flips.MISSING),
    ],
)
def test_options_the_other_way(test: str, name: str, default: str, value: object) -> None:
    assert flips.flipped(test, name, ast.parse(default, mode="eval").body) == value
