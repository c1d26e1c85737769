"""Concepts are rates: in an exposure x one counts y ~ Poisson(rate_k x) events."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import gammaln

import w2s_sim as w2s
from w2s_sim.fields import Role, entries, part, probability

# Exposures are uniform on [0.1, 1.9]: their mean is 1, and this is their mean square.
MEAN_SQUARE = 1.27


class PoissonModel(w2s.LatentConceptModel):
    """K rates, events per unit of exposure."""

    rates: jax.Array = eqx.field(converter=entries("rates", "(K)", role=Role.SCALE))

    def log_likelihood(self, inputs, labels):
        means = inputs[:, None] * self.rates
        return labels[:, None] * jnp.log(means) - means - gammaln(labels + 1.0)[:, None]

    def sample_labels(self, inputs, concepts, *, key):
        return jax.random.poisson(key, inputs * self.rates[concepts]).astype(float)

    @property
    def rate(self):
        return self.prior @ self.rates


class Rate(eqx.Module):
    """A student that predicts rate * x events."""

    rate: jax.Array


class PoissonTask(w2s.ConceptTask[PoissonModel, PoissonModel, Rate | PoissonModel]):
    """Predict counts of the target's rate from the counts of a weak model with rates of its own."""

    risk_label = "excess risk (squared counts)"
    source: PoissonModel = eqx.field(converter=part("source", PoissonModel, "a PoissonModel"))
    target_prior: jax.Array = eqx.field(converter=probability("target_prior"))
    supervisor: PoissonModel = eqx.field(converter=part("weak", PoissonModel, "a PoissonModel"))

    @property
    def weak_student(self):
        return self.supervisor.with_prior(self.target_prior)

    @property
    def metric_labels(self):
        return {**super().metric_labels, "rate_error": "distance of the rate (events per exposure)"}

    def metrics(self, student):
        error = jnp.abs(student.rate - self.target_prior @ self.source.rates)
        return {**super().metrics(student), "rate_error": error}

    def sample_inputs(self, num, *, key):
        return jax.random.uniform(key, (num,), minval=0.1, maxval=1.9)

    def excess_risk(self, student):
        return MEAN_SQUARE * (student.rate - self.target_prior @ self.source.rates) ** 2


class MeanRate(w2s.Estimator):
    """Events over exposure: the maximum-likelihood rate, deaf to the strong model."""

    concepts = PoissonModel
    num_weak: int = eqx.field(static=True, kw_only=True)

    @property
    def sample_size(self):
        return self.num_weak

    def fit(self, source, data, *, key):
        return Rate(data.labels.sum() / data.inputs.sum())
