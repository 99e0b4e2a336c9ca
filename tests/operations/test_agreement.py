"""Every entry of the catalogue, in every spelling, held against TensorFlow: values, axes, growth and gradients of real calls."""

from __future__ import annotations

import pytest
from agreement import Case, Seen, differences, walked
from cases import cases
from table import forms

from losslint.analysis.transfer.creation import TOLD
from losslint.operations.catalogue import OPERATIONS
from losslint.operations.losses import CLASSES
from losslint.operations.operation import Operation

pytestmark = pytest.mark.tensorflow
TAPE = """\
import tensorflow as tf

# losslint: inputs y_true: mask[B, 4], y_pred: real[B, 4]
def loss(y_true, y_pred):
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        y = tf.reduce_sum(tf.square(y_pred), -1)
    return tape.gradient(y, y_pred), y
"""
CALLED = [operation for operation in (*OPERATIONS, *CLASSES) if forms(operation)]


@pytest.fixture(scope="module", autouse=True)
def quiet():
    """TensorFlow's own warnings about what is deprecated are of no interest here."""
    import tensorflow as tf

    tf.get_logger().setLevel("ERROR")


@pytest.mark.parametrize("operation", CALLED, ids=lambda operation: operation.name)
@pytest.mark.filterwarnings("ignore")
def test_calls_agree_with_tensorflow(operation: Operation) -> None:
    seen: dict[tuple[object, ...], Seen] = {}
    wrong: list[str] = []
    for case, others in cases(operation):
        key = (case.spelling.function or case.text, id(case.form), case.rank)
        try:
            found = differences(case, seen.setdefault(key, Seen(case)))
        except Exception as error:
            found = [] if case.rank == 3 else [f"TensorFlow raises {type(error).__name__}: {error}"]
        wrong += [f"{case.text} [{case.rank or case.form.shape}]: {difference}" for difference in found]
        for other in others:
            if claims(other) != claims(case):
                wrong.append(f"{other.text} is not taken for {case.text}")
    assert not wrong, "\n" + "\n".join(wrong)


def test_settings_are_those_of_keras() -> None:
    import keras

    assert {name: told.value for name, told in TOLD.items() if name != "image_dim_ordering"} == {
        "floatx": keras.config.floatx(),
        "backend": keras.config.backend(),
        "image_data_format": keras.config.image_data_format(),
    }


def test_a_tape_gives_a_gradient_of_the_shape_of_its_source() -> None:
    import tensorflow as tf

    node = walked(TAPE)
    x = tf.random.uniform([5, 4])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.square(x), -1)
    assert node.shape is not None and len(node.shape.lead) == len(tape.gradient(y, x).shape)
    assert [axis.power for axis in node.shape.lead] == [1, 0]


def claims(case: Case) -> tuple[object, ...]:
    """All that is said of a value, as text: unknown columns are alike."""
    node = case.node
    return node.shape, node.degree, repr(node.columns), node.gradient
