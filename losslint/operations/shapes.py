"""Operations that move elements about, read shapes, or select elements."""

from __future__ import annotations

from losslint.operations import functions as f
from losslint.operations.operation import Flow, Kind, Operation
from losslint.operations.spelling import each

S = Kind.SHAPE

MOVES = (
    Operation("reshape", S, "x shape", each("tf K ops np", "reshape") + " .reshape", aliases="target_shape=shape newshape=shape"),
    Operation("flatten", S, "x", "K.flatten np.ravel ops.ravel .flatten .ravel"),
    Operation("batch_flatten", S, "x", "K.batch_flatten tf.layers.flatten tf.contrib.layers.flatten tf.keras.layers.flatten slim.flatten"),
    Operation("expand_dims", S, "x axis", each("tf K ops np", "expand_dims")),
    Operation("squeeze", S, "x axis", each("tf K ops np", "squeeze") + " .squeeze", aliases="squeeze_dims=axis"),
    Operation("transpose", S, "x perm", each("tf ops np", "transpose") + " tf.matrix_transpose K.transpose .transpose", aliases="axes=perm"),
    Operation("permute_dimensions", S, "x perm", "K.permute_dimensions", aliases="pattern=perm"),
    Operation("moveaxis", S, "x source destination", each("np ops", "moveaxis swapaxes rollaxis") + " tf.experimental.numpy.moveaxis"),
    Operation("concat", S, "x axis", each("tf K ops np keras.layers", "concat concatenate") + " tf.concat_v2", aliases="values=x tensors=x xs=x"),
    Operation("stack", S, "x axis", each("tf K ops np", "stack") + " tf.pack tf.parallel_stack", aliases="values=x arrays=x"),
    Operation("joined", S, "x", each("np ops", "hstack vstack dstack column_stack") + " np.append"),
    Operation("tile", S, "x multiples", each("tf K ops np", "tile"), aliases="n=multiples reps=multiples repeats=multiples"),
    Operation("repeat", S, "x repeats axis", each("tf ops np", "repeat") + " K.repeat_elements(x,repeats,axis)", aliases="rep=repeats"),
    Operation("repeat_rows", S, "x n", "K.repeat"),
    Operation("broadcast_to", S, "x shape", each("tf ops np", "broadcast_to")),
    Operation("pad", S, "x paddings", each("tf ops np", "pad") + " tf.sequence_pad K.spatial_2d_padding K.temporal_padding tf.image.pad_to_bounding_box", aliases="pad_width=paddings"),
    Operation("roll", S, "x shift axis", each("tf ops np", "roll")),
    Operation("reverse", S, "x axis", each("tf K", "reverse") + " " + each("ops np", "flip fliplr flipud") + " tf.reverse_v2 tf.reverse_sequence", aliases="axes=axis"),
    Operation("split", S, "x parts axis", each("tf ops np", "split") + " np.array_split", aliases="num_or_size_splits=parts value=x split_dim=axis indices_or_sections=parts"),
    Operation("unstack", S, "x num axis", "tf.unstack(x,num,axis) tf.unpack ops.unstack(x,num,axis)"),
    Operation("slice", S, "x begin size", each("tf K ops", "slice") + " tf.strided_slice(x,begin,end,strides)", aliases="input_=x start=begin start_indices=begin shape=size"),
    Operation("gather", S, "x indices validate axis batch_dims", "tf.gather K.gather(x,indices) tf.batch_gather(x,indices) ops.take(x,indices,axis) np.take(x,indices,axis) tf.embedding_lookup(x,indices)", aliases="params=x reference=x ids=indices"),
    Operation("take_along_axis", S, "x indices axis", each("ops np", "take_along_axis")),
    Operation("gather_nd", S, "x indices", "tf.gather_nd tf.compat.v1.gather_nd", aliases="params=x"),
    Operation("scatter_nd", S, "indices updates shape", "tf.scatter_nd ops.scatter"),
    Operation("scatter_update", S, "x indices updates", "tf.tensor_scatter_nd_update tf.tensor_scatter_update tf.tensor_scatter_nd_add tf.tensor_scatter_nd_sub tf.tensor_scatter_nd_max tf.tensor_scatter_nd_min ops.scatter_update", aliases="tensor=x"),
    Operation("top_k", S, "x k", each("tf ops", "top_k"), aliases="input=x"),
    Operation("in_top_k", S, "x k", "tf.in_top_k K.in_top_k ops.in_top_k", flow=Flow.BLOCKED),
    Operation("diag_part", S, "x", "tf.diag_part tf.matrix_diag_part tf.tensor_diag_part np.diagonal ops.diagonal"),
    Operation("diag", S, "x", "tf.diag tf.matrix_diag tf.tensor_diag np.diag ops.diag"),
    Operation("set_diag", S, "x diagonal", "tf.set_diag tf.matrix_set_diag"),
    Operation("band_part", S, "x", "tf.band_part tf.matrix_band_part np.triu np.tril ops.triu ops.tril"),
    Operation("meshgrid", Kind.OPAQUE, "x", each("tf ops np", "meshgrid") + " np.mgrid np.indices"),
    Operation("dynamic_partition", Kind.OPAQUE, "x", "tf.dynamic_partition tf.dynamic_stitch tf.sparse_to_dense tf.sparse.to_dense tf.sparse_tensor_to_dense tf.SparseTensor tf.sparse.SparseTensor tf.sparse.from_dense tf.sparse.* tf.sparse_placeholder K.to_dense K.is_sparse tf.ragged.* tf.RaggedTensor*"),
    Operation("segment", Kind.OPAQUE, "x", "tf.segment_sum tf.segment_mean tf.segment_max tf.segment_min tf.segment_prod tf.unsorted_segment_sum tf.unsorted_segment_mean tf.unsorted_segment_max tf.unsorted_segment_min tf.unsorted_segment_prod tf.sparse_segment_sum ops.segment_sum ops.segment_max tf.bincount np.bincount ops.bincount tf.histogram_fixed_width tf.histogram_fixed_width_bins np.histogram tf.confusion_matrix tf.math.confusion_matrix"),
    Operation("unique", Kind.OPAQUE, "x", "tf.unique tf.unique_with_counts np.unique tf.setdiff1d tf.sets.* tf.searchsorted np.searchsorted np.digitize ops.digitize tf.string_split np.setdiff1d np.intersect1d np.ediff1d np.diff ops.diff"),
)  # fmt: skip

SIZES = (
    Operation("shape", Kind.SIZE, "x", "tf.shape K.shape K.int_shape ops.shape np.shape .get_shape .as_list tf.shape_n", flow=Flow.BLOCKED),
    Operation("size", Kind.SIZE, "x axis", "tf.size ops.size np.size K.count_params .num_elements", flow=Flow.BLOCKED),
    Operation("rank", Kind.SIZE, "x", "tf.rank K.ndim ops.ndim np.ndim .get_rank", flow=Flow.BLOCKED),
)

SELECTIONS = (
    Operation("where", Kind.SELECTION, "condition x y", each("tf ops np", "where") + " tf.where_v2 tf.select K.where", 3, f.where, tolerance=0, aliases="x1=x x2=y"),
    Operation("cond", Kind.SELECTION, "condition x y", "tf.cond ops.cond tf.contrib.framework.smart_cond tf.smart_cond", 3, f.where, aliases="pred=condition true_fn=x false_fn=y true_fun=x false_fun=y"),
    Operation("switch", Kind.SELECTION, "condition x y", "K.switch", 3, f.where, aliases="then_expression=x else_expression=y"),
    Operation("boolean_mask", Kind.SELECTION, "x mask axis", "tf.boolean_mask tf.ragged.boolean_mask np.extract"),
    Operation("nan_to_num", Kind.SELECTION, "x", "np.nan_to_num ops.nan_to_num tf.experimental.numpy.nan_to_num"),
    Operation("in_train_phase", Kind.SELECTION, "x y training", each("K", "in_train_phase in_test_phase"), 2, aliases="alt=y"),
    Operation("case", Kind.OPAQUE, "x", "tf.case tf.switch_case"),
    Operation("nonzero", Kind.SELECTION, "condition", "np.nonzero np.argwhere ops.nonzero ops.argwhere np.flatnonzero", flow=Flow.BLOCKED),
)  # fmt: skip

OPERATIONS = (*MOVES, *SIZES, *SELECTIONS)
