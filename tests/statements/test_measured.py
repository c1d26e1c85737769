"""What the statements measure, against closed forms and against simulations written out in numpy."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from scipy.stats import chi2, norm

from w2s_sim.estimators import InContext, LeastSquares, Refinement, Ridge
from w2s_sim.statements import Case, Statement, find_statement
from w2s_sim.statements.shared.regression_examples import (
    ten_dimensional,
    ten_dimensional_uniform,
    two_concepts,
)
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, regression_task
from w2s_sim.verify import replicate
from w2s_sim.verify.intervals import sample_summary


def measured(statement: Statement, case: Case, replicates: int) -> tuple[float, float]:
    """Mean and standard error of a statement's measured quantity."""
    assert statement.measure is not None
    return sample_summary(replicate(statement.measure, case, seed=20, start=0, stop=replicates))


def misidentification_of_two_concepts(task: TransferTask, size: int) -> float:
    """E[1 - pi_n(k*)] for K = 2 and a bias orthogonal to Delta, by two-dimensional quadrature.

    With u_i = Delta.x_i and w_i = y'_i - beta_*.x_i = kappa u.x_i + sigma' eps_i, the log-odds of the
    wrong concept are log rho - sum_i (u_i^2 - 2 u_i w_i) / (2 sigma^2). The w_i are independent of the
    u_i, normal of variance q = sigma'^2 + kappa^2; so given V = sum u_i^2, which is delta^2 chi^2_n,
    the log-odds are normal of mean log rho - V / (2 sigma^2) and variance V q / sigma^4.
    """
    star = int(task.target_concept)
    vectors, weak = np.asarray(task.source.vectors, float), np.asarray(task.supervisor.vectors, float)
    difference, bias = vectors[1 - star] - vectors[star], weak[star] - vectors[star]
    assert abs(difference @ bias) < 1e-6
    variance = float(task.source.noise) ** 2
    effective = float(task.supervisor.noise) ** 2 + bias @ bias
    prior = np.asarray(task.source.prior, float)

    nodes, weights = np.polynomial.legendre.leggauss(200)
    levels, level_weights = 0.5 * (nodes + 1.0), 0.5 * weights
    spread = difference @ difference * chi2(size).ppf(levels)
    mean = np.log(prior[1 - star] / prior[star]) - spread / (2.0 * variance)
    deviation = np.sqrt(spread * effective) / variance
    log_odds = mean[:, None] + deviation[:, None] * norm.ppf(levels)
    return float(level_weights @ expit(log_odds) @ level_weights)


@pytest.mark.parametrize("size", [2, 8])
@pytest.mark.parametrize("prior", [[0.5, 0.5], [0.8, 0.2]])
def test_two_concepts_by_quadrature(size: int, prior: list[float]) -> None:
    task = regression_task(6, 2, source_prior=prior, target_prior=[0.0, 1.0])
    mean, se = measured(find_statement("concept-identification"), Case("", task, InContext(size)), 40_960)
    expected = misidentification_of_two_concepts(task, size)
    assert se < 0.03 * expected
    assert abs(mean - expected) < 5 * se


def test_quadrature_is_converged() -> None:
    """The oracle itself, against scipy's adaptive rule."""
    from scipy.integrate import dblquad

    def integrand(z: float, spread: float) -> float:
        # delta^2 = 2, q = 0.74, sigma^2 = 1/4, even prior odds, two demonstrations.
        log_odds = -2.0 * spread + 4.0 * np.sqrt(0.74 * spread) * z
        return float(expit(log_odds) * norm.pdf(z) * 0.25 * np.exp(-spread / 4.0))

    expected = dblquad(integrand, 0.0, 80.0, -8.0, 8.0, epsabs=1e-7)[0]
    assert misidentification_of_two_concepts(two_concepts(), 2) == pytest.approx(expected, rel=1e-4)


def posteriors_in_numpy(prior: list[float], inputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The posterior over concepts e_1..e_K with noise 1/2, a row for every context."""
    residuals = (labels[..., None] - inputs[..., : len(prior)]) / 0.5
    return softmax(np.log(prior) - 0.5 * np.sum(residuals**2, axis=1), axis=1)


def weak_pairs_in_numpy(
    generator: np.random.Generator, concept: int, shape: tuple[int, int], dim: int
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and weak labels of one concept, its bias of length 0.7 along the last feature."""
    inputs = generator.normal(size=(*shape, dim))
    weak = np.eye(dim)[concept] + 0.7 * np.eye(dim)[-1]
    return inputs, inputs @ weak + 0.5 * generator.normal(size=shape)


@pytest.mark.parametrize("size", [4, 8, 16])
def test_canonical_misidentification(size: int) -> None:
    generator = np.random.default_rng(11)
    inputs, labels = weak_pairs_in_numpy(generator, 3, (40_000, size), 8)
    wrong = 1.0 - posteriors_in_numpy([0.5, 0.25, 0.15, 0.1], inputs, labels)[:, 3]
    by_numpy, se_by_numpy = sample_summary(wrong)
    case = Case("", canonical_task(), InContext(size))
    mean, se = measured(find_statement("concept-identification"), case, 40_960)
    assert abs(mean - by_numpy) < 5 * np.hypot(se, se_by_numpy)
    assert se < 0.05 * mean


def ridge_risk_in_numpy(size: int, ridge: float, replicates: int) -> tuple[float, float]:
    """Risk of the ridge student on the ten-dimensional task, written out and solved by numpy."""
    generator = np.random.default_rng(7)
    source, target = np.zeros(10), np.eye(10)[2]
    source[:3] = (0.5, 0.3, 0.2)
    # The bias has length 0.7 and is orthogonal to all concepts: its direction does not matter.
    weak = target + 0.7 * np.eye(10)[5]
    inputs = generator.normal(size=(replicates, size, 10))
    labels = inputs @ weak + 0.5 * generator.normal(size=(replicates, size))
    moment = np.einsum("rni,rnj->rij", inputs, inputs) / size + ridge * np.eye(10)
    right = np.einsum("rni,rn->ri", inputs, labels) / size + ridge * source
    students = np.linalg.solve(moment, right[..., None])[..., 0]
    return sample_summary(np.sum((students - target) ** 2, axis=1))


def test_ridge_student_in_ten_dimensions() -> None:
    case = Case("", ten_dimensional(), Ridge(0.3, num_weak=60))
    mean, se = measured(find_statement("naive-floor"), case, 10_240)
    by_numpy, se_by_numpy = ridge_risk_in_numpy(60, 0.3, 10_000)
    assert abs(mean - by_numpy) < 5 * np.hypot(se, se_by_numpy)


def refined_risk_in_numpy(size: int, queries: int, replicates: int) -> tuple[float, float]:
    """Risk of least squares on labels that the posterior predictive of one shared context draws."""
    generator = np.random.default_rng(13)
    posterior = posteriors_in_numpy([0.25] * 4, *weak_pairs_in_numpy(generator, 3, (replicates, size), 10))
    inputs = generator.normal(size=(replicates, queries, 10))
    # The concept of every query: the first whose cumulative weight exceeds a uniform draw.
    steps = np.cumsum(posterior, axis=1)[:, None, :3]
    concepts = np.sum(generator.uniform(size=(replicates, queries, 1)) > steps, axis=2)
    means = np.take_along_axis(inputs, concepts[..., None], axis=2)[..., 0]
    labels = means + 0.5 * generator.normal(size=(replicates, queries))
    moment = np.einsum("rni,rnj->rij", inputs, inputs)
    right = np.einsum("rni,rn->ri", inputs, labels)
    students = np.linalg.solve(moment, right[..., None])[..., 0]
    return sample_summary(np.sum((students - np.eye(10)[3]) ** 2, axis=1))


def test_refined_student_in_ten_dimensions() -> None:
    case = Case("", ten_dimensional_uniform(), Refinement(16, LeastSquares(num_weak=60)))
    mean, se = measured(find_statement("refinement-risk"), case, 10_240)
    by_numpy, se_by_numpy = refined_risk_in_numpy(16, 60, 4000)
    assert abs(mean - by_numpy) < 5 * np.hypot(se, se_by_numpy)
    # The fit alone costs sigma^2 d / (N - d - 1).
    assert mean > 0.25 * 10 / 49
