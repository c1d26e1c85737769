"""The steps of the proof of optimal-surrogate (theory/optimal-surrogate.md), each as a statement."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import LeastSquares
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.optimal_surrogate.examples import taught_best, two_levels, with_surrogate
from w2s_sim.statements.optimal_surrogate.interpolation import expanded, level, limit
from w2s_sim.statements.optimal_surrogate.surrogate_risk import best_surrogate, limit_risk, student_of
from w2s_sim.statements.shared.quantities import label_scale
from w2s_sim.statements.shared.regression_examples import leaning_to_source
from w2s_sim.tasks.task import WeakData

PAGE = "theory/optimal-surrogate.md"


def _spectrum(case: Case) -> Float[Array, " d"]:
    return jnp.linalg.eigvalsh(case.task.features.covariance)


def _from_fit(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return ||b - b'||, b the estimator's student and b' that of the n x n system."""
    fitted = case.estimator.fit(case.task.source, data, key=key).coefficients
    return jnp.linalg.norm(fitted - student_of(key, data, case))


def _size_cases(preset: Preset) -> Sequence[Case]:
    sizes = (24,) if preset == "quick" else (24, 30)
    return [Case(f"two variances, n={size}", two_levels(), LeastSquares(num_weak=size)) for size in sizes]


def _first_share(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the mean of P_ii over the first quarter of the coordinates."""
    block = data.inputs[:, : case.task.dim // 4]
    factor = jnp.linalg.cholesky(data.inputs @ data.inputs.T)
    within = jax.scipy.linalg.solve_triangular(factor, block, lower=True)
    return jnp.mean(jnp.sum(within**2, axis=0))


def _expected_share(case: Case) -> Float[Array, ""]:
    """Return the mean of E P_ii over the largest quarter of the spectrum, to the first order of 1/n."""
    size = case.estimator.sample_size
    return jnp.mean(expanded(_spectrum(case), size).shares[-(case.task.dim // 4) :])


def _slope_gap(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return the relative gap between (P Sigma P)_11 and -lambda_1 d/dt [P_11(t) / lambda_1(t)].

    The inputs are x_i = sqrt(lambda_i(t)) z_i along lambda_i(t) = lambda_i + t lambda_i^2, with fixed z.
    """
    spectrum = jnp.diagonal(case.task.features.covariance)
    standard = data.inputs / jnp.sqrt(spectrum)

    def ratio(step: Float[Array, ""]) -> Float[Array, ""]:
        moved = standard * jnp.sqrt(spectrum + step * spectrum**2)
        return standard[:, 0] @ jnp.linalg.solve(moved @ moved.T, standard[:, 0])

    _, slope = jax.jvp(ratio, (jnp.zeros(()),), (jnp.ones(()),))
    kept = data.inputs.T @ jnp.linalg.solve(data.inputs @ data.inputs.T, data.inputs[:, 0])
    return jnp.abs(kept @ (spectrum * kept) / (-spectrum[0] * slope) - 1.0)


@jax.jit
def _form_gap(spectrum: Float[Array, " d"]) -> Float[Array, ""]:
    """Return the largest gap of the limits of losses and noise from derivatives of the shares' limits."""
    size = spectrum.shape[0] // 2

    def along(step: Float[Array, ""]) -> tuple[Float[Array, " d"], Float[Array, ""]]:
        moved = spectrum + step * spectrum**2
        tau = level(moved, size)
        return 1.0 / (moved + tau), 1.0 / tau

    _, (slopes, slope) = jax.jvp(along, (jnp.zeros(()),), (jnp.ones(()),))
    found = limit(spectrum, size)
    return jnp.maximum(jnp.max(jnp.abs(found.losses + spectrum * slopes)), jnp.abs(found.noise + slope))


def _surrogate_cases(preset: Preset) -> Sequence[Case]:
    student = LeastSquares(num_weak=24)
    task = two_levels()
    shares = [(1.0, 1.0), (0.0, 0.0), (2.0, 0.5), (1.0, 0.48)]
    listed = [
        Case(f"shares {strong:g} and {weak:g}", two_levels(strong, weak), student) for strong, weak in shares
    ]
    generator = np.random.default_rng(0)
    drawn = [
        Case(
            f"drawn surrogate {index}",
            with_surrogate(task, jnp.asarray(0.2 * generator.normal(size=48))),
            student,
        )
        for index in range(2 if preset == "quick" else 20)
    ]
    return [Case("the best", taught_best(task, 24), student), *listed, *drawn]


def _best_risk(case: Case) -> Float[Array, ""]:
    size = case.estimator.sample_size
    return limit_risk(with_surrogate(case.task, best_surrogate(case.task, size)), size)


OPTIMAL_SURROGATE_LEMMAS = (
    Statement(
        id="dual-student",
        kind="equality",
        label_power=1,
        title="The interpolating student from a system of n equations",
        cases=lambda preset: [Case("d=8, n=4", leaning_to_source(0.3), LeastSquares(num_weak=4))],
        measure=FromWeakData(_from_fit),
        bound=lambda case: 0.0,
        margin=lambda case: 0.02 * label_scale(case.task),
        pathwise=True,
        page=PAGE,
    ),
    Statement(
        id="mean-share",
        kind="equality",
        title="E P_ii to the first order of 1/n",
        cases=_size_cases,
        measure=FromWeakData(_first_share),
        bound=_expected_share,
        margin=lambda case: 1.0 / case.estimator.sample_size**2,
        support=lambda case: (0.0, 1.0),
        page=PAGE,
    ),
    Statement(
        id="losses-are-derivatives",
        kind="equality",
        title="P Sigma P is a derivative of P along the spectrum",
        cases=_size_cases,
        measure=FromWeakData(_slope_gap),
        bound=lambda case: 0.0,
        margin=lambda case: 1e-3,
        pathwise=True,
        page=PAGE,
    ),
    Statement(
        id="limits-of-losses-and-noise",
        kind="equality",
        title="The limits of P Sigma P and of the noise, from the limit of P",
        cases=lambda preset: _size_cases("quick"),
        exact=lambda case: _form_gap(_spectrum(case)),
        bound=lambda case: 0.0,
        margin=lambda case: 1e-10,
        page=PAGE,
    ),
    Statement(
        id="no-surrogate-is-better",
        kind="lower",
        label_power=2,
        title="The limit of the risk is least for the best surrogate",
        cases=_surrogate_cases,
        exact=lambda case: limit_risk(case.task, case.estimator.sample_size),
        bound=_best_risk,
        trivial=lambda case: 0.0,
        scale=lambda case: case.task.source_risk + case.task.weak_risk,
        page=PAGE,
    ),
)
