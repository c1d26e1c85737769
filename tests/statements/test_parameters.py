"""The numbers of a `[case]` table: checked values, defaults, and a complaint for each way to go wrong."""

from typing import Any

import pytest

from w2s_sim.errors import InputError
from w2s_sim.estimators import (
    GradientDescent,
    InContext,
    LabelMixing,
    LeastSquares,
    Refinement,
    Ridge,
    SpectralCutoff,
)
from w2s_sim.statements import Parameter, find_statement
from w2s_sim.statements.contract.parameters import read_parameters

PARAMETERS = (
    Parameter("size", int, "how many", required=True, low=1),
    Parameter("ridge", float, "how stiff", default=0.5, low=0.0),
    Parameter("mixing", float, "what share", low=0.0, high=1.0),
    Parameter("grouped", bool, "whether together", default=False),
    Parameter("context", str, "which way", choices=("shared", "fresh")),
    Parameter("prior", list, "weights"),
    Parameter("concepts", list, "rows", depth=2),
    Parameter("tables", list, "tables", depth=3),
)


def test_values_and_defaults() -> None:
    table = {"size": 3, "mixing": 1, "context": "fresh", "prior": [0.5, 1], "concepts": [[1, 0], [0, 1.5]]}
    table["tables"] = [[[1, 0]], [[0.5, 0.5]]]
    values = read_parameters(PARAMETERS, table)
    assert values == {
        "size": 3,
        "ridge": 0.5,
        "mixing": 1.0,
        "grouped": False,
        "context": "fresh",
        "prior": [0.5, 1],
        "concepts": [[1, 0], [0, 1.5]],
        "tables": [[[1, 0]], [[0.5, 0.5]]],
    }
    # A whole number is welcome where a float is meant, and becomes one.
    assert isinstance(values["mixing"], float)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"size": 0}, "size", ["0", "a whole number >= 1"]),
        ({"size": 2.0}, "size", ["2.0", "a whole number"]),
        ({"size": True}, "size", ["True", "a whole number"]),
        ({"size": "3"}, "size", ["'3'", "a whole number"]),
        ({"ridge": -0.1}, "ridge", ["-0.1", "a number >= 0"]),
        ({"ridge": float("nan")}, "ridge", ["nan", "a number"]),
        ({"ridge": float("inf")}, "ridge", ["inf", "a finite number"]),
        ({"ridge": False}, "ridge", ["False", "a number"]),
        ({"mixing": 1.2}, "mixing", ["1.2", "in [0, 1]"]),
        ({"grouped": 1}, "grouped", ["1", "true or false"]),
        ({"tables": [[1, 2]]}, "tables", ["tables of one shape"]),
        ({"tables": [[[1, 2]], [[1]]]}, "tables", ["tables of one shape"]),
        ({"tables": [[[1, 2]], [[1, 2], [3, 4]]]}, "tables", ["tables of one shape"]),
        ({"tables": [[[1, "a"]]]}, "tables", ["'a'", "a number"]),
        ({"context": "both"}, "context", ["'both'", "one of shared, fresh"]),
        ({"context": 3}, "context", ["3", "one of shared, fresh"]),
        ({"prior": 0.5}, "prior", ["0.5", "a list of numbers"]),
        ({"prior": []}, "prior", ["[]", "a list of numbers"]),
        ({"prior": [0.5, "x"]}, "prior", ["'x'", "a number"]),
        ({"prior": [[0.5]]}, "prior", ["[0.5]", "a number"]),
        ({"prior": [float("nan")]}, "prior", ["nan", "a number"]),
        ({"concepts": [1.0, 0.0]}, "concepts", ["rows of one length"]),
        ({"concepts": [[1.0, 0.0], [1.0]]}, "concepts", ["rows of one length"]),
        ({"concepts": [[1.0], []]}, "concepts", ["rows of one length"]),
        ({"rigde": 1.0}, "rigde", ["unknown key", "did you mean 'ridge'?"]),
        ({"qqq": 1.0}, "qqq", ["unknown key", "one of size, ridge"]),
    ],
)
def test_bad_values_are_refused(changes: dict[str, Any], field: str, words: list[str]) -> None:
    with pytest.raises(InputError) as refusal:
        read_parameters(PARAMETERS, {"size": 3} | changes)
    assert refusal.value.field == field
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


def test_missing_key_is_named() -> None:
    with pytest.raises(InputError, match="size: got nothing; expected a value"):
        read_parameters(PARAMETERS, {})


FLOOR: dict[str, Any] = {
    "num_weak": 60,
    "ridge": None,
    "steps": None,
    "step_size": None,
    "threshold": None,
    "mixing": None,
}


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ({"ridge": 0.3}, Ridge(0.3, num_weak=60)),
        ({"steps": 5, "step_size": 0.1}, GradientDescent(5, 0.1, num_weak=60)),
        ({"threshold": 0.8}, SpectralCutoff(0.8, num_weak=60)),
        ({"ridge": 0.3, "mixing": 0.4}, LabelMixing(Ridge(0.3, num_weak=60), 0.4)),
    ],
)
def test_student_of_a_naive_floor_table(numbers: dict[str, Any], expected: object) -> None:
    build = find_statement("naive-floor").build_estimator
    assert build is not None
    # Modules compare by their leaves; their text shows type and numbers.
    assert repr(build(FLOOR | numbers)) == repr(expected)
    assert type(build(FLOOR | numbers)) is type(expected)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({}, "none of them"),
        ({"ridge": 0.3, "threshold": 0.8}, "ridge and threshold"),
        ({"steps": 5}, "step_size"),
    ],
)
def test_naive_floor_wants_one_kind_of_student(numbers: dict[str, Any], words: str) -> None:
    build = find_statement("naive-floor").build_estimator
    assert build is not None
    with pytest.raises(InputError, match=words):
        build(FLOOR | numbers)


def test_estimator_of_a_refinement_table() -> None:
    build = find_statement("refinement-risk").build_estimator
    assert build is not None
    bare = {"num_demonstrations": 4, "num_queries": None, "context": None, "labels": None}
    assert isinstance(build(bare), InContext)
    student = build(bare | {"num_queries": 20, "labels": "mean"})
    assert isinstance(student, Refinement)
    assert (student.num_demonstrations, student.num_queries) == (4, 20)
    assert (student.context, student.labels) == ("shared", "mean")
    assert isinstance(student.student, LeastSquares)
    with pytest.raises(InputError, match="num_queries as well"):
        build(bare | {"context": "fresh"})


def test_a_parameter_of_a_field_has_its_range() -> None:
    """The range stands once: with the field. A file refuses what the constructor refuses."""
    mixing = Parameter.of(LabelMixing, "mixing", "weight", 0.4)
    assert (mixing.type, mixing.low, mixing.high, mixing.open_low) == (float, 0.0, 1.0, False)
    step_size = Parameter.of(GradientDescent, "step_size", "tau", required=True)
    assert (step_size.type, step_size.low, step_size.open_low) == (float, 0.0, True)
    steps = Parameter.of(GradientDescent, "steps", "t", high=9)
    assert (steps.type, steps.low, steps.high) == (int, 0, 9)
    for field in ("student", "nothing"):
        with pytest.raises(InputError, match=f"'{field}'; expected a field of LabelMixing"):
            Parameter.of(LabelMixing, field, "no number")
