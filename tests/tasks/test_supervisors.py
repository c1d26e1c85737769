"""Weak supervisors: where their concepts lie, and how they label."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.tasks.supervisors import (
    RegressionSupervisor,
    biased_supervisor,
    noisy_supervisor,
    orthogonal_directions,
)


def make_model(vectors: np.ndarray, noise: float = 0.5) -> RegressionModel:
    count = len(vectors)
    return RegressionModel(
        prior=jnp.full(count, 1 / count), vectors=jnp.asarray(vectors), noise=jnp.asarray(noise)
    )


@pytest.mark.parametrize("noise", [0.5, 0.8])
def test_noisy_supervisor_keeps_the_concepts_and_takes_the_noise(noise: float) -> None:
    vectors = np.array([[1.0, 0.5], [0.0, -2.0]])
    supervisor = noisy_supervisor(make_model(vectors), noise)
    np.testing.assert_array_equal(supervisor.vectors, vectors)
    assert float(supervisor.noise) == pytest.approx(noise, rel=1e-6)


@pytest.mark.parametrize(
    "noise",
    [
        0.7,
        0.1,
        0.3,
        1.1,
    ],
)
def test_noisy_supervisor_may_be_as_noisy_as_the_model(noise: float) -> None:
    """Also where the model's float32 noise is rounded up, past the number as it was typed."""
    noisy_supervisor(make_model(np.eye(2), noise), noise)


@pytest.mark.parametrize("noise", [0.4, 0.0, -1.0, np.nan, np.inf])
def test_noisy_supervisor_is_no_less_noisy_than_the_model(noise: float) -> None:
    with pytest.raises(InputError, match=r"^weak\.noise: .*finite number >= 0\.5"):
        noisy_supervisor(make_model(np.eye(2)), noise)


@pytest.mark.usefixtures("x64")
def test_default_directions_of_basis_concepts_are_the_next_basis_vectors() -> None:
    basis = np.eye(8)
    np.testing.assert_allclose(orthogonal_directions(jnp.asarray(basis[:4])), basis[4:], atol=1e-12)
    # With room to spare the first free ones are taken.
    np.testing.assert_allclose(orthogonal_directions(jnp.asarray(basis[:3])), basis[3:6], atol=1e-12)
    supervisor = biased_supervisor(make_model(basis[:4]), 0.7, 0.25)
    np.testing.assert_allclose(supervisor.vectors, basis[:4] + 0.7 * basis[4:], atol=1e-12)
    assert float(supervisor.noise) == 0.25


@given(
    num_concepts=st.integers(1, 5),
    missing_rank=st.integers(0, 4),
    spare=st.integers(0, 3),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_default_directions_are_orthonormal_and_orthogonal_to_any_concepts(
    num_concepts: int, missing_rank: int, spare: int, seed: int
) -> None:
    """Linearly dependent concepts leave more room: their rank counts, not their number."""
    rank = max(num_concepts - missing_rank, 1)
    generator = np.random.default_rng(seed)
    dim = rank + num_concepts + spare
    factors = generator.normal(size=(num_concepts, rank)), generator.normal(size=(rank, dim))
    with jax.enable_x64(True):
        vectors = jnp.asarray(factors[0] @ factors[1])
        directions = orthogonal_directions(vectors)
    np.testing.assert_allclose(directions @ directions.T, np.eye(num_concepts), atol=1e-10)
    np.testing.assert_allclose(directions @ np.asarray(vectors).T, 0.0, atol=1e-10)


def test_biased_supervisor_takes_directions_as_given() -> None:
    directions = np.array([[0.0, 0.0, 0.6, 0.8], [0.0, 0.0, 0.6, 0.8]])
    supervisor = biased_supervisor(make_model(np.eye(2, 4)), 0.5, 0.0, directions)
    np.testing.assert_allclose(supervisor.vectors, np.eye(2, 4) + 0.5 * directions, rtol=1e-6)


@pytest.mark.parametrize(("num_concepts", "dim"), [(4, 7), (3, 3), (1, 1)])
def test_too_little_room_for_directions_is_refused(num_concepts: int, dim: int) -> None:
    with pytest.raises(InputError, match=rf"dim >= {2 * num_concepts}\b") as caught:
        biased_supervisor(make_model(np.eye(num_concepts, dim)), 0.7, 0.5)
    assert caught.value.field == "weak.kind"


@pytest.mark.parametrize(
    ("directions", "expected"),
    [
        ([[0.0, 0.0, 1.1], [0.0, 0.0, 1.0]], "unit vectors"),
        ([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]], "unit vectors"),
        ([[0.0, 0.0, np.nan], [0.0, 0.0, 1.0]], "unit vectors"),
        ([[0.0, 0.6, 0.8], [0.0, 0.0, 1.0]], "orthogonal to all concepts"),
        ([[0.0, 0.0, 1.0]], "one direction per concept"),
    ],
    ids=["long", "zero", "nan", "oblique", "too few"],
)
def test_bad_directions_are_refused(directions: list[list[float]], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        biased_supervisor(make_model(np.eye(2, 3)), 0.7, 0.5, np.asarray(directions))
    assert caught.value.field == "weak.directions"
    assert expected in caught.value.expected


@pytest.mark.parametrize(
    "scale",
    [
        1e-5,
        1.0,
        1e5,
    ],
)
def test_what_counts_as_orthogonal_does_not_depend_on_the_length_of_concepts(scale: float) -> None:
    along = np.eye(1, 2)
    with pytest.raises(InputError, match="orthogonal"):
        biased_supervisor(make_model(scale * along), 0.7, 0.5, along)


@pytest.mark.parametrize("bias", [-0.1, np.nan, np.inf])
def test_bad_bias_is_refused(bias: float) -> None:
    with pytest.raises(InputError, match=r"^weak\.bias"):
        biased_supervisor(make_model(np.eye(2, 4)), bias, 0.5)


@pytest.mark.parametrize("noise", [-0.1, np.nan])
def test_bad_noise_of_a_general_supervisor_is_refused(noise: float) -> None:
    with pytest.raises(InputError, match=r"^weak\.noise"):
        RegressionSupervisor(jnp.eye(2), jnp.asarray(noise))
    with pytest.raises(InputError, match=r"^weak\.concepts: .*finite"):
        RegressionSupervisor(jnp.full((2, 2), jnp.nan), jnp.asarray(0.5))


def test_labels_have_the_mean_and_variance_of_the_weak_concept(
    standard_errors_off: Callable[..., float],
) -> None:
    count = 40_000
    supervisor = biased_supervisor(make_model(np.eye(2, 4)), 0.7, 0.3)
    weak_vectors = np.array([[1.0, 0.0, 0.7, 0.0], [0.0, 1.0, 0.0, 0.7]])
    inputs = np.random.default_rng(0).normal(size=(count, 4)).astype(np.float32)
    concepts = np.arange(count) % 2
    labels = supervisor.sample_labels(jnp.asarray(inputs), jnp.asarray(concepts), key=jax.random.key(0))
    residuals = np.asarray(labels) - np.sum(inputs * weak_vectors[concepts], axis=1)
    for k in range(2):
        own = residuals[concepts == k]
        assert standard_errors_off(np.stack([own, own**2], axis=1), [0.0, 0.09]) < 5
