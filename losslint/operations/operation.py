"""What an entry of the op catalogue says. Entries are data; the meaning of a kind lives in `losslint.analysis.transfer`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from msgspec import Struct


class Kind(Enum):
    """The class of an operation: supplies the default scaling, gradient and origin of its result."""

    ELEMENTWISE = "elementwise"  # broadcasts its tensor operands; one output element for each
    ACTIVATION = "activation"  # keeps the shape, mixes elements along an axis (softmax, l2_normalize, cumsum)
    REDUCTION = "reduction"  # removes the axes named by `axis` (all of them without)
    CONTRACTION = "contraction"  # matmul, dot, tensordot, einsum, batch_dot
    SHAPE = "shape"  # moves elements about: reshape, transpose, concat, stack, slice, gather, tile …
    SIZE = "size"  # reads a shape: shape, size, rank, ndim, int_shape
    CREATION = "creation"  # makes a tensor from settings: constant, zeros, ones_like, range, random, Variable
    SELECTION = "selection"  # where, cond, switch, boolean_mask
    CAST = "cast"  # changes the dtype
    LOSS = "loss"  # a framework loss: numerically safe, a known shape
    GRADIENT = "gradient"  # gradients of a value with respect to others
    IDENTITY = "identity"  # passes its first operand on (identity, convert_to_tensor, Print, check_numerics)
    MAPPING = "mapping"  # calls a function on pieces: map_fn, vectorized_map, scan, while_loop
    EFFECT = "effect"  # a statement in the form of a call: print, assert, summary; its value is of no interest
    LAYER = "layer"  # an operation on whole images, signals or matrices: the batch axis is kept, differentiable
    DISTRIBUTION = "distribution"  # a probability distribution, or what a method of one gives
    OPAQUE = "opaque"  # known by name, nothing claimed of its result


class Degree(Enum):
    """How an elementwise operation maps the degree (power of the batch size) of its operand's elements."""

    KEEP = "keep"  # abs, negative, real
    FIRST = "first"  # xlogy: the logarithm of the second grows by no power
    UNION = "union"  # add, subtract, maximum: the parts of all operands
    PRODUCT = "product"  # multiply: pairwise sums
    QUOTIENT = "quotient"  # divide
    DOUBLE = "double"  # square
    HALVE = "halve"  # sqrt
    NEGATE = "negate"  # reciprocal
    NEGATE_HALF = "negate_half"  # rsqrt
    POWER = "power"  # pow: times the exponent
    ZERO = "zero"  # bounded or logarithmic: log, sigmoid, comparisons
    ZERO_STAYS = "zero_stays"  # exp, softplus: 0 stays 0, else unknown
    UNKNOWN = "unknown"


class Flow(Enum):
    """What an operation does to a gradient that would pass through it."""

    FLOWS = "flows"
    BLOCKED = "blocked"  # TensorFlow's gradient is None
    ZERO = "zero"  # registered, but 0 everywhere (sign, where's condition)


class Pole(Struct, frozen=True):
    """A value of an operand at which the operation, or its gradient, is not finite."""

    at: float | None  # None: all elements alike, whatever they are
    value: float  # what TensorFlow returns there (sign aside)
    gradient: float  # what its tape returns there for an arriving gradient of 1
    operand: int = 0
    others: tuple[float, float] | None = None  # open interval: it is a pole only where the other operand lies inside
    quiet: bool = False  # eager mode gives 0 where the arriving gradient is exactly 0; XLA gives NaN like everything else


class Operation(Struct, frozen=True):
    """One canonical operation.

    Parameters
    ----------
    name
        Canonical name, the only one that rules and the interpreter use.
    kind
        Class of the operation.
    parameters
        Canonical parameter names in positional order, separated by blanks; tensor operands come first.
    operands
        How many of the parameters are tensor operands.
    spellings
        Every spelling, separated by blanks, in the canonical namespaces ``tf`` ``K`` ``keras`` ``ops`` ``np`` ``tfp`` ``math``
        (`losslint.operations.namespaces`); a method is spelt ``.name``. A spelling whose positional order differs from
        `parameters` gives its own: ``tf.where_v2(condition,x,y)``.
    column
        The result for one element of uniform operands, in double precision, from the operands' values. ``None``: not a function of them.
        For an ACTIVATION or REDUCTION it gets ``(x, n)`` with ``n`` the number of elements reduced.
    degree
        For elementwise operations, see `Degree`; for reductions what it does along the removed axes is `along`.
    along
        Reductions and activations: the factor of the removed axes' power that is added to the degree (sum 1, mean 0, norm ½ …);
        ``None`` unknown, unless nothing grows.
    flow
        What happens to gradients.
    poles
        Where value or gradient is not finite.
    flat
        For each operand, whether the derivative with respect to it is exactly 0 at given operand values: what arrives there
        from above goes no further. ``None``: nowhere.
    tolerance
        Units in the last place by which TensorFlow's float32 kernel may differ from the column, 0: exact.
    aliases
        Extra keyword names: ``"input_tensor=x dim=axis"`` (beside `losslint.operations.catalogue.KEYWORDS`).
    """

    name: str
    kind: Kind
    parameters: str = "x"
    spellings: str = ""
    operands: int = 1
    column: Callable[..., float] | None = None
    degree: Degree = Degree.KEEP
    along: float | None = None
    flow: Flow = Flow.FLOWS
    poles: tuple[Pole, ...] = ()
    flat: Callable[..., tuple[bool, ...]] | None = None
    tolerance: int = 8
    aliases: str = ""
    activation: bool = False  # saturates in float32 at +-100: its ends are legal values
    random: bool = False
    default_axis: int | None = None  # the axis where none is given; None: all of them
    shape: str = ""  # what is left of the axes, in the words of the kind's transfer function
