"""Gradients, mapped functions, effects, and whole families of names of which nothing is claimed."""

from __future__ import annotations

from losslint.operations.operation import Flow, Kind, Operation

X = Kind.EFFECT

GRADIENTS = (
    Operation(
        "gradient",
        Kind.GRADIENT,
        "target sources",
        "tf.gradients K.gradients tf.hessians .gradient(tape,target,sources) .batch_jacobian(tape,target,sources) .jacobian(tape,target,sources)",
        2,
        aliases="ys=target xs=sources loss=target variables=sources",
    ),
    Operation(
        "tape",
        Kind.GRADIENT,
        "persistent",
        "tf.GradientTape tf.autodiff.GradientTape tf.contrib.eager.GradientTape tf.autodiff.ForwardAccumulator(primals,tangents)",
        0,
    ),
)

M = Kind.MAPPING
CALLED = "fn=f func=f function=f elems=x elements=x xs=x inp=x initializer=initial init=initial"

MAPPINGS = (
    Operation("map_fn", M, "f x", "tf.map_fn K.map_fn tf.vectorized_map ops.vectorized_map ops.map", aliases=CALLED),
    Operation("fold", M, "f x initial", "tf.foldl tf.foldr K.foldl K.foldr", aliases=CALLED),
    Operation("scan", M, "f x initial", "tf.scan", aliases=CALLED),
    Operation("while_loop", M, "cond f x", "tf.while_loop K.while_loop ops.while_loop", aliases="loop_vars=x body=f"),
    Operation("fori_loop", M, "lower upper f x", "ops.fori_loop", aliases="body_fun=f init_val=x"),
    Operation("tensor_array", M, "dtype size", "tf.TensorArray tf.tensor_array_ops.TensorArray"),
    Operation("py_function", M, "f x", "tf.py_function", aliases=CALLED),
    Operation("numpy_function", M, "f x", "tf.numpy_function tf.py_func", flow=Flow.BLOCKED, aliases=CALLED),
)  # fmt: skip

EFFECTS = (
    Operation("effect", X, "x", "tf.print tf.summary.* tf.contrib.summary.* tf.assert_* tf.debugging.* tf.Assert tf.logging.* tf.assign_moving_average tf.assign tf.assign_add tf.assign_sub tf.scatter_add tf.scatter_sub tf.scatter_update tf.scatter_nd_update tf.scatter_nd_add K.update K.update_add K.update_sub K.moving_average_update K.set_value K.batch_set_value K.manual_variable_initialization "
              "tf.group tf.no_op tf.add_to_collection tf.add_to_collections tf.scalar_summary tf.histogram_summary tf.image_summary tf.set_random_seed np.random.seed keras.utils.set_random_seed tf.get_logger K.update_* "
              "np.save np.load np.savez np.savetxt np.loadtxt np.testing.* np.set_printoptions np.seterr np.errstate np.warnings.* tf.disable_v2_behavior tf.enable_eager_execution tf.enable_v2_behavior tf.disable_eager_execution tf.initialize_all_variables tf.global_variables_initializer "
              "tf.local_variables_initializer tf.initializers.* tf.variables_initializer tf.reset_default_graph"),
)  # fmt: skip

OPAQUE = (
    Operation("opaque", Kind.OPAQUE, "x",
              "keras.optimizers.* keras.legacy.optimizers.* tf.train.* tf.contrib.opt.* tf.optimizers.* keras.callbacks.* keras.metrics.* keras.datasets.* keras.preprocessing.* keras.utils.* keras.regularizers.* keras.initializers.* keras.constraints.* keras.mixed_precision.* keras.tree.* keras.wrappers.* keras.saving.* keras.dtype_policies.* keras.distribution.* keras.export.* keras.quantizers.* keras.random.SeedGenerator keras.visualize_util.* "
              "tf.data.* tf.io.* tf.gfile.* tf.GFile tf.app.* tf.flags.* tf.distribute.* tf.contrib.distribute.* tf.config.* tf.ConfigProto tf.GPUOptions tf.Session tf.InteractiveSession tf.Graph tf.GraphKeys* tf.get_default_graph tf.get_default_session tf.name_scope tf.variable_scope tf.variable_op_scope tf.op_scope tf.device tf.control_dependencies tf.colocate_with tf.get_variable_scope tf.AUTO_REUSE tf.executing_eagerly tf.Module tf.experimental.* tf.feature_column.* tf.estimator.* "
              "tf.compat.* tf.strings.* tf.as_string tf.string_* tf.lookup.* tf.contrib.lookup.* tf.metrics.* tf.contrib.metrics.* tf.contrib.training.* tf.contrib.framework.* tf.contrib.learn.* tf.contrib.seq2seq.* tf.contrib.crf.* tf.contrib.eager.* tf.contrib.tpu.* tf.contrib.gan.* tf.tpu.* tf.nest.* tf.queue.* tf.FIFOQueue tf.RandomShuffleQueue tf.read_file tf.decode_* tf.parse_* tf.saved_model.* tf.profiler.* tf.test.* tf.RunOptions tf.RunMetadata tf.VariableScope tf.VariableAggregation* tf.VariableSynchronization* "
              "tf.random_*_initializer tf.truncated_normal_initializer tf.random_normal_initializer tf.random_uniform_initializer tf.zeros_initializer tf.ones_initializer tf.orthogonal_initializer tf.glorot_uniform_initializer tf.glorot_normal_initializer tf.variance_scaling_initializer tf.uniform_unit_scaling_initializer tf.keras_initializers* tf.ctc_greedy_decoder tf.ctc_beam_search_decoder K.ctc_decode K.ctc_label_dense_to_sparse tf.non_max_suppression tf.image_non_max tf.edit_distance tf.unravel_index tf.losses.add_loss tf.losses.Reduction* tf.resource_loader.* tf.dtypes.* tf.register_tensor_conversion_function tf.load_op_library tf.raw_ops.* tf.timestamp tf.py.* tf.import_graph_def tf.identity_n tf.tuple tf.Operation tf.Tensor tf.IndexedSlices tf.convert_to_tensor_or_* tf.resampler* tf.contrib.resampler.* "
              "K.function K.dtype_* K.set_learning_* K.get_variable_shape K.batch_get_value K.reset_uids K.truncated_normal_initializer K.is_placeholder K.is_variable K.tf* K.common.* K.load_backend K.variable_dtype np.linalg.* np.polynomial.* np.vectorize np.apply_along_axis np.polyfit np.interp np.cov np.corrcoef np.convolve np.correlate np.lib.* np.ma.* np.nditer np.ndenumerate np.fromfunction np.frombuffer np.fromstring np.genfromtxt np.matrix np.mat np.allclose np.array_equal np.may_share_memory np.random.RandomState np.random.default_rng np.insert np.delete np.partition np.argpartition np.histogram2d np.ix_ np.resize np.cumulative_sum np.trapz np.gradient np.kron np.ptp np.rot90 np.packbits np.ndindex np.c_ np.r_ np.s_ np.issubdtype np.can_cast np.result_type np.isscalar np.iterable "
              "tf.sparse.* tf.sparse_* tf.ragged.* tf.RaggedTensor* tf.sets.* tf.setdiff1d tf.dynamic_stitch tf.histogram_fixed_width_bins tf.shape_n tf.is_numeric_tensor tf.make_ndarray tf.make_tensor_proto tf.polyval tf.matrix_rank tf.broadcast_static_shape tf.broadcast_dynamic_shape K.is_sparse K.is_float_dtype K.is_int_dtype K.set_epsilon "
              "np.unique np.histogram np.setdiff1d np.intersect1d np.ediff1d np.mgrid np.indices ops.unique ops.histogram ops.cdist ops.corrcoef ops.correlate ops.vdot ops.kron ops.trapezoid ops.vectorize ops.custom_gradient ops.dtype ops.is_tensor ops.allclose ops.isin ops.view* ops.slice_update ops.fold ops.unfold ops.glu ops.sparsemax ops.threshold "
              "ops.scan ops.associative_scan tfp.* tfa.* scipy.* keras.layers.* keras.models.* keras.engine.* keras.applications.* keras.losses.get keras.losses.deserialize keras.losses.serialize keras.activations.*"),
)  # fmt: skip

OPERATIONS = (*GRADIENTS, *MAPPINGS, *EFFECTS, *OPAQUE)
