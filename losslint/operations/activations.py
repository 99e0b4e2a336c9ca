"""Activations and operations that mix elements along an axis without removing it."""

from __future__ import annotations

import math

from losslint.operations import functions as f
from losslint.operations.operation import Degree, Flow, Kind, Operation
from losslint.operations.spelling import each

E, A = Kind.ELEMENTWISE, Kind.ACTIVATION
SPACES = "tf K ops keras.activations"

OPERATIONS = (
    Operation("sigmoid", E, "x", each(SPACES, "sigmoid") + " scipy.special.expit", 1, f.sigmoid, Degree.ZERO, activation=True),
    Operation("tanh", E, "x", each(SPACES, "tanh") + " np.tanh math.tanh", 1, math.tanh, Degree.ZERO),
    Operation("softplus", E, "x", each(SPACES, "softplus"), 1, f.softplus, Degree.ZERO_STAYS, activation=True),
    Operation("log_sigmoid", E, "x", each("tf ops", "log_sigmoid"), 1, f.log_sigmoid, Degree.ZERO_STAYS),
    Operation("relu", E, "x", each(SPACES, "relu"), 1, f.relu, tolerance=0, flat=f.not_positive),
    Operation("relu6", E, "x", each("tf ops", "relu6"), 1, f.relu6, Degree.ZERO, tolerance=0, flat=f.not_positive),
    Operation("leaky_relu", E, "x", each("tf ops", "leaky_relu"), 1, f.leaky_relu),
    Operation("elu", E, "x", each(SPACES, "elu"), 1, f.elu),
    Operation("selu", E, "x", each("tf ops keras.activations", "selu"), 1, f.selu),
    Operation("gelu", E, "x", each("tf ops keras.activations", "gelu"), 1, None),
    Operation("swish", E, "x", each("tf ops keras.activations", "swish silu"), 1, f.swish),
    Operation("softsign", E, "x", each(SPACES, "softsign"), 1, f.softsign, Degree.ZERO),
    Operation("hard_sigmoid", E, "x", each("K ops keras.activations", "hard_sigmoid"), 1, None, Degree.ZERO),
    Operation("hard_tanh", E, "x", each("ops keras.activations", "hard_tanh"), 1, f.hard_tanh, Degree.ZERO),
    Operation("hard_swish", E, "x", each("ops keras.activations", "hard_swish hard_silu"), 1, f.hard_swish, Degree.ZERO_STAYS),
    Operation("mish", E, "x", "keras.activations.mish", 1, f.mish, Degree.ZERO_STAYS),
    Operation("shrink", E, "x", each("ops keras.activations", "hard_shrink soft_shrink tanh_shrink sparse_plus sparse_sigmoid celu squareplus"), 1, None, Degree.ZERO_STAYS),
    Operation("exponential", E, "x", "keras.activations.exponential", 1, f.exp, Degree.ZERO_STAYS),
    Operation("linear", E, "x", "keras.activations.linear", 1, lambda x: x, tolerance=0),
    Operation("softmax", A, "x axis", each(SPACES, "softmax") + " scipy.special.softmax", 1, f.share, Degree.ZERO, along=-1.0, default_axis=-1, activation=True, aliases="logits=x dim=axis"),
    Operation("log_softmax", A, "x axis", each("tf ops keras.activations", "log_softmax"), 1, f.log_share, Degree.ZERO, along=0.0, default_axis=-1, aliases="logits=x dim=axis"),
    Operation("l2_normalize", A, "x axis epsilon", "tf.l2_normalize K.l2_normalize(x,axis)", 1, f.unit, Degree.ZERO, along=-0.5),
    Operation("unit_vectors", A, "x axis order", "tf.normalize(x,order,axis) keras.utils.normalize ops.normalize", 1, f.direction, Degree.ZERO, along=-0.5, default_axis=-1, aliases="ord=order tensor=x"),
    Operation("clip_by_norm", A, "x clip_norm axis", "tf.clip_by_norm tf.clip_by_average_norm(x,clip_norm)", 1, None, Degree.UNKNOWN, aliases="t=x"),
    Operation("clip_by_global_norm", A, "x clip_norm use_norm", "tf.clip_by_global_norm", 1, None, Degree.UNKNOWN, aliases="t_list=x"),
    Operation("cumsum", A, "x axis", each("tf K ops np", "cumsum") + " .cumsum", 1, f.kept_at_zero, along=1.0, default_axis=0),
    Operation("cumprod", A, "x axis", each("tf K ops np", "cumprod"), 1, f.kept_at_one, Degree.UNKNOWN, default_axis=0),
    Operation("cumulative_logsumexp", A, "x axis", "tf.cumulative_logsumexp", 1, None, Degree.UNKNOWN, default_axis=0),
    Operation("sort", A, "x axis", each("tf ops np", "sort"), 1, f.same, along=0.0, default_axis=-1, tolerance=0),
    Operation("shuffle", A, "x", "tf.random.shuffle tf.random_shuffle keras.random.shuffle(x,axis)", 1, f.same, along=0.0, flow=Flow.BLOCKED, random=True, tolerance=0),
    Operation("argsort", A, "x axis", each("tf ops np", "argsort"), 1, None, Degree.ZERO, along=1.0, default_axis=-1, flow=Flow.BLOCKED),
    Operation("invert_permutation", A, "x", "tf.invert_permutation", 1, None, along=0.0, flow=Flow.BLOCKED),
    Operation("dropout", A, "x rate", "tf.dropout K.dropout keras.random.dropout", 1, None, along=0.0, random=True, aliases="level=rate keep_prob=rate"),
    Operation("batch_normalization", A, "x mean variance", "tf.batch_normalization tf.batch_norm_with_global_normalization K.batch_normalization ops.batch_normalization", 1, None, Degree.ZERO_STAYS, along=0.0, aliases="t=x m=mean v=variance var=variance"),
    Operation("local_response_normalization", A, "x", "tf.local_response_normalization tf.lrn", 1, None, Degree.ZERO_STAYS, along=0.0, aliases="inp=x"),
)  # fmt: skip
