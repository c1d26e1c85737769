"""Rounds of expectation-maximisation for the weights of a mixture, with two matrix-vector products each."""

import numpy as np
from jaxtyping import Float


def log_likelihood(num_rows: int, num_concepts: int, *, seed: int = 0) -> Float[np.ndarray, "n K"]:
    """Random log likelihoods in nats, with a spread of three nats, in float64."""
    return 3.0 * np.random.default_rng(seed).normal(size=(num_rows, num_concepts))


def em_rounds(
    prior: Float[np.ndarray, " K"], log_likelihood: Float[np.ndarray, "n K"], rounds: int
) -> Float[np.ndarray, " K"]:
    """Weights after some rounds, in the precision of the given arrays.

    Exponentials are computed once, relative to the largest of every row. BLAS computes the products, on as
    many threads as it was given (`OPENBLAS_NUM_THREADS`).
    """
    scaled = np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True))
    return em_rounds_of_scaled(prior, scaled, rounds)


def em_rounds_of_scaled(
    prior: Float[np.ndarray, " K"], scaled: Float[np.ndarray, "n K"], rounds: int
) -> Float[np.ndarray, " K"]:
    """The rounds alone, for likelihoods that are exponentiated already."""
    weight = scaled.dtype.type(1.0 / len(scaled))
    for _ in range(rounds):
        prior = prior * ((weight / (scaled @ prior)) @ scaled)
    return prior
