"""Probability distributions: the objects, and what their methods give."""

from __future__ import annotations

from losslint.operations.operation import Flow, Kind, Operation
from losslint.operations.spelling import each

D = Kind.DISTRIBUTION
PROBABILITY = "tfp.distributions tf.contrib.distributions"  # TensorFlow 1 itself had only a few
EVERYWHERE = f"{PROBABILITY} tf.distributions"

OPERATIONS = (
    Operation("distribution", D, "loc scale", each(EVERYWHERE, "Normal Laplace Gamma(concentration,rate) Beta(concentration1,concentration0) Uniform(low,high) StudentT(df,loc,scale) Exponential(rate)") + " "
              + each(PROBABILITY, "LogNormal Logistic Cauchy HalfNormal HalfCauchy InverseGamma Weibull TruncatedNormal Gumbel VonMises Pareto ContinuousBernoulli RelaxedBernoulli Kumaraswamy Chi2"), shape="element"),
    Operation("discrete_distribution", D, "logits probs", each(EVERYWHERE, "Bernoulli") + " " + each(PROBABILITY, "Poisson Geometric Binomial NegativeBinomial Deterministic"), shape="element", flow=Flow.BLOCKED),
    Operation("vector_distribution", D, "loc scale", each(EVERYWHERE, "Dirichlet(concentration)") + " " + each(PROBABILITY, "MultivariateNormalDiag MultivariateNormalDiagWithSoftplusScale MultivariateNormalTriL MultivariateNormalFullCovariance RelaxedOneHotCategorical VonMisesFisher Independent"), shape="vector"),
    Operation("count_distribution", D, "total_count logits probs", each(EVERYWHERE, "Multinomial DirichletMultinomial(total_count,concentration)") + " " + each(PROBABILITY, "OneHotCategorical(logits,probs)"), shape="vector", flow=Flow.BLOCKED),
    Operation("categorical_distribution", D, "logits probs", each(EVERYWHERE, "Categorical"), shape="class", flow=Flow.BLOCKED),
    Operation("log_prob", D, "distribution x", ".log_prob .prob .log_cdf .cdf .log_likelihood .unnormalized_log_prob", shape="density"),
    Operation("divergence", D, "distribution other", f".kl_divergence .cross_entropy {each(EVERYWHERE, 'kl_divergence')} tfp.distributions.kl", shape="density", aliases="distribution_a=distribution distribution_b=other"),
    Operation("entropy", D, "distribution", ".entropy", shape="density"),
    Operation("sample", D, "distribution sample_shape", ".sample .rsample", shape="sample"),
    Operation("moment", D, "distribution", ".mode .stddev .variance", shape="moment"),
)  # fmt: skip
