"""Answers that are packed behind one prompt score as each alone does."""

import equinox as eqx
import numpy as np

from tests.language_models.plain_reading import log_laws, plain_log_laws
from w2s_sim.language_models.answer_trees import AnswerTrees, answer_trees
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.scoring import score_answers
from w2s_sim.language_models.token_rows import token_rows

PROMPTS = [[40, 41, 42, 43], [7, 9], [100, 101, 102]]
ANSWERS = [[50], [51, 52, 2], [200, 201], [51, 53, 2]]
DEMONSTRATIONS = [60, 61, 62, 63, 64]

scores_of = eqx.filter_jit(score_answers)


def alone(network: Llama, prompt: list[int], answer: list[int]) -> float:
    """The log probability of one answer, from one row of the prompt and the answer."""
    laws = plain_log_laws(network, prompt + answer)
    return sum(laws[len(prompt) + i - 1, token] for i, token in enumerate(answer))


def trees_of(answers: list[list[int]]) -> AnswerTrees:
    """The same answers to every prompt."""
    return answer_trees([answers] * len(PROMPTS))


def test_packed_answers_score_as_each_alone(exact_network: Llama) -> None:
    scores = scores_of(exact_network, token_rows(PROMPTS, multiple=8), trees_of(ANSWERS))
    wanted = [[alone(exact_network, prompt, answer) for answer in ANSWERS] for prompt in PROMPTS]
    np.testing.assert_allclose(scores, wanted, atol=1e-10)


def test_shared_beginnings_stand_once() -> None:
    """51 begins two answers and 51 53 one; ends need no slot, nor does an answer that begins another."""
    trees = answer_trees([[[51, 52, 2], [51, 53, 54], [51, 53], [9]]])
    assert trees.nodes.tokens[0, :3].tolist() == [51, 52, 53]
    assert trees.nodes.real.sum() == 3
    assert trees.places[0, :3].tolist() == [0, 1, 1]
    assert trees.sees[0, :3, :3].tolist() == [[True, False, False], [True, True, False], [True, False, True]]
    assert trees.after[0, :, :3].tolist() == [[0, 1, 2], [0, 1, 3], [0, 1, 0], [0, 0, 0]]


def test_every_prompt_may_have_answers_of_its_own(exact_network: Llama) -> None:
    own = [[ANSWERS[0], ANSWERS[1]], [ANSWERS[1], ANSWERS[2]], [ANSWERS[3], ANSWERS[0]]]
    scores = scores_of(exact_network, token_rows(PROMPTS), answer_trees(own))
    wanted = [
        [alone(exact_network, prompt, answer) for answer in answers]
        for prompt, answers in zip(PROMPTS, own, strict=True)
    ]
    np.testing.assert_allclose(scores, wanted, atol=1e-10)


def test_prompts_may_follow_what_was_read(exact_network: Llama) -> None:
    _, read = log_laws(exact_network, token_rows([DEMONSTRATIONS], multiple=8))
    scores = scores_of(exact_network, token_rows(PROMPTS), trees_of(ANSWERS), (read,))
    wanted = [
        [alone(exact_network, DEMONSTRATIONS + prompt, answer) for answer in ANSWERS] for prompt in PROMPTS
    ]
    np.testing.assert_allclose(scores, wanted, atol=1e-10)


def test_float32_agrees_to_a_ten_thousandth(tiny: LanguageModel) -> None:
    scores = scores_of(tiny.network, token_rows(PROMPTS), trees_of(ANSWERS))
    wanted = [[alone(tiny.network, prompt, answer) for answer in ANSWERS] for prompt in PROMPTS]
    np.testing.assert_allclose(scores, wanted, atol=1e-4)


def test_probabilities_of_all_tokens_sum_to_one(exact_network: Llama) -> None:
    size = exact_network.sizes.vocabulary_size
    scores = scores_of(exact_network, token_rows(PROMPTS), trees_of([[token] for token in range(size)]))
    np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1.0, atol=1e-10)
