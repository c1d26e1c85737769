"""What the benchmarks compare with computes the same."""

import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.peers import em, identification
from w2s_sim.estimators.iterated_refinement import refined_priors
from w2s_sim.identification import identification_errors
from w2s_sim.identification.error_curves import COLUMNS


def test_em_rounds_are_ours(x64: None) -> None:
    logs, prior = em.log_likelihood(600, 7), np.full(7, 1 / 7)
    ours = refined_priors(jnp.asarray(prior), jnp.asarray(logs), jnp.full(600, 1 / 600), 12)
    np.testing.assert_allclose(em.em_rounds(prior, logs, 12), ours[-1], rtol=1e-10)


@pytest.mark.parametrize("peer", [identification.errors_in_all_dimensions, identification.errors_in_the_span])
def test_identification_errors_are_ours(peer) -> None:
    task = identification.example(num_concepts=5, dim=20)
    means, errors = peer(task, 10, 4096, 1)
    table = identification_errors(task, 10, replicates=4096)
    for name, mean, error in zip(COLUMNS, means, errors, strict=True):
        both = np.hypot(error, table[f"{name}_se"])
        assert np.all(np.abs(mean - table[name]) < 5 * both)
