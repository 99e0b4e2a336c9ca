"""Layers without weights and filters inside losses: what is known of a value is known behind them too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

HEAD = """\
import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.keras import layers

"""
UNGUARDED = {
    "flattened counts": (
        "LL305",
        "return 1 - K.sum(y_true * y_pred) / K.sum(layers.Flatten()(y_true) + layers.Flatten()(y_pred))",
        "1e-6 + K.sum(",
    ),
    "a flattened prediction": (
        "LL301",
        "return -K.mean(layers.Flatten()(y_true) * K.log(layers.Flatten()(y_pred)))",
        "1e-6 + layers.Flatten()(y_pred)",
    ),
    "a product of layers": ("LL306", "return K.mean(K.sqrt(layers.Multiply()([y_true, y_pred])))", "1e-6 + layers.Multiply()"),
    "a Lambda": ("LL301", "return -K.mean(y_true * K.log(layers.Lambda(lambda x: 2 * x)(y_pred)))", "2 * x + 1e-6"),
    "a softmax": (
        "LL307",
        "return -K.mean(y_true * K.log(layers.Activation('softmax')(y_pred)))",
        "1e-6 + layers.Activation('softmax')(y_pred)",
    ),
    "edges of an even image": ("LL306", "return K.mean(K.sqrt(K.sum(K.square(tf.image.sobel_edges(y_pred)), axis=-1)))", "1e-6 + K.sum("),
    "a filter": ("LL306", "return K.mean(K.sqrt(K.square(tf.nn.conv2d(y_pred - y_true, kernel, 1, 'SAME'))))", "1e-6 + K.square("),
    "a pool": ("LL301", "return -K.mean(y_true * K.log(tf.nn.max_pool2d(y_pred, 2, 2, 'SAME')))", "1e-6 + tf.nn.max_pool2d("),
}


@pytest.mark.parametrize("name", UNGUARDED)
def test_what_a_layer_passes_on_is_known(name: str, codes: Callable[[str], set[str]]) -> None:
    code, body, guarded = UNGUARDED[name]
    text = f"{HEAD}\ndef some_loss(y_true, y_pred):\n    {body}\n"
    unguarded = guarded.replace("1e-6 + ", "").replace(" + 1e-6", "")
    assert unguarded in text
    assert code in codes(text)
    assert code not in codes(text.replace(unguarded, guarded))


BUILT = """\
from tensorflow import keras
from tensorflow.keras import backend as K
from tensorflow.keras import layers

inputs = keras.Input((8,))
hidden = layers.Dense(4)(inputs)
outputs = layers.Dense(8)(hidden)
held = [hidden, outputs]
model = keras.Model(inputs, outputs)


def hidden_loss(y_true, y_pred):
    penalty = K.mean(K.square(held[0]))
    return K.mean(K.square(y_true - y_pred)) + penalty


model.compile("adam", loss=hidden_loss)
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("held[0]", "held[0]"),
        ("K.mean(K.square(held[0]))", "sum(K.mean(K.square(one)) for one in held)"),
        ("held = [hidden, outputs]", "held = []\nfor layer in [layers.Dense(4)]:\n    held.append((inputs, layer(hidden)))"),
        ("[hidden, outputs]", "{0: hidden, 1: outputs}"),
    ],
)
def test_a_symbolic_tensor_in_a_list_is_captured(old: str, new: str, codes: Callable[[str], set[str]]) -> None:
    assert "LL202" in codes(BUILT.replace(old, new))


def test_a_list_without_a_symbolic_tensor_is_not(codes: Callable[[str], set[str]]) -> None:
    assert "LL202" not in codes(BUILT.replace("[hidden, outputs]", "[0.5, 2.0]"))
    assert "LL202" not in codes(BUILT.replace("held[0]", "y_pred[0]"))
