"""A newcomer's mistakes: one line that names the field and what was expected, no traceback from inside."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """Of a process of its own: here types are checked, and would be complained about first."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.misuses"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_mistakes_are_answered_by_the_field_and_what_was_expected(answers: dict[str, Any]) -> None:
    wrong = [
        f"{field}, {name}: {kind}: {text}"
        for field, calls in answers.items()
        for name, (kind, text, _) in calls.items()
        if field != "accepted"
        and (kind != "InputError" or f"{field}: got " not in text or "; expected " not in text)
    ]
    assert wrong == []
    assert sum(map(len, answers.values())) > 130


def test_what_means_one_thing_only_is_accepted(answers: dict[str, Any]) -> None:
    assert {name: kind for name, (kind, _, _) in answers["accepted"].items() if kind != "no error"} == {}


def test_misspelt_names_are_answered_with_the_nearest(answers: dict[str, Any]) -> None:
    for field, name in {"preset": "quick", "baseline": "ridge", "features": "gaussian"}.items():
        assert f"did you mean '{name}'?" in answers[field]["misspelt"][1]
    for name in ("an id misspelt", "in a list", "falsify"):
        assert "did you mean 'naive-floor'?" in answers["theorem"][name][1]


def test_a_measure_that_is_not_pure_is_told_the_rule_and_the_line(answers: dict[str, Any]) -> None:
    causes = {
        "float()": ("float()", "ConcretizationTypeError"),
        "if": ("`if`", "TracerBoolConversionError"),
        "numpy": ("a function of NumPy", "TracerArrayConversionError"),
        "item()": (".item()", "ConcretizationTypeError"),
        "range()": ("range()", "TracerIntegerConversionError"),
    }
    lines = (ROOT / "tests" / "misuses.py").read_text(encoding="utf-8").splitlines()
    for name, (said, error) in causes.items():
        _, text, cause = answers["measure"][name]
        assert said in text.split(" on a traced value")[0], text
        assert "a pure function of JAX, which jit and vmap accept" in text
        assert cause == error
        number = int(text.split("misuses.py, line ")[1].split(";")[0])
        assert "if error > 0.5" in lines[number - 1] if name == "if" else f'"{name}"' in lines[number - 1]


def test_a_class_is_called_one(answers: dict[str, Any]) -> None:
    for field in ("estimator", "student", "estimators['r']"):
        assert "got the class " in answers[field]["a class"][1]
