"""Study files: what is swept, and what is refused, before anything runs."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

import w2s_sim as w2s
from tests.files.bad_studies import BAD, BAD_BYTES, HMM, STYLES
from tests.files.bad_studies import GOOD as GOOD
from tests.files.bad_studies import TABLES as TABLES
from w2s_sim.errors import InputError
from w2s_sim.estimators import HullProjection
from w2s_sim.files.identity import differences, study_mark
from w2s_sim.files.study_file import Study, load_study, read_study


def study_of(tmp_path: Path, text: str) -> Study:
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return load_study(path)


def ridges_and_sizes(study: Study) -> list[tuple]:
    keys = ("estimator.ridge", "estimator.num_weak")
    return [tuple(cell.parameters.get(key) for key in keys) for cell in study.cells]


def test_lists_are_a_grid_for_every_estimator(tmp_path: Path) -> None:
    study = study_of(tmp_path, GOOD)
    assert [cell.index for cell in study.cells] == list(range(7))
    values = ridges_and_sizes(study)
    assert values[:4] == [(0.0, 50), (0.0, 200), (0.3, 50), (0.3, 200)]
    assert [c.parameters["estimator.num_demonstrations"] for c in study.cells[4:]] == [1, 2, 4]
    assert isinstance(study.cells[6].case.estimator, w2s.InContext)
    assert (study.replicates, study.seed) == (100, 3)


def test_tasks_are_swept_too_and_lists_of_numbers_are_values(tmp_path: Path) -> None:
    priors = "target_prior = [[0, 0, 0, 1], [0, 0, 0.5, 0.5]]"
    text = GOOD.replace("noise = 0.5", "noise = [0.5, 1.0]").replace("target_prior = [0, 0, 0, 1]", priors)
    study = study_of(tmp_path, text)
    assert len(study.cells) == 7 * 4
    assert {float(cell.case.task.source.noise) for cell in study.cells} == {0.5, 1.0}
    assert {float(cell.case.task.target_prior[3]) for cell in study.cells} == {1.0, 0.5}


def test_zip_takes_lists_in_step(tmp_path: Path) -> None:
    study = study_of(tmp_path, GOOD.replace("[1, 2, 4]", "4") + '[sweep]\nmode = "zip"\n')
    values = ridges_and_sizes(study)
    assert values == [(0.0, 50), (0.3, 200), (None, None)]


def test_a_projection_knows_the_covariance_of_the_features_of_its_cell() -> None:
    weak = {"kind": "biased", "noise": 0.5, "bias": 0.7}
    task = {
        "kind": "regression",
        "dim": 4,
        "num_concepts": 2,
        "noise": 0.5,
        "source_prior": [0.5, 0.5],
        "target_prior": [0.0, 1.0],
        "factor": [[2.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.5, 0.0], [0.0, 0.0, 0.0, 1.0]],
    }
    projection = {"kind": "hull-projection", "num_weak": 20}
    document = {"replication": {"replicates": 10}, "task": {**task, "weak": weak}, "estimator": [projection]}
    estimator = read_study(document).cells[0].case.estimator
    assert isinstance(estimator, HullProjection)
    assert estimator.covariance is not None
    factor = np.array(task["factor"])
    np.testing.assert_allclose(estimator.covariance, factor @ factor.T, rtol=1e-6)


def test_finite_concepts(tmp_path: Path) -> None:
    assert len(study_of(tmp_path, TABLES).cells) == 2


@pytest.mark.parametrize(("text", "old", "new", "words"), BAD)
def test_bad_files_are_refused(tmp_path: Path, text: str, old: str, new: str, words: list[str]) -> None:
    assert old in text
    with pytest.raises(InputError) as complaint:
        study_of(tmp_path, text.replace(old, new, 1))
    assert_one_line(complaint.value, words)


@pytest.mark.parametrize(("content", "words"), BAD_BYTES)
def test_bad_bytes_are_refused(tmp_path: Path, content: bytes, words: list[str]) -> None:
    path = tmp_path / "study.toml"
    path.write_bytes(content)
    with pytest.raises(InputError) as complaint:
        load_study(path)
    assert_one_line(complaint.value, words)


def assert_one_line(complaint: InputError, words: list[str]) -> None:
    message = str(complaint)
    assert message.isprintable()
    assert len(message) < 1000
    assert all(word in message for word in ["study.toml", *words]), message


@pytest.mark.parametrize("text", [GOOD, TABLES, HMM, STYLES])
def test_good_files_are_read_with_other_line_ends_and_a_byte_order_mark(tmp_path: Path, text: str) -> None:
    path = tmp_path / "study.toml"
    for content in (text.encode(), text.replace("\n", "\r\n").encode(), text.encode("utf-8-sig")):
        path.write_bytes(content)
        assert load_study(path).document == tomllib.loads(text)


# Of different sorts: an unknown key, a huge grid, a billion replicates, unicode, a contradiction, no TOML.
REMEDIES = [
    "did you mean 'dim'",
    "120,003 cells",
    "1000000000",
    "größe",
    "without num_queries",
    "well-formed",
]


@pytest.mark.parametrize("remedy", REMEDIES)
def test_the_command_refuses_in_one_line_and_makes_nothing(tmp_path: Path, remedy: str) -> None:
    text, old, new, _ = next(bad for bad in BAD if any(remedy in word for word in bad[3]))
    path, out = tmp_path / "study.toml", tmp_path / "out"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    program = [sys.executable, "-c", "from w2s_sim.cli import main; main()"]
    done = subprocess.run([*program, "run", str(path), "--out", str(out)], capture_output=True, check=False)
    assert (done.returncode, done.stdout, out.exists()) == (2, b"", False)
    (line,) = done.stderr.decode("utf-8").splitlines()
    assert line.startswith("w2s: ")
    assert str(path) in line
    assert remedy in line


def test_other_documents_are_refused(tmp_path: Path) -> None:
    for document, word in (
        ({}, "task"),
        ({"task": 3}, "task"),
        ({"task": {}, "replication": {"replicates": 4}}, "estimator"),
        ({"task": {}, "replication": {"replicates": 4}, "estimator": [3]}, "estimator"),
        ({"task": {}, "replication": {"replicates": 4}, "estimator": []}, "estimator"),
        ({"task": {"dim": None}, "replication": {}}, "task.dim"),
    ):
        with pytest.raises(InputError, match=word):
            read_study(document)
    with pytest.raises(InputError, match="exists"):
        load_study(tmp_path / "nowhere.toml")
    with pytest.raises(InputError, match="Is a directory"):
        load_study(tmp_path)
    with pytest.raises(InputError, match="readable TOML"):
        load_study(tmp_path / "\0")
    with pytest.raises(InputError, match="a table"):
        load_study("/dev/null")
    with pytest.raises(InputError, match="at most 2,000,000 bytes"):
        load_study("/dev/zero")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.touch(mode=0)
    with pytest.raises(InputError, match="Permission denied"):
        load_study(path)


def test_a_huge_grid_is_refused_at_once(tmp_path: Path) -> None:
    many = str([0.001 * i for i in range(1, 401)])
    text = GOOD.replace("ridge = [0.0, 0.3]", f"ridge = {many}").replace("noise = 0.5", f"noise = {many}")
    with pytest.raises(InputError, match="cells; expected at most 100,000"):
        study_of(tmp_path, text)
    text = GOOD.replace("ridge = [0.0, 0.3]", f"ridge = {many}").replace("= 100\n", "= 50_000_000\n")
    with pytest.raises(InputError, match="50,000,000 for each of 803 cells; expected at most"):
        study_of(tmp_path, text)
    text = GOOD.replace("noise = 0.5", f"noise = {list(range(1, 10_002))}")
    with pytest.raises(InputError, match="task: got 10,001 different tasks; expected at most 10,000"):
        study_of(tmp_path, text)


def test_what_cells_share_is_built_once(tmp_path: Path) -> None:
    study = study_of(tmp_path, GOOD.replace("noise = 0.5", "noise = [0.5, 1.0]"))
    assert len({id(cell.case.task) for cell in study.cells}) == 2
    assert len({id(cell.case.estimator) for cell in study.cells}) == 7
    told = study_of(tmp_path, TABLES.replace('"maximum-likelihood"\nnum_weak = 50', '"oracle"'))
    assert len({id(cell.case.estimator) for cell in told.cells}) == 2


def test_weak_models_are_swept_whole(tmp_path: Path) -> None:
    weak = 'weak = [{kind = "noisy", noise = 1.0}, {kind = "biased", bias = 0.7}]'
    study = study_of(tmp_path, GOOD.replace('[task.weak]\nkind = "biased"\nbias = 0.7', weak))
    kinds = [cell.parameters["task.weak.kind"] for cell in study.cells]
    assert (kinds.count("noisy"), kinds.count("biased")) == (7, 7)


def test_cells_that_conditions_leave_out_need_not_fit(tmp_path: Path) -> None:
    refined = 'num_demos = [1, 2]\nnum_queries = 4\ncontext = "leave-one-out"'
    text = GOOD.replace("num_demos = [1, 2, 4]", refined)
    with pytest.raises(InputError, match=r"estimator\[2\]\.num_queries: got 4; expected a multiple of 3"):
        study_of(tmp_path, text)
    study = study_of(tmp_path, f'{text}[sweep]\nwhere = "num_demos == 1"\n')
    assert [cell.parameters.get("estimator.num_demonstrations") for cell in study.cells] == [None] * 4 + [1]


def test_a_channel_of_labels_is_not_for_sequences(tmp_path: Path) -> None:
    kinds = '"iterated-refinement"\nrounds = [1, 5]', '"channel-unknown"'
    assert len(study_of(tmp_path, STYLES.replace(*kinds)).cells) == 1
    with pytest.raises(InputError, match=r"estimator\[1\]\.kind: got 'channel-unknown' for hmm concepts"):
        study_of(tmp_path, HMM.replace(*kinds))


def test_labels_name_methods_by_their_values(tmp_path: Path) -> None:
    text = GOOD.replace('kind = "finetune"', 'kind = "finetune"\nlabel = "ridge {ridge} of {num_weak}"')
    study = study_of(tmp_path, text)
    labels = {cell.parameters.get("estimator.label") for cell in study.cells}
    assert {"ridge 0 of 50", "ridge 0.3 of 200"} < labels
    # A label is no part of what replicates depend on.
    assert list(differences(study.document, study_of(tmp_path, GOOD).document)) == []
    assert study_mark(study.document, "float32") == study_mark(study_of(tmp_path, GOOD).document, "float32")


@pytest.mark.parametrize("label", ['"{rigde}"', '""', "3", '["a", "b"]', f'"{"x" * 61}"'])
def test_bad_labels_are_refused(tmp_path: Path, label: str) -> None:
    with pytest.raises(InputError, match=r"estimator\[1\]\.label"):
        study_of(tmp_path, GOOD.replace('kind = "finetune"', f'kind = "finetune"\nlabel = {label}'))
