"""PosteriorEnsemble: the law of its members, its limit, and the same from shared prefixes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.estimators.prefixes import prefix_statistic_of
from w2s_sim.statements.shared.finite_examples import table_task

KEY = jax.random.key(0)


def test_members_have_the_law_of_the_posterior(standard_errors_off) -> None:
    task, estimator = table_task(share=0.3), w2s.PosteriorEnsemble(2, 3)
    data = task.sample_weak(2, key=KEY)
    posterior = np.exp(np.asarray(task.source.log_posterior(data.inputs, data.labels)))
    keys = jax.random.split(KEY, 4000)
    shares = np.asarray(jax.vmap(lambda key: estimator.fit(task.source, data, key=key).prior)(keys))
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(3 * shares, np.round(3 * shares), atol=1e-5)
    assert standard_errors_off(shares, posterior) < 5
    # Three independent members: a third of the variance of one.
    deviations = (shares - posterior) ** 2
    assert standard_errors_off(deviations, posterior * (1 - posterior) / 3) < 5


def test_many_members_are_the_posterior_mean() -> None:
    task = w2s.canonical_task()
    data = task.sample_weak(4, key=KEY)
    many = w2s.PosteriorEnsemble(4, 10_000).fit(task.source, data, key=KEY).prior
    mean = w2s.InContext(4).fit(task.source, data, key=KEY).prior
    np.testing.assert_allclose(many, mean, atol=0.025)


def test_a_concept_of_posterior_zero_is_never_drawn() -> None:
    task = table_task(source_prior=[0.0, 0.5, 0.5, 0.0])
    data = task.sample_weak(3, key=KEY)
    prior = w2s.PosteriorEnsemble(3, 500).fit(task.source, data, key=KEY).prior
    assert prior[0] == prior[3] == 0


def test_the_same_from_a_shared_prefix() -> None:
    task, estimator = w2s.canonical_task(), w2s.PosteriorEnsemble(6, 4)
    statistic = prefix_statistic_of(estimator, task.source)
    assert statistic is not None
    data = task.sample_weak(10, key=KEY)
    first = w2s.WeakData(data.inputs[:6], data.labels[:6])
    seen = statistic.first(task.source, statistic.prepare(task.source, data), jnp.array(6))
    student = estimator.fit_statistic(task.source, seen, key=KEY)
    np.testing.assert_array_equal(student.prior, estimator.fit(task.source, first, key=KEY).prior)


@pytest.mark.parametrize(("numbers", "field"), [((0, 1), "num_demonstrations"), ((2, 0), "members")])
def test_what_it_refuses(numbers: tuple[int, int], field: str) -> None:
    with pytest.raises(InputError, match=field):
        w2s.PosteriorEnsemble(*numbers)
