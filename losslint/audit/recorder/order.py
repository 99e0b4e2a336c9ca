"""The rows that an epoch trained on, found again in the user's data: where they are the same, the model runs over them once."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf


def places(wanted: Any, there: Any) -> Any:
    """For each row of some data, the place of an equal row in others.

    Parameters
    ----------
    wanted, there
        Nested tensors with the rows first.

    Returns
    -------
    numpy.ndarray or None
        int64, of shape (rows,); None where they do not hold the same rows, each as often, bit for bit (as far as 64 bits of hash tell).
    """
    (kind, rows), (other, others) = _rows(wanted), _rows(there)
    if not kind or kind != other or len(rows) != len(others):
        return None
    first, second = np.argsort(rows, kind="stable"), np.argsort(others, kind="stable")
    if not np.array_equal(rows[first], others[second]):
        return None
    found: Any = np.empty(len(rows), np.int64)
    found[first] = second
    return found


def _rows(data: Any) -> tuple[tuple[Any, ...], Any]:
    """What each part of a row is, and a hash of each row; nothing where they are no numbers."""
    leaves = tf.nest.flatten(data)
    if not all(isinstance(leaf, tf.Tensor) and leaf.dtype != tf.string for leaf in leaves):
        return (), np.empty(0)
    arrays = [np.ascontiguousarray(leaf.numpy()) for leaf in leaves]
    hashes = [hash(tuple(part.tobytes() for part in row)) for row in zip(*arrays)]
    return tuple((array.dtype, array.shape[1:]) for array in arrays), np.array(hashes, np.int64)
