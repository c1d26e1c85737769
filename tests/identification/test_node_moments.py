import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.identification import log_odds_moments
from w2s_sim.identification.chernoff import quadrature_is_resolved
from w2s_sim.identification.moments import has_gaussian_moments
from w2s_sim.identification.node_moments import node_log_moments
from w2s_sim.laws.feature_maps import MappedFeatures, PolynomialMap, random_fourier_map
from w2s_sim.laws.features import Gaussian, UniformCube
from w2s_sim.laws.noise import LaplaceNoise, LogisticNoise, NoiseLaw, NormalNoise, StudentTNoise


class SlowNormal(NoiseLaw):
    """Normal noise that is not known to be normal, so that no closed form is taken."""

    def log_density(self, noise):
        return NormalNoise().log_density(noise)

    def sample(self, shape, *, key):
        return NormalNoise().sample(shape, key=key)


EXPONENTS = [0.12, 0.17, 0.05, 0.0]


def canonical(law: NoiseLaw, **changes: Any) -> w2s.TransferTask:
    source_prior, target_prior = [0.5, 0.25, 0.15, 0.1], [0.0, 0.0, 0.0, 1.0]
    return w2s.regression_task(8, 4, source_prior=source_prior, target_prior=target_prior, law=law, **changes)


@pytest.mark.parametrize("law", [NormalNoise(), SlowNormal()], ids=["noise in closed form", "noise on nodes"])
def test_nodes_agree_with_the_closed_form(law: NoiseLaw) -> None:
    with jax.enable_x64(True):
        exact = log_odds_moments(canonical(NormalNoise()), jnp.asarray(EXPONENTS, dtype=float))
        nodes = node_log_moments(canonical(law), 1.5)(jnp.asarray(EXPONENTS, dtype=float))
    np.testing.assert_allclose(nodes, exact, atol=1e-7)


MAPPED = {
    "polynomial": MappedFeatures(UniformCube(2), PolynomialMap(2, 2)),
    "fourier": MappedFeatures(Gaussian(2), random_fourier_map(2, 6, key=jax.random.key(1))),
    "own": MappedFeatures(Gaussian(1), lambda z: jnp.concatenate([jnp.tanh(z * c / 2) for c in range(1, 7)])),
}


def mapped_task(features, law: NoiseLaw) -> w2s.TransferTask:
    return w2s.regression_task(
        6,
        3,
        source_prior=[0.5, 0.3, 0.2],
        target_prior=[0.0, 0.0, 1.0],
        features=features,
        law=law,
        bias=0.3,
    )


@pytest.mark.parametrize("features", MAPPED.values(), ids=MAPPED)
@pytest.mark.parametrize("law", [NormalNoise(), LogisticNoise()], ids=["normal", "logistic"])
def test_moments_of_mapped_features_are_means_of_draws(features, law, standard_errors_off) -> None:
    check_moments(mapped_task(features, law), standard_errors_off)


@pytest.mark.parametrize(
    "law", [LaplaceNoise(), LogisticNoise(), StudentTNoise(4.0)], ids=["laplace", "logistic", "student t"]
)
def test_moments_of_other_noise_are_means_of_draws(law: NoiseLaw, standard_errors_off) -> None:
    check_moments(canonical(law), standard_errors_off)


def check_moments(task: w2s.TransferTask, standard_errors_off) -> None:
    exponents = jnp.full(task.num_concepts, 0.4)
    data = task.sample_weak(200_000, key=jax.random.key(0))
    log_odds = np.asarray(task.source.log_likelihood(data.inputs, data.labels), dtype=np.float64)
    log_odds -= log_odds[:, [int(task.target_concept)]]
    moments = np.exp(np.asarray(log_odds_moments(task, exponents), dtype=np.float64))
    for k in range(task.num_concepts):
        if k != int(task.target_concept):
            assert standard_errors_off(np.exp(0.4 * log_odds[:, k]), moments[k]) < 5


def test_moments_of_heavier_tails_than_believed_are_infinite() -> None:
    task = w2s.canonical_task()
    weak = dataclasses.replace(task.supervisor, law=StudentTNoise(5.0))
    heavy = eqx.tree_at(lambda t: t.supervisor, task, weak)
    moments = log_odds_moments(heavy, jnp.full(4, 0.3))
    assert np.all(np.isinf(moments[:3]))
    # The bound then says nothing, and says so.
    assert float(w2s.identification_bound(heavy, 64)) >= 1.0


def test_smooth_laws_are_resolved() -> None:
    assert quadrature_is_resolved(canonical(LogisticNoise()), 16)
    assert quadrature_is_resolved(mapped_task(MAPPED["polynomial"], NormalNoise()), 16)


def test_what_has_no_nodes_is_not_resolved() -> None:
    assert not quadrature_is_resolved(canonical(LogisticNoise(), features="uniform"), 16)


def test_other_noise_has_no_gaussian_moments() -> None:
    assert has_gaussian_moments(canonical(NormalNoise()))
    assert not has_gaussian_moments(canonical(LogisticNoise()))
