"""A scorer of the user's own decides which contents are the same."""

from pathlib import Path

import pandas as pd
import pytest

from w2s_sim.cli import main
from w2s_sim.errors import InputError
from w2s_sim.language_models import answer_metrics
from w2s_sim.language_models.answer_metrics import prompt_scores
from w2s_sim.language_models.content_scorer import EXACT_MATCH, read_scorer
from w2s_sim.language_models.conversation_format import LINES
from w2s_sim.language_models.demonstration_sets import WeakPrompt
from w2s_sim.language_models.experiment_folder import Texts
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.styles import read_styles

OWN = """
ANSWER = 42


def same_word(said, wanted):
    return said.casefold().rstrip(".") == wanted.casefold()


def never(said, wanted):
    return False


def fails(said):
    return True
"""


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own_scorers.py"
    path.write_text(OWN)
    return path


def test_answers_are_scored_by_it(tiny: LanguageModel, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three answers: a right one, one in capitals, and one of another content."""
    questions, styles = read_questions()[:3], read_styles()
    pirate = styles["pirate"]
    contents = [questions[0].answer, questions[1].answer.upper(), questions[2].bait.upper()]
    answers = [pirate.write(content) for content in contents]
    ask = answer_metrics.ask
    monkeypatch.setattr(answer_metrics, "ask", lambda *a: ([answers], ask(*a)[1]))
    prompts = [WeakPrompt(question, ()) for question in questions]
    for scorer, right, bait in (
        (EXACT_MATCH, [1, 0, 0], [0, 0, 0]),
        (read_scorer(f"{own}:same_word"), [1, 1, 0], [0, 0, 1]),
    ):
        scores = prompt_scores(tiny, prompts, (0,), pirate, styles["plain"], LINES, scorer)
        assert scores["greedy_right"].tolist() == right
        assert scores["greedy_bait"].tolist() == bait


def test_another_scorer_is_another_experiment(own: Path) -> None:
    """A changed file is another scorer, too."""
    texts = [Texts(read_questions(), read_styles())]
    texts.append(Texts(read_questions(), read_styles(), scorer=read_scorer(f"{own}:same_word")))
    own.write_text(OWN.replace("casefold", "lower"))
    texts.append(Texts(read_questions(), read_styles(), scorer=read_scorer(f"{own}:same_word")))
    assert len({each.digest for each in texts}) == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ANSWER", "which is .*; expected a function of two contents"),
        ("never", "by which 'cold' is not the same as 'cold'"),
        ("fails", r"which fails for two texts \(TypeError"),
        ("absent", "has no 'absent'; expected a name of the module"),
    ],
)
def test_what_is_no_scorer_is_refused(name: str, message: str, own: Path) -> None:
    with pytest.raises(InputError, match=rf"--scorer: got .*{message}"):
        read_scorer(f"{own}:{name}")


def test_a_scorer_may_be_in_a_module() -> None:
    assert read_scorer("operator:eq").same("Paris", "Paris")
    with pytest.raises(InputError, match=r"--scorer: got 'own'; expected FILE\.py:NAME or MODULE:NAME"):
        read_scorer("own")
    with pytest.raises(InputError, match=r"--scorer: got .*no_such_module"):
        read_scorer("no_such_module:same")
    with pytest.raises(InputError, match=r"--scorer: got absent\.py .*; expected a Python file"):
        read_scorer("absent.py:same")


def test_the_command_takes_it(
    tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: Path
) -> None:
    """For this scorer all contents are the same: every answer in a style is right."""
    own.write_text("def any_content(said, wanted):\n    return True\n")
    monkeypatch.setenv("W2S_LM", str(tiny_file))
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "cache"))
    command = ["lm", "in-context", "--out", str(tmp_path / "out"), "--sizes", "1", "--seeds", "1"]
    with pytest.raises(SystemExit) as leaving:
        main([*command, "--styles", "plain", "--prompts", "3", "--scorer", f"{own}:any_content"])
    assert leaving.value.code == 0
    table = pd.read_csv(tmp_path / "out" / "in-context.csv")
    assert table["greedy_right"].tolist() == table["greedy_style"].tolist() == [1.0]
