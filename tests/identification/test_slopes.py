"""Exact contributions of competitors, lattices and duplicates, against counting and quadrature."""

import numpy as np
import pytest
from scipy.stats import binom, chi, norm

from w2s_sim.concepts import CategoricalModel
from w2s_sim.identification.competitors import Competitors
from w2s_sim.identification.contour import pair_probability
from w2s_sim.identification.lattice import LatticeOdds
from w2s_sim.identification.odds import odds_law
from w2s_sim.identification.rate import corrected_slopes, sharp_log_misidentification
from w2s_sim.identification.two_concepts import misidentification_of_two_concepts
from w2s_sim.statements.shared.regression_examples import two_concepts
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor

pytestmark = pytest.mark.usefixtures("x64")


def coins(heads: float, other: float, shown: float, prior: float = 0.5) -> FiniteTask:
    """The intended coin, another, and the one that the weak model shows, by their shares of heads."""
    model = CategoricalModel([1.0 - prior, prior], [[[heads, 1.0 - heads]], [[other, 1.0 - other]]], [1.0])
    weak = CategoricalModel([0.5, 0.5], [[[shown, 1.0 - shown]]] * 2, [1.0])
    return FiniteTask(model, [1.0, 0.0], weak)


def by_counting(heads: float, other: float, shown: float, prior: float, size: int) -> float:
    """log E[1 - pi_n(k*)] as a sum over the number of heads."""
    count = np.arange(size + 1)
    log_odds = np.log(prior / (1.0 - prior)) + count * np.log(other / heads)
    log_odds = log_odds + (size - count) * np.log((1.0 - other) / (1.0 - heads))
    return float(np.logaddexp.reduce(binom.logpmf(count, size, shown) - np.logaddexp(0.0, -log_odds)))


COINS = [
    (0.999, 0.001, 0.999, 0.5),
    (0.9, 0.2, 0.8, 0.1),
    (0.7, 0.3, 0.55, 0.5),
    (0.999, 0.9, 0.99, 0.7),
    (1 - 1e-7, 1e-7, 1 - 1e-7, 0.5),
]


@pytest.mark.parametrize("coin", COINS, ids=str)
@pytest.mark.parametrize("size", [1, 3, 30, 31, 1000])
def test_one_integral_is_the_sum_over_heads(coin: tuple[float, float, float, float], size: int) -> None:
    prior = coin[3]
    found = pair_probability(odds_law(coins(*coin)), 1, np.log(prior / (1.0 - prior)), size)
    assert found.log_value == pytest.approx(by_counting(*coin, size), abs=2e-4)


def sure_pair(ratio: float) -> TransferTask:
    """Concepts (+-1, 0), unbiased weak labels of noise 1/2, and a strong model that is surer by a ratio."""
    vectors = [[1.0, 0.0], [-1.0, 0.0]]
    return regression_task(
        2,
        2,
        source_prior=[0.3, 0.7],
        target_prior=[0.0, 1.0],
        concepts=vectors,
        noise=0.5 / ratio,
        supervisor=RegressionSupervisor(vectors, 0.5),
    )


@pytest.mark.parametrize("size", [2, 32, 1000])
@pytest.mark.parametrize("ratio", [0.8, 1e4])
def test_one_integral_for_gaussian_features_however_sure_the_strong_model(ratio: float, size: int) -> None:
    task = sure_pair(ratio)
    found = pair_probability(odds_law(task), 0, np.log(3.0 / 7.0), size)
    if ratio < 1.0:
        expected = misidentification_of_two_concepts(task, size).log_value
    else:
        # r / (1 + r) is 0 or 1, and log r > 0 where a normal exceeds V^(1/2) / (2 sigma'), V = 4 chi^2_n.
        roots = np.linspace(0.0, 80.0, 400_001)
        log_values = norm.logcdf(-2.0 * roots) + chi.logpdf(roots, size)
        expected = np.logaddexp.reduce(log_values[1:]) + np.log(roots[1])
    assert found.log_value == pytest.approx(expected, abs=1e-3 if ratio > 1.0 else 1e-6)
    # There is no lattice.
    assert found.log_smooth == found.log_value


@pytest.mark.parametrize("ratio", [0.8, 50.0, 1e4])
def test_one_integral_of_a_million_demonstrations(ratio: float) -> None:
    task = sure_pair(ratio)
    found = pair_probability(odds_law(task), 0, np.log(3.0 / 7.0), 1_000_000)
    assert found.log_value == pytest.approx(float(sharp_log_misidentification(task, 1_000_000)), abs=1e-5)


@pytest.mark.parametrize("coin", COINS[:2], ids=str)
def test_prefactor_on_a_lattice(coin: tuple[float, float, float, float]) -> None:
    task = coins(*coin)
    errors = [
        abs(LatticeOdds.of(task).log_misidentification(n) - by_counting(*coin, n)) for n in (400, 401, 1600)
    ]
    assert max(errors[:2]) < 1e-3
    # What is left out is of order n^-2.
    assert errors[2] < max(errors[:2]) / 8


def test_amplitude_is_the_swing_from_one_size_to_the_next() -> None:
    odds = LatticeOdds.of(coins(0.97, 0.03, 0.97))
    assert odds.span == pytest.approx(2.0 * np.log(97.0 / 3.0), rel=1e-9)
    # I = -log(2 (0.97 * 0.03)^(1/2)); even and odd sizes are at opposite phases.
    rate = -np.log(2.0 * np.sqrt(0.97 * 0.03))
    levels = [odds.log_misidentification(n) + n * rate + 0.5 * np.log(n) for n in (10_000, 10_001)]
    swing = np.tanh(0.5 * abs(levels[0] - levels[1]))
    assert swing == pytest.approx(odds.amplitude, rel=0.02)


def nearly_on_a_lattice(shift: float) -> FiniteTask:
    """Three outcomes with log-odds 7, -7 + shift and, rarely, something else."""
    star = np.array([0.998, 0.001, 0.001])
    other = np.array([0.998 * np.exp(-7.0), 0.001 * np.exp(6.9), 0.0])
    other[1] *= np.exp(shift)
    other[2] = 1.0 - other.sum()
    model = CategoricalModel([0.5, 0.5], np.stack([star, other])[:, None], [1.0])
    return FiniteTask(model, [1.0, 0.0], model)


@pytest.mark.parametrize("shift", [0.0, 0.003])
def test_near_lattices_count_until_the_context_tells(shift: float) -> None:
    task = nearly_on_a_lattice(shift)
    law = np.exp(np.asarray(task.source.log_outcome_probabilities()))
    values = np.log(law[1] / law[0])
    for size in (3, 6):
        # All contexts, by the numbers of the three outcomes.
        total = []
        for i in range(size + 1):
            for j in range(size + 1 - i):
                counts = np.array([i, j, size - i - j])
                ways = np.sum(np.log(np.arange(1, size + 1)))
                ways = ways - sum(np.sum(np.log(np.arange(1, c + 1))) for c in counts)
                total.append(ways + counts @ np.log(law[0]) - np.logaddexp(0.0, -(counts @ values)))
        found = pair_probability(odds_law(task), 1, 0.0, size)
        assert found.log_value == pytest.approx(float(np.logaddexp.reduce(total)), abs=1e-4)
    exact, smooth = corrected_slopes(task, 3)
    assert abs(exact - smooth) > 0.05 * smooth


def mirrored(copies: str) -> tuple[TransferTask, TransferTask]:
    """Two competitors of one law, and the one that they are together."""
    weak = np.array([0.75, 0.3, 0.2])
    star, first = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.9])
    second = 2.0 * weak - first if copies == "mirror images" else first
    noise = 0.0 if copies == "mirror images" else 0.3

    def task(concepts: list[np.ndarray], prior: list[float]) -> TransferTask:
        vectors = np.stack([*concepts, star])
        target = [0.0] * len(concepts) + [1.0]
        supervisor = RegressionSupervisor(np.vstack([vectors[:-1], weak]), noise)
        return regression_task(
            3,
            len(vectors),
            source_prior=prior,
            target_prior=target,
            concepts=vectors.tolist(),
            supervisor=supervisor,
        )

    return task([first, second], [0.5, 0.3, 0.2]), task([first], [0.8, 0.2])


@pytest.mark.parametrize("copies", ["mirror images", "duplicates"])
def test_competitors_of_one_law_add_their_prior_odds(copies: str) -> None:
    """The factor is (rho_1 + rho_2)^s, not rho_1^s + rho_2^s."""
    three, two = mirrored(copies)
    exact = misidentification_of_two_concepts(two, 64).log_value
    assert float(sharp_log_misidentification(three, 64)) == pytest.approx(exact, abs=0.1)
    assert float(sharp_log_misidentification(three, 64)) == pytest.approx(
        float(sharp_log_misidentification(two, 64)), abs=1e-6
    )
    found = Competitors.of(three)
    total = found.log_total(
        64, lambda k, odds: np.array(pair_probability(found.law, found.concepts[k], odds, 64).log_value)
    )
    assert float(total) == pytest.approx(exact, abs=1e-6)


@pytest.mark.filterwarnings("error")
def test_what_cannot_be_computed_of_one_competitor_is_nan_without_a_warning() -> None:
    three, _ = mirrored("duplicates")
    total = Competitors.of(three).log_total(64, lambda k, odds: np.array([np.nan if k else -1.0, -1.0]))
    assert np.isnan(total[0])
    assert np.isfinite(total[1])


@pytest.mark.filterwarnings("error")
def test_extreme_concepts_give_numbers_without_a_warning() -> None:
    """Log-odds of 25 nats, a source that is nearly sure, and exponents close to the ends."""
    doubt = 5e-12
    tables = np.full((3, 1, 3), doubt) + (1.0 - 3.0 * doubt) * np.eye(3)[:, None, :]
    weak = np.array([[[0.1395, 0.8597, 0.0008]], [[0.1792, 0.0567, 0.7641]], [[0.4823, 0.4335, 0.0842]]])
    models = (CategoricalModel([1.9e-5, 0.719, 0.280981], rows, [1.0]) for rows in (tables, weak))
    task = FiniteTask(next(models), [1.0, 0.0, 0.0], next(models))
    for size in (1, 1000, 10**6):
        # The expansion at an end is s log(rho), not 0, for an s of about 1e-7.
        assert -np.inf < float(sharp_log_misidentification(task, size)) < 1e-4


def test_slopes_of_two_concepts_are_exact() -> None:
    task = two_concepts()
    exact, smooth = corrected_slopes(task, 16)
    logs = [misidentification_of_two_concepts(task, n).log_value for n in (16, 32)]
    assert exact == smooth == pytest.approx((logs[0] - logs[1] - 0.5 * np.log(2.0)) / 16, abs=1e-9)
