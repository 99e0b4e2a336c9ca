"""Probability distributions: the objects, and what their methods give."""

from __future__ import annotations

from losslint.operations.operation import Flow, Kind, Operation
from losslint.operations.spelling import each

D = Kind.DISTRIBUTION
SPACES = "tfp.distributions tf.distributions tf.contrib.distributions"

OPERATIONS = (
    Operation("distribution", D, "loc scale", each(SPACES, "Normal Gamma Beta Laplace Uniform LogNormal StudentT Exponential Logistic Cauchy HalfNormal HalfCauchy InverseGamma Weibull TruncatedNormal Gumbel VonMises Pareto ContinuousBernoulli RelaxedBernoulli Kumaraswamy Chi2"), shape="element"),
    Operation("discrete_distribution", D, "logits probs", each(SPACES, "Bernoulli Poisson Geometric Binomial NegativeBinomial Deterministic"), shape="element", flow=Flow.BLOCKED),
    Operation("vector_distribution", D, "loc scale", each(SPACES, "MultivariateNormalDiag MultivariateNormalDiagWithSoftplusScale MultivariateNormalTriL MultivariateNormalFullCovariance Dirichlet RelaxedOneHotCategorical VonMisesFisher Independent"), shape="vector"),
    Operation("count_distribution", D, "total logits probs", each(SPACES, "Multinomial DirichletMultinomial(total,logits)") + " " + each(SPACES, "OneHotCategorical(logits,probs)"), shape="vector", flow=Flow.BLOCKED),
    Operation("categorical_distribution", D, "logits probs", each(SPACES, "Categorical"), shape="class", flow=Flow.BLOCKED),
    Operation("log_prob", D, "distribution x", ".log_prob .prob .log_cdf .cdf .log_likelihood .unnormalized_log_prob", shape="density"),
    Operation("divergence", D, "distribution other", f".kl_divergence .cross_entropy {each(SPACES, 'kl_divergence')} tfp.distributions.kl", shape="density", aliases="distribution_a=distribution distribution_b=other"),
    Operation("entropy", D, "distribution", ".entropy", shape="density"),
    Operation("sample", D, "distribution sample_shape", ".sample .rsample", shape="sample"),
    Operation("moment", D, "distribution", ".mode .stddev .variance", shape="moment"),
)  # fmt: skip
