"""voronoi-threshold: winners, shares and rates by hand; both sides of the border; what assumptions notice."""

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.estimators import InContext
from w2s_sim.identification.rate import identification_exponents
from w2s_sim.identification.two_concepts import misidentification_of_two_concepts
from w2s_sim.identification.voronoi import (
    losers,
    nearest_losers_are_inside,
    no_third_concept_interferes,
    numerical_rate,
    seen_from_winner,
    voronoi_pairs,
    voronoi_rate,
    voronoi_rates,
    voronoi_winner,
)
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements import Case
from w2s_sim.statements.shared.regression_examples import canonical, oblique_concepts
from w2s_sim.statements.voronoi_threshold.claim import VORONOI_THRESHOLD
from w2s_sim.statements.voronoi_threshold.lemmas import VORONOI_THRESHOLD_LEMMAS
from w2s_sim.statements.voronoi_threshold.placed_weak_concept import (
    PLANE_CONCEPTS,
    cell_borders,
    weak_concept_at,
    weak_concept_in_plane,
)
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case, check_control

SETTINGS = Settings()
ALPHA = 1e-5
FEW = Settings(max_replicates=8192)


@pytest.mark.parametrize("concepts", [PLANE_CONCEPTS, np.array([[0.0, 0.0], [1.0, 0.0], [-2.0, 0.3]])])
def test_cell_borders_are_as_far_from_two_concepts_and_farther_from_the_third(concepts: np.ndarray) -> None:
    for border in cell_borders(concepts, 2.0).to_dict("records"):
        pair = int(border["first"]), int(border["second"])
        start, end = (np.array([border[f"x_{name}"], border[f"y_{name}"]]) for name in ("start", "end"))
        assert np.isclose(np.linalg.norm(end - start), 2.0)
        for share in (0.01, 0.5, 1.0):
            distances = np.linalg.norm(start + share * (end - start) - concepts, axis=1)
            assert np.isclose(*distances[list(pair)])
            assert distances[3 - sum(pair)] > distances[pair[0]]


@pytest.mark.parametrize("x", [-1.0, 0.2])
def test_winner_in_the_plane_is_the_nearest_concept(x: float) -> None:
    place = jnp.array([x, 0.1])
    distances = np.linalg.norm(PLANE_CONCEPTS - np.asarray(place), axis=1)
    assert int(voronoi_winner(weak_concept_in_plane(place))) == np.argmin(distances)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.6, 0.9, 1.0])
def test_rate_by_hand_on_both_sides(share: float) -> None:
    task = weak_concept_at(share, across=0.3)
    assert int(voronoi_winner(task)) == (3 if share < 0.5 else 0)
    effective = 0.25 + 0.09
    expected = 0.5 * np.log1p(2.0 * (1 - 2 * share) ** 2 / (4 * effective))
    # Inside at small t the other concepts, at distance sqrt(2) as well, may be nearer in rate.
    assert float(voronoi_rate(task)) <= expected + 1e-6
    if share >= 0.1:
        assert float(voronoi_rate(task)) == pytest.approx(expected, abs=1e-6)


def test_share_in_the_norm_of_sigma() -> None:
    factor = np.diag([1.5, 1.0, 1.0, 0.6, 1.0, 1.0, 1.0, 1.2])
    task = weak_concept_at(0.25, across=0.4, factor=factor)
    delta_squared, share, variance = (np.asarray(part) for part in voronoi_pairs(task))
    assert delta_squared[0] == pytest.approx(1.5**2 + 0.6**2, rel=1e-5)
    assert share[0] == pytest.approx(0.25, abs=1e-6)
    assert variance[0] == pytest.approx(0.25 + (0.4 * 1.2) ** 2, rel=1e-5)


def test_border_depends_on_the_law_of_the_features() -> None:
    """A weak concept that is outside in Sigma's norm, though inside in Euclid's."""
    vectors = np.eye(4, 8)
    vectors[3] += [0.4, 0.0, 0.0, -0.1, 0.0, 0.0, 0.0, 0.0]
    supervisor = RegressionSupervisor(vectors, 0.5)
    assert int(voronoi_winner(canonical(supervisor=supervisor))) == 3
    loud = Anisotropic(Gaussian(8), np.diag([1.0, 1.0, 1.0, 3.0, 1.0, 1.0, 1.0, 1.0]))
    assert int(voronoi_winner(canonical(supervisor=supervisor, features=loud))) == 3
    vectors[3] = [0.2, 0.0, 0.0, 0.35, 0.0, 0.0, 0.0, 0.0]
    supervisor = RegressionSupervisor(vectors, 0.5)
    assert int(voronoi_winner(canonical(supervisor=supervisor))) == 3
    assert int(voronoi_winner(canonical(supervisor=supervisor, features=loud))) == 0


def test_excluded_concepts_do_not_win() -> None:
    task = weak_concept_at(0.8)
    source = task.source.with_prior(jnp.array([0.0, 0.5, 0.2, 0.3]))
    assert int(voronoi_winner(TransferTask(task.features, source, task.target_prior, task.supervisor))) == 3


def test_seen_from_the_winner_the_demonstrations_are_the_same() -> None:
    task = weak_concept_at(0.8)
    seen = seen_from_winner(task)
    assert int(seen.target_concept) == int(voronoi_winner(task)) == 0
    np.testing.assert_allclose(seen.weak_vector, task.weak_vector, atol=1e-7)
    np.testing.assert_array_equal(losers(task), [False, False, False, True])
    inside = canonical_task()
    np.testing.assert_array_equal(losers(inside), [True, True, True, False])
    np.testing.assert_array_equal(seen_from_winner(inside).supervisor.vectors, inside.supervisor.vectors)


def test_outside_two_concepts_by_quadrature() -> None:
    """The mirrored task is an inside one with the prior turned round, of which the exact value is known."""

    def pair(prior: list[float], weak: list[list[float]]) -> TransferTask:
        supervisor = RegressionSupervisor(weak, 0.5)
        return regression_task(3, 2, source_prior=prior, target_prior=[0.0, 1.0], supervisor=supervisor)

    outside = pair([0.7, 0.3], [[0.0, 0.0, 0.0], [0.8, 0.2, 0.3]])
    mirror = pair([0.3, 0.7], [[0.0, 0.0, 0.0], [0.2, 0.8, 0.3]])
    size = 16
    slopes = []
    for n in (size, 2 * size):
        slopes.append(misidentification_of_two_concepts(mirror, n).log_value)
    exact = (slopes[0] - slopes[1] - 0.5 * np.log(2.0)) / size
    verdict = check_case(VORONOI_THRESHOLD, Case("", outside, InContext(size)), settings=FEW, alpha=ALPHA)
    assert abs(verdict.measured - exact) < 5 * verdict.se
    assert verdict.se < 0.02 * exact


def test_third_concept_in_the_way() -> None:
    """Concepts on one line, the weak one at the far end: level with both ends, the middle is best."""
    line = np.zeros((3, 4))
    line[:, 0] = [0.0, 1.0, 2.0]
    weak = line.copy()
    weak[0] = line[2]
    task = regression_task(
        4,
        3,
        source_prior=[0.3, 0.4, 0.3],
        target_prior=[1.0, 0.0, 0.0],
        concepts=line.tolist(),
        supervisor=RegressionSupervisor(weak, 0.5),
    )
    assert not no_third_concept_interferes(task)
    assert no_third_concept_interferes(weak_concept_at(0.8))
    assert no_third_concept_interferes(oblique_concepts())


@pytest.mark.parametrize("share", [0.05, 0.3, 0.7, 0.95])
@pytest.mark.usefixtures("x64")
def test_closed_form_is_the_numerical_minimum(share: float) -> None:
    task = weak_concept_at(share, across=0.2)
    assert float(numerical_rate(task)) == pytest.approx(float(voronoi_rate(task)), abs=1e-10)


@pytest.mark.parametrize("noise", [0.02, 5e-4, 5e-6])
def test_short_contexts_are_not_judged_however_sure_the_strong_model(noise: float) -> None:
    """sigma' = .5: s is as small as 5e-11, and n = 2 as short as ever."""
    for size, expected in ((2, ["contexts long enough for the correction"]), (128, [])):
        case = Case("", canonical(bias=0.0, noise=noise, weak_noise=0.5), InContext(size))
        assert [a.name for a in VORONOI_THRESHOLD.assumptions if not a.holds(case)] == expected


def test_loser_at_the_end_of_the_range_counts_with_its_true_rate() -> None:
    """Of two losers one has s > 1, where its closed form is larger than its rate."""
    vectors = np.zeros((3, 3))
    vectors[0, 0], vectors[1, 1] = 0.5, 0.8
    # Across the first difference the bias is loud, across the second it is quiet.
    weak = vectors.copy()
    weak[2] = [0.0, -0.25, 0.0]
    task = regression_task(
        3,
        3,
        source_prior=[0.3, 0.3, 0.4],
        target_prior=[0.0, 0.0, 1.0],
        concepts=vectors.tolist(),
        noise=1.0,
        supervisor=RegressionSupervisor(weak, 0.3),
    )
    rates, exponents = (np.asarray(part) for part in voronoi_rates(task))
    true_rates = np.asarray(identification_exponents(task)[0])
    assert np.all(true_rates[:2] <= rates[:2] + 1e-6)
    holds = nearest_losers_are_inside(task)
    assert holds == bool(exponents[np.argmin(true_rates[:2])] < 1.0)


def case_named(name: str) -> Case[Any]:
    return next(case for case in VORONOI_THRESHOLD.cases("full") if case.name == name)


@pytest.mark.parametrize("name", ["t=0.9, n=128", "t=0.8, anisotropic features, n=128"])
def test_rate_is_consistent_and_five_percent_is_refuted(name: str) -> None:
    verdict = check_case(VORONOI_THRESHOLD, case_named(name), settings=SETTINGS, alpha=ALPHA)
    assert verdict.verdict == "consistent"
    margin = 0.02 * verdict.bound
    assert verdict.ci_low > 0.95 * verdict.bound + margin
    assert verdict.ci_high < 1.05 * verdict.bound - margin


def test_border_is_not_judged() -> None:
    case = Case("", weak_concept_at(0.5), InContext(64))
    verdict = check_case(VORONOI_THRESHOLD, case, settings=SETTINGS, alpha=ALPHA)
    assert verdict.verdict == "not-applicable"


@pytest.mark.parametrize("index", [0, 1])
def test_controls_are_refuted(index: int) -> None:
    control = VORONOI_THRESHOLD.controls("quick")[index]
    broken = [a.name for a in VORONOI_THRESHOLD.assumptions if not a.holds(control.case)]
    assert broken == [control.breaks]
    verdict = check_control(
        VORONOI_THRESHOLD, control, settings=SETTINGS, alpha=ALPHA, theorem=VORONOI_THRESHOLD.id
    )
    assert verdict.verdict == "refuted"


@pytest.mark.parametrize("lemma", VORONOI_THRESHOLD_LEMMAS, ids=lambda lemma: lemma.id)
def test_lemmas(lemma: Any) -> None:
    for case in lemma.cases("quick"):
        verdict = check_case(lemma, case, settings=SETTINGS, alpha=ALPHA)
        assert verdict.verdict in ("consistent", "certified"), verdict
