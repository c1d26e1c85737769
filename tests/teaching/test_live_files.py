"""The explorer's files are read back as the task of the controls."""

from pathlib import Path

import jax
import numpy as np
import pytest

from w2s_sim.files import load_case
from w2s_sim.files.study_file import load_study
from w2s_sim.statements.registry import find_statement
from w2s_sim.teaching.live_files import DEMONSTRATIONS, STUDENT_SIZES, case_text, study_text
from w2s_sim.teaching.live_task import Controls, task_of
from w2s_sim.teaching.live_verdict import THEOREMS, case_of

CASES = [
    Controls(),
    Controls(dim=12, source_weights=(1, 2, 3, 4, 5, 6), target_weights=(0, 0, 0, 0.5, 0, 0.5), lean=0.35),
]


def assert_equal_numbers(one: object, other: object) -> None:
    for mine, theirs in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        # Priors are divided by their sum once more.
        np.testing.assert_allclose(mine, theirs, rtol=1e-6)


@pytest.mark.parametrize("controls", CASES)
def test_a_study_holds_the_task_and_the_three_methods(controls: Controls, tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(study_text(controls), encoding="utf-8")
    cells = load_study(path).cells
    assert len(cells) == len(STUDENT_SIZES) + 2 * len(DEMONSTRATIONS)
    for cell in cells:
        assert_equal_numbers(cell.case.task, task_of(controls))


@pytest.mark.parametrize("theorem", THEOREMS)
@pytest.mark.parametrize("controls", CASES)
def test_a_case_is_that_of_the_verdict(controls: Controls, theorem: str, tmp_path: Path) -> None:
    statement = find_statement(theorem)
    path = tmp_path / "case.toml"
    path.write_text(case_text(controls, theorem), encoding="utf-8")
    read, known = load_case(path, statement), case_of(controls, statement)
    assert_equal_numbers((read.task, read.estimator), (known.task, known.estimator))
    assert read.estimator.sample_size == known.estimator.sample_size
