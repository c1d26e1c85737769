"""True claims at the boundary: refuted no more often than the level allows, and a broken check is caught."""

import dataclasses

import numpy as np
import pytest

from w2s_sim.verify import Settings, intervals, null_batteries
from w2s_sim.verify.intervals import Interval, interval_of, sample_summary
from w2s_sim.verify.null_batteries import LAWS, WILD_LAWS, BatteryErrors, run_null_battery

# Small looks and a large level, so that a hundred batteries can tell right from wrong.
SETTINGS = Settings(alpha=0.2, first_round=1024, max_replicates=8192)


def shares(num_batteries: int, settings: Settings = SETTINGS) -> tuple[float, float]:
    """Shares of batteries with a false refutation, and with an interval that misses at some look."""
    errors = [run_null_battery(index, settings) for index in range(num_batteries)]
    return (
        sum(bool(error.refuted) for error in errors) / num_batteries,
        sum(bool(error.missed) for error in errors) / num_batteries,
    )


def limit(num_batteries: int) -> float:
    """The level and five standard errors."""
    return SETTINGS.alpha + 5 * (SETTINGS.alpha * (1 - SETTINGS.alpha) / num_batteries) ** 0.5


def test_false_refutations_and_misses_stay_below_the_level() -> None:
    assert max(shares(60)) <= limit(60)


def test_intervals_for_one_look_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def narrow(values, support, functional, alpha, tuned_at) -> Interval:
        if functional is not None:
            return interval_of(values, support, functional, alpha, tuned_at)
        mean, se = sample_summary(values)
        return Interval(mean, se, mean - 1.96 * se, mean + 1.96 * se)

    monkeypatch.setattr(null_batteries, "interval_of", narrow)
    assert shares(30)[1] > limit(30)


@pytest.mark.parametrize("wrong", ["refuted", "accepted"])
def test_wild_laws_without_a_support_mislead_no_more_often_than_the_level(wild_errors, wrong: str) -> None:
    """Rare coins, log-normal values and Paretos: neither is a true claim refuted nor a false one accepted."""
    share = sum(bool(getattr(error, wrong)) for error in wild_errors) / len(wild_errors)
    assert share <= limit(len(wild_errors))


@pytest.fixture(scope="module")
def wild_errors() -> list[BatteryErrors]:
    return [run_null_battery(index, SETTINGS, WILD_LAWS) for index in range(40)]


def test_the_guard_is_what_keeps_wild_laws_from_misleading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervals, "lack_of_information", lambda *_: "")
    errors = [run_null_battery(index, SETTINGS, WILD_LAWS) for index in range(10)]
    assert sum(bool(error.refuted or error.accepted) for error in errors) / len(errors) > limit(10)


def test_claims_that_are_false_are_refuted() -> None:
    shifted = [dataclasses.replace(law, truth=law.truth * 0.8 - 0.2) for law in LAWS]
    errors = run_null_battery(0, SETTINGS, shifted)
    # Of heavy tails, samples of this size say too little.
    assert {law.name for law in LAWS} - set(errors.missed) <= {"log-normal"}
    # A mean above the claimed one is no violation of a lower bound.
    assert len(errors.refuted) == 2 * len(errors.missed)


def test_truths_are_true(standard_errors_off) -> None:
    for number, law in enumerate(LAWS):
        values = law.draw(np.random.default_rng(number), 200_000)
        if law.functional is None:
            assert standard_errors_off(values, law.truth) < 5, law.name
        else:
            assert law.functional.value(values.mean(axis=0)) == pytest.approx(law.truth, rel=0.02)


@pytest.mark.slow
def test_a_thousand_batteries_at_the_level_of_a_run() -> None:
    settings = Settings(alpha=0.05)
    errors = [run_null_battery(index, settings) for index in range(1000)]
    assert sum(bool(error.refuted) for error in errors) <= 1000 * 0.05 + 5 * (1000 * 0.05 * 0.95) ** 0.5
    assert sum(bool(error.missed) for error in errors) <= 1000 * 0.05 + 5 * (1000 * 0.05 * 0.95) ** 0.5
