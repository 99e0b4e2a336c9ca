"""Losses that the laboratory can run: what they need from around them is found, made, or guessed and told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest

from losslint.config import Settings
from losslint.experiment import Undecided
from losslint.lab.bench import Bench
from losslint.lab.slice import Slice
from losslint.lab.verdicts import Laboratory
from losslint.linter import run
from losslint.project import ProjectModules
from losslint.source import Modules, Source, no_modules

pytestmark = pytest.mark.tensorflow


@contextmanager
def opened(laboratory: Laboratory, text: str, function: str, modules: Modules = no_modules) -> Iterator[Bench]:
    source = Source.parse(dedent(text), "losses.py")
    trace = next(t for t in run(source, Settings(), modules) if t.loss.function == function)
    bench = Bench(laboratory.running, trace, Slice.of(trace, source, modules))
    try:
        yield bench
    finally:
        bench.close()


def test_a_temporary_file_is_made_in_the_folder_of_the_loss(laboratory: Laboratory) -> None:
    text = """\
        import tempfile
        import tensorflow as tf


        def noted_loss(y_true, y_pred):
            tempfile.TemporaryFile().close()
            return tf.reduce_mean(tf.square(y_true - y_pred))
        """
    with opened(laboratory, text, "noted_loss") as bench:
        assert bench.run(bench.batch).telling


def test_a_module_that_its_package_imports_out_of_itself(laboratory: Laboratory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files = {
        "pkg/__init__.py": "from .plain import tools\nfrom . import parts\nfrom .fast import *\n",
        "pkg/plain.py": "class tools:\n    pass\n",
        "pkg/parts.py": "import pkg\n\ndef scaled(x):\n    return pkg.tools.doubled(x)\n",
        "pkg/fast/__init__.py": "from . import tools\n",
        "pkg/fast/tools/__init__.py": "from .shapes import *\n",
        "pkg/fast/tools/shapes.py": "def doubled(x):\n    return 2.0 * x\n",
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    text = """\
        import tensorflow as tf
        from pkg import parts


        def scaled_loss(y_true, y_pred):
            return tf.reduce_mean(parts.scaled(tf.square(y_true - y_pred)))
        """
    with opened(laboratory, text, "scaled_loss", ProjectModules()) as bench:
        assert bench.run(bench.batch).telling


RUN = {
    "an attribute that batches are fed into": (
        "Model.compute_loss",
        """\
        import tensorflow as tf


        class Model:
            def __init__(self, session):
                self.session = session
                self.images = tf.compat.v1.placeholder(tf.float32, (None, 3))
                self.outputs = self.forward(self.images)

            def compute_loss(self):
                return tf.reduce_mean(tf.square(self.images - self.outputs))
        """,
        "`self.images` is an input",
    ),
    "a name of a script whose value needs a file": (
        "scaled_loss",
        """\
        import numpy as np
        import tensorflow as tf

        images = np.load("images.npy")
        scale = images.max()
        weight = 1.0 / scale


        def scaled_loss(y_true, y_pred):
            return tf.reduce_mean(tf.square(y_true - y_pred)) * weight
        """,
        "`weight` cannot be computed and was guessed (`weight` = 1.0)",
    ),
    "a function whose name is bound to something else later": (
        "build.step_loss",
        """\
        import tensorflow as tf
        from tensorflow import keras


        def build(path):
            model = keras.models.load_weights_of(path)

            def step_loss(inputs):
                y_true, y_pred = inputs
                return tf.reduce_mean(tf.square(y_true - y_pred))

            step_loss = keras.layers.Lambda(step_loss)([model.input, model.output])
            return keras.Model(model.inputs, step_loss)
        """,
        "",
    ),
    "a model that is asked for a number of samples": (
        "train_loss",
        """\
        import tensorflow as tf


        def train_loss(y_true, y_pred, generator, batch_size):
            made = generator(batch_size)
            return tf.reduce_mean(tf.square(y_true - y_pred)) + tf.reduce_mean(tf.square(made))
        """,
        "`generator` is a small dense model",
    ),
    "tensors that are used like arrays": (
        "ravelled_loss",
        """\
        import tensorflow as tf


        def ravelled_loss(y_true, y_pred):
            return tf.reduce_mean(tf.square(y_true.ravel() - y_pred.ravel()))
        """,
        "tensors have numpy's methods",
    ),
    "a list that a loop goes over, handed on": (
        "deep_loss",
        """\
        import tensorflow as tf


        def layered(y_true, outputs):
            return sum(w * tf.reduce_mean(tf.square(y_true - output)) for w, output in zip([1.0, 0.5], outputs))


        def deep_loss(y_true, outputs):
            return 2.0 * layered(y_true, outputs)
        """,
        "",
    ),
    "a model that another function calls": (
        "style_loss",
        """\
        import tensorflow as tf


        def compared(y_true, y_pred, lossModel):
            return tf.reduce_mean(tf.square(lossModel(y_true) - lossModel(y_pred)))


        def style_loss(y_true, y_pred, lossModel):
            return compared(y_true, y_pred, lossModel)
        """,
        "`lossModel` is a small dense model",
    ),
    "a weight for each sample": (
        "weighted_loss",
        """\
        import tensorflow as tf


        def weighted_loss(y_true, y_pred, sample_weight):
            return tf.reduce_mean(sample_weight * tf.reduce_mean(tf.square(y_true - y_pred), axis=[1, 2, 3]))
        """,
        "",
    ),
    "a tensor with the name of a setting": (
        "dirichlet_loss",
        """\
        import tensorflow as tf


        def dirichlet_loss(y_true, alpha):
            return tf.reduce_mean(tf.square(y_true - alpha / tf.reduce_sum(alpha, axis=1, keepdims=True)))
        """,
        "",
    ),
    "a class more than the default says": (
        "selective_loss",
        """\
        import tensorflow as tf


        def selective_loss(y_true, y_pred, n_classes=7):
            kept = tf.repeat(y_pred[:, -1:], n_classes, axis=1) * y_true[:, :-1]
            return tf.reduce_mean(tf.square(kept - y_pred[:, :-1]))
        """,
        "",
    ),
    "steps of a sequence, each with a class": (
        "window_loss",
        """\
        import tensorflow as tf

        window_size = 9


        def window_loss(y_true, y_pred):
            y_true = tf.reshape(y_true, (-1, window_size))
            return tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(y_true, y_pred))
        """,
        "",
    ),
    "a list that is unpacked in two slices": (
        "joint_loss",
        """\
        import tensorflow as tf


        def joint_loss(inputs):
            one, other = inputs[:2]
            first, second, _ = inputs[2:]
            return tf.reduce_mean(tf.square(one - first)) + tf.reduce_mean(tf.square(other - second))
        """,
        "",
    ),
}


@pytest.mark.parametrize("name", RUN)
def test_what_a_loss_needs_is_made_or_guessed_and_told(name: str, laboratory: Laboratory) -> None:
    function, text, told = RUN[name]
    with opened(laboratory, text, function) as bench:
        assert bench.run(bench.batch).telling
        assert any(told in words for words in (*bench.stand_ins, ""))


def test_a_guess_that_does_not_help_is_taken_back(laboratory: Laboratory) -> None:
    text = """\
        import tensorflow as tf


        class Model:
            def __init__(self, session):
                self.session = session

            def compute_loss(self, y_true, y_pred):
                return tf.reduce_mean(self.scale * tf.square(y_true - y_pred)) + undefined
        """
    with opened(laboratory, text, "Model.compute_loss") as bench:
        with pytest.raises(Undecided, match="scale"):
            assert bench.batch
        assert bench.slice is bench.cut and not bench.stand_ins
