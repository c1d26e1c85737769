"""The guard of the asymptotic intervals, lower limits without moments, and samples that cannot be judged."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import poisson

import w2s_sim as w2s
from w2s_sim.engine.measured import FromWeakData, nonnegative
from w2s_sim.estimators import GradientDescent, LabelMixing, Oracle, Ridge
from w2s_sim.statements import find_statement
from w2s_sim.verify import Settings, Verdict
from w2s_sim.verify.case_check import check_case, check_control
from w2s_sim.verify.information import effective_number, lack_of_information, needed_number, tail_index
from w2s_sim.verify.intervals import UNBOUNDED, interval_of, lower_limit
from w2s_sim.verify.mutants import check_mutants

CASE = w2s.Case("toy", w2s.canonical_task(), w2s.InContext(1))
SETTINGS = Settings(first_round=1024, max_replicates=2048)


def toy(measure: Callable, bound: float = 0.5, kind: str = "upper", **changes) -> w2s.Statement:
    return w2s.Statement(
        id="toy",
        kind=kind,  # pyright: ignore[reportArgumentType]
        cases=lambda preset: [CASE],
        bound=lambda case: bound,
        measure=measure,
        **changes,
    )


def row_of(measure: Callable, bound: float = 0.5, kind: str = "upper", **changes) -> Verdict:
    return check_case(toy(measure, bound, kind, **changes), CASE, settings=SETTINGS, alpha=1e-4)


def uniform(key, case):
    return jax.random.uniform(key)


def rare(key, case):
    return jnp.where(jax.random.uniform(key) < 1e-5, 1e5, 0.0)


def test_effective_number_counts_what_shares_the_spread() -> None:
    generator = np.random.default_rng(0)
    assert effective_number(generator.normal(size=30_000)) == pytest.approx(10_000, rel=0.1)
    coins = np.zeros(4096)
    coins[:7] = 1e30
    assert effective_number(coins) == pytest.approx(7, rel=0.01)
    assert effective_number(1e-30 * coins) == effective_number(coins)
    for value in (0.0, 0.25, -3e8):
        constant = np.full(100, value)
        constant[::2] *= 1 + 1e-7
        assert effective_number(constant) == 0


def test_tail_index_of_paretos() -> None:
    for index in (1.5, 3.0):
        values = 1.0 + np.random.default_rng(1).pareto(index, 200_000)
        assert tail_index(values, 400) == pytest.approx(index, rel=0.2)
    assert tail_index(np.repeat([0.0, 1.0], [90, 10]), 9) == math.inf


@pytest.mark.parametrize(("factor", "alpha"), [(4.2, 1e-3), (5.0, 3e-5), (3.5, 0.01)])
def test_needed_number_is_the_first_that_poisson_counts_allow(factor: float, alpha: float) -> None:
    counts = np.arange(1, 500)
    suffices = poisson.cdf(counts, counts + factor * np.sqrt(counts)) <= alpha / 2
    assert needed_number(factor, alpha) == counts[suffices][0]


@pytest.mark.parametrize(
    ("draw", "known"),
    [
        (lambda g: g.normal(size=4096), True),
        (lambda g: g.exponential(size=4096), True),
        (lambda g: (g.random(4096) < 0.3).astype(float), True),
        (lambda g: (g.random(4096) < 1e-3).astype(float), False),
        (lambda g: g.lognormal(0, 2, 4096), False),
        (lambda g: g.pareto(2.1, 4096), False),
        (lambda g: np.zeros(4096), False),
        (lambda g: np.full(4096, 0.1) + 1e-9 * g.normal(size=4096), False),
    ],
)
@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_which_samples_say_enough(draw: Callable, known: bool, unit: float) -> None:
    values = unit * draw(np.random.default_rng(3))
    assert (lack_of_information(values, 4.2, 1e-3) == "") == known
    interval = interval_of(values, UNBOUNDED, None, 1e-3, 4096)
    assert math.isfinite(interval.high) == known


@pytest.mark.parametrize("name", ["coin", "lognormal", "pareto", "exponential"])
def test_lower_limits_hold_for_every_nonnegative_law_at_every_look(name: str) -> None:
    laws = {
        "coin": (lambda g: (g.random(4096) < 0.003).astype(float), 0.003),
        "lognormal": (lambda g: g.lognormal(0, 2, 4096), math.exp(2)),
        "pareto": (lambda g: g.pareto(1.2, 4096), 5.0),
        "exponential": (lambda g: g.exponential(size=4096), 1.0),
    }
    draw, mean = laws[name]
    limits = np.array(
        [
            [lower_limit(values[:size], 0.05, 512) for size in (512, 1024, 4096)]
            for values in (draw(np.random.default_rng([5, index])) for index in range(200))
        ]
    )
    assert np.mean((limits > mean).any(axis=1)) <= 0.05
    assert np.median(limits[:, -1]) > 0.1 * mean
    first = draw(np.random.default_rng(9))
    assert lower_limit(1e9 * first, 0.05, 512) == pytest.approx(1e9 * lower_limit(first, 0.05, 512), rel=1e-9)


def test_lower_limit_is_as_tight_as_that_of_the_central_limit_theorem() -> None:
    values = np.random.default_rng(2).exponential(size=4096)
    found = interval_of(values, (0.0, math.inf), None, 1e-3, 4096)
    plain = interval_of(values, UNBOUNDED, None, 1e-3, 4096)
    assert found.basis == "bounded below"
    assert 1 - found.low < 1.2 * (1 - plain.low)
    assert found.high == plain.high
    turned = interval_of(-values, (-math.inf, 0.0), None, 1e-3, 4096)
    assert (turned.basis, turned.high) == ("bounded above", -found.low)


@pytest.mark.parametrize("bound", [1e-9, 0.5, 2.0])
@pytest.mark.parametrize("kind", ["upper", "lower"])
def test_what_was_never_seen_is_not_zero(bound: float, kind: str) -> None:
    """The mean is 1; a sample that holds no event neither refutes nor confirms."""
    row = row_of(rare, bound, kind)
    assert (row.verdict, row.informative, row.interval) == ("inconclusive", False, "asymptotic")
    assert all(word in row.reason for word in ("support", "tilting", "max_replicates"))


def test_lower_claims_need_no_more_than_nonnegative_values() -> None:
    heavy = FromWeakData(lambda key, data, case: jnp.exp(2.5 * jax.random.normal(key)), nonnegative)
    assert row_of(heavy, 0.5, "lower").verdict == "consistent"
    assert row_of(heavy, 0.5).verdict == "refuted"
    undecided = row_of(heavy, 40.0)
    assert (undecided.verdict, undecided.ci_high) == ("inconclusive", math.inf)


def test_no_mutant_is_killable_where_the_sample_says_too_little() -> None:
    statement = toy(
        FromWeakData(lambda key, data, case: jnp.exp(2.5 * jax.random.normal(key)), nonnegative), 0.5, "lower"
    )
    row = check_case(statement, CASE, settings=SETTINGS, alpha=1e-4)
    assert row.verdict == "consistent"
    assert all(mutant.as_expected for mutant in check_mutants(statement, [(CASE, row)], SETTINGS))


@pytest.mark.parametrize(
    "estimator",
    [
        GradientDescent(0, 0.1, num_weak=8),
        LabelMixing(Ridge(0.1, num_weak=8), 1.0),
        LabelMixing(GradientDescent(0, 0.1, num_weak=8), 0.3),
        Oracle(jnp.array([0.4, 0.3, 0.2, 0.1])),
    ],
)
@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_students_that_read_no_data_are_exact(estimator, unit: float) -> None:
    vectors = unit * np.eye(4, 8)
    prior, target = np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.0, 0.0, 0.0, 1.0])
    task = w2s.regression_task(
        8,
        4,
        concepts=vectors.tolist(),
        source_prior=prior.tolist(),
        target_prior=target.tolist(),
        noise=unit,
        supervisor=w2s.RegressionSupervisor(vectors + 0.3 * unit * np.eye(8)[7], unit),
    )
    row = check_case(
        find_statement("naive-floor"), w2s.Case("", task, estimator), settings=SETTINGS, alpha=1e-4
    )
    assert row.interval == "exact"
    assert row.measured == pytest.approx(float(np.sum(((prior - target) @ vectors) ** 2)), rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"support": lambda case: (0.5, 0.5)}, "outside their support"),
        ({"support": lambda case: (0.0, 0.1)}, "outside their support"),
        ({"support": lambda case: (1.0, 0.0)}, "is no range"),
        ({"support": lambda case: (math.nan, 1.0)}, "is no range"),
        ({"bound": math.nan}, "the bound is nan"),
        ({"bound": -math.inf}, "the bound is -inf"),
        ({"bound": math.inf, "kind": "lower"}, "the bound is inf"),
        ({"bound": math.inf, "kind": "equality", "margin": lambda case: 0.1}, "the bound is inf"),
        ({"kind": "equality", "margin": lambda case: math.nan}, "the margin is nan"),
        ({"kind": "equality", "margin": lambda case: -0.1}, "the margin is -0.1"),
        ({"measure": lambda key, case: jnp.where(uniform(key, case) < 0.01, jnp.nan, 0.0)}, "not finite"),
        ({"measure": lambda key, case: jnp.where(uniform(key, case) < 0.01, jnp.inf, 0.0)}, "not finite"),
    ],
)
def test_numbers_that_cannot_be_judged_are_named_and_never_expected(changes: dict, word: str) -> None:
    row = row_of(**{"measure": uniform, "bound": 0.7} | changes)
    assert (row.verdict, row.judged, row.as_expected) == ("inconclusive", False, False)
    assert word in row.reason


def test_an_empty_sample_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("w2s_sim.verify.case_check.replicate", lambda *args, **kwargs: np.zeros(0))
    row = row_of(uniform, 0.7)
    assert (row.verdict, row.as_expected, row.reason) == ("inconclusive", False, "there are no replicates")


def test_a_control_without_numbers_does_not_count() -> None:
    control = w2s.Control(CASE, breaks="never")
    statement = toy(uniform, math.nan, assumptions=(w2s.Assumption("never", lambda case: False),))
    assert not check_control(statement, control, settings=SETTINGS, alpha=1e-3, theorem="toy").as_expected


def test_a_bound_that_claims_nothing_is_vacuous() -> None:
    assert row_of(uniform, math.inf).verdict == "vacuous"


def test_claims_about_every_path_are_judged_by_the_share_that_breaks_them() -> None:
    def now_and_then(key, case):
        return jnp.where(uniform(key, case) < 0.05, 0.3, 1e-7)

    pathwise = {"kind": "equality", "bound": 0.0, "pathwise": True, "margin": lambda case: 1e-5}
    settings = Settings(first_round=4096, max_replicates=4096)
    good, bad = (
        check_case(toy(measure, **pathwise), CASE, settings=settings, alpha=1e-4)
        for measure in (lambda key, case: jnp.zeros(()), now_and_then)
    )
    assert (good.verdict, good.interval, good.measured) == ("consistent", "bounded", 0.0)
    assert bad.verdict == "refuted"
    assert bad.measured == pytest.approx(0.05, rel=0.3)
