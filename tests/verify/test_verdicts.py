"""Verdicts and mutants: each outcome on a toy statement whose mean is known."""

import dataclasses
import math

import jax
import pytest

import w2s_sim as w2s
from w2s_sim.verify import Settings, Verdict
from w2s_sim.verify.case_check import check_case, check_control
from w2s_sim.verify.mutants import check_mutants
from w2s_sim.verify.verdict import is_vacuous, judge

CASE = w2s.Case("toy", w2s.canonical_task(), w2s.InContext(1))
SETTINGS = Settings(max_replicates=8192)


def coin(key, case):
    """A fair coin: mean 1/2."""
    return jax.random.bernoulli(key).astype(float)


def toy(bound: float, kind: str = "upper", **changes) -> w2s.Statement:
    arguments = {"measure": coin, "support": lambda case: (0.0, 1.0)} | changes
    return w2s.Statement(
        id="toy",
        kind=kind,  # pyright: ignore[reportArgumentType]
        cases=lambda preset: [CASE],
        bound=lambda case: bound,
        **arguments,
    )


def outcome(statement: w2s.Statement) -> Verdict:
    return check_case(statement, CASE, settings=SETTINGS, alpha=0.001)


@pytest.mark.parametrize(
    ("kind", "low", "high", "bound", "expected"),
    [
        ("upper", 0.1, 0.2, 0.3, "consistent"),
        ("upper", 0.1, 0.2, 0.15, "inconclusive"),
        ("upper", 0.1, 0.2, 0.05, "refuted"),
        ("lower", 0.1, 0.2, 0.05, "consistent"),
        ("lower", 0.1, 0.2, 0.3, "refuted"),
        ("equality", 0.1, 0.2, 0.15, "consistent"),
        ("equality", 0.1, 0.3, 0.15, "inconclusive"),
        ("equality", 0.1, 0.2, 0.5, "refuted"),
        ("upper", 0.1, math.nan, 0.3, "inconclusive"),
    ],
)
def test_judge(kind, low: float, high: float, bound: float, expected: str) -> None:
    assert judge(kind, low, high, bound, margin=0.06) == expected


def test_is_vacuous() -> None:
    assert is_vacuous("upper", 1.0, 1.0)
    assert not is_vacuous("upper", 0.9, 1.0)
    assert is_vacuous("lower", 0.0, 0.0)
    assert not is_vacuous("upper", 9.0, None)


def test_each_outcome() -> None:
    assert outcome(toy(0.6)).verdict == "consistent"
    assert outcome(toy(0.4)).verdict == "refuted"
    assert not outcome(toy(0.4)).as_expected
    assert outcome(toy(0.6, "lower")).verdict == "refuted"
    vacuous = outcome(toy(1.2, trivial=lambda case: 1.0))
    assert (vacuous.verdict, "trivial" in vacuous.reason) == ("vacuous", True)
    undecided = outcome(toy(0.5))
    assert (undecided.verdict, undecided.replicates) == ("inconclusive", 8192)
    assert "budget" in undecided.reason
    assumption = w2s.Assumption("never", lambda case: False)
    judged = outcome(toy(0.4, assumptions=(assumption,)))
    assert (judged.verdict, "never" in judged.reason) == ("not-applicable", True)
    exact = toy(0.5, "equality", measure=None, exact=lambda case: 0.5, margin=lambda case: 1e-6)
    assert outcome(exact).verdict == "certified"


def test_replicates_that_are_not_finite_decide_nothing() -> None:
    row = outcome(toy(0.6, measure=lambda key, case: coin(key, case) / 0.0))
    assert row.verdict == "inconclusive"
    assert "not finite" in row.reason


def test_control_that_no_assumption_notices_does_not_count() -> None:
    control = w2s.Control(CASE, breaks="never")
    row = check_control(toy(0.4), control, settings=SETTINGS, alpha=0.001, theorem="toy")
    assert row.verdict == "inconclusive"
    assert not row.as_expected


def test_mutants_of_a_tight_bound_are_killed_and_of_a_loose_one_survive() -> None:
    tight, loose = toy(0.56), toy(0.95)
    killed = {m.case: m for m in check_mutants(tight, [(CASE, outcome(tight))], SETTINGS)}
    assert killed["bound x 0.5 @ toy"].verdict == "refuted"
    assert killed["direction turned round @ toy"].verdict == "refuted"
    kept = {m.case: m for m in check_mutants(loose, [(CASE, outcome(loose))], SETTINGS)}
    assert kept["bound x 0.9 @ toy"].verdict == "consistent"
    assert kept["bound x 0.9 @ toy"].expected == ""
    # The toy bound reads nothing of the case: mutants that change a number of it change nothing.
    assert not any("weak noise" in name for name in kept)


def test_interval_too_wide_lets_a_killable_mutant_survive() -> None:
    statement = toy(0.56)
    row = dataclasses.replace(outcome(statement), verdict="consistent", ci_low=0.0, ci_high=1.0)
    mutants = {m.case: m for m in check_mutants(statement, [(CASE, row)], SETTINGS)}
    assert not mutants["bound x 0.5 @ toy"].as_expected


def test_battery_shares_alpha_and_orders_roles() -> None:
    frame = w2s.check(toy(0.6), alpha=0.01)
    assert frame["role"].tolist()[0] == "theorem"
    assert set(frame["role"]) == {"theorem", "mutant"}
    assert {"measured", "se", "ci_low", "ci_high", "bound", "tightness", "verdict"} <= set(frame.columns)
    both = w2s.check(toy(0.6), toy(0.6), alpha=0.01)
    # Twice the rows, half the level each: wider intervals.
    assert both["ci_high"].tolist()[0] > frame["ci_high"].tolist()[0]


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"exact": lambda case: 1.0}, "measure, exact"), ({"kind": "equality"}, "margin")],
)
def test_statement_is_checked_when_it_is_made(changes: dict, word: str) -> None:
    kind = changes.pop("kind", "upper")
    with pytest.raises(w2s.InputError, match=word):
        toy(0.5, kind, **changes)
