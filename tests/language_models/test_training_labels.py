"""What each arm of the experiment of refinement learns from, with a model that answers in a known way."""

from collections.abc import Sequence
from typing import get_args, get_type_hints

import jax
import numpy as np
import pytest

from w2s_sim.cli.lm_arguments import Refine
from w2s_sim.language_models import inferred_style, training_labels
from w2s_sim.language_models.answering import answer_scores, greedy_answers
from w2s_sim.language_models.conversation_format import LINES, Demonstration
from w2s_sim.language_models.inferred_style import examples_of, inferred_answers, named_styles
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.styles import read_styles
from w2s_sim.language_models.training_labels import ARMS, Arm, labels_of, with_own

QUESTIONS, STYLES = read_questions()[:8], read_styles()
PIRATE, KNOWN = STYLES["pirate"], [STYLES["plain"], STYLES["pirate"], STYLES["json"]]
WEAK = [PIRATE.write(f"weak {i}") for i in range(8)]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The prompts of greedy answers, all of which are "answer"."""
    prompts: list[str] = []

    def answers(model: LanguageModel, own: Sequence[str], written: object) -> list[str]:
        prompts.extend(own)
        return ["answer"] * len(own)

    for module in (training_labels, inferred_style):
        monkeypatch.setattr(module, "greedy_answers", answers)
    return prompts


def labels(arm: Arm, model: LanguageModel) -> list[str]:
    return labels_of(arm, model, QUESTIONS, WEAK, PIRATE, KNOWN, 2, LINES, key=jax.random.key(0))


def test_labels_that_need_no_demonstrations(tiny: LanguageModel, asked: list[str]) -> None:
    assert labels("naive", tiny) == WEAK
    assert labels("clean", tiny) == [f"Arrr, {question.answer}!" for question in QUESTIONS]
    assert labels("own", tiny) == ["answer"] * 8
    assert asked == [LINES.prompt((), question.text) for question in QUESTIONS]


@pytest.mark.parametrize(("arm", "own"), [("refined", 0), ("ask-to-improve", 1)])
def test_a_question_reads_its_own_label_if_asked_to_improve(
    arm: Arm, own: int, tiny: LanguageModel, asked: list[str]
) -> None:
    assert labels(arm, tiny) == ["answer"] * 8
    for number, prompt in enumerate(asked):
        assert prompt.count("Arrr") == 2
        assert prompt.count(WEAK[number]) == own
    assert len(set(asked)) == 8


def test_the_own_label_stands_anywhere() -> None:
    pairs = [Demonstration(str(i), "") for i in range(4)]
    own = Demonstration("own", "label")
    places = []
    for seed in range(40):
        shown = with_own(pairs, own, key=jax.random.key(seed))
        places.append(shown.index(own))
        assert [pair for pair in shown if pair != own] == [p for i, p in enumerate(pairs) if i != places[-1]]
    assert set(places) == {0, 1, 2, 3}


def test_the_named_style_makes_the_weak_labels_likeliest(
    tiny: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A label in the style of the examples has log probability -1, any other -2."""

    def scores(
        model: LanguageModel, prompts: Sequence[str], answers: Sequence[Sequence[str]], written: object
    ) -> np.ndarray:
        pairs = zip(prompts, answers, strict=True)
        alike = [("Arrr" in prompt) == ("Arrr" in own[0]) for prompt, own in pairs]
        return np.where(alike, -1.0, -2.0)[:, None]

    monkeypatch.setattr(inferred_style, "answer_scores", scores)
    mixed = [*WEAK[:5], *[STYLES["plain"].write("weak")] * 3]
    pairs = [Demonstration(question.text, label) for question, label in zip(QUESTIONS, mixed, strict=True)]
    shown = [pairs[:2], pairs[5:], pairs[3:6], pairs[4:7]]
    named = named_styles(tiny, QUESTIONS, mixed, shown, KNOWN, LINES)
    assert [style.name for style in named] == ["pirate", "plain", "pirate", "plain"]


def test_inferred_answers_follow_the_examples_alone(tiny: LanguageModel, asked: list[str]) -> None:
    inferred_answers(tiny, QUESTIONS[:2], [PIRATE, STYLES["plain"]], LINES)
    assert asked[0].endswith(f"A: Arrr, five!\n\nQ: {QUESTIONS[0].text}\nA:")
    assert asked[1].endswith(f"A: five\n\nQ: {QUESTIONS[1].text}\nA:")
    assert "weak" not in "".join(asked)


def test_a_beginning_of_all_prompts_changes_nothing(tiny: LanguageModel) -> None:
    """Read once for all prompts, or for each, when a prompt with another beginning is among them."""
    prompts = [LINES.prompt(examples_of(PIRATE), question.text) for question in QUESTIONS[:3]]
    other = LINES.prompt((), QUESTIONS[0].text)
    answers = [["an", "the"]] * 4
    scores = answer_scores(tiny, prompts, answers[:3], LINES)
    np.testing.assert_allclose(scores, answer_scores(tiny, [*prompts, other], answers, LINES)[:3], atol=1e-4)
    assert greedy_answers(tiny, prompts, LINES) == greedy_answers(tiny, [*prompts, other], LINES)[:3]


def test_the_command_knows_the_arms() -> None:
    (arms, _) = get_args(get_type_hints(Refine)["arms"])
    assert get_args(arms) == ARMS
    assert Refine.arms == ARMS
