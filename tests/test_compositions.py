"""Exponentials in quotients: which of them is a softmax that overflows."""

from __future__ import annotations

from collections.abc import Callable

import pytest

FRAME = """\
import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K


def make_loss(centers, ratio=0.5):
    sigma = np.mean(np.diff(centers)) * ratio
    precision = K.variable(1 / (2 * np.square(sigma)))

    def shape_loss(y_true, y_pred):
        {body}

    return shape_loss
"""


@pytest.mark.parametrize(
    "body",
    [
        "raised = K.exp(-precision * K.square(y_pred - centers)); return raised / K.sum(raised, -1, keepdims=True)",
        "kernel = tf.exp(-(tf.range(-3.0, 4.0) ** 2) / (2.0 * ratio**2)); return y_pred * (kernel / tf.reduce_sum(kernel))",
        "return tf.exp(y_pred) / tf.exp(y_true)",
        "scale = tf.exp(y_pred); return tf.exp(-0.5 * tf.square(y_true / scale)) / (scale * 2.5)",
    ],
)
def test_a_quotient_of_bounded_exponentials_is_stable(body: str, codes: Callable[[str], set[str]]) -> None:
    assert "LL307" not in codes(FRAME.format(body=body))


@pytest.mark.parametrize(
    "body",
    [
        "raised = K.exp(y_pred); return y_true * (raised / K.sum(raised, -1, keepdims=True))",
        "raised = K.exp(precision * K.square(y_pred - centers)); return raised / K.sum(raised, -1, keepdims=True)",
    ],
)
def test_a_softmax_by_hand_is_not(body: str, codes: Callable[[str], set[str]]) -> None:
    assert "LL307" in codes(FRAME.format(body=body))
