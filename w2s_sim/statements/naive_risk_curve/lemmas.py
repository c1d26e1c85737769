"""The steps of the proof of naive-risk-curve (theory/naive-risk-curve.md), each as a statement."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import LeastSquares, Ridge, SpectralFinetuning
from w2s_sim.laws.features import Gaussian
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.naive_risk_curve.marchenko_pastur import (
    discriminant_root,
    resolvent_excess,
    resolvent_trace,
    ridge_traces,
)
from w2s_sim.statements.shared.finetuned_students import ratio_of, ridge_of
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.point_mass import POINT_MASS
from w2s_sim.statements.shared.quantities import label_scale, squared_error, transfer_geometry
from w2s_sim.statements.shared.regression_examples import canonical, canonical_in
from w2s_sim.statements.shared.student_error import STUDENT_ERROR
from w2s_sim.tasks.regression_task import canonical_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/naive-risk-curve.md"
GAUSSIAN = Assumption("Gaussian features", lambda case: isinstance(case.task.features, Gaussian))
INDEPENDENT = Assumption("independent coordinates", lambda case: case.task.features.independent_coordinates)
POSITIVE_RIDGE = Assumption("eta > 0", lambda case: float(ridge_of(case)) > 0)


def _curve_cases(preset: Preset) -> Sequence[Case]:
    """Return cases with ratios d/n below, at and above 1, and with tiny and large ridges."""
    shapes = [(8, 60, 0.3), (8, 4, 0.01), (8, 8, 0.1), (20, 40, 1e-4), (60, 40, 3.0)]
    return [
        Case(f"d={dim}, n={size}, eta={ridge:g}", canonical_in(dim), Ridge(ridge, num_weak=size))
        for dim, size, ridge in (shapes[:2] if preset == "quick" else shapes)
    ]


def _quadratic_residual(case: Case) -> Float[Array, ""]:
    """Return gamma eta m^2 + (1 - gamma + eta) m, which is 1 at the root."""
    ratio, ridge = ratio_of(case), ridge_of(case)
    trace = resolvent_trace(ratio, ridge)
    return ratio * ridge * trace**2 + (1.0 - ratio + ridge) * trace


def _derivative_gap(case: Case) -> Float[Array, ""]:
    """Return the relative gap between -dm/deta by automatic differentiation and (m + gamma m^2)/root."""
    ratio, ridge = ratio_of(case), ridge_of(case)
    trace = resolvent_trace(ratio, ridge)
    by_rule = (trace + ratio * trace**2) / discriminant_root(ratio, ridge)
    return jnp.abs(-jax.grad(lambda eta: resolvent_trace(ratio, eta))(ridge) / by_rule - 1.0)


def _trace_gap(case: Case) -> Float[Array, ""]:
    """Return the largest gap of w, w2, v from 1 - eta m, 1 - 2 eta m + eta^2 m', gamma (m - eta m')."""
    ratio, ridge = ratio_of(case), ridge_of(case)
    trace = resolvent_trace(ratio, ridge)
    squared = -jax.grad(lambda eta: resolvent_trace(ratio, eta))(ridge)
    by_resolvent = jnp.stack(
        [
            1.0 - ridge * trace,
            1.0 - 2.0 * ridge * trace + ridge**2 * squared,
            ratio * (trace - ridge * squared),
        ]
    )
    return jnp.max(jnp.abs(jnp.stack(ridge_traces(ratio, ridge)) - by_resolvent))


def _resolvent_traces(data: WeakData, case: Case) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Return (1/d) tr (S + eta I)^{-1} and (1/d) tr (S + eta I)^{-2} of the data."""
    size = data.inputs.shape[0]
    shifted = jnp.linalg.eigvalsh(data.inputs.T @ data.inputs / size) + ridge_of(case)
    return jnp.mean(1.0 / shifted), jnp.mean(1.0 / shifted**2)


def _loop(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return gamma eta t^2 + (1 - gamma + eta) t - (t - eta t_2)/n; its mean is 1 for Gaussian x."""
    trace, second = _resolvent_traces(data, case)
    ratio, ridge = ratio_of(case), ridge_of(case)
    quadratic = ratio * ridge * trace**2 + (1.0 - ratio + ridge) * trace
    return quadratic - (trace - ridge * second) / case.estimator.sample_size


def _fourth_cumulant(case: Case) -> Float[Array, ""]:
    """Return kappa_4 w^2 / n."""
    kurtosis = case.task.features.excess_kurtosis
    assert kurtosis is not None
    return kurtosis * ridge_traces(ratio_of(case), ridge_of(case)).mean_gain ** 2 / case.estimator.sample_size


def _cumulant_cases(preset: Preset) -> Sequence[Case]:
    shapes = (
        [("rademacher", 20, 40), ("uniform", 8, 16)]
        if preset == "quick"
        else [
            ("rademacher", 20, 40),
            ("rademacher", 30, 20),
            ("uniform", 8, 16),
            ("uniform", 20, 40),
        ]
    )
    return [
        Case(f"{law} features, d={dim}, n={size}", canonical_in(dim, features=law), Ridge(0.3, num_weak=size))
        for law, dim, size in shapes
    ]


def _resolvent(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    return _resolvent_traces(data, case)[0]


def _corrected_trace(case: Case) -> Float[Array, ""]:
    """Return m + delta/n, the mean resolvent trace to first order in 1/n."""
    kurtosis = case.task.features.excess_kurtosis or 0.0
    excess = resolvent_excess(ratio_of(case), ridge_of(case), kurtosis)
    return _limit(case) + excess.delta / case.estimator.sample_size


def _limit(case: Case) -> Float[Array, ""]:
    """Return m, the limit of the resolvent trace."""
    return resolvent_trace(ratio_of(case), ridge_of(case))


def _conditional_gap(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return ||b - beta_Q||^2 minus its mean given the inputs, ||a_0 + M D_1||^2 + sigma'^2 tr(h S h)/n."""
    assert isinstance(case.estimator, SpectralFinetuning)
    task = case.task
    student = case.estimator.fit(task.source, data, key=key)
    size = data.inputs.shape[0]
    moment = data.inputs.T @ data.inputs / size
    filter_matrix = case.estimator.filter_matrix(moment, size)
    mean = task.source_vector + filter_matrix @ moment @ (task.weak_vector - task.source_vector)
    error = mean - task.target_vector
    noise = task.supervisor.noise**2 * jnp.trace(filter_matrix @ moment @ filter_matrix) / size
    return squared_error(task, student) - error @ error - noise


def _least_squares_risk(case: Case) -> Float[Array, ""]:
    """Return (1 - w) a^2 + w b^2 + sigma'^2 min(d, n)/(|n - d| - 1), where w = min(1, n/d)."""
    a2, b2, _ = transfer_geometry(case.task)
    dim, size = case.task.dim, case.estimator.sample_size
    followed = min(1.0, size / dim)
    noise = min(dim, size) / (abs(size - dim) - 1)
    # On the span of the inputs the error is that of the weak model; orthogonal to it, that of the source.
    return (1.0 - followed) * a2 + followed * b2 + case.task.supervisor.noise**2 * noise


def _loop_cases(preset: Preset) -> Sequence[Case]:
    shapes = [(8, 8, 0.3), (8, 60, 0.1)] if preset == "quick" else [(8, 4, 0.1), (8, 8, 0.3), (8, 60, 0.1)]
    return [
        Case(f"d={dim}, n={size}, eta={ridge:g}", canonical_in(dim), Ridge(ridge, num_weak=size))
        for dim, size, ridge in shapes
    ]


def _loop_controls(preset: Preset) -> Sequence[Control]:
    case = Case("rademacher features, d=8, n=8", canonical(features="rademacher"), Ridge(0.3, num_weak=8))
    return [Control(case, breaks="Gaussian features")]


def _doubling_cases(preset: Preset) -> Sequence[Case]:
    quick = preset == "quick"
    sizes = {
        "gaussian": (20, 40) if quick else (10, 20, 40, 80),
        "rademacher": (20,) if quick else (10, 20, 40),
    }
    return [
        Case(
            f"{law} features, d={dim}, n={2 * dim}, eta=0.3",
            canonical_in(dim, features=law),
            Ridge(0.3, num_weak=2 * dim),
        )
        for law, dims in sizes.items()
        for dim in dims
    ]


def _conditional_cases(preset: Preset) -> Sequence[Case]:
    ridge = Case("canonical, n=60, eta=0.3", canonical_task(), Ridge(0.3, num_weak=60))
    fewer = Case("canonical, n=4, eta=1", canonical_task(), Ridge(1.0, num_weak=4))
    return [ridge] if preset == "quick" else [ridge, fewer]


def _least_squares_cases(preset: Preset) -> Sequence[Case]:
    sizes = (60, 2) if preset == "quick" else (16, 60, 2)
    return [Case(f"canonical, n={size}", canonical_task(), LeastSquares(num_weak=size)) for size in sizes]


NAIVE_RISK_CURVE_LEMMAS = (
    Statement(
        id="conditional-risk",
        kind="equality",
        label_power=2,
        title="Risk given the inputs: bias and variance (gap)",
        cases=_conditional_cases,
        measure=FromWeakData(_conditional_gap),
        bound=lambda case: 0.0,
        margin=lambda case: 0.02 * label_scale(case.task) ** 2,
        assumptions=(POINT_MASS,),
        page=PAGE,
    ),
    Statement(
        id="loop-equation",
        kind="equality",
        title="The quadratic of the mean resolvent at finite size",
        cases=_loop_cases,
        measure=FromWeakData(_loop),
        bound=lambda case: 1.0,
        margin=lambda case: 0.02,
        assumptions=(GAUSSIAN, POSITIVE_RIDGE),
        controls=_loop_controls,
        page=PAGE,
    ),
    Statement(
        id="fourth-cumulant",
        kind="equality",
        title="What other independent coordinates add to the quadratic",
        cases=_cumulant_cases,
        measure=FromWeakData(_loop),
        bound=lambda case: 1.0 + _fourth_cumulant(case),
        # A third of the correction, so that the value 1 of Gaussian features lies outside the margin.
        margin=lambda case: abs(_fourth_cumulant(case)) / 3.0,  # pyright: ignore[reportArgumentType]
        assumptions=(INDEPENDENT, POSITIVE_RIDGE),
        page=PAGE,
    ),
    Statement(
        id="marchenko-pastur-root",
        kind="equality",
        title="m solves the quadratic",
        cases=_curve_cases,
        exact=_quadratic_residual,
        bound=lambda case: 1.0,
        margin=lambda case: 1e-9,
        assumptions=(POSITIVE_RIDGE,),
        page=PAGE,
    ),
    Statement(
        id="resolvent-at-finite-size",
        kind="equality",
        title="The mean resolvent is m + delta/n",
        cases=_doubling_cases,
        measure=FromWeakData(_resolvent),
        bound=_corrected_trace,
        # Half of the correction, so that the limit m itself lies outside the margin.
        margin=lambda case: (
            0.5 * abs(_corrected_trace(case) - resolvent_trace(ratio_of(case), ridge_of(case)))
        ),  # pyright: ignore[reportArgumentType]
        assumptions=(INDEPENDENT, POSITIVE_RIDGE),
        page=PAGE,
    ),
    Statement(
        id="resolvent-derivative",
        kind="equality",
        title="m' by automatic differentiation and in closed form (relative gap)",
        cases=_curve_cases,
        exact=_derivative_gap,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-9,
        assumptions=(POSITIVE_RIDGE,),
        page=PAGE,
    ),
    Statement(
        id="ridge-traces",
        kind="equality",
        title="w, w2 and v without cancellation (gap)",
        cases=_curve_cases,
        exact=_trace_gap,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-9,
        assumptions=(POSITIVE_RIDGE,),
        page=PAGE,
    ),
    Statement(
        id="least-squares-risk",
        kind="equality",
        label_power=2,
        title="At eta = 0 the risk is known at every size",
        cases=_least_squares_cases,
        measure=STUDENT_ERROR,
        bound=_least_squares_risk,
        margin=lambda case: 0.05 * _least_squares_risk(case),  # pyright: ignore[reportArgumentType]
        assumptions=(GAUSSIAN, POINT_MASS, FINITE_VARIANCE),
        page=PAGE,
    ),
)
