"""Operations on images and signals: filters, pools, resizes, transforms; they keep the batch axis."""

from __future__ import annotations

from losslint.operations import functions as f
from losslint.operations.operation import Degree, Flow, Kind, Operation
from losslint.operations.spelling import each

Y = Kind.LAYER
CONTRIB = "conv2d convolution2d conv2d_transpose convolution2d_transpose separable_conv2d max_pool2d avg_pool2d fully_connected linear batch_norm layer_norm instance_norm dropout relu bias_add"

TWINS = {
    "Add": "keras.layers.add", "Subtract": "keras.layers.subtract", "Multiply": "keras.layers.multiply", "Maximum": "keras.layers.maximum",
    "Minimum": "keras.layers.minimum", "Concatenate": "keras.layers.concatenate", "Flatten": "keras.backend.batch_flatten",
    "Softmax": "keras.activations.softmax", "ReLU": "keras.activations.relu", "MaxPooling2D": "tensorflow.nn.max_pool2d",
    "MaxPool2D": "tensorflow.nn.max_pool2d", "AveragePooling2D": "tensorflow.nn.avg_pool2d",
}  # fmt: skip
"""The function that a layer without weights is."""

OPERATIONS = (
    Operation("filter", Y, "x filters",
              each("tf", "conv1d conv2d conv3d depthwise_conv2d depthwise_conv2d_native separable_conv2d conv1d_transpose conv2d_transpose conv3d_transpose convolution atrous_conv2d")
              + " " + each("K", "conv1d conv2d conv3d separable_conv1d separable_conv2d depthwise_conv2d conv2d_transpose conv3d_transpose local_conv1d local_conv2d")
              + " " + each("ops", "conv conv_transpose depthwise_conv separable_conv"),
              2, f.zero_kept, Degree.ZERO_STAYS, shape="same", tolerance=0, aliases="inputs=x value=x images=x kernel=filters filter=filters weights=filters depthwise_kernel=filters depthwise_filter=filters"),
    Operation("window", Y, "x",
              each("tf", "max_pool avg_pool max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d pool") + " K.pool2d K.pool3d "
              + each("ops", "max_pool average_pool adaptive_max_pool adaptive_average_pool"),
              1, f.kept, Degree.ZERO_STAYS, shape="same", aliases="inputs=x value=x images=x input=x"),
    Operation("filter_biased", Y, "x filters", each("tf", "dilation2d erosion2d xw_plus_b relu_layer"), 2, None, Degree.ZERO_STAYS, shape="same", aliases="inputs=x value=x input=x kernel=filters filter=filters weights=filters"),
    Operation("pool", Y, "x",
              each("tf", "crelu extract_image_patches extract_volume_patches space_to_depth depth_to_space batch_to_space space_to_batch space_to_batch_nd batch_to_space_nd")
              + " " + each("K", "resize_images resize_volumes spatial_3d_padding")
              + " " + each("ops", "space_to_depth depth_to_space layer_normalization rms_normalization")
              + " " + each("tf.layers", "conv1d conv2d conv3d conv2d_transpose conv3d_transpose separable_conv2d dense dropout batch_normalization max_pooling1d max_pooling2d max_pooling3d average_pooling1d average_pooling2d average_pooling3d")
              + " " + each("tf.contrib.layers tf.contrib.slim tf.slim", CONTRIB),
              degree=Degree.ZERO_STAYS, shape="same", aliases="inputs=x value=x images=x data=x"),
    Operation("image_transform", Y, "x",
              each("tf.image", "adjust_brightness adjust_contrast adjust_gamma adjust_hue adjust_saturation central_crop crop_to_bounding_box extract_patches flip_left_right flip_up_down grayscale_to_rgb "
                   "pad_to_bounding_box per_image_standardization resize resize_with_crop_or_pad resize_image_with_crop_or_pad resize_with_pad resize_images resize_bilinear resize_nearest_neighbor resize_bicubic resize_area "
                   "rgb_to_grayscale rgb_to_hsv rgb_to_yiq rgb_to_yuv rot90 transpose yiq_to_rgb yuv_to_rgb convert_image_dtype random_brightness random_contrast random_flip_left_right random_flip_up_down random_hue random_saturation extract_image_patches")
              + " " + each("ops", "affine_transform crop_images extract_patches gaussian_blur pad_images resize rgb_to_grayscale rgb_to_hsv"),
              degree=Degree.ZERO_STAYS, shape="same", aliases="images=x image=x value=x"),
    Operation("hsv_to_rgb", Y, "x", "tf.image.hsv_to_rgb ops.hsv_to_rgb", degree=Degree.ZERO_STAYS, flow=Flow.BLOCKED, shape="same", aliases="images=x"),
    Operation("image_score", Y, "x y", "tf.image.ssim tf.image.ssim_multiscale tf.image.psnr ops.ssim", 2, None, Degree.ZERO, shape="drop_image", aliases="img1=x img2=y im1=x im2=y image1=x image2=y"),
    Operation("total_variation", Y, "x", "tf.image.total_variation", 1, f.change, shape="drop_image", aliases="images=x"),
    Operation("image_gradients", Y, "x", "tf.image.image_gradients", 1, f.change, shape="pair", aliases="image=x"),
    Operation("sobel_edges", Y, "x", "tf.image.sobel_edges", 1, f.change, shape="append", aliases="image=x"),
    Operation("crops", Y, "x boxes", "tf.image.crop_and_resize", 2, degree=Degree.ZERO_STAYS, shape="boxes", aliases="image=x"),
    Operation("pool_with_argmax", Y, "x", "tf.max_pool_with_argmax", shape="pair"),
    Operation("fourier", Y, "x", each("tf", "fft ifft") + " " + each("tf.signal", "fft ifft rfft irfft dct idct") + " tf.spectral.rfft tf.spectral.irfft tf.spectral.dct np.fft.fft np.fft.ifft np.fft.rfft np.fft.irfft", degree=Degree.ZERO_STAYS, shape="transform 1"),
    Operation("fourier2", Y, "x", each("tf", "fft2d ifft2d") + " " + each("tf.signal", "fft2d ifft2d rfft2d irfft2d") + " tf.spectral.rfft2d tf.spectral.irfft2d np.fft.fft2 np.fft.ifft2 np.fft.rfft2 np.fft.irfft2", degree=Degree.ZERO_STAYS, shape="transform 2"),
    Operation("fourier3", Y, "x", each("tf", "fft3d ifft3d") + " " + each("tf.signal", "fft3d ifft3d rfft3d irfft3d"), degree=Degree.ZERO_STAYS, shape="transform 3"),
    Operation("fourier_shift", Y, "x", each("tf.signal np.fft", "fftshift ifftshift"), shape="same"),
    Operation("frames", Y, "x", "tf.signal.frame tf.signal.stft tf.contrib.signal.frame tf.contrib.signal.stft", degree=Degree.ZERO_STAYS, shape="append", aliases="signal=x signals=x"),
    Operation("overlap", Y, "x", "tf.signal.overlap_and_add tf.signal.inverse_stft tf.contrib.signal.overlap_and_add", degree=Degree.ZERO_STAYS, shape="merge_last", aliases="signal=x stfts=x"),
    Operation("layer_other", Kind.OPAQUE, "x", "tf.image.* tf.signal.* tf.spectral.* tf.contrib.signal.* np.fft.* ops.fft* ops.rfft ops.irfft ops.ifft* ops.stft ops.istft tf.fft* tf.ifft* tf.layers.* tf.contrib.layers.* tf.contrib.slim.* tf.slim.* tf.contrib.image.* tf.quantization.* "
              "tf.dynamic_rnn tf.bidirectional_dynamic_rnn tf.static_rnn tf.static_bidirectional_rnn tf.raw_rnn tf.rnn_cell.* tf.contrib.rnn.* K.rnn tf.conv2d_backprop_input tf.conv2d_backprop_filter tf.fused_batch_norm tf.convolution_* tf.fractional_* tf.approx_* tf.embedding_lookup_sparse tf.safe_embedding_lookup_sparse tf.sufficient_statistics tf.normalize_moments ops.dot_product_attention", flow=Flow.FLOWS),
)  # fmt: skip
