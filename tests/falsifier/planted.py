"""Statements with a fault planted back: an assumption taken out, a bound or a value made worse."""

import dataclasses
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import rel_entr

from w2s_sim.identification.moments import log_odds_moments_of
from w2s_sim.statements import Case, Statement, find_statement
from w2s_sim.statements.contract.case import Assumption
from w2s_sim.statements.em_refinement.lemmas import CHANNEL_IS_KNOWN
from w2s_sim.statements.shared.finite_outcomes import target_law

CHANNEL_CONFUSED_BELOW = 1e-6


def without(id: str, *names: str) -> Statement:
    """A theorem that has forgotten some of its assumptions."""
    statement = find_statement(id)
    kept = tuple(a for a in statement.assumptions if a.name not in names)
    assert len(kept) == len(statement.assumptions) - len(names)
    return dataclasses.replace(statement, assumptions=kept)


def with_coarse_channel() -> Statement:
    """em-refinement that takes weak laws within 1e-6 of the strong model's for the same."""

    def is_known(case: Case[Any]) -> bool:
        account, weak_law = target_law(case.task), case.task.weak_law
        return bool(jnp.abs(account - weak_law).max() < CHANNEL_CONFUSED_BELOW)

    statement = without("em-refinement", CHANNEL_IS_KNOWN.name)
    coarse = Assumption(CHANNEL_IS_KNOWN.name, is_known)
    return dataclasses.replace(
        statement,
        assumptions=(*statement.assumptions, coarse),
        bound=lambda case: _divergence(case) / (case.estimator.rounds + 1),
        trivial=_divergence,
    )


def _divergence(case: Case[Any]) -> Any:
    """KL(alpha^Q || alpha^P), which bounds the misfit where the channel is known."""
    return rel_entr(case.task.target_prior, case.task.source.prior).sum()


def with_coarse_exponents() -> Statement:
    """concept-identification whose bound is searched on a coarse grid of s, without its ends."""
    return dataclasses.replace(find_statement("concept-identification"), bound=_coarse_bound)


@eqx.filter_jit
def _coarse_bound(case: Case[Any]) -> Any:
    """sum_k min_s rho_k^s m_k(s)^n over s = .01, .02, ..., .99."""
    task = case.task
    log_moments = log_odds_moments_of(task)
    log_ratios = jnp.log(task.source.prior) - jnp.log(task.source.prior[task.target_concept])
    grid = jnp.linspace(0.01, 0.99, 99)
    size = case.estimator.sample_size

    def log_terms(s: Any) -> Any:
        exponents = jnp.full(task.num_concepts, s)
        return exponents * log_ratios + size * log_moments(exponents)

    smallest = jax.lax.map(log_terms, grid).min(axis=0)
    others = jnp.arange(task.num_concepts) != task.target_concept
    return jnp.exp(jnp.where(others, smallest, -jnp.inf)).sum()


def of_sign_features() -> Statement:
    """naive-risk-curve for discrete features alone, judged at any size and any ridge."""
    forgetful = without(
        "naive-risk-curve", "limit resolved at this size", "eta > 0, or features with a density"
    )
    discrete = Assumption("discrete features", lambda case: bool(case.task.features.largest_atom))
    return dataclasses.replace(forgetful, assumptions=(discrete, *forgetful.assumptions))


def with_loose_projection() -> Statement:
    """hull-misfit whose projection is off by a thousandth where the hull of concepts is nearly flat."""
    statement = find_statement("hull-misfit")
    assert statement.exact is not None
    exact: Callable[[Case[Any]], Any] = statement.exact

    def loose(case: Case[Any]) -> Any:
        vectors = case.task.source.vectors
        sizes = jnp.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False)
        flat = (sizes[-1] < 0.02 * sizes[0]) & (sizes[-1] > 0)
        return exact(case) * jnp.where(flat, 1.001, 1.0)

    return dataclasses.replace(statement, exact=loose)


def faults() -> dict[str, Callable[[], Statement]]:
    """The faults by name."""
    return {
        "lattice": lambda: without("identification-rate", "log-odds on no lattice that shows"),
        "short contexts": lambda: without(
            "identification-rate",
            "log-odds on no lattice that shows",
            "contexts long enough for the correction",
        ),
        "border too near": lambda: without("voronoi-threshold", "contexts long enough for the correction"),
        "unresolved curve": lambda: without("naive-risk-curve", "limit resolved at this size"),
        "discrete features": lambda: without(
            "naive-risk-curve",
            "limit resolved at this size",
            "independent coordinates",
            "known kurtosis and atoms of independent coordinates",
            "eta > 0, or features with a density",
        ),
        "sign features": of_sign_features,
        "student beyond the segment": lambda: without(
            "continuum-floor", "a student with gains that stay on the segment"
        ),
        "coarse channel": with_coarse_channel,
        "coarse exponents": with_coarse_exponents,
        "loose projection": with_loose_projection,
    }
