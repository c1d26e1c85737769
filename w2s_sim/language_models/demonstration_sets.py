"""Prompts with demonstrations of their own: weak answers to other questions of the same kind."""

import dataclasses
from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Array, Key

from w2s_sim.errors import InputError
from w2s_sim.language_models.conversation_format import Demonstration
from w2s_sim.language_models.question_set import Question
from w2s_sim.language_models.styles import Style
from w2s_sim.language_models.weak_labels import Errors, weak_contents


@dataclasses.dataclass(frozen=True)
class WeakPrompt:
    """A question, and demonstrations for it.

    Attributes:
        question: The question.
        demonstrations: Weak answers to other questions of its kind; the first n of them are a set of n.
    """

    question: Question
    demonstrations: tuple[Demonstration, ...]


def weak_prompts(
    questions: Sequence[Question],
    style: Style,
    num_prompts: int,
    num_demonstrations: int,
    *,
    wrong_share: float,
    errors: Errors,
    contents: Sequence[str] | None = None,
    key: Key[Array, ""],
) -> list[WeakPrompt]:
    """Draw different questions, each with its own demonstrations, independently.

    Args:
        questions: All questions.
        style: The style of the weak answers.
        num_prompts: Number of prompts.
        num_demonstrations: Demonstrations of each prompt.
        wrong_share: Probability that a weak answer is wrong in content.
        errors: "systematic" or "random", see `weak_contents`.
        contents: Contents of the weak answers to all questions, such as those of a weak teacher; by default
            they are drawn anew for each prompt, by `wrong_share` and `errors`.
        key: Typed PRNG key.

    Raises:
        InputError: If there are too few questions, in all or in a kind.
    """
    if num_prompts > len(questions):
        raise InputError("num_prompts", num_prompts, f"at most {len(questions)}, the number of questions")
    order_key, *keys = jax.random.split(key, num_prompts + 1)
    chosen = np.asarray(jax.random.permutation(order_key, len(questions)))[:num_prompts]
    prompts = []
    for number, own_key in zip(chosen, keys, strict=True):
        demonstration_key, weak_key = jax.random.split(own_key)
        drawn = contents or weak_contents(questions, wrong_share, errors, key=weak_key)
        answers = [style.write(content) for content in drawn]
        shown = demonstrations_for(
            questions[number], questions, answers, num_demonstrations, key=demonstration_key
        )
        prompts.append(WeakPrompt(questions[number], tuple(shown)))
    return prompts


def demonstrations_for(
    question: Question,
    questions: Sequence[Question],
    answers: Sequence[str],
    size: int,
    *,
    key: Key[Array, ""],
) -> list[Demonstration]:
    """Draw n demonstrations from labelled questions: others of the question's kind, without replacement.

    Args:
        question: The question, which is not its own demonstration.
        questions: The labelled questions.
        answers: Their labels.
        size: Number n of demonstrations.
        key: Typed PRNG key.

    Raises:
        InputError: If there are fewer than n others of its kind.
    """
    pairs = [
        Demonstration(other.text, answer)
        for other, answer in zip(questions, answers, strict=False)
        if other.kind == question.kind and other != question
    ]
    if len(pairs) < size:
        given = f"{size}, with {len(pairs)} other labels of the kind {question.kind}"
        raise InputError("num_demonstrations", given, "fewer than labels of every kind")
    return [pairs[i] for i in np.asarray(jax.random.permutation(key, len(pairs)))[:size]]
