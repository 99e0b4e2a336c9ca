"""Operations that make tensors from settings, and those that pass a value on."""

from __future__ import annotations

from losslint.operations.operation import Flow, Kind, Operation
from losslint.operations.spelling import each

N = Kind.CREATION
B = Flow.BLOCKED

OPERATIONS = (
    Operation("constant", N, "x dtype shape", each("tf K", "constant") + " tf.constant_initializer " + each("np", "array asarray asanyarray", "(x,dtype)") + " ops.array(x,dtype)", flow=B, aliases="val=x"),
    Operation("zeros", N, "shape", each("tf K ops np", "zeros"), flow=B),
    Operation("ones", N, "shape", each("tf K ops np", "ones"), flow=B),
    Operation("empty", N, "shape", "np.empty ops.empty", flow=B),
    Operation("empty_like", N, "x", "np.empty_like ops.empty_like", flow=B, aliases="prototype=x"),
    Operation("fill", N, "shape value", "tf.fill np.full ops.full", flow=B, aliases="dims=shape fill_value=value"),
    Operation("zeros_like", N, "x", each("tf K ops np", "zeros_like"), flow=B),
    Operation("ones_like", N, "x", each("tf K ops np", "ones_like"), flow=B),
    Operation("full_like", N, "x value", each("np ops", "full_like"), flow=B, aliases="fill_value=value"),
    Operation("eye", N, "rows columns", "tf.eye np.eye K.eye(rows) ops.eye ops.identity(rows) np.identity(rows)", flow=B, aliases="size=rows n=rows num_rows=rows num_columns=columns N=rows M=columns"),
    Operation("range", N, "start limit delta", "tf.range " + each("K ops np", "arange"), flow=B, aliases="stop=limit step=delta start_or_stop=start"),
    Operation("linspace", N, "start stop num", each("tf ops np", "linspace") + " tf.lin_space np.logspace ops.logspace", flow=B),
    Operation("one_hot", N, "x depth on_value off_value axis", "tf.one_hot K.one_hot(x,depth) ops.one_hot(x,depth,axis) keras.utils.to_categorical(x,depth)", flow=B, aliases="indices=x num_classes=depth y=x"),
    Operation("sequence_mask", N, "x maxlen", "tf.sequence_mask", flow=B, aliases="lengths=x"),
    Operation("random", N, "shape mean stddev",
              each("tf K", "random_normal truncated_normal") + " K.random_normal_variable " + each("tf.random", "normal truncated_normal") + " " + each("keras.random", "normal truncated_normal")
              + " tf.random_uniform(shape,low,high) K.random_uniform(shape,low,high) tf.random.uniform(shape,low,high) keras.random.uniform(shape,low,high) keras.random.randint(shape,low,high) K.random_bernoulli(shape,p) K.random_binomial(shape,p)"
              + " tf.random.stateless_normal(shape,seed,mean,stddev) tf.random.stateless_truncated_normal(shape,seed,mean,stddev) tf.random.stateless_uniform(shape,seed,low,high)"
              + " np.random.normal(mean,stddev,shape) np.random.uniform(low,high,shape) np.random.randint(low,high,shape) np.random.binomial(n,p,shape) np.random.beta(a,b,shape) np.random.choice(a,shape)"
              + " np.random.randn(shape) np.random.rand(shape) np.random.standard_normal(shape) np.random.random(shape) np.random.random_sample(shape)",
              flow=B, random=True, aliases="size=shape minval=low maxval=high loc=mean scale=stddev a=a b=b"),
    Operation("random_categorical", N, "x count", "tf.random.categorical tf.multinomial keras.random.categorical tf.random.stateless_categorical(x,count,seed)", flow=B, random=True, aliases="logits=x num_samples=count"),
    Operation("random_other", Kind.OPAQUE, "x", "np.random.* keras.random.* tf.random.* tf.random_gamma tf.random_poisson tf.random_crop"),
    Operation("variable", N, "x", "tf.Variable K.variable tf.variable K.Variable tf.get_variable(name,shape) K.get_variable(name,shape) tf.create_partitioned_variables(shape) K.create_partitioned_variables(shape) tf.contrib.framework.variable keras.Variable(initializer,shape) tf.trainable_variables tf.global_variables tf.get_collection tf.contrib.framework.get_variables tf.all_variables tf.model_variables", aliases="initial_value=x scope=x key=x"),
    Operation("placeholder", N, "dtype shape", "tf.placeholder tf.placeholder_with_default", aliases="input=dtype"),
    Operation("epsilon", N, "", "K.epsilon keras.config.epsilon", flow=B),
    Operation("told", N, "", "K.floatx keras.config.floatx K.image_data_format keras.config.image_data_format K.backend keras.config.backend K.image_dim_ordering", flow=B),
    Operation("dtype_limits", Kind.OPAQUE, "x", "np.finfo np.iinfo tf.as_dtype tf.dtypes.as_dtype tf.DType tf.TensorShape tf.TensorSpec tf.Dimension np.dtype K.dtype tf.dimension_value K.standardize_dtype keras.config.* tf.compat.dimension_value tf.compat.dimension_at_index K.learning_phase K.set_image_data_format K.set_floatx K.set_session K.get_session K.clear_session K.set_learning_phase K.get_uid K.name_scope K.is_keras_tensor K.is_tensor tf.is_tensor K.result_type keras.version tf.version.*"),
    Operation("identity", Kind.IDENTITY, "x", each("tf K", "identity") + " tf.convert_to_tensor K.convert_to_tensor ops.convert_to_tensor ops.copy np.copy .copy tf.check_numerics tf.debugging.check_numerics tf.Print tf.verify_tensor_all_finite K.print_tensor tf.ensure_shape np.ascontiguousarray .value .read_value np.atleast_1d np.real_if_close .initialized_value .cpu tf.with_dependencies(dependencies,x) K.cast_to_floatx tf.quantization.fake_quant_with_min_max_vars",
              aliases="tensor_in=x t=x inputs=x"),
    Operation("to_numpy", Kind.IDENTITY, "x", "ops.convert_to_numpy .numpy K.eval K.get_value K.convert_to_numpy .eval tf.contrib.util.constant_value tf.get_static_value .item .tolist", flow=B),
    Operation("stop_gradient", Kind.IDENTITY, "x", each("tf K ops", "stop_gradient") + " .detach", flow=B, aliases="variables=x variable=x"),
    Operation("passed", Kind.IDENTITY, "f", "tf.function tf.custom_gradient tf.recompute_grad tf.grad_pass_through tf.autograph.experimental.do_not_convert tf.contrib.eager.defun tf.make_template(name_,f) keras.saving.register_keras_serializable(package,name) keras.utils.register_keras_serializable(package,name)", aliases="func=f func_=f"),
)  # fmt: skip
