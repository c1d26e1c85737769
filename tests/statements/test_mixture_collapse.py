"""mixture-collapse: k0, L^2 and the bound against what numpy says, and the limit itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import entr, xlogy

import w2s_sim as w2s
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.mixture_collapse import claim as mixture_collapse
from w2s_sim.statements.mixture_collapse.claim import between_two, stretched
from w2s_sim.statements.mixture_collapse.lemmas import two_of_four
from w2s_sim.statements.mixture_collapse.posterior_limit import (
    collapse,
    compared_with_nearest,
    competitor_terms,
)
from w2s_sim.statements.shared.regression_examples import canonical, two_concepts
from w2s_sim.statements.shared.student_error import STUDENT_RISK
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.verify import replicate

STATEMENT = mixture_collapse.MIXTURE_COLLAPSE
LEMMAS = {lemma.id: lemma for lemma in STATEMENT.lemmas}


def random_task(seed: int) -> TransferTask:
    """Everything drawn at random: concepts, weak model, priors, and a full covariance."""
    generator = np.random.default_rng(seed)
    concepts = generator.standard_normal((4, 5))
    return w2s.regression_task(
        5,
        4,
        source_prior=generator.dirichlet(np.ones(4)).tolist(),
        target_prior=generator.dirichlet(np.ones(4)).tolist(),
        features=Anisotropic(Gaussian(5), generator.standard_normal((5, 5))),
        concepts=concepts.tolist(),
        supervisor=w2s.RegressionSupervisor(concepts + 0.5 * generator.standard_normal((4, 5)), 0.4),
    )


@pytest.mark.parametrize("seed", range(4))
def test_geometry_against_numpy(seed: int) -> None:
    task = random_task(seed)
    end = collapse(task)
    covariance = np.asarray(task.features.covariance, float)
    vectors = np.asarray(task.source.vectors, float)
    weights = np.asarray(task.target_prior, float)
    target, weak = weights @ vectors, weights @ np.asarray(task.supervisor.vectors, float)
    root = np.linalg.cholesky(covariance)
    nearest = int(np.argmin(np.linalg.norm((vectors - weak) @ root, axis=1)))
    left = vectors[nearest] - target
    assert int(end.concept) == nearest
    assert float(end.error) == pytest.approx(np.sum((left @ root) ** 2), rel=1e-4)
    for k in range(4):
        along = left @ covariance @ (vectors[k] - vectors[nearest])
        cost = np.sum(((vectors[k] - target) @ root) ** 2) - np.sum((left @ root) ** 2)
        assert float(end.pulls[k]) == pytest.approx(max(0.0, -along), rel=1e-3, abs=1e-4)
        assert float(end.excess[k]) == pytest.approx(max(0.0, cost), rel=1e-3, abs=1e-4)


def test_nearest_need_not_be_the_heaviest() -> None:
    assert int(collapse(between_two()).concept) == 2
    assert float(between_two().target_prior[2]) == 0.0
    assert int(collapse(stretched()).concept) == 0
    weak = np.asarray(stretched().weak_vector)
    assert np.argmin(np.linalg.norm(np.asarray(stretched().source.vectors) - weak, axis=1)) == 3


def test_concepts_that_the_source_excludes_do_not_count() -> None:
    task = canonical(source_prior=[0.5, 0.3, 0.2, 0.0], target_prior=[0.2, 0.0, 0.0, 0.8])
    assert int(collapse(task).concept) == 0
    case = w2s.Case("", task, w2s.InContext(64))
    assert np.isfinite(float(STATEMENT.bound(case)))


@pytest.mark.parametrize("seed", [0, 1])
def test_terms_are_least_over_the_exponent(seed: int) -> None:
    """Against a grid of s, with the moments averaged in numpy over many demonstrations."""
    task = canonical(target_prior=[0.2, 0.0, 0.0, 0.8]) if seed == 0 else between_two()
    data = task.sample_weak(400_000, key=jax.random.key(seed))
    nearest = int(collapse(task).concept)
    log_likelihood = np.asarray(task.source.log_likelihood(data.inputs, data.labels), float)
    log_odds = log_likelihood - log_likelihood[:, [nearest]]
    prior = np.asarray(task.source.prior, float)
    # Small exponents alone, where the average of odds has a small error.
    exponents = np.linspace(0.0, 0.05, 26)
    factors = np.exp(xlogy(exponents, exponents) + xlogy(1.0 - exponents, 1.0 - exponents))
    terms = np.asarray(competitor_terms(task, jnp.asarray(16.0)))
    assert terms[nearest] == 0.0
    for k in set(range(4)) - {nearest}:
        moments = np.array([np.mean(np.exp(s * log_odds[:, k])) for s in exponents])
        grid = factors * (prior[k] / prior[nearest]) ** exponents * moments**16
        assert 0.0 < terms[k] <= grid.min() * 1.02
        if k == (0 if seed == 0 else 1):
            assert terms[k] == pytest.approx(grid.min(), rel=0.03)


def test_point_mass_and_its_own_concept_leave_nothing() -> None:
    """For a point mass in its cell, the terms are those of concept-identification and L is 0."""
    task = w2s.canonical_task()
    assert float(collapse(task).error) == pytest.approx(0.0, abs=1e-12)
    total = float(jnp.sum(competitor_terms(task, jnp.asarray(16.0))))
    assert total == pytest.approx(0.0362256, rel=1e-4)
    assert int(compared_with_nearest(task).target_concept) == 3


def test_two_concepts_by_hand() -> None:
    """K = 2, orthonormal: v = p Delta, L^2 = 2 p^2, and h = -p Delta.(beta_1 - beta_2) = 2 p."""
    task = two_concepts()
    mixed = w2s.TransferTask(task.features, task.source, jnp.array([0.3, 0.7]), task.supervisor)
    end = collapse(mixed)
    np.testing.assert_allclose(end.error, 2 * 0.09, rtol=1e-5)
    np.testing.assert_allclose(end.pulls, [0.6, 0.0], atol=1e-6)
    np.testing.assert_allclose(end.excess, [2 * 0.49 - 2 * 0.09, 0.0], atol=1e-6)


def test_risk_tends_to_the_error_of_the_nearest_concept() -> None:
    task = two_of_four(0.1)
    case = w2s.Case("", task, w2s.InContext(256))
    values = replicate(STATEMENT.measure, case, seed=5, start=0, stop=1024)  # pyright: ignore[reportArgumentType]
    np.testing.assert_allclose(values.mean(), 0.02, rtol=1e-3)


def test_students_of_ungrouped_contexts_dip_below_the_limit() -> None:
    """What the page reports of many contexts, p = 0.35: far below L^2 = 0.245 at n = 16."""
    task = two_of_four(0.35)

    def labeller(key):
        return w2s.Case("", task, w2s.InContext(16)).fit(key=key).coefficients - task.target_vector

    errors = np.asarray(jax.vmap(labeller)(jax.random.split(jax.random.key(1), 16_384)), float)
    mean = errors.mean(axis=0)
    spread = errors.std(axis=0) / 128
    assert np.abs(mean).max() < 0.11
    assert abs(mean @ mean - 0.0103) < 5 * 2 * np.linalg.norm(mean * spread) + np.sum(spread**2)


def test_bound_is_differentiable_in_the_target() -> None:
    def bound(prior):
        task = w2s.TransferTask(*_parts(), prior, w2s.canonical_task().supervisor)
        return STATEMENT.bound(w2s.Case("", task, w2s.InContext(4096)))

    # Where the terms have died out the bound is L^2 = ||beta_4 - beta_Q||^2, with gradient
    # -2 beta_k.(beta_4 - beta_Q) in alpha^Q_k.
    gradient = jax.grad(bound)(jnp.array([0.1, 0.0, 0.0, 0.9]))
    np.testing.assert_allclose(gradient, [0.2, 0.0, 0.0, -0.2], atol=1e-4)


def _parts():
    task = w2s.canonical_task()
    return task.features, task.source


def test_random_signs_do_not_span() -> None:
    fit = w2s.Refinement(64, w2s.LeastSquares(num_weak=16))
    rademacher = two_of_four(0.2, features="rademacher")
    student, labeller = (w2s.Case("", rademacher, e) for e in (fit, w2s.InContext(64)))
    assert STATEMENT.broken_assumption(student) == "features that span every direction for a fitted student"
    assert STATEMENT.broken_assumption(labeller) is None
    flat = two_of_four(0.2, features=Anisotropic(Gaussian(8), np.diag([1.0] * 7 + [0.0])))
    assert STATEMENT.broken_assumption(w2s.Case("", flat, fit)) is not None


@pytest.mark.parametrize("lemma", ["weak-label-error", "mixture-drift"])
def test_lemmas_hold_for_a_random_task(lemma: str, standard_errors_off) -> None:
    statement = LEMMAS[lemma]
    case = w2s.Case("", random_task(7), w2s.InContext(8))
    values = replicate(statement.measure, case, seed=2, start=0, stop=8192)  # pyright: ignore[reportArgumentType]
    assert standard_errors_off(values, float(statement.bound(case))) < 5


def test_expansion_holds_on_every_path_of_a_random_task() -> None:
    case = w2s.Case("", random_task(3), w2s.InContext(2))
    values = replicate(LEMMAS["first-order-expansion"].measure, case, seed=0, start=0, stop=4096)  # pyright: ignore[reportArgumentType]
    assert values.max() < 1e-3


def oracle(task: TransferTask, size: int) -> tuple[float, float]:
    """L^2 and the bound in numpy, for Gaussian features and normal noise: every term by a search over s."""
    vectors, weak, source, target, covariance = (
        np.asarray(leaf, dtype=np.float64)
        for leaf in (
            task.source.vectors,
            task.supervisor.vectors,
            task.source.prior,
            task.target_prior,
            task.features.covariance,
        )
    )
    variance, weak_variance = float(task.source.noise) ** 2, float(task.supervisor.noise) ** 2
    target = target / target.sum()
    wanted, shown = target @ vectors, target @ weak

    def inner(first: np.ndarray, second: np.ndarray) -> float:
        return float(first @ covariance @ second)

    distances = [
        inner(row - shown, row - shown) if p > 0 else np.inf for row, p in zip(vectors, source, strict=True)
    ]
    nearest = int(np.argmin(distances))
    left = vectors[nearest] - wanted
    bound = inner(left, left)
    for k, prior in enumerate(source):
        difference = vectors[k] - vectors[nearest]
        pull = max(0.0, -inner(left, difference))
        if k == nearest or prior == 0 or pull == 0:
            continue

        def log_term(s: float, difference=difference, prior=prior) -> float:
            rate, moment = s / variance, 0.0
            for j in np.flatnonzero(target):
                shift = weak[j] - vectors[nearest]
                delta, overlap = inner(difference, difference), inner(shift, difference)
                spread = weak_variance + inner(shift, shift)
                form = 1 + rate * (delta - 2 * overlap) - rate**2 * (spread * delta - overlap**2)
                if form <= 0:
                    return np.inf
                moment += target[j] * form**-0.5
            # r/(1+r) <= s^s (1-s)^(1-s) r^s.
            return s * np.log(prior / source[nearest]) + size * np.log(moment) - entr(s) - entr(1.0 - s)

        best = min([*np.linspace(0.0, 1.0, 4001), *np.geomspace(1e-8, 1.0, 2001)], key=log_term)
        bound -= 2.0 * pull * np.exp(log_term(best))
    return inner(left, left), bound


def odd_task(seed: int) -> TransferTask:
    """d and K from 1 up, duplicates, zeros in both priors, weak noise 0 or large, a winner that ties."""
    generator = np.random.default_rng(seed)
    dim, num = 1 + seed % 3, 1 + seed % 4
    concepts = generator.standard_normal((num, dim))
    weak = concepts + 0.3 * generator.standard_normal((num, dim))
    source, target = generator.dirichlet(np.ones(num), 2)
    if num > 2:
        source[0], target[1] = 0.0, 0.0
        if seed % 5 == 0:
            concepts[2] = concepts[1]
    source, target = source / source.sum(), target / target.sum()
    model = w2s.RegressionModel(source, concepts, (0.3, 1.0, 5.0)[seed % 3])
    supervisor = w2s.RegressionSupervisor(weak, (0.0, 0.5, 3.0)[seed // 3 % 3])
    return TransferTask(Gaussian(dim), model, target, supervisor)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("size", [1, 40])
def test_bound_in_odd_corners_against_numpy(size: int) -> None:
    for seed in range(12):
        task = odd_task(seed)
        error, expected = oracle(task, size)
        case = w2s.Case("", task, w2s.InContext(size))
        assert STATEMENT.broken_assumption(case) is None
        assert float(collapse(task).error) == pytest.approx(error, rel=1e-9, abs=1e-13)
        assert float(STATEMENT.bound(case)) == pytest.approx(expected, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("seed", range(12))
def test_risk_in_odd_corners_against_numpy(seed: int) -> None:
    """Risks of 4,000 contexts in numpy: on the right side of the bound by five standard errors."""
    task, size = odd_task(seed), 40
    generator = np.random.default_rng(seed)
    vectors, weak = (np.asarray(v, np.float64) for v in (task.source.vectors, task.supervisor.vectors))
    target = np.asarray(task.target_prior, np.float64)
    target /= target.sum()
    concepts = generator.choice(len(target), (4000, size), p=target)
    inputs = generator.standard_normal((4000, size, task.dim))
    labels = np.einsum("rnd,rnd->rn", inputs, weak[concepts])
    labels += float(task.supervisor.noise) * generator.standard_normal(labels.shape)
    residuals = labels[..., None] - inputs @ vectors.T
    with np.errstate(divide="ignore"):
        log_odds = np.log(np.asarray(task.source.prior, np.float64))
    log_odds = log_odds - 0.5 * np.sum(residuals**2, axis=1) / float(task.source.noise) ** 2
    posterior = np.exp(log_odds - log_odds.max(axis=1, keepdims=True))
    posterior /= posterior.sum(axis=1, keepdims=True)
    risks = np.sum((posterior @ vectors - target @ vectors) ** 2, axis=1)
    error = risks.std(ddof=1) / len(risks) ** 0.5
    assert risks.mean() >= oracle(task, size)[1] - 5 * error - 1e-12


def test_winner_needs_normal_noise_of_the_strong_model() -> None:
    """Under another law the likeliest concept need not be the nearest; the weak noise may have any law."""
    laplace = canonical(target_prior=[0.2, 0.0, 0.0, 0.8], law=w2s.LaplaceNoise())
    case = w2s.Case("", laplace, w2s.InContext(32))
    source = canonical(target_prior=[0.2, 0.0, 0.0, 0.8]).source
    shown = w2s.RegressionSupervisor(source.vectors, 0.5, w2s.LaplaceNoise())
    normal = w2s.Case(
        "", TransferTask(laplace.features, source, laplace.target_prior, shown), w2s.InContext(32)
    )
    (noise,) = (a for a in STATEMENT.assumptions if a.name.startswith("normal"))
    assert noise.holds(normal)
    assert not noise.holds(case)


def test_nearest_concept_need_not_be_likeliest_under_heavier_tails() -> None:
    """One feature: a share of 0.45 of the labels shows a concept far off, so that means and medians part."""
    # Absolute errors (Laplace) against squares (normal), labels 0 or 2.2 at x = 1.
    share, near, middle, far = 0.45, 0.0, 0.9, 2.2
    squares = [(1 - share) * b**2 + share * (far - b) ** 2 for b in (near, middle)]
    absolute = [(1 - share) * abs(b) + share * abs(far - b) for b in (near, middle)]
    assert squares[1] < squares[0]
    assert absolute[0] < absolute[1]


def test_spread_of_grouped_contexts_may_be_less_than_the_error_of_a_collapse() -> None:
    """Remark 1 of grouped-transfer: 0.45 against L^2 = 4.05."""
    task = stretched()
    vectors = np.asarray(task.source.vectors, float) - np.asarray(task.target_vector, float)
    squares = np.einsum("ki,ij,kj->k", vectors, np.asarray(task.features.covariance, float), vectors)
    assert float(np.asarray(task.target_prior, float) @ squares) == pytest.approx(0.45, rel=1e-5)
    assert float(collapse(task).error) == pytest.approx(4.05, rel=1e-5)


def test_a_student_of_normal_queries_has_a_range_and_the_same_mean() -> None:
    task = two_of_four(0.2)
    case = w2s.Case("student", task, w2s.Refinement(16, w2s.LeastSquares(num_weak=40), context="fresh"))
    assert STATEMENT.support is not None
    assert STATEMENT.measure is not None
    low, high = (float(np.asarray(end)) for end in STATEMENT.support(case))
    given = replicate(STATEMENT.measure, case, seed=3, start=0, stop=1024)
    fitted = replicate(STUDENT_RISK, case, seed=4, start=0, stop=1024)
    assert low <= given.min() <= given.max() <= high < 5.0
    error = np.hypot(given.std(), fitted.std()) / 1024**0.5
    assert abs(given.mean() - fitted.mean()) < 5 * error
    # What queries and fit add to the scatter is gone.
    assert given.std() < fitted.std()
