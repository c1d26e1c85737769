"""The steps of the proof of grouped-transfer, and its consequences for predictors and students."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.estimators import ContextEstimator, InContext, LeastSquares, Refinement
from w2s_sim.laws.features import Gaussian
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.functionals import L1_NORM
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.grouped_terms import (
    concept_bounds,
    mean_labeller_bound,
    student_terms,
    subsets,
    transfer_terms,
    with_target,
)
from w2s_sim.statements.shared.refined_students import LEAST_SQUARES
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.statements.shared.student_error import STUDENT_ERROR
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import WeakData

PAGE = "theory/grouped-transfer.md"
SHARED_CONCEPT = Assumption(
    "demonstrations of a context that share one concept",
    lambda case: case.grouped or case.task.has_point_mass_target,
)


def skewed() -> TransferTask:
    """Return the canonical task with a target prior that orders the concepts opposite to the source prior."""
    return canonical(target_prior=[0.1, 0.2, 0.3, 0.4])


def posterior(case: Case, data: WeakData) -> Float[Array, " K"]:
    """Return the posterior pi_n of a context."""
    assert isinstance(case.estimator, ContextEstimator)
    return jnp.exp(case.estimator.log_posterior(case.task.source, data))


def transfer_bound(case: Case) -> Float[Array, ""]:
    """Return 2 max_A sum_{j not in A} alpha^Q_j min(1, sum_{k in A} C_jk(n)), a bound on an L1 distance."""
    return jnp.sum(transfer_terms(case))


def _cases(preset: Preset) -> Sequence[Case]:
    sizes = (8,) if preset == "quick" else (4, 8, 12)
    return [Case(f"skewed target, n={n}", skewed(), InContext(n), grouped=True) for n in sizes]


def _longer_cases(preset: Preset) -> Sequence[Case]:
    sizes = (16,) if preset == "quick" else (8, 16, 24)
    return [Case(f"skewed target, n={n}", skewed(), InContext(n), grouped=True) for n in sizes]


def _posterior_per_concept(key: Key[Array, ""], case: Case) -> Float[Array, "K K"]:
    """Return pi_n of K contexts: row k is the posterior of a context that shows concept k."""
    task = case.task

    def shown(own_key: Key[Array, ""], prior: Float[Array, " K"]) -> Float[Array, " K"]:
        data = with_target(task, prior).sample_weak(case.estimator.sample_size, key=own_key)
        return posterior(case, data)

    return jax.vmap(shown)(jax.random.split(key, task.num_concepts), jnp.eye(task.num_concepts))


def _excess_gap(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return the violation of the proof's two steps about sets, zero on every path; one context per concept.

    The violation is the sum of two gaps: between the L1 norm of the deviation and twice the largest excess on
    a set of concepts; and by how much the excess on a set is above the mass that contexts of concepts outside
    the set put there.
    """
    prior, sets = case.task.target_prior, jnp.asarray(subsets(case.task.num_concepts))
    weights = _posterior_per_concept(key, case)
    deviation = prior @ weights - prior
    excess = sets @ deviation
    put_there = jnp.sum(jnp.where(sets, 0.0, prior * (sets @ weights.T)), axis=1)
    identity = jnp.abs(jnp.sum(jnp.abs(deviation)) - 2.0 * jnp.max(excess))
    return identity + jnp.maximum(jnp.max(excess - put_there), 0.0)


def _mean_misidentification(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return sum_k alpha^Q_k (1 - pi_n(k)), with a context of concept k in the k-th summand."""
    return 1.0 - case.task.target_prior @ jnp.diagonal(_posterior_per_concept(key, case))


def _stratified_deviation(key: Key[Array, ""], case: Case) -> Float[Array, " K"]:
    """Return an unbiased estimate of E pi_n - alpha^Q, without the variance from drawing the concept."""
    prior = case.task.target_prior
    return prior @ _posterior_per_concept(key, case) - prior


def _squared_mean_error(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return (b_1 - beta_Q).(b_2 - beta_Q) for two contexts: unbiased for ||E beta_ref - beta_Q||^2."""
    labellers = jax.vmap(lambda k: case.fit(key=k).coefficients)(jax.random.split(key))
    first, second = labellers - case.task.target_vector
    return first @ case.task.features.covariance @ second


def _student_cases(preset: Preset) -> Sequence[Case]:
    task = canonical(target_prior=[0.4, 0.0, 0.0, 0.6])
    sizes = (16,) if preset == "quick" else (8, 16, 32)
    fit = LeastSquares(num_weak=60)
    return [Case(f"n={n}, N=60", task, Refinement(n, fit, context="fresh"), grouped=True) for n in sizes]


def _student_controls(preset: Preset) -> Sequence[Control]:
    task = canonical(target_prior=[0.4, 0.0, 0.0, 0.6])
    shared = Refinement(16, LeastSquares(num_weak=60))
    return [
        Control(Case("one grouped context, n=16, N=60", task, shared, grouped=True), breaks="fresh contexts")
    ]


def _student_bound(case: Case) -> Float[Array, ""]:
    return sum(student_terms(case).values(), start=jnp.zeros(()))


GROUPED_TRANSFER_LEMMAS = (
    Statement(
        id="excess-on-a-set",
        kind="equality",
        title="L1 norm = twice the largest excess on a set, put there by other contexts, on every path (gap)",
        cases=_cases,
        measure=_excess_gap,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-5,
        page=PAGE,
    ),
    Statement(
        id="concept-by-concept",
        kind="upper",
        title="Every concept is identified when it is the one that is shown",
        cases=_cases,
        measure=_mean_misidentification,
        bound=lambda case: case.task.target_prior @ concept_bounds(case),
        trivial=lambda case: 1.0,
        support=lambda case: (0.0, 1.0),
        page=PAGE,
    ),
    Statement(
        id="stratified-transfer",
        kind="upper",
        title="The theorem with one context of every concept in each replicate",
        cases=_longer_cases,
        measure=_stratified_deviation,
        functional=L1_NORM,
        bound=transfer_bound,
        trivial=lambda case: 2.0,
        support=lambda case: (-case.task.target_prior, 1.0 - case.task.target_prior),
        page=PAGE,
    ),
    Statement(
        id="mean-labeller",
        kind="upper",
        label_power=2,
        title="||E beta_ref - beta_Q||^2 <= (sum_k alpha^Q_k D_k eps_n(k))^2",
        cases=_cases,
        measure=_squared_mean_error,
        bound=mean_labeller_bound,
        assumptions=(SHARED_CONCEPT,),
        page=PAGE,
    ),
    Statement(
        id="student-of-grouped-contexts",
        kind="upper",
        label_power=2,
        title="Risk of a student whose queries each have a grouped context",
        cases=_student_cases,
        measure=STUDENT_ERROR,
        bound=_student_bound,
        terms=student_terms,
        assumptions=(
            SHARED_CONCEPT,
            Assumption(
                "fresh contexts",
                lambda case: isinstance(case.estimator, Refinement) and case.estimator.context == "fresh",
            ),
            LEAST_SQUARES,
            FINITE_VARIANCE,
            Assumption(
                "standard Gaussian features for a fitted student",
                lambda case: isinstance(case.task.features, Gaussian),
            ),
        ),
        controls=_student_controls,
        page=PAGE,
    ),
)
