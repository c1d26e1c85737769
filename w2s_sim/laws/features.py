"""Laws of the features x in R^d. The laws of this module are centred, with covariance Sigma = E[x x^T]."""

import abc
import math
from collections.abc import Callable
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Complex, Float, Key

from w2s_sim._checks import (
    as_float,
    as_numbers,
    described,
    require_finite,
    require_part,
    require_shape,
)
from w2s_sim.errors import InputError, not_among
from w2s_sim.fields import entries, whole

# Allowed error of the entries of a covariance, relative to the largest entry: covariances typed in by hand or
# estimated in single precision are not exactly symmetric and positive semidefinite.
COVARIANCE_TOLERANCE = 1e-5
# The "expected" part of errors about `Anisotropic`.
TRANSFORMED = "a law and a matrix, as in Anisotropic(Gaussian(3), A); tasks also accept features=covariance"
# Largest number of quadrature points in a grid.
LARGEST_GRID = 2**16


class FeatureLaw(eqx.Module):
    """A law of x in R^d with known second moments and moment generating function.

    To add a law, write a subclass. Some theorems need properties beyond these moments; the subclass declares
    them. A property that is not declared counts as unknown, and cases that need it are not judged.

    Attributes:
        dim: d >= 1.
        isotropic: Whether Sigma = I.
        sign_permutation_symmetric: Whether x has the law of Qx for every signed permutation Q. Sigma is then
            a multiple of I.
        independent_coordinates: Whether the coordinates are independent and identically distributed. A
            subclass that overrides `sample` must declare this property again, otherwise it becomes False:
            r z with a random length r can have the two properties above without this one. The same holds for
            `normal_factor`.
    """

    dim: eqx.AbstractVar[int]
    isotropic: ClassVar[bool] = False
    sign_permutation_symmetric: ClassVar[bool] = False
    independent_coordinates: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "sample" in vars(cls) and "independent_coordinates" not in vars(cls):
            cls.independent_coordinates = False
        if "sample" in vars(cls) and "normal_factor" not in vars(cls):
            # Set by name: a type checker would take the assignment for one to an instance.
            setattr(cls, "normal_factor", FeatureLaw.normal_factor)  # noqa: B010

    @property
    def normal_factor(self) -> Float[Array, "d d"] | None:
        """A if x = A z with standard normal z in R^d; None if x is not normal, or not known to be."""
        return None

    @property
    def has_equal_variances(self) -> bool:
        """Whether Sigma is known to be a multiple of I."""
        return self.isotropic or self.sign_permutation_symmetric

    @property
    def excess_kurtosis(self) -> float | None:
        """kappa_4 = E x_1^4 - 3 of independent coordinates of variance one; None if unknown."""
        return None

    @property
    def largest_atom(self) -> float | None:
        """Largest probability of a single value of a coordinate; 0 for a bounded density, None if unknown."""
        return None

    @property
    def moment_order(self) -> float:
        """p such that E||x||^q is finite for every q < p; by default 2, because Sigma is finite."""
        return 2.0

    def has_inverse_moments(self, num_inputs: int, rank: int, degree: int = 1) -> bool:
        """Whether E[lambda^-2] is finite, lambda the smallest positive eigenvalue of sum_i v_i v_i^T.

        Args:
            num_inputs: n, the number of independent draws x_i of this law.
            rank: Dimension of the span of the vectors v_i.
            degree: Degree of v_i as a polynomial in x_i, with linearly independent coordinates.

        Returns:
            True only where finiteness is known.

        Source: Theorem `naive-floor`, remark 5.
        """
        return False

    @abc.abstractmethod
    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        """Draw `num_inputs` independent inputs, one per row."""

    @abc.abstractmethod
    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        """E exp(w^T x) for complex w of shape (..., d); imaginary w gives the characteristic function."""

    @property
    @abc.abstractmethod
    def covariance(self) -> Float[Array, "d d"]:
        """Second-moment matrix Sigma = E[x x^T]."""

    @abc.abstractmethod
    def quadrature(self, num_nodes: int) -> tuple[Float[Array, "nodes d"], Float[Array, " nodes"]]:
        """Quadrature points and weights with sum_m w_m f(x_m) = E f(x) for polynomials f of low degree.

        Args:
            num_nodes: Nodes per coordinate; exact up to degree 2 num_nodes - 1 in each coordinate.

        Raises:
            InputError: If there are more than 65,536 points.
        """


class _ProductLaw(FeatureLaw):
    """Independent coordinates with a symmetric law of unit variance.

    The laws draw along one axis and reshape: XLA's CPU compiler vectorises that for every d, and two axes
    only if d is a multiple of a register (d = 9 takes four times as long). The numbers are the same.

    Attributes:
        dim: d >= 1.
    """

    dim: int = eqx.field(static=True, converter=whole("dim"))
    isotropic: ClassVar[bool] = True
    sign_permutation_symmetric: ClassVar[bool] = True

    @property
    def moment_order(self) -> float:
        """Infinite: all moments are finite."""
        return math.inf

    def has_inverse_moments(self, num_inputs: int, rank: int, degree: int = 1) -> bool:
        """A condition on n, the rank and the degree, for coordinates without atoms.

        It holds for log-concave densities, which all product laws of this module without atoms have.
        """
        if self.largest_atom != 0.0:
            return False
        return num_inputs > degree * (rank + 3) or (degree == 1 and num_inputs < rank - 3)

    @property
    def covariance(self) -> Float[Array, "d d"]:
        return as_float(np.eye(self.dim))

    @staticmethod
    @abc.abstractmethod
    def axis_rule(num_nodes: int) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        """Quadrature nodes and weights of one coordinate."""

    def quadrature(self, num_nodes: int) -> tuple[Float[Array, "nodes d"], Float[Array, " nodes"]]:
        nodes, weights = self.axis_rule(num_nodes)
        if len(nodes) ** self.dim > LARGEST_GRID:
            given = f"{self.dim} coordinates of {len(nodes)} quadrature nodes each"
            raise InputError("features", given, f"at most {LARGEST_GRID:,} nodes in all")
        grid = np.meshgrid(*[nodes] * self.dim, indexing="ij")
        products = np.meshgrid(*[weights] * self.dim, indexing="ij")
        points = np.stack([axis.ravel() for axis in grid], axis=1)
        return as_float(points), as_float(np.prod(np.stack(products), axis=0).ravel())


class Gaussian(_ProductLaw):
    """Standard normal features, x ~ N(0, I_d)."""

    independent_coordinates: ClassVar[bool] = True

    @property
    def excess_kurtosis(self) -> float:
        return 0.0

    @property
    def largest_atom(self) -> float:
        return 0.0

    @property
    def normal_factor(self) -> Float[Array, "d d"]:
        return self.covariance

    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        return jax.random.normal(key, (num_inputs * self.dim,)).reshape(num_inputs, self.dim)

    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        return jnp.exp(0.5 * jnp.sum(argument**2, axis=-1))

    @staticmethod
    def axis_rule(num_nodes: int) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        nodes, weights = np.polynomial.hermite_e.hermegauss(num_nodes)
        return nodes, weights / weights.sum()


class UniformCube(_ProductLaw):
    """Coordinates uniform on [-sqrt(3), sqrt(3)], so that each has variance one."""

    independent_coordinates: ClassVar[bool] = True
    edge: ClassVar[float] = 3.0**0.5

    @property
    def excess_kurtosis(self) -> float | None:
        return -1.2

    @property
    def largest_atom(self) -> float:
        return 0.0

    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        numbers = jax.random.uniform(key, (num_inputs * self.dim,), minval=-self.edge, maxval=self.edge)
        return numbers.reshape(num_inputs, self.dim)

    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        scaled = self.edge * argument
        # sinh(z)/z loses precision near 0, where its Taylor series is used instead.
        small = jnp.abs(scaled) < 1e-2
        safe = jnp.where(small, 1.0, scaled)
        series = 1.0 + scaled**2 / 6.0 + scaled**4 / 120.0
        return jnp.prod(jnp.where(small, series, jnp.sinh(safe) / safe), axis=-1)

    @staticmethod
    def axis_rule(num_nodes: int) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        nodes, weights = np.polynomial.legendre.leggauss(num_nodes)
        return 3.0**0.5 * nodes, 0.5 * weights


class Cube(UniformCube):
    """Coordinates uniform on [-1, 1], of variance 1/3.

    Source: the features of Somerstep et al. 2025, arXiv 2405.16236.
    """

    isotropic: ClassVar[bool] = False
    edge: ClassVar[float] = 1.0

    @property
    def excess_kurtosis(self) -> None:
        """None: it is defined for coordinates of variance one."""

    @property
    def covariance(self) -> Float[Array, "d d"]:
        return as_float(np.eye(self.dim) / 3.0)

    @staticmethod
    def axis_rule(num_nodes: int) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        nodes, weights = UniformCube.axis_rule(num_nodes)
        return nodes / 3.0**0.5, weights


class Rademacher(_ProductLaw):
    """Independent random signs, each coordinate -1 or +1 with probability 1/2."""

    independent_coordinates: ClassVar[bool] = True

    @property
    def excess_kurtosis(self) -> float:
        return -2.0

    @property
    def largest_atom(self) -> float:
        return 0.5

    def has_inverse_moments(self, num_inputs: int, rank: int, degree: int = 1) -> bool:
        """Always True: lambda takes finitely many positive values, so it is bounded away from 0."""
        return True

    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        signs = jax.random.rademacher(key, (num_inputs * self.dim,), dtype=float)
        return signs.reshape(num_inputs, self.dim)

    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        return jnp.prod(jnp.cosh(argument), axis=-1)

    @staticmethod
    def axis_rule(num_nodes: int) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
        """The two values -1 and +1."""
        return np.array([-1.0, 1.0]), np.array([0.5, 0.5])


class Anisotropic(FeatureLaw):
    """A linear transformation x = A z of another law, with Sigma = A Cov(z) A^T.

    Attributes:
        base: The law of z.
        factor: A, shape (d, d).
    """

    base: FeatureLaw
    factor: Float[Array, "d d"] = eqx.field(converter=entries("factor"))
    dim: int = eqx.field(static=True, init=False)

    def __init__(self, base: FeatureLaw, factor: Float[ArrayLike, "d d"] | None = None) -> None:
        self.base = require_part("base", base, FeatureLaw, TRANSFORMED)
        if factor is None:
            raise InputError("factor", "nothing", TRANSFORMED)
        self.factor = as_numbers("factor", factor)
        self.dim = base.dim

    def __check_init__(self) -> None:
        require_shape("factor", self.factor, (self.dim, self.dim), "features x features")

    def sample(self, num_inputs: int, *, key: Key[Array, ""]) -> Float[Array, "n d"]:
        return self.base.sample(num_inputs, key=key) @ self.factor.T

    def moment_generating_function(self, argument: Complex[Array, "... d"]) -> Complex[Array, "..."]:
        return self.base.moment_generating_function(argument @ self.factor)

    def quadrature(self, num_nodes: int) -> tuple[Float[Array, "nodes d"], Float[Array, " nodes"]]:
        points, weights = self.base.quadrature(num_nodes)
        return points @ self.factor.T, weights

    @property
    def normal_factor(self) -> Float[Array, "d d"] | None:
        inner = self.base.normal_factor
        return None if inner is None else self.factor @ inner

    @property
    def moment_order(self) -> float:
        """Moment order of z."""
        return self.base.moment_order

    def has_inverse_moments(self, num_inputs: int, rank: int, degree: int = 1) -> bool:
        """The answer of the law of z, with the rank capped at the rank of A if degree = 1."""
        kept = int(np.linalg.matrix_rank(np.asarray(self.factor, dtype=np.float64)))
        return self.base.has_inverse_moments(num_inputs, min(rank, kept) if degree == 1 else rank, degree)

    @property
    def covariance(self) -> Float[Array, "d d"]:
        return self.factor @ self.base.covariance @ self.factor.T


FEATURE_LAWS: dict[str, Callable[[int], FeatureLaw]] = {
    "gaussian": Gaussian,
    "uniform": UniformCube,
    "rademacher": Rademacher,
    "cube": Cube,
}


def feature_law(features: str | FeatureLaw | Float[ArrayLike, "d d"], dim: int) -> FeatureLaw:
    """Return the feature law given as a law, a name or a covariance.

    Args:
        features: A law; "gaussian", "uniform", "rademacher" or "cube"; or Sigma, shape (d, d), of normal
            features.
        dim: d.

    Raises:
        InputError: If no law has this name, or the matrix is not a covariance of d features.
    """
    if isinstance(features, FeatureLaw):
        return features
    if isinstance(features, str):
        if features not in FEATURE_LAWS:
            raise not_among("features", features, FEATURE_LAWS)
        return FEATURE_LAWS[features](dim)
    expected = f"{', '.join(FEATURE_LAWS)}, a law such as Gaussian({dim}), or a {dim} x {dim} covariance"
    if features is None or np.ndim(as_numbers("features", features, expected)) == 0:
        raise InputError("features", described(features), expected)
    return _normal_law(features, dim)


def _normal_law(covariance: Float[ArrayLike, "d d"], dim: int) -> FeatureLaw:
    """Normal features with a covariance: x = Sigma^(1/2) z with z standard normal."""
    require_shape("features", covariance, (dim, dim), "a covariance, dim x dim")
    matrix = np.asarray(covariance, dtype=np.float64)
    require_finite("features", matrix)
    slack = COVARIANCE_TOLERANCE * np.abs(matrix).max()
    if np.abs(matrix - matrix.T).max() > slack:
        raise InputError("features", "a matrix that is not symmetric", "a covariance")
    squares, basis = np.linalg.eigh(0.5 * (matrix + matrix.T))
    if squares[0] < -slack or squares[-1] <= 0:
        given = f"a matrix with the eigenvalue {squares[0] if squares[-1] > 0 else squares[-1]:.6g}"
        raise InputError("features", given, "a covariance: positive semidefinite and not zero")
    if np.abs(matrix - np.eye(dim)).max() <= slack:
        return Gaussian(dim)
    return Anisotropic(Gaussian(dim), (basis * np.sqrt(np.maximum(squares, 0.0))) @ basis.T)
