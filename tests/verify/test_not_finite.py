"""Numbers that are not finite are not judged; bounds are held against trivial ones up to their rounding."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case, check_control
from w2s_sim.verify.verdict import is_vacuous, obstacle, verdict_record

CASE = w2s.Case("toy", w2s.canonical_task(), w2s.InContext(4))
SETTINGS = Settings(first_round=64, max_replicates=256)
NOT_FINITE = (math.nan, math.inf, -math.inf)


def exact(value: float, bound: float, kind: str = "upper", **changes: object) -> w2s.Statement:
    if kind in ("equality", "rate"):
        changes = {"margin": lambda case: 0.1} | changes
    return w2s.Statement(
        id="toy",
        kind=kind,  # pyright: ignore[reportArgumentType]
        cases=lambda preset: [CASE],
        exact=lambda case: value,
        bound=lambda case: bound,
        **changes,  # pyright: ignore[reportArgumentType]
    )


def check(statement: w2s.Statement):
    return check_case(statement, CASE, settings=SETTINGS, alpha=0.01)


@pytest.mark.parametrize("kind", ["upper", "lower", "equality", "rate"])
@pytest.mark.parametrize("value", NOT_FINITE)
def test_exact_value_that_is_not_finite_is_not_judged(kind: str, value: float) -> None:
    row = check(exact(value, 1.0, kind))
    assert row.verdict == "inconclusive"
    assert str(value) in row.reason
    assert "measured number" in row.reason
    assert not row.as_expected
    assert not verdict_record(row)["as_expected"]


@pytest.mark.parametrize("kind", ["upper", "lower", "equality", "rate"])
@pytest.mark.parametrize("bound", NOT_FINITE)
@pytest.mark.parametrize("sampled", [False, True])
def test_bound_that_is_not_finite_is_not_judged(kind: str, bound: float, sampled: bool) -> None:
    statement = exact(0.5, bound, kind)
    if sampled:
        measured = {"exact": None, "measure": lambda key, case: 0.5 + 0.0 * case.task.source.noise}
        statement = dataclasses.replace(statement, **measured)
    row = check(statement)
    if (kind, bound) in (("upper", math.inf), ("lower", -math.inf)):
        # It says nothing, and no number contradicts it.
        assert (row.verdict, row.reason) == ("vacuous", "the bound is infinite")
        assert row.as_expected
        return
    assert (row.verdict, row.as_expected) == ("inconclusive", False)
    assert row.reason == f"the bound is {bound}"
    assert row.replicates == (SETTINGS.first_round if sampled else 0)


@pytest.mark.parametrize("name", ["margin", "trivial"])
def test_nan_margin_or_trivial_bound_is_not_judged(name: str) -> None:
    kind = "equality" if name == "margin" else "upper"
    row = check(exact(0.5, 0.5, kind, **{name: lambda case: math.nan}))
    assert (row.verdict, row.as_expected) == ("inconclusive", False)
    assert name in row.reason


def test_replicates_that_are_not_finite_are_not_as_expected() -> None:
    measured = {"exact": None, "measure": lambda key, case: case.task.source.noise / 0.0}
    row = check(dataclasses.replace(exact(0.5, 1.0), **measured))
    assert (row.verdict, row.as_expected) == ("inconclusive", False)
    assert "not finite" in row.reason


def test_undecided_for_lack_of_budget_stays_as_expected() -> None:
    import jax

    measured = {"exact": None, "measure": lambda key, case: jax.random.normal(key) + case.task.source.noise}
    row = check(dataclasses.replace(exact(0.5, 0.5), **measured))
    assert (row.verdict, row.as_expected) == ("inconclusive", True)


def test_assumption_that_fails_is_said_first() -> None:
    never = w2s.Assumption("never", lambda case: False)
    row = check(exact(math.nan, 1.0, assumptions=(never,)))
    assert (row.verdict, row.as_expected) == ("not-applicable", True)


def test_control_without_numbers_does_not_count_as_refuted() -> None:
    never = w2s.Assumption("never", lambda case: False)
    row = check_control(
        exact(math.inf, 1.0, assumptions=(never,)),
        w2s.Control(CASE, breaks="never"),
        settings=SETTINGS,
        alpha=0.01,
        theorem="toy",
    )
    assert (row.verdict, row.as_expected) == ("inconclusive", False)


def test_zero_bound_and_zero_value_divide_nothing() -> None:
    row = check(exact(0.0, 0.0))
    assert row.verdict == "certified"
    assert math.isnan(row.tightness)


@pytest.mark.parametrize("unit", [1e-18, 1e-9, 1.0, 1e9, 1e18])
def test_rounding_is_relative_to_the_scale(unit: float) -> None:
    """A claim that is wrong by a millionth is refuted in every unit, one off by its last digits in none."""
    scaled: dict[str, Any] = {"scale": lambda case: unit}
    assert check(exact(1e-12 * unit, 0.0, **scaled)).verdict == "certified"
    assert check(exact(1e-6 * unit, 0.0, **scaled)).verdict == "refuted"
    assert check(exact((1 + 1e-12) * unit, unit, **scaled)).verdict == "certified"
    assert check(exact((1 + 1e-6) * unit, unit, **scaled)).verdict == "refuted"


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("kind", ["upper", "lower"])
def test_equal_up_to_rounding_is_vacuous(kind, unit: float) -> None:
    for off in (-1e-6, 0.0, 1e-6):
        assert is_vacuous(kind, (2.0 + off) * unit, 2.0 * unit)
        # The same difference in double precision is one.
        beyond = off > 0 if kind == "lower" else off < 0
        assert is_vacuous(kind, (2.0 + off) * unit, 2.0 * unit, 1e-10) != beyond
    assert not is_vacuous(kind, (1.9 if kind == "upper" else 2.1) * unit, 2.0 * unit)
    assert is_vacuous(kind, (2.1 if kind == "upper" else 1.9) * unit, 2.0 * unit)


def test_infinite_bounds_and_trivial_bounds() -> None:
    assert is_vacuous("upper", np.inf, None)
    assert is_vacuous("lower", -np.inf, 0.0)
    assert not is_vacuous("upper", 1.0, np.inf)
    assert not is_vacuous("lower", 1.0, -np.inf)
    assert is_vacuous("upper", np.inf, np.inf)
    assert not is_vacuous("equality", 1.0, 1.0)
    assert obstacle("upper", 1.0, np.inf, 0.0, np.inf) == ""
    assert obstacle("upper", 1.0, -np.inf, 0.0, None) == "the bound is -inf"
