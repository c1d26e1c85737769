"""The steps of the proof of identification-rate, each as a statement."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key
from scipy.special import gammaln

from w2s_sim.estimators import ContextEstimator, InContext
from w2s_sim.identification.chernoff import log_chernoff_terms
from w2s_sim.identification.contour import pair_probability
from w2s_sim.identification.lattice import LatticeOdds
from w2s_sim.identification.moments import log_odds_moments
from w2s_sim.identification.odds import odds_law
from w2s_sim.identification.rate import identification_exponents, sharp_log_misidentification
from w2s_sim.identification.tilting import (
    TiltingPlan,
    tilted_context,
    tilted_replicate,
    tilting_plan,
)
from w2s_sim.identification.two_concepts import misidentification_of_two_concepts
from w2s_sim.statements.contract.case import Case
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.shared.finite_examples import loaded_coin_task
from w2s_sim.statements.shared.point_mass import POINT_MASS
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_concept, two_concepts
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask, canonical_task
from w2s_sim.tasks.task import WeakData

PAGE = "theory/identification-rate.md"


def _size(case: Case[Any]) -> int:
    assert isinstance(case.estimator, ContextEstimator)
    return case.estimator.num_demonstrations


def _with_even_prior(task: TransferTask) -> TransferTask:
    even = task.source.with_prior(jnp.full(task.num_concepts, 1.0 / task.num_concepts))
    return TransferTask(task.features, even, task.target_prior, task.supervisor)


def _nearest(task: TransferTask) -> Int[Array, ""]:
    """Return the index of the competitor of smallest exponent."""
    return jnp.argmin(identification_exponents(task)[0])


def _log_ratio(case: Case, data: WeakData, competitor: Array) -> Float[Array, ""]:
    """Return sum_i log(p_k / p_*) of a context, in nats."""
    log_likelihood = case.task.source.log_likelihood(data.inputs, data.labels)
    return jnp.sum(log_likelihood[:, competitor] - log_likelihood[:, case.task.target_concept])


def _mixed_cases(preset: Preset) -> Sequence[Case]:
    mixed = Case("mixed target, n=2", canonical(target_prior=[0.1, 0.0, 0.0, 0.9]), InContext(2))
    one = Case("canonical, n=2", canonical_task(), InContext(2))
    return [mixed] + ([] if preset == "quick" else [one])


def _tilted_towards_nearest(key: Key[Array, ""], case: Case) -> tuple[Array, Array, TiltingPlan]:
    """Return the log-likelihood ratio of a context tilted to the nearest competitor, its index, the plan."""
    task = case.task
    # With even prior odds the minimising s is the minimiser of the rate for every n.
    plan = tilting_plan(_with_even_prior(task), _size(case))
    competitor = jnp.argmax(plan.log_terms)
    data = tilted_context(task, plan, _size(case), competitor, key=key)
    return _log_ratio(case, data, competitor), competitor, plan


def _returned_mass(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return (dP/dP_k)^(1/2) of a context drawn from P_k; its mean is (m_k(s/2)^2 / m_k(s))^(n/2).

    The root is measured because dP/dP_k itself, of mean one, has no finite variance.
    """
    log_ratio, competitor, plan = _tilted_towards_nearest(key, case)
    exponent, log_moment = plan.exponents[competitor], plan.law.log_moments[competitor]
    return jnp.exp(0.5 * (_size(case) * log_moment - exponent * log_ratio))


def _affinity(case: Case) -> Float[Array, ""]:
    """Return the affinity of law and tilted law, int (dP dP_k)^(1/2) = (m_k(s/2)^2 / m_k(s))^(n/2)."""
    rates, exponents = identification_exponents(case.task)
    half = log_odds_moments(case.task, 0.5 * exponents)[_nearest(case.task)]
    return jnp.exp(_size(case) * (half + 0.5 * jnp.min(rates)))


def _excess_over_unit(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return the relative excess of 1 - pi_n(k*) over sum_k r_k^{s_k} on a tilted path: always zero."""
    task, plan = case.task, tilting_plan(case.task, _size(case))
    data = tilted_context(task, plan, _size(case), key=key)
    log_posterior = task.source.log_posterior(data.inputs, data.labels)
    others = jnp.arange(task.num_concepts) != task.target_concept
    log_odds = log_posterior - log_posterior[task.target_concept]
    mass = jnp.sum(jnp.where(others, jnp.exp(log_posterior), 0.0))
    powers = jnp.sum(jnp.where(others, jnp.exp(plan.exponents * log_odds), 0.0))
    return jnp.maximum(mass / powers - 1.0, 0.0)


def _scaled(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return a scaled replicate, whose mean is E[1 - pi_n(k*)] / eps_n."""
    return tilted_replicate(case.task, tilting_plan(case.task, _size(case)), key=key)


def _sharper_share(case: Case) -> Float[Array, ""]:
    """Return the bound of concept-identification divided by the classical bound eps_n."""
    log_terms, _ = log_chernoff_terms(case.task, jnp.asarray(float(_size(case))))
    return jnp.exp(jax.nn.logsumexp(log_terms) - tilting_plan(case.task, _size(case)).log_bound)


def _standardised_drift(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return the tilted log-likelihood ratio per demonstration at the minimising s, over its deviation."""
    log_ratio, _, _ = _tilted_towards_nearest(key, case)
    return log_ratio / _size(case) / jnp.sqrt(_tilted_variance(case))


def _relative_square(key: Key[Array, ""], case: Case) -> Float[Array, ""]:
    """Return the squared tilted log-likelihood ratio of n demonstrations, divided by n."""
    log_ratio, _, _ = _tilted_towards_nearest(key, case)
    return log_ratio**2 / _size(case)


def _tilted_variance(case: Case) -> Float[Array, ""]:
    """Return v = (q delta^2 - c^2) / (sigma^4 (1 + (delta^2 - 2c)^2 / (4 (q delta^2 - c^2)))), in nats^2."""
    task, competitor = case.task, _nearest(case.task)
    star = task.source.vectors[task.target_concept]
    difference = task.source.vectors[competitor] - star
    shift = task.supervisor.vectors[task.target_concept] - star
    covariance = task.features.covariance
    delta_squared, overlap = difference @ covariance @ difference, shift @ covariance @ difference
    spread = task.supervisor.noise**2 + shift @ covariance @ shift
    product = spread * delta_squared - overlap**2
    return product / task.source.noise**4 / (1.0 + (delta_squared - 2.0 * overlap) ** 2 / (4.0 * product))


def _point_mass_cases(preset: Preset) -> Sequence[Case]:
    leaning = Case("leans to a wrong concept, n=2", leaning_to_concept(0.25), InContext(2))
    one = Case("canonical, n=2", canonical_task(), InContext(2))
    return [leaning] + ([] if preset == "quick" else [one])


def _two_concept_cases(preset: Preset) -> Sequence[Case]:
    sizes = (4,) if preset == "quick" else (4, 16, 64)
    return [Case(f"K=2, n={n}", two_concepts(), InContext(n)) for n in sizes]


def _exact_share(case: Case) -> float:
    """Return E[1 - pi_n(k*)] / eps_n by two-dimensional quadrature."""
    plan = tilting_plan(case.task, _size(case))
    exact = misidentification_of_two_concepts(case.task, _size(case)).log_value
    return float(jnp.exp(exact - plan.log_bound))


def _log_by_contour(case: Case) -> float:
    """Return log E[1 - pi_n(k*)] of two concepts by an integral over a line of complex exponents."""
    prior, star = np.asarray(case.task.source.prior), int(case.task.target_concept)
    log_odds = float(np.log(prior[1 - star] / prior[star]))
    return pair_probability(odds_law(case.task), 1 - star, log_odds, _size(case)).log_value


def _lattice_cases(preset: Preset) -> Sequence[Case[FiniteTask]]:
    # One more demonstration shifts the lattice of the log-odds by half its span.
    sizes = (256, 257) if preset == "quick" else (256, 257, 1024, 1025)
    return [Case(f"two faces of a loaded coin, n={n}", loaded_coin_task(0.97), InContext(n)) for n in sizes]


def _log_by_counting(case: Case[FiniteTask]) -> float:
    """Return log E[1 - pi_n(k*)] of two coins as a sum over the number of heads."""
    share = np.exp(np.asarray(case.task.source.log_outcome_probabilities(), dtype=np.float64))
    size, heads = _size(case), np.arange(_size(case) + 1)
    tails = size - heads
    log_odds = heads * np.log(share[1, 0] / share[0, 0]) + tails * np.log(share[1, 1] / share[0, 1])
    log_law = gammaln(size + 1) - gammaln(heads + 1) - gammaln(tails + 1)
    log_law = log_law + heads * np.log(share[0, 0]) + tails * np.log(share[0, 1])
    return float(np.logaddexp.reduce(log_law - np.logaddexp(0.0, -log_odds)))


IDENTIFICATION_RATE_LEMMAS = (
    Statement(
        id="tilted-law",
        kind="equality",
        title="Density of the tilted law: E_k[(dP/dP_k)^(1/2)] is the affinity of the two laws",
        cases=_mixed_cases,
        measure=_returned_mass,
        bound=_affinity,
        margin=lambda case: 0.05 * float(_affinity(case)),
        page=PAGE,
    ),
    Statement(
        id="tilted-replicate-bounded",
        kind="equality",
        title="A tilted replicate never exceeds eps_n (violation)",
        cases=_mixed_cases,
        measure=_excess_over_unit,
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-5,
        page=PAGE,
    ),
    Statement(
        id="sharper-chernoff",
        kind="upper",
        title="E[1 - pi_n(k*)] <= sum_k min_s s^s (1-s)^(1-s) rho^s m^n, as a share of the classical bound",
        cases=_two_concept_cases,
        measure=_scaled,
        bound=_sharper_share,
        support=lambda case: (0.0, 1.0),
        trivial=lambda case: 1.0,
        page=PAGE,
    ),
    Statement(
        id="tilted-drift-vanishes",
        kind="equality",
        title="Tilted by the minimising s, the log-odds have no drift",
        cases=_point_mass_cases,
        measure=_standardised_drift,
        bound=lambda case: 0.0,
        margin=lambda case: 0.1,
        assumptions=(POINT_MASS,),
        page=PAGE,
    ),
    Statement(
        id="tilted-variance",
        kind="equality",
        title="Their variance per demonstration, in closed form",
        cases=_point_mass_cases,
        measure=_relative_square,
        bound=_tilted_variance,
        margin=lambda case: 0.15 * float(_tilted_variance(case)),
        assumptions=(POINT_MASS,),
        page=PAGE,
    ),
    Statement(
        id="two-concepts-by-quadrature",
        kind="equality",
        title="Tilted sampling agrees with two-dimensional quadrature, K = 2",
        cases=_two_concept_cases,
        measure=_scaled,
        bound=_exact_share,
        support=lambda case: (0.0, 1.0),
        margin=lambda case: 0.08 * _exact_share(case),
        page=PAGE,
    ),
    Statement(
        id="odds-by-contour",
        kind="equality",
        title="log E[r / (1 + r)] by one integral along a line of complex exponents, K = 2",
        cases=_two_concept_cases,
        exact=lambda case: misidentification_of_two_concepts(case.task, _size(case)).log_value,
        bound=_log_by_contour,
        margin=lambda case: 1e-6,
        page=PAGE,
    ),
    Statement(
        id="lattice-prefactor",
        kind="equality",
        title="log E[1 - pi_n(k*)] where log-odds lie on a lattice: a sum over its points",
        cases=_lattice_cases,
        exact=_log_by_counting,
        bound=lambda case: LatticeOdds.of(case.task).log_misidentification(_size(case)),
        margin=lambda case: 5e-4,
        page=PAGE,
    ),
    Statement(
        id="sharp-prefactor",
        kind="equality",
        title="log E[1 - pi_n(k*)] with its prefactor, K = 2, n = 256",
        cases=lambda preset: [Case("K=2, n=256", two_concepts(), InContext(256))],
        exact=lambda case: misidentification_of_two_concepts(case.task, _size(case)).log_value,
        bound=lambda case: float(sharp_log_misidentification(case.task, _size(case))),
        margin=lambda case: 5e-4,
        page=PAGE,
    ),
)
