"""What is taken of a file for a loss, and what is left: seen in the text that a reproduction script would carry."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from losslint.config import Settings
from losslint.experiment import Undecided
from losslint.lab.cutting import cut
from losslint.lab.slice import Slice
from losslint.linter import run
from losslint.project import ProjectModules
from losslint.source import Modules, Source, no_modules


def taken(text: str, function: str, path: str = "losses.py", modules: Modules = no_modules) -> Slice:
    source = Source.parse(dedent(text), path)
    trace = next(t for t in run(source, Settings(), modules) if t.loss.function == function)
    return Slice.of(trace, source, modules)


def kept(text: str, function: str) -> str:
    return cut(taken(text, function).pieces[0], {})


def test_only_what_the_loss_needs() -> None:
    found = kept(
        """\
        import os
        import tensorflow as tf
        from data import load

        SCALE = 2.0
        OTHER = load("file")


        def scaled(x):
            return x * SCALE


        def unused(x):
            return x


        def mean_loss(y_true, y_pred):  # a comment stays
            return tf.reduce_mean(scaled(y_true - y_pred))


        model = build()
        model.fit(load("data"))
        """,
        "mean_loss",
    )
    assert found == dedent(
        """\
        import tensorflow as tf

        SCALE = 2.0


        def scaled(x):
            return x * SCALE


        def mean_loss(y_true, y_pred):  # a comment stays
            return tf.reduce_mean(scaled(y_true - y_pred))
        """
    )


def test_a_factory_is_cut_down_to_what_the_inner_function_needs() -> None:
    found = kept(
        """\
        import tensorflow as tf


        def make_loss(alpha, path):
            weights = read(path)
            factor = alpha * 2

            def inner_loss(y_true, y_pred):
                return factor * tf.reduce_mean(y_true - y_pred)

            train(inner_loss)
            return compiled(inner_loss)
        """,
        "make_loss.inner_loss",
    )
    assert "weights" not in found and "train" not in found and "compiled" not in found
    assert "factor = alpha * 2" in found
    assert found.rstrip().endswith("return inner_loss")


def test_a_class_keeps_the_members_that_are_read() -> None:
    found = kept(
        """\
        import tensorflow as tf


        class Weighted(tf.keras.losses.Loss):
            kind = "weighted"

            def __init__(self, weight=1.0):
                super().__init__()
                self.weight = weight

            def call(self, y_true, y_pred):
                return self._scaled(tf.reduce_mean(y_true - y_pred, axis=-1))

            def _scaled(self, x):
                return x * self.weight

            def plot(self):
                return draw(self)
        """,
        "Weighted.call",
    )
    assert "_scaled" in found and "__init__" in found
    assert "plot" not in found and "kind" not in found


def test_conditional_imports_stay_conditional() -> None:
    found = kept(
        """\
        import tensorflow as tf

        try:
            from fast import mean
        except ImportError:
            mean = tf.reduce_mean


        def mean_loss(y_true, y_pred):
            return mean(y_true - y_pred)
        """,
        "mean_loss",
    )
    assert "try:" in found and "except ImportError:" in found


def test_lambdas_are_entries() -> None:
    found = taken(
        """\
        import tensorflow as tf

        model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
        model.compile(loss=lambda y_true, y_pred: tf.reduce_sum(y_true - y_pred))
        """,
        "<lambda>",
    )
    assert found.call.steps == [{"step": "lambda"}]
    assert cut(found.pieces[0], {}).endswith("the_loss = lambda y_true, y_pred: tf.reduce_sum(y_true - y_pred)\n")


def test_modules_of_the_project_come_name_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    package = tmp_path / "pkg"
    package.mkdir()
    (package / "__init__.py").write_text("from .parts import scaled\nfrom .parts import train\n")
    (package / "parts.py").write_text(
        "from . import numbers_ as n\n\ndef scaled(x):\n    return n.FACTOR * x\n\ndef train():\n    pass\n\nprint('no')\n"
    )
    (package / "numbers_.py").write_text("FACTOR = 3.0\nOTHER = open('x')\n")
    text = """\
        import tensorflow as tf
        from pkg import scaled


        def mean_loss(y_true, y_pred):
            return tf.reduce_mean(scaled(y_true - y_pred))
        """
    found = taken(text, "mean_loss", "losses.py", ProjectModules())
    texts = {piece["path"]: cut(piece, {}) for piece in found.pieces}
    assert set(texts) == {"losses.py", "pkg/__init__.py", "pkg/parts.py", "pkg/numbers_.py"}
    assert "train" not in texts["pkg/parts.py"] and "print" not in texts["pkg/parts.py"]
    assert texts["pkg/numbers_.py"] == "FACTOR = 3.0\n"


def test_modules_that_import_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.py").write_text("import two\n\ndef f(x):\n    return two.g(x)\n")
    (tmp_path / "two.py").write_text("import one\n\ndef g(x):\n    return one.f(x)\n")
    text = "import tensorflow as tf\nimport one\n\n\ndef mean_loss(y_true, y_pred):\n    return tf.reduce_mean(one.f(y_true - y_pred))\n"
    assert len(taken(text, "mean_loss", "losses.py", ProjectModules()).pieces) == 3


def test_a_value_in_the_middle_of_a_script_is_no_loss_that_can_be_run() -> None:
    with pytest.raises(Undecided, match="function of its own"):
        taken("import tensorflow as tf\nloss = tf.reduce_mean(tf.math.log(x))\n", "")
