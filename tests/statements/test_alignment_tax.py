"""alignment-tax: the blocks, the tax by numpy and by hand, and the learners that escape it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.concepts import RegressionModel
from w2s_sim.estimators import GradientDescent, LeastSquares, Ridge
from w2s_sim.laws.features import Gaussian
from w2s_sim.statements import Case
from w2s_sim.statements.alignment_tax.claim import ALIGNMENT_TAX, evaluate
from w2s_sim.statements.alignment_tax.lemmas import ALIGNMENT_TAX_LEMMAS, TAX
from w2s_sim.statements.alignment_tax.style_block import bias_outside_style, relative_errors, style_block
from w2s_sim.statements.shared.broken_learners import BlockwiseDescent
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_source, many_concepts, noisy
from w2s_sim.tasks.regression_task import TransferTask, canonical_task
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.tasks.task import WeakData
from w2s_sim.verify import replicate

LEMMAS = {lemma.id: lemma for lemma in ALIGNMENT_TAX_LEMMAS}


def test_style_block_of_the_canonical_task() -> None:
    np.testing.assert_array_equal(style_block(canonical_task()), [True] * 4 + [False] * 4)
    np.testing.assert_array_equal(style_block(many_concepts()), [True] * 8 + [False] * 12)


def test_style_block_leaves_out_what_source_and_target_share() -> None:
    """Concepts that agree in a coordinate agree in every mixture, but for rounding."""
    vectors = np.array([[1.0, 0.3, 0.0, 0.2], [0.0, 0.3, 0.0, 0.9], [0.0, 0.3, 0.0, 0.4]])
    model = RegressionModel(prior=[0.7, 0.1, 0.2], vectors=vectors, noise=0.5)
    bias = np.array([0.0, 0.6, -0.8, 0.0])
    task = TransferTask(Gaussian(4), model, [0.0, 0.0, 1.0], RegressionSupervisor(vectors + bias, 0.5))
    # Style: 0.7 in the first coordinate and 0.31 - 0.4 in the last.
    np.testing.assert_array_equal(style_block(task), [True, False, False, True])
    assert bias_outside_style(task)
    errors = relative_errors(task, jnp.array([0.1, 0.2, 0.3, 0.4]))
    np.testing.assert_allclose(errors, [(0.01 + 0.16) / (0.49 + 0.0081), (0.04 + 0.09) / 1.0], rtol=1e-4)


@pytest.mark.parametrize(
    ("task", "name"),
    [
        (noisy(0.5), "a source and a weak model off the target"),
        (canonical(source_prior=[0.0, 0.0, 0.0, 1.0]), "a source and a weak model off the target"),
        (leaning_to_source(0.3), "a weak bias in content alone"),
        (leaning_to_source(-1.0), "a weak bias in content alone"),
    ],
)
def test_assumptions(task: TransferTask, name: str) -> None:
    assert ALIGNMENT_TAX.broken_assumption(Case("", task, Ridge(0.3, num_weak=60))) == name
    assert ALIGNMENT_TAX.broken_assumption(Case("", canonical_task(), Ridge(0.3, num_weak=60))) is None


def tax_in_numpy(ridge: float, size: int, replicates: int) -> tuple[np.ndarray, np.ndarray]:
    """Relative block errors of canonical ridge students, with standard errors, solved by numpy."""
    generator = np.random.default_rng(3)
    source = np.array([0.5, 0.25, 0.15, 0.1, 0, 0, 0, 0])
    target, weak = np.eye(8)[3], np.eye(8)[3] + 0.7 * np.eye(8)[7]
    inputs = generator.normal(size=(replicates, size, 8))
    labels = inputs @ weak + 0.5 * generator.normal(size=(replicates, size))
    moment = np.einsum("rni,rnj->rij", inputs, inputs) / size + ridge * np.eye(8)
    right = np.einsum("rni,rn->ri", inputs, labels) / size + ridge * source
    errors = np.linalg.solve(moment, right[..., None])[..., 0] - target
    blocks = np.stack([(errors[:, :4] ** 2).sum(1) / 1.145, (errors[:, 4:] ** 2).sum(1) / 0.49], axis=1)
    return blocks.mean(axis=0), blocks.std(axis=0, ddof=1) / replicates**0.5


@pytest.mark.parametrize(("ridge", "size"), [(0.3, 60), (3.0, 60)])
def test_block_errors_against_numpy(ridge: float, size: int) -> None:
    case = Case("", canonical_task(), Ridge(ridge, num_weak=size))
    assert ALIGNMENT_TAX.measure is not None
    values = replicate(ALIGNMENT_TAX.measure, case, seed=9, start=0, stop=4096)
    expected, error = tax_in_numpy(ridge, size, 10_000)
    own_error = values.std(axis=0, ddof=1) / 64
    assert np.all(np.abs(values.mean(axis=0) - expected) < 5 * np.hypot(error, own_error))


def test_tax_of_noise_free_least_squares() -> None:
    """Without label noise least squares is the weak model: no style error, all of its content error."""
    task = canonical(weak_noise=0.0)
    case = Case("", task, LeastSquares(num_weak=20))
    data = case.sample_weak(key=jax.random.key(0))
    np.testing.assert_allclose(evaluate(jax.random.key(1), data, case), [0.0, 1.0], atol=1e-5)


def test_tax_of_a_source_that_is_left_alone() -> None:
    case = Case("", canonical_task(), GradientDescent(0, 0.1, num_weak=5))
    data = case.sample_weak(key=jax.random.key(0))
    np.testing.assert_allclose(evaluate(jax.random.key(1), data, case), [1.0, 0.0], atol=1e-6)


def test_functional_is_a_sum_of_roots() -> None:
    assert TAX.value(np.array([0.25, 0.09])) == pytest.approx(0.8)
    low, high = TAX.interval(np.array([0.16, -0.1]), np.array([0.25, 0.04]))
    assert (low, high) == pytest.approx((0.4, 0.7))


@pytest.mark.parametrize("ridge", [0.0, 0.2, 5.0])
def test_population_tax_is_one(ridge: float) -> None:
    lemma = LEMMAS["population-tax"]
    assert lemma.exact is not None
    assert float(lemma.exact(Case("", canonical_task(), Ridge(ridge, num_weak=60)))) == pytest.approx(
        1.0, abs=1e-5
    )


def test_gains_beyond_one_pay_more(standard_errors_off) -> None:
    """The mean gain is 5 - 6.25 E tr(S^2)/d, and E tr(S^2)/d = 1 + (d+1)/n for Gaussian features."""
    size = 240
    case = Case("", canonical_task(), GradientDescent(2, 2.5, num_weak=size))
    gain = 5.0 - 6.25 * (1.0 + 9 / size)
    keys = jax.random.split(jax.random.key(0), 4096)
    students = jax.jit(jax.vmap(lambda key: case.fit(key=key).coefficients))(keys)
    task = case.task
    assert gain < -1
    assert (
        standard_errors_off(students, task.source_vector + gain * (task.weak_vector - task.source_vector)) < 5
    )
    assert ALIGNMENT_TAX.measure is not None
    values = replicate(ALIGNMENT_TAX.measure, case, seed=9, start=0, stop=2048)
    assert TAX.value(values.mean(axis=0)) > 1 - 2 * gain


def test_blockwise_descent_takes_the_steps_of_a_loop() -> None:
    task = canonical_task()
    step_sizes = np.array([0.3, 0.3, 0.3, 0.3, 0.0, 0.0, 0.1, 0.1])
    learner = BlockwiseDescent(step_sizes, steps=3, num_weak=12)
    data = task.sample_weak(12, key=jax.random.key(4))
    student = learner.fit(task.source, data, key=jax.random.key(0))
    inputs, labels = np.asarray(data.inputs, float), np.asarray(data.labels, float)
    expected = np.asarray(task.source_vector, float)
    for _ in range(3):
        expected = expected + step_sizes * (inputs.T @ (labels - inputs @ expected)) / 12
    np.testing.assert_allclose(student.coefficients, expected, rtol=1e-5, atol=1e-6)
    assert np.all(np.asarray(student.coefficients)[4:6] == 0.0)


def test_blockwise_descent_with_one_step_size_is_gradient_descent() -> None:
    task = canonical_task()
    data: WeakData = task.sample_weak(30, key=jax.random.key(4))
    key = jax.random.key(0)
    by_block = BlockwiseDescent(np.full(8, 0.2), steps=10, num_weak=30).fit(task.source, data, key=key)
    plain = GradientDescent(10, 0.2, num_weak=30).fit(task.source, data, key=key)
    np.testing.assert_allclose(by_block.coefficients, plain.coefficients, rtol=2e-4, atol=1e-5)
