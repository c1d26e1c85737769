"""Weak supervisors: they know the target prior but label with an imperfect version of each concept."""

import abc
import math

import equinox as eqx
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, Key

from w2s_sim._checks import as_numbers, require_between, require_part, require_shape
from w2s_sim.concepts import RegressionModel
from w2s_sim.concepts.regression import means_under
from w2s_sim.errors import InputError
from w2s_sim.fields import entries, nonnegative, part
from w2s_sim.laws.noise import NOISE_LAWS, NoiseLaw, NormalNoise

# Two directions count as orthogonal if their cosine is below this tolerance (float32 rounding).
ORTHOGONALITY_TOLERANCE = 1e-4
# Relative threshold of the singular values that count towards the rank of the unit concept vectors.
SAME_SPAN = 1e-6
STRONG_MODEL = "the strong model, such as task.source"


class WeakSupervisor(eqx.Module):
    """A weak model that labels inputs with its own version of a given concept."""

    @abc.abstractmethod
    def sample_labels(
        self, inputs: Float[Array, "n d"], concepts: Int[Array, " n"], *, key: Key[Array, ""]
    ) -> Float[Array, " n"]:
        """Draw weak labels y'_i of the inputs x_i, each under its own concept."""


class RegressionSupervisor(WeakSupervisor):
    """The general weak model of regression concepts: labels y' = beta'_k^T x + sigma' e.

    Attributes:
        vectors: beta'_1..beta'_K, shape (K, d).
        noise: sigma' >= 0, in label units.
        law: Law of the noise e, of variance one; normal by default.

    Raises:
        InputError: If the noise is negative or a number is not finite.
    """

    vectors: Float[Array, "K d"] = eqx.field(converter=entries("weak.concepts", "(K, d)"))
    noise: Float[Array, ""] = eqx.field(converter=nonnegative("weak.noise"))
    law: NoiseLaw = eqx.field(default_factory=NormalNoise, converter=part("weak.law", NoiseLaw, NOISE_LAWS))

    def sample_labels(
        self, inputs: Float[Array, "n d"], concepts: Int[Array, " n"], *, key: Key[Array, ""]
    ) -> Float[Array, " n"]:
        means = means_under(inputs, self.vectors, concepts)
        return means + self.noise * self.law.sample(means.shape, key=key)


def noisy_supervisor(
    model: RegressionModel, noise: float, law: NoiseLaw | None = None
) -> RegressionSupervisor:
    """Build the noisy weak model: correct concepts, noisier labels (after arXiv 2405.16236).

    Args:
        model: The strong model whose concepts the weak model shares.
        noise: sigma' >= sigma, in label units.
        law: Law of the noise; by default that of the strong model.

    Raises:
        InputError: If sigma' < sigma.
    """
    require_part("model", model, RegressionModel, STRONG_MODEL)
    # Compare to six digits: in float32 the noise of the model may exceed the number that the user typed.
    require_between("weak.noise", noise, float(f"{float(np.asarray(model.noise)):.6g}"))
    return RegressionSupervisor(model.vectors, noise, model.law if law is None else law)


def biased_supervisor(
    model: RegressionModel,
    bias: float,
    noise: float,
    directions: Float[ArrayLike, "K d"] | None = None,
    law: NoiseLaw | None = None,
    scale: float = 1.0,
) -> RegressionSupervisor:
    """Build the biased weak model beta'_k = scale beta_k + kappa u_k.

    For orthogonal concepts this is the biased weak model of arXiv 2405.16236, which asks that beta'_k be
    orthogonal to every concept but its own.

    Args:
        model: The strong model whose concepts are shifted.
        bias: kappa >= 0, in label units.
        noise: sigma' >= 0, in label units.
        directions: u_1..u_K, shape (K, d), unit vectors orthogonal to every concept; by default the
            orthonormal vectors of `orthogonal_directions`.
        law: Law of the noise; by default that of the strong model.
        scale: Share of its own concept that beta'_k keeps; negative if it turns against it.

    Raises:
        InputError: If kappa is negative, the scale is not finite, the directions are not unit vectors
            orthogonal to all concepts, or R^d has too few dimensions for the default directions.
    """
    require_part("model", model, RegressionModel, STRONG_MODEL)
    require_between("weak.bias", bias, 0.0)
    require_between("weak.scale", scale, -math.inf, math.inf)
    if directions is None:
        units = orthogonal_directions(model.vectors)
    else:
        units = np.asarray(as_numbers("weak.directions", directions), np.float64)
    require_shape("weak.directions", units, model.vectors.shape, "one direction per concept")
    lengths = np.linalg.norm(units, axis=1)
    if not np.allclose(lengths, 1.0, atol=ORTHOGONALITY_TOLERANCE):
        raise InputError("weak.directions", f"lengths {np.round(lengths, 4)}", "unit vectors")
    cosine = float(np.abs(units @ _unit_rows(model.vectors).T).max())
    if cosine > ORTHOGONALITY_TOLERANCE:
        raise InputError("weak.directions", f"cosine {cosine:.4g}", "directions orthogonal to all concepts")
    vectors = scale * np.asarray(model.vectors, dtype=np.float64) + bias * units
    return RegressionSupervisor(vectors, noise, model.law if law is None else law)


def _unit_rows(vectors: Float[ArrayLike, "K d"]) -> Float[np.ndarray, "K d"]:
    """Normalise rows to length one, in float64; rows of zeros stay zero."""
    rows = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def orthogonal_directions(vectors: Float[ArrayLike, "K d"]) -> Float[np.ndarray, "K d"]:
    """Return K orthonormal directions orthogonal to every concept vector.

    Gram-Schmidt is applied to the projected standard basis vectors in order, so that concepts e_1..e_K get
    the directions e_{K+1}..e_{2K}.

    Raises:
        InputError: If the complement of the concepts in R^d has fewer than K dimensions.
    """
    concepts = _unit_rows(vectors)
    num_concepts, dim = concepts.shape
    _, singular_values, right = np.linalg.svd(concepts, full_matrices=True)
    rank = int(np.sum(singular_values > SAME_SPAN * singular_values.max(initial=0.0)))
    if dim - rank < num_concepts:
        raise InputError(
            "weak.kind",
            f"'biased' with {num_concepts} concepts of rank {rank} in dimension {dim}",
            f"dim >= {rank + num_concepts}, to hold {num_concepts} bias directions orthogonal to all "
            "concepts (or give weak.directions)",
        )
    complement = right[rank:].T @ right[rank:]
    directions: list[np.ndarray] = []
    for candidate in complement:
        residual = candidate - sum((np.dot(candidate, u) * u for u in directions), np.zeros(dim))
        length = np.linalg.norm(residual)
        if length > 1e-3:
            directions.append(residual / length)
        if len(directions) == num_concepts:
            break
    return np.stack(directions)
