"""Tilted sampling: its law by linear algebra, its replicates in [0, 1], its means by naive sampling."""

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.concepts import CategoricalModel
from w2s_sim.errors import InputError
from w2s_sim.identification import log_odds_moments
from w2s_sim.identification.gaussian_tilting import GaussianTilt
from w2s_sim.identification.rate import has_interior_minimiser
from w2s_sim.identification.tilting import TiltingPlan, tilted_replicate, tilting_plan
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.statements.shared.regression_examples import (
    canonical,
    leaning_to_concept,
    many_concepts,
    noisy,
    oblique_concepts,
    two_concepts,
)
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask, canonical_task

FACTOR = np.diag(np.linspace(0.6, 1.4, 8)) + 0.2 * np.eye(8, k=3)
TASKS: dict[str, Callable[[], TransferTask]] = {
    "canonical": canonical_task,
    "two concepts": two_concepts,
    "eight concepts": many_concepts,
    "oblique": oblique_concepts,
    "leaning": lambda: leaning_to_concept(0.25),
    "outside the cell": lambda: leaning_to_concept(0.7),
    "anisotropic": lambda: canonical(features=Anisotropic(Gaussian(8), FACTOR)),
    "mixed": lambda: canonical(target_prior=[0.15, 0.05, 0.0, 0.8]),
    "sharp labels, s = 1": lambda: canonical(bias=0.0, weak_noise=0.2),
    "labels without noise": lambda: canonical(weak_noise=0.0),
    "a concept excluded by the source": lambda: canonical(source_prior=[0.0, 0.3, 0.4, 0.3]),
}
every_task = pytest.mark.parametrize("name", TASKS)


def gaussian_tilt(plan: TiltingPlan) -> GaussianTilt:
    assert isinstance(plan.law, GaussianTilt)
    return plan.law


@every_task
@pytest.mark.usefixtures("x64")
def test_tilted_covariance_is_that_of_the_tilted_gaussian(name: str) -> None:
    """The joint law of x and the standardised label noise, for every competitor and demonstrated concept."""
    task = TASKS[name]()
    plan = tilting_plan(task, 16)
    star = int(task.target_concept)
    vectors, weak = np.asarray(task.source.vectors), np.asarray(task.supervisor.vectors)
    dim = task.dim
    untilted = np.eye(dim + 1)
    untilted[:dim, :dim] = task.features.covariance
    for k in range(task.num_concepts):
        along = np.append(vectors[k] - vectors[star], 0.0)
        for j in np.flatnonzero(np.asarray(task.target_prior)):
            residual = np.append(weak[j] - vectors[star], float(task.supervisor.noise))
            # s log(p_k/p_*) = (1/2) w^T form w, with w = (x, noise).
            cross = np.outer(along, residual)
            form = float(plan.exponents[k]) / float(task.source.noise) ** 2
            form = form * (cross + cross.T - np.outer(along, along))
            expected = np.linalg.inv(np.linalg.inv(untilted) - form)
            shift = np.append(gaussian_tilt(plan).directions[k, j], gaussian_tilt(plan).noise_shifts[k, j])
            moved = np.eye(dim + 1) + np.outer(shift, along)
            np.testing.assert_allclose(moved @ untilted @ moved.T, expected, atol=1e-9)


@every_task
@pytest.mark.usefixtures("x64")
def test_demonstrated_concepts_are_weighted_by_their_moments(name: str) -> None:
    task = TASKS[name]()
    plan = tilting_plan(task, 16)
    star = int(task.target_concept)
    shown = np.flatnonzero(np.asarray(task.target_prior))
    moments = []
    for j in shown:
        # The intended concept stays what it is, but demonstrations are those of concept j.
        supervisor = type(task.supervisor)(
            task.supervisor.vectors.at[star].set(task.supervisor.vectors[j]), task.supervisor.noise
        )
        point_mass = jnp.eye(task.num_concepts)[star]
        moments.append(
            log_odds_moments(TransferTask(task.features, task.source, point_mass, supervisor), plan.exponents)
        )
    weights = np.asarray(task.target_prior)[shown, None] * np.exp(moments)
    np.testing.assert_allclose(gaussian_tilt(plan).weights.T[shown], weights / weights.sum(0), rtol=1e-9)


def replicates_of(task: TransferTask, plan: TiltingPlan, count: int) -> np.ndarray:
    keys = jax.random.split(jax.random.key(3), count)
    draw = jax.jit(jax.vmap(lambda key: tilted_replicate(task, plan, key=key)))
    return np.asarray(draw(keys), dtype=np.float64)


@every_task
def test_replicates_lie_between_zero_and_one(name: str) -> None:
    task = TASKS[name]()
    values = replicates_of(task, tilting_plan(task, 16), 2000)
    assert np.all(np.isfinite(values))
    assert values.min() >= 0.0
    assert values.max() <= 1.0
    assert values.mean() > 0.0


@pytest.mark.usefixtures("x64")
def test_a_tilt_of_order_zero_knows_what_is_excluded() -> None:
    """Two competitors exclude two outcomes each, and their odds rise on the others: s = 0, by enumeration."""
    laws = np.array([[0.5, 0.5, 0.0, 0.0], [0.0, 0.25, 0.75, 0.0], [0.25, 0.25, 0.25, 0.25]])
    prior = np.array([0.1, 0.2, 0.7])
    model = CategoricalModel(prior, laws[:, None, :], [1.0])
    task = FiniteTask(model, [0.0, 0.0, 1.0], model)
    exact = 0.0
    for outcomes in itertools.product(range(4), repeat=4):
        joint = prior * laws[:, outcomes].prod(axis=1)
        exact += laws[2, outcomes].prod() * (1.0 - joint[2] / joint.sum())
    plan = tilting_plan(task, 4)
    np.testing.assert_array_equal(plan.exponents[:2], 0.0)
    assert not has_interior_minimiser(task)
    keys = jax.random.split(jax.random.key(3), 4000)
    values = np.asarray(jax.jit(jax.vmap(lambda key: tilted_replicate(task, plan, key=key)))(keys))
    estimate, unit = values.mean(), float(jnp.exp(plan.log_bound))
    assert abs(unit * estimate - exact) < 5 * unit * values.std() / len(values) ** 0.5


def naive_masses(task: TransferTask, size: int, competitors: np.ndarray, count: int) -> np.ndarray:
    """Posterior mass of the competitors, from demonstrations as the task draws them."""

    def mass(key: Any) -> Any:
        data = task.sample_weak(size, key=key)
        posterior = jnp.exp(task.source.log_posterior(data.inputs, data.labels))
        return jnp.sum(jnp.where(competitors, posterior, 0.0))

    keys = jax.random.split(jax.random.key(11), count)
    return np.asarray(jax.jit(jax.vmap(mass))(keys), dtype=np.float64)


def log_mean_and_error(values: np.ndarray) -> tuple[float, float]:
    return float(np.log(values.mean())), float(values.std() / values.mean() / len(values) ** 0.5)


@pytest.mark.parametrize(
    ("name", "size"),
    [("canonical", 8), ("mixed", 8), ("outside the cell", 8), ("a concept excluded by the source", 6)],
)
def test_agrees_with_naive_sampling(name: str, size: int) -> None:
    task = TASKS[name]()
    plan = tilting_plan(task, size)
    tilted, tilted_error = log_mean_and_error(replicates_of(task, plan, 20_000))
    competitors = np.arange(task.num_concepts) != int(task.target_concept)
    naive, naive_error = log_mean_and_error(naive_masses(task, size, competitors, 30_000))
    assert abs(float(plan.log_bound) + tilted - naive) < 5 * np.hypot(tilted_error, naive_error)


def test_mass_of_one_competitor() -> None:
    task = canonical_task()
    competitors = np.array([False, True, False, False])
    plan = tilting_plan(task, 8, jnp.asarray(competitors))
    tilted, tilted_error = log_mean_and_error(replicates_of(task, plan, 20_000))
    naive, naive_error = log_mean_and_error(naive_masses(task, 8, competitors, 30_000))
    assert abs(float(plan.log_bound) + tilted - naive) < 5 * np.hypot(tilted_error, naive_error)


def test_plan_is_not_recomputed_for_every_replicate() -> None:
    """Computed inside a vmapped measure, nothing of the plan carries the axis of replicates."""
    lanes, task = 37, canonical_task()

    def measure(key: Any) -> Any:
        return tilted_replicate(task, tilting_plan(task, 4), key=key)

    program = jax.make_jaxpr(jax.vmap(measure))(jax.random.split(jax.random.key(0), lanes))
    loops = list(_loops(program.jaxpr))
    assert loops, "the search for the exponents of the plan is a loop"
    for loop in loops:
        assert all(lanes not in variable.aval.shape for variable in loop.outvars)


def _loops(jaxpr: Any) -> Any:
    """Every search for exponents in a program: loops over K numbers. (The generator's have none.)"""
    for equation in jaxpr.eqns:
        if equation.primitive.name in ("while", "scan"):
            yield equation
        for value in equation.params.values():
            inner = getattr(value, "jaxpr", value)
            if hasattr(inner, "eqns") and equation.primitive.name not in ("while", "scan", "random_bits"):
                yield from _loops(inner)


def test_features_without_a_closed_tilted_law_are_refused() -> None:
    with pytest.raises(InputError, match="Gaussian features") as refusal:
        tilting_plan(canonical(features="rademacher"), 4)
    assert refusal.value.field == "features"


def test_a_competitor_equal_to_the_intended_concept_does_no_harm() -> None:
    vectors = np.eye(4, 8)
    vectors[0] = vectors[3]
    task = canonical(concepts=vectors.tolist(), supervisor=noisy(0.5).supervisor)
    plan = tilting_plan(task, 8)
    assert np.all(np.isfinite(gaussian_tilt(plan).directions))
    values = replicates_of(task, plan, 2000)
    assert np.all((values >= 0) & (values <= 1))
