"""Roles of fields, and the one rule for probability vectors: the same answer at every door."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim._checks import probabilities
from w2s_sim.concepts import CategoricalModel, HiddenMarkovModel, style_content_model
from w2s_sim.errors import InputError
from w2s_sim.falsifier.space import SearchSpace
from w2s_sim.fields import Role, role_of
from w2s_sim.files.study_file import load_study
from w2s_sim.files.task_table import read_task
from w2s_sim.statements import Case
from w2s_sim.statements.shared.finite_examples import language_task, style_content_task, table_task
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import ShiftedTarget, TransferTask
from w2s_sim.tasks.task import ConceptTask
from w2s_sim.verify.evaluation import bound_of, exact_value_of
from w2s_sim.verify.mutations import mutants_of

THIRDS = [0.3333, 0.3333, 0.3333]
ROWS = [THIRDS, [0.2, 0.3, 0.5], [0.25, 0.25, 0.5]]
REGRESSION = {"dim": 6, "num_concepts": 3, "noise": 0.5, "weak": {"kind": "noisy", "noise": 0.5}}
TABLES = {
    "kind": "categorical",
    "tables": [[row] for row in ROWS],
    "weak": {"kind": "smoothed", "share": 0.1},
}
LANGUAGE = {
    "kind": "hmm",
    "length": 2,
    "initial": ROWS,
    "transition": [ROWS] * 3,
    "emission": [ROWS] * 3,
    "weak": {"kind": "smoothed", "share": 0.1},
}
STYLES = {
    "kind": "style-content",
    "style_tables": [[THIRDS], [THIRDS], [THIRDS]],
    "content_tables": [[THIRDS]],
    "weak": {"kind": "wrong-content", "share": 0.1},
}


def language(rows: Any) -> HiddenMarkovModel:
    return HiddenMarkovModel(np.full(3, 1 / 3), rows, [rows] * 3, [rows] * 3, length=2)


def task_of(table: dict[str, Any]) -> ConceptTask[Any, Any, Any]:
    task = read_task(table)
    assert isinstance(task, ConceptTask)
    return task


# Every door through which a probability vector comes: what it makes of one.
DOORS = {
    "task, source": lambda p: w2s.regression_task(6, 3, source_prior=p, target_prior=[0, 0, 1]).source.prior,
    "task, target": lambda p: w2s.regression_task(6, 3, source_prior=[1, 0, 0], target_prior=p).target_prior,
    "model": lambda p: w2s.RegressionModel(p, np.eye(3), 0.5).prior,
    "with_prior": lambda p: w2s.RegressionModel([1, 0, 0], np.eye(3), 0.5).with_prior(jnp.asarray(p)).prior,
    "oracle": lambda p: w2s.Oracle(p).prior,
    "tables": lambda p: CategoricalModel([1.0], [[p]], [1.0]).tables[0, 0],
    "contexts": lambda p: CategoricalModel([1.0], [[[1.0]] * 3], p).contexts,
    "initial": lambda p: language([p] * 3).initial[0],
    "emission": lambda p: language([p] * 3).emission[2, 1],
    "styles": lambda p: style_content_model(np.ones((1, 1)), np.array([[p]]), np.array([[p]])).marginal_laws(
        jnp.ones(1)
    )[0][0],
    "joint": lambda p: style_content_model(np.array([p]), np.ones((1, 1, 1)), np.ones((3, 1, 1))).prior,
    "finite task": lambda p: FiniteTask(language(ROWS), p, language(ROWS)).target_prior,
    "file, source": lambda p: (
        read_task({**REGRESSION, "source_prior": p, "target_prior": [0, 0, 1]}).source.prior
    ),
    "file, target": lambda p: task_of({**TABLES, "source_prior": [1, 0, 0], "target_prior": p}).target_prior,
    "file, prior": lambda p: read_task({**LANGUAGE, "source_prior": p, "target_prior": p}).source.prior,
    "file, styles": lambda p: read_task({**STYLES, "source_prior": p, "target_prior": p}).source.prior,
}
KEYS = {
    "task, source": "source_prior",
    "task, target": "target_prior",
    "tables": "tables",
    "contexts": "contexts",
    "initial": "initial",
    "emission": "initial",
    "styles": "style_tables",
    "finite task": "target_prior",
    "file, source": "task.source_prior",
    "file, target": "task.target_prior",
    "file, prior": "task.source_prior",
    "file, styles": "task.source_prior",
}


@pytest.mark.parametrize("door", DOORS)
def test_one_rule_at_every_door(door: str) -> None:
    """Rounded to four decimals is good enough everywhere, and normalised; more is refused by its key."""
    for given in (THIRDS, [0.3334, 0.3333, 0.3334], jnp.asarray(THIRDS)):
        if not isinstance(given, list) and door.startswith("file"):
            continue
        expected = np.asarray(given, np.float64) / np.sum(np.asarray(given, np.float64))
        np.testing.assert_allclose(DOORS[door](given), expected, rtol=2e-7)
    for given in ([0.333, 0.333, 0.333], [0.5, 0.3, 0.3], [-0.1, 0.6, 0.5]):
        with pytest.raises(InputError) as caught:
            DOORS[door](given)
        assert caught.value.field == KEYS.get(door, "prior")


@pytest.mark.parametrize(
    "table", [REGRESSION, TABLES, LANGUAGE, STYLES], ids=lambda t: t.get("kind", "regression")
)
def test_studies_and_case_files_follow_it(table: dict[str, Any]) -> None:
    task = task_of({**table, "source_prior": THIRDS, "target_prior": THIRDS})
    for prior in (task.source.prior, task.target_prior):
        np.testing.assert_array_equal(prior, np.full(3, np.float32(1 / 3)))


def test_a_study_of_rounded_thirds_is_read(tmp_path: Any) -> None:
    path = tmp_path / "study.toml"
    path.write_text(
        f"""[task]
dim = 6
num_concepts = 3
noise = 0.5
source_prior = {THIRDS}
target_prior = [{THIRDS}, [0.0, 0.0, 1.0]]
[task.weak]
kind = "noisy"
noise = 0.5
[[estimator]]
kind = "oracle"
[replication]
replicates = 4
"""
    )
    cells = load_study(path).cells
    np.testing.assert_array_equal(cells[0].case.task.target_prior, np.full(3, np.float32(1 / 3)))


def test_what_is_normalised_once_stays_as_it_is() -> None:
    generator = np.random.default_rng(0)
    for _ in range(200):
        vector = generator.dirichlet(np.full(generator.integers(2, 20), 0.4)) * generator.uniform(
            0.9999, 1.0001
        )
        once = w2s.Oracle(vector).prior
        np.testing.assert_array_equal(w2s.Oracle(once).prior, once)
        exact = probabilities("prior", vector)
        assert abs(exact.sum() - 1.0) <= 1e-15
        np.testing.assert_allclose(exact, vector / vector.sum(), rtol=1e-15)


def test_values_that_are_traced_pass() -> None:
    def weight(logit: jax.Array) -> jax.Array:
        share = jax.nn.sigmoid(logit)
        return w2s.RegressionModel([share, 1.0 - share], np.eye(2), 0.5).prior[0]

    assert float(jax.grad(jax.jit(weight))(0.0)) == pytest.approx(0.25)


def leaves_with_roles(tree: Any) -> dict[str, Role | None]:
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {jax.tree_util.keystr(path, simple=True, separator="."): role_of(tree, path) for path, _ in leaves}


def test_roles_are_those_of_the_fields() -> None:
    task = w2s.canonical_task()
    shifted = ShiftedTarget(task.features, task.source, task.target_prior, task.supervisor, np.eye(8)[0])
    cases = [
        Case("", shifted, w2s.ConjugateRefinement(4, np.eye(8))),
        Case("", task, w2s.Oracle(task.target_prior)),
        *(
            Case("", finite, w2s.InContext(4))
            for finite in (table_task(), language_task(), style_content_task())
        ),
    ]
    roles = {name: role for case in cases for name, role in leaves_with_roles(case).items()}
    found = {name for name, role in roles.items() if role is Role.PROBABILITY}
    laws = ("tables", "contexts", "initial", "transition", "emission", "prior")
    expected = {f"task.{model}.{law}" for model in ("source", "supervisor") for law in laws}
    assert found == {*expected, "task.target_prior", "estimator.prior"}
    assert leaves_with_roles({"prior": jnp.ones(1)}) == {"prior": None}


def test_every_number_of_every_theorem_declares_its_role() -> None:
    """Mutants and the falsifier leave numbers without a role alone: nothing of ours may escape them."""
    without = {
        f"{id_}: {name}"
        for id_, statement in w2s.all_statements().items()
        for one in (statement, *statement.lemmas)
        for case in (*one.cases("quick"), *(control.case for control in one.controls("quick")))
        for name, role in leaves_with_roles(case).items()
        if role is None
    }
    assert not without


def test_frozen_weights_are_left_alone() -> None:
    """The weights of a random feature map belong to the map: mutants and the falsifier keep them."""
    feature_map = w2s.random_fourier_map(2, 4, key=jax.random.key(0))
    features = w2s.MappedFeatures(w2s.Gaussian(2), feature_map)
    task = w2s.regression_task(
        4, 2, source_prior=[0.5, 0.5], target_prior=[0, 1], features=features, noise=0.5
    )
    case = Case("mapped", task, w2s.Ridge(0.5, num_weak=20))
    names = {name for name, role in leaves_with_roles(case).items() if role is Role.FROZEN}
    assert names == {"task.features.feature_map.frequencies", "task.features.feature_map.phases"}
    floor = w2s.find_statement("naive-floor")
    mutants = {mutant.name for mutant in mutants_of(floor, [case])}
    assert "bound at half the estimator.ridge" in mutants
    moves = {move.name for move in SearchSpace.around(case).moves}
    assert "estimator.ridge" in moves
    assert not [name for name in mutants | moves if "feature_map" in name]


@pytest.mark.parametrize(
    ("make", "field", "expected"),
    [
        (lambda: w2s.Ridge(-1.0, num_weak=3), "ridge", ">= 0"),
        (lambda: w2s.Ridge(0.1, num_weak=0), "num_weak", "whole number >= 1"),
        (lambda: w2s.GradientDescent(True, 0.1, num_weak=3), "steps", "whole number >= 0"),
        (lambda: w2s.GradientDescent(3, 0.0, num_weak=3), "step_size", "> 0"),
        (lambda: w2s.LabelMixing(w2s.LeastSquares(num_weak=3), 1.5), "mixing", r"\[0, 1\]"),
        (lambda: w2s.StudentTNoise(2.0), "degrees_of_freedom", "> 2"),
        (lambda: w2s.RegressionModel([1.0], [[np.nan]], 0.5), "concepts", "finite"),
        (lambda: w2s.RegressionSupervisor([1.0, 2.0], 0.5), r"weak\.concepts", r"\(K, d\)"),
        (lambda: w2s.GaussianConceptModel([0.0], [1.0], 0.5), "factor", r"\(d, r\)"),
    ],
)
def test_a_declaration_refuses_numbers_out_of_its_range(make: Any, field: str, expected: str) -> None:
    with pytest.raises(InputError, match=f"{field}.*{expected}"):
        make()


def test_float64_leaves_numbers_that_look_like_probabilities_alone() -> None:
    """A shift of the target of [1.00005, 0, ...] is a vector; a prior in float32 sums to one in float64."""
    task = w2s.canonical_task()
    shift = np.zeros(8)
    shift[0] = 1.00005
    shifted = ShiftedTarget(task.features, task.source, task.target_prior, task.supervisor, shift)
    sums = w2s.Statement(
        id="toy",
        kind="upper",
        cases=lambda preset: (),
        exact=lambda case: case.task.target_shift[0],
        bound=lambda case: case.task.source.prior.sum(),
    )
    case = Case(
        "",
        dataclasses.replace(shifted, source=task.source.with_prior(jnp.array([0.7, 0.1, 0.1, 0.1]))),
        w2s.InContext(1),
    )
    assert exact_value_of(sums, case) == np.float32(1.00005)
    assert bound_of(sums, case) == pytest.approx(1.0, abs=1e-15)


def test_a_target_is_a_point_mass_or_it_is_not() -> None:
    def target(prior: Any) -> TransferTask:
        return w2s.regression_task(8, 3, source_prior=[0.5, 0.3, 0.2], target_prior=prior)

    assert target([0.0, 0.9999, 0.0]).has_point_mass_target
    assert not target([1e-30, 1.0, 0.0]).has_point_mass_target
