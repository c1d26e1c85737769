"""continuum-floor: the students that its case files can name."""

import pytest

from w2s_sim.errors import InputError
from w2s_sim.estimators import ConjugateRefinement, GradientDescent, LeastSquares
from w2s_sim.files import case_file, load_case
from w2s_sim.statements import find_statement

STATEMENT = find_statement("continuum-floor")
DESCENT = "student by gradient descent, 2 steps of 2.5"


def numbers(**given: float) -> dict[str, float | None]:
    return {
        "num_demonstrations": 60,
        "spread": 0.5,
        **dict.fromkeys(("num_queries", "steps", "step_size")),
        **given,
    }


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, type(None)),
        ({"num_queries": 8}, LeastSquares),
        ({"num_queries": 8, "steps": 2, "step_size": 2.5}, GradientDescent),
    ],
)
def test_keys_name_the_student(given, kind) -> None:
    assert STATEMENT.build_estimator is not None
    estimator = STATEMENT.build_estimator(numbers(**given))
    assert isinstance(estimator, ConjugateRefinement)
    assert type(estimator.student) is kind
    assert estimator.num_queries == given.get("num_queries", 0)


@pytest.mark.parametrize(
    "given",
    [{"num_queries": 8, "steps": 2}, {"num_queries": 8, "step_size": 1.0}, {"steps": 2, "step_size": 1.0}],
)
def test_half_a_student_is_refused(given) -> None:
    assert STATEMENT.build_estimator is not None
    with pytest.raises(InputError, match="steps"):
        STATEMENT.build_estimator(numbers(**given))


def test_a_prior_that_no_key_holds_is_refused_by_name() -> None:
    case = next(c.case for c in STATEMENT.controls("quick") if c.breaks == "isotropic prior")
    with pytest.raises(InputError, match="estimator"):
        case_file(STATEMENT, case)


def test_a_file_holds_the_student_of_the_control(tmp_path) -> None:
    case = next(control.case for control in STATEMENT.controls("quick") if control.case.name == DESCENT)
    path = tmp_path / "case.toml"
    path.write_text(case_file(STATEMENT, case))
    again = load_case(path, STATEMENT).estimator
    assert isinstance(again, ConjugateRefinement)
    assert isinstance(again.student, GradientDescent)
    assert (again.student.steps, float(again.student.step_size)) == (2, 2.5)
    assert again.sample_size == case.estimator.sample_size
