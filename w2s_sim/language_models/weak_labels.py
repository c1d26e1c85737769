"""Weak labels: answers in the wanted style, some of which are wrong in content."""

from collections.abc import Sequence
from typing import Literal

import jax
import numpy as np
from jaxtyping import Array, Key

from w2s_sim._checks import require_between
from w2s_sim.errors import InputError
from w2s_sim.language_models.question_set import Question

Errors = Literal["systematic", "random"]


def weak_contents(
    questions: Sequence[Question], wrong_share: float, errors: Errors, *, key: Key[Array, ""]
) -> list[str]:
    """Draw the content of the weak label of every question.

    Args:
        questions: The questions.
        wrong_share: Probability that a label is wrong, independently for each question.
        errors: "systematic" gives the bait of the question's kind, "random" the right answer of another
            question of its kind, uniformly.
        key: Typed PRNG key.

    Raises:
        InputError: If the share is no probability, or the errors are of another kind.
    """
    require_between("wrong_share", wrong_share, 0.0, 1.0)
    if errors not in ("systematic", "random"):
        raise InputError("errors", repr(errors), "'systematic' or 'random'")
    wrong_key, other_key = jax.random.split(key)
    wrong = np.asarray(jax.random.uniform(wrong_key, (len(questions),))) < wrong_share
    others = np.asarray(jax.random.uniform(other_key, (len(questions),)))
    contents = []
    for question, is_wrong, other in zip(questions, wrong, others, strict=True):
        if not is_wrong:
            contents.append(question.answer)
        elif errors == "systematic":
            contents.append(question.bait)
        else:
            contents.append(question.others[int(other * len(question.others))])
    return contents
