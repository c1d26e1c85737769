"""A language model behind the contract of strong models: the way of texts.

What holds for all strong models is tested in tests/conformance/.
"""

import dataclasses
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.language_models.answer_trees import answer_trees
from w2s_sim.language_models.answering import answer_scores, greedy_answers
from w2s_sim.language_models.conversation_format import LINES, Demonstration, chat_format
from w2s_sim.language_models.in_context_model import (
    InContextModel,
    in_context_model,
    row_texts,
    text_rows,
)
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.scoring import score_answers
from w2s_sim.language_models.token_rows import token_rows
from w2s_sim.language_models.tokenizer import Tokenizer
from w2s_sim.strong_model import StrongModel
from w2s_sim.weak_data import WeakData

QUESTIONS = ["the band", "a thing", "in and", "the", "xy"]
ANSWERS = ["an", "the", "ing", "b", "in"]
NUM_TOKENS = 4

scores_of = eqx.filter_jit(score_answers)


@pytest.fixture
def exact(tiny: LanguageModel, exact_network: Any) -> LanguageModel:
    """The tiny model in float64."""
    return LanguageModel(tiny.name, exact_network, tiny.tokenizer)


@pytest.fixture
def pairs(exact: LanguageModel) -> WeakData:
    """Questions with answers; rows have empty slots."""
    tokenizer = exact.tokenizer
    return WeakData(text_rows(tokenizer, QUESTIONS), text_rows(tokenizer, ANSWERS, slots=NUM_TOKENS))


@eqx.filter_jit
def labels_after(model: InContextModel, context: WeakData, queries: Any, key: Any) -> jax.Array:
    return model.read(context).relabel(queries, key=key)


def test_greedy_labels_are_the_answers_to_whole_conversations(exact: LanguageModel, pairs: WeakData) -> None:
    model = in_context_model(exact, num_tokens=NUM_TOKENS, temperature=0.0)
    shown = [Demonstration(*pair) for pair in zip(QUESTIONS, ANSWERS, strict=True)]
    for number in (0, 3):
        labels = labels_after(model, pairs[:number], pairs.inputs[3:], jax.random.key(0))
        prompts = [LINES.prompt(shown[:number], question) for question in QUESTIONS[3:]]
        answers = greedy_answers(exact, prompts, LINES, num_tokens=NUM_TOKENS, batch=2)
        assert row_texts(exact.tokenizer, labels) == answers


def test_an_answer_ends_where_the_model_ends_its_turn(exact: LanguageModel, pairs: WeakData) -> None:
    """The third token that the model writes becomes its own end token; its name is not part of the answer."""
    prompts = [LINES.prompt((), question) for question in QUESTIONS[3:]]
    whole = in_context_model(exact, num_tokens=NUM_TOKENS, temperature=0.0)
    before = np.asarray(labels_after(whole, pairs[:0], pairs.inputs[3:], jax.random.key(0)))
    mark = int(before[0, 2])
    metadata = {**exact.tokenizer.metadata, "ggml.eos_token_id": mark}
    ending = dataclasses.replace(exact, tokenizer=Tokenizer(metadata))
    shorter = [row[: row.index(mark)] if mark in row else row for row in before.tolist()]
    wanted = [exact.tokenizer.decode([token for token in row if token != -1]).strip() for row in shorter]
    assert greedy_answers(ending, prompts, LINES, num_tokens=NUM_TOKENS) == wanted
    model = in_context_model(ending, num_tokens=NUM_TOKENS, temperature=0.0)
    labels = labels_after(model, pairs[:0], pairs.inputs[3:], jax.random.key(0))
    assert row_texts(exact.tokenizer, labels) == wanted


class FirstLabel(w2s.Estimator):
    """Keeps the labels that it gets."""

    concepts: ClassVar[type[StrongModel]] = InContextModel

    @property
    def sample_size(self) -> int:
        return 2

    def fit(self, source: Any, data: WeakData, *, key: Any) -> jax.Array:
        return data.labels


def test_refinement_relabels_with_a_language_model(exact: LanguageModel, pairs: WeakData) -> None:
    model = in_context_model(exact, num_tokens=NUM_TOKENS, temperature=0.0)
    refined = w2s.Refinement(3, FirstLabel())
    labels = eqx.filter_jit(lambda model, key: refined.fit(model, pairs, key=key))(model, jax.random.key(0))
    wanted = labels_after(model, pairs[:3], pairs.inputs[3:], jax.random.key(0))
    np.testing.assert_array_equal(labels, wanted)


def test_scores_of_texts_are_those_of_their_tokens(exact: LanguageModel) -> None:
    """Three prompts in batches of two, each with two answers and the end token."""
    prompts = [LINES.prompt([], question) for question in QUESTIONS[:3]]
    answers = [["an", "thing"], ["the", "b"], ["in", "banding"]]
    scores = answer_scores(exact, prompts, answers, LINES, batch=2)
    end = LINES.end_token(exact.tokenizer)
    for row, prompt, own in zip(scores, prompts, answers, strict=True):
        ids = [[*exact.tokenizer.encode(f" {answer}"), end] for answer in own]
        alone = token_rows([exact.tokenizer.encode(prompt)], slots=32)
        wanted = scores_of(exact.network, alone, answer_trees([ids]))
        np.testing.assert_allclose(row, wanted[0], atol=1e-10)


@pytest.mark.parametrize("chat", [False, True])
def test_pieces_are_split_from_what_was_said(chat: bool, tiny: LanguageModel) -> None:
    """Tokens of the pieces one after the other are those of the whole text, which is that of the template."""
    tokenizer = tiny.tokenizer
    written = chat_format(tokenizer) if chat else LINES
    shown = [Demonstration(*pair) for pair in zip(QUESTIONS[:2], ANSWERS[:2], strict=True)]
    text = written.prompt(shown, QUESTIONS[2])
    pieces = [written.first]
    for pair in shown:
        pieces += [written.opening + pair.question, written.middle]
        pieces += [written.opening + pair.answer, written.next]
    pieces += [written.opening + QUESTIONS[2], written.middle]
    assert [token for piece in pieces for token in tokenizer.encode(piece)] == tokenizer.encode(text)
    if chat:
        turns = [turn for pair in shown for turn in (("user", pair.question), ("assistant", pair.answer))]
        assert text == tokenizer.chat([*turns, ("user", QUESTIONS[2])])


def test_a_template_that_leaves_turns_out_is_refused(tiny: LanguageModel) -> None:
    silent = Tokenizer({**tiny.tokenizer.metadata, "chat_template": "Hello"})
    with pytest.raises(InputError, match="no QUESTION-1; expected a template that writes every turn"):
        chat_format(silent)
    other = "{% for message in messages %}{{ message['content'] }} {% endfor %}"
    with pytest.raises(InputError, match="turns that differ; expected a template that writes turns alike"):
        chat_format(Tokenizer({**tiny.tokenizer.metadata, "chat_template": other}))


def test_rows_of_texts_round_trip(tiny: LanguageModel) -> None:
    rows = text_rows(tiny.tokenizer, QUESTIONS)
    assert row_texts(tiny.tokenizer, rows) == QUESTIONS
    assert jnp.min(rows) == -1
