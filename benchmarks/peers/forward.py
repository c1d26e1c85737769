"""Log likelihoods of hidden Markov models by hmmlearn, document by document."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

Parameters = Sequence[np.ndarray]


def example(
    documents: int, tokens: int, concepts: int, states: int, symbols: int = 32
) -> tuple[tuple[np.ndarray, ...], Int[np.ndarray, "n L"]]:
    """Draw models (initial, transition, emission) and documents of uniform symbols, in float32."""
    generator = np.random.default_rng(0)
    initial = generator.dirichlet(np.ones(states), concepts)
    transition = generator.dirichlet(np.ones(states), (concepts, states))
    emission = generator.dirichlet(np.ones(symbols), (concepts, states))
    parameters = tuple(part.astype(np.float32) for part in (initial, transition, emission))
    return parameters, generator.integers(0, symbols, (documents, tokens))


def models_of(parameters: Any) -> list[Any]:
    """Return hmmlearn's model of every concept. hmmlearn computes in float64."""
    from hmmlearn.hmm import CategoricalHMM

    models = []
    for parts in zip(*(np.asarray(part, np.float64) for part in parameters), strict=True):
        model = CategoricalHMM(n_components=len(parts[0]))
        rows = [part / part.sum(axis=-1, keepdims=True) for part in parts]
        model.startprob_, model.transmat_, model.emissionprob_ = rows
        model.n_features = rows[2].shape[1]
        models.append(model)
    return models


def log_likelihoods(parameters: Parameters, documents: Int[np.ndarray, "n L"]) -> Float[np.ndarray, "n K"]:
    """Score every document under every model."""
    models = models_of(parameters)
    return np.array([[model.score(document[:, None]) for model in models] for document in documents])
