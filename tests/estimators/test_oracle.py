"""The oracle: the strong ceiling, told the target prior."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.errors import InputError
from w2s_sim.estimators import Oracle
from w2s_sim.tasks.regression_task import canonical_task, regression_task
from w2s_sim.tasks.task import WeakData

pytestmark = pytest.mark.usefixtures("x64")


@pytest.mark.parametrize("target", [[0.0, 0.0, 1.0], [0.2, 0.5, 0.3]], ids=["point mass", "mixed"])
def test_told_the_target_prior_it_has_no_excess_risk(target: list[float]) -> None:
    task = regression_task(6, 3, source_prior=[0.6, 0.3, 0.1], target_prior=target)
    oracle = Oracle(task.target_prior)
    nothing = WeakData(jnp.zeros((oracle.sample_size, 6)), jnp.zeros(oracle.sample_size))
    student = oracle.fit(task.source, nothing, key=jax.random.key(1))
    assert float(task.excess_risk(student)) == pytest.approx(0.0, abs=1e-20)


def test_told_another_prior_it_predicts_under_that_one_and_reads_no_data() -> None:
    task = canonical_task()
    prior = np.array([0.1, 0.2, 0.3, 0.4])
    oracle = Oracle(jnp.asarray(prior))
    assert (oracle.sample_size, oracle.context_size) == (0, 1)
    for seed, count in ((0, 0), (1, 7)):
        data = WeakData(jnp.ones((count, 8)), jnp.full(count, 100.0))
        student = oracle.fit(task.source, data, key=jax.random.key(seed))
        np.testing.assert_allclose(student.coefficients, [*prior, 0, 0, 0, 0], rtol=1e-10)


@pytest.mark.parametrize("prior", [[0.5, 0.4], [1.5, -0.5], [np.nan, 1.0]], ids=["sum", "negative", "nan"])
def test_bad_prior_is_refused(prior: list[float]) -> None:
    with pytest.raises(InputError, match=r"^prior: "):
        Oracle(jnp.asarray(prior))
