"""The experiment of refinement, on the tiny model: what each arm learns from, and how a rate is chosen."""

import dataclasses
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest

from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.language_models.answer_metrics import METRICS, paired_differences
from w2s_sim.language_models.answering import greedy_answers
from w2s_sim.language_models.conversation_format import LINES
from w2s_sim.language_models.crossed_errors import clustered_mean
from w2s_sim.language_models.experiment_folder import Texts
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.lora import answer_loss
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.refinement_study import (
    RefinementSettings,
    label_examples,
    run_refinement,
    tuned_model,
)
from w2s_sim.language_models.styles import read_styles

QUESTIONS, STYLES = read_questions()[:24], read_styles()
SETTINGS = RefinementSettings(
    styles=("pirate",),
    arms=("none", "naive"),
    num_train=8,
    num_chosen_by=4,
    num_held_out=4,
    num_demonstrations=2,
    num_seeds=1,
    learning_rates=(1e-2,),
    epochs=1,
)


def test_the_learning_rate_of_smallest_loss_is_chosen(tiny: LanguageModel) -> None:
    labels = [STYLES["pirate"].write(question.answer) for question in QUESTIONS]
    examples = label_examples(tiny, QUESTIONS[:8], labels[:8], LINES)
    others = label_examples(tiny, QUESTIONS[8:16], labels[8:16], LINES)
    settings = dataclasses.replace(SETTINGS, epochs=8)
    losses = []
    for rates in ((1e-6,), (1e-2,), (1e-6, 1e-2)):
        chosen = dataclasses.replace(settings, learning_rates=rates)
        tuned = tuned_model(tiny, examples, others, chosen, key=jax.random.key(0))
        losses.append(float(jax.jit(answer_loss)(tuned.network, others)))
    assert losses[1] < losses[0] - 0.1
    np.testing.assert_allclose(losses[2], min(losses[:2]), rtol=1e-6)


def test_the_model_before_is_asked_without_demonstrations(tiny: LanguageModel, tmp_path: Path) -> None:
    table = run_refinement(tiny, Texts(QUESTIONS, STYLES), SETTINGS, tmp_path)
    assert table["arm"].tolist() == ["none", "naive"]
    assert table["prompts"].tolist() == [4, 4]
    scores = pd.read_csv(tmp_path / "parts" / "pirate-none-0.csv", keep_default_na=False)
    prompts = [LINES.prompt((), text) for text in scores["question"]]
    assert scores["answer"].tolist() == greedy_answers(tiny, prompts, LINES)
    naive = pd.read_csv(tmp_path / "parts" / "pirate-naive-0.csv", keep_default_na=False)
    assert naive["question"].tolist() == scores["question"].tolist()
    assert np.abs(naive["style_log_odds"] - scores["style_log_odds"]).min() > 1e-3


def test_differences_are_of_the_same_question_and_run() -> None:
    """Against plain means of differences; constant differences have no error, however much values vary."""
    rng = np.random.default_rng(0)
    cells = [(arm, seed) for seed in range(3) for arm in ("naive", "refined")]
    tables = []
    for arm, seed in cells:
        questions = [f"q{number}" for number in range(seed, 9)]
        tables.append(pd.DataFrame({"style": "json", "arm": arm, "seed": seed, "question": questions}))
    scores = pd.concat(tables, ignore_index=True).sample(frac=1.0, random_state=1)
    for metric in METRICS:
        scores[metric] = rng.normal(size=len(scores))
    naive = (scores["arm"] == "naive").to_numpy()
    own = scores.set_index(["seed", "question"])
    shifted = own.loc[naive, "greedy_right"].reindex(own.index[~naive]).to_numpy() + 0.25
    scores.loc[~naive, "greedy_right"] = shifted
    table = paired_differences(scores, ("style", "arm"), "naive", crossed_with="seed")
    assert table["arm"].tolist() == ["refined"]
    row = table.iloc[0]
    assert row["prompts"] == 9 + 8 + 7
    np.testing.assert_allclose([row["greedy_right"], row["greedy_right_se"]], [0.25, 0.0], atol=1e-12)
    wide = scores.pivot_table(index=["seed", "question"], columns="arm", values="greedy_bait")
    expected = clustered_mean(
        (wide["refined"] - wide["naive"]).to_numpy(),
        wide.index.get_level_values("question").to_numpy(),
        wide.index.get_level_values("seed").to_numpy(),
    )
    np.testing.assert_allclose(row["greedy_bait"], expected.mean, rtol=1e-12)
    np.testing.assert_allclose(row["greedy_bait_half_width"], expected.half_width, rtol=1e-12)


def test_settings_are_checked(tiny: LanguageModel, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="questions: got 15; expected at least 16, to learn"):
        run_refinement(tiny, Texts(QUESTIONS[:15], STYLES), SETTINGS, tmp_path)
    with pytest.raises(InputError, match="epochs: got 0"):
        RefinementSettings(epochs=0)
    with pytest.raises(InputError, match="learning_rates: got none"):
        RefinementSettings(learning_rates=())


def test_the_command_names_what_is_wrong(
    tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("W2S_LM", str(tiny_file))
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "cache"))
    with pytest.raises(SystemExit) as leaving:
        main(["lm", "refine", "--out", str(tmp_path / "out"), "--fast", "--styles", "poem"])
    assert leaving.value.code == 2
    assert "styles: got 'poem'; expected one of plain, json, pirate" in capsys.readouterr().err
