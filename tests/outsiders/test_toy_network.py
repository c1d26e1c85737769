"""A network as strong model: refined, fine-tuned and swept through the same interfaces as latent concepts."""

import json
import tomllib
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

import w2s_sim as w2s
from tests.outsiders.commands import Run, run_commands
from w2s_sim.errors import InputError
from w2s_sim.files.task_table import example_tasks, read_task
from w2s_sim.plugins import brought_in, registry

HERE = Path(__file__).parent
FILE, STUDY = HERE / "toy_network.py", HERE / "toy_network.toml"
run = pytest.fixture(run_commands)


@pytest.fixture
def network_task() -> Any:
    with brought_in(str(FILE)):
        return read_task(tomllib.loads(example_tasks("toy-network")[0])["task"])


def test_it_is_small() -> None:
    assert len(FILE.read_text(encoding="utf-8").splitlines()) <= 150


def test_risks_are_those_of_many_inputs(network_task: Any) -> None:
    task = network_task
    inputs = jax.random.normal(jax.random.key(1), (400_000, 2))
    squares = (task.source.predict(inputs) - task.target.predict(inputs)) ** 2
    error = float(jnp.std(squares)) / len(squares) ** 0.5
    assert abs(float(task.metrics(task.source)["risk"]) - float(jnp.mean(squares))) < 5 * error


def test_reading_steps_towards_the_context(network_task: Any) -> None:
    source = network_task.source
    context = network_task.sample_weak(16, key=jax.random.key(2))

    def loss(model: Any) -> float:
        return float(jnp.mean((model.predict(context.inputs) - context.labels) ** 2))

    read = source.read(context)
    assert loss(read) < loss(source)
    features = np.tanh(np.asarray(context.inputs) @ np.asarray(source.hidden).T + np.asarray(source.bias))
    head = np.asarray(source.head, dtype=np.float64)
    for _ in range(source.steps):
        head = head - (features @ head - np.asarray(context.labels)) @ features / 16 / len(head)
    np.testing.assert_allclose(read.head, head, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(source.read(context[:0]).head, source.head)


@pytest.mark.parametrize("context", ["shared", "fresh", "leave-one-out", "with-query"])
@pytest.mark.parametrize("labels", ["draw", "mean"])
def test_refinement_relabels_with_the_network(network_task: Any, context: Any, labels: Any) -> None:
    with brought_in(str(FILE)):
        task = network_task
        student = (
            registry()
            .estimators["network-finetune"]
            .build(task, {"num_weak": 12, "learning_rate": 0.01, "steps": 5})
        )
    refinement = w2s.Refinement(3, student, context=context, labels=labels)
    fitted: Any = w2s.Case("", task, refinement).fit(key=jax.random.key(4))
    assert type(fitted) is type(task.source)
    assert np.isfinite(float(task.metrics(fitted)["risk"]))
    assert np.abs(np.asarray(fitted.hidden) - np.asarray(task.source.hidden)).max() > 1e-3


def test_an_estimator_of_concepts_cannot_learn_from_it(network_task: Any) -> None:
    with pytest.raises(InputError, match=r"estimator: got Ridge.*expected an estimator for toy networks"):
        w2s.Case("", network_task, w2s.Ridge(0.3, num_weak=8)).fit(key=jax.random.key(0))


def test_a_statement_about_it_is_checked(network_task: Any) -> None:
    """With exact labels and a long fit, fine-tuning comes nearer to the target than the source is."""
    with brought_in(str(FILE)):
        student = (
            registry()
            .estimators["network-finetune"]
            .build(network_task, {"num_weak": 32, "learning_rate": 0.01, "steps": 40})
        )
    case = w2s.Case("example", network_task, student)
    statement = w2s.Statement(
        id="network-learns",
        kind="upper",
        measure=lambda key, case: case.task.metrics(case.fit(key=key))["risk"],
        bound=lambda case: case.task.metrics(case.task.source)["risk"],
        cases=lambda preset: [case],
    )
    frame = w2s.check(statement)
    assert frame["verdict"].tolist()[0] == "consistent"
    assert frame["as_expected"].to_numpy().all()


def test_compare_takes_it(network_task: Any) -> None:
    with brought_in(str(FILE)):
        build = registry().estimators["network-refine"].build
        numbers = {"num_weak": 12, "learning_rate": 0.01, "steps": 5}
        estimators = {str(n): build(network_task, {**numbers, "num_demonstrations": n}) for n in (2, 8)}
    frame = w2s.compare(network_task, estimators, replicates=32)
    assert frame["sample_size"].tolist() == [14, 20]
    assert np.isfinite(frame["risk"]).all()


def test_a_study_sweeps_it(run: Run, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert run("run", str(STUDY), "--plugin", str(FILE), "--dry-run")[0] == 0
    status, text, complaint = run("run", str(STUDY), "--plugin", str(FILE), "--out", out)
    assert status == 0, complaint
    assert "9 cells" in text
    results = pd.read_parquet(tmp_path / "out" / "results.parquet")
    assert sorted(set(results["task.width"])) == [8, 32]
    assert set(results["estimator.kind"]) == {"network-finetune", "network-refine"}
    assert {"risk", "risk_se", "at_zero", "pgr"} <= set(results.columns)
    assert "prior_kl" not in results.columns
    assert np.isfinite(results["risk"].to_numpy()).all()
    # A weak model with the right head teaches more than one with a wrong head.
    wide = results.loc[(results["task.width"] == 32) & (results["estimator.num_weak"] == 64)]
    risks = dict(zip(wide["task.weak.error"], wide["risk"], strict=True))
    assert risks[0.0] < risks[1.0]
    assert (tmp_path / "out" / "figures" / "figure-1.svg").exists()
    again = run("run", str(STUDY), "--plugin", str(FILE), "--out", f"{out}-2", "--memory", "2GB")
    assert again[0] == 0
    pd.testing.assert_frame_equal(results, pd.read_parquet(tmp_path / "out-2" / "results.parquet"))
    status, text, _ = run("replay", out, "--cell", "5", "--replicate", "7", "--plugin", str(FILE))
    assert status == 0
    assert "kept" in text


def test_the_schema_knows_it(run: Run) -> None:
    status, text, _ = run("schema", "--plugin", str(FILE))
    assert status == 0
    validator = Draft202012Validator(json.loads(text))
    document = tomllib.loads(STUDY.read_text(encoding="utf-8"))
    validator.validate(document)
    document["task"]["width"] = 0
    assert not validator.is_valid(document)


def test_it_brings_no_statement(run: Run) -> None:
    status, _, complaint = run("verify", str(FILE))
    assert (status, complaint.count("\n")) == (2, 1)
    assert "which contains no statement" in complaint
