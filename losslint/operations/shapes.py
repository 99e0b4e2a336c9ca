"""Operations that move elements about, read shapes, or select elements."""

from __future__ import annotations

from losslint.operations import functions as f
from losslint.operations.operation import Flow, Kind, Operation
from losslint.operations.spelling import each

S = Kind.SHAPE

MOVES = (
    Operation("reshape", S, "x shape", each("tf K ops np", "reshape") + " .reshape", aliases="target_shape=shape newshape=shape"),
    Operation("flatten", S, "x", "K.flatten np.ravel ops.ravel .flatten .ravel"),
    Operation("batch_flatten", S, "x", "K.batch_flatten tf.layers.flatten tf.contrib.layers.flatten tf.contrib.slim.flatten"),
    Operation("expand_dims", S, "x axis", each("tf K ops np", "expand_dims"), aliases="dim=axis"),
    Operation("squeeze", S, "x axis", each("tf K ops np", "squeeze") + " .squeeze", aliases="squeeze_dims=axis"),
    Operation("transpose", S, "x perm", each("tf ops np", "transpose") + " K.transpose(x) .transpose", aliases="axes=perm"),
    Operation("matrix_transpose", S, "x", "tf.matrix_transpose tf.adjoint np.matrix_transpose np.linalg.matrix_transpose", aliases="matrix=x"),
    Operation("permute_dimensions", S, "x perm", "K.permute_dimensions", aliases="pattern=perm"),
    Operation("moveaxis", S, "x source destination", each("np ops", "moveaxis")),
    Operation("swapaxes", S, "x source destination", each("np ops", "swapaxes") + " .swapaxes", aliases="axis1=source axis2=destination"),
    Operation("rollaxis", S, "x axis start", "np.rollaxis"),
    Operation("tile", S, "x multiples", each("tf K ops np", "tile"), aliases="n=multiples reps=multiples repeats=multiples A=x"),
    Operation("repeat", S, "x repeats axis", each("tf ops np", "repeat") + " K.repeat_elements(x,repeats,axis)", aliases="rep=repeats"),
    Operation("repeat_rows", S, "x n", "K.repeat"),
    Operation("broadcast_to", S, "x shape", each("tf ops np", "broadcast_to")),
    Operation("pad", S, "x paddings", each("tf ops np", "pad") + " K.spatial_2d_padding K.temporal_padding", aliases="pad_width=paddings padding=paddings"),
    Operation("roll", S, "x shift axis", each("tf ops np", "roll")),
    Operation("reverse", S, "x axis", "tf.reverse(x,axis) K.reverse(x,axis) tf.reverse_v2(x,axis) " + each("ops np", "flip") + " np.fliplr(x) np.flipud(x) ops.fliplr(x) ops.flipud(x) tf.reverse_sequence(x)", aliases="axes=axis m=x"),
    Operation("slice", S, "x begin size", each("tf K ops", "slice"), aliases="input_=x start=begin start_indices=begin shape=size"),
    Operation("strided_slice", S, "x begin end strides", "tf.strided_slice", aliases="input_=x"),
    Operation("diag_part", S, "x offset axis1 axis2", "tf.diag_part(x) tf.matrix_diag_part(x) tf.tensor_diag_part(x) np.diagonal ops.diagonal", aliases="diagonal=x k=offset"),
    Operation("diag", S, "x", "tf.diag tf.matrix_diag tf.tensor_diag np.diag ops.diag", aliases="diagonal=x v=x"),
    Operation("set_diag", S, "x diagonal", "tf.set_diag tf.matrix_set_diag"),
    Operation("band_part", S, "x lower upper", "tf.band_part tf.matrix_band_part np.triu(x,k) np.tril(x,k) ops.triu(x,k) ops.tril(x,k)", aliases="num_lower=lower num_upper=upper m=x"),
    Operation("differences", S, "x n axis", each("np ops", "diff")),
    Operation("sparse", S, "x", "tf.sparse.from_dense tf.sparse.to_dense tf.sparse_tensor_to_dense K.to_dense tf.sparse.reorder"),
)  # fmt: skip

JOINS = (
    Operation("concat", S, "x axis", "tf.concat tf.concat_v2 np.concat " + each("K ops np keras.layers", "concatenate"), aliases="values=x tensors=x xs=x arrays=x arys=x"),
    Operation("stack", S, "x axis", each("tf K ops np", "stack") + " tf.pack tf.parallel_stack(x)", aliases="values=x arrays=x"),
    Operation("joined", S, "x", each("np ops", "hstack vstack") + " ops.dstack np.dstack np.column_stack", aliases="tup=x xs=x"),
    Operation("append", S, "x y axis", each("np ops", "append"), aliases="arr=x values=y x1=x x2=y"),
    Operation("split", S, "x parts axis", each("tf ops np", "split") + " " + each("ops np", "array_split"), aliases="num_or_size_splits=parts value=x split_dim=axis indices_or_sections=parts ary=x"),
    Operation("unstack", S, "x num axis", "tf.unstack(x,num,axis) tf.unpack ops.unstack(x,num,axis)"),
    Operation("top_k", S, "x k", each("tf ops", "top_k"), aliases="input=x"),
    Operation("meshgrid", S, "x", each("tf ops np", "meshgrid")),
    Operation("dynamic_partition", S, "x partitions count", "tf.dynamic_partition", aliases="data=x num_partitions=count"),
    Operation("unique", S, "x", "tf.unique tf.unique_with_counts"),
)  # fmt: skip

PICKS = (
    Operation("gather", S, "x indices validate axis batch_dims", "tf.gather K.gather(x,indices) tf.batch_gather(x,indices) ops.take(x,indices,axis) np.take(x,indices,axis) tnp.take(x,indices,axis) tf.embedding_lookup(x,indices)",
              aliases="params=x reference=x ids=indices validate_indices=validate"),
    Operation("take_along_axis", S, "x indices axis", each("ops np", "take_along_axis")),
    Operation("gather_nd", S, "x indices batch_dims", "tf.gather_nd", aliases="params=x"),
    Operation("in_top_k", S, "targets predictions k", "tf.in_top_k K.in_top_k(predictions,targets,k) ops.in_top_k", flow=Flow.BLOCKED),
    Operation("searchsorted", S, "sorted x", each("tf ops np", "searchsorted") + " np.digitize(x,sorted) ops.digitize(x,sorted) tf.bucketize", flow=Flow.BLOCKED,
              aliases="sorted_sequence=sorted values=x v=x a=sorted bins=sorted x=x"),
)  # fmt: skip

SCATTERS = (
    Operation("scatter_nd", S, "indices x shape", "tf.scatter_nd ops.scatter tf.SparseTensor tf.sparse.SparseTensor tf.sparse_to_dense(indices,shape,x)", aliases="updates=x values=x dense_shape=shape output_shape=shape sparse_values=x sparse_indices=indices"),
    Operation("scatter_update", S, "x indices updates", "tf.tensor_scatter_nd_update tf.tensor_scatter_update tf.tensor_scatter_nd_max tf.tensor_scatter_nd_min ops.scatter_update", aliases="inputs=x"),
    Operation("scatter_add", S, "x indices updates", "tf.tensor_scatter_nd_add tf.tensor_scatter_add tf.tensor_scatter_nd_sub tf.tensor_scatter_sub"),
    Operation("segment_sum", S, "x ids count", "tf.unsorted_segment_sum ops.segment_sum tf.segment_sum(x,ids)", along=1.0, aliases="data=x segment_ids=ids num_segments=count"),
    Operation("segment_mean", S, "x ids count", "tf.unsorted_segment_mean tf.segment_mean(x,ids)", along=0.0, aliases="data=x segment_ids=ids num_segments=count"),
    Operation("segment_extreme", S, "x ids count", "tf.unsorted_segment_max tf.unsorted_segment_min ops.segment_max ops.segment_min tf.segment_max(x,ids) tf.segment_min(x,ids)", along=0.0, aliases="data=x segment_ids=ids num_segments=count"),
    Operation("segment_product", S, "x ids count", "tf.unsorted_segment_prod ops.segment_prod tf.segment_prod(x,ids)", aliases="data=x segment_ids=ids num_segments=count"),
    Operation("bincount", S, "x weights minlength", "tf.bincount ops.bincount np.bincount", along=1.0, flow=Flow.BLOCKED, aliases="arr=x"),
    Operation("histogram", S, "x range nbins", "tf.histogram_fixed_width", along=1.0, flow=Flow.BLOCKED, aliases="value_range=range values=x"),
    Operation("confusion_matrix", S, "labels x count weights", "tf.confusion_matrix", along=1.0, flow=Flow.BLOCKED, aliases="predictions=x num_classes=count"),
    Operation("multi_hot", S, "x count axis", "ops.multi_hot", flow=Flow.BLOCKED, aliases="num_classes=count num_tokens=count inputs=x"),
)  # fmt: skip

SIZES = (
    Operation("shape", Kind.SIZE, "x", "tf.shape K.shape K.int_shape ops.shape np.shape .get_shape .as_list", flow=Flow.BLOCKED),
    Operation("size", Kind.SIZE, "x axis", "tf.size(x) ops.size(x) np.size K.count_params(x)", flow=Flow.BLOCKED),
    Operation("num_elements", Kind.SIZE, "x", ".num_elements", flow=Flow.BLOCKED),
    Operation("rank", Kind.SIZE, "x", "tf.rank K.ndim ops.ndim np.ndim .get_rank", flow=Flow.BLOCKED),
)

SELECTIONS = (
    Operation("where", Kind.SELECTION, "condition x y", each("tf ops np", "where") + " tf.where_v2 tf.select K.where", 3, f.where, tolerance=0, aliases="x1=x x2=y"),
    Operation("cond", Kind.SELECTION, "condition x y", "tf.cond ops.cond tf.contrib.framework.smart_cond tf.smart_cond", 3, f.where, aliases="pred=condition true_fn=x false_fn=y true_fun=x false_fun=y"),
    Operation("switch", Kind.SELECTION, "condition x y", "K.switch", 3, f.where, aliases="then_expression=x else_expression=y"),
    Operation("case", Kind.SELECTION, "branches default", "tf.case tf.switch_case(index,branches,default) ops.switch(index,branches)", aliases="pred_fn_pairs=branches branch_fns=branches branch_index=index"),
    Operation("boolean_mask", Kind.SELECTION, "x mask axis", "tf.boolean_mask np.extract(mask,x) np.compress(mask,x,axis)", aliases="condition=mask arr=x"),
    Operation("nan_to_num", Kind.SELECTION, "x", "np.nan_to_num ops.nan_to_num"),
    Operation("in_train_phase", Kind.SELECTION, "x y training", each("K", "in_train_phase in_test_phase"), 2, aliases="alt=y"),
    Operation("nonzero", Kind.SELECTION, "condition", "np.nonzero ops.nonzero np.argwhere np.flatnonzero", flow=Flow.BLOCKED, aliases="x=condition a=condition"),
)  # fmt: skip

OPERATIONS = (*MOVES, *JOINS, *PICKS, *SCATTERS, *SIZES, *SELECTIONS)
