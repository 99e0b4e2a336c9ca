"""The same calls compiled by XLA: values as claimed, and a gradient where one is claimed. Calls on inputs of one shape share a compilation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from agreement import Case, Seen, agrees
from cases import cases
from table import forms

from losslint.analysis.columns import ORDINARY
from losslint.analysis.node import Gradient
from losslint.operations.catalogue import OPERATIONS

pytestmark = pytest.mark.tensorflow
GROUP = 60
TENSORFLOW = ("tf", "K", "keras")


def chosen() -> Iterator[Case]:
    """Each form of each operation that says something of values, in the first spelling of TensorFlow that takes it."""
    for operation in OPERATIONS:
        done: set[int] = set()
        for case, _ in cases(operation) if forms(operation) else ():
            form, written = case.form, case.spelling.written
            if case.rank is not None or not form.xla or form.random or form.free or id(form) in done:
                continue
            if case.spelling.space in TENSORFLOW and "numpy" not in written and case.node.columns.known:
                done.add(id(form))
                yield case


def groups() -> list[list[Case]]:
    """The chosen cases by the shape of their inputs, not too many at a time."""
    by_shape: dict[str, list[Case]] = {}
    for case in chosen():
        by_shape.setdefault(case.form.shape, []).append(case)
    return [found[i : i + GROUP] for found in by_shape.values() for i in range(0, len(found), GROUP)]


def compiled(group: list[Case], flows: dict[int, bool]) -> Any:
    """One compiled function of all calls; `flows` is told whether a gradient reaches the prediction in each."""
    import tensorflow as tf

    def run(y_true: Any, y_pred: Any) -> list[Any]:
        values = []
        for index, case in enumerate(group):
            with tf.GradientTape() as tape:
                tape.watch(y_pred)
                value = tf.convert_to_tensor(case.function(y_true, y_pred))
            try:
                flows[index] = value.dtype.is_floating and tape.gradient(value, y_pred) is not None
            except LookupError:
                flows[index] = False
            values.append(tf.cast(value, tf.float32) if value.dtype == tf.bool else value)
        return values

    return tf.function(run, jit_compile=True, autograph=False)


@pytest.mark.filterwarnings("ignore")
def test_compiled_calls_agree() -> None:
    wrong: list[str] = []
    for group in groups():
        flows: dict[int, bool] = {}
        function = compiled(group, flows)
        for column in range(ORDINARY):
            for case, value in zip(group, function(*group[0].column(column)), strict=True):
                want, tolerance = case.node.columns.single[column], case.spelling.entry.operation.tolerance
                got = np.unique(np.real(np.asarray(value)).astype("float64"))
                if want == want and not any(agrees(float(x), want, max(tolerance, 1), 5 if tolerance else 1) for x in got):
                    wrong.append(f"{case.text}, column {column + 1}: {want!r}, compiled it is {got[:4]}")
        for index, case in enumerate(group):
            told = case.node.gradient is Gradient.FLOWS
            if told and not flows[index] and "gradient" not in case.form.unknown and Seen(case).flows is not None:
                wrong.append(f"{case.text}: no gradient where one is claimed")
    assert not wrong, "\n" + "\n".join(wrong)
