"""The lessons run from top to bottom, and their exercises accept solutions and refuse mistakes."""

import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

from tests.lessons.mistakes import MISTAKES
from w2s_sim.errors import InputError
from w2s_sim.teaching.exercises import Judgement
from w2s_sim.teaching.lessons import Lesson, find_lesson, lessons, lessons_folder
from w2s_sim.teaching.questions import Reveal, answered

LESSONS = {lesson.name: lesson for lesson in lessons()}


@pytest.fixture(scope="module")
def modules() -> dict[str, ModuleType]:
    return {name: lesson.load() for name, lesson in LESSONS.items()}


def checks(module: ModuleType) -> dict[str, Any]:
    """The checks of a lesson's exercises, by the name of the function that a learner writes."""
    return {
        name.removeprefix("check_"): getattr(module, name)
        for name in vars(module)
        if name.startswith("check_") and name != "check_when_submitted"
    }


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_runs_from_top_to_bottom(name: str, modules: dict[str, ModuleType]) -> None:
    with answered():
        outputs, _ = modules[name].app.run()
    assert any(isinstance(part, Reveal) for output in outputs for part in getattr(output, "parts", [output]))


@pytest.mark.parametrize("name", LESSONS)
def test_questions_come_before_their_answers(name: str, modules: dict[str, ModuleType]) -> None:
    """Nobody who has not answered sees an answer."""
    outputs, _ = modules[name].app.run()
    assert not any(
        isinstance(part, Reveal) for output in outputs for part in getattr(output, "parts", [output])
    )


@pytest.mark.parametrize("name", LESSONS)
def test_solutions_pass(name: str, modules: dict[str, ModuleType]) -> None:
    solutions = LESSONS[name].solution.read_text(encoding="utf-8")
    found = checks(modules[name])
    assert found, "a lesson without an exercise"
    for function, check in found.items():
        judgement: Judgement = check(solutions)
        assert judgement.passed, (function, judgement.reason)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: f"{mistake.function}: {mistake.name}")
def test_mistakes_fail_with_their_reason(mistake: Any, modules: dict[str, ModuleType]) -> None:
    judgement: Judgement = checks(modules[mistake.lesson])[mistake.function](mistake.code)
    assert not judgement.passed
    assert mistake.reason in judgement.reason


def test_every_exercise_has_a_mistake(modules: dict[str, ModuleType]) -> None:
    exercises = {(name, function) for name, module in modules.items() for function in checks(module)}
    assert exercises == {(mistake.lesson, mistake.function) for mistake in MISTAKES}


def test_notebooks_are_as_marimo_wants_them() -> None:
    files = [str(lesson.path) for lesson in LESSONS.values()]
    run = subprocess.run(
        [sys.executable, "-m", "marimo", "check", "--strict", *files], capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_lessons_are_found_by_name_and_number() -> None:
    assert [lesson.number for lesson in LESSONS.values()] == list(range(1, len(LESSONS) + 1))
    assert find_lesson("1") == find_lesson("latent-concepts")
    assert find_lesson("1").path.parent == lessons_folder()
    with pytest.raises(InputError, match=r"expected one of 1 \(latent-concepts\)"):
        find_lesson("latent-concept")


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_says_what_it_is_about(lesson: Lesson) -> None:
    assert lesson.title
    assert lesson.question.endswith("?")
