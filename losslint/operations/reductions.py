"""Reductions: the axes named by `axis` are removed, all of them where it is left out."""

from __future__ import annotations

import math

from losslint.operations import functions as f
from losslint.operations.operation import Flow, Kind, Operation, Pole

NAN = math.nan
R = Kind.REDUCTION
P = "x axis keepdims"
NAN = math.nan
NP = "(x,axis,dtype,out,keepdims)"
NP_OUT = "(x,axis,out,keepdims)"
BLOCKS = Flow.BLOCKED


def _spelt(name: str, more: str = "", own: str = "(x,axis,dtype,keepdims)") -> str:
    """TensorFlow's ``reduce_`` form, the backend's and Keras's, and numpy's own orders of parameters."""
    return f"tf.reduce_{name} K.{name} ops.{name} np.{name}{NP} tnp.{name}{own} .{name}{NP} {more}"


def _picked(name: str, more: str = "") -> str:
    """The same for what has no dtype of its own."""
    return f"tf.reduce_{name} K.{name} ops.{name} np.{name}{NP_OUT} tnp.{name} .{name}{NP_OUT} {more}"


OPERATIONS = (
    Operation("sum", R, P, _spelt("sum", f"np.nansum{NP} ops.nansum tnp.nansum(x,axis,dtype,keepdims) tf.sparse.reduce_sum tf.sparse_reduce_sum"), 1, f.total, along=1.0),
    Operation("mean", R, P, _spelt("mean", f"np.nanmean{NP} ops.nanmean tnp.nanmean(x,axis,dtype,keepdims)", NP), 1, f.same, along=0.0),
    Operation("average", R, "x axis weights", "np.average ops.average", 1, f.same, along=0.0),
    Operation("max", R, P, _picked("max", f"ops.amax np.amax{NP_OUT} tnp.amax{NP_OUT} np.nanmax{NP_OUT} ops.nanmax tf.sparse.reduce_max tf.sparse_reduce_max"), 1, f.same, along=0.0, tolerance=0),
    Operation("min", R, P, _picked("min", f"ops.amin np.amin{NP_OUT} tnp.amin{NP_OUT} np.nanmin{NP_OUT} ops.nanmin"), 1, f.same, along=0.0, tolerance=0),
    Operation("prod", R, P, _spelt("prod", f"np.nanprod{NP} ops.nanprod tnp.nanprod(x,axis,dtype,keepdims)"), 1, f.product),
    Operation("std", R, P, "tf.reduce_std K.std ops.std ops.nanstd np.std(x,axis,dtype,out,ddof,keepdims) tnp.std .std(x,axis,dtype,out,ddof,keepdims)", 1, f.nothing, along=0.0, poles=(Pole(None, 0.0, NAN, quiet=True),)),
    Operation("var", R, P, "tf.reduce_variance K.var ops.var ops.nanvar np.var(x,axis,dtype,out,ddof,keepdims) tnp.var(x,axis,dtype,out,ddof,keepdims) .var(x,axis,dtype,out,ddof,keepdims)", 1, f.nothing, along=0.0),
    Operation("median", R, P, "np.median(x,axis,out,overwrite_input,keepdims) np.nanmedian(x,axis,out,overwrite_input,keepdims) ops.median ops.nanmedian", 1, f.same, along=0.0),
    Operation("percentile", R, "x q axis", "tfp.stats.percentile tfp.stats.quantiles np.percentile np.quantile ops.quantile tf.contrib.distributions.percentile", 1, f.same, along=0.0),
    Operation("logsumexp", R, P, "tf.reduce_logsumexp K.logsumexp ops.logsumexp scipy.special.logsumexp", 1, f.log_of_sum),
    Operation("norm", R, "x ord axis keepdims", "tf.norm ops.norm np.linalg.norm", 1, f.length, along=0.5, poles=(Pole(0.0, 0.0, NAN, quiet=True),)),
    Operation("euclidean_norm", R, P, "tf.reduce_euclidean_norm", 1, f.length, along=0.5, poles=(Pole(0.0, 0.0, NAN),)),
    Operation("l2_loss", R, "x", "tf.l2_loss", 1, f.half_of_squares, along=1.0, flat=f.zero, aliases="t=x", shape="all"),
    Operation("global_norm", R, "x", "tf.global_norm", 1, f.length, along=0.5, poles=(Pole(0.0, 0.0, NAN, quiet=True),), aliases="t_list=x", shape="all"),
    Operation("any", R, P, _picked("any"), 1, f.same, along=0.0, flow=BLOCKS, tolerance=0),
    Operation("all", R, P, _picked("all"), 1, f.same, along=0.0, flow=BLOCKS, tolerance=0),
    Operation("count_nonzero", R, P, "tf.count_nonzero ops.count_nonzero(x,axis) np.count_nonzero(x,axis)", 1, f.nonzeros, along=1.0, flow=BLOCKS, tolerance=0),
    Operation("argmax", R, P, "tf.argmax(x,axis) K.argmax(x,axis) ops.argmax np.argmax(x,axis,out) tnp.argmax(x,axis) tf.arg_max(x,axis) .argmax(x,axis,out)", 1, None, along=1.0, flow=BLOCKS, aliases="dimension=axis"),
    Operation("argmin", R, P, "tf.argmin(x,axis) K.argmin(x,axis) ops.argmin np.argmin(x,axis,out) tnp.argmin(x,axis) tf.arg_min(x,axis) .argmin(x,axis,out)", 1, None, along=1.0, flow=BLOCKS, aliases="dimension=axis"),
    Operation("zero_fraction", R, "x", "tf.zero_fraction", 1, None, along=0.0, flow=BLOCKS, shape="all"),
    Operation("lbeta", R, "x", "tf.lbeta", 1, None, shape="last"),
    Operation("moments", R, "x axis shift keepdims", "tf.moments ops.moments(x,axis,keepdims)", 1, f.same, along=0.0),
    Operation("weighted_moments", R, "x axis weights keepdims", "tf.weighted_moments", 1, None, along=0.0, aliases="frequency_weights=weights"),
    Operation("determinant", R, "x", "tf.det tf.matrix_determinant np.linalg.det ops.det", 1, None, shape="matrix"),
    Operation("log_determinant", R, "x", "tf.logdet ops.logdet", 1, None, shape="matrix", aliases="matrix=x"),
    Operation("slogdet", R, "x", "tf.slogdet np.linalg.slogdet ops.slogdet", 1, None, shape="matrix"),
    Operation("trace", R, "x offset axis1 axis2", "tf.trace(x) np.trace ops.trace", 1, None, along=1.0, shape="matrix"),
)  # fmt: skip
