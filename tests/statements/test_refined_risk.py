"""The refined student's risk given its contexts, and the bound made of it: against plain NumPy."""

import math

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.engine.replication import replicate
from w2s_sim.identification import classical_identification_bound
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.shared.refined_risk import REFINED_RISK, refined_risk_range
from w2s_sim.statements.shared.refinement_terms import spread_bound, spread_share
from w2s_sim.statements.shared.regression_examples import many_concepts, ten_dimensional_uniform
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case
from w2s_sim.verify.evaluation import bound_of

THEOREM = find_statement("refinement-risk")
PRIOR, TARGET = np.array([0.5, 0.3, 0.2]), np.array([0.0, 0.3, 0.7])
CONCEPTS = np.array([[1.0, 0.0], [0.0, 0.8], [-0.5, 0.3]])
NOISE, WEAK_NOISE = 0.4, 0.6
TASK = w2s.regression_task(
    2,
    3,
    concepts=CONCEPTS.tolist(),
    source_prior=PRIOR.tolist(),
    target_prior=TARGET.tolist(),
    noise=NOISE,
    supervisor=w2s.RegressionSupervisor(CONCEPTS, WEAK_NOISE),
)


@pytest.mark.parametrize(("dim", "size"), [(1, 4), (3, 12), (5, 7)])
def test_share_of_the_spread_that_least_squares_keeps(dim: int, size: int, standard_errors_off) -> None:
    inputs = np.random.default_rng(dim).normal(size=(20_000, size, dim))
    direction = np.linspace(1.0, 2.0, dim)
    direction /= np.linalg.norm(direction)
    gram = np.einsum("rni,rnj->rij", inputs, inputs)
    fitted = np.linalg.solve(gram, inputs.swapaxes(1, 2))
    kept = np.sum((inputs @ direction) ** 2 * np.sum(fitted**2, axis=1), axis=1)
    assert standard_errors_off(kept, spread_share(dim, size)) < 5
    # In one dimension x_i^2 / sum x^2 is beta(1/2, (N - 1)/2), and its square has the mean 3 / (N (N + 2)).
    assert spread_share(1, size) == pytest.approx(3 / (size + 2), rel=1e-12)
    assert spread_share(dim, dim + 1) == math.inf


def posteriors(generator: np.random.Generator, count: int, size: int) -> np.ndarray:
    """pi_n after `size` ungrouped demonstrations, shape (count, K)."""
    concepts = CONCEPTS[generator.choice(3, size=(count, size), p=TARGET)]
    inputs = generator.normal(size=(count, size, 2))
    labels = np.sum(inputs * concepts, axis=2) + WEAK_NOISE * generator.normal(size=(count, size))
    residuals = labels[..., None] - inputs @ CONCEPTS.T
    log_weights = np.log(PRIOR) - 0.5 * np.sum(residuals**2, axis=1) / NOISE**2
    weights = np.exp(log_weights - log_weights.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def student_risks(context: str, labels: str, size: int, queries: int, count: int) -> np.ndarray:
    """Squared errors of students that are really fitted, on labels that are really drawn."""
    generator = np.random.default_rng(7)
    contexts = count if context == "shared" else count * queries
    weights = posteriors(generator, contexts, size).reshape(count, -1, 3)
    weights = np.broadcast_to(weights, (count, queries, 3))
    inputs = generator.normal(size=(count, queries, 2))
    levels = generator.random((count, queries, 1))
    vectors = weights @ CONCEPTS
    noise = np.zeros((count, queries))
    if labels == "draw":
        drawn = np.minimum(np.sum(np.cumsum(weights, axis=2) < levels, axis=2), 2)
        vectors, noise = CONCEPTS[drawn], NOISE * generator.normal(size=(count, queries))
    answers = np.sum(inputs * vectors, axis=2) + noise
    gram = np.einsum("rni,rnj->rij", inputs, inputs)
    fitted = np.linalg.solve(gram, np.einsum("rni,rn->ri", inputs, answers)[..., None])[..., 0]
    return np.sum((fitted - TARGET @ CONCEPTS) ** 2, axis=1)


@pytest.mark.parametrize("context", ["shared", "fresh"])
@pytest.mark.parametrize("labels", ["draw", "mean"])
@pytest.mark.parametrize("queries", [7, 24])
def test_mean_given_the_contexts_is_the_students_risk(context, labels, queries: int) -> None:
    """For small fits, where the spread costs more than the error, and for large ones; mixed targets too."""
    estimator = w2s.Refinement(2, w2s.LeastSquares(num_weak=queries), context=context, labels=labels)
    case = Case("", TASK, estimator)
    known = replicate(REFINED_RISK, case, seed=3, start=0, stop=8192)
    fitted = student_risks(context, labels, 2, queries, 8192)
    error = math.hypot(known.std(), fitted.std()) / 8192**0.5
    assert abs(known.mean() - fitted.mean()) < 5 * error
    low, high = refined_risk_range(case)
    assert low * (1 - 1e-5) - 1e-6 <= known.min()
    assert known.max() <= high * (1 + 1e-5)


def disaster(distance: float) -> w2s.TransferTask:
    vectors = np.array([[distance, 0.0], [0.0, 0.0]])
    return w2s.regression_task(
        2,
        2,
        concepts=vectors.tolist(),
        source_prior=[0.5, 0.5],
        target_prior=[0.0, 1.0],
        supervisor=w2s.RegressionSupervisor(vectors, 0.5),
    )


@pytest.mark.parametrize("distance", [300.0, 1000.0])
def test_rare_disasters_are_not_overlooked(distance: float) -> None:
    """A context in a million costs a million: samples do not see it, and the interval says so."""
    case = Case("disaster", disaster(distance), w2s.Refinement(2, w2s.LeastSquares(num_weak=60)))
    row = check_case(THEOREM, case, settings=Settings(), alpha=3e-5)
    assert row.verdict == "inconclusive"
    assert row.ci_low <= disaster_risk(distance) <= row.ci_high
    assert "tilting" in row.reason
    assert row.interval == "bounded"


def disaster_risk(distance: float) -> float:
    """The exact risk, by quadrature: log odds are -t^2/2 + t z, t = r distance / noise, r^2 of chi^2_2."""
    radius = np.exp(np.linspace(-24.0, 4.0, 4001))
    level, weight = np.polynomial.hermite_e.hermegauss(80)
    weight = weight / weight.sum()
    scaled = radius[:, None] * distance / 0.5
    wrong = 1.0 / (1.0 + np.exp(np.clip(0.5 * scaled**2 - scaled * level, -700.0, 700.0)))
    means = [
        float(np.trapezoid((power @ weight) * radius**2 * np.exp(-(radius**2) / 2), np.log(radius)))
        for power in (wrong, wrong**2)
    ]
    share = spread_share(2, 60)
    return distance**2 * (share * means[0] + (1.0 - share) * means[1]) + 0.25 * 2 / 57


def test_one_concept_is_exact() -> None:
    task = w2s.regression_task(2, 1, source_prior=[1.0], target_prior=[1.0])
    labeller = check_case(THEOREM, Case("", task, w2s.InContext(2)), settings=Settings(), alpha=0.01)
    assert (labeller.measured, labeller.ci_low, labeller.ci_high, labeller.interval) == (0, 0, 0, "exact")
    student = Case("", task, w2s.Refinement(2, w2s.LeastSquares(num_weak=9)))
    row = check_case(THEOREM, student, settings=Settings(), alpha=0.01)
    assert (row.interval, row.verdict) == ("exact", "vacuous")
    assert row.measured == pytest.approx(0.25 * 2 / 6, rel=1e-6)


def test_bound_is_at_most_the_older_form_and_equals_it_for_equal_distances() -> None:
    """The older form, D^2 eps_n (1 + (d+2)/(N-d-1)) + sigma^2 d/(N-d-1), at its documented figures."""
    canonical = w2s.canonical_task()
    for size, value in ((4, 2.5008), (8, 0.89563), (16, 0.11392), (24, 0.014463)):
        old = 2.0 * float(classical_identification_bound(canonical, size))
        assert old == pytest.approx(value, rel=1e-4)
        assert float(spread_bound(canonical, size)) < old
    for task, size in ((canonical, 16), (ten_dimensional_uniform(), 16), (many_concepts(), 24)):
        for queries in (task.dim + 2, 60, 240):
            case = Case("", task, w2s.Refinement(size, w2s.LeastSquares(num_weak=queries)))
            spare, dim = queries - task.dim - 1, task.dim
            distances = np.sum((task.source.vectors - task.target_vector) ** 2, axis=1)
            labels = distances.max() * float(classical_identification_bound(task, size))
            noise = float(task.source.noise) ** 2 * dim / spare
            assert bound_of(THEOREM, case) <= (labels * (1 + (dim + 2) / spare) + noise) * (1 + 1e-5)
    old = 0.11392 * (1 + 10 / 51) + 2 / 51
    new = bound_of(THEOREM, Case("", canonical, w2s.Refinement(16, w2s.LeastSquares(num_weak=60))))
    assert (old, new) == (pytest.approx(0.17547, rel=1e-4), pytest.approx(0.11167, rel=1e-4))
