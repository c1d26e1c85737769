"""The experiment of evidence, on the tiny model: what it draws, what its controls read, how it continues."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from scipy.special import softmax

from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.language_models import evidence_study
from w2s_sim.language_models.answering import answer_scores
from w2s_sim.language_models.conversation_format import LINES
from w2s_sim.language_models.demonstration_path import scores_along
from w2s_sim.language_models.evidence_laws import READERS, copying, reader_comparison, summary_of_evidence
from w2s_sim.language_models.evidence_study import (
    EvidenceSettings,
    drawn_path,
    path_scores,
    run_evidence,
    shown_answers,
    untrained_network,
)
from w2s_sim.language_models.experiment_folder import Texts
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.styles import Style, read_styles

QUESTIONS, STYLES = read_questions(), read_styles()
CAPITALS = [question for question in QUESTIONS if question.kind == "capitals"]
SETTINGS = EvidenceSettings(styles=("pirate", "json"), num_demonstrations=3, num_paths=2, num_seeds=2)


def test_demonstrations_of_every_condition() -> None:
    asked, wrong = drawn_path(CAPITALS, EvidenceSettings(num_demonstrations=20), key=jax.random.key(3))
    assert len(set(asked)) == 21
    assert 3 < wrong.sum() < 18
    for condition, expected in {
        "weak": [each.bait if bad else each.answer for each, bad in zip(asked, wrong, strict=True)],
        "clean": [each.answer for each in asked],
        "shuffled": [each.answer for each in [*asked[1:], asked[0]]],
    }.items():
        shown = shown_answers(asked, wrong, condition, STYLES["json"])  # pyright: ignore[reportArgumentType]
        assert [STYLES["json"].parse(each.answer) for each in shown] == expected
        assert [each.question for each in shown] == [each.text for each in asked]


def test_scores_along_a_path_are_those_of_the_answers(tiny: LanguageModel) -> None:
    asked, wrong = drawn_path(CAPITALS, EvidenceSettings(num_demonstrations=2), key=jax.random.key(0))
    shown = shown_answers(asked, wrong, "weak", STYLES["pirate"])
    rows = path_scores(tiny, asked, shown, STYLES["pirate"], STYLES["plain"])
    assert list(rows["n"]) == [0, 1, 2]
    for n, row in enumerate(rows.to_dict("records")):
        right, bait = asked[n].answer, asked[n].bait
        answers = [f"Arrr, {right}!", f"Arrr, {bait}!", f"Arrr, {asked[(n + 1) % 3].answer}!", right]
        scores = answer_scores(tiny, [LINES.prompt(shown[:n], asked[n].text)], [answers], LINES)[0]
        np.testing.assert_allclose(row["style_log_odds"], scores[0] - scores[3], atol=1e-3)
        shares = softmax(scores[:3].astype(np.float64))
        found = [row["right_probability"], row["bait_probability"], row["other_probability"]]
        np.testing.assert_allclose(found, shares, atol=1e-4)
        # The tiny tokenizer has a token for each character of "Arrr, " and for the space before it.
        along = scores_along(tiny, shown, [answers] * 3, LINES)[n][0]
        if right[0] != bait[0]:
            np.testing.assert_allclose(row["style_failure"], 1.0 - np.exp(along[:7].sum()), atol=1e-5)


def test_random_weights_keep_the_spread_of_every_map(tiny: LanguageModel) -> None:
    drawn = untrained_network(tiny.network, 0)
    for name in ("query", "down", "gate"):
        before, after = (np.asarray(getattr(network.layers, name)) for network in (tiny.network, drawn))
        assert not np.any(before == after)
        np.testing.assert_allclose(after.std(), before.std(), rtol=0.1)
    np.testing.assert_array_equal(drawn.layers.attention_norm, tiny.network.layers.attention_norm)


def test_an_experiment_is_continued(
    tiny: LanguageModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run_evidence(tiny, Texts(QUESTIONS, STYLES), SETTINGS, tmp_path / "whole")
    assert len(whole) == len(SETTINGS.cells) * 2 * 4
    # Styles and controls share questions and errors.
    paths = whole.loc[whole["condition"].isin(["weak", "unstyled", "untrained"])]
    agree = paths.groupby(["seed", "path", "n"])[["question", "errors"]].nunique()
    assert (agree == 1).all(axis=None)
    assert set(whole.loc[whole["condition"] == "clean", "errors"]) == {0}
    table = summary_of_evidence(whole)
    assert set(table["n"]) == {0, 1, 2}
    assert np.isfinite(table.filter(like="_se").to_numpy()).all()

    calls = []

    def stop_at_the_third(*arguments: Any, **options: Any) -> object:
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return drawn_path(*arguments, **options)

    folder = tmp_path / "part"
    monkeypatch.setattr(evidence_study, "drawn_path", stop_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        run_evidence(tiny, Texts(QUESTIONS, STYLES), SETTINGS, folder)
    monkeypatch.undo()
    assert len(list((folder / "parts").iterdir())) == 1
    assert run_evidence(tiny, Texts(QUESTIONS, STYLES), SETTINGS, folder, resume=True).equals(whole)


def test_readers_are_fitted_and_compared(tiny: LanguageModel, tmp_path: Path) -> None:
    rows = run_evidence(tiny, Texts(QUESTIONS, STYLES), SETTINGS, tmp_path / "out")
    own = rows.loc[rows["condition"] == "weak"]
    events, said = copying(own)
    assert events.shape == (8, 3)
    # Both styles have the same demonstrations, and the model's expectations are those of the rows.
    np.testing.assert_array_equal(events[:4], events[4:])
    first = own.loc[(own["style"] == "json") & (own["seed"] == 0) & (own["path"] == 1)]
    share = first["bait_probability"] / (first["bait_probability"] + first["right_probability"])
    np.testing.assert_allclose(said[1], share, rtol=1e-12)
    np.testing.assert_array_equal(np.cumsum(events[1]), first["errors"][1:])
    table = reader_comparison(own).to_dict("list")
    assert table["reader"] == list(READERS)
    assert table["difference"][0] == 0.0
    assert all(loss >= 0.0 for loss in table["loss"])


def test_styles_and_kinds_must_fit(tiny: LanguageModel, tmp_path: Path) -> None:
    captain = {**STYLES, "captain": Style("captain", "{answer}, captain.")}
    settings = EvidenceSettings(styles=("captain",), num_demonstrations=2)
    with pytest.raises(InputError, match=r"captain, .*; expected a style that writes something before"):
        run_evidence(tiny, Texts(QUESTIONS, captain), settings, tmp_path)
    with pytest.raises(InputError, match="200, with 65 questions of the kind antonyms"):
        run_evidence(tiny, Texts(QUESTIONS, STYLES), EvidenceSettings(num_demonstrations=200), tmp_path)
    with pytest.raises(InputError, match="controls"):
        EvidenceSettings(controls=("weak",))


def test_the_command_prints_a_table(
    tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("W2S_LM", str(tiny_file))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    given = ["--paths", "2", "--seeds", "1", "--demonstrations", "2", "--styles", "tag"]
    with pytest.raises(SystemExit) as stop:
        main(["lm", "evidence", "--out", str(tmp_path / "out"), *given])
    assert stop.value.code == 0
    printed = capsys.readouterr().out
    assert "style log odds" in printed
    assert "untrained" in printed
    assert (tmp_path / "out" / "evidence.csv").is_file()
