"""Finite tasks: the law of weak data, how they are drawn, and the posterior that reads them."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.concepts import CategoricalModel, HiddenMarkovModel
from w2s_sim.concepts.finite import smoothed
from w2s_sim.errors import InputError
from w2s_sim.estimators import InContext
from w2s_sim.tasks.finite_task import FiniteTask

pytestmark = pytest.mark.usefixtures("x64")

PRIOR = [0.5, 0.3, 0.2]
TABLES = np.array(
    [
        [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]],
        [[0.2, 0.4, 0.4], [0.3, 0.3, 0.4]],
        [[0.1, 0.1, 0.8], [0.8, 0.1, 0.1]],
    ]
)


def categorical_task(target_prior: list[float]) -> FiniteTask:
    source = CategoricalModel(jnp.asarray(PRIOR), jnp.asarray(TABLES), jnp.array([0.3, 0.7]))
    return FiniteTask(source, jnp.asarray(target_prior), smoothed(source, 0.2))


def deterministic_task(target_prior: list[float]) -> FiniteTask:
    """Concept k says symbol k, always: the label tells the concept."""
    source = CategoricalModel(jnp.asarray(PRIOR), jnp.eye(3)[:, None, :], jnp.ones(1))
    return FiniteTask(source, jnp.asarray(target_prior), source)


def hidden_markov_task() -> FiniteTask:
    initial, transition = np.array([[0.6, 0.4], [0.5, 0.5]]), np.full((2, 2, 2), 0.5)
    emission = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.2, 0.8], [0.5, 0.5]]])
    source = HiddenMarkovModel(
        jnp.array([0.5, 0.5]), jnp.asarray(initial), jnp.asarray(transition), jnp.asarray(emission), length=3
    )
    return FiniteTask(source, jnp.array([0.25, 0.75]), smoothed(source, 0.4))


def test_properties() -> None:
    task = categorical_task([0.1, 0.7, 0.2])
    assert (task.num_concepts, int(task.target_concept), task.has_point_mass_target) == (3, 1, False)
    assert categorical_task([0.0, 0.0, 1.0]).has_point_mass_target


def test_weak_law_by_hand() -> None:
    weak = 0.8 * TABLES + 0.2 / 3
    mixture = np.tensordot([0.1, 0.7, 0.2], weak, axes=1) * np.array([[0.3], [0.7]])
    np.testing.assert_allclose(categorical_task([0.1, 0.7, 0.2]).weak_law, mixture.ravel(), atol=1e-12)


@pytest.mark.parametrize("build", [lambda: categorical_task([0.1, 0.7, 0.2]), hidden_markov_task])
def test_ungrouped_demonstrations_have_the_weak_law(
    build: Callable[[], FiniteTask], standard_errors_off: Callable[..., float]
) -> None:
    task = build()
    data = task.sample_weak(40_000, key=jax.random.key(0))
    inputs, labels = (np.asarray(part) for part in task.source.outcomes)
    outcome = np.concatenate([part.reshape(len(part), -1) for part in (inputs, labels)], axis=1)
    drawn = np.concatenate(
        [np.asarray(part).reshape(40_000, -1) for part in (data.inputs, data.labels)], axis=1
    )
    shown = np.all(drawn[:, None, :] == outcome, axis=2)
    assert np.all(shown.sum(axis=1) == 1)
    assert standard_errors_off(shown, task.weak_law) < 5


@pytest.mark.parametrize("context_size", [1, 4])
def test_demonstrations_of_a_context_share_one_concept(
    context_size: int, standard_errors_off: Callable[..., float]
) -> None:
    task = deterministic_task(PRIOR)
    data = task.sample_weak(4 * 8000, context_size=context_size, key=jax.random.key(3))
    shown = np.eye(3)[np.asarray(data.labels)].reshape(8000, 4, 3)
    assert standard_errors_off(shown.mean(axis=1), PRIOR) < 5
    alike = np.all(shown == shown[:, :1], axis=(1, 2))
    if context_size == 4:
        assert alike.all()
    else:
        assert standard_errors_off(alike, np.sum(np.array(PRIOR) ** 4)) < 5


def test_in_context_reads_any_demonstrations() -> None:
    for task in (categorical_task([0.0, 1.0, 0.0]), hidden_markov_task()):
        data = task.sample_weak(5, key=jax.random.key(1))
        found = InContext(5).log_posterior(task.source, data)
        rows = np.asarray(task.source.log_likelihood(data.inputs, data.labels))
        joint = np.asarray(task.source.prior) * np.exp(rows.sum(axis=0))
        np.testing.assert_allclose(np.exp(found), joint / joint.sum(), atol=1e-10)
        assert data[:2].labels.shape == (2, *data.labels.shape[1:])


@pytest.mark.parametrize(("field", "value"), [("num_weak", -1), ("context_size", 0), ("num_weak", True)])
def test_bad_sizes_are_refused(field: str, value: int) -> None:
    sizes = {"num_weak": 4, "context_size": 1} | {field: value}
    with pytest.raises(InputError, match=field):
        deterministic_task(PRIOR).sample_weak(**sizes, key=jax.random.key(0))


def test_models_that_do_not_fit_are_refused() -> None:
    task = categorical_task([0.0, 1.0, 0.0])
    with pytest.raises(InputError, match=r"^target_prior: got shape \(2,\)"):
        FiniteTask(task.source, jnp.array([0.5, 0.5]), task.supervisor)
    with pytest.raises(InputError, match=r"^target_prior: .*sum to 1"):
        FiniteTask(task.source, jnp.array([0.5, 0.5, 0.5]), task.supervisor)
    other = deterministic_task(PRIOR).source
    with pytest.raises(
        InputError, match=r"^weak: got concepts = 3, contexts = 1, .*contexts = 2, symbols = 3"
    ):
        FiniteTask(task.source, task.target_prior, other)
    with pytest.raises(InputError, match="length = 3"):
        FiniteTask(hidden_markov_task().source, jnp.array([0.0, 1.0]), categorical_task([0, 1, 0]).source)
