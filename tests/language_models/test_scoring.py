"""Answers that are packed behind one prompt score as each alone does."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tests.language_models.plain_reading import log_laws, plain_log_laws
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.scoring import score_answers
from w2s_sim.language_models.token_rows import TokenRows, token_rows

PROMPTS = [[40, 41, 42, 43], [7, 9], [100, 101, 102]]
ANSWERS = [[50], [51, 52, 2], [200, 201], [51, 53, 2]]
DEMONSTRATIONS = [60, 61, 62, 63, 64]

scores_of = eqx.filter_jit(score_answers)


def alone(network: Llama, prompt: list[int], answer: list[int]) -> float:
    """The log probability of one answer, from one row of the prompt and the answer."""
    laws = plain_log_laws(network, prompt + answer)
    return sum(laws[len(prompt) + i - 1, token] for i, token in enumerate(answer))


def test_packed_answers_score_as_each_alone(exact_network: Llama) -> None:
    scores = scores_of(exact_network, token_rows(PROMPTS, multiple=8), token_rows(ANSWERS, multiple=4))
    wanted = [[alone(exact_network, prompt, answer) for answer in ANSWERS] for prompt in PROMPTS]
    np.testing.assert_allclose(scores, wanted, atol=1e-10)


def test_every_prompt_may_have_answers_of_its_own(exact_network: Llama) -> None:
    own = [[ANSWERS[0], ANSWERS[1]], [ANSWERS[1], ANSWERS[2]], [ANSWERS[3], ANSWERS[0]]]
    rows = [token_rows(answers, slots=3) for answers in own]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *rows)
    scores = scores_of(exact_network, token_rows(PROMPTS), stacked)
    wanted = [
        [alone(exact_network, prompt, answer) for answer in answers]
        for prompt, answers in zip(PROMPTS, own, strict=True)
    ]
    np.testing.assert_allclose(scores, wanted, atol=1e-10)


def test_prompts_may_follow_what_was_read(exact_network: Llama) -> None:
    _, read = log_laws(exact_network, token_rows([DEMONSTRATIONS], multiple=8))
    scores = scores_of(exact_network, token_rows(PROMPTS), token_rows(ANSWERS), (read,))
    wanted = [
        [alone(exact_network, DEMONSTRATIONS + prompt, answer) for answer in ANSWERS] for prompt in PROMPTS
    ]
    np.testing.assert_allclose(scores, wanted, atol=1e-10)


def test_float32_agrees_to_a_ten_thousandth(tiny: LanguageModel) -> None:
    scores = scores_of(tiny.network, token_rows(PROMPTS), token_rows(ANSWERS))
    wanted = [[alone(tiny.network, prompt, answer) for answer in ANSWERS] for prompt in PROMPTS]
    np.testing.assert_allclose(scores, wanted, atol=1e-4)


def test_probabilities_of_all_tokens_sum_to_one(exact_network: Llama) -> None:
    size = exact_network.sizes.vocabulary_size
    everything = TokenRows(jnp.arange(size)[:, None], jnp.ones((size, 1), dtype=bool))
    scores = scores_of(exact_network, token_rows(PROMPTS), everything)
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1.0, atol=1e-10)
