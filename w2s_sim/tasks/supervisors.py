"""The weak side: supervisors that know which concept is wanted, and show it imperfectly."""

import abc

import equinox as eqx
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int, Key

from w2s_sim._checks import as_numbers, require_between, require_part, require_shape
from w2s_sim.concepts import RegressionModel
from w2s_sim.concepts.regression import means_under
from w2s_sim.errors import InputError
from w2s_sim.fields import entries, nonnegative, part
from w2s_sim.laws.noise import NOISE_LAWS, NoiseLaw, NormalNoise

# Two directions count as orthogonal when their cosine is below this (float32 rounding).
ORTHOGONALITY_TOLERANCE = 1e-4
# Of unit vectors: a singular value below this share of the largest adds no direction.
SAME_SPAN = 1e-6
STRONG_MODEL = "the strong model, such as task.source"


class WeakSupervisor(eqx.Module):
    """Labels inputs with the weak version of a given concept."""

    @abc.abstractmethod
    def sample_labels(
        self, inputs: Float[Array, "n d"], concepts: Int[Array, " n"], *, key: Key[Array, ""]
    ) -> Float[Array, " n"]:
        """Weak labels y'_i of inputs x_i, each with its own concept."""


class RegressionSupervisor(WeakSupervisor):
    """Weak labels y' = beta'_k^T x + sigma' e: the general weak model of regression concepts.

    Attributes:
        vectors: beta'_1..beta'_K, shape (K, d).
        noise: sigma' >= 0, in label units.
        law: Law of the noise e, scaled to variance one; normal unless another is given.

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
    """The noisy weak model: the right concepts, noisier labels (arXiv 2405.16236, Assumption 2.1).

    Args:
        model: The strong model whose concepts the weak one shares.
        noise: sigma', at least the strong model's sigma.
        law: Law of the noise; the strong model's when left out.

    Raises:
        InputError: If sigma' < sigma.
    """
    require_part("model", model, RegressionModel, STRONG_MODEL)
    # To six digits: the model's own noise is a float32, which may lie above the number as it was typed.
    require_between("weak.noise", noise, float(f"{float(np.asarray(model.noise)):.6g}"))
    return RegressionSupervisor(model.vectors, noise, model.law if law is None else law)


def biased_supervisor(
    model: RegressionModel,
    bias: float,
    noise: float,
    directions: Float[ArrayLike, "K d"] | None = None,
    law: NoiseLaw | None = None,
) -> RegressionSupervisor:
    """The biased weak model beta'_k = beta_k + kappa u_k (arXiv 2405.16236, Assumption 2.1).

    Args:
        model: The strong model whose concepts are shifted.
        bias: kappa >= 0, in label units.
        noise: sigma' >= 0, in label units.
        directions: u_1..u_K, shape (K, d), unit vectors orthogonal to every concept; by default
            orthonormal as well, taken from `orthogonal_directions`.
        law: Law of the noise; the strong model's when left out.

    Raises:
        InputError: If kappa is negative, or the directions are not unit or not orthogonal to the
            concepts, or there is no room for them.
    """
    require_part("model", model, RegressionModel, STRONG_MODEL)
    require_between("weak.bias", bias, 0.0)
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
    vectors = np.asarray(model.vectors, dtype=np.float64) + bias * units
    return RegressionSupervisor(vectors, noise, model.law if law is None else law)


def _unit_rows(vectors: Float[ArrayLike, "K d"]) -> Float[np.ndarray, "K d"]:
    """Rows of length one in float64, whatever their unit; rows of zeros stay."""
    rows = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def orthogonal_directions(vectors: Float[ArrayLike, "K d"]) -> Float[np.ndarray, "K d"]:
    """K orthonormal directions orthogonal to every concept vector.

    Standard basis vectors are swept by Gram-Schmidt in their order, so that concepts e_1..e_K get the
    directions e_{K+1}..e_{2K}.

    Raises:
        InputError: If R^d has fewer than K dimensions left.
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
