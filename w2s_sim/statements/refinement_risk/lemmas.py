"""The steps of the proof of refinement-risk, each as a statement."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import InContext, LeastSquares, Refinement
from w2s_sim.laws.features import Gaussian
from w2s_sim.laws.noise import NormalNoise
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.point_mass import POINT_MASS
from w2s_sim.statements.shared.quantities import (
    concept_diameter,
    label_scale,
    naive_floor,
    squared_distances,
)
from w2s_sim.statements.shared.refined_risk import REFINED_RISK, has_known_fit, refined_risk
from w2s_sim.statements.shared.refined_students import context_posteriors
from w2s_sim.statements.shared.refinement_terms import (
    dominance_sizes,
    label_noise,
    spread_bound,
    spread_share,
)
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.statements.shared.student_error import student_error
from w2s_sim.tasks.regression_task import canonical_task
from w2s_sim.tasks.supervisors import ORTHOGONALITY_TOLERANCE
from w2s_sim.tasks.task import WeakData

PAGE = "theory/refinement-risk.md"
# Margin of the equalities, as a share of the exact variance that they are compared with.
SHARE_THAT_COUNTS = 0.1
NORMAL_FEATURES = Assumption(
    "standard normal features", lambda case: isinstance(case.task.features, Gaussian)
)


def _labeller_cases(preset: Preset) -> Sequence[Case]:
    sizes = (8,) if preset == "quick" else (4, 8, 16)
    return [Case(f"canonical, n={n}", canonical_task(), InContext(n)) for n in sizes]


def _posterior(data: WeakData, case: Case) -> Float[Array, " K"]:
    assert isinstance(case.estimator, InContext)
    return jnp.exp(case.estimator.log_posterior(case.task.source, data))


def _spread(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return sum_k pi_n(k) ||beta_k - beta_*||^2, in squared label units."""
    return _posterior(data, case) @ squared_distances(case.task)


def _bias_variance_gap(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return | ||beta_ref - beta_*||^2 + tr C - sum_k pi_k ||beta_k - beta_*||^2 |: zero on every path."""
    weights = _posterior(data, case)
    vectors = case.task.source.vectors
    refined = weights @ vectors
    error = refined - vectors[case.task.target_concept]
    trace = weights @ jnp.sum((vectors - refined) ** 2, axis=1)
    return jnp.abs(error @ error + trace - weights @ squared_distances(case.task))


def _fit_deviation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return ||b - beta_Q||^2 of the fitted student minus its mean given the contexts."""
    return student_error(key, data, case) - refined_risk(key, data, case)


def _own_label_deviation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the mean of (v^T x) y~ - ||v||^2 Var_pi(beta_k^T x) / sigma^2, over the relabelled queries x.

    v = beta'_Q - beta_Q is the bias of the weak model, y~ the posterior mean of the label of x.
    """
    task = case.task
    weights = context_posteriors(case, data)
    means = data.inputs @ task.source.vectors.T
    labels = jnp.sum(weights * means, axis=1)
    variances = jnp.sum(weights * (means - labels[:, None]) ** 2, axis=1)
    bias = task.weak_vector - task.target_vector
    return jnp.mean(data.inputs @ bias * labels - bias @ bias * variances / task.source.noise**2)


def _own_label_cases(preset: Preset) -> Sequence[Case]:
    return [
        Case(f"canonical, n={n}, N=24", canonical_task(), _asked_to_improve(n))
        for n in ((1,) if preset == "quick" else (1, 4))
    ]


def _own_label_controls(preset: Preset) -> Sequence[Control]:
    case = Case("rademacher features, n=1, N=24", canonical(features="rademacher"), _asked_to_improve(1))
    return [Control(case, breaks=NORMAL_FEATURES.name)]


def _asked_to_improve(size: int) -> Refinement:
    return Refinement(size, LeastSquares(num_weak=24), context="with-query")


def _bias_leaves_the_concepts(case: Case) -> bool:
    bias = case.task.weak_vector - case.task.target_vector
    overlaps = jnp.abs(case.task.source.vectors @ bias)
    return bool(jnp.all(overlaps <= ORTHOGONALITY_TOLERANCE * label_scale(case.task) ** 2))


def _heteroscedastic_fit(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return ||b||^2 of least squares fitted to pure noise of variance sigma^2 + (Delta^T x)^2."""
    input_key, noise_key = jax.random.split(key)
    task = case.task
    inputs = task.features.sample(case.estimator.sample_size, key=input_key)
    difference = task.source.vectors[0] - task.source.vectors[task.target_concept]
    scale = jnp.sqrt(task.source.noise**2 + (inputs @ difference) ** 2)
    noise = scale * jax.random.normal(noise_key, scale.shape)
    size = case.estimator.sample_size
    matrix = LeastSquares(num_weak=size).filter_matrix(inputs.T @ inputs / size, size)
    coefficients = matrix @ (inputs.T @ noise) / size
    return coefficients @ coefficients


def _heteroscedastic_variance(case: Case) -> Float[Array, ""]:
    """Return sigma^2 d / (N-d-1) + tau tr C with C = Delta Delta^T."""
    task, size = case.task, case.estimator.sample_size
    trace = squared_distances(task)[0]
    return task.source.noise**2 * task.dim / (size - task.dim - 1) + spread_share(task.dim, size) * trace


def _fit_cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    return [
        Case(f"canonical, N={n}", task, LeastSquares(num_weak=n))
        for n in ((60,) if preset == "quick" else (16, 60))
    ]


def _student_cases(preset: Preset) -> Sequence[Case]:
    task, fit = canonical_task(), LeastSquares(num_weak=24)
    cases = [
        Case("canonical, n=8, N=24", task, Refinement(8, fit)),
        Case("canonical, n=4, N=24, fresh contexts", task, Refinement(4, fit, context="fresh")),
    ]
    means = [
        Case(
            "canonical, n=4, N=24, fresh contexts, mean labels",
            task,
            Refinement(4, fit, context="fresh", labels="mean"),
        ),
    ]
    return cases + (means if preset == "full" else [])


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
        label_power=2,
        title="Error of the mean plus spread = mean squared distance (gap)",
        cases=_labeller_cases,
        measure=FromWeakData(_bias_variance_gap),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-5 * label_scale(case.task) ** 2,
        page=PAGE,
    ),
    Statement(
        id="posterior-spread",
        kind="upper",
        label_power=2,
        title="E sum pi_k ||beta_k - beta_*||^2 <= sum_k delta_k^2 T_k",
        cases=_labeller_cases,
        measure=FromWeakData(_spread),
        bound=lambda case: spread_bound(case.task, case.estimator.sample_size),
        trivial=lambda case: concept_diameter(case.task) ** 2,
        support=lambda case: (0.0, float(concept_diameter(case.task)) ** 2),
        page=PAGE,
    ),
    Statement(
        id="least-squares-variance",
        kind="equality",
        label_power=2,
        title="Variance of least squares with labels of uneven noise, exactly",
        cases=_fit_cases,
        measure=_heteroscedastic_fit,
        bound=_heteroscedastic_variance,
        margin=lambda case: SHARE_THAT_COUNTS * float(_heteroscedastic_variance(case)),
        assumptions=(Assumption("N > d + 5", lambda case: case.estimator.sample_size > case.task.dim + 5),),
        page=PAGE,
    ),
    Statement(
        id="risk-given-contexts",
        kind="equality",
        label_power=2,
        title="The fitted student's risk, less its mean given the contexts",
        cases=_student_cases,
        measure=FromWeakData(_fit_deviation),
        bound=lambda case: 0.0,
        margin=lambda case: SHARE_THAT_COUNTS * float(label_noise(case)),
        assumptions=(Assumption("known fit", has_known_fit), FINITE_VARIANCE),
        page=PAGE,
    ),
    Statement(
        id="own-label-bias",
        kind="equality",
        label_power=2,
        title="What the labels of a context with the query inherit of the weak model's bias",
        cases=_own_label_cases,
        measure=FromWeakData(_own_label_deviation),
        bound=lambda case: 0.0,
        margin=lambda case: 0.02 * label_scale(case.task) ** 2,
        assumptions=(
            Assumption(
                "context with the query", lambda case: getattr(case.estimator, "context", "") == "with-query"
            ),
            NORMAL_FEATURES,
            Assumption("normal label noise", lambda case: isinstance(case.task.source.law, NormalNoise)),
            POINT_MASS,
            Assumption("bias orthogonal to all concepts", _bias_leaves_the_concepts),
        ),
        controls=_own_label_controls,
        page=PAGE,
    ),
    Statement(
        id="dominance",
        kind="upper",
        label_power=2,
        title="From explicit n and N on, refinement is below the naive floor",
        cases=_dominance_cases,
        measure=REFINED_RISK,
        bound=lambda case: naive_floor(case.task),
        assumptions=(FINITE_VARIANCE,),
        page=PAGE,
    ),
)
