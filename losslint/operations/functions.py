"""Column functions: what an operation gives for one element, in double precision, by IEEE rules. None of them raises.

NaN stands for "not known" in a column, so a comparison with NaN is NaN, and a logical operation is known where one
operand decides it.
"""

from __future__ import annotations

import math
from collections.abc import Callable

NAN, INF = math.nan, math.inf


def guarded(function: Callable[[float], float], overflow: float = INF) -> Callable[[float], float]:
    """A function of `math` that gives NaN outside its domain and `overflow` beyond the largest double."""

    def column(x: float) -> float:
        try:
            return float(function(x))
        except ValueError:
            return NAN
        except OverflowError:
            return overflow

    return column


def add(x: float, y: float) -> float:
    return x + y


def subtract(x: float, y: float) -> float:
    return x - y


def multiply(x: float, y: float) -> float:
    return x * y


def divide(x: float, y: float) -> float:
    if y == 0:
        return NAN if x == 0 or x != x else math.copysign(INF, x) * math.copysign(1.0, y)
    return x / y


def divide_no_nan(x: float, y: float) -> float:
    return 0.0 if y == 0 else divide(x, y)


def zero_kept(x: float) -> float:
    """A linear operation with weights that are not known: only 0 is 0 under all of them."""
    return 0.0 if x == 0 else NAN


def kept(x: float) -> float:
    """The mean or the largest of elements that are all alike."""
    return x


def change(x: float) -> float:
    """What changes from one element to the next, where all are alike."""
    return 0.0 if math.isfinite(x) else NAN


def floordiv(x: float, y: float) -> float:
    quotient = divide(x, y)
    return float(math.floor(quotient)) if math.isfinite(quotient) else quotient


def mod(x: float, y: float) -> float:
    if y == 0 or not math.isfinite(x) or y != y:
        return NAN
    return x % y


def pow_(x: float, y: float) -> float:
    if y == 0:
        return 1.0
    try:
        result = math.pow(x, y)
    except OverflowError:
        return INF
    except ValueError:
        return INF if x == 0 else NAN
    return result


def cube_root(x: float) -> float:
    return math.cbrt(x)


def hypotenuse(x: float, y: float) -> float:
    return math.hypot(x, y) if squarable(x) and squarable(y) else NAN


def hard_tanh(x: float) -> float:
    return clip(x, -1.0, 1.0)


def hard_swish(x: float) -> float:
    return x * relu6(x + 3.0) / 6.0


def mish(x: float) -> float:
    return x * math.tanh(softplus(x))


def square(x: float) -> float:
    return x * x


def squarable(x: float) -> bool:
    """Whether the square of a number, which roots of sums are made of, is neither too large nor too small for float32."""
    return x == 0 or 1e-18 < abs(x) < 1e18


def sqrt(x: float) -> float:
    return math.sqrt(x) if x >= 0 else NAN


def rsqrt(x: float) -> float:
    return divide(1.0, x if x == 0 else sqrt(x))


def reciprocal(x: float) -> float:
    return divide(1.0, x)


def log(x: float) -> float:
    return math.log(x) if x > 0 else (-INF if x == 0 else NAN)


def log1p(x: float) -> float:
    return math.log1p(x) if x > -1 else (-INF if x == -1 else NAN)


def log2(x: float) -> float:
    return math.log2(x) if x > 0 else (-INF if x == 0 else NAN)


def log10(x: float) -> float:
    return math.log10(x) if x > 0 else (-INF if x == 0 else NAN)


exp = guarded(math.exp)
expm1 = guarded(math.expm1)
cosh = guarded(math.cosh)
lgamma = guarded(math.lgamma)


def sinh(x: float) -> float:
    return guarded(math.sinh, math.copysign(INF, x))(x)


def logaddexp(x: float, y: float) -> float:
    high = maximum(x, y)
    return high if math.isinf(high) else high + math.log(exp(x - high) + exp(y - high))


def sigmoid(x: float) -> float:
    if x >= 0:
        return 1.0 / (1.0 + exp(-x))
    raised = exp(x)
    return raised / (1.0 + raised)


def softplus(x: float) -> float:
    return log1p(exp(-abs(x))) + max(x, 0.0) if x == x else NAN


def log_sigmoid(x: float) -> float:
    return -softplus(-x)


def relu(x: float) -> float:
    return x if x > 0 or x != x else 0.0


def relu6(x: float) -> float:
    return min(relu(x), 6.0) if x == x else NAN


def leaky_relu(x: float, alpha: float = 0.2) -> float:
    return x if x > 0 else alpha * x


def elu(x: float) -> float:
    return x if x > 0 else expm1(x)


def selu(x: float) -> float:
    return 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * expm1(x))


def gelu(x: float) -> float:
    return 0.5 * x * (1.0 + math.erf(x / math.sqrt(2.0)))


def swish(x: float) -> float:
    return x * sigmoid(x)


def softsign(x: float) -> float:
    return NAN if math.isinf(x) else x / (1.0 + abs(x))


def hard_sigmoid(x: float) -> float:
    return min(max(x / 6.0 + 0.5, 0.0), 1.0) if x == x else NAN


def sign(x: float) -> float:
    return NAN if x != x else float((x > 0) - (x < 0))


def nearest(x: float) -> float:
    return math.copysign(float(round(x)), x) if math.isfinite(x) else x


def floor(x: float) -> float:
    return math.copysign(float(math.floor(x)), x) if math.isfinite(x) else x


def ceil(x: float) -> float:
    return math.copysign(float(math.ceil(x)), x) if math.isfinite(x) else x


def truncate(x: float) -> float:
    return math.copysign(float(math.trunc(x)), x) if math.isfinite(x) else x


def maximum(x: float, y: float) -> float:
    return NAN if x != x or y != y else max(x, y)


def minimum(x: float, y: float) -> float:
    return NAN if x != x or y != y else min(x, y)


def clip(x: float, low: float, high: float) -> float:
    """As `clip_by_value`: the upper bound first, then the lower; beyond one bound the other, not known, does not matter."""
    if high != high and x <= low:
        return low
    if low != low and x >= high:
        return high
    return maximum(minimum(x, high), low)


def squared_difference(x: float, y: float) -> float:
    return (x - y) * (x - y)


def xlogy(x: float, y: float) -> float:
    return 0.0 if x == 0 else x * log(y)


def xlog1py(x: float, y: float) -> float:
    return 0.0 if x == 0 else x * log1p(y)


def xdivy(x: float, y: float) -> float:
    return 0.0 if x == 0 else divide(x, y)


def compare(test: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    """A comparison whose result is not known where an operand is not."""
    return lambda x, y: NAN if x != x or y != y else float(test(x, y))


def logical_and(x: float, y: float) -> float:
    if x == 0 or y == 0:
        return 0.0
    return NAN if x != x or y != y else 1.0


def logical_or(x: float, y: float) -> float:
    if (x == x and x != 0) or (y == y and y != 0):
        return 1.0
    return NAN if x != x or y != y else 0.0


def logical_xor(x: float, y: float) -> float:
    return NAN if x != x or y != y else float((x != 0) != (y != 0))


def logical_not(x: float) -> float:
    return NAN if x != x else float(x == 0)


def where(condition: float, x: float, y: float) -> float:
    if condition != condition:
        return x if x == y else NAN
    return x if condition else y


def total(x: float, n: int) -> float:
    return x * n + 0.0  # which is no -0


def product(x: float, n: int) -> float:
    return pow_(x, float(n))


def same(x: float, n: int) -> float:
    return x


def nothing(x: float, n: int) -> float:
    return x - x


def kept_at_zero(x: float, n: int) -> float:
    """What a running sum of equal numbers is everywhere, where it is the same everywhere."""
    return x if x == 0 else NAN


def kept_at_one(x: float, n: int) -> float:
    """The same of a running product."""
    return x if x in (0, 1) else NAN


def length(x: float, n: int) -> float:
    return abs(x) * math.sqrt(n) if squarable(x) else NAN


def log_of_sum(x: float, n: int) -> float:
    return x + math.log(n)


def nonzeros(x: float, n: int) -> float:
    return NAN if x != x else float(n if x != 0 else 0)


def half_of_squares(x: float, n: int) -> float:
    return 0.5 * n * x * x


def share(x: float, n: int) -> float:
    """Softmax of equal elements."""
    return 1.0 / n if math.isfinite(x) else NAN


def log_share(x: float, n: int) -> float:
    return -math.log(n) if math.isfinite(x) else NAN


def direction(x: float, n: int) -> float:
    """An element of a normalised vector of equal elements; a vector of zeros stays as it is."""
    return NAN if not squarable(x) else 0.0 if x == 0 else math.copysign(1.0 / math.sqrt(n), x)


def unit(x: float, n: int) -> float:
    """An element of a normalised vector of equal elements; TensorFlow's floor of 1e-12 under the squared norm."""
    return x / math.sqrt(max(n * x * x, 1e-12)) if abs(x) < 1 or squarable(x) else NAN


# --- where a derivative is exactly 0, operand by operand ---------------------------------------------------------------


def zero(x: float) -> tuple[bool, ...]:
    return (x == 0,)


def not_positive(x: float) -> tuple[bool, ...]:
    return (x <= 0,)


def zero_crossed(x: float, y: float) -> tuple[bool, ...]:
    return y == 0, x == 0


def zero_first(x: float, y: float) -> tuple[bool, ...]:
    return False, x == 0


def zero_divided(x: float, y: float) -> tuple[bool, ...]:
    return False, x == 0 and y != 0


def zero_raised(x: float, y: float) -> tuple[bool, ...]:
    return x == 0 and y > 1, False


def alike(x: float, y: float) -> tuple[bool, ...]:
    return x == y, x == y


def smaller(x: float, y: float) -> tuple[bool, ...]:
    return x < y, y < x


def larger(x: float, y: float) -> tuple[bool, ...]:
    return x > y, y > x


def outside(x: float, low: float, high: float) -> tuple[bool, ...]:
    return x < low or x > high, False, False
