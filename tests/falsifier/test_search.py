"""The falsifier: it finds a planted hole, reports honest numbers, and finds none where there is none."""

import math
import re

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.cli.falsify import describe
from w2s_sim.engine.replication import replicate
from w2s_sim.falsifier import SearchSpace, falsify
from w2s_sim.falsifier.objective import Objective, ValueAndSlope, pressure
from w2s_sim.falsifier.space import is_constructible
from w2s_sim.files import case_file, load_case
from w2s_sim.laws.features import Gaussian
from w2s_sim.laws.noise import NormalNoise, StudentTNoise
from w2s_sim.statements import FromWeakData, Kind, Statement
from w2s_sim.statements.contract.case import Assumption
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.shared.student_error import student_error
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case

CASE = w2s.Case("canonical, n=60", w2s.canonical_task(), w2s.LeastSquares(num_weak=60))


def exact_risk(case: w2s.Case):
    """b^2 + sigma'^2 d / (n - d - 1) of least squares on n Gaussian inputs."""
    task = case.task
    bias = task.weak_vector - task.target_vector
    variance = task.supervisor.noise**2 * task.dim / (case.estimator.sample_size - task.dim - 1)
    return bias @ bias + variance


def formula_holds(case: w2s.Case) -> bool:
    """Gaussian features, normal noise, one concept, and enough weak pairs for the risk to have a variance."""
    return (
        isinstance(case.task.features, Gaussian)
        and isinstance(case.task.supervisor.law, NormalNoise)
        and case.task.has_point_mass_target
        and case.estimator.sample_size > case.task.dim + 5
    )


def in_the_corner(case: w2s.Case):
    """Loud weak labels of a strongly biased model: a fourteenth of the box, far from its centre."""
    bias = jnp.linalg.norm(case.task.weak_vector - case.task.target_vector)
    return (case.task.supervisor.noise > 0.9) & (bias > 1.2)


def claim(factor: float, corner: float, kind: Kind = "upper") -> Statement:
    """A bound that is right by `factor`, but for a corner."""
    return Statement(
        id="planted",
        kind=kind,
        cases=lambda preset: [CASE],
        measure=FromWeakData(student_error),
        bound=lambda case: exact_risk(case) * jnp.where(in_the_corner(case), corner, factor),
        assumptions=(Assumption("what the formula is for", formula_holds),),
        parameters=(Parameter("num_weak", int, "weak pairs", example=60, required=True, low=1),),
        build_estimator=lambda numbers: w2s.LeastSquares(num_weak=numbers["num_weak"]),
    )


@pytest.mark.slow
def test_planted_hole_of_three_percent_is_found_and_confirmed(tmp_path) -> None:
    statement = claim(1.01, 0.97)
    assert check_case(statement, CASE, settings=Settings(max_replicates=131_072), alpha=1e-3).as_expected
    finding = falsify(statement, budget=60.0)
    assert finding.verdict.verdict == "refuted"
    assert bool(in_the_corner(finding.case))
    assert finding.pressure == pytest.approx(1 / 0.97, rel=0.01)
    assert finding.verdict.seed == 1
    # What is printed is the case that was found.
    path = tmp_path / "hole.toml"
    path.write_text(case_file(statement, finding.case))
    again = load_case(path, statement)
    for found, read in zip(jax.tree.leaves(finding.case.task), jax.tree.leaves(again.task), strict=True):
        np.testing.assert_allclose(found, read, rtol=1e-6, atol=1e-7)


@pytest.mark.usefixtures("optimised_tiles")
def test_a_sound_bound_stands_and_the_search_is_known_to_be_too_good() -> None:
    finding = falsify(claim(1.01, 1.01), budget=300.0, points=60)
    assert finding.verdict.verdict != "refuted"
    assert finding.pressure == pytest.approx(1 / 1.01, rel=0.01)
    assert finding.tried > 16


def test_deterministic_statement_outside_jax_is_searched_as_well() -> None:
    def smallest_entry(case: w2s.Case) -> float:
        return float(np.min(np.asarray(case.task.source.prior)))

    statement = Statement(
        id="prior", kind="lower", cases=lambda preset: [CASE], exact=smallest_entry, bound=lambda case: 0.01
    )
    finding = falsify(statement, budget=300.0, points=300)
    # The smallest weight, 0.1, loses up to two units of log odds against the three others.
    assert finding.verdict.measured < 0.02
    assert finding.verdict.replicates == 0


@pytest.mark.parametrize(("shift", "pressed"), [(0.0, 0.0), (1e-3, math.inf)])
def test_an_equality_without_a_margin_has_a_pressure(shift: float, pressed: float) -> None:
    def first_weight(case: w2s.Case) -> float:
        return float(np.asarray(case.task.source.prior)[0])

    statement = Statement(
        id="weight",
        kind="equality",
        cases=lambda preset: [CASE],
        exact=first_weight,
        bound=lambda case: first_weight(case) * (1 + 1e-15) + shift,
        margin=lambda case: 0.0,
    )
    finding = falsify(statement, budget=300.0, points=3)
    assert finding.fails == (shift > 0)
    assert finding.pressure == pressed
    assert "nan" not in "\n".join(describe(statement, finding))


def test_an_attained_bound_of_zero_has_no_ratio() -> None:
    statement = Statement(
        id="zero", kind="upper", cases=lambda preset: [CASE], exact=lambda case: 0.0, bound=lambda case: 0.0
    )
    described = "\n".join(describe(statement, falsify(statement, budget=300.0, points=3)))
    assert "measured 0 (exactly" in described
    assert not {"nan", "inf"} & set(re.findall(r"[a-z]+", described.replace("inf;", "")))


def test_centre_of_the_box_is_the_case_itself() -> None:
    for case in w2s.find_statement("refinement-risk").cases("quick"):
        space = SearchSpace.around(case)
        centre = space.case_at(jnp.zeros(space.size))
        for given, reached in zip(jax.tree.leaves(case), jax.tree.leaves(centre), strict=True):
            np.testing.assert_allclose(given, reached, rtol=1e-6)


def test_priors_stay_priors_and_certainties_stay_certain() -> None:
    space = SearchSpace.around(CASE)
    generator = np.random.default_rng(0)
    moved = space.case_at(jnp.asarray(generator.uniform(-1, 1, space.size), dtype=float))
    assert float(moved.task.source.prior.sum()) == pytest.approx(1.0, abs=1e-6)
    assert not np.allclose(moved.task.source.prior, CASE.task.source.prior)
    np.testing.assert_array_equal(moved.task.target_prior, CASE.task.target_prior)


def test_points_that_no_constructor_accepts_are_known() -> None:
    # A Student law of 2.1 degrees; a third of these is too few for a variance.
    heavy = eqx.tree_at(lambda case: case.task.supervisor.law, CASE, StudentTNoise(2.1))
    space = SearchSpace.around(heavy)
    names = [move.name for move in space.moves for _ in range(move.size)]
    point = np.zeros(space.size)
    allowed = []
    for place in (-1.0, 0.0, 1.0):
        point[names.index("task.supervisor.law.degrees_of_freedom")] = place
        allowed.append(is_constructible(space.case_at(jnp.asarray(point, dtype=float))))
    assert allowed == [False, True, True]


def test_points_that_break_an_assumption_do_not_count() -> None:
    statement = w2s.find_statement("refinement-risk")
    case = statement.cases("quick")[0]
    space, objective = SearchSpace.around(case), Objective(statement, seed=0)
    # The weak model's concept is moved a whole unit, out of its cell.
    point = np.zeros(space.size)
    start = space.num_structured
    point[start:] = np.random.default_rng(1).uniform(-1, 1, space.size - start)
    far = space.case_at(jnp.asarray(point, dtype=float))
    assert statement.broken_assumption(far) is not None
    assert math.isfinite(objective.score(case, 256).pressure)
    assert objective.score(far, 256).pressure == -math.inf


def test_gradient_is_that_of_the_exact_pressure() -> None:
    space = SearchSpace.around(CASE)
    objective = Objective(claim(1.01, 1.01), seed=0)
    # The pressure of an exact bound is flat: what is left is noise, small against that of a wrong bound.
    flat = objective.gradient(space, np.zeros(space.size), 4096)
    assert flat is not None
    wrong = Statement(
        id="wrong",
        kind="upper",
        cases=lambda preset: [CASE],
        measure=FromWeakData(student_error),
        bound=lambda case: 0.6,
    )
    steep = Objective(wrong, seed=0).gradient(space, np.zeros(space.size), 4096)
    assert steep is not None
    assert np.abs(steep).max() > 5 * np.abs(flat).max()
    # The bias, in log scale: d/dz of kappa^2 3^(2z) / 0.6.
    names = [move.name for move in space.moves for _ in range(move.size)]
    expected = 2.0 * math.log(3.0) * 0.49 / 0.6
    assert steep[names.index("weak bias")] == pytest.approx(expected, rel=0.05)


def test_a_measure_without_a_derivative_has_no_gradient() -> None:
    """A loop of unknown length has none backwards; the search goes on without gradients."""

    def measure(key: jax.Array, case: w2s.Case) -> jax.Array:
        error = student_error(key, case.task.sample_weak(case.estimator.sample_size, key=key), case)
        return jax.lax.while_loop(lambda value: value > 1.0, lambda value: 0.5 * value, error)

    statement = Statement(
        id="halved", kind="upper", cases=lambda preset: [CASE], measure=measure, bound=lambda case: 0.6
    )
    space = SearchSpace.around(CASE)
    assert Objective(statement, seed=0).gradient(space, np.zeros(space.size), 8) is None


def test_gradient_is_of_the_replicates_that_are_scored() -> None:
    measure = FromWeakData(student_error)
    many, few = (replicate(ValueAndSlope(measure), CASE, seed=3, start=0, stop=count) for count in (600, 10))
    np.testing.assert_array_equal(many[:10], few)
    np.testing.assert_allclose(few[:, 0], replicate(measure, CASE, seed=3, start=0, stop=10), rtol=1e-4)


def test_pressure_is_above_one_exactly_where_a_bound_fails() -> None:
    assert pressure("upper", 1.1, 1.0, 0.0) > 1 > pressure("upper", 0.9, 1.0, 0.0)
    assert pressure("lower", 0.9, 1.0, 0.0) > 1 > pressure("lower", 1.1, 1.0, 0.0)
    assert pressure("equality", 1.2, 1.0, 0.1) > 1 > pressure("rate", 1.05, 1.0, 0.1)
