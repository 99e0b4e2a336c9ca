"""The catalogue against TensorFlow itself: columns, gradients at poles, degrees, blocked gradients, in eager and XLA."""

from __future__ import annotations

import itertools
import math

import pytest
from agreement import agrees
from hypothesis import given, settings
from hypothesis import strategies as st
from spellings import spellings

from losslint.operations.catalogue import OPERATIONS
from losslint.operations.float32 import round16, round32
from losslint.operations.operation import Kind, Operation

pytestmark = pytest.mark.tensorflow
INF = math.inf
ORDINARY = (0.0, 1.0, 0.5, -0.5, 2.0, -1.0, 1e-7, 1e-8, 100.0, -100.0, 3.5)
EDGES = (INF, -INF, 1e-40, -1e-40, 3e38, -3e38, 89.0, -104.0)
LOGICAL = {"logical_and", "logical_or", "logical_xor", "logical_not"}


@pytest.fixture(scope="module")
def tf():
    import tensorflow

    return tensorflow


def functions(operation: Operation) -> list:
    """The functions that TensorFlow and Keras have for an operation, the first of each namespace."""
    found = {}
    for spelling in spellings(operation):
        if spelling.space in ("tf", "K", "keras") and "numpy" not in spelling.written and "layers" not in spelling.written:
            found.setdefault(spelling.written.rpartition(".")[0], spelling.function)
    return list(found.values())


WITH_COLUMN = [o for o in OPERATIONS if o.kind is Kind.ELEMENTWISE and o.column is not None and o.spellings and o.name not in {"logaddexp"}]
IDS = {"ids": lambda o: o.name}


def value(tf, function, operands, dtype, logical: bool) -> float:
    given = [tf.fill([16], tf.constant(o, dtype)) for o in operands]
    if logical:
        given = [tf.cast(g, tf.bool) for g in given]
    return float(tf.cast(tf.convert_to_tensor(function(*given)), tf.float64)[0])


def expected(operation: Operation, operands, rounding) -> float:
    assert operation.column is not None
    return rounding(operation.column(*map(rounding, operands)))


@pytest.mark.parametrize("operation", WITH_COLUMN, **IDS)
def test_columns_are_tensorflows_values(tf, operation):
    points = ORDINARY + EDGES if operation.operands == 1 else ORDINARY
    others = (0.5, 1.0, 0.0, -1.0, 2.0)
    for function in functions(operation)[:3]:
        for x in points:
            rows = [(x,)] if operation.operands == 1 else [(x, y) for y in others] if operation.operands == 2 else [(x, 0.25, 0.75)]
            for row in rows:
                if operation.name in LOGICAL:
                    row = tuple(float(v != 0) for v in row)
                want = expected(operation, row, round32)
                if math.isnan(want):
                    continue  # unknown, or TensorFlow's own NaN: no rule fires on it
                got = value(tf, function, row, "float32", operation.name in LOGICAL)
                assert agrees(got, want, operation.tolerance), f"{operation.name}{row}: TensorFlow {got!r}, column {want!r}"


@pytest.mark.parametrize("operation", [o for o in WITH_COLUMN if o.name not in LOGICAL], **IDS)
def test_columns_in_float16(tf, operation):
    """Exact operations are exact; the others are off by a few steps of float16, and by none at their poles and where they saturate."""
    others = (0.5, 1.0, -1.0, 2.0)
    for function in functions(operation)[:1]:
        for x in (0.0, 1.0, 0.5, -0.5, 2.0, 1e-4, 100.0):
            rows = [(x,)] if operation.operands == 1 else [(x, y) for y in others] if operation.operands == 2 else [(x, 0.25, 0.75)]
            for row in rows:
                want = expected(operation, row, round16)
                if math.isnan(want):
                    continue
                got = value(tf, function, row, "float16", False)
                step = 2.0 ** max(math.frexp(want)[1] - 11, -24) if math.isfinite(want) else 0.0
                steps = 0 if operation.tolerance == 0 else max(operation.tolerance // 2, 4)
                assert got == want or abs(got - want) <= steps * step, f"{operation.name}{row}: TensorFlow {got!r}, column {want!r}"


@settings(max_examples=60, deadline=None)
@given(x=st.floats(-50, 50, width=32), y=st.floats(-50, 50, width=32))
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "maximum", "minimum"])
def test_arithmetic_is_exact(tf, name, x, y):
    operation = next(o for o in OPERATIONS if o.name == name)
    want = expected(operation, (x, y), round32)
    got = value(tf, functions(operation)[0], (x, y), "float32", False)
    same_zero = name == "divide" and y == 0  # TensorFlow keeps the sign of a zero divisor only sometimes; both are infinite
    assert got == want or (math.isnan(got) and math.isnan(want)) or (same_zero and math.isinf(got) == math.isinf(want))


POLES = [(o, pole) for o in OPERATIONS for pole in o.poles if functions(o) and o.kind in (Kind.ELEMENTWISE, Kind.REDUCTION)]


def around(pole, operation):
    """Operands that put an operation at its pole, and the function of the one that is at it."""
    at = 0.5 if pole.at is None else pole.at
    low, high = pole.others or (1.0, 3.0)
    other = max(min((low + high) / 2, high - 1.5), low + 0.5) if math.isfinite(low + high) else -1.0
    operands = [other] * operation.operands
    operands[pole.operand] = at
    return operands


@pytest.mark.parametrize(("operation", "pole"), POLES, ids=[f"{o.name}{'' if p.at is None else f'{p.at:g}'}" for o, p in POLES])
def test_poles(tf, operation, pole):
    """At a pole value and gradient are what the entry says; a quiet one returns 0 for an arriving 0 in eager mode, never under XLA."""
    if operation.name == "root":
        return  # Keras 3's own K.sqrt is no longer that of the entry
    for function in functions(operation)[:1]:
        operands = around(pole, operation)

        def run(arriving, function=function, operands=operands):
            given_ = [tf.constant([v, v] if operation.kind is Kind.REDUCTION else v, tf.float32) for v in operands]
            if operation.name == "global_norm":
                given_ = [tf.unstack(given_[0])]
            with tf.GradientTape() as tape:
                tape.watch(given_)
                y = function(*given_)
            gradient = tape.gradient(y, given_[pole.operand], output_gradients=arriving * tf.ones_like(y))
            return y, tf.reshape(tf.stack(gradient) if isinstance(gradient, list) else gradient, [-1])[0]

        for xla in (False, True):
            mode = tf.function(run, jit_compile=True) if xla else run
            got, gradient = mode(tf.constant(1.0))
            assert agrees(abs(float(got)), abs(round32(pole.value)), 8)
            assert not math.isfinite(float(gradient))
            stopped = float(mode(tf.constant(0.0))[1])
            assert stopped == 0.0 if pole.quiet and not xla else math.isnan(stopped), (xla, stopped)


@pytest.mark.parametrize("operation", [o for o in WITH_COLUMN if o.flat], **IDS)
def test_flat_derivatives_are_exactly_0(tf, operation):
    """Where an entry says that nothing goes on to an operand, the tape gives 0 there; and somewhere it does go on."""
    assert operation.flat is not None
    steps = (-1.0, 0.0, 0.5, 1.0, 2.0)
    moved = [False] * operation.operands
    for function in functions(operation)[:1]:
        for row in itertools.product(steps, repeat=operation.operands):
            flat = operation.flat(*row)
            given_ = [tf.constant(v, tf.float32) for v in row]
            with tf.GradientTape() as tape:
                tape.watch(given_)
                y = function(*given_)
            for index, gradient in enumerate(tape.gradient(y, given_)):
                if flat[index]:
                    assert gradient is None or float(gradient) == 0.0, row
                else:
                    moved[index] = moved[index] or (gradient is not None and float(gradient) != 0.0)
        assert moved[0]
