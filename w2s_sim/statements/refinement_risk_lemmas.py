"""The steps of the proof of refinement-risk, each a statement of its own."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.estimators import InContext, LeastSquares, Refinement
from w2s_sim.identification import identification_bound
from w2s_sim.statements.case import Assumption, Case
from w2s_sim.statements.example_tasks import canonical
from w2s_sim.statements.measure import STUDENT_ERROR, FromWeakData
from w2s_sim.statements.quantities import (
    concept_diameter,
    naive_floor,
    squared_distances,
)
from w2s_sim.statements.refinement_terms import dominance_sizes
from w2s_sim.statements.statement import Preset, Statement
from w2s_sim.task import WeakData, canonical_task

PAGE = "theory/refinement-risk.md"


def _labeller_cases(preset: Preset) -> Sequence[Case]:
    sizes = (8,) if preset == "quick" else (4, 8, 16)
    return [Case(f"canonical, n={n}", canonical_task(), InContext(n)) for n in sizes]


def _posterior(data: WeakData, case: Case) -> Float[Array, " K"]:
    assert isinstance(case.estimator, InContext)
    return jnp.exp(case.estimator.log_posterior(case.task.source, data))


def _spread(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """sum_k pi_n(k) ||beta_k - beta_*||^2, in squared label units."""
    return _posterior(data, case) @ squared_distances(case.task)


def _bias_variance_gap(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """|| ||beta_ref - beta_*||^2 + tr C - sum_k pi_k ||beta_k - beta_*||^2 ||: zero on every path."""
    weights = _posterior(data, case)
    vectors = case.task.source.vectors
    refined = weights @ vectors
    error = refined - vectors[case.task.target_concept]
    trace = weights @ jnp.sum((vectors - refined) ** 2, axis=1)
    return jnp.abs(error @ error + trace - weights @ squared_distances(case.task))


def _spread_bound(case: Case) -> Float[Array, ""]:
    epsilon = identification_bound(case.task, case.estimator.sample_size)
    return concept_diameter(case.task) ** 2 * epsilon


def _heteroscedastic_fit(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """||b||^2 of least squares on pure noise of variance sigma^2 + (Delta^T x)^2."""
    input_key, noise_key = jax.random.split(key)
    task = case.task
    inputs = task.features.sample(case.estimator.sample_size, key=input_key)
    difference = task.source.vectors[0] - task.source.vectors[task.target_concept]
    scale = jnp.sqrt(task.source.noise**2 + (inputs @ difference) ** 2)
    noise = scale * jax.random.normal(noise_key, scale.shape)
    matrix = LeastSquares(num_weak=case.estimator.sample_size).filter_matrix(inputs)
    coefficients = matrix @ (inputs.T @ noise) / inputs.shape[0]
    return coefficients @ coefficients


def _heteroscedastic_bound(case: Case) -> Float[Array, ""]:
    """[sigma^2 d + (d+2) tr C] / (N-d-1) with C = Delta Delta^T."""
    task = case.task
    trace = squared_distances(task)[0]
    spare = case.estimator.sample_size - task.dim - 1
    return (task.source.noise**2 * task.dim + (task.dim + 2) * trace) / spare


def _fit_cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    return [
        Case(f"canonical, N={n}", task, LeastSquares(num_weak=n))
        for n in ((60,) if preset == "quick" else (16, 60))
    ]


def _dominance_cases(preset: Preset) -> Sequence[Case]:
    cases = []
    for bias in (0.7,) if preset == "quick" else (0.7, 1.2):
        task = canonical(bias=bias)
        size, queries = dominance_sizes(task)
        name = f"bias {bias:g}: n={size}, N={queries}"
        cases.append(Case(name, task, Refinement(size, LeastSquares(num_weak=queries))))
    return cases


REFINEMENT_RISK_LEMMAS = (
    Statement(
        id="bias-variance",
        kind="equality",
        title="Error of the mean plus spread = mean squared distance (gap)",
        cases=_labeller_cases,
        measure=FromWeakData(_bias_variance_gap),
        bound=lambda case: 0.0,
        margin=lambda case: 1e-5,
        page=PAGE,
    ),
    Statement(
        id="posterior-spread",
        kind="upper",
        title="E sum pi_k ||beta_k - beta_*||^2 <= D^2 eps_n",
        cases=_labeller_cases,
        measure=FromWeakData(_spread),
        bound=_spread_bound,
        trivial=lambda case: concept_diameter(case.task) ** 2,
        support=lambda case: (0.0, float(concept_diameter(case.task)) ** 2),
        page=PAGE,
    ),
    Statement(
        id="least-squares-variance",
        kind="upper",
        title="Variance of least squares with labels of uneven noise",
        cases=_fit_cases,
        measure=_heteroscedastic_fit,
        bound=_heteroscedastic_bound,
        assumptions=(Assumption("N > d + 5", lambda case: case.estimator.sample_size > case.task.dim + 5),),
        page=PAGE,
    ),
    Statement(
        id="dominance",
        kind="upper",
        title="From explicit n and N on, refinement is below the naive floor",
        cases=_dominance_cases,
        measure=STUDENT_ERROR,
        bound=lambda case: naive_floor(case.task),
        page=PAGE,
    ),
)
