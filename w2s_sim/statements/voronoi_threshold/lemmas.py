"""The steps of the proof of voronoi-threshold, each as a statement."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData
from w2s_sim.estimators import InContext
from w2s_sim.identification.chernoff import identification_bound
from w2s_sim.identification.voronoi import (
    numerical_rate,
    seen_from_winner,
    voronoi_rate,
    voronoi_winner,
)
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.voronoi_threshold.placed_weak_concept import weak_concept_at
from w2s_sim.tasks.task import WeakData

PAGE = "theory/voronoi-threshold.md"


def _cases_at(*shares: float) -> Sequence[Case]:
    return [Case(f"t={t:g}, n=16", weak_concept_at(t, across=0.3), InContext(16)) for t in shares]


def _first_against_intended(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return log(p_1 / p_*) per demonstration, in nats: the drift of the log-odds against concept k*."""
    log_likelihood = case.task.source.log_likelihood(data.inputs, data.labels)
    return jnp.mean(log_likelihood[:, 0] - log_likelihood[:, case.task.target_concept])


def _drift_scale(case: Case) -> Float[Array, ""]:
    """Return delta^2 / (2 sigma^2) of the first concept."""
    difference = case.task.source.vectors[0] - case.task.source.vectors[case.task.target_concept]
    return difference @ case.task.features.covariance @ difference / (2.0 * case.task.source.noise**2)


def _share(case: Case) -> Float[Array, ""]:
    """Return t, the weak concept's projected share of the way from the intended to the first concept."""
    star, covariance = case.task.target_concept, case.task.features.covariance
    difference = case.task.source.vectors[0] - case.task.source.vectors[star]
    shift = case.task.supervisor.vectors[star] - case.task.source.vectors[star]
    return (shift @ covariance @ difference) / (difference @ covariance @ difference)


def _mass_off_winner(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return 1 - pi_n(w), the posterior mass off the winner w."""
    log_posterior = case.task.source.log_posterior(data.inputs, data.labels)
    others = jnp.arange(case.task.num_concepts) != voronoi_winner(case.task)
    return jnp.exp(jax.nn.logsumexp(jnp.where(others, log_posterior, -jnp.inf)))


def _mirrored(case: Case) -> Case:
    """Return the case with the weak concept reflected at the border to the first concept: t to 1 - t."""
    star = case.task.target_concept
    difference = case.task.source.vectors[0] - case.task.source.vectors[star]
    weak = case.task.supervisor.vectors.at[star].add((1.0 - 2.0 * _share(case)) * difference)
    return eqx.tree_at(lambda c: c.task.supervisor.vectors, case, weak)


def _pair_only(case: Case) -> Case:
    """Return the case with only the first and the intended concept in the source, at even odds."""
    size = case.task.num_concepts
    prior = 0.5 * (jax.nn.one_hot(0, size) + jax.nn.one_hot(case.task.target_concept, size))
    return eqx.tree_at(lambda c: c.task.source.prior, case, prior)


def _exact_cases(preset: Preset) -> Sequence[Case]:
    return _cases_at(0.25, 0.8) if preset == "quick" else _cases_at(0.0, 0.1, 0.25, 0.4, 0.6, 0.8, 1.0)


VORONOI_THRESHOLD_LEMMAS = (
    Statement(
        id="voronoi-drift",
        kind="equality",
        title="E log(p_k/p_*) = -(delta^2 / 2 sigma^2)(1 - 2t): zero at the border",
        cases=lambda preset: _cases_at(0.25, 0.5) if preset == "quick" else _cases_at(0.0, 0.25, 0.5, 0.75),
        measure=FromWeakData(_first_against_intended),
        bound=lambda case: -_drift_scale(case) * (1.0 - 2.0 * _share(case)),
        margin=lambda case: 0.05 * float(_drift_scale(case)),
        page=PAGE,
    ),
    Statement(
        id="winner-takes-all",
        kind="upper",
        title="1 - pi_n(w) obeys the Chernoff bound with w in the role of k*",
        cases=lambda preset: _cases_at(0.1, 0.9),
        measure=FromWeakData(_mass_off_winner),
        bound=lambda case: identification_bound(seen_from_winner(case.task), case.estimator.sample_size),
        support=lambda case: (0.0, 1.0),
        trivial=lambda case: 1.0,
        page=PAGE,
    ),
    Statement(
        id="voronoi-closed-form",
        kind="equality",
        title="The closed form is the minimum over s (by search)",
        cases=_exact_cases,
        exact=lambda case: numerical_rate(case.task),
        bound=lambda case: voronoi_rate(case.task),
        margin=lambda case: 1e-8,
        page=PAGE,
    ),
    Statement(
        id="mirrored-rates",
        kind="equality",
        title="The pair's rate is the same at t and at 1 - t",
        cases=_exact_cases,
        exact=lambda case: voronoi_rate(_pair_only(_mirrored(case)).task),
        bound=lambda case: voronoi_rate(_pair_only(case).task),
        margin=lambda case: 1e-8,
        page=PAGE,
    ),
)
