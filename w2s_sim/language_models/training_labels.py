"""The labels on which a model is fine-tuned, one list for each arm of the experiment of refinement."""

from collections.abc import Sequence
from typing import Literal, get_args

import jax
from jaxtyping import Array, Key

from w2s_sim.language_models.answering import greedy_answers
from w2s_sim.language_models.conversation_format import ConversationFormat, Demonstration
from w2s_sim.language_models.demonstration_sets import demonstrations_for
from w2s_sim.language_models.inferred_style import inferred_answers, named_styles
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_set import Question
from w2s_sim.language_models.styles import Style

# "none" is the model before. The others learn: weak labels ("naive"); the strong model's greedy answers after
# weak demonstrations ("refined"), after weak demonstrations of which one is the question's own
# ("ask-to-improve"), in the style that the weak demonstrations show ("inferred", see `inferred_style`), and
# without demonstrations ("own"); right answers in the wanted style ("clean").
Arm = Literal["none", "naive", "refined", "ask-to-improve", "inferred", "own", "clean"]
ARMS: tuple[Arm, ...] = get_args(Arm)


def labels_of(
    arm: Arm,
    model: LanguageModel,
    questions: Sequence[Question],
    weak: Sequence[str],
    style: Style,
    styles: Sequence[Style],
    num_demonstrations: int,
    written: ConversationFormat,
    *,
    key: Key[Array, ""],
) -> list[str]:
    """Return the labels of an arm.

    Args:
        arm: The arm, not "none".
        model: The strong model.
        questions: The questions that are learned.
        weak: Their weak labels.
        style: The wanted style.
        styles: The styles that an inferred one is chosen from.
        num_demonstrations: Demonstrations of each question, drawn for it among the other questions.
        written: How demonstrations are written.
        key: Typed PRNG key of the demonstrations.
    """
    if arm == "naive":
        return list(weak)
    if arm == "clean":
        return [style.write(question.answer) for question in questions]
    if arm == "own":
        return greedy_answers(model, [written.prompt((), question.text) for question in questions], written)
    keys = jax.random.split(key, len(questions))
    shown = [
        demonstrations_for(question, questions, weak, num_demonstrations, key=own)
        for question, own in zip(questions, keys, strict=True)
    ]
    if arm == "inferred":
        named = named_styles(model, questions, weak, shown, styles, written)
        return inferred_answers(model, questions, named, written)
    if arm == "ask-to-improve":
        shown = [
            with_own(pairs, Demonstration(question.text, label), key=own)
            for pairs, question, label, own in zip(shown, questions, weak, keys, strict=True)
        ]
    prompts = [written.prompt(pairs, question.text) for pairs, question in zip(shown, questions, strict=True)]
    return greedy_answers(model, prompts, written)


def with_own(
    pairs: Sequence[Demonstration], own: Demonstration, *, key: Key[Array, ""]
) -> list[Demonstration]:
    """Put a question's own weak label in the place of one of its demonstrations, drawn at random."""
    place = int(jax.random.randint(jax.random.fold_in(key, 1), (), 0, len(pairs)))
    return [*pairs[:place], own, *pairs[place + 1 :]]
