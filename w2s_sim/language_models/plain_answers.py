"""What a model answers plainly after right answers to other questions: what it knows, without any style."""

from collections.abc import Sequence

import jax

from w2s_sim.language_models.answering import Progress, greedy_answers
from w2s_sim.language_models.conversation_format import LINES, ConversationFormat
from w2s_sim.language_models.demonstration_sets import demonstrations_for
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_set import Question


def plain_answers(
    model: LanguageModel,
    questions: Sequence[Question],
    *,
    num_demonstrations: int = 6,
    seed: int = 0,
    written: ConversationFormat = LINES,
    progress: Progress = iter,
) -> list[str]:
    """Return the greedy answer to each question after right answers to other questions of its kind.

    Args:
        model: The model.
        questions: The questions, which are also the demonstrations of one another.
        num_demonstrations: Demonstrations of each question, drawn for it alone.
        seed: Seed of the demonstrations.
        written: How questions and answers are written.
        progress: Wraps the loop over batches of questions.

    Raises:
        InputError: If a kind has too few questions.
    """
    answers = [question.answer for question in questions]
    prompts = []
    for question, key in zip(questions, jax.random.split(jax.random.key(seed), len(questions)), strict=True):
        shown = demonstrations_for(question, questions, answers, num_demonstrations, key=key)
        prompts.append(written.prompt(shown, question.text))
    return greedy_answers(model, prompts, written, progress=progress)
