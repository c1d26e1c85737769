"""Mutants: at least ten for each theorem, made from it alone, and what they change is what they say."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.statements import Statement, all_statements, monotone
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case
from w2s_sim.verify.evaluation import bound_of
from w2s_sim.verify.mutants import check_mutants
from w2s_sim.verify.mutations import mutants_of


def toy(kind: str = "upper", **changes) -> Statement:
    """A bound that is the sum of the case's noises."""
    arguments = {
        "bound": lambda case: case.task.source.noise + 2.0 * case.task.supervisor.noise,
        "measure": lambda key, case: jnp.zeros(()),
        "margin": lambda case: 0.1,
    } | changes
    return Statement(id="toy", kind=kind, cases=lambda preset: [CASE], **arguments)  # pyright: ignore[reportArgumentType]


CASE = w2s.Case("canonical", w2s.canonical_task(), w2s.Refinement(8, w2s.LeastSquares(num_weak=60)))


def bounds_by_name(statement: Statement) -> dict[str, float]:
    bound = bound_of(statement, CASE)
    return {mutant.name: mutant.bound(CASE, bound) for mutant in mutants_of(statement, [CASE])}


@pytest.mark.parametrize("statement", all_statements().values(), ids=lambda s: s.id)
def test_every_theorem_has_at_least_ten_mutants_that_change_its_bound(statement: Statement) -> None:
    cases = statement.cases("quick")
    bounds = [bound_of(statement, case) for case in cases]
    changing = [
        mutant.name
        for mutant in mutants_of(statement, cases)
        if mutant.kind != statement.kind
        or mutant.means is not None
        or any(
            np.isfinite(changed := mutant.bound(case, bound)) and not np.isclose(changed, bound, rtol=1e-5)
            for case, bound in zip(cases, bounds, strict=True)
        )
    ]
    assert len(changing) >= 10, changing


def test_bounds_of_the_mutants_are_what_their_names_say() -> None:
    bounds = bounds_by_name(toy(terms=lambda case: {"mine": case.task.source.noise}))
    assert bounds["bound x 0.5"] == pytest.approx(0.75)
    assert bounds["exponent doubled"] == pytest.approx(2.25)
    assert bounds["sign of the bound changed"] == pytest.approx(-1.5)
    assert bounds["without the term: mine"] == pytest.approx(1.0)
    assert bounds["bound at half the source.noise"] == pytest.approx(1.25)
    assert bounds["bound at twice the supervisor.noise"] == pytest.approx(2.5)


def test_sizes_of_nested_estimators_priors_and_bias_are_changed() -> None:
    def bound(case: w2s.Case):
        assert isinstance(case.estimator, w2s.Refinement)
        sizes = case.estimator.num_demonstrations + 1000 * case.estimator.num_queries
        return sizes + 1e6 * case.task.source.prior[0] + 1e8 * case.task.weak_risk

    given = float(bound(CASE))
    changed = {name: value - given for name, value in bounds_by_name(toy(bound=bound)).items()}
    assert changed["bound at half the num_demonstrations"] == pytest.approx(-4, abs=8)
    assert changed["bound at twice the student.num_weak"] == pytest.approx(60_000, rel=1e-3)
    # Half way from 0.5 to a quarter, and 0.25 / 0.345.
    assert changed["bound at source.prior flattened"] == pytest.approx(-0.125e6, rel=1e-3)
    assert changed["bound at source.prior sharpened"] == pytest.approx((0.25 / 0.345 - 0.5) * 1e6, rel=1e-3)
    assert changed["bound at twice the weak bias"] == pytest.approx(3 * 0.49e8, rel=1e-3)


def test_direction_is_turned_round_but_for_equalities() -> None:
    turned = [mutant for mutant in mutants_of(toy(), [CASE]) if mutant.kind == "lower"]
    assert [mutant.name for mutant in turned] == ["direction turned round"]
    for kind in ("equality", "rate"):
        assert {mutant.kind for mutant in mutants_of(toy(kind), [CASE])} == {kind}


def test_vectors_are_no_probabilities_even_if_their_rows_sum_to_one() -> None:
    even = w2s.ConjugateRefinement(4, np.eye(8))
    names = [mutant.name for mutant in mutants_of(toy(), [dataclasses.replace(CASE, estimator=even)])]
    assert "bound at source.prior flattened" in names
    for field in ("source.vectors", "supervisor.vectors", "estimator.spread"):
        assert f"bound at half the {field}" in names
        assert f"bound at {field} flattened" not in names


def test_functionals_of_several_means_are_changed_as_well() -> None:
    """sqrt(0.36) + sqrt(0.25) >= 1: true, and false without a root or a mean."""

    def draw(key, case):
        return jax.random.uniform(key, (2,)) * jnp.array([0.72, 0.5])

    statement = Statement(
        id="roots",
        kind="lower",
        cases=lambda preset: [CASE],
        bound=lambda case: 1.0,
        measure=draw,
        functional=monotone(lambda means: float(np.sqrt(np.maximum(means, 0.0)).sum())),
    )
    settings = Settings()
    row = check_case(statement, CASE, settings=settings, alpha=1e-3)
    assert row.measured == pytest.approx(1.1, rel=0.02)
    found = {mutant.case: mutant for mutant in check_mutants(statement, [(CASE, row)], settings)}
    for name, value in (("means squared", 0.61), ("without the first mean", 0.5)):
        mutant = found[f"{name} @ canonical"]
        assert mutant.measured == pytest.approx(value, rel=0.03)
        assert mutant.verdict == mutant.expected == "refuted"
    assert found["roots of the means @ canonical"].verdict == "consistent"
