"""A context that holds the query: one round of refinement, and what it inherits of the weak model's bias."""

from typing import Any

import jax
import numpy as np
import pytest
from scipy.special import expit

import w2s_sim as w2s
from w2s_sim.concepts.model import ReadContexts
from w2s_sim.statements.refinement_risk import REFINEMENT_RISK
from w2s_sim.statements.shared.finite_examples import table_task
from w2s_sim.statements.shared.regression_examples import canonical

pytestmark = pytest.mark.usefixtures("x64")
LEMMA = next(lemma for lemma in REFINEMENT_RISK.lemmas if lemma.id == "own-label-bias")


@pytest.mark.parametrize("kind", ["regression", "categorical"])
def test_one_label_at_a_time_is_one_round_of_iterated_refinement(kind: str) -> None:
    task = canonical() if kind == "regression" else table_task()
    data = task.sample_weak(20, key=jax.random.key(0))
    _, reader = w2s.Refinement(1, w2s.MaximumLikelihood(num_weak=20), context="with-query").read_contexts(
        task.source, data
    )
    assert isinstance(reader, ReadContexts)
    refined = w2s.IteratedRefinement(1, num_weak=20).refined_prior(task.source, data)
    np.testing.assert_allclose(reader.prior.mean(axis=0), refined, rtol=1e-12)


def test_the_inherited_bias_by_quadrature() -> None:
    """E[(u^T x) y~] = (kappa / sigma^2) E[Var_pi(beta_k^T x)] for two concepts e_1, e_2, one label."""
    sigma, weak_noise, kappa, prior = 0.8, 0.6, 0.7, np.array([0.6, 0.4])
    nodes, weights = np.polynomial.hermite_e.hermegauss(48)
    weights = weights / weights.sum()
    first, second, along, noise = np.meshgrid(nodes, nodes, nodes, nodes, indexing="ij", sparse=True)
    mass = np.einsum("i,j,k,l->ijkl", weights, weights, weights, weights)
    label = second + kappa * along + weak_noise * noise
    odds = np.log(prior[0] / prior[1]) + ((label - second) ** 2 - (label - first) ** 2) / (2 * sigma**2)
    share = expit(odds)
    refined = second + share * (first - second)
    inherited = np.sum(mass * along * refined)
    spread = np.sum(mass * share * (1 - share) * (first - second) ** 2)
    assert inherited > 0.05
    np.testing.assert_allclose(inherited, kappa / sigma**2 * spread, rtol=1e-4)


def test_the_lemma_measures_the_difference_of_both_sides() -> None:
    case = LEMMA.cases("full")[1]
    task, size = case.task, 4
    data = task.sample_weak(24, key=jax.random.key(1))
    inputs, labels = np.asarray(data.inputs), np.asarray(data.labels)
    vectors, sigma = np.asarray(task.source.vectors), float(task.source.noise)
    bias = np.asarray(task.weak_vector - task.target_vector)
    expected = 0.0
    for query in range(24):
        batch = slice(size * (query // size), size * (query // size) + size)
        logs = np.log(np.asarray(task.source.prior))
        logs = logs - np.sum((labels[batch, None] - inputs[batch] @ vectors.T) ** 2, axis=0) / (2 * sigma**2)
        weights = np.exp(logs - logs.max())
        weights = weights / weights.sum()
        means = vectors @ inputs[query]
        refined = weights @ means
        spread = weights @ means**2 - refined**2
        expected += (inputs[query] @ bias * refined - bias @ bias * spread / sigma**2) / 24
    measure: Any = LEMMA.measure
    measured = measure.evaluate(jax.random.key(2), data, case)
    np.testing.assert_allclose(measured, expected, rtol=1e-10)


def test_a_continuum_of_concepts_leaves_the_student_on_the_segment() -> None:
    """b = beta_P + M (beta' - beta_P) for exact weak labels, and E M = w I: no component off the line."""
    generator = np.random.default_rng(3)
    dim, size, batches, penalty = 3, 2, 6, 0.5
    traces, off = [], []
    for _ in range(4000):
        grams = [x.T @ x for x in generator.normal(size=(batches, size, dim))]
        inner = sum(g @ np.linalg.solve(g + penalty * np.eye(dim), g) for g in grams)
        matrix = np.linalg.solve(sum(grams), inner)
        traces.append(np.trace(matrix) / dim)
        off.append(matrix[0, 1])
    assert min(traces) > 0.0
    assert max(traces) < 1.0
    assert abs(np.mean(off)) < 5 * np.std(off) / 4000**0.5
