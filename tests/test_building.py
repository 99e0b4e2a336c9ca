"""Models as they are put together: what comes last in them against what the loss that they are compiled with expects."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from losslint.finding import Result

HEAD = "import tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import layers, losses\n"
TWICE = {
    "a layer that only moves elements comes last": """
model = keras.Sequential([layers.Conv2D(3, 1, activation=tf.nn.softmax), layers.Reshape((-1, 3))])
model.compile(loss=losses.CategoricalCrossentropy(from_logits=True))
""",
    "one by one": """
model = keras.Sequential()
model.add(layers.Dense(10))
model.add(layers.Softmax())
model.add(layers.Flatten())
loss = losses.CategoricalCrossentropy(from_logits=True)
model.compile("sgd", loss)
""",
}
NEVER = {
    "added one by one": """
def build():
    model = keras.models.Sequential()
    model.add(layers.Dense(32, activation="relu"))
    model.add(layers.Dense(1))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model
""",
    "a relu at the end": """
model = keras.Sequential([layers.Dense(10, activation="relu")])
model.compile(loss="categorical_crossentropy")
""",
    "made by another function": """
def body():
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.TimeDistributed(layers.Dense(3))(inputs))

def train():
    model = body()
    model.compile(loss=losses.sparse_categorical_crossentropy)
""",
}
RIGHT = {
    "Keras looks before an activation that comes last": """
model = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax")])
model.compile("adam", loss=losses.SparseCategoricalCrossentropy(from_logits=True))
""",
    "and so it does in a functional model": """
inputs = keras.Input((784,))
outputs = layers.Activation("sigmoid")(layers.Dense(5)(inputs))
model = keras.Model(inputs, outputs)
model.compile("sgd", losses.BinaryCrossentropy(from_logits=True))
""",
    "a linear activation changes nothing": """
inputs = keras.Input((784,))
outputs = layers.Activation("linear", dtype="float32")(layers.Dense(5, activation="softmax")(inputs))
model = keras.Model(inputs, outputs)
model.compile("sgd", losses.CategoricalCrossentropy())
""",
    "another loss": """
model = keras.Sequential([layers.Dense(1)])
model.compile(loss="mse", metrics=[losses.BinaryCrossentropy()])
""",
    "a layer of the project's": """
model = keras.Sequential([layers.Dense(1), Calibrated()])
model.compile(loss="binary_crossentropy")
""",
    "an activation that is given": """
def build(activation):
    model = keras.Sequential([layers.Dense(1, activation=activation)])
    model.compile(loss="binary_crossentropy")
""",
    "two outputs": """
inputs = keras.Input((4,))
model = keras.Model(inputs, [layers.Dense(1)(inputs), layers.Dense(1, activation="sigmoid")(inputs)])
model.compile(loss=["mse", "binary_crossentropy"])
""",
    "compiled before its last layer is there": """
model = keras.Sequential([layers.Dense(10, activation="softmax")])
model.compile(loss=losses.CategoricalCrossentropy())
""",
}


def _found(check: Callable[[str], Result], text: str) -> list[tuple[bool, str]]:
    findings = [f for f in check(HEAD + text).findings if f.name == "logits-mismatch"]
    return [("applies softmax or sigmoid itself" in f.message, f.source.partition("(")[0]) for f in findings]


@pytest.mark.parametrize("text", TWICE.values(), ids=TWICE)
def test_an_activation_twice(text: str, check: Callable[[str], Result]) -> None:
    assert _found(check, text) == [(True, "model.compile")]


@pytest.mark.parametrize("text", NEVER.values(), ids=NEVER)
def test_no_activation(text: str, check: Callable[[str], Result]) -> None:
    assert _found(check, text) == [(False, "model.compile")]


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_right_or_out_of_sight(text: str, check: Callable[[str], Result]) -> None:
    assert _found(check, text) == []


@pytest.mark.tensorflow
@pytest.mark.parametrize(("moves", "far"), [(False, False), (True, True)])
def test_what_keras_does_with_logits_behind_an_activation(moves: bool, far: bool) -> None:
    import keras
    import numpy as np

    rows = np.eye(3, dtype="float32")
    after = [keras.layers.Reshape((3,))] if moves else []
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, activation="softmax"), *after])
    model.layers[0].set_weights([40.0 * rows, np.full(3, -20.0, "float32")])
    model.compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True))
    assert (model.evaluate(rows, rows, verbose=0) > 0.2) is far


def test_of_several_star_imports_the_one_that_has_a_name_brought_it(codes: Callable[[str], set[str]]) -> None:
    text = """\
import tensorflow.keras.backend as K
from tensorflow.keras.models import *
from tensorflow.keras.layers import *
from tensorflow.keras.losses import *


def autoencoder():
    inputs = Input((8,))
    code = Dense(2)(inputs)

    def sparse_loss(y_true, y_pred):
        return K.mean(K.square(y_true - y_pred), axis=-1) + K.mean(K.abs(code))

    return Model(inputs, Dense(8)(code)), sparse_loss
"""
    assert "LL202" in codes(text)
