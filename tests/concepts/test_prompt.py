"""Prompts read as one document, against enumeration of hidden paths, and what a weak chain forgets."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.concepts.test_hidden_markov import EMISSION, INITIAL, TRANSITION, make_model, path_sum
from w2s_sim.concepts import PromptModel, forgetful
from w2s_sim.errors import InputError
from w2s_sim.estimators import InContext
from w2s_sim.tasks.task import WeakData

pytestmark = pytest.mark.usefixtures("x64")

PRIOR = np.array([0.7, 0.3])


def make_prompt_model(delimiter: int = 2) -> PromptModel:
    parts = (jnp.asarray(part) for part in (PRIOR, INITIAL, TRANSITION, EMISSION))
    return PromptModel(*parts, length=2, delimiter=delimiter)


def enumerated(symbols: list[int]) -> np.ndarray:
    return np.array([path_sum(k, np.asarray(symbols)) for k in range(2)])


def test_a_prompt_is_one_document() -> None:
    model = make_prompt_model()
    labels = jnp.array([[0, 1], [1, 0], [1, 1]])
    assert model.document(labels).tolist() == [0, 1, 2, 1, 0, 2, 1, 1, 2]
    joint = PRIOR * enumerated([0, 1, 2, 1, 0, 2, 1, 1, 2])
    data = WeakData(jnp.zeros((3, 0), dtype=int), labels)
    np.testing.assert_allclose(np.exp(model.log_joint(data.inputs, labels)), joint, atol=1e-15)
    np.testing.assert_allclose(
        np.exp(InContext(3).log_posterior(model, data)), joint / joint.sum(), atol=1e-12
    )
    # A model that takes the examples for independent says something else.
    apart = make_model(2).log_joint(data.inputs, labels)
    assert np.abs(np.exp(apart) - joint).max() > 1e-4


def test_predictor_is_the_ratio_of_enumerations() -> None:
    model = make_prompt_model()
    labels, query = jnp.array([[0, 1], [1, 0]]), jnp.array([1])
    found = model.predict_next(labels, query)
    prompt = [0, 1, 2, 1, 0, 2, 1]
    joint = PRIOR * enumerated(prompt)
    np.testing.assert_allclose(np.exp(found.log_posterior), joint / joint.sum(), atol=1e-12)
    expected = [(PRIOR * enumerated([*prompt, v])).sum() / joint.sum() for v in range(3)]
    np.testing.assert_allclose(np.exp(found.log_next), expected, atol=1e-12)
    assert np.isclose(sum(expected), 1.0)


def test_without_examples_the_query_stands_alone() -> None:
    model = make_prompt_model()
    none = jnp.zeros((0, 2), dtype=int)
    found = model.predict_next(none, jnp.array([1, 0]))
    joint = PRIOR * enumerated([1, 0])
    np.testing.assert_allclose(np.exp(found.log_posterior), joint / joint.sum(), atol=1e-12)
    np.testing.assert_allclose(np.exp(model.log_joint(none[:, :0], none)), PRIOR, atol=1e-12)


def test_it_says_that_it_does_not_read_examples_apart() -> None:
    assert make_model().reads_independently
    assert not make_prompt_model().reads_independently


@pytest.mark.parametrize("delimiter", [-1, 3])
def test_delimiter_must_be_a_symbol(delimiter: int) -> None:
    with pytest.raises(InputError, match="delimiter"):
        make_prompt_model(delimiter)


def test_a_forgetful_chain_goes_on_anywhere() -> None:
    model = make_model()
    np.testing.assert_allclose(forgetful(model, 0.0).transition, model.transition, atol=1e-12)
    lost = forgetful(model, 1.0)
    np.testing.assert_allclose(lost.transition, 0.5, atol=1e-12)
    # Every symbol but the first has the law of an even state, whatever came before.
    following = np.exp(lost.log_next_symbol(jnp.array([[0, 1], [1, 2]])[:, :1]))[1]
    np.testing.assert_allclose(following[0], EMISSION[0].mean(axis=0), atol=1e-12)
    half = forgetful(model, 0.5).log_outcome_probabilities()
    np.testing.assert_allclose(jax.nn.logsumexp(half, axis=1), 0.0, atol=1e-12)
    with pytest.raises(InputError, match="share"):
        forgetful(model, 1.5)
