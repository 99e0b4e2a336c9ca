"""What the abstract run says of the growth of a loss, against TensorFlow itself on a batch and on the same batch twice."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import pytest

from losslint.analysis.degree import known
from losslint.config import Settings
from losslint.linter import run
from losslint.source import Source, no_modules

HEAD = "import numpy as np\nimport tensorflow as tf\n\n\n"
LOSSES = {
    "axes counted from the rank of what had one more": (
        """
        def total_dice(targets, predictions):
            inner = list(range(1, len(predictions.shape) - 1))
            targets = tf.reduce_sum(targets, axis=-1)
            predictions = tf.reduce_sum(predictions, axis=-1)
            overlap = tf.reduce_sum(targets * predictions, axis=inner)
            return tf.reduce_mean(overlap / (tf.reduce_sum(targets, axis=inner) + tf.reduce_sum(predictions, axis=inner) + 1.0))
        """,
        0,
    ),
    "the same, summed over the batch": (
        """
        def total_overlap(targets, predictions):
            inner = list(range(1, len(predictions.shape) - 1))
            return tf.reduce_sum(tf.reduce_sum(tf.reduce_sum(targets * predictions, axis=-1), axis=inner))
        """,
        1,
    ),
    "elements put into an array": (
        """
        def patched_loss(y_true, y_pred):
            weights = np.zeros_like(y_true)
            weights[:, 0] = y_true[:, 1]
            return tf.reduce_sum(weights * y_pred)
        """,
        1,
    ),
    "the sum of the batch put into an array": (
        """
        def patched_loss(y_true, y_pred):
            weights = np.zeros_like(y_true)
            weights[:, 0] = np.sum(y_true)
            return tf.reduce_mean(weights * y_pred)
        """,
        1,
    ),
    "an array that a loop of the graph writes": (
        """
        def ignoring_loss(y_true, y_pred):
            kept = tf.TensorArray(tf.float32, size=0, dynamic_size=True)

            def step(index, kept):
                return index + 1, kept.write(index, tf.cast(tf.boolean_mask(y_pred[index], y_true[index] > 0.5) > 0.1, tf.float32))

            _, kept = tf.while_loop(lambda index, *rest: index < tf.shape(y_pred)[0], step, [0, kept])
            return tf.reduce_mean(tf.square(y_true - y_pred)[:, :1] * kept.stack())
        """,
        0,
    ),
    "lists that a loop of a fixed number of rounds takes apart": (
        """
        def scales_loss(y_true, y_pred):
            size = tf.cast(tf.shape(y_true[0])[0], tf.float32)
            total = 0.0
            for scale in range(2):
                total += tf.reduce_sum(tf.square(y_true[scale] - y_pred[scale])) / size
            return total
        """,
        0,
    ),
    "labels counted over the whole batch": (
        """
        def counting_loss(y_true, y_pred):
            often = tf.math.bincount(tf.cast(y_true, tf.int32), minlength=2, dtype=tf.float32)
            return tf.reduce_mean(tf.square(y_pred - y_true)) * often[0]
        """,
        1,
    ),
    "labels weighted by how seldom they are": (
        """
        def balanced_loss(y_true, y_pred):
            often = tf.math.bincount(tf.cast(y_true, tf.int32), minlength=2, dtype=tf.float32)
            weights = tf.cast(tf.size(y_true), tf.float32) / often
            return tf.reduce_mean(tf.square(y_pred - y_true)[..., None] * weights)
        """,
        0,
    ),
    "lists that another function takes apart": (
        """
        def over_scales(targets, outputs):
            size = tf.cast(tf.shape(targets[0])[0], tf.float32)
            return tf.add_n([tf.reduce_sum(tf.square(targets[0] - outputs[0])), tf.reduce_sum(tf.abs(targets[1] - outputs[1]))]) / size

        def scales_loss(y_true, y_pred):
            return over_scales(y_true, y_pred)
        """,
        0,
    ),
}  # fmt: skip
OF_THREE_AXES = frozenset({"axes counted from the rank of what had one more", "the same, summed over the batch"})
LISTS = frozenset({"lists that a loop of a fixed number of rounds takes apart", "lists that another function takes apart"})


@pytest.mark.parametrize("name", LOSSES)
def test_growth_is_known(name: str) -> None:
    text, expected = LOSSES[name]
    *_, trace = (t for t in run(Source.parse(HEAD + textwrap.dedent(text), "losses.py"), Settings(), no_modules) if t.flipped is None)
    degree = trace.roots[0].node.degree
    assert None not in degree
    assert max(known(degree)) == expected


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", LOSSES)
def test_tensorflow_grows_so(name: str) -> None:
    import numpy as np
    import tensorflow as tf

    text, expected = LOSSES[name]
    defined: dict[str, Any] = {}
    exec(HEAD + textwrap.dedent(text), defined)
    loss = next(value for key, value in defined.items() if key.endswith(("loss", "dice", "overlap")))
    target = np.ones((2, 2, 2), np.float32) if name in OF_THREE_AXES else np.eye(3, dtype=np.float32)

    def value(times: int) -> float:
        true = np.concatenate([target] * times)
        pred = true * 0.5 + 0.25
        given = ([true, true], [pred, pred]) if name in LISTS else (true, pred)
        return float(tf.reduce_mean(loss(*given)))

    assert math.log2(value(2) / value(1)) == pytest.approx(expected, abs=1e-4)
