"""In-context refinement without a student: the posterior mean by enumeration."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from w2s_sim.errors import InputError
from w2s_sim.estimators import InContext
from w2s_sim.tasks.regression_task import canonical_task, regression_task
from w2s_sim.tasks.supervisors import RegressionSupervisor
from w2s_sim.tasks.task import WeakData

pytestmark = pytest.mark.usefixtures("x64")


@pytest.mark.parametrize("prior", [[0.5, 0.3, 0.2], [0.7, 0.0, 0.3], [1.0, 0.0, 0.0]], ids=str)
@pytest.mark.parametrize("count", [1, 3, 40])
def test_student_weighs_concepts_by_their_posterior(prior: list[float], count: int) -> None:
    """Bayes' rule by enumeration, with the strong model's noise: it takes weak labels at face value."""
    vectors = np.array([[1.0, 0.5, 0.0, 0.0], [0.8, 0.0, 0.4, 0.0], [1.0, 0.3, 0.3, 0.0]])
    task = regression_task(
        4,
        3,
        source_prior=prior,
        target_prior=[0.0, 0.0, 1.0],
        concepts=jnp.asarray(vectors),
        noise=0.9,
        supervisor=RegressionSupervisor(jnp.asarray(vectors + 0.1), jnp.asarray(1.3)),
    )
    generator = np.random.default_rng(count)
    inputs = generator.normal(size=(count, 4))
    labels = inputs @ (vectors[2] + 0.1) + 1.3 * generator.normal(size=count)
    data = WeakData(jnp.asarray(inputs), jnp.asarray(labels))
    pairs = list(zip(inputs, labels, strict=True))
    joint = np.array(
        [
            np.log(weight) + sum(norm.logpdf(y, x @ vector, 0.9) for x, y in pairs) if weight > 0 else -np.inf
            for weight, vector in zip(prior, vectors, strict=True)
        ]
    )
    posterior = np.exp(joint - logsumexp(joint))
    estimator = InContext(count)
    student = estimator.fit(task.source, data, key=jax.random.key(0))
    np.testing.assert_allclose(student.coefficients, posterior @ vectors, rtol=1e-10)
    np.testing.assert_allclose(np.exp(estimator.log_posterior(task.source, data)), posterior, atol=1e-10)


def test_one_context_is_all_it_reads() -> None:
    estimator = InContext(5)
    assert (estimator.sample_size, estimator.context_size) == (5, 5)


def test_a_long_context_identifies_the_concept() -> None:
    task = canonical_task()
    data = task.sample_weak(400, key=jax.random.key(1))
    student = InContext(400).fit(task.source, data, key=jax.random.key(0))
    np.testing.assert_allclose(student.coefficients, task.target_vector, atol=1e-10)


@pytest.mark.parametrize("count", [0, -1, True], ids=str)
def test_bad_number_of_demonstrations_is_refused(count: int) -> None:
    with pytest.raises(InputError, match=r"^num_demonstrations: .*whole number >= 1"):
        InContext(count)
