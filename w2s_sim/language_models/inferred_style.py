"""Infer and respond: the strong model names the style of weak demonstrations, and answers in that style.

A style is a concept that everyday questions state: their right answers, written in the style. The evidence
of a weak demonstration for a style is the log probability of its answer after these examples. The named
style has the largest sum of evidence over the demonstrations (all known styles are equally likely before).
The strong model then answers after the examples of the named style, without any weak demonstration.
"""

from collections.abc import Sequence

import numpy as np

from w2s_sim.language_models.answering import answer_scores, greedy_answers
from w2s_sim.language_models.conversation_format import ConversationFormat, Demonstration
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_set import Question
from w2s_sim.language_models.styles import Style

EVERYDAY = (
    ("What color is fresh snow?", "white"),
    ("How many legs does a dog have?", "four"),
    ("Which animal barks?", "dog"),
    ("What do bees make?", "honey"),
    ("What is frozen water called?", "ice"),
    ("Which season comes after winter?", "spring"),
    ("What do we call a young cat?", "kitten"),
    ("What is 2 plus 3?", "five"),
)


def examples_of(style: Style) -> list[Demonstration]:
    """Return everyday questions with right answers in a style."""
    return [Demonstration(question, style.write(answer)) for question, answer in EVERYDAY]


def named_styles(
    model: LanguageModel,
    questions: Sequence[Question],
    labels: Sequence[str],
    shown: Sequence[Sequence[Demonstration]],
    styles: Sequence[Style],
    written: ConversationFormat,
) -> list[Style]:
    """Name the style of each of several sets of demonstrations.

    Args:
        model: The strong model.
        questions: The questions with weak labels.
        labels: Their weak labels.
        shown: The sets of demonstrations, each of some of these questions with their labels.
        styles: The known styles.
        written: How questions and answers are written.
    """
    evidence = []
    for style in styles:
        prompts = [written.prompt(examples_of(style), question.text) for question in questions]
        evidence.append(answer_scores(model, prompts, [[label] for label in labels], written)[:, 0])
    number = {question.text: i for i, question in enumerate(questions)}
    of_label = np.stack(evidence, axis=1)
    sums = [of_label[[number[pair.question] for pair in pairs]].sum(axis=0) for pairs in shown]
    return [styles[int(np.argmax(total))] for total in sums]


def inferred_answers(
    model: LanguageModel, questions: Sequence[Question], named: Sequence[Style], written: ConversationFormat
) -> list[str]:
    """Return the greedy answer to every question after the examples of its named style."""
    prompts = [
        written.prompt(examples_of(style), question.text)
        for question, style in zip(questions, named, strict=True)
    ]
    return greedy_answers(model, prompts, written)
