"""The batches that an epoch really trained on, kept without changing what the training sees."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import tensorflow as tf

BUDGET = 256 << 20  # bytes
SELDOM = 16  # calls of the train function


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
        size = sum(leaf.shape.num_elements() * leaf.dtype.size for leaf in _tensors((x, y)))
        if self.size + size <= self.budget:
            self.kept.append((x, y))
            self.size += size
        elif self.kept:
            place = self.random.randrange(self.seen)
            if place < len(self.kept):
                self.kept[place] = (x, y)


class Tee:
    """A train function that sees the same batches, of the same declared shapes, and keeps each for us.

    The iterator that it hands on is one of our own with the same element type: the step is traced as it would have been. The batches
    come to us through a queue that TensorFlow fills, and are taken out of it now and then, so that no step waits for Python.
    """

    def __init__(self, function: Callable[[Any], Any], add: Callable[[Any], None], fail: Callable[[Exception], None]) -> None:
        self.function, self.add, self.fail = function, add, fail
        self.source: Any = None
        self.iterator: Any = None
        self.queue: Any = None
        self.calls = 0

    def __call__(self, iterator: Any) -> Any:
        """Run the steps of one call."""
        if not isinstance(iterator, tf.data.Iterator) or not _simple(iterator.element_spec):
            return self.function(iterator)
        if self.source is not iterator:
            self.drain()
            self.source = iterator
            self.queue = tf.queue.FIFOQueue(-1, [leaf.dtype for leaf in _tensors(iterator.element_spec)])
            self.iterator = iter(_passing(iterator, self.queue))
        self.calls += 1
        if self.calls % SELDOM == 0:
            try:
                self.drain()
            except Exception as error:  # an audit that fails never ends the training
                self.fail(error)
        return self.function(self.iterator)

    def drain(self) -> None:
        """Take what has come."""
        for _ in range(int(self.queue.size()) if self.queue is not None else 0):
            leaves = self.queue.dequeue()
            leaves = leaves if isinstance(leaves, list) else [leaves]
            self.add(tf.nest.pack_sequence_as(self.source.element_spec, leaves, expand_composites=True))


def _passing(iterator: Any, queue: Any) -> Any:
    """A dataset that takes its elements from an iterator when they are asked for, and not before, and puts each into a queue too."""

    def taken(number: Any) -> Any:
        return iterator.get_next_as_optional()

    def there(element: Any) -> Any:
        return element.has_value()

    def kept(element: Any) -> Any:
        value = element.get_value()
        with tf.control_dependencies([queue.enqueue(_tensors(value))]):
            return tf.nest.map_structure(tf.identity, value)

    options = tf.data.Options()
    options.autotune.enabled = False
    options.experimental_optimization.apply_default_optimizations = False
    options.experimental_optimization.inject_prefetch = False
    taken, there, kept = (tf.autograph.experimental.do_not_convert(function) for function in (taken, there, kept))
    return tf.data.Dataset.range(2**62).map(taken).take_while(there).map(kept).with_options(options)


def _simple(spec: Any) -> bool:
    """Whether all parts of an element are tensors, or ragged or sparse ones, which are made of them."""
    return all(isinstance(leaf, tf.TensorSpec) for leaf in _tensors(spec))


def _tensors(structure: Any) -> list[Any]:
    """The tensors that a structure is made of, those of ragged and sparse ones too; or their specifications."""
    return tf.nest.flatten(structure, expand_composites=True)  # type: ignore[no-any-return]
