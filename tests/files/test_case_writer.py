"""Every case that a theorem checks can be written as a file and read back, to the last digit of float32."""

from pathlib import Path

import jax
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.files import case_file, load_case
from w2s_sim.statements import Statement, all_statements

# Estimators of theorems whose `[case]` tables have no word for them.
WITHOUT_FILE = {
    "label mixing 0.4, eta=0.1",
    "labeller that knows the concepts of world +, n=16",
    "an oracle for world +",
}


@pytest.mark.parametrize("statement", all_statements().values(), ids=lambda s: s.id)
def test_every_case_survives_its_file(statement: Statement, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    for case in statement.cases("quick"):
        if statement.id == "no-free-lunch" and case.name in WITHOUT_FILE:
            with pytest.raises(w2s.InputError, match=r"estimator: got \w+; expected an estimator that a"):
                case_file(statement, case)
            continue
        path.write_text(case_file(statement, case), encoding="utf-8")
        again = load_case(path, statement)
        assert again.grouped == case.grouped
        assert again.estimator.sample_size == case.estimator.sample_size
        written, read = jax.tree.leaves(case.task), jax.tree.leaves(again.task)
        for given, found in zip(written, read, strict=True):
            np.testing.assert_allclose(found, given, rtol=1e-6, atol=1e-7, err_msg=case.name)
        assert float(statement.bound(again)) == pytest.approx(
            float(statement.bound(case)), rel=1e-4, abs=1e-9
        )


def test_anisotropic_features_have_a_matrix(tmp_path: Path) -> None:
    factor = np.diag(np.linspace(0.5, 2.0, 8))
    statement = w2s.find_statement("concept-identification")
    task = w2s.canonical_task()
    stretched = w2s.TransferTask(
        w2s.Anisotropic(w2s.UniformCube(8), factor), task.source, task.target_prior, task.supervisor
    )
    path = tmp_path / "case.toml"
    path.write_text(case_file(statement, w2s.Case("", stretched, w2s.InContext(4))), encoding="utf-8")
    features = load_case(path, statement).task.features
    assert isinstance(features, w2s.Anisotropic)
    assert isinstance(features.base, w2s.UniformCube)
    np.testing.assert_allclose(features.factor, factor, rtol=1e-6)


def test_factor_of_the_wrong_shape_is_refused(tmp_path: Path) -> None:
    statement = w2s.find_statement("concept-identification")
    text = case_file(statement, w2s.Case("", w2s.canonical_task(), w2s.InContext(4)))
    path = tmp_path / "case.toml"
    path.write_text(text.replace('features = "gaussian"', 'features = "gaussian"\nfactor = [[1.0, 0.0]]'))
    with pytest.raises(w2s.InputError, match=r"task\.factor: got shape \(1, 2\); expected shape \(8, 8\)"):
        load_case(path, statement)


def test_a_task_that_no_file_describes_is_refused() -> None:
    class Strange(w2s.TransferTask):
        pass

    task = w2s.canonical_task()
    strange = Strange(task.features, task.source, task.target_prior, task.supervisor)
    with pytest.raises(w2s.InputError, match="Strange"):
        case_file(w2s.find_statement("naive-floor"), w2s.Case("", strange, w2s.Ridge(0.3, num_weak=60)))
