"""Framework losses, layers, effects and whole families of names of which nothing is claimed."""

from __future__ import annotations

from losslint.operations.operation import Degree, Flow, Kind, Operation
from losslint.operations.spelling import each

L, Y, X = Kind.LOSS, Kind.LAYER, Kind.EFFECT
PAIR = "y_true y_pred"
ALIASES = "labels=y_true logits=y_pred predictions=y_pred targets=y_true target=y_true output=y_pred true=y_true pred=y_pred multi_class_labels=y_true onehot_labels=y_true x=y_true y=y_pred"
CLASSES = each(
    "keras.losses",
    "Loss MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy "
    "CategoricalFocalCrossentropy SparseCategoricalCrossentropy Poisson KLDivergence Huber Hinge SquaredHinge CategoricalHinge LogCosh CosineSimilarity Dice Tversky CTC Circle LossFunctionWrapper",
)

LOSSES = (
    Operation("row_loss", L, PAIR, each("keras.losses", "mean_squared_error mse MSE mean_absolute_error mae MAE mean_absolute_percentage_error mape MAPE mean_squared_logarithmic_error msle MSLE "
              "binary_crossentropy binary_focal_crossentropy categorical_crossentropy categorical_focal_crossentropy poisson kullback_leibler_divergence kl_divergence kld KLD huber huber_loss hinge squared_hinge "
              "categorical_hinge logcosh log_cosh cosine_similarity cosine_proximity cosine ctc dice tversky bce") + " K.categorical_crossentropy K.categorical_focal_crossentropy ops.categorical_crossentropy K.ctc_batch_cost "
              "tf.softmax_cross_entropy_with_logits tf.softmax_cross_entropy_with_logits_v2", 2, None, Degree.ZERO, shape="drop_last", aliases=ALIASES),
    Operation("sparse_loss", L, PAIR, "keras.losses.sparse_categorical_crossentropy K.sparse_categorical_crossentropy ops.sparse_categorical_crossentropy tf.sparse_softmax_cross_entropy_with_logits", 2, None, Degree.ZERO, shape="labels", aliases=ALIASES),
    Operation("element_loss", L, PAIR, "K.binary_crossentropy K.binary_focal_crossentropy ops.binary_crossentropy tf.sigmoid_cross_entropy_with_logits tf.weighted_cross_entropy_with_logits tf.log_poisson_loss", 2, None, Degree.ZERO, shape="same", aliases=ALIASES),
    Operation("batch_loss", L, PAIR + " weights", each("tf.losses", "softmax_cross_entropy sigmoid_cross_entropy sparse_softmax_cross_entropy mean_squared_error absolute_difference huber_loss log_loss hinge_loss cosine_distance "
              "mean_pairwise_squared_error compute_weighted_loss") + " " + each("tf.contrib.losses", "softmax_cross_entropy sigmoid_cross_entropy sparse_softmax_cross_entropy mean_squared_error absolute_difference log_loss hinge_loss", "(y_pred,y_true,weights)"),
              2, None, Degree.ZERO, shape="scalar", aliases=ALIASES),
    Operation("sampled_loss", L, PAIR, "tf.nce_loss tf.sampled_softmax_loss tf.ctc_loss tf.ctc_loss_v2 K.ctc_decode_loss", 2, None, Degree.ZERO, shape="rows", aliases=ALIASES),
    Operation("weight_penalty", Kind.LOSS, "scope", "tf.losses.get_regularization_loss tf.losses.get_regularization_losses tf.losses.get_losses tf.losses.get_total_loss tf.contrib.losses.get_regularization_losses", 0, None, Degree.ZERO, shape="penalty"),
    Operation("accuracy", L, PAIR, each("keras.metrics", "binary_accuracy categorical_accuracy sparse_categorical_accuracy top_k_categorical_accuracy sparse_top_k_categorical_accuracy"), 2, None, Degree.ZERO, flow=Flow.BLOCKED, shape="drop_last", aliases=ALIASES),
)  # fmt: skip
LOSS_OBJECT = Operation(
    "loss_object", L, "from_logits label_smoothing axis reduction name", CLASSES, 0, None, Degree.ZERO, shape="drop_last"
)

LAYERS = (
    Operation("image", Y, "x y", "tf.image.ssim tf.image.ssim_multiscale tf.image.psnr tf.image.total_variation", 2, None, Degree.ZERO, shape="batch", aliases="img1=x img2=y images=x im1=x im2=y"),
    Operation("filter", Y, "x filters", "tf.conv1d tf.conv2d tf.conv3d tf.depthwise_conv2d tf.depthwise_conv2d_native tf.separable_conv2d tf.conv2d_transpose tf.conv3d_transpose tf.convolution tf.conv2d_backprop_input tf.max_pool tf.avg_pool tf.max_pool2d tf.avg_pool2d "
              "tf.max_pool3d tf.avg_pool3d tf.avg_pool1d tf.max_pool1d tf.pool tf.dilation2d tf.erosion2d tf.extract_image_patches tf.image.* K.conv1d K.conv2d K.conv3d K.separable_conv2d K.depthwise_conv2d K.conv2d_transpose K.pool2d K.pool3d K.resize_images K.local_conv2d K.local_conv1d K.rnn "
              "ops.conv ops.depthwise_conv ops.max_pool ops.average_pool ops.separable_conv ops.image.* tf.extract_volume_patches tf.space_to_depth tf.depth_to_space tf.batch_to_space tf.space_to_batch tf.fft* tf.ifft* tf.signal.* tf.spectral.* ops.fft* ops.rfft ops.stft np.fft.* "
              "tf.layers.* tf.contrib.layers.* tf.xw_plus_b tf.relu_layer tf.bidirectional_dynamic_rnn tf.dynamic_rnn tf.static_rnn tf.rnn_cell.* tf.contrib.rnn.* tf.crelu tf.quantization.* tf.contrib.image.* tf.contrib.slim.* tf.slim.*", 2, None, Degree.UNKNOWN, shape="same",
              aliases="inputs=x value=x images=x"),
)  # fmt: skip

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
        "tf.GradientTape tf.autodiff.GradientTape tf.contrib.eager.GradientTape tf.autodiff.ForwardAccumulator",
        0,
    ),
)

MAPPINGS = (
    Operation(
        "map_fn",
        Kind.MAPPING,
        "f x",
        "tf.map_fn K.map_fn tf.vectorized_map ops.vectorized_map ops.map",
        1,
        aliases="fn=f elems=x function=f",
    ),
    Operation(
        "scan", Kind.MAPPING, "f x", "tf.scan tf.foldl tf.foldr K.foldl K.foldr ops.scan ops.associative_scan", 1, aliases="fn=f elems=x"
    ),
    Operation(
        "while_loop", Kind.MAPPING, "cond body x", "tf.while_loop K.while_loop ops.while_loop ops.fori_loop", 1, aliases="loop_vars=x"
    ),
    Operation("py_function", Kind.MAPPING, "f x", "tf.py_function", 1, aliases="func=f inp=x"),
    Operation("numpy_function", Kind.MAPPING, "f x", "tf.numpy_function tf.py_func", 1, flow=Flow.BLOCKED, aliases="func=f inp=x"),
)

EFFECTS = (
    Operation("effect", X, "x", "tf.print tf.summary.* tf.contrib.summary.* tf.assert_* tf.debugging.* tf.Assert tf.logging.* tf.assign_moving_average tf.assign tf.assign_add tf.assign_sub K.update K.update_add K.update_sub K.moving_average_update K.set_value K.batch_set_value K.manual_variable_initialization "
              "tf.group tf.no_op tf.add_to_collection tf.add_to_collections tf.scalar_summary tf.histogram_summary tf.image_summary tf.set_random_seed np.random.seed keras.utils.set_random_seed tf.get_logger K.update_* "
              "np.save np.load np.savez np.savetxt np.loadtxt np.testing.* np.set_printoptions np.seterr np.errstate np.warnings.* tf.disable_v2_behavior tf.enable_eager_execution tf.enable_v2_behavior tf.disable_eager_execution tf.initialize_all_variables tf.global_variables_initializer "
              "tf.local_variables_initializer tf.initializers.* tf.variables_initializer tf.reset_default_graph"),
)  # fmt: skip

OPAQUE = (
    Operation("opaque", Kind.OPAQUE, "x",
              "keras.optimizers.* keras.legacy.optimizers.* tf.train.* tf.contrib.opt.* tf.optimizers.* keras.callbacks.* keras.metrics.* keras.datasets.* keras.preprocessing.* keras.utils.* keras.regularizers.* keras.initializers.* keras.constraints.* keras.mixed_precision.* keras.tree.* keras.wrappers.* keras.saving.* keras.dtype_policies.* keras.distribution.* keras.export.* keras.quantizers.* keras.random.SeedGenerator keras.visualize_util.* "
              "tf.data.* tf.io.* tf.gfile.* tf.GFile tf.app.* tf.flags.* tf.distribute.* tf.contrib.distribute.* tf.config.* tf.ConfigProto tf.GPUOptions tf.Session tf.InteractiveSession tf.Graph tf.GraphKeys* tf.get_default_graph tf.get_default_session tf.name_scope tf.variable_scope tf.variable_op_scope tf.op_scope tf.device tf.control_dependencies tf.colocate_with tf.get_variable_scope tf.AUTO_REUSE tf.executing_eagerly tf.Module tf.experimental.* tf.feature_column.* tf.estimator.* "
              "tf.compat.* tf.strings.* tf.as_string tf.string_* tf.lookup.* tf.contrib.lookup.* tf.metrics.* tf.contrib.metrics.* tf.contrib.training.* tf.contrib.framework.* tf.contrib.learn.* tf.contrib.seq2seq.* tf.contrib.crf.* tf.contrib.eager.* tf.contrib.tpu.* tf.contrib.gan.* tf.tpu.* tf.nest.* tf.TensorArray tf.tensor_array_ops* tf.queue.* tf.FIFOQueue tf.RandomShuffleQueue tf.read_file tf.decode_* tf.parse_* tf.saved_model.* tf.profiler.* tf.test.* tf.RunOptions tf.RunMetadata tf.VariableScope tf.VariableAggregation* tf.VariableSynchronization* "
              "tf.random_*_initializer tf.truncated_normal_initializer tf.random_normal_initializer tf.random_uniform_initializer tf.zeros_initializer tf.ones_initializer tf.orthogonal_initializer tf.glorot_uniform_initializer tf.glorot_normal_initializer tf.variance_scaling_initializer tf.uniform_unit_scaling_initializer tf.keras_initializers* tf.ctc_greedy_decoder tf.ctc_beam_search_decoder K.ctc_decode K.ctc_label_dense_to_sparse tf.non_max_suppression tf.image_non_max tf.edit_distance tf.unravel_index tf.losses.add_loss tf.losses.Reduction* tf.resource_loader.* tf.python.* tf.dtypes.* tf.register_tensor_conversion_function tf.load_op_library tf.raw_ops.* tf.timestamp tf.py.* tf.import_graph_def tf.identity_n tf.tuple tf.Operation tf.Tensor tf.IndexedSlices tf.convert_to_tensor_or_* tf.resampler* tf.contrib.resampler.* "
              "K.function K.dtype_* K.set_learning_* K.get_variable_shape K.batch_get_value K.reset_uids K.truncated_normal_initializer K.is_placeholder K.is_variable K.tensorflow_backend.* K.tf* K.common.* K.load_backend K.variable_dtype np.linalg.* np.polynomial.* np.vectorize np.apply_along_axis np.polyfit np.interp np.cov np.corrcoef np.convolve np.correlate np.lib.* np.ma.* np.nditer np.ndenumerate np.fromfunction np.frombuffer np.fromstring np.genfromtxt np.matrix np.mat np.allclose np.array_equal np.may_share_memory np.random.RandomState np.random.default_rng np.squeeze np.meshgrid np.insert np.delete np.array_split np.partition np.argpartition np.histogram2d np.bincount np.ix_ np.resize np.cumulative_sum np.trapz np.gradient np.kron np.ptp np.rot90 np.packbits np.ndindex np.c_ np.r_ np.s_ np.issubdtype np.can_cast np.result_type np.isscalar np.iterable "
              "tfp.* tfa.* scipy.* keras.layers.* keras.models.* keras.engine.* keras.applications.* keras.losses.get keras.losses.deserialize keras.losses.serialize keras.activations.*"),
)  # fmt: skip

DISTRIBUTIONS = (
    Operation("distribution", Kind.LAYER, "loc scale", each("tfp.distributions tf.distributions tf.contrib.distributions", "Normal Bernoulli Gamma Beta Poisson Laplace Uniform LogNormal StudentT Exponential Logistic NegativeBinomial Binomial Cauchy HalfNormal InverseGamma Weibull TruncatedNormal Gumbel VonMises Geometric Pareto ContinuousBernoulli RelaxedBernoulli Deterministic"), 2, shape="element"),
    Operation("vector_distribution", Kind.LAYER, "loc scale", each("tfp.distributions tf.distributions tf.contrib.distributions", "MultivariateNormalDiag MultivariateNormalTriL MultivariateNormalFullCovariance MultivariateNormalDiagWithSoftplusScale Dirichlet Categorical OneHotCategorical Multinomial DirichletMultinomial MixtureSameFamily RelaxedOneHotCategorical VonMisesFisher"), 2, shape="row", aliases="logits=loc probs=loc concentration=loc"),
    Operation("log_prob", Kind.LAYER, "distribution x", ".log_prob .prob .log_cdf .cdf .log_likelihood .unnormalized_log_prob", 2, shape="density"),
    Operation("divergence", Kind.LAYER, "distribution other", ".kl_divergence .cross_entropy tfp.distributions.kl_divergence tf.distributions.kl_divergence tf.contrib.distributions.kl_divergence tfp.distributions.kl", 2, shape="density"),
    Operation("entropy", Kind.LAYER, "distribution", ".entropy", 1, shape="density"),
    Operation("moment", Kind.LAYER, "distribution", ".sample .mode .stddev .variance .rsample", 1, shape="element"),
)  # fmt: skip

OPERATIONS = (*LOSSES, *LAYERS, *GRADIENTS, *MAPPINGS, *EFFECTS, *OPAQUE, *DISTRIBUTIONS)
