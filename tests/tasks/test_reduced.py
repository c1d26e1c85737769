"""Tasks in the span of their vectors against the tasks that they stand for."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float, Key

import w2s_sim as w2s
from w2s_sim.laws.features import FeatureLaw
from w2s_sim.statements.shared.quantities import transfer_geometry

GENERATOR = np.random.default_rng(0)
FACTOR = GENERATOR.normal(size=(30, 30)) / 5
SHIFT = GENERATOR.normal(size=30)


def plain(
    dim: int = 30, features: str | FeatureLaw = "gaussian", target: tuple[float, ...] = (0.2, 0.0, 0.8)
) -> w2s.TransferTask:
    return w2s.regression_task(
        dim, 3, source_prior=[0.5, 0.3, 0.2], target_prior=list(target), features=features, bias=0.4
    )


def tasks() -> dict[str, w2s.TransferTask]:
    task = plain(features=w2s.Anisotropic(w2s.Gaussian(30), FACTOR))
    shifted = w2s.ShiftedTarget(task.features, task.source, task.target_prior, task.supervisor, SHIFT)
    noisy = w2s.regression_task(
        30,
        3,
        source_prior=[0.5, 0.3, 0.2],
        target_prior=[0.2, 0.0, 0.8],
        supervisor=w2s.noisy_supervisor(task.source, 0.9),
    )
    return {"standard": plain(), "anisotropic": task, "target outside the hull": shifted, "noisy": noisy}


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(
    ("name", "dim"), [("standard", 6), ("anisotropic", 6), ("target outside the hull", 7), ("noisy", 3)]
)
def test_risks_and_inner_products_are_the_same(name: str, dim: int) -> None:
    task = tasks()[name]
    reduced = task.reduced()
    assert type(reduced) is type(task)
    assert reduced.dim == dim
    for prior in np.random.default_rng(1).dirichlet(np.ones(3), size=5):
        risks = [each.excess_risk(each.source.with_prior(jnp.asarray(prior))) for each in (task, reduced)]
        np.testing.assert_allclose(risks[1], risks[0], rtol=1e-10)
    np.testing.assert_allclose(reduced.weak_risk, task.weak_risk, rtol=1e-10)
    np.testing.assert_allclose(reduced.label_length, task.label_length, rtol=1e-10)
    if task.features.isotropic:
        np.testing.assert_allclose(
            transfer_geometry(reduced), transfer_geometry(task), rtol=1e-10, atol=1e-12
        )
    np.testing.assert_allclose(reduced.source.prior, task.source.prior)


def prior_and_risk(key: Key[Array, ""], case: w2s.Case) -> Float[Array, " r"]:
    """The student's prior and risk, and their squares."""
    student: Any = case.fit(key=key)
    values = jnp.concatenate([student.prior, case.task.excess_risk(student)[None]])
    return jnp.concatenate([values, values**2])


@pytest.mark.parametrize("name", ["standard", "anisotropic", "target outside the hull", "noisy"])
@pytest.mark.parametrize(
    "estimator",
    [
        w2s.InContext(3),
        w2s.MaximumLikelihood(num_weak=10),
        w2s.IteratedRefinement(3, num_weak=10),
        w2s.Refinement(3, w2s.MaximumLikelihood(num_weak=10)),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.usefixtures("optimised_tiles")
def test_estimators_in_the_hull_have_the_same_law(name: str, estimator: w2s.Estimator) -> None:
    """The mean prior, and the mean squares of its weights and of the risk."""
    task = tasks()[name]
    samples = [
        w2s.replicate(prior_and_risk, w2s.Case("", each, estimator), seed=seed, start=0, stop=4096)
        for seed, each in enumerate((task, task.reduced()))
    ]
    errors = np.sqrt(sum(sample.var(axis=0, ddof=1) for sample in samples) / 4096)
    assert np.max(np.abs(samples[0].mean(axis=0) - samples[1].mean(axis=0)) / errors) < 5


def test_fine_tuning_is_not_the_same() -> None:
    """Noise in the directions that are left out: sigma'^2 d / (n - d - 1) has another d."""
    students = {"least squares": w2s.LeastSquares(num_weak=60)}
    full, reduced = (
        w2s.compare(each, students, replicates=1024).iloc[0] for each in (plain(), plain().reduced())
    )
    assert full["risk"] - reduced["risk"] > 5 * np.hypot(full["risk_se"], reduced["risk_se"])


def test_many_concepts() -> None:
    concepts = np.random.default_rng(2).normal(size=(200, 400)) / 20
    prior = [1 / 200] * 200
    source = w2s.RegressionModel(prior, concepts, 0.5)
    task = w2s.regression_task(
        400,
        200,
        source_prior=prior,
        target_prior=prior,
        concepts=concepts,
        supervisor=w2s.noisy_supervisor(source, 0.5),
    )
    reduced = task.reduced()
    assert reduced.dim == 200
    student, other = (each.source.with_prior(jnp.eye(200)[7]) for each in (task, reduced))
    np.testing.assert_allclose(reduced.excess_risk(other), task.excess_risk(student), rtol=1e-4)
    assert plain(1000).reduced().dim == 6
    assert jax.tree.structure(plain(1000).reduced().reduced()) == jax.tree.structure(plain(1000).reduced())


def test_concepts_that_are_all_zero_keep_one_dimension() -> None:
    source = w2s.RegressionModel([0.5, 0.5], np.zeros((2, 4)), 0.5)
    task = w2s.TransferTask(w2s.Gaussian(4), source, [0.5, 0.5], w2s.noisy_supervisor(source, 0.5))
    assert task.reduced().dim == 1


def test_features_that_are_not_normal_are_refused() -> None:
    with pytest.raises(w2s.InputError, match="UniformCube"):
        plain(features="uniform").reduced()
