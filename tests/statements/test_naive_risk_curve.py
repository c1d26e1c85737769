"""naive-risk-curve: the traces against quadrature and simulation, the curve against exact finite sizes."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from w2s_sim.concepts import RegressionModel
from w2s_sim.errors import InputError
from w2s_sim.estimators import LeastSquares, Ridge
from w2s_sim.files import case_file, load_case
from w2s_sim.laws.features import Gaussian, Rademacher, UniformCube
from w2s_sim.laws.noise import StudentTNoise
from w2s_sim.statements import Case
from w2s_sim.statements.naive_risk_curve.claim import NAIVE_RISK_CURVE, bound, heavy_tailed, margin
from w2s_sim.statements.naive_risk_curve.lemmas import NAIVE_RISK_CURVE_LEMMAS
from w2s_sim.statements.naive_risk_curve.marchenko_pastur import resolvent_excess, ridge_traces, trace_excess
from w2s_sim.statements.shared.broken_learners import RandomLength, UnderstatedNoise
from w2s_sim.statements.shared.regression_examples import canonical, canonical_in, leaning_to_source
from w2s_sim.tasks.regression_task import TransferTask, canonical_task
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.verify import Settings, replicate
from w2s_sim.verify.case_check import check_case
from w2s_sim.verify.intervals import sample_summary
from w2s_sim.verify.verdict import judge

LEMMAS = {lemma.id: lemma for lemma in NAIVE_RISK_CURVE_LEMMAS}


def traces_by_quadrature(ratio: float, ridge: float) -> np.ndarray:
    """Means of g, g^2 and gamma g/(lambda+eta) under the Marchenko-Pastur law, g = lambda/(lambda+eta)."""
    low, high = (1 - ratio**0.5) ** 2, (1 + ratio**0.5) ** 2

    def mean(function) -> float:
        # The substitution lambda = middle + half-width cos(angle) takes the square roots off the ends.
        def integrand(angle: float) -> float:
            value = 0.5 * (low + high) + 0.5 * (high - low) * np.cos(angle)
            density = (0.5 * (high - low) * np.sin(angle)) ** 2 / (2 * np.pi * ratio * value)
            return function(value) * density

        return quad(integrand, 0.0, np.pi, epsabs=1e-12)[0]

    # The atom at zero (gamma > 1) has gain zero.
    return np.array(
        [
            mean(lambda x: x / (x + ridge)),
            mean(lambda x: (x / (x + ridge)) ** 2),
            ratio * mean(lambda x: x / (x + ridge) ** 2),
        ]
    )


@pytest.mark.parametrize("ratio", [0.05, 0.5, 0.95, 1.5, 8.0])
@pytest.mark.parametrize("ridge", [1e-3, 0.3, 20.0])
def test_traces_by_quadrature(ratio: float, ridge: float) -> None:
    computed = np.asarray(ridge_traces(ratio, ridge))
    np.testing.assert_allclose(computed, traces_by_quadrature(ratio, ridge), rtol=3e-6)


@pytest.mark.parametrize("ratio", [0.1, 0.999, 1.001, 7.0])
@pytest.mark.parametrize("ridge", [0.0, 1e-12, 1e-6, 1e6])
def test_traces_keep_their_digits_in_single_precision(ratio: float, ridge: float) -> None:
    single = np.asarray(ridge_traces(jnp.float32(ratio), jnp.float32(ridge)))
    with jax.enable_x64(True):
        double = np.asarray(ridge_traces(float(np.float32(ratio)), float(np.float32(ridge))))
    assert single.dtype == np.float32
    # Near the pole 1 - gamma is all that is left, and float32 knows it to a relative 1e-4.
    np.testing.assert_allclose(single, double, rtol=3e-4 if abs(ratio - 1) < 0.01 else 2e-6)


def test_traces_at_no_ridge() -> None:
    np.testing.assert_allclose(ridge_traces(0.5, 0.0), [1.0, 1.0, 1.0], rtol=1e-6)
    np.testing.assert_allclose(ridge_traces(4.0, 0.0), [0.25, 0.25, 1 / 3], rtol=1e-6)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("ratio", "ridge"), [(0.5, 0.3), (1.0, 0.2), (3.0, 1.0)])
@pytest.mark.parametrize("kurtosis", [0.0, -2.0, 3.0])
def test_slope_of_the_excess_by_automatic_differentiation(
    ratio: float, ridge: float, kurtosis: float
) -> None:
    slope = jax.grad(lambda eta: resolvent_excess(ratio, eta, kurtosis).delta)(ridge)
    assert float(resolvent_excess(ratio, ridge, kurtosis).slope) == pytest.approx(float(slope), rel=1e-10)


@pytest.mark.parametrize("ridge", [1e19, 1e30, 3e38])
def test_traces_of_a_huge_ridge(ridge: float) -> None:
    traces = np.asarray(ridge_traces(0.5, ridge), dtype=np.float64)
    np.testing.assert_allclose(traces, [1 / ridge, 0.0, 0.0], atol=1e-37)


def risk_in_numpy(task: TransferTask, size: int, ridge: float, replicates: int) -> tuple[float, float]:
    """Risk of ridge to the source, solved by numpy on data of its own."""
    generator = np.random.default_rng(11)
    source, target, weak = (
        np.asarray(v, float) for v in (task.source_vector, task.target_vector, task.weak_vector)
    )
    inputs = generator.normal(size=(replicates, size, task.dim))
    labels = inputs @ weak + float(task.supervisor.noise) * generator.normal(size=(replicates, size))
    moment = np.einsum("rni,rnj->rij", inputs, inputs) / size + ridge * np.eye(task.dim)
    right = np.einsum("rni,rn->ri", inputs, labels) / size + ridge * source
    students = np.linalg.solve(moment, right[..., None])[..., 0]
    return sample_summary(np.sum((students - target) ** 2, axis=1))


@pytest.mark.parametrize(
    ("task", "size", "ridge"),
    [
        (canonical_in(24), 48, 0.3),
        (canonical_in(24), 16, 1.0),
        (canonical_task(), 120, 0.1),
        (leaning_to_source(0.3), 60, 0.5),
        (leaning_to_source(1.3), 60, 0.5),
    ],
)
def test_curve_against_numpy(task: TransferTask, size: int, ridge: float) -> None:
    case = Case("", task, Ridge(ridge, num_weak=size))
    mean, se = risk_in_numpy(task, size, ridge, 3000)
    assert abs(mean - float(bound(case))) < 5 * se + 0.3 * float(margin(case))


@pytest.mark.parametrize(("dim", "size"), [(20, 40), (40, 400)])
def test_curve_without_ridge_is_the_limit_of_the_exact_risk(dim: int, size: int) -> None:
    case = Case("", canonical_in(dim), LeastSquares(num_weak=size))
    exact = 0.49 + 0.25 * dim / (size - dim - 1)
    assert float(bound(case)) == pytest.approx(0.49 + 0.25 * dim / (size - dim), rel=1e-5)
    assert abs(float(bound(case)) - exact) < float(margin(case))
    assert float(LEMMAS["least-squares-risk"].bound(case)) == pytest.approx(exact, rel=1e-5)


def test_exact_risk_with_fewer_data_than_features() -> None:
    case = Case("", canonical_task(), LeastSquares(num_weak=4))
    # Half of a^2 = 1.145, half of b^2 = 0.49, and sigma'^2 n/(d-n-1).
    expected = 0.5 * 1.145 + 0.5 * 0.49 + 0.25 * 4 / 3
    assert float(LEMMAS["least-squares-risk"].bound(case)) == pytest.approx(expected, rel=1e-5)


def test_curve_of_too_many_features_tends_to_the_source() -> None:
    case = Case("", canonical_in(4000), Ridge(0.3, num_weak=4))
    assert float(bound(case)) == pytest.approx(1.145, rel=5e-3)


def test_no_gain_when_ridge_is_large_and_all_gain_when_data_are_many() -> None:
    stiff = Case("", canonical_task(), Ridge(1e6, num_weak=60))
    assert float(bound(stiff)) == pytest.approx(1.145, rel=1e-4)
    plenty = Case("", canonical_task(), Ridge(0.0, num_weak=10**6))
    assert float(bound(plenty)) == pytest.approx(0.49, rel=1e-4)


def test_exchanging_data_and_features_is_refuted() -> None:
    case = Case("", canonical_in(20), Ridge(0.3, num_weak=40))
    swapped = Case("", canonical_in(40), Ridge(0.3, num_weak=20))
    assert float(bound(swapped)) == pytest.approx(0.88524, abs=1e-5)
    assert NAIVE_RISK_CURVE.measure is not None
    mean, se = sample_summary(replicate(NAIVE_RISK_CURVE.measure, case, seed=5, start=0, stop=2048))
    low, high = mean - 5 * se, mean + 5 * se
    assert judge("equality", low, high, float(bound(case)), float(margin(case))) == "consistent"
    assert judge("equality", low, high, float(bound(swapped)), float(margin(swapped))) == "refuted"


@pytest.mark.parametrize(
    ("case", "name"),
    [
        (Case("", canonical_in(20), Ridge(0.0, num_weak=20)), "limit resolved at this size"),
        (Case("", canonical_in(20), LeastSquares(num_weak=24)), "limit resolved at this size"),
        (
            Case("", heavy_tailed(canonical_in(20), 3.5), Ridge(0.3, num_weak=40)),
            "finite variance of the risk",
        ),
        (
            Case("", canonical(target_prior=[0.5, 0.0, 0.0, 0.5]), Ridge(0.3, num_weak=60)),
            "point-mass target",
        ),
    ],
)
def test_assumptions(case: Case, name: str) -> None:
    assert NAIVE_RISK_CURVE.broken_assumption(case) == name


def test_slope_of_the_curve_in_the_ridge() -> None:
    """The bound is differentiable; its slope is that of a difference quotient."""

    def curve(ridge: jax.Array) -> jax.Array:
        case = Case("", canonical_task(), Ridge(1.0, num_weak=60))
        return bound(eqx.tree_at(lambda c: c.estimator.ridge, case, ridge))

    with jax.enable_x64(True):
        at, step = jnp.asarray(0.3), 1e-5
        slope = (curve(at + step) - curve(at - step)) / (2 * step)
        assert float(jax.grad(curve)(at)) == pytest.approx(float(slope), rel=1e-4)


def test_heavy_tails_keep_mean_and_variance_and_gain_kurtosis(standard_errors_off) -> None:
    supervisor = RegressionSupervisor(jnp.zeros((1, 2)), 0.5, StudentTNoise(12.0))
    inputs, concepts = jnp.zeros((200_000, 2)), jnp.zeros(200_000, dtype=int)
    labels = np.asarray(supervisor.sample_labels(inputs, concepts, key=jax.random.key(0)), dtype=np.float64)
    assert standard_errors_off(labels, 0.0) < 5
    assert standard_errors_off(labels**2, 0.25) < 5
    # The kurtosis of Student t is 3 + 6/(nu - 4); its sampling variance is finite for nu > 8.
    assert standard_errors_off(labels**4, 0.25**2 * (3 + 6 / 8)) < 5


def test_heavy_tails_follow_the_concept() -> None:
    supervisor = RegressionSupervisor(jnp.eye(2), 0.0, StudentTNoise(5.0))
    labels = supervisor.sample_labels(
        jnp.array([[2.0, 3.0], [2.0, 3.0]]), jnp.array([0, 1]), key=jax.random.key(0)
    )
    np.testing.assert_allclose(labels, [2.0, 3.0])


@pytest.mark.parametrize("degrees", [2.0, 0.0, float("nan")])
def test_heavy_tails_need_a_variance(degrees: float) -> None:
    with pytest.raises(InputError, match="degrees_of_freedom"):
        StudentTNoise(degrees)


def test_heavy_tails_survive_a_case_file(tmp_path) -> None:
    path = tmp_path / "case.toml"
    path.write_text(
        case_file(NAIVE_RISK_CURVE, Case("", heavy_tailed(canonical_task()), Ridge(0.3, num_weak=60)))
    )
    law = load_case(path, NAIVE_RISK_CURVE).task.supervisor.law
    assert isinstance(law, StudentTNoise)
    assert float(law.degrees_of_freedom) == 5.0


def test_a_file_cannot_tell_of_understated_noise() -> None:
    task = canonical_task()
    loud = UnderstatedNoise(task.supervisor.vectors, task.supervisor.noise)
    case = Case(
        "", TransferTask(task.features, task.source, task.target_prior, loud), Ridge(0.3, num_weak=60)
    )
    with pytest.raises(InputError, match="UnderstatedNoise"):
        case_file(NAIVE_RISK_CURVE, case)


# Each law: its features, and draws of a coordinate by numpy.
COORDINATES = {
    "gaussian": (Gaussian, lambda generator, shape: generator.normal(size=shape)),
    "uniform": (UniformCube, lambda generator, shape: generator.uniform(-(3**0.5), 3**0.5, shape)),
    "rademacher": (Rademacher, lambda generator, shape: 2.0 * generator.integers(0, 2, shape) - 1.0),
}


def mean_traces(law: str, dim: int, size: int, ridge: float, draws: int, seed: int) -> tuple[np.ndarray, ...]:
    """Means of (1/d) tr M, (1/d) tr M^2 and (1/n) tr (RSR), with standard errors, by numpy."""
    inputs = COORDINATES[law][1](np.random.default_rng(seed), (draws, size, dim))
    spectra = np.linalg.eigvalsh(np.einsum("rni,rnj->rij", inputs, inputs) / size)
    spectra = np.where(spectra < 1e-9, 0.0, spectra)
    gains = np.divide(spectra, spectra + ridge, out=np.zeros_like(spectra), where=spectra > 0)
    noise = np.divide(gains**2, spectra, out=np.zeros_like(spectra), where=spectra > 0)
    traces = np.stack([gains.mean(axis=1), (gains**2).mean(axis=1), noise.sum(axis=1) / size])
    return traces.mean(axis=1), traces.std(axis=1) / draws**0.5


@pytest.mark.parametrize("law", ["uniform", "rademacher"])
@pytest.mark.parametrize(("dim", "size", "ridge"), [(12, 24, 0.3), (24, 12, 0.3), (6, 30, 1.0)])
def test_first_order_knows_the_kurtosis(law: str, dim: int, size: int, ridge: float) -> None:
    """The gap of each trace is its first order, within a fifth and the standard error."""
    ratio, features = dim / size, COORDINATES[law][0](dim)
    measured, error = mean_traces(law, dim, size, ridge, 20_000, seed=4)
    excess = resolvent_excess(ratio, ridge, features.excess_kurtosis)
    first = np.asarray(trace_excess(ratio, ridge, excess)) / size
    gaussian = np.asarray(trace_excess(ratio, ridge, resolvent_excess(ratio, ridge))) / size
    gap = measured - np.asarray(ridge_traces(ratio, ridge))
    np.testing.assert_array_less(np.abs(gap - first), 5 * error + 0.2 * np.abs(first) + 1e-4)
    # What normal coordinates would give is clearly something else.
    assert np.max(np.abs(gap - gaussian) / error) > 10


def random_corner(generator: np.random.Generator) -> tuple[str, Case]:
    """Few features and pairs, a ridge of any size, a long or a short pull, with or without noise."""
    law = str(generator.choice(list(COORDINATES)))
    dim, size = (int(generator.choice([1, 2, 3, 4, 6, 10])) for _ in range(2))
    ridge = float(10.0 ** generator.uniform(-5, 1.5))
    noise = float(generator.choice([0.0, 0.3, 3.0]))
    source, weak = generator.normal(size=(2, dim))
    source *= generator.choice([0.0, 1.0, 10.0])
    weak = source + generator.choice([0.1, 1.0]) * (weak - source)
    concepts = np.stack([source, np.zeros(dim)])
    supervisor = RegressionSupervisor(np.stack([source, weak]), noise)
    model = RegressionModel([1.0, 0.0], concepts, 0.5)
    task = TransferTask(COORDINATES[law][0](dim), model, [0.0, 1.0], supervisor)
    return law, Case("", task, Ridge(ridge, num_weak=size))


def test_a_resolved_limit_is_within_the_margin() -> None:
    """Small sizes and odd corners: where the assumptions hold, the claim does, by traces of numpy's own."""
    generator = np.random.default_rng(20)
    resolved = 0
    for seed in range(80):
        law, case = random_corner(generator)
        if NAIVE_RISK_CURVE.broken_assumption(case) is not None:
            continue
        resolved += 1
        assert isinstance(case.estimator, Ridge)
        size, dim = case.estimator.sample_size, case.task.dim
        ridge = float(case.estimator.ridge)
        traces, error = mean_traces(law, dim, size, ridge, 4000, seed)
        source = np.asarray(case.task.source_vector - case.task.target_vector, dtype=np.float64)
        step = np.asarray(case.task.weak_vector - case.task.source_vector, dtype=np.float64)
        weights = np.array([2 * step @ source, step @ step, float(case.task.supervisor.noise) ** 2])
        risk = source @ source + weights @ traces
        spare = float(margin(case)) + 5 * np.abs(weights) @ error
        assert abs(risk - float(bound(case))) <= spare, (law, dim, size, ridge)
    assert resolved >= 25


def signs_in_three_dimensions(size: int, ridge: float) -> Case:
    """Rademacher features in three dimensions, without label noise, with a long way from source to target."""
    concepts = np.array([[5.66, 0.0, 0.0], [0.0, 0.0, 0.0]])
    supervisor = RegressionSupervisor(np.array([[5.66, 0.0, 0.0], [4.66, 0.0, 0.0]]), 0.0)
    model = RegressionModel([1.0, 0.0], concepts, 0.5)
    task = TransferTask(Rademacher(3), model, [0.0, 1.0], supervisor)
    return Case("", task, Ridge(ridge, num_weak=size))


def test_few_signs_are_not_judged_and_many_are() -> None:
    assert (
        NAIVE_RISK_CURVE.broken_assumption(signs_in_three_dimensions(2, 0.02))
        == "limit resolved at this size"
    )
    assert NAIVE_RISK_CURVE.broken_assumption(signs_in_three_dimensions(400, 0.02)) is None
    assert NAIVE_RISK_CURVE.broken_assumption(signs_in_three_dimensions(400, 0.0)) == (
        "eta > 0, or features with a density"
    )


class RadialGaussian(Gaussian):
    """A one-line law: it inherits what normal coordinates say of themselves, and is none of it."""

    def sample(self, num_inputs: int, *, key: jax.Array) -> jax.Array:
        return (
            2.0**0.5 * super().sample(num_inputs, key=key) * jax.random.bernoulli(key, 0.5, (num_inputs, 1))
        )


class Peculiar(RandomLength):
    """Independent coordinates, by its own word, of which it says nothing else."""

    independent_coordinates: ClassVar[bool] = True


def test_coordinates_are_independent_by_their_own_word() -> None:
    for law, name in (
        (RadialGaussian(20), "independent coordinates"),
        (RandomLength(20), "independent coordinates"),
        (Peculiar(20), "known kurtosis and atoms of independent coordinates"),
        (Gaussian(20), None),
    ):
        case = Case("", canonical_in(20, features=law), Ridge(0.3, num_weak=40))
        assert NAIVE_RISK_CURVE.broken_assumption(case) == name


def test_random_length_is_isotropic(standard_errors_off) -> None:
    law = RandomLength(3)
    draws = law.sample(40_000, key=jax.random.key(0))
    assert standard_errors_off(jnp.einsum("ni,nj->nij", draws, draws), np.eye(3)) < 5
    argument = jnp.array([0.3, -0.2, 0.1], dtype=complex)
    generated = law.moment_generating_function(argument)
    assert standard_errors_off(jnp.exp(draws @ argument).real, generated.real) < 5
    nodes, weights = law.quadrature(6)
    np.testing.assert_allclose((nodes.T * weights) @ nodes, np.eye(3), atol=1e-5)
    np.testing.assert_allclose(weights @ jnp.exp(nodes @ argument), generated, rtol=1e-5)


def test_nothing_pulls_and_nothing_is_noisy() -> None:
    """The weak model is the source, without noise: the risk is a^2, and only rounding may differ."""
    task = canonical(
        supervisor=RegressionSupervisor(np.tile([0.5, 0.25, 0.15, 0.1, 0, 0, 0, 0], (4, 1)), 0.0)
    )
    case = Case("", task, Ridge(0.1, num_weak=60))
    assert NAIVE_RISK_CURVE.broken_assumption(case) is None
    settings = Settings(first_round=256, max_replicates=256)
    row = check_case(NAIVE_RISK_CURVE, case, settings=settings, alpha=1e-6)
    # Nothing but the sample says that all students are one: it does not refute, nor does it carry the claim.
    assert (row.verdict, row.informative) == ("inconclusive", False)
    assert abs(row.measured - row.bound) <= float(margin(case)) < 1e-3
    assert float(margin(case)) > 0


def test_a_rare_concept_is_no_point_mass() -> None:
    rare = canonical(target_prior=[0.0, 0.0, 5e-7, 1.0 - 5e-7])
    assert not rare.has_point_mass_target
    assert NAIVE_RISK_CURVE.broken_assumption(Case("", rare, Ridge(0.3, num_weak=60))) == "point-mass target"
