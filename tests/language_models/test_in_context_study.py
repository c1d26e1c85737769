"""The experiment in context, on the tiny model: what it draws, what it scores, and how it continues."""

import json
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest

from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.language_models import in_context_study
from w2s_sim.language_models.answer_metrics import METRICS, prompt_scores, summary
from w2s_sim.language_models.answering import answer_scores, greedy_answers
from w2s_sim.language_models.conversation_format import LINES
from w2s_sim.language_models.demonstration_sets import weak_prompts
from w2s_sim.language_models.experiment_folder import Cell, Texts
from w2s_sim.language_models.in_context_study import InContextSettings, run_in_context
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.styles import read_styles

QUESTIONS, STYLES = read_questions(), read_styles()
SETTINGS = InContextSettings(styles=("pirate",), sizes=(0, 1), num_prompts=3, num_seeds=2)


def test_a_prompt_has_weak_answers_to_other_questions_of_its_kind() -> None:
    prompts = weak_prompts(
        QUESTIONS, STYLES["json"], 20, 4, wrong_share=0.5, errors="systematic", key=jax.random.key(0)
    )
    by_text = {question.text: question for question in QUESTIONS}
    assert len({prompt.question.text for prompt in prompts}) == 20
    wrong = 0
    for prompt in prompts:
        shown = [by_text[each.question] for each in prompt.demonstrations]
        assert len({question.text for question in shown}) == 4
        assert {question.kind for question in shown} == {prompt.question.kind}
        assert prompt.question not in shown
        for question, each in zip(shown, prompt.demonstrations, strict=True):
            content = STYLES["json"].parse(each.answer)
            assert content in (question.answer, question.bait)
            wrong += content == question.bait
    assert 20 < wrong < 60


def test_too_few_questions_are_named() -> None:
    for number, size, message in (
        (3, 1, "num_prompts: got 3; expected at most 2"),
        (2, 2, "num_demonstrations: got 2"),
    ):
        with pytest.raises(InputError, match=message):
            weak_prompts(
                QUESTIONS[:2],
                STYLES["json"],
                number,
                size,
                wrong_share=0.5,
                errors="random",
                key=jax.random.key(0),
            )


def test_scores_are_those_of_the_answers(tiny: LanguageModel) -> None:
    prompts = weak_prompts(
        QUESTIONS, STYLES["pirate"], 3, 2, wrong_share=0.5, errors="random", key=jax.random.key(0)
    )
    scores = prompt_scores(tiny, prompts, (2,), STYLES["pirate"], STYLES["plain"])
    texts = [LINES.prompt(prompt.demonstrations, prompt.question.text) for prompt in prompts]
    assert scores["answer"].tolist() == greedy_answers(tiny, texts, LINES)
    contents = [[each.question.answer, each.question.bait, *each.question.others[:6]] for each in prompts]
    for style, sign in (("pirate", 1.0), ("plain", -1.0)):
        answers = [[STYLES[style].write(text) for text in own] for own in contents]
        log_laws = answer_scores(tiny, texts, answers, LINES)
        scores["style_log_odds"] -= sign * np.logaddexp.reduce(log_laws, axis=1)
        if style == "pirate":
            laws = np.exp(log_laws - np.logaddexp.reduce(log_laws, axis=1, keepdims=True))
            np.testing.assert_allclose(scores["right_probability"], laws[:, 0], atol=1e-4)
            np.testing.assert_allclose(scores["bait_probability"], laws[:, 1], atol=1e-4)
    np.testing.assert_allclose(scores["style_log_odds"], 0.0, atol=1e-3)


def test_nested_sets_score_as_each_alone(tiny: LanguageModel) -> None:
    prompts = weak_prompts(
        QUESTIONS, STYLES["json"], 3, 2, wrong_share=0.5, errors="random", key=jax.random.key(1)
    )
    together = prompt_scores(tiny, prompts, (0, 2, 1), STYLES["json"], STYLES["plain"])
    alone = [prompt_scores(tiny, prompts, (size,), STYLES["json"], STYLES["plain"]) for size in (0, 2, 1)]
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True), atol=1e-4, rtol=0)


def test_standard_errors_are_those_of_questions() -> None:
    """Every question asked twice with the same scores counts once."""
    rng = np.random.default_rng(0)
    once = pd.DataFrame(rng.normal(size=(40, len(METRICS))), columns=list(METRICS))
    once = once.assign(style="pirate", size=1, question=[f"q{i}" for i in range(40)])
    (row,) = summary(pd.concat([once, once]), ("style", "size")).to_dict("records")
    assert row["prompts"] == 80
    for metric in METRICS:
        np.testing.assert_allclose(row[metric], once[metric].mean())
        np.testing.assert_allclose(row[f"{metric}_se"], once[metric].sem())


def test_an_experiment_continues_where_it_ended(
    tiny: LanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(cells: Sequence[Cell]) -> Sequence[Cell]:
        return cells[:1]

    with pytest.raises(FileNotFoundError):
        run_in_context(tiny, Texts(QUESTIONS, STYLES), SETTINGS, tmp_path / "parts", progress=stopped)
    with pytest.raises(InputError, match=r"--out: got .*, which holds results; expected a new folder"):
        run_in_context(tiny, Texts(QUESTIONS, STYLES), SETTINGS, tmp_path / "parts")
    computed = []
    monkeypatch.setattr(
        in_context_study, "prompt_scores", lambda *a: computed.append(a[1]) or prompt_scores(*a)
    )
    continued = run_in_context(tiny, Texts(QUESTIONS, STYLES), SETTINGS, tmp_path / "parts", resume=True)
    assert len(computed) == 1
    at_once = run_in_context(tiny, Texts(QUESTIONS, STYLES), SETTINGS, tmp_path / "whole")
    pd.testing.assert_frame_equal(continued, at_once)
    other = InContextSettings(styles=("pirate",), sizes=(0, 1), num_prompts=4, num_seeds=2)
    with pytest.raises(InputError, match="--resume: got texts = "):
        run_in_context(tiny, Texts(QUESTIONS[1:], STYLES), SETTINGS, tmp_path / "parts", resume=True)
    with pytest.raises(InputError, match="--resume: got num_prompts = 4, and 3 in"):
        run_in_context(tiny, Texts(QUESTIONS, STYLES), other, tmp_path / "parts", resume=True)


def test_the_command_writes_what_it_prints(
    tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("W2S_LM", str(tiny_file))
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "cache"))
    command = ["lm", "in-context", "--out", str(tmp_path / "out"), "--sizes", "0", "1", "16", "--fast"]
    with pytest.raises(SystemExit) as leaving:
        main([*command, "--styles", "pirate", "--prompts", "3"])
    assert leaving.value.code == 0
    table = pd.read_csv(tmp_path / "out" / "in-context.csv")
    # What is set wins over the first look, which has one seed and no 16 demonstrations.
    assert table["size"].tolist() == [0, 1, 16]
    assert table["prompts"].tolist() == [3, 3, 3]
    assert f"{table['style_log_odds'][1]:.3g}" in capsys.readouterr().out
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["configuration"]["sizes"] == [0, 1, 16]
    with pytest.raises(SystemExit) as leaving:
        main([*command, "--styles", "poem"])
    assert leaving.value.code == 2
    assert "styles: got 'poem'; expected one of plain, json, pirate" in capsys.readouterr().err
