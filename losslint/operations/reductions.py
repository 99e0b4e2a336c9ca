"""Reductions: the axes named by `axis` are removed, all of them where it is left out."""

from __future__ import annotations

import math

from losslint.operations import functions as f
from losslint.operations.operation import Flow, Kind, Operation, Pole

R = Kind.REDUCTION
P = "x axis keepdims"
NAN = math.nan
NP = "(x,axis,dtype,out,keepdims)"


def _spelt(name: str, tf: str = "", more: str = "") -> str:
    """TensorFlow's ``reduce_`` form, the backend's and Keras's, numpy's own order of parameters, and the method."""
    return f"tf.{tf or 'reduce_' + name} K.{name} ops.{name} np.{name}{NP} tnp.{name}{NP} .{name} {more}"


OPERATIONS = (
    Operation("sum", R, P, _spelt("sum", more="np.nansum tf.sparse.reduce_sum tf.sparse_reduce_sum"), 1, f.total, along=1.0),
    Operation("mean", R, P, _spelt("mean", more="np.nanmean np.average ops.average"), 1, f.same, along=0.0),
    Operation("max", R, P, "tf.reduce_max K.max ops.max ops.amax np.max(x,axis,out,keepdims) np.amax(x,axis,out,keepdims) np.nanmax .max", 1, f.same, along=0.0, tolerance=0),
    Operation("min", R, P, "tf.reduce_min K.min ops.min ops.amin np.min(x,axis,out,keepdims) np.amin(x,axis,out,keepdims) np.nanmin .min", 1, f.same, along=0.0, tolerance=0),
    Operation("prod", R, P, _spelt("prod"), 1, f.product),
    Operation("std", R, P, "tf.reduce_std K.std ops.std np.std(x,axis,dtype,out,ddof,keepdims) .std", 1, f.nothing, along=0.0, poles=(Pole(None, 0.0, NAN, quiet=True),)),
    Operation("var", R, P, "tf.reduce_variance K.var ops.var np.var(x,axis,dtype,out,ddof,keepdims) .var", 1, f.nothing, along=0.0),
    Operation("median", R, P, "np.median np.nanmedian ops.median", 1, f.same, along=0.0),
    Operation("percentile", R, "x q axis", "tfp.stats.percentile tfp.stats.quantiles np.percentile np.quantile ops.quantile tf.contrib.distributions.percentile", 1, f.same, along=0.0),
    Operation("logsumexp", R, P, "tf.reduce_logsumexp K.logsumexp ops.logsumexp scipy.special.logsumexp", 1, f.log_of_sum),
    Operation("norm", R, "x ord axis keepdims", "tf.norm ops.norm np.linalg.norm ops.linalg.norm", 1, f.length, along=0.5, poles=(Pole(0.0, 0.0, NAN, quiet=True),)),
    Operation("euclidean_norm", R, P, "tf.reduce_euclidean_norm", 1, f.length, along=0.5, poles=(Pole(0.0, 0.0, NAN),)),
    Operation("l2_loss", R, "x", "tf.l2_loss", 1, f.half_of_squares, along=1.0, flat=f.zero, aliases="t=x"),
    Operation("global_norm", R, "x", "tf.global_norm", 1, f.length, poles=(Pole(0.0, 0.0, NAN, quiet=True),), aliases="t_list=x"),
    Operation("any", R, P, "tf.reduce_any K.any ops.any np.any(x,axis,out,keepdims) .any", 1, f.same, along=0.0, flow=Flow.BLOCKED, tolerance=0),
    Operation("all", R, P, "tf.reduce_all K.all ops.all np.all(x,axis,out,keepdims) .all", 1, f.same, along=0.0, flow=Flow.BLOCKED, tolerance=0),
    Operation("count_nonzero", R, P, "tf.count_nonzero ops.count_nonzero np.count_nonzero", 1, f.nonzeros, along=1.0, flow=Flow.BLOCKED, tolerance=0),
    Operation("argmax", R, P, "tf.argmax(x,axis) K.argmax ops.argmax np.argmax tf.arg_max(x,axis) .argmax", 1, None, along=0.0, flow=Flow.BLOCKED, aliases="dimension=axis"),
    Operation("argmin", R, P, "tf.argmin(x,axis) K.argmin ops.argmin np.argmin tf.arg_min(x,axis) .argmin", 1, None, along=0.0, flow=Flow.BLOCKED, aliases="dimension=axis"),
    Operation("zero_fraction", R, "x", "tf.zero_fraction", 1, None, along=0.0, flow=Flow.BLOCKED),
    Operation("weighted_moments", Kind.OPAQUE, "x", "tf.weighted_moments tf.sufficient_statistics tf.normalize_moments", 1),
    Operation("moments", R, "x axis shift keepdims", "tf.moments(x,axis,shift,keepdims) ops.moments(x,axis,keepdims)", 1, None, along=0.0, aliases="axes=axis keep_dims=keepdims"),
)  # fmt: skip
