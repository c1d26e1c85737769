"""The steps of the proof of posterior-mean-gain, and its versions for log loss, each as a statement."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import PosteriorEnsemble
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.metrics import kl_divergence
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.posterior_mean_gain.random_teachers import (
    FiniteCase,
    contexts_of,
    geometric_means,
    mean_loss,
    posterior_means,
    sampled_loss,
    target_law,
)
from w2s_sim.statements.shared.broken_learners import ModalEnsemble
from w2s_sim.statements.shared.finite_examples import table_task
from w2s_sim.statements.shared.finite_outcomes import outcome_laws
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.tasks.regression_task import TransferTask, canonical_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/posterior-mean-gain.md"
MIXED_TARGET = [0.1, 0.2, 0.3, 0.4]
# Ensembles that one replicate averages, to see a small difference.
ENSEMBLES = 64
MEMBERS_ARE_DRAWN = Assumption(
    "members drawn from the posterior",
    lambda case: (
        isinstance(case.estimator, PosteriorEnsemble) and not isinstance(case.estimator, ModalEnsemble)
    ),
)


def log_posterior_of(data: WeakData, case: Case) -> Float[Array, " K"]:
    """Return log pi_n of the case's estimator, in nats."""
    assert isinstance(case.estimator, PosteriorEnsemble)
    return case.estimator.log_posterior(case.task.source, data)


def squared_norm(task: TransferTask, vectors: Float[Array, "*k d"]) -> Float[Array, "*k"]:
    """Return ||v||^2 in the norm of the features."""
    return jnp.sum((vectors @ task.features.covariance) * vectors, axis=-1)


def posterior_variance(task: TransferTask, prior: Float[Array, " K"]) -> Float[Array, ""]:
    """Return sum_k pi_k ||beta_k - mean||^2 in the norm of the features, in squared label units."""
    return prior @ squared_norm(task, task.source.vectors - prior @ task.source.vectors)


def largest_risk(task: TransferTask) -> Float[Array, ""]:
    """Return max_k ||beta_k - beta_Q||^2 in the norm of the features: the largest risk of a mixture."""
    return jnp.max(squared_norm(task, task.source.vectors - task.target_vector))


def _violation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return |sum_k pi_k R_k - R(mean) - variance| as a share of the largest risk: zero on every path."""
    task, posterior = case.task, jnp.exp(log_posterior_of(data, case))
    risks = squared_norm(task, task.source.vectors - task.target_vector)
    mean_risk = squared_norm(task, posterior @ task.source.vectors - task.target_vector)
    return jnp.abs(posterior @ risks - mean_risk - posterior_variance(task, posterior)) / largest_risk(task)


def _excess(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return m (R(ensemble) - R(mean)) - variance, over ensembles, per largest risk."""
    task, estimator = case.task, case.estimator
    assert isinstance(estimator, PosteriorEnsemble)
    log_posterior = log_posterior_of(data, case)
    posterior = jnp.exp(log_posterior)
    keys = jax.random.split(key, ENSEMBLES)
    drawn = jax.vmap(lambda own: estimator.prior_from(log_posterior, key=own))(keys)
    risks = squared_norm(task, drawn @ task.source.vectors - task.target_vector)
    mean_risk = squared_norm(task, posterior @ task.source.vectors - task.target_vector)
    gain = estimator.members * (jnp.mean(risks) - mean_risk)
    return (gain - posterior_variance(task, posterior)) / largest_risk(task)


def _regression_cases(preset: Preset) -> Sequence[Case]:
    scaled = Anisotropic(Gaussian(8), np.diag(np.linspace(0.6, 1.4, 8)))
    cases = [
        Case("canonical, n=4, one member", canonical_task(), PosteriorEnsemble(4)),
        Case("canonical, n=4, three members", canonical_task(), PosteriorEnsemble(4, 3)),
    ]
    more = [Case("anisotropic features, n=4", canonical(features=scaled), PosteriorEnsemble(4))]
    return cases + (more if preset == "full" else [])


def _mode_control(preset: Preset) -> Sequence[Control]:
    case = Case("canonical, n=4, the most probable concept", canonical_task(), ModalEnsemble(4))
    return [Control(case, breaks=MEMBERS_ARE_DRAWN.name)]


def _finite_cases(preset: Preset) -> Sequence[FiniteCase]:
    shifted = table_task(shift=0.3, target_prior=MIXED_TARGET)
    cases = [Case("tables, labels shifted, n=2", shifted, PosteriorEnsemble(2))]
    longer = [Case("tables, point-mass target, n=3", table_task(share=0.2), PosteriorEnsemble(3))]
    return cases + (longer if preset == "full" else [])


def _gain_towards_the_target(case: FiniteCase) -> Float[Array, ""]:
    """Return E[sum_k pi_k KL(p_k || f) - KL(mean || f)], in nats."""
    contexts, laws, target = contexts_of(case), outcome_laws(case.task), target_law(case.task)
    means = contexts.posteriors @ laws
    drawn = contexts.posteriors @ kl_divergence(laws, jnp.broadcast_to(target, laws.shape))
    return contexts.probabilities @ (drawn - kl_divergence(means, jnp.broadcast_to(target, means.shape)))


def _information(case: FiniteCase) -> Float[Array, ""]:
    """Return E sum_k pi_k KL(p_k || mean), in nats: the information of one more outcome on the concept."""
    contexts, laws = contexts_of(case), outcome_laws(case.task)
    means = contexts.posteriors @ laws
    each = jax.vmap(lambda mean: kl_divergence(laws, jnp.broadcast_to(mean, laws.shape)))(means)
    return contexts.probabilities @ jnp.sum(contexts.posteriors * each, axis=1)


def _log_loss_gain(case: FiniteCase) -> Float[Array, ""]:
    """Return E[sum_k pi_k KL(f || p_k) - KL(f || mean)], in nats."""
    return sampled_loss(case, 1, kl_divergence) - mean_loss(case, posterior_means(case), kl_divergence)


def _jensen_gap(case: FiniteCase) -> Float[Array, ""]:
    """Return E sum_o f(o) [log sum_k pi_k p_k(o) - sum_k pi_k log p_k(o)], in nats."""
    contexts, log_laws = contexts_of(case), case.task.source.log_outcome_probabilities()
    gaps = jnp.log(contexts.posteriors @ jnp.exp(log_laws)) - contexts.posteriors @ log_laws
    return contexts.probabilities @ (gaps @ target_law(case.task))


def _geometric_gain(case: FiniteCase) -> Float[Array, ""]:
    """Return E[sum_k pi_k KL(f || p_k) - KL(f || geometric mean)], in nats."""
    return sampled_loss(case, 1, kl_divergence) - mean_loss(case, geometric_means(case)[0], kl_divergence)


def _log_normaliser(case: FiniteCase) -> Float[Array, ""]:
    """Return -E log sum_o exp(sum_k pi_k log p_k(o)), in nats, which does not depend on the target."""
    return -contexts_of(case).probabilities @ geometric_means(case)[1]


POSTERIOR_MEAN_GAIN_LEMMAS = (
    Statement(
        id="posterior-variance",
        kind="equality",
        title="sum_k pi_k R_k = R(mean) + variance, on every path (relative violation)",
        cases=lambda preset: [Case("canonical, n=4", canonical_task(), PosteriorEnsemble(4))],
        measure=FromWeakData(_violation),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-5,
        page=PAGE,
    ),
    Statement(
        id="members-share-the-variance",
        kind="equality",
        title="An ensemble of m members pays one m-th of the variance (difference, of the largest risk)",
        cases=_regression_cases,
        measure=FromWeakData(_excess),
        bound=lambda case: 0.0,
        margin=lambda case: 0.004,
        assumptions=(MEMBERS_ARE_DRAWN,),
        controls=_mode_control,
        page=PAGE,
    ),
    Statement(
        id="divergence-towards-a-point",
        kind="equality",
        title="E KL(p_k||f) - E KL(mean||f) is the information on the concept, for every f",
        cases=_finite_cases,
        exact=_gain_towards_the_target,
        bound=_information,
        margin=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="log-loss-gain",
        kind="equality",
        title="In log loss the mean gains the Jensen gap of the logarithm",
        cases=_finite_cases,
        exact=_log_loss_gain,
        bound=_jensen_gap,
        margin=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="geometric-mean",
        kind="equality",
        title="In log loss the geometric mean gains its log normaliser, for every target",
        cases=_finite_cases,
        exact=_geometric_gain,
        bound=_log_normaliser,
        margin=lambda case: 0.0,
        page=PAGE,
    ),
    Statement(
        id="more-members",
        kind="upper",
        title="In log loss three members are no worse than two",
        cases=_finite_cases,
        exact=lambda case: sampled_loss(case, 3, kl_divergence),
        bound=lambda case: sampled_loss(case, 2, kl_divergence),
        page=PAGE,
    ),
)
