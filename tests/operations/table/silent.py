"""What the tests do not call, and why; and what is not in this version of TensorFlow and Keras."""

from __future__ import annotations

WITHOUT_FORM = {
    "gradient": "a tape is no call: see test_agreement",
    "tape": "a context, not a value",
    "weight_penalty": "sums up the weights of a graph",
    "placeholder": "only in graphs",
    "in_train_phase": "Keras 2 only",
}
UNCALLED = {
    "only in graphs, or of their variables": """.eval .initialized_value .read_value .value tf.compat.v1.all_variables tf.compat.v1.create_partitioned_variables
        tf.compat.v1.get_collection tf.compat.v1.get_variable tf.compat.v1.global_variables tf.compat.v1.model_variables tf.compat.v1.trainable_variables
        tf.compat.v1.make_template tf.parallel_stack tf.compat.v1.parallel_stack keras.Variable K.random_normal_variable tf.keras.Variable""",
    "makes a function of a function, or an object": """tf.compat.v1.function tf.custom_gradient tf.compat.v1.custom_gradient tf.grad_pass_through
        tf.compat.v1.grad_pass_through keras.saving.register_keras_serializable keras.utils.register_keras_serializable
        tf.keras.utils.register_keras_serializable tf.constant_initializer tf.compat.v1.constant_initializer keras.losses.Loss tf.keras.losses.Loss""",
    "answers with a text: see test_agreement": "K.backend K.image_data_format keras.config.backend keras.config.image_data_format tf.keras.config.backend tf.keras.config.image_data_format",
    "a method of other classes than the ones at hand": ".detach .item .get_rank .log_likelihood .rsample .unnormalized_log_prob",
    "fails on a tensor, in TensorFlow itself": """tf.experimental.numpy.around tf.experimental.numpy.round tf.experimental.numpy.bool_ tf.experimental.numpy.float16
        tf.experimental.numpy.float32 tf.experimental.numpy.int32 tf.experimental.numpy.int64 tf.experimental.numpy.float64 tf.experimental.numpy.uint8 tf.experimental.numpy.uint16 tf.experimental.numpy.uint32""",
    "as its neighbours, with more arguments": """K.resize_volumes K.spatial_3d_padding keras.ops.depth_to_space keras.ops.image.affine_transform keras.ops.image.crop_images
        keras.ops.image.pad_images keras.ops.switch tf.compat.v1.batch_to_space tf.compat.v1.space_to_batch tf.compat.v1.nn.space_to_batch tf.compat.v1.depth_to_space
        tf.compat.v1.nn.depth_to_space tf.nn.depth_to_space tf.compat.v1.extract_image_patches tf.compat.v1.extract_volume_patches tf.extract_volume_patches
        tf.compat.v1.image.extract_image_patches tf.compat.v1.image.extract_patches tf.compat.v1.image.resize tf.compat.v1.image.ssim_multiscale
        tf.compat.v1.image.random_brightness tf.compat.v1.image.random_contrast tf.compat.v1.image.random_hue tf.compat.v1.image.random_saturation
        tf.nn.atrous_conv2d tf.nn.conv1d_transpose tf.nn.conv3d_transpose tf.nn.dilation2d tf.nn.erosion2d tf.compat.v1.nn.atrous_conv2d
        tf.compat.v1.nn.conv1d_transpose tf.compat.v1.nn.conv3d_transpose tf.compat.v1.nn.convolution tf.compat.v1.nn.depthwise_conv2d_native
        tf.compat.v1.nn.dilation2d tf.compat.v1.nn.erosion2d tf.compat.v1.nn.max_pool_with_argmax tf.compat.v1.nn.pool tf.compat.v1.nn.ctc_loss
        tf.compat.v1.spectral.rfft tf.compat.v1.spectral.rfft2d""",
}
GONE = ("tf.contrib.", "tf.layers.", "tf.slim.", "tfp.", "scipy.")  # packages that are gone, or not installed
ABSENT = """
    K.Variable K.conv3d_transpose K.convert_to_numpy K.convert_to_tensor K.create_partitioned_variables K.get_variable K.identity K.image_dim_ordering K.in_test_phase
    K.in_train_phase K.local_conv1d K.local_conv2d K.logsumexp K.print_tensor K.random_binomial K.separable_conv1d K.slice K.where K.while_loop
    keras.losses.LossFunctionWrapper keras.losses.bce keras.losses.cosine keras.losses.cosine_proximity keras.losses.huber_loss np.float np.int
    tf.batch_matmul tf.bucketize tf.compute_weighted_loss tf.concat_v2 tf.matrix_exponential tf.matrix_logarithm tf.mul tf.neg tf.pack tf.select
    tf.smart_cond tf.sub tf.tensor_array_ops.TensorArray tf.unpack tf.variable tf.with_dependencies
"""
ORDERS = {
    "TensorFlow 1 has `name` where TensorFlow 2 has the next argument": """tf.compat.v1.nn.moments tf.compat.v1.nn.weighted_moments tf.compat.v1.gather
        tf.compat.v1.gather_nd tf.compat.v1.confusion_matrix tf.compat.v1.math.confusion_matrix tf.compat.v1.boolean_mask""",
    "TensorFlow 1 has its first two the other way round": "tf.compat.v1.math.in_top_k tf.compat.v1.nn.in_top_k",
    "its other arguments are of no interest": "tf.constant_initializer tf.compat.v1.constant_initializer",
}
