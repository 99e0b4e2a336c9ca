"""Expressions in the inputs that many forms use."""

from __future__ import annotations

from forms import P, T

INTS = f"tf.cast({P} * 4, tf.int32)"
LOGICAL, EITHER = f"{P} > 0.5", f"{T} > 0.5"
CUBE, SQUARE, PLANE, VOLUME, SIGNAL = "B, 4, 3", "B, 3, 3", "B, 8, 8, 3", "B, 4, 4, 4, 2", "B, 16"
LABELS = f"tf.argmax({T}, -1)"
SPD = f"(tf.eye(3) * 3.0 + {P} + tf.transpose({P}, [0, 2, 1]))"  # symmetric, positive definite
MATRICES = f"tf.matmul({P}, {T}, transpose_b=True)"
ROW, KERNEL = f"{P}[:, 0]", "tf.ones([2, 2, 3, 5])"
NUMPY = r"^np|numpy"
