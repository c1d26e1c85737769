"""Bounds that are attained with no spread: last digits neither refute them nor hide what is beyond."""

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.statements import Case, find_statement
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case
from w2s_sim.verify.intervals import Interval
from w2s_sim.verify.sequential import Claim, _judge

SETTINGS = Settings(first_round=256, max_replicates=256, seed=20)


def task_of(concepts: np.ndarray, weak: np.ndarray, priors: tuple, weak_noise: float) -> w2s.TransferTask:
    source, target = priors
    return w2s.regression_task(
        concepts.shape[1],
        len(concepts),
        source_prior=list(source),
        target_prior=list(target),
        concepts=concepts.tolist(),
        supervisor=w2s.RegressionSupervisor(weak, weak_noise),
    )


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("theorem", ["naive-floor", "no-free-lunch", "continuum-floor"])
def test_a_bound_that_is_attained_is_not_refuted_by_its_last_digits(theorem: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    concepts = generator.standard_normal((2, 3))
    weak = concepts + 0.1 * generator.standard_normal((2, 3))
    learner, priors, noise = {
        # A source that is nearly the target, of which nothing is learned.
        "naive-floor": (w2s.GradientDescent(0, 0.1, num_weak=5), ((0.3001, 0.6999), (0.3, 0.7)), 0.5),
        # Without noise least squares is the weak model on every path.
        "no-free-lunch": (w2s.LeastSquares(num_weak=60), ((0.5, 0.5), (0.0, 1.0)), 0.0),
        # A posterior that stays at the source.
        "continuum-floor": (w2s.ConjugateRefinement(5, 1e-6), ((0.5, 0.5), (0.0, 1.0)), 0.5),
    }[theorem]
    case = Case("attained", task_of(concepts, weak, priors, noise), learner)
    row = check_case(find_statement(theorem), case, settings=SETTINGS, alpha=1e-5)
    assert row.verdict != "refuted", row


@pytest.mark.parametrize("bound", [1e-18, 1.0, 1e18])
@pytest.mark.parametrize("kind", ["upper", "lower", "equality"])
def test_what_is_beyond_rounding_is_refuted(kind, bound: float) -> None:
    sign = -1.0 if kind == "lower" else 1.0

    def outcome(share: float, resolution: float = 0.0) -> str:
        value = bound * (1.0 + sign * share)
        claim = Claim(kind, bound, rounding=1e-5, resolution=resolution)
        return _judge(Interval(value, 0.0, value, value), claim)

    assert outcome(1e-6) == "consistent"
    assert outcome(1e-4) == "refuted"
    # Made of vectors much longer than their difference, the two numbers may be this far apart.
    assert outcome(1e-4, resolution=1e-3 * bound) == "inconclusive"
    assert outcome(1e-2, resolution=1e-3 * bound) == "refuted"
