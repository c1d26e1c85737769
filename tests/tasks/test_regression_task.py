"""Transfer tasks: their vectors, exact risks, and how weak data are drawn."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.errors import InputError
from w2s_sim.laws.features import Anisotropic, FeatureLaw, Gaussian, UniformCube
from w2s_sim.students import LinearStudent
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.tasks.task import WeakData

pytestmark = pytest.mark.usefixtures("x64")

MIXED_PRIOR = [0.5, 0.3, 0.2]
FACTOR = np.array([[1.5, 0.2, 0.0], [-0.4, 0.7, 0.3], [0.1, 0.0, 2.0]])


def mixed_task(features: str | FeatureLaw = "gaussian", weak_noise: float = 0.0) -> TransferTask:
    """Three concepts in three dimensions, none orthogonal to another, a mixed target."""
    return regression_task(
        3,
        3,
        source_prior=[0.2, 0.2, 0.6],
        target_prior=MIXED_PRIOR,
        features=features,
        concepts=[[1.0, 0.0, 0.0], [0.5, 1.0, 0.0], [0.0, -1.0, 2.0]],
        supervisor=RegressionSupervisor(
            jnp.asarray([[1.2, 0.0, 0.1], [0.5, 0.8, 0.0], [0.3, -1.0, 1.0]]), jnp.asarray(weak_noise)
        ),
    )


def concepts_shown(task: TransferTask, data: WeakData) -> np.ndarray:
    """The concept of each pair, told from labels without noise."""
    means = np.asarray(data.inputs) @ np.asarray(task.supervisor.vectors).T
    misfit = np.sort(np.abs(np.asarray(data.labels)[:, None] - means), axis=1)
    assert misfit[:, 0].max(initial=0.0) < 1e-12
    # No second concept explains a label, so that the first is identified.
    assert misfit[:, 1].min(initial=1.0) > 1e-8
    return np.argmin(np.abs(np.asarray(data.labels)[:, None] - means), axis=1)


def test_canonical_task_has_the_numbers_of_the_documentation() -> None:
    task = canonical_task()
    assert (task.dim, task.num_concepts, int(task.target_concept)) == (8, 4, 3)
    assert task.has_point_mass_target
    unaligned = task.excess_risk(LinearStudent(task.source_vector))
    np.testing.assert_allclose([unaligned, task.weak_risk], [1.145, 0.49], rtol=1e-10)
    np.testing.assert_allclose(task.source_vector, [0.5, 0.25, 0.15, 0.1, 0, 0, 0, 0], rtol=1e-10)
    np.testing.assert_allclose(task.target_vector, np.eye(8)[3], rtol=1e-10)
    np.testing.assert_allclose(task.weak_vector, np.eye(8)[3] + 0.7 * np.eye(8)[7], atol=1e-12)
    np.testing.assert_allclose(task.target.prior, [0, 0, 0, 1], rtol=1e-10)
    assert float(task.source.noise) == float(task.supervisor.noise) == 0.5


@pytest.mark.parametrize("factor", [None, FACTOR], ids=["isotropic", "anisotropic"])
def test_excess_risk_is_what_the_student_loses_in_prediction(
    factor: np.ndarray | None, standard_errors_off: Callable[..., float]
) -> None:
    """Squared error on labels of the target, less that of its best predictor beta_Q."""
    law = UniformCube(3) if factor is None else Anisotropic(UniformCube(3), jnp.asarray(factor))
    task = mixed_task(law)
    assert not task.has_point_mass_target
    inputs = law.sample(100_000, key=jax.random.key(0))
    labels = task.target.sample_predictive(inputs, jnp.log(task.target_prior), key=jax.random.key(1))
    best = np.asarray(labels - LinearStudent(task.target_vector).predict(inputs)) ** 2
    for coefficients, risk in (
        (jnp.asarray([0.1, -0.5, 1.0]), task.excess_risk(LinearStudent(jnp.asarray([0.1, -0.5, 1.0])))),
        (task.weak_vector, task.weak_risk),
    ):
        own = np.asarray(labels - LinearStudent(coefficients).predict(inputs)) ** 2
        assert standard_errors_off(own - best, risk) < 5
    assert float(task.excess_risk(LinearStudent(task.target_vector))) == 0.0


def test_excess_risk_is_the_norm_of_the_covariance() -> None:
    task = mixed_task(Anisotropic(Gaussian(3), jnp.asarray(FACTOR)))
    coefficients = np.array([0.1, -0.5, 1.0])
    error = coefficients - np.array([0.65, 0.1, 0.4])
    expected = np.linalg.norm(FACTOR.T @ error) ** 2
    np.testing.assert_allclose(
        task.excess_risk(LinearStudent(jnp.asarray(coefficients))), expected, rtol=1e-10
    )


@pytest.mark.parametrize("context_size", [1, 4])
def test_pairs_of_a_context_share_one_concept(
    context_size: int, standard_errors_off: Callable[..., float]
) -> None:
    """Across contexts concepts are fresh draws of the target prior; within one there is a single draw."""
    task = mixed_task()
    num_contexts = 8_000
    data = task.sample_weak(4 * num_contexts, context_size=context_size, key=jax.random.key(3))
    shown = np.eye(3)[concepts_shown(task, data)].reshape(num_contexts, 4, 3)
    shares = shown.mean(axis=1)
    prior = np.asarray(MIXED_PRIOR)
    assert standard_errors_off(shares, prior) < 5
    variance = prior * (1 - prior) / (1 if context_size == 4 else 4)
    assert standard_errors_off((shares - prior) ** 2, variance) < 5
    if context_size == 4:
        np.testing.assert_array_equal(shares.max(axis=1), 1.0)
    # Neighbouring contexts know nothing of one another.
    together = (shares[::2] - prior) * (shares[1::2] - prior)
    assert standard_errors_off(together, np.zeros(3)) < 5


def test_the_last_context_may_be_cut_short() -> None:
    task = mixed_task()
    data = task.sample_weak(11, context_size=4, key=jax.random.key(5))
    shown = concepts_shown(task, data)
    assert data.inputs.shape == (11, 3)
    assert [len(set(context)) for context in (shown[:4], shown[4:8], shown[8:])] == [1, 1, 1]
    whole = task.sample_weak(11, context_size=50, key=jax.random.key(5))
    assert len(set(concepts_shown(task, whole))) == 1


def test_weak_data_depend_on_the_key_alone() -> None:
    task = mixed_task(weak_noise=0.5)
    first, again, other = (task.sample_weak(11, key=jax.random.key(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.inputs, again.inputs)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert not np.any(np.asarray(first.inputs) == np.asarray(other.inputs))
    assert not np.any(np.asarray(first.labels) == np.asarray(other.labels))
    np.testing.assert_array_equal(first[1:3].labels, np.asarray(first.labels)[1:3])


@pytest.mark.parametrize("context_size", [1, 3])
def test_no_pairs_are_fine(context_size: int) -> None:
    data = canonical_task().sample_weak(0, context_size=context_size, key=jax.random.key(0))
    assert (data.inputs.shape, data.labels.shape) == ((0, 8), (0,))


@pytest.mark.parametrize(("field", "value"), [("num_weak", -1), ("num_weak", 2.5), ("context_size", 0)])
def test_bad_sizes_of_weak_data_are_refused(field: str, value: Any) -> None:
    sizes = {"num_weak": 4, "context_size": 1} | {field: value}
    # The type checker of the tests would refuse 2.5 first: jit's static arguments are not checked.
    with pytest.raises((InputError, TypeError), match=field):
        canonical_task().sample_weak(**sizes, key=jax.random.key(0))


GOOD: dict[str, Any] = {
    "dim": 4,
    "num_concepts": 2,
    "source_prior": [0.5, 0.5],
    "target_prior": [0.0, 1.0],
}


@pytest.mark.parametrize(
    ("changed", "field", "expected"),
    [
        ({"dim": 0}, "dim", "whole number >= 1"),
        ({"num_concepts": 0}, "num_concepts", "whole number >= 1"),
        ({"features": "cauchy"}, "features", "gaussian, uniform, rademacher, cube"),
        ({"features": Gaussian(3)}, "features", "dimension 4"),
        ({"dim": 1}, "num_concepts", "num_concepts <= dim"),
        ({"concepts": [[1.0, 0.0, 0.0, 0.0]]}, "concepts", "shape (2, 4) (num_concepts x dim)"),
        ({"concepts": [[1.0, 0.0], [0.0, 1.0]]}, "concepts", "shape (2, 4) (num_concepts x dim)"),
        ({"concepts": [[1.0, 0.0, 0.0, 0.0], [0.0, np.nan, 0.0, 0.0]]}, "concepts", "finite"),
        ({"source_prior": [1.0]}, "source_prior", "shape (2,) (one weight per concept)"),
        ({"source_prior": [0.5, 0.6]}, "source_prior", "sum to 1"),
        ({"source_prior": [1.5, -0.5]}, "source_prior", "weights >= 0"),
        ({"source_prior": [np.nan, 1.0]}, "source_prior", "finite"),
        ({"target_prior": [0.2, 0.3, 0.5]}, "target_prior", "shape (2,) (one weight per concept)"),
        ({"target_prior": [0.5, 0.4]}, "target_prior", "sum to 1"),
        ({"target_prior": [-0.5, 1.5]}, "target_prior", "weights >= 0"),
        ({"noise": 0.0}, "noise", "> 0"),
        ({"noise": -1.0}, "noise", "> 0"),
        ({"weak_noise": -0.1}, "weak.noise", ">= 0"),
        ({"bias": -0.7}, "weak.bias", ">= 0"),
        ({"dim": 3}, "weak.kind", "dim >= 4"),
        (
            {"supervisor": RegressionSupervisor(np.eye(3, 4, dtype=np.float32), 0.5)},
            "weak.concepts",
            "shape (2, 4)",
        ),  # pyright: ignore[reportArgumentType]
    ],
    ids=lambda value: str(value) if isinstance(value, dict) and "supervisor" not in value else None,
)
def test_bad_task_is_refused_by_field(changed: dict[str, Any], field: str, expected: str) -> None:
    regression_task(**GOOD)
    with pytest.raises(InputError) as caught:
        regression_task(**(GOOD | changed))
    assert caught.value.field == field
    assert expected in str(caught.value)
    assert str(caught.value).startswith(f"{field}: got ")
