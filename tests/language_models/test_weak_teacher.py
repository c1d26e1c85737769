"""A weak teacher that is a model without layers: its answers are the contents of weak labels."""

import dataclasses
from pathlib import Path

import jax
import pandas as pd
import pytest

from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.language_models import in_context_study, refinement_study
from w2s_sim.language_models.demonstration_sets import weak_prompts
from w2s_sim.language_models.experiment_folder import Texts
from w2s_sim.language_models.in_context_study import InContextSettings, run_in_context
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.plain_answers import plain_answers
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.refinement_study import RefinementSettings, run_refinement
from w2s_sim.language_models.styles import read_styles

TEXTS = Texts(read_questions()[:24], read_styles())
PIRATE = TEXTS.styles["pirate"]
SETTINGS = InContextSettings(
    styles=("pirate",), sizes=(0, 2), num_prompts=3, num_seeds=1, teacher_without_layers=(1,)
)


@pytest.fixture(scope="module")
def answers(tiny: LanguageModel) -> dict[str, str]:
    """What the teacher answers to every question."""
    said = plain_answers(tiny.without_layers((1,)), TEXTS.questions)
    assert said != plain_answers(tiny, TEXTS.questions)
    return dict(zip([question.text for question in TEXTS.questions], said, strict=True))


def test_contents_that_are_given_are_not_drawn() -> None:
    contents = [f"content {number}" for number in range(24)]
    prompts = weak_prompts(
        TEXTS.questions,
        PIRATE,
        5,
        3,
        wrong_share=1.0,
        errors="systematic",
        contents=contents,
        key=jax.random.key(0),
    )
    numbers = {question.text: number for number, question in enumerate(TEXTS.questions)}
    for prompt in prompts:
        for shown in prompt.demonstrations:
            assert shown.answer == f"Arrr, content {numbers[shown.question]}!"


def test_demonstrations_are_answers_of_the_teacher(
    tiny: LanguageModel, answers: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A continued experiment reads them from its folder."""
    seen = []
    scores = in_context_study.prompt_scores
    monkeypatch.setattr(in_context_study, "prompt_scores", lambda *a: seen.extend(a[1]) or scores(*a))
    run_in_context(tiny, TEXTS, SETTINGS, tmp_path)
    shown = [pair for prompt in seen for pair in prompt.demonstrations]
    assert len(shown) == 6
    assert all(pair.answer == PIRATE.write(answers[pair.question]) for pair in shown)
    kept = pd.read_csv(tmp_path / "weak-teacher.csv", keep_default_na=False)
    assert dict(zip(kept["question"], kept["weak_answer"], strict=True)) == answers
    assert kept["right_answer"].tolist() == [question.answer for question in TEXTS.questions]
    monkeypatch.setattr("w2s_sim.language_models.weak_teacher.plain_answers", None)
    run_in_context(tiny, TEXTS, SETTINGS, tmp_path, resume=True)


def test_the_model_is_fine_tuned_on_labels_of_the_teacher(
    tiny: LanguageModel, answers: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the labels that choose the learning rate are the teacher's."""
    seen = []
    examples = refinement_study.label_examples
    monkeypatch.setattr(refinement_study, "label_examples", lambda *a: seen.append(a[1:3]) or examples(*a))
    settings = RefinementSettings(
        styles=("pirate",),
        arms=("naive",),
        num_train=8,
        num_chosen_by=4,
        num_held_out=4,
        num_seeds=1,
        learning_rates=(1e-2,),
        epochs=1,
        teacher_without_layers=(1,),
    )
    run_refinement(tiny, TEXTS, settings, tmp_path)
    assert [len(questions) for questions, _ in seen] == [8, 4]
    for questions, labels in seen:
        assert list(labels) == [PIRATE.write(answers[question.text]) for question in questions]


def test_errors_have_one_source() -> None:
    for settings in (SETTINGS, RefinementSettings(teacher_without_layers=(1,))):
        with pytest.raises(InputError, match=r"wrong_share: got 0\.25 with a weak teacher; expected 0\.5"):
            dataclasses.replace(settings, wrong_share=0.25)
        with pytest.raises(InputError, match="errors: got 'random' with a weak teacher"):
            dataclasses.replace(settings, errors="random")


def test_the_command_names_a_layer_that_is_not_there(
    tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("W2S_LM", str(tiny_file))
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "cache"))
    command = ["lm", "in-context", "--out", str(tmp_path / "out"), "--teacher-without-layers", "1", "7"]
    with pytest.raises(SystemExit) as leaving:
        main(command)
    assert leaving.value.code == 2
    assert "left_out: got [1, 7]; expected some of the layers 0 to 2" in capsys.readouterr().err
