"""Moments of the odds that CONTRIBUTING registers for Poisson concepts, against sums over all counts."""

import importlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import poisson

import w2s_sim as w2s
from tests.outsiders.test_contributing import written_module
from w2s_sim.identification import can_be_misidentified, log_odds_moments, quadrature_is_resolved
from w2s_sim.identification.rare_events import rare_misidentification

EXPONENTS = np.array([0.3, 0.6, 0.0])


@pytest.fixture
def task(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> w2s.ConceptTask:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    written_module("A closed form", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module("poisson_odds")
    return importlib.import_module("poisson_concepts.theorem").example((0.0, 0.3, 0.7))


def test_moments_are_sums_over_counts(x64: None, task: w2s.ConceptTask) -> None:
    nodes, weights = np.polynomial.legendre.leggauss(60)
    exposures, counts = 1.0 + 0.9 * nodes[:, None], np.arange(200)
    rates, weak = np.asarray(task.source.rates), np.asarray(task.supervisor.rates)
    shown = 0.3 * poisson.pmf(counts, weak[1] * exposures) + 0.7 * poisson.pmf(counts, weak[2] * exposures)
    for k in (0, 1):
        log_odds = counts * np.log(rates[k] / rates[2]) - (rates[k] - rates[2]) * exposures
        moment = 0.5 * weights @ np.sum(shown * np.exp(EXPONENTS[k] * log_odds), axis=1)
        found = log_odds_moments(task, jnp.asarray(EXPONENTS))[k]
        np.testing.assert_allclose(found, np.log(moment), rtol=1e-10)


def test_the_bound_holds_for_the_outsider(task: w2s.ConceptTask) -> None:
    def off_target(key):
        data = task.sample_weak(16, key=key)
        return 1.0 - jnp.exp(task.source.log_posterior(data.inputs, data.labels))[2]

    masses = np.asarray(jax.vmap(off_target)(jax.random.split(jax.random.key(0), 4096)))
    bound = float(w2s.identification_bound(task, 16))
    assert masses.mean() - 5 * masses.std() / 64 < bound < 20 * masses.mean()
    assert can_be_misidentified(task)
    assert quadrature_is_resolved(task, 16)


def test_what_is_not_registered_is_said(task: w2s.ConceptTask) -> None:
    with pytest.raises(w2s.InputError, match="task: got PoissonTask; expected a task with registered tilted"):
        rare_misidentification(task, 16)
