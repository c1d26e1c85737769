"""Which risks have a variance: against tails that are known in closed form, and laws that say nothing."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim.statements.registry as registry
from w2s_sim.estimators import (
    ConjugateRefinement,
    Estimator,
    GradientDescent,
    InContext,
    IntentInference,
    LabelMixing,
    LeastSquares,
    Oracle,
    Refinement,
    Ridge,
    SpectralCutoff,
)
from w2s_sim.laws.feature_maps import FunctionMap, MappedFeatures, PolynomialMap, RandomFourierMap
from w2s_sim.laws.features import Anisotropic, FeatureLaw, Gaussian, Rademacher, UniformCube
from w2s_sim.laws.noise import LaplaceNoise, LogisticNoise, NoiseLaw, NormalNoise, StudentTNoise
from w2s_sim.statements import Case
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE, has_finite_variance
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_source
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.supervisors import RegressionSupervisor

WEAK = np.eye(4, 8) + 0.7 * np.eye(8)[4:]
HEAVY = StudentTNoise(2.1)


class OwnNoise(NoiseLaw):
    """Even signs, by somebody who says nothing of moments."""

    def log_density(self, noise: jax.Array) -> jax.Array:
        return jnp.where(jnp.abs(noise) == 1.0, jnp.log(0.5), -jnp.inf)

    def sample(self, shape: tuple[int, ...], *, key: jax.Array) -> jax.Array:
        return jax.random.rademacher(key, shape, dtype=float)


class SpokenNoise(OwnNoise):
    @property
    def moment_order(self) -> float:
        return float("inf")


def task(weak: NoiseLaw, strong: NoiseLaw | None = None, noise: float = 0.5, **changes) -> TransferTask:
    """The canonical task with noise laws of its own for the weak and for the strong model."""
    supervisor = RegressionSupervisor(WEAK, noise, weak)
    return canonical(supervisor=supervisor, law=NormalNoise() if strong is None else strong, **changes)


@pytest.mark.parametrize(
    ("law", "order"),
    [(NormalNoise(), np.inf), (LaplaceNoise(), np.inf), (LogisticNoise(), np.inf), (StudentTNoise(4.5), 4.5)],
)
def test_noise_says_its_moments(law: NoiseLaw, order: float) -> None:
    assert law.moment_order == order


LIGHT = StudentTNoise(4.5)
FIT = LeastSquares(num_weak=60)
READ_BY = {
    "ridge": (Ridge(0.3, num_weak=60), True, False),
    "least squares": (FIT, True, False),
    "cutoff": (SpectralCutoff(0.8, num_weak=60), True, False),
    "descent": (GradientDescent(3, 0.1, num_weak=60), True, False),
    "mixing": (LabelMixing(FIT, 0.4), True, False),
    "own labels alone": (LabelMixing(FIT, 1.0), False, False),
    "no step": (GradientDescent(0, 0.1, num_weak=5), False, False),
    "labeller": (InContext(16), False, False),
    "named concept": (IntentInference(16), False, False),
    "oracle": (Oracle([0.0, 0.0, 0.0, 1.0]), False, False),
    "student": (Refinement(16, FIT), False, True),
    "student of means": (Refinement(16, FIT, labels="mean"), False, False),
    "continuum": (ConjugateRefinement(16, 0.5), True, False),
    "student of the continuum": (ConjugateRefinement(16, 0.5, FIT), True, False),
}


@pytest.mark.parametrize(("estimator", "reads_weak", "reads_strong"), READ_BY.values(), ids=READ_BY)
def test_only_noise_that_the_student_reads_counts(
    estimator: Estimator, reads_weak: bool, reads_strong: bool
) -> None:
    for law in (HEAVY, StudentTNoise(4.0), OwnNoise()):
        assert has_finite_variance(Case("", task(law), estimator)) == (not reads_weak)
        assert has_finite_variance(Case("", task(NormalNoise(), law), estimator)) == (not reads_strong)
    for law in (LIGHT, SpokenNoise()):
        assert has_finite_variance(Case("", task(law, law), estimator))
    # Without noise its law does not matter.
    assert has_finite_variance(Case("", task(HEAVY, noise=0.0), estimator))


UNSHRUNK = [
    lambda n: LeastSquares(num_weak=n),
    lambda n: Ridge(0.0, num_weak=n),
    lambda n: SpectralCutoff(0.0, num_weak=n),
    lambda n: LabelMixing(Ridge(0.0, num_weak=n), 0.4),
    lambda n: Refinement(4, LeastSquares(num_weak=n)),
    lambda n: ConjugateRefinement(4, 0.5, LeastSquares(num_weak=n)),
]


@pytest.mark.parametrize("make", UNSHRUNK)
def test_unshrunk_students_need_inverse_moments(make) -> None:
    """chi^2 with n - 7 degrees has an inverse of finite variance from n = 12 on: E x^-2 needs 5 of them."""
    for size in (1, 4, 5, 8, 11, 12, 60):
        expected = abs(size - 8) > 3
        assert has_finite_variance(Case("", canonical(), make(size))) == expected
        # Of finitely many sign matrices one has the smallest eigenvalue.
        assert has_finite_variance(Case("", canonical(features="rademacher"), make(size)))


def test_exact_labels_need_no_moments() -> None:
    mixed = [0.5, 0.0, 0.0, 0.5]
    estimator = LeastSquares(num_weak=8)
    assert has_finite_variance(Case("", task(HEAVY, noise=0.0), estimator))
    assert not has_finite_variance(Case("", task(HEAVY, noise=0.0, target_prior=mixed), estimator))
    assert has_finite_variance(Case("", task(HEAVY, noise=0.0, target_prior=mixed), estimator, grouped=True))


def test_inverse_moments_of_features() -> None:
    factor = np.diag([1.0] * 5 + [0.0] * 3)
    laws: list[tuple[FeatureLaw, int, bool]] = [
        (Gaussian(8), 12, True),
        (UniformCube(8), 11, False),
        (Anisotropic(Gaussian(8), 2.0 * np.eye(8)), 12, True),
        # Five directions are all there are.
        (Anisotropic(Gaussian(8), factor), 9, True),
        (Anisotropic(Gaussian(8), factor), 8, False),
        (MappedFeatures(UniformCube(2), PolynomialMap(2, 2)), 19, True),
        (MappedFeatures(UniformCube(2), PolynomialMap(2, 2)), 18, False),
        (MappedFeatures(Rademacher(2), PolynomialMap(2, 1)), 3, True),
        (MappedFeatures(Gaussian(1), RandomFourierMap([[1.0]], [0.0])), 100, False),
    ]
    for law, size, expected in laws:
        assert law.has_inverse_moments(size, law.dim) == expected, (law, size)


def test_moments_of_mapped_features() -> None:
    assert MappedFeatures(Gaussian(1), PolynomialMap(1, 3)).moment_order == np.inf
    assert MappedFeatures(Gaussian(1), RandomFourierMap([[1.0]], [0.0])).moment_order == np.inf
    # exp(z^2 / 8) has fewer than four moments; nobody can tell from the function.
    assert MappedFeatures(Gaussian(1), FunctionMap(lambda z: jnp.exp(z**2 / 8))).moment_order == 2.0


def test_points_that_meet_make_a_polynomial_design_singular_twice() -> None:
    """(1, z, z^2) at n points within e of each other: the smallest singular value is below e^2 sqrt(n).

    That has a chance of order e^(n-1), where vectors with a density of their own have e^(2(n-2)) for the same
    singular value: fewer inverse moments are finite.
    """
    generator = np.random.default_rng(5)
    for width in (0.1, 0.01):
        z = generator.uniform(-width, width, size=(2000, 6))
        smallest = np.linalg.svd(np.stack([z**0, z, z**2], axis=-1), compute_uv=False)[:, -1]
        assert np.all(smallest < width**2 * 6**0.5)


RISKS = (
    "naive-floor",
    "bootstrap-floor",
    "shrinkage-limit",
    "optimal-surrogate",
    "ridge-teacher-threshold",
    "naive-risk-curve",
    "alignment-tax",
    "no-free-lunch",
    "continuum-floor",
    "mixture-collapse",
)


@pytest.mark.parametrize("name", RISKS)
def test_one_predicate_serves_every_sampled_risk(name: str) -> None:
    assert FINITE_VARIANCE in registry.find_statement(name).assumptions


@pytest.mark.parametrize("name", ["naive-floor", "naive-risk-curve", "alignment-tax", "no-free-lunch"])
def test_heavy_noise_is_not_judged(name: str) -> None:
    statement = registry.find_statement(name)
    for law in (HEAVY, StudentTNoise(3.9), OwnNoise()):
        broken = statement.broken_assumption(Case("", task(law), Ridge(0.3, num_weak=60)))
        assert broken == FINITE_VARIANCE.name
    assert statement.broken_assumption(Case("", task(LIGHT), Ridge(0.3, num_weak=60))) is None


def test_student_of_a_continuum_stays_on_the_segment() -> None:
    statement = registry.find_statement("continuum-floor")
    overshoots = leaning_to_source(1.3)
    name = "a student with gains that stay on the segment"
    for student, where, broken in (
        (GradientDescent(2, 2.5, num_weak=960), overshoots, name),
        (LabelMixing(GradientDescent(2, 2.5, num_weak=960), 0.5), overshoots, name),
        (GradientDescent(2, 2.5, num_weak=960), canonical(), None),
        (GradientDescent(0, 2.5, num_weak=960), overshoots, None),
        (Ridge(0.3, num_weak=2), overshoots, None),
        (SpectralCutoff(0.8, num_weak=60), overshoots, None),
        (LeastSquares(num_weak=60), overshoots, None),
    ):
        case = Case("", where, ConjugateRefinement(60, 0.5, student))
        assert statement.broken_assumption(case) == broken
