"""Selecting questions: what a model is asked, and the file of what it answers rightly."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from w2s_sim.cli import lm_select, main
from w2s_sim.errors import InputError
from w2s_sim.language_models import plain_answers
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_selection import CANDIDATES, selected_questions
from w2s_sim.language_models.question_set import Question, read_questions

OWN = """
["first letters"]
question = "First letter of \\"{word}\\"?"
bait = "ž"
pairs = [["abc", "a"], ["bcd", "b"], ["cde", "c"]]
[last]
question = "Last letter of {word}?"
bait = "z"
pairs = [["abc", "c"], ["bcd", "d"]]
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def test_the_questions_of_the_package_are_candidates() -> None:
    texts = {question.text for question in read_questions(own=CANDIDATES)}
    assert len(texts) == 309
    assert {question.text for question in read_questions()} < texts


def test_every_question_comes_after_right_answers_to_others(
    monkeypatch: pytest.MonkeyPatch, tiny: LanguageModel
) -> None:
    asked: list[str] = []

    def answers(model: LanguageModel, prompts: Sequence[str], *_: Any, **__: Any) -> list[str]:
        asked.extend(prompts)
        return [""] * len(prompts)

    monkeypatch.setattr(plain_answers, "greedy_answers", answers)
    questions = read_questions()[:8]
    right = {question.text: question.answer for question in questions}
    plain_answers.plain_answers(tiny, questions, num_demonstrations=3)
    first = list(asked)
    for prompt, question in zip(first, questions, strict=True):
        *shown, last = [turn.strip() for turn in prompt.split("Q:")[1:]]
        assert last == f"{question.text}\nA:"
        assert len(set(shown)) == 3
        assert all(
            turn in {f"{text}\nA: {right[text]}" for text in right if text != question.text} for turn in shown
        )
    plain_answers.plain_answers(tiny, questions, num_demonstrations=3, seed=1)
    assert asked[8:] != first


def test_what_is_kept_is_a_questions_file(own: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.toml"
    kept.write_text(selected_questions(own, [True, False, True, True, True]), encoding="utf-8")
    first, third, *last = read_questions(kept)
    assert first == Question("first letters", 'First letter of "abc"?', "a", "ž", ("c",))
    assert third == Question("first letters", 'First letter of "cde"?', "c", "ž", ("a",))
    assert last == read_questions(own)[3:]
    assert "last" not in selected_questions(own, [True, True, False, True, False])
    with pytest.raises(InputError, match="questions: got 1 right answers; expected two right answers of one"):
        selected_questions(own, [True, False, False, False, False])


def test_the_command_writes_what_was_answered_rightly(
    own: Path,
    tiny_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("W2S_LM", str(tiny_file))
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(lm_select, "plain_answers", lambda *_, **__: ["a", "b", "x", "x", "d"])
    out = tmp_path / "kept.toml"
    command = ["lm", "select", "--questions-file", str(own), "--out", str(out)]
    with pytest.raises(SystemExit) as leaving:
        main(command)
    assert leaving.value.code == 0
    assert [question.answer for question in read_questions(out)] == ["a", "b"]
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1:] == [["first", "letters", "3", "2"], ["last", "2", "1"], ["all", "5", "3"]]
    with pytest.raises(SystemExit) as leaving:
        main(command)
    assert leaving.value.code == 2
    assert "expected the path of a new file" in capsys.readouterr().err


def test_a_model_without_layers_is_named_so(tiny: LanguageModel) -> None:
    assert tiny.without_layers(()) is tiny
    weaker = tiny.without_layers((2, 1))
    assert weaker.name == "Tiny without layers 1, 2"
    assert weaker.network.num_layers == 1
    with pytest.raises(InputError, match=r"left_out: got \[3\]; expected some of the layers 0 to 2"):
        tiny.without_layers((3,))
