"""The rows of an epoch found again in the user's data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from losslint.audit.recorder.order import places

pytestmark = pytest.mark.tensorflow
X = np.random.default_rng(1).normal(size=(9, 2, 3)).astype("float32")
Y = np.arange(9) % 3


def data(order: Any, x: Any = X, y: Any = Y) -> Any:
    return {"x": tf.constant(x[order])}, tf.constant(y[order])


def test_rows_in_another_order_are_found() -> None:
    order = np.random.default_rng(2).permutation(9)
    found = places(data(slice(None)), data(order))
    assert np.array_equal(X[order][found], X) and np.array_equal(Y[order][found], Y)


def test_rows_that_are_there_twice_are_found_as_often() -> None:
    twice = np.array([0, 0, 1, 2])
    found = places(data(twice), data(twice[::-1]))
    assert sorted(found) == [0, 1, 2, 3] and np.array_equal(X[twice[::-1]][found], X[twice])


@pytest.mark.parametrize(
    "other",
    [
        data(np.arange(8)),
        data(np.array([0, *range(8)])),
        data(slice(None), x=X + 1e-6),
        data(slice(None), y=Y[::-1]),
        data(slice(None), x=X.astype("float16")),
        data(slice(None), x=X.reshape(9, 6)),
        data(slice(None), y=np.array([str(value) for value in Y])),
    ],
    ids=["fewer", "one twice", "moved", "other targets", "other type", "other shape", "text"],
)
def test_other_rows_are_no_order_of_these(other: Any) -> None:
    assert places(data(slice(None)), other) is None
