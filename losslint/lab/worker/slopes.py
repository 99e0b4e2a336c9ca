"""Derivatives of one call: as automatic differentiation gives them, and as differences of its values show them."""

from __future__ import annotations

from typing import Any, Callable, List, Tuple

import numpy as np
import tensorflow as tf

MOST_ELEMENTS = 24  # of each operand
EXACT, COARSE = 1e-5, 1e-2  # steps for a call that returns float64, and for one that returns less
WEAK = 1e-3


def slopes(call: Callable[..., Any], operands: List[Any]) -> List[Tuple[bool, List[List[float]]]]:
    """The derivatives of a call by some elements of its operands.

    Parameters
    ----------
    call
        Takes the operands and returns one value, or nested ones; the same for the same operands.
    operands
        Those that are float tensors are differentiated by.

    Returns
    -------
    list
        For each of them whether it is what the call returns, and for each element the registered derivative, that for
        a gradient of a thousandth and for one of the other sign, both scaled back, and two differences.
    """
    first = _floats(call(*operands))
    chance = np.random.RandomState(0)
    weights = [tf.constant(chance.uniform(0.5, 1.5, value.shape), value.dtype) for value in first]
    step = EXACT if all(value.dtype == tf.float64 for value in first) else COARSE

    def total(number: int, operand: Any) -> float:
        returned = _floats(call(*operands[:number], operand, *operands[number + 1 :]))
        return float(sum(tf.reduce_sum(tf.cast(v * w, tf.float64)).numpy() for v, w in zip(returned, weights)))

    found: List[Tuple[bool, List[List[float]]]] = []
    for number, operand in enumerate(operands):
        if not (isinstance(operand, tf.Tensor) and operand.dtype.is_floating and operand.shape.num_elements()):
            continue
        registered = [_registered(call, operands, number, weights, scale) for scale in (1.0, WEAK, -1.0)]
        if any(part is None for part in registered):
            continue
        values = operand.numpy()
        rows = []
        for place in chance.permutation(values.size)[:MOST_ELEMENTS]:
            row = [float(part.reshape(-1)[place]) for part in registered]
            for width in (step, step / 2):
                far = width * max(1.0, abs(float(values.reshape(-1)[place])))
                above, below = (total(number, _moved(values, place, by)) for by in (far, -far))
                row.append((above - below) / (2 * far))
            rows.append(row)
        same = any(value.shape == operand.shape and np.array_equal(value.numpy(), values) for value in first)
        found.append((same, rows))
    return found


def _moved(values: Any, place: int, by: float) -> Any:
    """A tensor with one element moved."""
    moved = values.copy()
    moved.reshape(-1)[place] += by
    return tf.constant(moved)


def _floats(returned: Any) -> List[Any]:
    return [value for value in tf.nest.flatten(returned) if isinstance(value, tf.Tensor) and value.dtype.is_floating]


def _registered(call: Callable[..., Any], operands: List[Any], number: int, weights: List[Any], scale: float) -> Any:
    """The registered derivative by one operand, for weights scaled by a number and divided by it again; None if there is none."""
    with tf.GradientTape() as tape:
        tape.watch(operands[number])
        returned = _floats(call(*operands))
    found = tape.gradient(returned, operands[number], output_gradients=[weight * scale for weight in weights])
    return None if found is None else tf.convert_to_tensor(found).numpy() / scale
