"""What a real language model answers to one question after n weak demonstrations."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np

from w2s_sim.language_models.answering import ask
from w2s_sim.language_models.conversation_format import LINES
from w2s_sim.language_models.demonstration_sets import demonstrations_for
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_set import Question
from w2s_sim.language_models.styles import Style
from w2s_sim.language_models.weak_labels import weak_contents


@dataclasses.dataclass(frozen=True)
class LiveAnswer:
    """A prompt with its answer.

    Attributes:
        prompt: The demonstrations and the question.
        text: The greedy answer.
        style_log_odds: Log probability of the right answer or the bait in the wanted style, minus that in the
            plain style (nats).
        right_log_odds: Log probability of the right answer minus that of the bait in the wanted style, nats.
    """

    prompt: str
    text: str
    style_log_odds: float
    right_log_odds: float


def answer_after(
    model: LanguageModel,
    questions: Sequence[Question],
    asked: Question,
    styles: tuple[Style, Style],
    num_demonstrations: int,
    *,
    wrong_share: float = 0.5,
    seed: int = 0,
) -> LiveAnswer:
    """Ask a question after weak demonstrations, some of which give the bait of the question's kind.

    Args:
        model: The language model.
        questions: All questions.
        asked: One of them.
        styles: The wanted style and the plain one.
        num_demonstrations: Number n of demonstrations; those of a smaller n are the first of a larger one.
        wrong_share: Probability that a demonstration is wrong.
        seed: Seed of the demonstrations.
    """
    order_key, weak_key = jax.random.split(jax.random.key(seed))
    labels = [
        styles[0].write(content)
        for content in weak_contents(questions, wrong_share, "systematic", key=weak_key)
    ]
    shown = demonstrations_for(asked, questions, labels, num_demonstrations, key=order_key)
    prompt = LINES.prompt(shown, asked.text)
    answers = [way.write(content) for way in styles for content in (asked.answer, asked.bait)]
    said, scores = ask(model, [[prompt]], [answers], LINES, batch=1)
    right, bait, *others = scores[0, 0].tolist()
    return LiveAnswer(
        prompt=prompt,
        text=said[0][0],
        style_log_odds=float(np.logaddexp(right, bait) - np.logaddexp(*others)),
        right_log_odds=right - bait,
    )
