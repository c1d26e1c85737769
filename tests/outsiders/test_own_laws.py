"""Laws of features and of label noise that a plugin brings in, by name in studies."""

import tomllib
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jsonschema import Draft202012Validator

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.files import case_file, load_case
from w2s_sim.files.schema import study_schema
from w2s_sim.files.study_file import read_study

STUDY = """\
[task]
dim = 2
num_concepts = 2
noise = 0.5
noise_law = ["flat", "laplace"]
features = ["sparse", "gaussian"]
source_prior = [0.5, 0.5]
target_prior = [0, 1]
[task.weak]
kind = "noisy"
noise_law = "flat"
[[estimator]]
kind = "finetune"
ridge = 0.1
num_weak = 8
[replication]
replicates = 8
"""


class FlatNoise(w2s.NoiseLaw):
    """Uniform, of variance one."""

    def log_density(self, noise: Any) -> Any:
        return jnp.where(jnp.abs(noise) <= 3**0.5, -jnp.log(2 * 3**0.5), -jnp.inf)

    def sample(self, shape: Any, *, key: Any) -> Any:
        return jax.random.uniform(key, shape, minval=-(3**0.5), maxval=3**0.5)


class Spread(w2s.Rademacher):
    """Coordinates of plus and minus one, under another name."""


PLUGIN = w2s.Plugin("laws", feature_laws={"sparse": Spread}, noise_laws={"flat": FlatNoise})


def test_studies_name_them() -> None:
    document = tomllib.loads(STUDY)
    assert not Draft202012Validator(study_schema()).is_valid(document)
    with pytest.raises(InputError, match=r"task\.noise_law: got 'flat'; expected one of normal, laplace"):
        read_study(document)
    with w2s.brought_in(PLUGIN):
        Draft202012Validator(study_schema()).validate(document)
        study = read_study(document)
    tasks = [cell.case.task for cell in study.cells]
    assert [type(task.source.law).__name__ for task in tasks] == ["FlatNoise"] * 2 + ["LaplaceNoise"] * 2
    assert [type(task.features).__name__ for task in tasks] == ["Spread", "Gaussian"] * 2
    assert {type(task.supervisor.law) for task in tasks} == {FlatNoise}


def test_case_files_name_them(tmp_path: Path) -> None:
    task = w2s.regression_task(
        2,
        2,
        source_prior=[0.5, 0.5],
        target_prior=[0, 1],
        features=Spread(2),
        law=FlatNoise(),
        bias=0.1,
        concepts=[[1.0, 0.0], [0.0, 1.0]],
        supervisor=w2s.RegressionSupervisor([[1.0, 0.2], [0.1, 1.0]], 0.5),
    )
    statement = w2s.find_statement("naive-floor")
    case = w2s.Case("", task, w2s.Ridge(0.3, num_weak=8))
    with pytest.raises(InputError, match=r"FlatNoise|Spread"):
        case_file(statement, case)
    with w2s.brought_in(PLUGIN):
        path = tmp_path / "case.toml"
        path.write_text(case_file(statement, case), encoding="utf-8")
        again = load_case(path, statement).task
    assert (type(again.source.law), type(again.features)) == (FlatNoise, Spread)


def test_names_of_laws_are_taken_once() -> None:
    for plugin, words in (
        (w2s.Plugin("a", noise_laws={"normal": FlatNoise}), "law of noise 'normal' of a, which w2s-sim has"),
        (w2s.Plugin("a", feature_laws={"uniform": Spread}), "law of features 'uniform' of a, which w2s-sim"),
    ):
        with pytest.raises(InputError, match=words):
            w2s.bring_in(plugin)
