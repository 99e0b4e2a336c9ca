"""Losses of the framework: what they leave of the axes, by function and by class."""

from __future__ import annotations

from losslint.operations.operation import Degree, Flow, Kind, Operation
from losslint.operations.spelling import each

L = Kind.LOSS
PAIR = "y_true y_pred"
ALIASES = "labels=y_true logits=y_pred predictions=y_pred targets=y_true target=y_true output=y_pred true=y_true pred=y_pred multi_class_labels=y_true onehot_labels=y_true x=y_true y=y_pred dim=axis"
ZERO = Degree.ZERO
CONTRIB = "(y_pred,y_true,weights)"

EITHER_WAY = (
    "mean_squared_error mse MSE mean_absolute_error mae MAE mean_squared_logarithmic_error msle MSLE cosine_similarity cosine_proximity cosine huber huber_loss "
    "logcosh log_cosh dice absolute_difference cosine_distance mean_pairwise_squared_error compute_weighted_loss compute_average_loss MeanSquaredError MeanAbsoluteError "
    "MeanSquaredLogarithmicError CosineSimilarity Huber LogCosh Dice Loss LossFunctionWrapper nce_loss sampled_softmax_loss ctc ctc_loss ctc_loss_v2 "
    "ctc_batch_cost ctc_decode_loss CTC Circle"
)  # the order of target and prediction makes no difference to them, or their arguments are of other kinds


def _loss(
    name: str, spellings: str, shape: str, parameters: str = PAIR, aliases: str = "", flow: Flow = Flow.FLOWS, along: float | None = None
) -> Operation:
    return Operation(name, L, parameters, spellings, 2, None, ZERO, along, shape=shape, aliases=f"{ALIASES} {aliases}", flow=flow)


FUNCTIONS = (
    _loss("row_loss", each("keras.losses", "mean_squared_error mse MSE mean_absolute_error mae MAE mean_absolute_percentage_error mape MAPE mean_squared_logarithmic_error msle MSLE "
          "hinge squared_hinge poisson logcosh log_cosh", "(y_true,y_pred)") + " " + each("keras.losses", "huber(y_true,y_pred,delta) huber_loss(y_true,y_pred,delta) "
          "cosine_similarity(y_true,y_pred,axis) cosine_proximity(y_true,y_pred,axis) cosine(y_true,y_pred,axis) "
          "binary_crossentropy(y_true,y_pred,from_logits,label_smoothing,axis) bce(y_true,y_pred,from_logits,label_smoothing,axis) "
          "binary_focal_crossentropy(y_true,y_pred,apply_class_balancing,alpha,gamma,from_logits,label_smoothing,axis)")
          + " keras.metrics.pearson_correlation(y_true,y_pred,axis) keras.metrics.concordance_correlation(y_true,y_pred,axis)", "drop_last", f"{PAIR} axis", along=0.0),
    _loss("class_loss", each("keras.losses", "kullback_leibler_divergence kl_divergence kld KLD categorical_hinge", "(y_true,y_pred)")
          + " " + each("keras.losses", "categorical_crossentropy(y_true,y_pred,from_logits,label_smoothing,axis) categorical_focal_crossentropy(y_true,y_pred,alpha,gamma,from_logits,label_smoothing,axis)")
          + " K.categorical_crossentropy(y_true,y_pred,from_logits,axis) ops.categorical_crossentropy(y_true,y_pred,from_logits,axis) K.categorical_focal_crossentropy(y_true,y_pred,alpha,gamma,from_logits,axis)"
          + " tf.softmax_cross_entropy_with_logits(y_true,y_pred,axis) tf.softmax_cross_entropy_with_logits_v2(y_true,y_pred,axis)", "drop_last", f"{PAIR} axis", along=1.0),
    _loss("sparse_loss", "keras.losses.categorical_generalized_cross_entropy(y_true,y_pred,q) keras.losses.sparse_categorical_crossentropy(y_true,y_pred,from_logits,ignore_class,axis) K.sparse_categorical_crossentropy(y_true,y_pred,from_logits,axis) "
          "ops.sparse_categorical_crossentropy(y_true,y_pred,from_logits,axis) tf.sparse_softmax_cross_entropy_with_logits", "labels"),
    _loss("element_loss", "K.binary_crossentropy ops.binary_crossentropy K.binary_focal_crossentropy tf.sigmoid_cross_entropy_with_logits tf.weighted_cross_entropy_with_logits tf.log_poisson_loss", "same", aliases="log_input=y_pred"),
    _loss("set_loss", "keras.losses.dice keras.losses.tversky(y_true,y_pred,alpha,beta,axis)", "whole", f"{PAIR} axis"),
    _loss("circle_loss", "keras.losses.circle(y_true,y_pred,ref_labels,ref_embeddings)", "vectors"),
    _loss("sampled_loss", "tf.nce_loss(weights,biases,y_true,y_pred) tf.sampled_softmax_loss(weights,biases,y_true,y_pred) keras.losses.ctc ops.ctc_loss", "rows", aliases="inputs=y_pred"),
    _loss("ctc_loss", "tf.ctc_loss tf.ctc_loss_v2", "rows", aliases="inputs=y_pred"),
    _loss("ctc_batch_cost", "K.ctc_batch_cost", "column"),
    _loss("batch_loss", each("tf.losses", "mean_squared_error absolute_difference huber_loss log_loss hinge_loss sigmoid_cross_entropy") + " " + each("tf.contrib.losses", "mean_squared_error absolute_difference log_loss hinge_loss sigmoid_cross_entropy", CONTRIB), "scalar same", f"{PAIR} weights"),
    _loss("batch_row_loss", "tf.losses.softmax_cross_entropy " + each("tf.contrib.losses", "softmax_cross_entropy", CONTRIB), "scalar drop_last", f"{PAIR} weights"),
    _loss("batch_sparse_loss", "tf.losses.sparse_softmax_cross_entropy " + each("tf.contrib.losses", "sparse_softmax_cross_entropy", CONTRIB), "scalar labels", f"{PAIR} weights"),
    _loss("batch_cosine_loss", "tf.losses.cosine_distance(y_true,y_pred,axis,weights)", "scalar keep_last", f"{PAIR} axis weights"),
    _loss("pairwise_loss", "tf.losses.mean_pairwise_squared_error", "scalar", f"{PAIR} weights"),
    _loss("weighted_loss", "tf.losses.compute_weighted_loss(y_pred,weights) tf.compute_weighted_loss(y_pred,weights)", "scalar same", f"{PAIR} weights", aliases="losses=y_pred"),
    Operation("average_loss", L, "x sample_weight size", "tf.compute_average_loss", 1, None, shape="average", aliases="per_example_loss=x global_batch_size=size"),
    Operation("weight_penalty", L, "scope", "tf.losses.get_regularization_loss tf.losses.get_regularization_losses tf.losses.get_losses tf.losses.get_total_loss(add_regularization_losses,name,scope) tf.contrib.losses.get_regularization_losses", 0, None, ZERO, shape="penalty"),
    _loss("accuracy", each("keras.metrics", "binary_accuracy categorical_accuracy sparse_categorical_accuracy top_k_categorical_accuracy sparse_top_k_categorical_accuracy"), "batch", flow=Flow.BLOCKED),
)  # fmt: skip

CLASSES = (
    Operation("loss_object", L, "reduction name", each("keras.losses", "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError Poisson Hinge SquaredHinge LogCosh "
              "Huber(delta,reduction) CosineSimilarity(axis,reduction) BinaryCrossentropy(from_logits,label_smoothing,axis,reduction) "
              "BinaryFocalCrossentropy(apply_class_balancing,alpha,gamma,from_logits,label_smoothing,axis,reduction)"), 0, None, ZERO, along=0.0, shape="drop_last"),
    Operation("class_loss_object", L, "reduction name", each("keras.losses", "KLDivergence CategoricalHinge CategoricalCrossentropy(from_logits,label_smoothing,axis,reduction) CategoricalFocalCrossentropy(alpha,gamma,from_logits,label_smoothing,axis,reduction)"), 0, None, ZERO, along=1.0, shape="drop_last"),
    Operation("sparse_loss_object", L, "from_logits ignore_class reduction", "keras.losses.SparseCategoricalCrossentropy keras.losses.CategoricalGeneralizedCrossEntropy(q,reduction)", 0, None, ZERO, shape="labels"),
    Operation("set_loss_object", L, "reduction name axis", "keras.losses.Dice keras.losses.Tversky(alpha,beta,reduction)", 0, None, ZERO, shape="whole"),
    Operation("row_loss_object", L, "reduction name", "keras.losses.CTC keras.losses.Circle(gamma,margin,remove_diagonal,reduction)", 0, None, ZERO, shape="rows"),
    Operation("base_loss_object", L, "name reduction", "keras.losses.Loss keras.losses.LossFunctionWrapper(fn,reduction)", 0, None, ZERO, shape="unknown"),
)  # fmt: skip

OPERATIONS = FUNCTIONS
