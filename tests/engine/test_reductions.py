"""Reduced draws: the risks have the law of the plain route, and where no reduction is exact, its numbers."""

from typing import Any

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.engine.reductions import Reduction, reduction_of

MOMENTS, SPAN, NONE = Reduction.MOMENTS, Reduction.SPAN, Reduction.NONE
RIDGE = w2s.Ridge(0.3, num_weak=20)
CHANNEL = w2s.canonical_task().source
REDUCTIONS: dict[str, tuple[w2s.Estimator, Reduction]] = {
    "ridge": (RIDGE, MOMENTS),
    "label mixing": (w2s.LabelMixing(RIDGE, 0.2), MOMENTS),
    "in context": (w2s.InContext(4), SPAN),
    "iterated refinement": (w2s.IteratedRefinement(3, num_weak=20), SPAN),
    "maximum likelihood": (w2s.MaximumLikelihood(num_weak=20), SPAN),
    "known channel": (w2s.MaximumLikelihood(CHANNEL, num_weak=20), NONE),
    "oracle": (w2s.Oracle([0, 0, 0, 1]), SPAN),
    "hull projection": (w2s.HullProjection(RIDGE), NONE),
    "refined student": (w2s.Refinement(4, RIDGE), NONE),
    "bias unknown": (w2s.BiasAndNoiseUnknown(num_weak=20), NONE),
}


def wide_task(**options: Any) -> w2s.TransferTask:
    """A task whose features span many more directions than its concepts, with a mixed target."""
    priors = {"source_prior": [0.5, 0.3, 0.2], "target_prior": [0.2, 0.0, 0.8]}
    return w2s.regression_task(12, 3, **priors, **options)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_each_estimator_has_the_reduction_that_is_exact_for_it(name: str) -> None:
    estimator, expected = REDUCTIONS[name]
    assert reduction_of(w2s.canonical_task(), estimator, 1) is expected
    uniform = w2s.regression_task(8, 2, source_prior=[0.5, 0.5], target_prior=[0, 1], features="uniform")
    assert reduction_of(uniform, estimator, 1) is NONE


def test_moments_are_for_ungrouped_data_and_normal_noise() -> None:
    assert reduction_of(w2s.canonical_task(), RIDGE, 20) is NONE
    assert reduction_of(wide_task(law=w2s.LaplaceNoise()), RIDGE, 1) is NONE
    assert reduction_of(wide_task(law=w2s.LaplaceNoise()), w2s.InContext(4), 1) is SPAN


STRETCHED = np.diag(np.linspace(0.5, 2.0, 12)) + 0.1


@pytest.mark.parametrize("features", ["gaussian", STRETCHED], ids=["isotropic", "anisotropic"])
def test_risks_of_reduced_draws_have_the_same_mean_and_spread(features: Any) -> None:
    task = wide_task(features=features)
    estimators = {
        "ridge": w2s.Ridge(0.3, num_weak=30),
        "few pairs": w2s.Ridge(0.3, num_weak=8),
        "gradient descent": w2s.GradientDescent(10, 0.1, num_weak=30),
        "in context": w2s.InContext(3),
        "iterated": w2s.IteratedRefinement(3, num_weak=20),
    }
    size = 6000
    plain = w2s.compare(task, estimators, replicates=size, seed=1)
    reduced = w2s.compare(task, estimators, replicates=size, seed=2, draws="reduced")
    errors = np.hypot(plain["risk_se"], reduced["risk_se"])
    gap = np.abs(plain["risk"].to_numpy() - reduced["risk"].to_numpy())
    assert np.all(gap < 5 * errors)
    # The spread of a risk whose kurtosis is at most 50 is known to 5 sqrt(50 / n) / 2.
    np.testing.assert_allclose(reduced["risk_se"], plain["risk_se"], rtol=5 * (50 / size) ** 0.5)


def test_without_a_reduction_the_numbers_are_those_of_shared_draws() -> None:
    task = wide_task(features="rademacher")
    estimators = {"ridge": w2s.Ridge(0.3, num_weak=30), "in context": w2s.InContext(3)}
    shared, reduced = (
        w2s.compare(task, estimators, replicates=50, draws=draws) for draws in ("shared", "reduced")
    )
    np.testing.assert_array_equal(shared["risk"], reduced["risk"])


def test_a_whole_path_of_ridges_learns_from_one_draw_of_moments() -> None:
    """Paired: where the penalty hardly differs, so do the risks."""
    task = wide_task()
    ridges = {f"{eta}": w2s.Ridge(eta, num_weak=30) for eta in (0.3, 0.301)}
    frame = w2s.compare(task, ridges, replicates=500, draws="reduced", baseline="0.3")
    noise = {name: float(frame[name].to_numpy()[1]) for name in ("risk_difference_se", "risk_se")}
    assert noise["risk_difference_se"] < 1e-2 * noise["risk_se"]


def test_other_words_are_refused() -> None:
    with pytest.raises(w2s.InputError, match="draws: got 'moments'; expected shared or reduced"):
        w2s.compare(w2s.canonical_task(), {"ridge": RIDGE}, draws="moments")
