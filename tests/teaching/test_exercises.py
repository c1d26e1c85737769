"""Exercises: what is told about answers that cannot be checked, and about those that can."""

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.teaching.exercises import Judgement, judged, written_function
from w2s_sim.teaching.questions import Reveal, answered, choice, guess


def judgement(code: str) -> Judgement:
    """Check a number that must be at least the risk of the source, which is known."""

    def statement_about(number):
        return w2s.Statement(
            id="number",
            kind="upper",
            exact=lambda case: w2s.squared_error(case.task, w2s.LinearStudent(case.task.source_vector)),
            bound=lambda case: number(case.task),
            trivial=lambda case: 100.0,
            cases=lambda preset: [w2s.Case("canonical", w2s.canonical_task(), w2s.InContext(1))],
        )

    return judged(code, "number", statement_about, hints={"refuted": "Count again.", "loose": "Come nearer."})


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def number(task): return", "invalid syntax"),
        ("def number(task)", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("other = 1", "no function number"),
        ("number = 1", "no function number"),
        ("def number(): return 2.0", "TypeError"),
        ("def number(task): return missing", "NameError"),
        ("def number(task): return None", "expected"),
        ("def number(task): return [1.0, 2.0]", "expected"),
        ("def number(task): return float('nan')", "nan"),
        ("def number(task): return 1.0", "Count again."),
        ("def number(task): return 100.0", "no more than what needs no theory"),
        ("def number(task): return 50.0", "Come nearer."),
    ],
)
def test_a_wrong_answer_gets_a_reason(code: str, reason: str) -> None:
    found = judgement(code)
    assert not found.passed
    assert reason in found.reason or (reason == "invalid syntax" and "expected" in found.reason)


def test_a_right_answer_passes() -> None:
    found = judgement("def number(task): return 1.2")
    assert found.passed, found.reason
    assert found.verdicts is not None


def test_code_finds_what_it_is_told_to_find() -> None:
    assert written_function("def f(x): return jnp.sum(x) + np.sum(x)", "f")(np.array([1, 2])) == 6
    with pytest.raises(InputError, match="your code: got no function g"):
        written_function("def f(x): return x", "g")


def test_a_question_has_an_answer_only_where_it_is_given_one() -> None:
    options = ["yes", "no"]
    assert choice("?", options).value is None
    assert guess("?", 1, 5).value is None
    with answered():
        assert choice("?", options).value == "yes"
        assert guess("?", 1, 5).value == 1


@pytest.mark.parametrize(
    ("given", "right", "agrees"),
    [("yes", "yes", True), ("yes", "no", False), (4, 5.0, True), (2, 5.0, False)],
)
def test_predictions_are_compared(given: str | float, right: str | float, agrees: bool) -> None:
    assert Reveal(given, right, "").agrees is agrees
