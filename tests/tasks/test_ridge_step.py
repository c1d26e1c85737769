"""Ridge by Cholesky's factor against the filter matrix, in value, derivative, and one by one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.estimators.finetune import DirectFinetuning, SpectralFinetuning
from w2s_sim.tasks.weak_moments import WeakMoments

DIM = 6
STUDENTS = {
    **{f"ridge {ridge:g}": w2s.Ridge(ridge, num_weak=9) for ridge in (0.0, 1e-9, 1e-4, 0.3, 100.0)},
    "least squares": w2s.LeastSquares(num_weak=9),
}
students = pytest.mark.parametrize("name", STUDENTS)


def source() -> w2s.RegressionModel:
    return w2s.RegressionModel([1.0], np.ones((1, DIM)), 0.5)


def moments(num_pairs: int, scale: float = 1.0, rank: int = DIM) -> WeakMoments:
    generator = np.random.default_rng(num_pairs)
    mixing = generator.normal(size=(rank, DIM))
    inputs = scale * generator.normal(size=(num_pairs, rank)) @ mixing
    return WeakMoments.of(
        w2s.WeakData(jnp.asarray(inputs), jnp.asarray(generator.normal(size=num_pairs))), jnp.zeros(DIM)
    )


def by_spectrum(student: DirectFinetuning, seen: WeakMoments) -> jax.Array:
    return SpectralFinetuning.fit_moments(student, source(), seen).coefficients


@pytest.mark.usefixtures("x64")
@students
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize(("num_pairs", "rank"), [(40, 6), (7, 6), (3, 6), (40, 2)])
def test_the_value_is_that_of_the_spectrum(name: str, num_pairs: int, rank: int, scale: float) -> None:
    student, seen = STUDENTS[name], moments(num_pairs, scale, rank)
    found = student.fit_moments(source(), seen).coefficients
    expected = by_spectrum(student, seen)
    size = float(jnp.max(jnp.abs(expected - 1.0)))
    np.testing.assert_allclose(found, expected, atol=1e-9 * max(1.0, size))


@students
@pytest.mark.parametrize("num_pairs", [3, 40])
def test_single_precision_is_as_good_as_by_the_spectrum(name: str, num_pairs: int) -> None:
    student, seen = STUDENTS[name], moments(num_pairs)
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda leaf: jnp.asarray(np.asarray(leaf, np.float64)), (student, seen))
        exact = np.asarray(by_spectrum(*wide))
    found = np.asarray(student.fit_moments(source(), seen).coefficients)
    error, by_peer = (
        np.max(np.abs(each - exact)) for each in (found, np.asarray(by_spectrum(student, seen)))
    )
    assert error <= max(4 * by_peer, 1e-5 * np.max(np.abs(exact)))


@pytest.mark.usefixtures("x64")
@students
@pytest.mark.parametrize("num_pairs", [3, 40])
def test_derivatives_are_those_of_the_spectrum(name: str, num_pairs: int) -> None:
    def loss(fit):
        return lambda pair: jnp.sum(fit(*pair) ** 2)

    pair = (STUDENTS[name], moments(num_pairs))
    found = jax.grad(loss(lambda s, m: s.fit_moments(source(), m).coefficients))(pair)
    expected = jax.grad(loss(by_spectrum))(pair)
    for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(
            ours, theirs, rtol=1e-8, atol=1e-8 * float(jnp.max(jnp.abs(theirs))) + 1e-12
        )


def test_a_replicate_does_not_depend_on_the_others() -> None:
    """A tile in which some replicates need the spectrum, and the same without them."""
    good, bad = moments(40), moments(3)
    together = jax.tree.map(lambda a, b: jnp.stack([a, b] * 4), good, bad)
    alone = jax.tree.map(lambda a: jnp.stack([a] * 8), good)
    fit = jax.jit(jax.vmap(lambda m: STUDENTS["ridge 0.0001"].fit_moments(source(), m).coefficients))
    assert np.array_equal(fit(together)[::2], fit(alone)[::2])
    np.testing.assert_allclose(fit(together)[1], by_spectrum(STUDENTS["ridge 0.0001"], bad), rtol=1e-4)


@pytest.mark.parametrize("ridge", [0.0, 1e-9, 0.3])
@pytest.mark.parametrize("num_pairs", [4, 60])
def test_compiled_tiles_of_singular_matrices_are_solved_too(ridge: float, num_pairs: int) -> None:
    """As studies compute them: XLA's minimum of a batch may leave out nan, which marks a failed factor."""
    task, student = w2s.canonical_task(), w2s.Ridge(ridge, num_weak=num_pairs)

    def errors(key: jax.Array) -> jax.Array:
        seen = WeakMoments.of(task.sample_weak(num_pairs, key=key), task.source.coefficients)
        found = student.fit_moments(task.source, seen).coefficients
        expected = SpectralFinetuning.fit_moments(student, task.source, seen).coefficients
        return jnp.max(jnp.abs(found - expected)) / jnp.max(jnp.abs(expected))

    found = np.asarray(jax.jit(jax.vmap(errors))(jax.random.split(jax.random.key(0), 512)))
    assert np.all(np.isfinite(found))
    # The solution of a nearly singular matrix has few digits in float32.
    assert np.quantile(found, 0.99) < 1e-2
