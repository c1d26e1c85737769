"""Study files: what is swept, and what is refused, before anything runs."""

from pathlib import Path

import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.studies.study_file import Study, load_study, read_study

GOOD = """
[task]
kind = "regression"
dim = 8
num_concepts = 4
noise = 0.5
source_prior = [0.5, 0.25, 0.15, 0.1]
target_prior = [0, 0, 0, 1]
[task.weak]
kind = "biased"
bias = 0.7
[[estimator]]
kind = "finetune"
ridge = [0.0, 0.3]
num_weak = [50, 200]
[[estimator]]
kind = "refine"
num_demos = [1, 2, 4]
[replication]
replicates = 100
seed = 3
"""
TABLES = """
[task]
kind = "categorical"
source_prior = [0.5, 0.5]
target_prior = [0, 1]
tables = [[[0.7, 0.3], [0.2, 0.8]], [[0.1, 0.9], [0.5, 0.5]]]
[task.weak]
kind = "smoothed"
share = [0.0, 0.5]
[[estimator]]
kind = "maximum-likelihood"
num_weak = 50
[replication]
replicates = 10
"""


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


def test_finite_concepts(tmp_path: Path) -> None:
    assert len(study_of(tmp_path, TABLES).cells) == 2


BAD = [
    (GOOD, "[task]", "[taks]", ["taks", "did you mean 'task'"]),
    (GOOD, "[replication]", "[replicaton]", ["replicaton", "did you mean 'replication'"]),
    (GOOD, "replicates = 100", "", ["replication.replicates", "nothing"]),
    (GOOD, "replicates = 100", "replicates = 1", ["replication.replicates", "1", "whole number"]),
    (GOOD, "replicates = 100", "replicates = -5", ["replication.replicates", "-5"]),
    (GOOD, "replicates = 100", "replicates = 1e3", ["replication.replicates", "1000.0", "whole number"]),
    (GOOD, "replicates = 100", "replicates = 1_000_000_000", ["replication.replicates", "1000000000"]),
    (GOOD, "replicates = 100", "replicates = true", ["replication.replicates", "True"]),
    (GOOD, "replicates = 100", "replicates = [10, 20]", ["replication.replicates", "[10, 20]"]),
    (GOOD, "seed = 3", "seed = -1", ["replication.seed", "-1"]),
    (GOOD, "seed = 3", "seed = nan", ["replication.seed", "nan"]),
    (GOOD, "seed = 3", "sead = 3", ["replication.sead", "did you mean 'seed'"]),
    (GOOD, "seed = 3", 'grouped = "yes"', ["replication.grouped", "true or false"]),
    (GOOD, 'kind = "finetune"', 'kind = "fintune"', ["estimator[1].kind", "did you mean 'finetune'"]),
    (GOOD, 'kind = "finetune"', "", ["estimator[1].kind", "nothing", "finetune"]),
    (GOOD, 'kind = "finetune"', "kind = 3", ["estimator[1].kind", "3"]),
    (GOOD, 'kind = "refine"', 'kind = ["refine", "oracle"]', ["estimator[2].kind", "one of"]),
    (GOOD, "ridge = [0.0, 0.3]", "ridge = [0.0, -0.3]", ["estimator[1].ridge", "-0.3", ">= 0"]),
    (GOOD, "ridge = [0.0, 0.3]", "ridge = []", ["estimator[1].ridge", "an empty list"]),
    (GOOD, "ridge = [0.0, 0.3]", "ridge = [nan]", ["estimator[1].ridge", "nan"]),
    (GOOD, "ridge = [0.0, 0.3]", "ridge = inf", ["estimator[1].ridge", "inf", "finite"]),
    (GOOD, "ridge = [0.0, 0.3]", 'ridge = "small"', ["estimator[1].ridge", "'small'"]),
    (GOOD, "ridge = [0.0, 0.3]", "rigde = 0.3", ["estimator[1].rigde", "did you mean 'ridge'"]),
    (GOOD, "num_weak = [50, 200]", "", ["estimator[1].num_weak", "nothing", "weak pairs"]),
    (GOOD, "num_weak = [50, 200]", "num_weak = 0", ["estimator[1].num_weak", "0", ">= 1"]),
    (GOOD, "num_weak = [50, 200]", "num_weak = 50.5", ["estimator[1].num_weak", "50.5", "whole"]),
    (GOOD, "num_demos = [1, 2, 4]", "num_demos = [[1, 2]]", ["estimator[2].num_demonstrations", "[1, 2]"]),
    (GOOD, "num_demos = [1, 2, 4]", "num_dems = 4", ["estimator[2].num_dems", "unknown key"]),
    (GOOD, "num_demos = [1, 2, 4]", "num_demos = 4\nnum_queries = 0", ["estimator[2].num_queries", "0"]),
    (
        GOOD,
        "num_demos = [1, 2, 4]",
        'num_demos = 4\nnum_queries = 12\ncontext = "leave-one-out"',
        ["estimator[2].num_queries", "12", "multiple of 5"],
    ),
    (GOOD, "num_demos = [1, 2, 4]", 'num_demos = 4\ncontext = "mine"', ["estimator[2].context", "shared"]),
    (GOOD, "dim = 8", "dim = [8, 0]", ["task.dim", "0", ">= 1"]),
    (GOOD, "dim = 8", "dim = [8, 2]", ["task.", "4", "dim = 2"]),
    (GOOD, "dim = 8", "dims = 8", ["task.dims", "did you mean 'dim'"]),
    (GOOD, "noise = 0.5", "noise = -0.5", ["task.noise", "-0.5"]),
    (GOOD, "noise = 0.5", "noise = [[0.5]]", ["task.noise", "[0.5]"]),
    (GOOD, "[0.5, 0.25, 0.15, 0.1]", "[0.5, 0.25, 0.15]", ["task.source_prior", "shape"]),
    (GOOD, "[0.5, 0.25, 0.15, 0.1]", "[0.5, 0.25, 0.15, 0.2]", ["task.source_prior", "1.1"]),
    (GOOD, "[0.5, 0.25, 0.15, 0.1]", "[]", ["task.source_prior", "[]"]),
    (GOOD, "[0, 0, 0, 1]", "[0, 0, 0, nan]", ["task.target_prior", "nan"]),
    (GOOD, "[0, 0, 0, 1]", '"last"', ["task.target_prior", "'last'"]),
    (GOOD, 'kind = "biased"', 'kind = "biassed"', ["task.weak.kind", "'biassed'"]),
    (GOOD, "bias = 0.7", "", ["task.weak.bias", "nothing"]),
    (GOOD, "bias = 0.7", "bias = [0.7, -1]", ["task.weak.bias", "-1"]),
    (GOOD, "bias = 0.7", "kappa = 0.7", ["task.weak.kappa", "unknown key"]),
    (GOOD, 'kind = "regression"', 'kind = "regresion"', ["task.kind", "regression"]),
    (GOOD, 'kind = "regression"', 'kind = "größe"', ["task.kind", "größe"]),
    (GOOD, '[[estimator]]\nkind = "refine"', '[estimator]\nkind = "refine"', ["well-formed TOML"]),
    (GOOD, "[replication]", "[replication", ["well-formed TOML"]),
    (GOOD, "dim = 8", "dim = 8\ndim = 9", ["well-formed TOML"]),
    (
        GOOD,
        "num_demos = [1, 2, 4]",
        'num_demos = [1, 2, 4]\nnum_queries = [20, 40]\n[sweep]\nmode = "zip"',
        ["sweep.mode", "lists of one length", "estimator.num_queries: 2"],
    ),
    (GOOD, "seed = 3", '[sweep]\nmode = "all"', ["sweep.mode", "'all'", "grid, zip"]),
    (GOOD, "seed = 3", "[sweep]\nmodes = 1", ["sweep.modes", "did you mean 'mode'"]),
    (GOOD, "seed = 3", "[figure]\nx = 1", ["figure[1].x", "1", "a key of the cells"]),
    (TABLES, '"maximum-likelihood"', '"finetune"', ["estimator[1].kind", "'finetune'", "maximum-likelihood"]),
    (TABLES, "num_weak = 50", "num_weak = 50\nrounds = 3", ["estimator[1].rounds", "unknown key"]),
    (TABLES, "share = [0.0, 0.5]", "share = [0.0, 1.5]", ["task.weak.share", "1.5"]),
    (TABLES, "[[0.1, 0.9], [0.5, 0.5]]]", "[[0.1, 0.9], [0.5, 0.6]]]", ["task.tables", "1.1"]),
    (TABLES, '"smoothed"', '"noisy"', ["task.weak.kind", "'noisy'", "smoothed"]),
    (
        TABLES,
        '"maximum-likelihood"\nnum_weak = 50',
        '"refine"\nnum_demos = 4\nnum_queries = 8',
        ["estimator[1].num_queries", "regression concepts alone"],
    ),
]


@pytest.mark.parametrize(("text", "old", "new", "words"), BAD)
def test_bad_files_are_refused(tmp_path: Path, text: str, old: str, new: str, words: list[str]) -> None:
    assert old in text
    with pytest.raises(InputError) as complaint:
        study_of(tmp_path, text.replace(old, new, 1))
    message = str(complaint.value)
    assert "\n" not in message
    assert all(word in message for word in ["study.toml", *words]), message


def test_other_documents_are_refused(tmp_path: Path) -> None:
    for document, word in (
        ({}, "task"),
        ({"task": 3}, "task"),
        ({"task": {}, "replication": {"replicates": 4}}, "estimator"),
        ({"task": {}, "replication": {"replicates": 4}, "estimator": [3]}, "estimator"),
    ):
        with pytest.raises(InputError, match=word):
            read_study(document)
    with pytest.raises(InputError, match="exists"):
        load_study(tmp_path / "nowhere.toml")
    with pytest.raises(InputError, match="readable TOML"):
        load_study(tmp_path)


def test_a_huge_grid_is_refused_at_once(tmp_path: Path) -> None:
    many = str([0.001 * i for i in range(400)])
    text = GOOD.replace("ridge = [0.0, 0.3]", f"ridge = {many}").replace("noise = 0.5", f"noise = {many}")
    with pytest.raises(InputError, match="cells; expected at most 100,000"):
        study_of(tmp_path, text)
    text = GOOD.replace("ridge = [0.0, 0.3]", f"ridge = {many}").replace("= 100\n", "= 50_000_000\n")
    with pytest.raises(InputError, match="50,000,000 for each of 803 cells; expected at most"):
        study_of(tmp_path, text)
