"""Moments drawn from their law against moments of drawn data, and against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.laws.features import FeatureLaw
from w2s_sim.tasks.moment_law import MomentLaw
from w2s_sim.tasks.weak_moments import WeakMoments

REPLICATES = 40_000
FACTOR = np.array([[1.5, 0.2, 0.0], [-0.4, 0.7, 0.3], [0.1, 0.0, 2.0]])
POINT, MIXED = [0.0, 0.0, 1.0], [0.3, 0.0, 0.7]


def task_of(
    target: list[float], features: str | FeatureLaw = "gaussian", law: w2s.NoiseLaw | None = None
) -> w2s.TransferTask:
    concepts = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.6, -0.8, 0.3]])
    source = w2s.RegressionModel([0.5, 0.3, 0.2], concepts, 0.5)
    weak = w2s.RegressionSupervisor(
        concepts + 0.4 * np.eye(3)[::-1], 0.7, w2s.NormalNoise() if law is None else law
    )
    base = w2s.regression_task(
        3,
        3,
        source_prior=[0.5, 0.3, 0.2],
        target_prior=target,
        features=features,
        concepts=concepts,
        supervisor=weak,
    )
    return w2s.TransferTask(base.features, source, base.target_prior, weak)


def drawn(task: w2s.TransferTask, num_weak: int) -> np.ndarray:
    law = MomentLaw.of(task, num_weak)
    keys = jax.random.split(jax.random.key(1), REPLICATES)
    return statistics(jax.jit(jax.vmap(lambda key: law.sample(key=key)))(keys))


def of_data(task: w2s.TransferTask, num_weak: int) -> np.ndarray:
    keys = jax.random.split(jax.random.key(2), REPLICATES)

    def one(key):
        return WeakMoments.of(task.sample_weak(num_weak, key=key), task.source_vector)

    return statistics(jax.jit(jax.vmap(one))(keys))


def statistics(moments: WeakMoments) -> np.ndarray:
    """Entries of S and r, all their products of two, and logarithms of det(S + I) and |r|^2 + 1."""
    covariance = np.asarray(moments.covariance, np.float64)
    residual = np.asarray(moments.residual, np.float64)
    upper = np.triu_indices(covariance.shape[-1])
    entries = np.concatenate([covariance[:, *upper], residual], axis=1)
    products = (entries[:, :, None] * entries[:, None, :])[:, *np.triu_indices(entries.shape[1])]
    logs = [
        np.linalg.slogdet(covariance + np.eye(covariance.shape[-1]))[1],
        np.log1p(np.sum(residual**2, axis=1)),
    ]
    return np.concatenate([entries, products, np.stack(logs, axis=1)], axis=1)


def standard_errors_apart(one: np.ndarray, other: np.ndarray) -> float:
    """Largest distance of the two means of a column, in standard errors of their difference."""
    errors = np.sqrt(one.var(axis=0, ddof=1) / len(one) + other.var(axis=0, ddof=1) / len(other))
    # A constant column has no error, and must agree to the bit.
    distances = np.abs(one.mean(axis=0) - other.mean(axis=0))
    return float(np.max(distances / np.where(errors > 0, errors, np.finfo(float).tiny)))


@pytest.mark.parametrize("target", [POINT, MIXED], ids=["point mass", "mixed"])
@pytest.mark.parametrize("num_weak", [1, 2, 3, 12])
def test_the_law_is_that_of_the_moments_of_data(num_weak: int, target: list[float]) -> None:
    task = task_of(target)
    assert standard_errors_apart(drawn(task, num_weak), of_data(task, num_weak)) < 5


@pytest.mark.parametrize("factor", [FACTOR, np.diag([2.0, 0.5, 0.0])], ids=["full", "of rank two"])
def test_the_law_of_features_mapped_linearly(factor: np.ndarray) -> None:
    task = task_of(MIXED, w2s.Anisotropic(w2s.Gaussian(3), factor))
    assert standard_errors_apart(drawn(task, 5), of_data(task, 5)) < 5


def test_a_map_of_a_map_is_a_map() -> None:
    features = w2s.Anisotropic(w2s.Anisotropic(w2s.Gaussian(3), FACTOR), FACTOR.T)
    assert features.normal_factor is not None
    np.testing.assert_allclose(
        features.normal_factor @ features.normal_factor.T, features.covariance, rtol=1e-5
    )


def test_mean_and_variance_are_those_of_wishart(standard_errors_off) -> None:
    """E S = I, Var S_ii = 2/n, Var S_ij = 1/n; E r = beta'_Q - beta_P; E |r - S D|^2 = sigma'^2 d/n."""
    task, num_weak = w2s.canonical_task(), 30
    law = MomentLaw.of(task, num_weak)
    keys = jax.random.split(jax.random.key(5), REPLICATES)
    moments = jax.jit(jax.vmap(lambda key: law.sample(key=key)))(keys)
    identity = np.eye(8)
    assert standard_errors_off(moments.covariance, identity) < 5
    assert standard_errors_off((moments.covariance - identity) ** 2, (1 + identity) / num_weak) < 5
    pull = task.weak_vector - task.source_vector
    assert standard_errors_off(moments.residual, pull) < 5
    noise = moments.residual - moments.covariance @ pull
    assert standard_errors_off(jnp.sum(noise**2, axis=1), 0.25 * 8 / num_weak) < 5


def test_with_fewer_pairs_than_features_the_moment_has_their_rank() -> None:
    with jax.enable_x64(True):
        moments = MomentLaw.of(w2s.canonical_task(), 5).sample(key=jax.random.key(0))
        assert moments.covariance.dtype == jnp.float64
        spectrum = np.linalg.eigvalsh(np.asarray(moments.covariance))
    assert np.all(np.abs(spectrum[:3]) < 1e-12)
    assert np.all(spectrum[3:] > 1e-6)


def test_a_whole_path_of_ridges_from_one_draw_has_the_risks_of_drawn_data() -> None:
    task, num_weak, ridges = w2s.canonical_task(), 60, (0.1, 0.3, 1.0)
    students = [w2s.Ridge(ridge, num_weak=num_weak) for ridge in ridges]

    def risks(key, case):
        law, task, students = case
        moments = law.sample(key=key)
        return jnp.stack([task.excess_risk(each.fit_moments(task.source, moments)) for each in students])

    case = (MomentLaw.of(task, num_weak), task, students)
    values = w2s.replicate(risks, case, seed=3, start=0, stop=4096)
    frame = w2s.compare(task, {str(e.ridge): e for e in students}, replicates=4096, seed=4)
    errors = np.hypot(frame["risk_se"].to_numpy(), values.std(axis=0, ddof=1) / 64)
    assert np.max(np.abs(values.mean(axis=0) - frame["risk"].to_numpy()) / errors) < 5


def test_an_unknown_law_is_refused_in_one_line() -> None:
    for task, words in (
        (task_of(POINT, "uniform"), "UniformCube"),
        (task_of(POINT, w2s.Anisotropic(w2s.Rademacher(3), FACTOR)), "Anisotropic"),
        (task_of(POINT, law=w2s.LaplaceNoise()), "LaplaceNoise"),
    ):
        assert words in MomentLaw.why_unknown(task)
        with pytest.raises(w2s.InputError, match=words) as raised:
            MomentLaw.of(task, 10)
        assert "\n" not in str(raised.value)
    assert MomentLaw.why_unknown(task_of(MIXED)) == ""
    with pytest.raises(w2s.InputError, match="num_weak"):
        MomentLaw.of(task_of(POINT), 0)
    assert "RegressionModel" in MomentLaw.why_unknown(w2s.canonical_task().source)


def test_a_law_that_draws_otherwise_is_not_taken_for_normal() -> None:
    class Longer(w2s.Gaussian):
        def sample(self, num_inputs, *, key):
            return 2.0 * super().sample(num_inputs, key=key)

    assert w2s.Gaussian(3).normal_factor is not None
    assert Longer(3).normal_factor is None
