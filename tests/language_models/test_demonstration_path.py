"""One pass over a path of demonstrations, against a pass for every answer after every number of them."""

import dataclasses

import numpy as np

from w2s_sim.language_models.answer_trees import answer_trees
from w2s_sim.language_models.conversation_format import LINES, Demonstration
from w2s_sim.language_models.demonstration_path import scores_along
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.scoring import score_answers
from w2s_sim.language_models.token_rows import token_rows

SHOWN = [Demonstration("and the", "a"), Demonstration("ing", "the and"), Demonstration("a thing", "in")]
ANSWERS = [["a", "the and ing"], ["the and", "b"], ["in", "and"]]


def test_scores_along_a_path_are_those_of_an_answer_alone(tiny: LanguageModel, exact_network: Llama) -> None:
    encode, end = tiny.tokenizer.encode, LINES.end_token(tiny.tokenizer)
    exact = dataclasses.replace(tiny, network=exact_network)
    along = scores_along(exact, SHOWN, ANSWERS, LINES)
    before: list[int] = []
    for number, (shown, answers) in enumerate(zip(SHOWN, ANSWERS, strict=True)):
        opening = LINES.next if number else LINES.first
        before += encode(opening + LINES.opening + shown.question + LINES.middle)
        for text, scores in zip(answers, along[number], strict=True):
            tokens = [*encode(LINES.opening + text), end]
            whole = score_answers(exact_network, token_rows([before]), answer_trees([[tokens]]))
            assert scores.shape == (len(tokens),)
            np.testing.assert_allclose(np.sum(scores), whole[0, 0], rtol=1e-10)
        before += encode(LINES.opening + shown.answer)


def test_later_demonstrations_change_nothing(tiny: LanguageModel) -> None:
    whole = scores_along(tiny, SHOWN, ANSWERS, LINES)
    part = scores_along(tiny, SHOWN[:2], ANSWERS[:2], LINES)
    for own, shorter in zip(whole[:2], part, strict=True):
        for scores, again in zip(own, shorter, strict=True):
            np.testing.assert_allclose(scores, again, atol=1e-5)
