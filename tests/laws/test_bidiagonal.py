"""The spectrum from the bidiagonal matrix against that of drawn inputs, and its traces against NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.estimators.finetune import SpectralFinetuning
from w2s_sim.laws.bidiagonal import WishartSpectrum

SIZES = [(1, 1), (1, 6), (6, 1), (4, 4), (3, 12), (12, 3)]
REPLICATES = 20_000


def bidiagonal(spectrum: WishartSpectrum) -> np.ndarray:
    """B itself, upper bidiagonal, over sqrt(n)."""
    return np.diag(np.sqrt(spectrum.diagonal)) + np.diag(np.sqrt(spectrum.beside), 1)


def by_numpy(spectrum: WishartSpectrum, gain) -> tuple[np.floating, ...]:
    """The traces from all d singular values of B."""
    values = np.zeros(spectrum.dim)
    values[: len(spectrum.diagonal)] = np.linalg.svd(bidiagonal(spectrum), compute_uv=False) ** 2
    safe = np.where(values > 0, values, 1.0)
    taken = np.where(values > 0, np.asarray(gain(jnp.asarray(safe))), 0.0)
    noise = np.sum(taken**2 / safe) / spectrum.num_inputs
    return np.mean((1 - taken) ** 2), np.mean(taken * (1 - taken)), np.mean(taken**2), noise


def estimators(num_weak: int) -> dict[str, SpectralFinetuning]:
    return {
        "least squares": w2s.LeastSquares(num_weak=num_weak),
        "ridge": w2s.Ridge(0.3, num_weak=num_weak),
        "small ridge": w2s.Ridge(1e-4, num_weak=num_weak),
        "large ridge": w2s.Ridge(1e4, num_weak=num_weak),
        "gradient descent": w2s.GradientDescent(7, 0.2, num_weak=num_weak),
        "cutoff": w2s.SpectralCutoff(0.8, num_weak=num_weak),
        "mixed ridge": w2s.LabelMixing(w2s.Ridge(0.3, num_weak=num_weak), 0.4),
        "mixed twice": w2s.LabelMixing(
            w2s.LabelMixing(w2s.GradientDescent(7, 0.2, num_weak=num_weak), 0.4), 0.2
        ),
    }


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("dim", "num_weak"), SIZES)
def test_traces_are_those_of_the_singular_values(dim: int, num_weak: int) -> None:
    spectrum = WishartSpectrum.draw(dim, num_weak, key=jax.random.key(dim))
    for name, estimator in estimators(num_weak).items():
        expected = by_numpy(spectrum, estimator.gain)
        for found in (estimator.gain_traces(spectrum), SpectralFinetuning.gain_traces(estimator, spectrum)):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10, err_msg=name)


@pytest.mark.parametrize(("dim", "num_weak"), [*SIZES, (32, 32), (100, 120)])
def test_single_precision_is_enough_for_every_ridge(dim: int, num_weak: int) -> None:
    """The route of eigenvalues loses the smallest ones of a square matrix; the recursion does not."""
    spectrum = WishartSpectrum.draw(dim, num_weak, key=jax.random.key(dim))
    ridges = [0.0, 1e-6, 1e-3, 0.1, 1.0, 30.0, 1e4, 1e8]
    found = [spectrum.ridge_traces(jnp.asarray(ridge)) for ridge in ridges]
    with jax.enable_x64(True):
        precise = WishartSpectrum(
            jnp.asarray(np.asarray(spectrum.diagonal, np.float64)),
            jnp.asarray(np.asarray(spectrum.beside, np.float64)),
            dim,
            num_weak,
        )
        expected = [precise.ridge_traces(jnp.asarray(ridge)) for ridge in ridges]
        np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=2e-5)


@pytest.mark.parametrize(("dim", "num_weak"), SIZES)
def test_the_spectrum_has_the_law_of_that_of_drawn_inputs(dim: int, num_weak: int) -> None:
    keys = jax.random.split(jax.random.key(1), REPLICATES)
    spectra = jax.vmap(lambda key: WishartSpectrum.draw(dim, num_weak, key=key).eigenvalues)(keys)
    inputs = np.random.default_rng(2).normal(size=(REPLICATES, num_weak, dim))
    peers = np.linalg.eigvalsh(np.swapaxes(inputs, 1, 2) @ inputs / num_weak)[:, -min(dim, num_weak) :]

    def functionals(values: np.ndarray) -> np.ndarray:
        powers = [np.sum(values**power, axis=1) for power in (1, 2, 3)]
        resolvents = [np.sum(1 / (values + ridge), axis=1) for ridge in (0.1, 1.0)]
        means = np.stack([*powers, *resolvents, values.min(axis=1), values.max(axis=1)], axis=1)
        return np.concatenate([means, means**2], axis=1)

    ours, theirs = functionals(np.asarray(spectra, np.float64)), functionals(peers)
    errors = np.sqrt((ours.var(axis=0, ddof=1) + theirs.var(axis=0, ddof=1)) / REPLICATES)
    assert np.max(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / errors) < 5


@pytest.mark.parametrize(("dim", "num_weak"), SIZES)
def test_moments_are_those_of_wishart(dim: int, num_weak: int, standard_errors_off) -> None:
    """E tr S = d, and E tr S^2 = d (1 + (d + 1) / n)."""
    keys = jax.random.split(jax.random.key(3), REPLICATES)
    spectra = jax.vmap(lambda key: WishartSpectrum.draw(dim, num_weak, key=key))(keys)
    main = spectra.diagonal + jnp.pad(spectra.beside, ((0, 0), (1, 0)))
    assert standard_errors_off(jnp.sum(main, axis=1), dim) < 5
    squares = jnp.sum(main**2, axis=1) + 2 * jnp.sum(spectra.diagonal[:, :-1] * spectra.beside, axis=1)
    assert standard_errors_off(squares, dim * (1 + (dim + 1) / num_weak)) < 5
