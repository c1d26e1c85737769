"""em-refinement: divergences and priors against plain numpy, and the inequality over random tasks."""

import numpy as np
import pytest

from w2s_sim.estimators import IteratedRefinement
from w2s_sim.statements import em_refinement
from w2s_sim.statements.em_geometry import deconvolution_norm, likelihood_leap, refinement_path
from w2s_sim.statements.em_refinement_lemmas import iterated
from w2s_sim.statements.finite_examples import categorical_model, hidden_markov_model, well_described
from w2s_sim.verify.evaluation import bound_of, exact_value_of

STATEMENT = em_refinement.EM_REFINEMENT
FAR, MIXED = [0.9, 0.05, 0.04, 0.01], [0.1, 0.2, 0.3, 0.4]

pytestmark = pytest.mark.usefixtures("x64")


def numpy_path(laws: np.ndarray, source: np.ndarray, weak_law: np.ndarray, rounds: int) -> list[np.ndarray]:
    """Round after round, as one would write it by hand."""
    priors = [source]
    for _ in range(rounds):
        prior = priors[-1]
        joint = prior[:, None] * laws
        priors.append((joint / joint.sum(axis=0)) @ weak_law)
    return priors


@pytest.mark.parametrize("kind", ["categorical", "hidden Markov"])
def test_path_against_numpy(kind: str) -> None:
    if kind == "categorical":
        task = well_described(categorical_model(1, FAR), MIXED)
    else:
        task = well_described(hidden_markov_model(0, [0.6, 0.3, 0.1]), [0.1, 0.2, 0.7])
    path = refinement_path(task, 20)
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities()))
    weak_law = np.asarray(task.weak_law)
    priors = numpy_path(laws, np.asarray(task.source.prior), weak_law, 20)
    np.testing.assert_allclose(path.priors, priors, atol=1e-6)
    target = np.asarray(task.target_prior)
    for prior, to_target, to_law in zip(priors, path.to_target, path.to_weak_law, strict=True):
        assert float(to_target) == pytest.approx(np.sum(target * np.log(target / prior)), abs=1e-6)
        assert float(to_law) == pytest.approx(np.sum(weak_law * np.log(weak_law / (prior @ laws))), abs=1e-6)


def test_inequality_over_random_tasks() -> None:
    tightest = 0.0
    for seed in range(40):
        case = iterated("", em_refinement._random_task(seed), 1 + seed % 7)
        measured, bound = exact_value_of(STATEMENT, case), bound_of(STATEMENT, case)
        assert measured <= bound + 1e-10
        tightest = max(tightest, measured / bound)
    # Loose in all of them would mean that the check sees nothing.
    assert tightest > 0.25


def test_leap_and_deconvolution_by_hand() -> None:
    task = well_described(categorical_model(1, FAR), MIXED)
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities()))
    account = np.asarray(task.source.prior) @ laws
    np.testing.assert_allclose(likelihood_leap(task), (laws / account).max(axis=1), rtol=1e-6)
    norm = np.abs(np.linalg.pinv(laws.T)).sum(axis=0).max()
    assert float(deconvolution_norm(task)) == pytest.approx(norm, rel=1e-5)


def test_fixed_point_is_the_target() -> None:
    task = well_described(categorical_model(1, FAR), MIXED)
    settled = well_described(categorical_model(1, MIXED), MIXED)
    np.testing.assert_allclose(refinement_path(settled, 3).priors[-1], MIXED, atol=1e-6)
    np.testing.assert_allclose(refinement_path(task, 2000).priors[-1], MIXED, atol=1e-5)


def test_assumptions_notice_what_is_broken() -> None:
    for control in STATEMENT.controls("quick"):
        assert STATEMENT.broken_assumption(control.case) == control.breaks
    case = STATEMENT.cases("quick")[0]
    assert isinstance(case.estimator, IteratedRefinement)
    assert STATEMENT.broken_assumption(case) is None
