"""How the walk comes to a loss: through the code around its definition, and through the packages that its helpers stand in."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from losslint.config import Settings
from losslint.linter import run
from losslint.project import ProjectModules
from losslint.report.losses import batch
from losslint.source import Source, no_modules

MEAN = "one number for the batch that does not grow with it, such as a mean"
SUM = "sum over the batch: grows like B"
UNKNOWN = "not known how it scales with the batch"


def shown(text: str, modules: ProjectModules | None = None) -> list[str]:
    """What is said of each loss of a text, along its default path."""
    source = Source.parse("import tensorflow as tf\n\n\n" + textwrap.dedent(text), "losses.py")
    traces = run(source, Settings(), modules or no_modules)
    return [batch(trace.roots[0].node) for trace in traces if trace.flipped is None and trace.roots]


def test_a_loss_defined_in_a_branch_sees_what_that_branch_binds() -> None:
    text = """
    def make_loss(mean=True):
        if mean:
            reduce = tf.reduce_mean

            def loss(y_true, y_pred):
                return reduce(tf.square(y_pred - y_true))
        else:
            reduce = tf.reduce_sum

            def loss(y_true, y_pred):
                return reduce(tf.square(y_pred - y_true))
        return loss
    """
    assert shown(text) == [MEAN, SUM]


@pytest.mark.parametrize("guarded", ["return None", "raise ValueError(kind)"])
def test_a_loss_behind_a_branch_that_leaves_is_reached(guarded: str) -> None:
    text = f"""
    def make_loss(kind="none"):
        if kind == "none":
            {guarded}
        reduce = tf.reduce_sum
        return lambda y_true, y_pred: reduce(tf.square(y_pred - y_true))
    """
    assert shown(text) == [SUM]


def test_a_branch_in_a_loop_or_a_try_leads_to_a_loss_too() -> None:
    text = """
    def make_losses(kinds, strict=False):
        made = []
        for kind in kinds:
            try:
                if strict:
                    reduce = tf.reduce_sum

                    def strict_loss(y_true, y_pred):
                        return reduce(tf.square(y_pred - y_true))

                    made.append(strict_loss)
            except ValueError:
                continue
        return made
    """
    assert shown(text) == [SUM]


def test_a_package_hands_on_its_own_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    package = Path("library", "densities")
    package.mkdir(parents=True)
    Path("library", "__init__.py").touch()
    (package / "__init__.py").write_text("from . import gaussian\n")
    (package / "gaussian.py").write_text("import tensorflow as tf\n\n\ndef energy(x):\n    return tf.square(x)\n")
    text = """
    from library.densities import gaussian


    def some_loss(y_true, y_pred):
        return tf.reduce_sum(gaussian.energy(y_pred - y_true))
    """
    assert shown(text) == [UNKNOWN]
    assert shown(text, ProjectModules()) == [SUM]


@pytest.mark.parametrize("text", ["from library import nn\n\ntf = nn.tf\n", "from library import *\n"])
def test_a_framework_that_a_project_hands_on(text: str) -> None:
    source = Source.parse(
        text + "\n\ndef some_loss(y_true, y_pred):\n    return tf.keras.losses.mse(y_true, tf.keras.layers.Dense(4)(y_pred))\n", "losses.py"
    )
    (trace,) = run(source, Settings(), no_modules)
    assert batch(trace.roots[0].node) == "one value per sample"


@pytest.mark.parametrize(("name", "expected"), [("no_object_scale", SUM), ("num_objects", UNKNOWN), ("points_per_box", SUM)])
def test_a_weight_of_what_is_counted_is_no_count(name: str, expected: str) -> None:
    text = f"""
    def box_loss(y_true, y_pred, {name}):
        return tf.reduce_sum(tf.square(y_pred - y_true)) / {name}
    """
    assert shown(text) == [expected]


def test_penalties_of_a_model_that_a_call_made() -> None:
    text = """
    def total_loss(y_true, y_pred, model_fn):
        model = model_fn()
        return tf.reduce_mean(tf.square(y_pred - y_true)) + sum(model.losses)
    """
    assert shown(text) == [MEAN]


def test_a_batch_size_that_a_dictionary_of_settings_gives() -> None:
    text = """
    class Network:
        def configure(self, job):
            self.batch_size = job.get("batch_size", 64)

        def build(self, job):
            self.configure(job)
            scores = tf.reshape(job["scores"], (self.batch_size, 10))
            self.loss = tf.reduce_sum(tf.square(scores))
            tf.train.AdamOptimizer().minimize(self.loss)
    """
    assert shown(text) == [SUM]
    assert shown(text.replace("reduce_sum", "reduce_mean")) == [MEAN]


@pytest.mark.parametrize("items", ["range(len(y_pred[i]) - 1)", "range(len(y_pred[i]))", "range(4)"])
def test_an_item_of_a_list_may_be_a_list_itself(items: str) -> None:
    text = f"""
    def feature_loss(y_true, y_pred):
        total = 0.0
        for i in range(3):
            for j in {items}:
                total += tf.reduce_mean(tf.abs(y_pred[i][j] - y_true[i][j]))
        return total
    """
    assert SUM not in shown(text)


def test_what_a_base_in_another_file_was_given_is_quoted_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.py").write_text("\n" * 40 + "class Base:\n    def __init__(self, approximator):\n        self.approximator = approximator\n")
    text = """
    from base import Base


    class Scaled(Base):
        def loss(self, y_true, y_pred):
            return tf.reduce_mean(tf.square(self.approximator.head(y_pred) - y_true))
    """
    source = Source.parse("import tensorflow as tf\n\n\n" + textwrap.dedent(text), "losses.py")
    (trace,) = run(source, Settings(), ProjectModules())
    assert "approximator" in {node.text for node in trace.reached(1)}
