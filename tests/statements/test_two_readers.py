"""The two readers of dmmse-limit far from the origin."""

import jax
import numpy as np

import w2s_sim as w2s
from w2s_sim.statements import Case
from w2s_sim.statements.dmmse_limit.two_readers import read_both


def gaps(concepts: list[list[float]], spread: float) -> np.ndarray:
    """The gaps of the two predictions for one weak context of one task."""
    noise = 15_000.0
    weak = w2s.RegressionSupervisor(np.array(concepts), noise)
    prior = {"source_prior": [0.5, 0.5], "target_prior": [1, 0]}
    task = w2s.regression_task(1, 2, concepts=concepts, supervisor=weak, noise=noise, **prior)
    data = task.sample_weak(3, key=jax.random.key(0))
    readers = read_both(jax.random.key(1), data, Case("", task, w2s.DrawnConcepts(3, 4, spread)))
    return np.asarray(jax.vmap(lambda reader: reader.gaps)(readers))


def test_gaps_do_not_depend_on_the_mean_of_the_source() -> None:
    """Next to 30,000, float32 has no numbers as near to one another as the drawn concepts."""
    far, near = gaps([[60_000.0], [0.0]], 0.002), gaps([[30_000.0], [-30_000.0]], 0.002)
    np.testing.assert_allclose(far, near, rtol=1e-4)
    assert np.abs(near).max() < 1e-6
