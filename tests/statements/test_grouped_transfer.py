"""grouped-transfer: the mean posterior of grouped contexts, against exact values and identities."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

import w2s_sim as w2s
from w2s_sim.concepts import CategoricalModel
from w2s_sim.identification.two_concepts import misidentification_of_two_concepts
from w2s_sim.statements.grouped_transfer import claim as grouped_transfer
from w2s_sim.statements.grouped_transfer.lemmas import skewed
from w2s_sim.statements.shared.grouped_terms import (
    concept_bounds,
    mean_labeller_bound,
    pair_bounds,
    spread_bound,
    student_terms,
    with_target,
)
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask, regression_task
from w2s_sim.verify import replicate

STATEMENT = grouped_transfer.GROUPED_TRANSFER
LEMMAS = {lemma.id: lemma for lemma in STATEMENT.lemmas}


def grouped(task: TransferTask, size: int) -> w2s.Case:
    return w2s.Case("", task, w2s.InContext(size), grouped=True)


def draws(statement: w2s.Statement, case: w2s.Case, replicates: int) -> np.ndarray:
    assert statement.measure is not None
    return replicate(statement.measure, case, seed=4, start=0, stop=replicates)


@pytest.mark.parametrize("size", [2, 6])
def test_two_concepts_against_exact_probabilities(size: int, standard_errors_off) -> None:
    """E pi_n - alpha^Q of K = 2, by quadrature: concept 1 gains by errors on 2 and loses by errors on 1."""
    task = regression_task(6, 2, source_prior=[0.8, 0.2], target_prior=[0.3, 0.7])
    missed = [
        np.exp(misidentification_of_two_concepts(with_target(task, jnp.eye(2)[k]), size).log_value)
        for k in range(2)
    ]
    gain = 0.7 * missed[1] - 0.3 * missed[0]
    values = draws(STATEMENT, grouped(task, size), 32_768)
    assert standard_errors_off(values, np.array([gain, -gain])) < 5
    stratified = draws(LEMMAS["stratified-transfer"], grouped(task, size), 32_768)
    assert standard_errors_off(stratified, np.array([gain, -gain])) < 5
    assert stratified.std(axis=0).max() < 0.8 * values.std(axis=0).max()


def test_mean_posterior_is_the_prior_when_the_weak_model_is_the_strong_one(standard_errors_off) -> None:
    source = w2s.canonical_task().source
    prior = np.array([0.5, 0.25, 0.15, 0.1])
    task = canonical(target_prior=prior.tolist(), supervisor=w2s.noisy_supervisor(source, 0.5))
    assert standard_errors_off(draws(STATEMENT, grouped(task, 3), 32_768), np.zeros(4)) < 5


def test_one_demonstration_by_hand() -> None:
    """d = 1, K = 2, beta = +-1, no weak noise: pi_1 is a logistic function of 2 x^2 / sigma^2."""
    task = regression_task(
        1,
        2,
        source_prior=[0.5, 0.5],
        target_prior=[1.0, 0.0],
        noise=2.0,
        concepts=[[1.0], [-1.0]],
        supervisor=w2s.RegressionSupervisor([[1.0], [-1.0]], 0.0),
    )
    values = draws(STATEMENT, grouped(task, 1), 16_384)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    exact = weights @ expit(0.5 * nodes**2) / weights.sum()
    error = values[:, 0].mean() - (exact - 1.0)
    assert abs(error) < 5 * values[:, 0].std() / 128


def test_bound_of_each_concept_is_that_of_identification() -> None:
    case = grouped(skewed(), 16)
    bounds = concept_bounds(case)
    for k in range(4):
        task = canonical(target_prior=np.eye(4)[k].tolist())
        assert float(bounds[k]) == pytest.approx(float(w2s.identification_bound(task, 16)), rel=1e-5)


def test_concepts_that_the_source_excludes_cost_their_whole_weight() -> None:
    task = canonical(source_prior=[0.5, 0.3, 0.2, 0.0], target_prior=[0.5, 0.3, 0.1, 0.1])
    bounds = concept_bounds(grouped(task, 32))
    assert float(bounds[3]) == 1.0
    assert float(STATEMENT.bound(grouped(task, 400))) == pytest.approx(0.2, rel=1e-4)
    values = draws(STATEMENT, grouped(task, 32), 4096)
    assert np.all(values[:, 3] == np.float32(-0.1))


def test_predictor_and_spread_bounds_by_hand() -> None:
    """Orthonormal concepts: D_k^2 = 2, and ||beta_k - beta_Q||^2 = 1 - 2 alpha_k + |alpha|^2."""
    case = grouped(skewed(), 12)
    alpha = np.array([0.1, 0.2, 0.3, 0.4])
    missed = np.asarray(concept_bounds(case), float)
    assert float(mean_labeller_bound(case)) == pytest.approx(2 * (alpha @ missed) ** 2, rel=1e-5)
    distances = 1 - 2 * alpha + alpha @ alpha
    expected = alpha @ (distances + missed * (distances.max() - distances))
    assert float(spread_bound(case)) == pytest.approx(expected, rel=1e-5)


def test_norm_of_the_predictor_is_that_of_the_features() -> None:
    scaled = w2s.Anisotropic(w2s.Gaussian(8), 3.0 * np.eye(8))
    plain, wide = (
        grouped(skewed(), 12),
        grouped(canonical(target_prior=[0.1, 0.2, 0.3, 0.4], features=scaled), 12),
    )
    missed = [float(skewed().target_prior @ concept_bounds(case)) for case in (plain, wide)]
    measured = float(mean_labeller_bound(wide) / mean_labeller_bound(plain))
    assert measured == pytest.approx(9 * (missed[1] / missed[0]) ** 2, rel=1e-4)


def test_student_of_certain_contexts() -> None:
    """Every context certain of its concept: all that is left is the spread, tr(C) = 0.48, over N - d - 1."""
    task = canonical(target_prior=[0.4, 0.0, 0.0, 0.6], noise=0.1, bias=0.0)
    case = w2s.Case(
        "", task, w2s.Refinement(12, w2s.LeastSquares(num_weak=60), context="fresh"), grouped=True
    )
    bound = float(sum(student_terms(case).values()))
    values = draws(LEMMAS["student-of-grouped-contexts"], case, 2048)
    assert 0.48 * 8 / 51 < values.mean() < bound < 0.32
    assert bound == pytest.approx((0.48 * 10 + 0.01 * 8) / 51, rel=0.02)


def test_bound_is_differentiable_in_the_target() -> None:
    """Its slope is what contexts of a concept may put on the worst set; zero for the concepts of that set."""

    def bound(prior):
        task = w2s.canonical_task()
        mixed = w2s.TransferTask(task.features, task.source, prior, task.supervisor)
        return STATEMENT.bound(grouped(mixed, 16))

    prior = np.array([0.1, 0.2, 0.3, 0.4])
    pairs = np.asarray(pair_bounds(grouped(skewed(), 16)), float)
    slopes = [
        np.where(members, 0.0, np.minimum(1.0, pairs @ members))
        for members in itertools.product((0.0, 1.0), repeat=4)
    ]
    expected = max(slopes, key=lambda slope: prior @ slope)
    np.testing.assert_allclose(jax.grad(bound)(jnp.asarray(prior)), 2 * expected, rtol=1e-4)


def exact_means(strong: np.ndarray, weak: np.ndarray, source: np.ndarray, size: int) -> np.ndarray:
    """E_j pi_n(k), row by row, over all contexts of `size` labels; laws of the labels are rows."""
    means = np.zeros((len(strong), len(strong)))
    for labels in itertools.product(range(strong.shape[1]), repeat=size):
        joint = source * np.prod(strong[:, labels], axis=1)
        shown = np.prod(weak[:, labels], axis=1)
        # A context that no concept can produce tells nothing.
        means += np.outer(shown, joint / joint.sum() if joint.sum() > 0 else source)
    return means


def oracle_bound(strong, weak, source, target, size: int) -> float:
    """Chernoff terms by a grid of exponents, and all sets one by one."""
    num = len(strong)
    pairs = np.zeros((num, num))
    for j, k in itertools.permutations(range(num), 2):
        if source[k] == 0:
            continue
        pairs[j, k] = 1.0
        shown = weak[j] > 0
        if source[j] > 0 and np.all(strong[j][shown] > 0):
            odds = strong[k][shown] / strong[j][shown]
            # r/(1+r) <= s^s (1-s)^(1-s) r^s.
            factors = GRID**GRID * (1.0 - GRID) ** (1.0 - GRID)
            moments = [weak[j][shown] @ odds**s for s in GRID]
            grid = factors * (source[k] / source[j]) ** GRID * np.power(moments, size)
            pairs[j, k] = min(1.0, *grid)
    return 2.0 * max(
        sum(target[j] * min(1.0, pairs[j][list(members)].sum()) for j in set(range(num)) - set(members))
        for length in range(num + 1)
        for members in itertools.combinations(range(num), length)
    )


GRID = np.linspace(1e-9, 1.0, 2001)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("seed", range(12))
def test_exact_distance_against_the_bound(seed: int) -> None:
    """All contexts of a categorical task, with duplicates and zeros in tables and priors; K = 1 to 4."""
    generator = np.random.default_rng(seed)
    num, size = 1 + seed % 4, (1, 3, 6)[seed % 3]
    strong, weak = generator.dirichlet(np.full(3, 0.6), (2, num))
    source, target = generator.dirichlet(np.ones(num), 2)
    weak = 0.8 * strong + 0.2 * weak
    if seed % 4 == 3:
        strong[1], weak[0, 2], target[3], source[2] = strong[0], 0.0, 0.0, 0.0
        weak[0], target, source = weak[0] / weak[0].sum(), target / target.sum(), source / source.sum()
    models = [CategoricalModel(source, rows[:, None], [1.0]) for rows in (strong, weak)]
    task: Any = FiniteTask(models[0], target, models[1])
    case = w2s.Case("", task, w2s.InContext(size), grouped=True)
    bound = float(STATEMENT.bound(case))
    assert bound == pytest.approx(oracle_bound(strong, weak, source, target, size), rel=1e-4, abs=1e-12)
    means = exact_means(strong, weak, source, size)
    assert np.abs(target @ means - target).sum() <= bound + 1e-12
    # It is never more than what contexts lose in all, twice.
    assert bound <= 2.0 * target @ np.asarray(concept_bounds(case)) + 1e-12
    assert sum(float(term) for term in grouped_transfer.terms(case).values()) == pytest.approx(bound)


def test_many_concepts_are_bounded_by_all_that_leaves_them(monkeypatch: pytest.MonkeyPatch) -> None:
    case = grouped(skewed(), 12)
    sharp = float(STATEMENT.bound(case))
    monkeypatch.setattr("w2s_sim.statements.shared.grouped_terms.MOST_CONCEPTS", 3)
    loose = float(STATEMENT.bound(case))
    assert loose == pytest.approx(2 * float(case.task.target_prior @ concept_bounds(case)), rel=1e-6)
    assert sharp < 0.6 * loose


def test_a_little_weight_on_another_concept_is_no_point_mass() -> None:
    """However little: contexts whose demonstrations each draw their own concept then collapse."""
    rare = canonical(target_prior=[1e-7, 0.0, 0.0, 1.0 - 1e-7])
    ungrouped = w2s.Case("", rare, w2s.InContext(4))
    assert STATEMENT.broken_assumption(ungrouped) == "demonstrations of a context that share one concept"
    assert canonical(target_prior=[0.0, 0.0, 0.0, 0.99999]).has_point_mass_target


def test_estimator_of_a_case_file() -> None:
    estimator = grouped_transfer.build_estimator({"num_demonstrations": 9, "grouped": True})
    assert isinstance(estimator, w2s.InContext)
    assert estimator.num_demonstrations == 9
    (switch,) = (p for p in STATEMENT.parameters if p.name == "grouped")
    assert switch.default is True
