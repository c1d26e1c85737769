"""posterior-mean-gain: losses by loops over contexts and draws, and sampled ensembles."""

import itertools

import jax
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.metrics import kl_divergence
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.posterior_mean_gain.random_teachers import sampled_loss
from w2s_sim.statements.shared.finite_examples import table_task
from w2s_sim.verify.evaluation import bound_of, exact_value_of, terms_of

STATEMENT = find_statement("posterior-mean-gain")
MIXED_TARGET = [0.1, 0.2, 0.3, 0.4]


def by_loops(task, demonstrations: int, members: int, loss) -> float:
    """The mean loss of the average of drawn laws, one context and one draw after the other."""
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities(), float))
    law, prior = np.asarray(task.weak_law, float), np.asarray(task.source.prior, float)
    target, total = np.asarray(task.target_prior, float) @ laws, 0.0
    for context in itertools.product(range(len(law)), repeat=demonstrations):
        posterior = prior * laws[:, context].prod(axis=1)
        posterior /= posterior.sum()
        for draw in itertools.product(range(len(laws)), repeat=members):
            chance = law[list(context)].prod() * posterior[list(draw)].prod()
            total += chance * loss(target, laws[list(draw)].mean(axis=0))
    return total


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("demonstrations", "members"), [(1, 3), (2, 1), (2, 2)])
def test_losses_by_loops(demonstrations: int, members: int) -> None:
    task = table_task(shift=0.3, target_prior=MIXED_TARGET)
    case = Case("", task, w2s.PosteriorEnsemble(demonstrations, members))
    squares = by_loops(task, demonstrations, members, lambda f, p: np.sum((f - p) ** 2))
    assert exact_value_of(STATEMENT, case) == pytest.approx(squares, abs=1e-10)
    assert bound_of(STATEMENT, case) == pytest.approx(squares, abs=1e-10)
    logs = by_loops(task, demonstrations, members, lambda f, p: np.sum(f * np.log(f / p)))
    assert float(sampled_loss(case, members, kl_divergence)) == pytest.approx(logs, abs=1e-10)


@pytest.mark.usefixtures("x64")
def test_the_variance_knows_no_target() -> None:
    """A weak model that shows the same, whatever is wanted: the losses differ, the variances do not."""
    weak = w2s.CategoricalModel(MIXED_TARGET, [[[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]]] * 4, [0.4, 0.6])
    tasks = [
        w2s.FiniteTask(table_task().source, target, weak) for target in (MIXED_TARGET, MIXED_TARGET[::-1])
    ]
    parts = [terms_of(STATEMENT, Case("", task, w2s.PosteriorEnsemble(2))) for task in tasks]
    assert parts[0]["posterior variance"] == pytest.approx(parts[1]["posterior variance"], abs=1e-12)
    assert abs(parts[0]["loss of the posterior mean"] - parts[1]["loss of the posterior mean"]) > 1e-3


@pytest.mark.parametrize("members", [1, 3])
def test_ensembles_of_regression_concepts(members: int) -> None:
    """Squared error of sampled ensembles against the mean's, plus the variance over m: in plain NumPy."""
    task, estimator = w2s.canonical_task(), w2s.PosteriorEnsemble(4, members)
    vectors, target = np.asarray(task.source.vectors), np.asarray(task.target_vector)

    def replicate(key):
        data = task.sample_weak(4, key=key)
        posterior = task.source.read(data).prior
        return posterior, estimator.fit(task.source, data, key=jax.random.fold_in(key, 1)).prior

    posteriors, drawn = jax.jit(jax.vmap(replicate))(jax.random.split(jax.random.key(3), 8000))
    means, averages = np.asarray(posteriors) @ vectors, np.asarray(drawn) @ vectors
    spread = np.sum(np.asarray(posteriors) * np.sum((vectors - means[:, None]) ** 2, axis=2), axis=1)
    gain = np.sum((averages - target) ** 2, axis=1) - np.sum((means - target) ** 2, axis=1)
    excess = gain - spread / members
    assert abs(excess.mean()) < 5 * excess.std() / len(excess) ** 0.5
    # Without the variance the difference would be seen.
    assert gain.mean() > 5 * gain.std() / len(gain) ** 0.5


def test_contexts_that_are_too_many() -> None:
    case = Case("", table_task(), w2s.PosteriorEnsemble(30))
    assert STATEMENT.broken_assumption(case) == "few enough contexts to enumerate"
    with pytest.raises(InputError, match="to enumerate them"):
        bound_of(STATEMENT, case)
