"""The exact probability of two concepts, by a one-dimensional integral, adaptive quadrature and sampling."""

import itertools

import jax
import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.special import expit, gammaln, kve
from scipy.stats import norm

from w2s_sim.errors import InputError
from w2s_sim.identification import identification_bound
from w2s_sim.identification.two_concepts import misidentification_of_two_concepts
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.shared.regression_examples import two_concepts
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor

FACTOR = np.array([[1.2, 0.3, 0.0], [0.0, 0.7, -0.4], [0.2, 0.0, 1.0]])


def general(features: str | Anisotropic = "gaussian", overlap: float = 0.3) -> TransferTask:
    """d = 3, uneven prior, a weak model that leans to the wrong concept."""
    weak = [[1.0, 0.0, 0.0], [overlap, 1.0 - overlap, 0.5]]
    return regression_task(
        3,
        2,
        source_prior=[0.8, 0.2],
        target_prior=[0.0, 1.0],
        features=features,
        supervisor=RegressionSupervisor(weak, 0.4),
    )


def log_odds_law(task: TransferTask) -> tuple[float, float, float]:
    """log prior odds, and drift and diffusion of log r per unit of a chi-squared variable, by hand."""
    vectors, weak = np.asarray(task.source.vectors, float), np.asarray(task.supervisor.vectors, float)
    prior, covariance = np.asarray(task.source.prior, float), np.asarray(task.features.covariance, float)
    difference, shift = vectors[0] - vectors[1], weak[1] - vectors[1]
    delta2, c = difference @ covariance @ difference, shift @ covariance @ difference
    effective = float(task.supervisor.noise) ** 2 + shift @ covariance @ shift - c**2 / delta2
    variance = float(task.source.noise) ** 2
    drift = -delta2 * (1 - 2 * c / delta2) / (2 * variance)
    return float(np.log(prior[0] / prior[1])), drift, delta2 * effective / variance**2


def by_variance_gamma(task: TransferTask, size: int, reference: float) -> float:
    """log E expit(log r) from the closed density of log r: variance-gamma, with a Bessel function."""
    prior_odds, drift, diffusion = log_odds_law(task)
    order = 0.5 * size - 0.5

    def log_density(log_odds: float) -> float:
        x = log_odds - prior_odds
        alpha, beta = drift**2 / diffusion + 1.0, max(x * x, 1e-300) / diffusion
        argument = np.sqrt(alpha * beta)
        constant = drift * x / diffusion - 0.5 * np.log(2 * np.pi * diffusion)
        constant += np.log(2.0) - 0.5 * size * np.log(2.0) - gammaln(0.5 * size)
        return constant + 0.5 * order * np.log(beta / alpha) + np.log(kve(order, argument)) - argument

    def integrand(log_odds: float) -> float:
        return float(np.exp(log_density(log_odds) - np.logaddexp(0.0, -log_odds) - reference))

    # A density of few demonstrations has a cusp or a pole at the prior odds.
    ends = sorted({-400.0, -50.0, -10.0, -3.0, 0.0, prior_odds, 3.0, 10.0, 50.0, 400.0})
    pieces = [
        quad(integrand, a, b, epsabs=0, epsrel=1e-10, limit=400)[0] for a, b in itertools.pairwise(ends)
    ]
    return reference + float(np.log(sum(pieces)))


@pytest.mark.parametrize("size", [2, 3, 8, 32, 100])
@pytest.mark.parametrize("name", ["even", "general", "anisotropic"])
def test_against_the_closed_density_of_the_log_odds(name: str, size: int) -> None:
    task = {
        "even": two_concepts,
        "general": general,
        "anisotropic": lambda: general(Anisotropic(Gaussian(3), FACTOR)),
    }[name]()
    found = misidentification_of_two_concepts(task, size)
    assert found.relative_change < 1e-9
    assert found.log_value == pytest.approx(by_variance_gamma(task, size, found.log_value), abs=2e-7)


def test_against_adaptive_quadrature() -> None:
    """Two demonstrations: V/delta^2 is chi^2_2, of density exp(-v/2)/2."""
    task = general()
    prior_odds, drift, diffusion = log_odds_law(task)

    def integrand(z: float, spread: float) -> float:
        log_odds = prior_odds + drift * spread + np.sqrt(diffusion * spread) * z
        return float(expit(log_odds) * norm.pdf(z) * 0.5 * np.exp(-0.5 * spread))

    expected = dblquad(integrand, 0.0, 80.0, -9.0, 9.0, epsabs=1e-9)[0]
    found = misidentification_of_two_concepts(task, 2)
    assert np.exp(found.log_value) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("overlap", [0.3, 0.8])
def test_against_sampling(overlap: float) -> None:
    task, size, count = general(overlap=overlap), 4, 100_000
    keys = jax.random.split(jax.random.key(5), count)

    def wrong(key: jax.Array) -> jax.Array:
        data = task.sample_weak(size, key=key)
        return jax.numpy.exp(task.source.log_posterior(data.inputs, data.labels)[0])

    draws = np.asarray(jax.jit(jax.vmap(wrong))(keys), dtype=np.float64)
    expected = np.exp(misidentification_of_two_concepts(task, size).log_value)
    assert abs(draws.mean() - expected) < 5 * draws.std() / count**0.5


@pytest.mark.parametrize("size", [1, 4, 16, 64, 256, 600])
def test_below_the_chernoff_bound_and_above_a_share_of_it(size: int) -> None:
    """Theorem concept-identification; what it loses grows like the root of n."""
    task = two_concepts()
    loss = np.log(float(identification_bound(task, size))) if size < 200 else None
    found = misidentification_of_two_concepts(task, size).log_value
    rate = 0.5 * np.log(1.0 + 2.0 / (4.0 * 0.74))
    chernoff = -size * rate if loss is None else loss
    assert chernoff - np.log(30.0 * size**0.5) < found < chernoff


def test_far_below_the_smallest_float32() -> None:
    found = misidentification_of_two_concepts(two_concepts(), 1500)
    assert found.log_value < -380.0
    assert found.relative_change < 1e-9


def test_weak_labels_without_noise() -> None:
    """sigma' = 0: the bias across Delta is all the noise there is, 0.7 instead of (0.7^2 + 0.3^2)^(1/2)."""
    sharp = regression_task(6, 2, source_prior=[0.5, 0.5], target_prior=[0.0, 1.0], weak_noise=0.0)
    blurred = regression_task(
        6, 2, source_prior=[0.5, 0.5], target_prior=[0.0, 1.0], weak_noise=0.7, bias=0.0
    )
    first, second = (misidentification_of_two_concepts(task, 8).log_value for task in (sharp, blurred))
    assert first == pytest.approx(second, abs=1e-6)


@pytest.mark.parametrize(
    ("task", "field"),
    [
        (canonical_task(), "num_concepts"),
        (general("uniform"), "features"),
        (regression_task(6, 2, source_prior=[0.5, 0.5], target_prior=[0.2, 0.8]), "target_prior"),
        (regression_task(6, 2, source_prior=[1.0, 0.0], target_prior=[0.0, 1.0]), "source_prior"),
        (
            regression_task(6, 2, source_prior=[0.5, 0.5], target_prior=[0.0, 1.0], bias=0.0, weak_noise=0.0),
            "task",
        ),
    ],
)
def test_other_tasks_are_refused(task: TransferTask, field: str) -> None:
    with pytest.raises(InputError) as refusal:
        misidentification_of_two_concepts(task, 4)
    assert refusal.value.field == field
