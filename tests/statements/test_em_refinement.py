"""em-refinement: priors and divergences against plain numpy, and the inequalities over random tasks."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.concepts import CategoricalModel
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.em_refinement import claim as em_refinement
from w2s_sim.statements.em_refinement.divergences import (
    affinities,
    deconvolution_norm,
    kullback_leibler,
    likelihood_leap,
    refined_prior,
    refinement_path,
)
from w2s_sim.statements.em_refinement.lemmas import FAR_PRIOR, MIXED_TARGET, iterated
from w2s_sim.statements.shared.finite_examples import (
    coin_task,
    language_task,
    matched,
    table_task,
    well_described,
)
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case
from w2s_sim.verify.evaluation import bound_of, exact_value_of

STATEMENT = em_refinement.EM_REFINEMENT
LEMMAS = {lemma.id: lemma for lemma in STATEMENT.lemmas}

pytestmark = pytest.mark.usefixtures("x64")


def numpy_path(laws: np.ndarray, source: np.ndarray, weak_law: np.ndarray, rounds: int) -> list[np.ndarray]:
    """Round after round, as one would write it by hand."""
    priors = [source]
    for _ in range(rounds):
        joint = priors[-1][:, None] * laws
        priors.append((joint / joint.sum(axis=0)) @ weak_law)
    return priors


@pytest.mark.parametrize(
    "build",
    [
        lambda: table_task(source_prior=FAR_PRIOR, target_prior=MIXED_TARGET),
        lambda: matched(language_task(share=0.3, target_prior=[0.1, 0.2, 0.7])),
        lambda: table_task(share=0.4, target_prior=MIXED_TARGET),
    ],
    ids=["tables", "languages", "wrong channel"],
)
def test_path_against_numpy(build: Callable[[], FiniteTask]) -> None:
    task = build()
    path = refinement_path(task, 20)
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities(), dtype=np.float64))
    weak_law, target = (np.asarray(x, dtype=np.float64) for x in (task.weak_law, task.target_prior))
    priors = numpy_path(laws, np.asarray(task.source.prior, dtype=np.float64), weak_law, 20)
    np.testing.assert_allclose(path.priors, priors, atol=1e-10)
    for rounds in (0, 1, 20):
        np.testing.assert_allclose(refined_prior(task, rounds), priors[rounds], atol=1e-10)
    for prior, to_target, to_law in zip(priors, path.to_target, path.to_weak_law, strict=True):
        assert float(to_target) == pytest.approx(np.sum(target * np.log(target / prior)), abs=1e-10)
        assert float(to_law) == pytest.approx(np.sum(weak_law * np.log(weak_law / (prior @ laws))), abs=1e-10)


def test_inequalities_over_random_tasks() -> None:
    """The theorem and its proof's steps; loose in all of them would mean that the check sees nothing."""
    tightest = 0.0
    for seed in range(40):
        case = iterated("", em_refinement.random_task(seed), 1 + seed % 7)
        measured, bound = exact_value_of(STATEMENT, case), bound_of(STATEMENT, case)
        assert measured <= bound + 1e-10
        tightest = max(tightest, measured / bound)
        if seed < 10:
            for lemma in STATEMENT.lemmas:
                sign = 1.0 if lemma.kind == "upper" else -1.0
                gap = sign * (exact_value_of(lemma, case) - bound_of(lemma, case))
                assert gap <= 1e-10, (lemma.id, seed)
    assert tightest > 0.25


def test_geometry_by_hand() -> None:
    source = CategoricalModel([0.9, 0.1], [[[0.8, 0.2]], [[0.3, 0.7]]], [1.0])
    task = well_described(source, [0.5, 0.5])
    # Q' = (.55, .45) and the source's account is (.75, .25).
    np.testing.assert_allclose(task.weak_law, [0.55, 0.45], atol=1e-12)
    np.testing.assert_allclose(likelihood_leap(task), [0.8 / 0.75, 0.7 / 0.25], atol=1e-12)
    expected = [np.sqrt(0.55 * 0.8) + np.sqrt(0.45 * 0.2), np.sqrt(0.55 * 0.3) + np.sqrt(0.45 * 0.7)]
    np.testing.assert_allclose(affinities(task), expected, atol=1e-12)
    one_round = 0.9 * (0.55 * 0.8 / 0.75 + 0.45 * 0.2 / 0.25)
    np.testing.assert_allclose(refined_prior(task, 1), [one_round, 1 - one_round], atol=1e-12)
    # The inverse of [[.8, .2], [.3, .7]] is [[1.4, -.4], [-.6, 1.6]].
    assert float(deconvolution_norm(task)) == pytest.approx(2.2, abs=1e-10)
    oracle = np.asarray(task.weak_law) @ np.linalg.inv([[0.8, 0.2], [0.3, 0.7]])
    np.testing.assert_allclose(oracle, [0.5, 0.5], atol=1e-12)


def test_divergence_of_laws_with_zeros() -> None:
    first, second = jnp.array([0.5, 0.5, 0.0]), jnp.array([0.25, 0.5, 0.25])
    assert float(kullback_leibler(first, second)) == pytest.approx(0.5 * np.log(2.0))
    assert float(kullback_leibler(second, first)) == np.inf


def test_outcomes_that_never_occur_do_not_matter() -> None:
    """Under a target that excludes a symbol, rows of weight zero would be 0/0."""
    tables = [[[0.5, 0.5, 0.0]], [[0.2, 0.8, 0.0]]]
    task = well_described(CategoricalModel([0.6, 0.4], tables, [1.0]), [0.0, 1.0])
    case = iterated("", task, 8)
    assert 0 < exact_value_of(STATEMENT, case) < bound_of(STATEMENT, case)


def test_fixed_point_is_the_target() -> None:
    settled = table_task(source_prior=MIXED_TARGET, target_prior=MIXED_TARGET)
    np.testing.assert_allclose(refinement_path(settled, 3).priors[-1], MIXED_TARGET, atol=1e-6)
    far = table_task(source_prior=FAR_PRIOR, target_prior=MIXED_TARGET)
    np.testing.assert_allclose(refined_prior(far, 2000), MIXED_TARGET, atol=1e-6)


def test_boundary_target_is_reached_like_one_over_t() -> None:
    """Remark 4 of the page: wrong weights fall like 1/T, the divergence like 1/T^2."""
    task = table_task()
    wrong = [1.0 - float(refined_prior(task, rounds)[3]) for rounds in (1000, 2000, 4000)]
    np.testing.assert_allclose([wrong[0] / wrong[1], wrong[1] / wrong[2]], 2.0, rtol=0.05)
    misfit = [exact_value_of(STATEMENT, iterated("", task, rounds)) for rounds in (2000, 4000)]
    assert misfit[0] / misfit[1] == pytest.approx(4.0, rel=0.1)


def test_two_headed_coin_by_its_closed_form() -> None:
    """Odds double in every round; the bound is attained in the limit."""
    for doublings, rounds in ((10, 3), (70, 64), (100, 94)):
        case = iterated("", coin_task(doublings), rounds)
        odds = 2.0**rounds / (2.0**doublings - 1)
        expected = np.log(2 / (1 + odds / (1 + odds)))
        assert exact_value_of(STATEMENT, case) == pytest.approx(expected, rel=1e-6)
        assert bound_of(STATEMENT, case) == pytest.approx(doublings * np.log(2) / (rounds + 1), rel=1e-6)
        assert expected < bound_of(STATEMENT, case)


def test_assumptions_notice_what_is_broken() -> None:
    for control in STATEMENT.controls("full"):
        assert STATEMENT.broken_assumption(control.case) == control.breaks
    estimator = STATEMENT.cases("quick")[0].estimator
    regression = Case("", canonical(), estimator)
    assert STATEMENT.broken_assumption(regression) == "finitely many outcomes"
    # Tables of concepts outside the target may differ: only the mixture counts.
    strong, weak = table_task(), table_task(share=0.5)
    tables = jnp.concatenate([weak.source.tables[:3], strong.source.tables[3:]])  # pyright: ignore[reportAttributeAccessIssue]
    elsewhere = CategoricalModel(strong.source.prior, tables, strong.source.contexts)  # pyright: ignore[reportAttributeAccessIssue]
    task = FiniteTask(strong.source, strong.target_prior, elsewhere)
    assert STATEMENT.broken_assumption(iterated("", task, 4)) is None


def numpy_divergence(first: np.ndarray, second: np.ndarray) -> float:
    """KL in nats; infinite where the second law excludes what the first shows."""
    given = first > 0
    with np.errstate(divide="ignore"):
        return float(np.sum(first[given] * np.log(first[given] / second[given])))


def table_pair(strong: list, weak: list, source_prior: list, target_prior: list) -> FiniteTask:
    """One context; the rows are label probabilities of the concepts."""
    models = [CategoricalModel(source_prior, [[row] for row in rows], [1.0]) for rows in (strong, weak)]
    return FiniteTask(models[0], target_prior, models[1])


def verdict(task: FiniteTask, rounds: int):
    """As of a case file: models in single precision, the certificate in double."""
    with jax.enable_x64(False):
        single = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf), np.float32), task)
        return check_case(STATEMENT, iterated("", single, rounds), settings=Settings(), alpha=0.01)


def test_outcome_that_the_channel_excludes_is_no_rounding() -> None:
    """A symbol of weak probability 5e-7 that no concept can produce: the divergence is infinite."""
    strong, weak = [[0.5, 0.5, 0.0], [0.3, 0.7, 0.0]], [[0.4999995, 0.5, 5e-7], [0.2999995, 0.7, 5e-7]]
    row = verdict(table_pair(strong, weak, [0.5, 0.5], [0.6, 0.4]), 4)
    assert (row.verdict, "right" in row.reason) == ("not-applicable", True)
    laws = np.array(strong)
    assert numpy_divergence(np.array([0.6, 0.4]) @ np.array(weak), np.array([0.5, 0.5]) @ laws) == np.inf


@pytest.mark.parametrize("share", [1e-4, 3e-6, 0.0])
def test_bound_near_zero_carries_what_is_left_of_a_difference(share: float) -> None:
    """Source prior = target prior: nothing to gain, and the misfit of the weak law itself is all there is."""
    strong = [[0.5, 0.3, 0.2], [0.1, 0.2, 0.7]]
    weak = (np.array(strong) * [1.0 + share, 1.0, 1.0]).tolist()
    row = verdict(table_pair(strong, weak, [0.3, 0.7], [0.3, 0.7]), 3)
    assert row.verdict in (("not-applicable",) if share > 1e-5 else ("vacuous", "certified"))
    assert row.measured <= row.bound + 1e-10


def test_any_channel_over_random_tasks() -> None:
    """The bound without an assumption, against plain numpy, with zeros in tables and in the target prior."""
    lemma, tightest = LEMMAS["any-channel"], 0.0
    for seed in range(40):
        generator = np.random.default_rng(seed)
        strong, weak = generator.dirichlet(np.full(4, 0.4), (2, 3))
        target = generator.dirichlet(np.ones(3))
        if seed % 3 == 0:
            target = np.array([0.0, 0.4, 0.6])
            strong[:, 3], weak[:, 3] = 0.0, 0.0
            strong, weak = (rows / rows.sum(axis=1, keepdims=True) for rows in (strong, weak))
        source, rounds = generator.dirichlet(np.ones(3)), 1 + seed % 5
        case = iterated(
            "", table_pair(strong.tolist(), weak.tolist(), source.tolist(), target.tolist()), rounds
        )
        weak_law, mixture = target @ weak, target @ strong
        shown = weak_law > 0
        ratio = np.where(shown, weak_law / np.where(shown, mixture, 1.0), 0.0)
        moved = target * (strong @ ratio)
        expected = (
            numpy_divergence(weak_law, mixture)
            + numpy_divergence(moved, source) / (rounds + 1)
            - numpy_divergence(moved, target)
        )
        prior = source
        for _ in range(rounds):
            account = prior @ strong
            prior = prior * (strong @ np.where(shown, weak_law / np.where(shown, account, 1.0), 0.0))
        measured = numpy_divergence(weak_law, prior @ strong)
        assert bound_of(lemma, case) == pytest.approx(expected, rel=1e-9, abs=1e-12)
        assert exact_value_of(lemma, case) == pytest.approx(measured, rel=1e-9, abs=1e-12)
        assert measured <= expected + 1e-12
        tightest = max(tightest, measured / expected)
    assert tightest > 0.9


ODD = {
    "one concept": ([[0.2, 0.8]], [1.0], [1.0], "vacuous"),
    "one outcome": ([[1.0], [1.0]], [0.9, 0.1], [0.2, 0.8], "certified"),
    "duplicates": ([[0.2, 0.8]] * 3, [0.7, 0.2, 0.1], [0.0, 0.5, 0.5], "certified"),
    "tables of zeros and ones": ([[1.0, 0.0], [0.0, 1.0]], [0.999, 0.001], [0.5, 0.5], "certified"),
    "source excludes what the target excludes": (
        [[0.5, 0.5], [0.1, 0.9], [0.9, 0.1]],
        [0.5, 0.5, 0.0],
        [1.0, 0.0, 0.0],
        "certified",
    ),
    "source excludes a wanted concept": (
        [[0.5, 0.5], [0.1, 0.9], [0.9, 0.1]],
        [0.5, 0.0, 0.5],
        [0.4, 0.6, 0.0],
        "not-applicable",
    ),
    "a source weight of 1e-30": ([[0.5, 0.5], [0.1, 0.9]], [1.0 - 1e-30, 1e-30], [0.0, 1.0], "certified"),
    "outcomes of 1e-30": ([[1e-30, 1.0], [1e-20, 1.0]], [0.5, 0.5], [0.3, 0.7], "certified"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_corners_against_numpy(name: str) -> None:
    tables, source, target, expected = ODD[name]
    rounds = 30
    row = verdict(table_pair(tables, tables, source, target), rounds)
    assert row.verdict == expected
    laws, prior = (np.asarray(values, dtype=np.float64) for values in (tables, source))
    weak_law = np.asarray(target) @ laws
    for _ in range(rounds):
        account = prior @ laws
        prior = prior * (laws @ (weak_law / np.where(account > 0, account, 1.0)))
    assert row.measured == pytest.approx(numpy_divergence(weak_law, prior @ laws), rel=1e-6, abs=1e-7)
    if expected != "not-applicable":
        divergence = numpy_divergence(np.asarray(target), np.asarray(source))
        assert row.bound == pytest.approx(divergence / (rounds + 1), rel=1e-6, abs=1e-12)


def test_statement_is_registered() -> None:
    assert find_statement("em-refinement") is STATEMENT
