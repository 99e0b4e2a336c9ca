"""The batches that an epoch really trained on, kept without changing what the training sees."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import tensorflow as tf

BUDGET = 256 << 20  # bytes


class Batches:
    """The batches of the running epoch, all of them or, beyond the budget, a sample (a reservoir) of them.

    Attributes
    ----------
    kept
        Pairs of inputs and targets.
    seen
        How many batches there were.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self.budget, self.size, self.seen = budget, 0, 0
        self.kept: list[tuple[Any, Any]] = []
        self.random = random.Random(0)  # of our own: the script's streams stay untouched

    @property
    def sampled(self) -> bool:
        """Whether some are missing."""
        return self.seen > len(self.kept)

    def reset(self) -> None:
        """Begin an epoch."""
        self.kept, self.size, self.seen = [], 0, 0

    def add(self, x: Any, y: Any) -> None:
        """Keep one batch, or, when the budget is used up, let it take the place of another by chance."""
        self.seen += 1
        size = sum(int(tf.size(leaf)) * leaf.dtype.size for leaf in tf.nest.flatten((x, y)) if tf.is_tensor(leaf))
        if self.size + size <= self.budget:
            self.kept.append((x, y))
            self.size += size
        elif self.kept:
            place = self.random.randrange(self.seen)
            if place < len(self.kept):
                self.kept[place] = (x, y)


def teed(function: Callable[[Any], Any], add: Callable[[Any], None]) -> Callable[[Any], Any]:
    """A train function that sees the same batches, of the same declared shapes, and tells each to `add`.

    The iterator that it hands on is one of our own with the same element type: the step is traced as it would have been.
    """
    made: list[Any] = [None, None]

    def train(iterator: Any) -> Any:
        if not isinstance(iterator, tf.data.Iterator) or not _simple(iterator.element_spec):
            return function(iterator)
        if made[0] is not iterator:
            made[:] = [iterator, iter(_passing(iterator, add))]
        return function(made[1])

    return train


def _passing(iterator: Any, add: Callable[[Any], None]) -> Any:
    """A dataset that takes its elements from an iterator when they are asked for, and not before."""
    spec = iterator.element_spec

    def elements() -> Any:
        for element in iterator:
            add(element)
            yield tuple(tf.nest.flatten(element))

    flat = tuple(tf.nest.flatten(spec))
    data = tf.data.Dataset.from_generator(elements, output_signature=flat)
    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    options.experimental_optimization.inject_prefetch = False
    return data.map(lambda *leaves: tf.nest.pack_sequence_as(spec, leaves)).with_options(options)


def _simple(spec: Any) -> bool:
    """Whether all parts of an element are plain tensors."""
    return all(isinstance(leaf, tf.TensorSpec) for leaf in tf.nest.flatten(spec))
