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
    """A train function that sees the same batches, and keeps each for us.

    The step takes them from an iterator that puts each into a queue, outside of what is compiled by XLA and beside the step itself; out
    of the queue they are taken now and then, so that no step waits for Python.
    """

    def __init__(self, function: Callable[[Any], Any], add: Callable[[Any], None], fail: Callable[[Exception], None]) -> None:
        self.function, self.add, self.fail = function, add, fail
        self.spec: Any = None
        self.queue: Any = None
        self.calls = 0

    def __call__(self, iterator: Any) -> Any:
        """Run the steps of one call."""
        if not isinstance(iterator, tf.data.Iterator) or not _simple(iterator.element_spec):
            return self.function(iterator)
        if self.spec != iterator.element_spec:
            self.drain()
            self.spec = iterator.element_spec
            self.queue = tf.queue.FIFOQueue(-1, [leaf.dtype for leaf in _tensors(self.spec)])
        self.calls += 1
        if self.calls % SELDOM == 0:
            try:
                self.drain()
            except Exception as error:  # an audit that fails never ends the training
                self.fail(error)
        return self.function(_Tapped(iterator, self.queue.queue_ref))

    def drain(self) -> None:
        """Take what has come."""
        for _ in range(int(self.queue.size()) if self.queue is not None else 0):
            leaves = self.queue.dequeue()
            leaves = leaves if isinstance(leaves, list) else [leaves]
            self.add(tf.nest.pack_sequence_as(self.spec, leaves, expand_composites=True))


class _Tapped(tf.data.Iterator):  # type: ignore[misc]
    """An iterator that also puts what is taken from it into a queue; eager, and in a compiled function."""

    def __init__(self, inner: Any, queue: Any) -> None:
        self.inner, self.queue = inner, queue

    @property
    def element_spec(self) -> Any:
        return self.inner.element_spec

    @property
    def _type_spec(self) -> Any:
        return _TappedSpec(tf.type_spec_from_value(self.inner))

    def get_next(self) -> Any:
        return self._kept(self.inner.get_next())

    def get_next_as_optional(self) -> Any:
        optional = self.inner.get_next_as_optional()

        def keep() -> Any:
            self._kept(optional.get_value())
            return ()

        tf.cond(optional.has_value(), keep, tuple)
        return optional

    def __next__(self) -> Any:
        return self._kept(next(self.inner)) if tf.executing_eagerly() else self.get_next()

    def _kept(self, element: Any) -> Any:
        tf.raw_ops.QueueEnqueueV2(handle=self.queue, components=_tensors(element))
        return element


class _TappedSpec(tf.TypeSpec):  # type: ignore[misc]
    """What a compiled function has to know of a `_Tapped`."""

    value_type = _Tapped

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    @property
    def _component_specs(self) -> Any:
        return self.inner, tf.TensorSpec([], tf.resource)

    def _to_components(self, value: Any) -> Any:
        return value.inner, value.queue

    def _from_components(self, components: Any) -> Any:
        return _Tapped(*components)

    def _serialize(self) -> Any:
        return (self.inner,)


def _simple(spec: Any) -> bool:
    """Whether all parts of an element are tensors, or ragged or sparse ones, which are made of them."""
    return all(isinstance(leaf, tf.TensorSpec) for leaf in _tensors(spec))


def _tensors(structure: Any) -> list[Any]:
    """The tensors that a structure is made of, those of ragged and sparse ones too; or their specifications."""
    return tf.nest.flatten(structure, expand_composites=True)  # type: ignore[no-any-return]
