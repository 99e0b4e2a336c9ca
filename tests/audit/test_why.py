"""`losslint why` as a user runs it: a script, its output, and every way in which it can go wrong."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from browser import BROWSER, NARROWEST, laid_out
from commands import run, why

pytestmark = pytest.mark.tensorflow

HEAD = """\
import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(1)
x = np.random.default_rng(1).normal(size=(70, 3)).astype("float32")
y = x.sum(axis=1, keepdims=True)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
"""
SUMMED = (
    HEAD
    + """

def summed_error(y_true, y_pred):
    return tf.reduce_sum(tf.reduce_mean(tf.square(y_true - y_pred), axis=-1))


model.compile("sgd", summed_error)
model.fit(x, y, batch_size=16, epochs=2, verbose=0)
"""
)
MEAN = SUMMED.replace(
    "tf.reduce_sum(tf.reduce_mean(tf.square(y_true - y_pred), axis=-1))", "tf.reduce_mean(tf.square(y_true - y_pred), axis=-1)"
)
PENALISED = (
    HEAD
    + """

def penalised_error(y_true, y_pred):
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) + tf.reduce_sum(tf.abs(model.layers[0].weights[0]))


def formula(y_true, y_pred):
    return (y_true - y_pred) ** 2


model.compile("sgd", penalised_error)
model.fit(x, y, batch_size=16, epochs=2, verbose=0)
"""
)


TWO = """import numpy as np
import keras
import tensorflow as tf


def total(y_true, y_pred):
    return tf.reduce_sum(tf.square(y_true - y_pred))


keras.utils.set_random_seed(1)
inputs = keras.Input((3,))
model = keras.Model(inputs, [keras.layers.Dense(1)(inputs), keras.layers.Dense(1)(inputs)])
model.compile("sgd", ["mse", total])
x, y = np.ones((64, 3), "float32"), np.ones((64, 1), "float32")
model.fit(x, [y, y], batch_size=16, epochs=1, verbose=0)
"""


def test_a_sum_over_the_batch_is_named_with_its_line(tmp_path: Path) -> None:
    ran = why(tmp_path, SUMMED)
    assert ran.status == 0
    assert "train.py:16 model.fit, epoch 2, 5 batches of 16 (last: 6), 70 rows" in ran.out
    assert "    all rows in one call" in ran.out
    words = " ".join(ran.out.split())
    assert "c: look here, it comes from your own code" in words and "a, b: this is how Keras trains" in words
    assert "train.py:12:12 LL101 batch-sum." in words
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_each_of_several_losses_is_named_and_found(tmp_path: Path) -> None:
    ran = why(tmp_path, TWO)
    assert "yours: mean of mse + total(y, model.predict(x))" in ran.out
    assert "train.py:7:12 LL101 batch-sum." in " ".join(ran.out.split())


def test_a_mean_has_no_such_step(tmp_path: Path) -> None:
    ran = why(tmp_path, MEAN)
    assert ran.status == 0
    assert "weights moved during the epoch" in ran.out
    assert "all rows in one call" not in ran.out and "look here" not in ran.out


def test_a_penalty_in_the_code_is_a_step_to_the_formula(tmp_path: Path) -> None:
    ran = why(tmp_path, PENALISED, "--mine", "train.py:formula", "--output-format", "json")
    assert ran.status == 0
    (fit,) = json.loads(ran.out)["fits"]
    assert [step["causes"] for step in fit["steps"]] == [["moved"], ["hidden"]]
    assert fit["steps"][1]["change"] == pytest.approx(-fit["hidden"])
    assert [finding["code"] for finding in fit["findings"]] == ["LL201"]


def test_a_number_is_told_what_it_is(tmp_path: Path) -> None:
    shown = json.loads(why(tmp_path, MEAN, "--output-format", "json").out)["fits"][0]["shown"]
    assert "The number that you gave is the loss that Keras shows." in why(tmp_path, MEAN, "--number", f"{shown:.7g}").out


HELD = MEAN.replace("verbose=0)", "verbose=0, validation_data=(x[:9] + 1, y[:9]))")


def test_validation_data_are_no_part_of_the_training_and_have_a_chain_of_their_own(tmp_path: Path) -> None:
    assert "5 batches of 16 (last: 6), 70 rows" in why(tmp_path, HELD).out
    ran = why(tmp_path, HELD, "--validation")
    assert ran.status == 0
    assert "model.fit, validation, epoch 2, 1 batch of 16 (last: 9), 9 rows" in ran.out
    assert "shown by Keras: val_loss" in ran.out
    bare = why(tmp_path, MEAN, "--validation")
    assert bare.status == 2 and "this fit has no validation data" in bare.err


def test_the_other_end_can_be_evaluate(tmp_path: Path) -> None:
    ran = why(tmp_path, SUMMED, "--against", "evaluate")
    assert ran.status == 0
    assert "  model.evaluate(x, y) " in ran.out and "all rows in one call" not in ran.out


def test_the_chain_is_also_a_picture(tmp_path: Path) -> None:
    ran = why(tmp_path, SUMMED, "--plot", "chain.svg", "--output-format", "json")
    (fit,) = json.loads(ran.out)["fits"]
    drawing = ElementTree.parse(tmp_path / "chain.svg").getroot()
    texts = ["".join(text.itertext()) for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert [step["label"] for step in fit["steps"]] == [text for text in texts if text in {step["label"] for step in fit["steps"]}]
    assert f"{fit['shown']:.6g}" in texts and f"{fit['mine']:.6g}" in texts
    assert len(list(drawing.iter("{http://www.w3.org/2000/svg}rect"))) == len(fit["steps"]) + 2


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_the_chain_is_also_a_page(tmp_path: Path) -> None:
    ran = why(tmp_path, SUMMED, "--output-format", "html")
    assert ran.status == 0
    assert "<td>all rows in one call</td>" in ran.out and "it is no mean over the rows" in ran.out
    assert "LL101 batch-sum</span>" in ran.out and '<span class="at">tf.reduce_sum(' in ran.out
    for width, dark in ((400, True), (1200, False)):
        wide, ground = laid_out(ran.out, tmp_path, width, dark)
        assert wide <= max(width, NARROWEST)
        assert ground == ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (SUMMED, ""),
        (
            SUMMED.replace("tf.reduce_sum(", "vars(tf)['reduce_sum'[:]]("),
            "train.py:16: summed_error has a step `whole`, and none of LL101, LL102",
        ),
        (
            SUMMED.replace("y = x.sum(axis=1, keepdims=True)", "y = x[:, :1] * 0").replace(
                "Dense(1)", 'Dense(1, kernel_initializer="zeros")'
            ),
            "train.py:12: LL101 batch-sum, and summed_error has no step `whole`",
        ),
        (PENALISED, ""),
    ],
)
def test_where_rules_and_training_contradict_each_other(tmp_path: Path, script: str, says: str) -> None:
    told = [line for line in why(tmp_path, script, "--debug").err.splitlines() if "debug: " in line]
    assert len(told) == bool(says) and all(says in line for line in told)


def test_all_rules_are_asked_also_those_that_the_settings_ignore(tmp_path: Path) -> None:
    (tmp_path / "losslint.toml").write_text('ignore = ["LL101"]\n')
    assert "LL101 batch-sum" not in why(tmp_path, SUMMED).out
    told = why(tmp_path, SUMMED, "--debug")
    assert "LL101 batch-sum" in " ".join(told.out.split()) and "debug: " not in told.err


@pytest.mark.parametrize(
    ("script", "status", "says"),
    [
        ("print('nothing here')\n", 2, "called no `fit`"),
        (HEAD + "raise ValueError('no data')\n", 2, "ended with status 1"),
        (MEAN + "import sys\nsys.exit(7)\n", 2, "ended with status 7"),
        (HEAD + "with tf.GradientTape() as tape:\n    loss = tf.reduce_mean(model(x) - y)\n", 2, "loops of your own"),
    ],
)
def test_what_cannot_be_measured_is_said(tmp_path: Path, script: str, status: int, says: str) -> None:
    ran = why(tmp_path, script)
    assert ran.status == status
    assert says in ran.err


def test_the_traceback_is_that_of_the_script(tmp_path: Path) -> None:
    ran = why(tmp_path, HEAD + "raise ValueError('no data')\n")
    plain = run(tmp_path, HEAD + "raise ValueError('no data')\n")
    traceback = plain.err[plain.err.index("Traceback") :].replace(f"{tmp_path}/", "")
    assert traceback in ran.err.replace(f"{tmp_path}/", "")


def test_a_loss_that_is_not_finite_is_followed_to_its_batch(tmp_path: Path) -> None:
    bad = MEAN.replace("    return ", "    return tf.math.log(y_pred - y_pred) + ")
    ran = why(tmp_path, bad)
    assert ran.status == 1
    assert "first not finite in batch 1 of the epoch: your loss itself" in " ".join(ran.out.split())


def test_the_documentation_shows_what_comes_out(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "why.md").read_text(encoding="utf-8")
    script = page.partition("```python\n")[2].partition("```")[0]
    shown = page.partition("$ losslint why train.py\n")[2].partition("```")[0]
    ran = why(tmp_path, script)
    assert re.sub(r"[-+]?[\d.]+|█|▓|░|·", "", ran.out).split() == re.sub(r"[-+]?[\d.]+|█|▓|░|·", "", shown).split()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--epochs", "first"], "'first' is no epoch"),
        (["--mine", "formula"], "give FILE:FUNCTION"),
        (["--mine", "other.py:formula"], "no such file: other.py"),
        (["--mine", "train.py:f", "--number", "1"], "give one of them"),
        (["--against", "evaluate", "--number", "1"], "give one of them"),
        (["--against", "predict"], "is not valid"),
        (["--against", "evaluate", "--validation"], "leave out --against"),
        (["--plot", "nowhere/chain.svg"], "there is no folder nowhere"),
        (["--python", "nowhere/python"], "cannot be run"),
        (["--output-format", "xml"], "is not valid"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(tmp_path: Path, options: list[str], says: str) -> None:
    ran = why(tmp_path, "raise SystemExit(9)\n", *options)
    assert ran.status == 2
    assert says in ran.err and "status 9" not in ran.err
