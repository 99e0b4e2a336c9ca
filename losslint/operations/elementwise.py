"""Elementwise operations: arithmetic, comparisons, rounding, special functions, casts."""

from __future__ import annotations

import math

from losslint.operations import functions as f
from losslint.operations.operation import Degree, Flow, Kind, Operation, Pole
from losslint.operations.spelling import each

INF, NAN = math.inf, math.nan
E = Kind.ELEMENTWISE


def _compared(name: str, spellings: str, column: object) -> Operation:
    return Operation(name, E, "x y", spellings, 2, column, Degree.ZERO, flow=Flow.BLOCKED, tolerance=0)  # type: ignore[arg-type]


ARITHMETIC = (
    Operation("add", E, "x y", each("tf ops np keras.layers", "add"), 2, f.add, Degree.UNION, tolerance=0),
    Operation("subtract", E, "x y", each("tf ops np keras.layers", "subtract") + " tf.sub", 2, f.subtract, Degree.UNION, tolerance=0),
    Operation("multiply", E, "x y", each("tf ops np keras.layers", "multiply") + " tf.mul tf.scalar_mul(y,x) tf.multiply_no_nan", 2, f.multiply, Degree.PRODUCT, tolerance=0, flat=f.zero_crossed, aliases="scalar=y"),
    Operation("divide", E, "x y", each("tf ops np", "divide") + " ops.true_divide np.true_divide" + " tf.div tf.truediv tf.realdiv", 2, f.divide, Degree.QUOTIENT, tolerance=0, poles=(Pole(0.0, INF, NAN, operand=1),), flat=f.zero_divided),
    Operation("divide_no_nan", E, "x y", each("tf ops", "divide_no_nan") + " tf.div_no_nan", 2, f.divide_no_nan, Degree.QUOTIENT, tolerance=0, flat=f.zero_first),
    Operation("floordiv", E, "x y", "tf.floordiv tf.floor_div " + each("ops np", "floor_divide"), 2, f.floordiv, Degree.QUOTIENT, flow=Flow.BLOCKED, tolerance=0),
    Operation("mod", E, "x y", each("tf ops np", "mod") + " tf.floormod", 2, f.mod, Degree.ZERO_STAYS),
    Operation("maximum", E, "x y", each("tf K ops np keras.layers", "maximum") + " ops.fmax np.fmax", 2, f.maximum, Degree.UNION, tolerance=0, flat=f.smaller),
    Operation("minimum", E, "x y", each("tf K ops np keras.layers", "minimum") + " ops.fmin np.fmin", 2, f.minimum, Degree.UNION, tolerance=0, flat=f.larger),
    Operation("squared_difference", E, "x y", "tf.squared_difference", 2, f.squared_difference, Degree.DOUBLE, flat=f.alike),
    Operation("pow", E, "x y", each("tf K math", "pow") + " " + each("ops np", "power") + " np.pow", 2, f.pow_, Degree.POWER, aliases="a=y exponent=y p=y", poles=(Pole(0.0, 0.0, INF, others=(0.0, 1.0)), Pole(0.0, INF, -INF, others=(-INF, 0.0))), flat=f.zero_raised),
    Operation("xlogy", E, "x y", "tf.xlogy", 2, f.xlogy, Degree.FIRST, flat=f.zero_first),
    Operation("xlog1py", E, "x y", "tf.xlog1py", 2, f.xlog1py, Degree.FIRST, flat=f.zero_first),
    Operation("xdivy", E, "x y", "tf.xdivy", 2, f.xdivy, Degree.QUOTIENT, flat=f.zero_first),
    Operation("atan2", E, "x y", each("tf", "atan2") + " " + each("np ops", "arctan2") + " math.atan2", 2, math.atan2, Degree.ZERO_STAYS, aliases="y=x x=y"),
    Operation("logaddexp", E, "x y", each("ops np", "logaddexp"), 2, f.logaddexp, Degree.ZERO_STAYS),
    Operation("bias_add", E, "x y", "K.bias_add tf.bias_add", 2, None, Degree.UNION, aliases="bias=y"),
    Operation("add_n", E, "x", "tf.add_n tf.accumulate_n", 1, None, Degree.UNION, aliases="inputs=x"),
    Operation("clip", E, "x low high", "tf.clip_by_value K.clip ops.clip np.clip .clip", 3, f.clip, Degree.KEEP, tolerance=0,
              aliases="t=x min_value=low max_value=high clip_value_min=low clip_value_max=high a_min=low a_max=high x_min=low x_max=high min=low max=high", flat=f.outside),
)  # fmt: skip

UNARY = (
    Operation("abs", E, "x", each("tf K ops np", "abs") + " " + each("ops np", "absolute") + " np.fabs ops.fabs math.fabs", 1, abs, tolerance=0, flat=f.zero),
    Operation("negative", E, "x", each("tf ops np", "negative") + " tf.neg", 1, lambda x: -x, tolerance=0),
    Operation("positive", E, "x", "", 1, lambda x: x, tolerance=0),
    Operation("square", E, "x", each("tf K ops np", "square"), 1, f.square, Degree.DOUBLE, tolerance=0, flat=f.zero),
    Operation("sqrt", E, "x", each("tf ops np math", "sqrt"), 1, f.sqrt, Degree.HALVE, tolerance=0, poles=(Pole(0.0, 0.0, INF, quiet=True),)),
    Operation("root", E, "x", "K.sqrt", 1, lambda x: f.sqrt(max(x, 0.0)) if x == x else x, Degree.HALVE, tolerance=0, poles=(Pole(0.0, 0.0, INF, quiet=True),)),
    Operation("rsqrt", E, "x", each("tf ops", "rsqrt"), 1, f.rsqrt, Degree.NEGATE_HALF, poles=(Pole(0.0, INF, -INF, quiet=True),)),
    Operation("reciprocal", E, "x", each("tf ops np", "reciprocal") + " tf.inv", 1, f.reciprocal, Degree.NEGATE, poles=(Pole(0.0, INF, -INF, quiet=True),)),
    Operation("reciprocal_no_nan", E, "x", "tf.reciprocal_no_nan", 1, lambda x: f.divide_no_nan(1.0, x), Degree.NEGATE),
    Operation("cbrt", E, "x", each("ops np", "cbrt"), 1, f.cube_root, Degree.ZERO_STAYS, tolerance=16),
    Operation("exp2", E, "x", each("ops np", "exp2"), 1, lambda x: f.pow_(2.0, x), Degree.ZERO_STAYS),
    Operation("hypot", E, "x y", each("ops np", "hypot"), 2, f.hypotenuse, Degree.UNION),
    Operation("exp", E, "x", each("tf K ops np math", "exp"), 1, f.exp, Degree.ZERO_STAYS),
    Operation("expm1", E, "x", each("tf ops np math", "expm1"), 1, f.expm1, Degree.ZERO_STAYS),
    Operation("log", E, "x", each("tf K ops np math", "log"), 1, f.log, Degree.ZERO, poles=(Pole(0.0, -INF, INF),)),
    Operation("log2", E, "x", each("ops np math", "log2"), 1, f.log2, Degree.ZERO, poles=(Pole(0.0, -INF, INF),)),
    Operation("log10", E, "x", each("ops np math", "log10"), 1, f.log10, Degree.ZERO, poles=(Pole(0.0, -INF, INF),)),
    Operation("log1p", E, "x", each("tf ops np math", "log1p"), 1, f.log1p, Degree.ZERO, poles=(Pole(-1.0, -INF, INF),)),
    Operation("sin", E, "x", each("tf K ops np math", "sin"), 1, f.guarded(math.sin), Degree.ZERO),
    Operation("cos", E, "x", each("tf K ops np math", "cos"), 1, f.guarded(math.cos), Degree.ZERO),
    Operation("tan", E, "x", each("tf ops np math", "tan"), 1, f.guarded(math.tan), Degree.ZERO_STAYS),
    Operation("asin", E, "x", each("tf math", "asin") + " " + each("np ops", "arcsin"), 1, f.guarded(math.asin), Degree.ZERO, poles=(Pole(1.0, math.pi / 2, INF), Pole(-1.0, -math.pi / 2, INF))),
    Operation("acos", E, "x", each("tf math", "acos") + " " + each("np ops", "arccos"), 1, f.guarded(math.acos), Degree.ZERO, poles=(Pole(1.0, 0.0, -INF), Pole(-1.0, math.pi, -INF))),
    Operation("atan", E, "x", each("tf math", "atan") + " " + each("np ops", "arctan"), 1, math.atan, Degree.ZERO),
    Operation("sinh", E, "x", each("tf ops np math", "sinh"), 1, f.sinh, Degree.ZERO_STAYS),
    Operation("cosh", E, "x", each("tf ops np math", "cosh"), 1, f.cosh, Degree.ZERO_STAYS),
    Operation("asinh", E, "x", each("tf math", "asinh") + " " + each("np ops", "arcsinh"), 1, math.asinh, Degree.ZERO),
    Operation("acosh", E, "x", each("tf math", "acosh") + " " + each("np ops", "arccosh"), 1, f.guarded(math.acosh), Degree.ZERO, poles=(Pole(1.0, 0.0, INF),)),
    Operation("atanh", E, "x", each("tf math", "atanh") + " " + each("np ops", "arctanh"), 1, f.guarded(math.atanh), Degree.ZERO),
    Operation("erf", E, "x", each("tf ops math", "erf"), 1, math.erf, Degree.ZERO),
    Operation("erfc", E, "x", "tf.erfc ops.erfc math.erfc", 1, math.erfc, Degree.ZERO, tolerance=64),
    Operation("lgamma", E, "x", "tf.lgamma math.lgamma", 1, f.lgamma, Degree.ZERO_STAYS, tolerance=64),
    Operation("digamma", E, "x", "tf.digamma", 1, None, Degree.ZERO_STAYS),
    Operation("special", E, "x", "tf.erfinv tf.ndtri tf.erfcinv tf.bessel_i0 tf.bessel_i0e tf.bessel_i1 tf.bessel_i1e " + each("tf.special", "bessel_i0 bessel_i0e bessel_i1 bessel_i1e bessel_j0 bessel_j1 bessel_k0 bessel_k0e bessel_k1 bessel_k1e bessel_y0 bessel_y1 dawsn expint fresnel_cos fresnel_sin spence") + " ops.erfinv ops.i0", 1, None, Degree.ZERO_STAYS),
    Operation("igamma", E, "x y", "tf.igamma tf.igammac", 2, None, Degree.ZERO_STAYS, aliases="a=x x=y"),
    Operation("polygamma", E, "x y", "tf.polygamma", 2, None, Degree.ZERO_STAYS, aliases="a=x x=y"),
    Operation("zeta", E, "x y", "tf.zeta", 2, None, Degree.ZERO_STAYS, aliases="q=y"),
    Operation("nextafter", E, "x y", "tf.nextafter ops.nextafter np.nextafter", 2, None, Degree.UNION),
    Operation("betainc", E, "x y z", "tf.betainc", 3, None, Degree.ZERO_STAYS, aliases="a=x b=y x=z"),
    Operation("real", E, "x", each("tf ops np", "real imag conj") + " ops.conjugate np.conjugate", 1, None, tolerance=0, aliases="val=x"),
    Operation("angle", E, "x", each("tf ops np", "angle"), 1, None, Degree.ZERO_STAYS, aliases="z=x"),
    Operation("complex", E, "x y", "tf.complex tf.dtypes.complex", 2, None, Degree.UNION, aliases="real=x imag=y"),
)  # fmt: skip

BLOCKING = (
    Operation("sign", E, "x", each("tf K ops np", "sign"), 1, f.sign, Degree.ZERO, flow=Flow.ZERO, tolerance=0),
    Operation("round", E, "x", each("tf K ops np", "round") + " tf.rint np.rint np.around .round", 1, f.nearest, flow=Flow.BLOCKED, tolerance=0),
    Operation("trunc", E, "x", each("ops np", "trunc") + " np.fix", 1, f.truncate, flow=Flow.BLOCKED, tolerance=0),
    Operation("heaviside", E, "x y", each("ops np", "heaviside"), 2, None, Degree.ZERO, flow=Flow.BLOCKED),
    Operation("floor", E, "x", each("tf ops np math", "floor"), 1, f.floor, flow=Flow.BLOCKED, tolerance=0),
    Operation("ceil", E, "x", each("tf ops np math", "ceil"), 1, f.ceil, flow=Flow.BLOCKED, tolerance=0),
    _compared("less", each("tf K ops np", "less"), f.compare(lambda x, y: x < y)),
    _compared("less_equal", each("tf K ops np", "less_equal"), f.compare(lambda x, y: x <= y)),
    _compared("greater", each("tf K ops np", "greater"), f.compare(lambda x, y: x > y)),
    _compared("greater_equal", each("tf K ops np", "greater_equal"), f.compare(lambda x, y: x >= y)),
    _compared("equal", each("tf K ops np", "equal"), f.compare(lambda x, y: x == y)),
    _compared("not_equal", each("tf K ops np", "not_equal"), f.compare(lambda x, y: x != y)),
    _compared("logical_and", each("tf ops np", "logical_and"), f.logical_and),
    _compared("logical_or", each("tf ops np", "logical_or"), f.logical_or),
    _compared("logical_xor", each("tf ops np", "logical_xor"), f.logical_xor),
    Operation("logical_not", E, "x", each("tf ops np", "logical_not"), 1, f.logical_not, Degree.ZERO, flow=Flow.BLOCKED, tolerance=0),
    Operation("is_nan", E, "x", "tf.is_nan tf.debugging.is_nan " + each("ops np math", "isnan"), 1, lambda x: math.nan if x != x else 0.0, Degree.ZERO, flow=Flow.BLOCKED, tolerance=0),
    Operation("is_inf", E, "x", "tf.is_inf " + each("ops np math", "isinf"), 1, lambda x: math.nan if x != x else float(math.isinf(x)), Degree.ZERO, flow=Flow.BLOCKED, tolerance=0),
    Operation("is_finite", E, "x", "tf.is_finite " + each("ops np math", "isfinite"), 1, lambda x: math.nan if x != x else float(math.isfinite(x)), Degree.ZERO, flow=Flow.BLOCKED, tolerance=0),
    Operation("bits", E, "x y", each("tf.bitwise np ops", "bitwise_and bitwise_or bitwise_xor") + " " + each("tf.bitwise ops np", "left_shift right_shift"), 2, None, Degree.ZERO_STAYS, flow=Flow.BLOCKED),
    Operation("approximately", E, "x y", "np.isclose ops.isclose", 2, None, Degree.ZERO, flow=Flow.BLOCKED),
)  # fmt: skip

FLOATS = "tf.to_float tf.to_double tf.to_bfloat16 np.float32 np.float64 np.double np.float16 np.float"
INTEGERS = "tf.to_int32 tf.to_int64 np.int32 np.int64 np.int"
CASTS = (
    Operation(
        "cast",
        Kind.CAST,
        "x dtype",
        each("tf K ops", "cast") + " tf.dtypes.cast tf.saturate_cast ops.saturate_cast .astype",
        1,
        None,
        tolerance=0,
    ),
    Operation("to_float", Kind.CAST, "x", FLOATS, 1, None, tolerance=0),
    Operation("to_int", Kind.CAST, "x", INTEGERS, 1, None, flow=Flow.BLOCKED, tolerance=0),
    Operation("to_unsigned", Kind.CAST, "x", "np.uint8 np.uint16 np.uint32", 1, None, flow=Flow.BLOCKED, tolerance=0),
    Operation("to_bool", Kind.CAST, "x", "np.bool_ np.bool", 1, None, flow=Flow.BLOCKED, tolerance=0),
)

OPERATIONS = (*ARITHMETIC, *UNARY, *BLOCKING, *CASTS)
