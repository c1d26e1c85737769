"""Case files: the example is accepted, and says the task that it describes."""

from pathlib import Path

import jax
import numpy as np
import pytest

from tests.files.bad_studies import GOOD, RIDGES, SIZES
from w2s_sim.errors import InputError
from w2s_sim.estimators import GradientDescent, InContext, LabelMixing, Refinement, Ridge, SpectralCutoff
from w2s_sim.files import example_case_file, load_case
from w2s_sim.statements import Statement, all_statements, find_statement
from w2s_sim.statements.shared.regression_examples import canonical_in, leaning_to_source
from w2s_sim.tasks.capacity_task import CapacityTask
from w2s_sim.tasks.finite_task import FiniteTask


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def is_same_task(first: FiniteTask, second: FiniteTask) -> bool:
    """Whether two tasks have equal numbers, up to the digits of a file."""
    given, found = jax.tree.leaves(first), jax.tree.leaves(second)
    if [leaf.shape for leaf in given] != [leaf.shape for leaf in found]:
        return False
    return all(np.allclose(*pair, atol=1e-6) for pair in zip(given, found, strict=True))


# Theorems whose example is an example of its kind of tasks, on which no case of theirs is.
EXAMPLE_APART = {"bregman-misfit", "anchor-identifiability"}


@pytest.mark.parametrize("statement", all_statements().values(), ids=lambda s: s.id)
def test_example_is_the_canonical_task_and_satisfies_the_assumptions(
    statement: Statement, tmp_path: Path
) -> None:
    case = load_case(write(tmp_path, example_case_file(statement)), statement)
    assert case.name == "mine"
    assert statement.broken_assumption(case) is None
    if isinstance(case.task, FiniteTask):
        # A case of the statement, for which its page has numbers.
        found = [is_same_task(given.task, case.task) for given in statement.cases("quick")]
        assert any(found) == (statement.id not in EXAMPLE_APART)
        return
    if isinstance(case.task, CapacityTask):
        assert (case.task.dim, case.task.weak_dim, case.task.strong_dim) == (10, 5, 4)
        assert float(case.task.overlap) == pytest.approx(2.0, rel=1e-5)
        return
    # A statement on more features than pairs has an example with more features.
    canonical = canonical_in(case.task.dim)
    # Some statements have an example without the bias, or one that leans to the source.
    text, weak = example_case_file(statement), canonical.weak_vector
    if '\nkind = "noisy"' in text:
        weak = canonical.target_vector
    elif '\nkind = "general"' in text:
        weak = leaning_to_source(0.3).weak_vector
    np.testing.assert_allclose(case.task.weak_vector, weak, atol=1e-7)
    for name in ("source_vector", "target_vector"):
        np.testing.assert_allclose(getattr(case.task, name), getattr(canonical, name), atol=1e-7)
    np.testing.assert_allclose(case.task.source.noise, 0.5)
    np.testing.assert_allclose(case.task.supervisor.noise, 0.5)


def case_with(tmp_path: Path, statement_id: str, table: str):
    statement = find_statement(statement_id)
    head = example_case_file(statement).split("[case]")[0]
    return load_case(write(tmp_path, f"{head}[case]\n{table}"), statement)


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        ("num_weak = 20\nridge = 1", Ridge),
        ("num_weak = 20\nsteps = 5\nstep_size = 0.1", GradientDescent),
        ("num_weak = 20\nthreshold = 0.5", SpectralCutoff),
        ("num_weak = 20\nridge = 1\nmixing = 0.2", LabelMixing),
    ],
)
def test_naive_floor_takes_every_family(table: str, kind: type, tmp_path: Path) -> None:
    case = case_with(tmp_path, "naive-floor", table)
    assert isinstance(case.estimator, kind)
    assert case.estimator.sample_size == 20


def test_refinement_risk_takes_labeller_and_student(tmp_path: Path) -> None:
    labeller = case_with(tmp_path, "refinement-risk", "num_demonstrations = 5")
    assert isinstance(labeller.estimator, InContext)
    table = "num_demonstrations = 5\nnum_queries = 30\ncontext = 'leave-one-out'\nlabels = 'mean'"
    student = case_with(tmp_path, "refinement-risk", table)
    assert isinstance(student.estimator, Refinement)
    assert (student.estimator.context, student.estimator.labels) == ("leave-one-out", "mean")


def test_labeller_refuses_the_student_settings(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"case\.labels.*num_queries"):
        case_with(tmp_path, "refinement-risk", "num_demonstrations = 5\nlabels = 'mean'")


def test_grouped_reaches_the_case(tmp_path: Path) -> None:
    assert case_with(tmp_path, "naive-floor", "num_weak = 20\nridge = 1\ngrouped = true").grouped


def test_general_weak_model_with_its_own_concepts(tmp_path: Path) -> None:
    text = """
    [task]
    dim = 2
    num_concepts = 2
    noise = 1
    source_prior = [0.5, 0.5]
    target_prior = [0.25, 0.75]
    concepts = [[1, 0], [0, 2]]
    [task.weak]
    kind = "general"
    concepts = [[0.5, 0], [0, 1]]
    noise = 0
    [case]
    num_demonstrations = 3
    """
    case = load_case(write(tmp_path, text), find_statement("concept-identification"))
    np.testing.assert_allclose(case.task.target_vector, [0.25, 1.5])
    np.testing.assert_allclose(case.task.weak_vector, [0.125, 0.75])
    assert float(case.task.supervisor.noise) == 0.0


# The task and the first estimator of the good study, with a value for each of its lists.
STUDY = (
    GOOD.replace(RIDGES, "ridge = 0.3")
    .replace(SIZES, "num_weak = 60")
    .partition('[[estimator]]\nkind = "refine"')[0]
)


def test_a_study_of_a_single_cell_is_a_case(tmp_path: Path) -> None:
    """The same case by either table, and nothing but the case is taken from the study."""
    floor = find_statement("naive-floor")
    own = case_with(tmp_path, "naive-floor", "num_weak = 60\nridge = 0.3")
    for replication in ("", "[replication]\nreplicates = 4000\nseed = 3\n"):
        case = load_case(write(tmp_path, STUDY + replication), floor)
        assert case.name == "mine"
        assert floor.broken_assumption(case) is None
        for given, found in zip(jax.tree.leaves(own), jax.tree.leaves(case), strict=True):
            np.testing.assert_array_equal(given, found)
    refined = STUDY.replace('"finetune"\nridge = 0.3\nnum_weak = 60', '"refine"\nnum_demos = 4')
    case = load_case(write(tmp_path, refined), floor)
    assert floor.broken_assumption(case) == "spectral fine-tuning"
    assert find_statement("refinement-risk").broken_assumption(case) is None


@pytest.mark.parametrize(
    ("old", "new", "statement_id", "complaint"),
    [
        ("ridge = 0.3", "ridge = [0.1, 0.3]", "naive-floor", r"--case: got a study of 2 cells.*single cell"),
        ("ridge = 0.3", "rigde = 0.3", "naive-floor", r"estimator\[1\]\.rigde.*did you mean 'ridge'"),
        ("[task]", "[case]\nridge = 1\n[task]", "naive-floor", r"case: got an unknown key"),
        ("[task]", "[task]", "hmm-identification", r"task\.kind: got 'regression'; expected one of"),
    ],
)
def test_another_study_is_no_case(
    old: str, new: str, statement_id: str, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=rf"mine\.toml.*{complaint}|{complaint}.*mine\.toml"):
        load_case(write(tmp_path, STUDY.replace(old, new)), find_statement(statement_id))
