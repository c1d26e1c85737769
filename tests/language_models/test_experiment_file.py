"""Files of experiments: ready ones are the commands' own settings, and wrong keys are named."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from w2s_sim.cli import main
from w2s_sim.cli.lm_arguments import Evidence, InContext, Refine
from w2s_sim.cli.lm_experiments import evidence_settings, in_context_settings, refinement_settings
from w2s_sim.errors import InputError
from w2s_sim.language_models.experiment_file import READY, find_experiment, load_experiment
from w2s_sim.language_models.experiment_schema import experiment_schema
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.styles import read_styles

OUT = Path("out")
OF_COMMANDS = {
    "in-context": in_context_settings(InContext(OUT)),
    "in-context-fast": in_context_settings(InContext(OUT, fast=True)),
    "refine": refinement_settings(Refine(OUT)),
    "refine-fast": refinement_settings(Refine(OUT, fast=True)),
    "evidence": evidence_settings(Evidence(OUT)),
    "evidence-fast": evidence_settings(Evidence(OUT, fast=True)),
}
SMALL = """
[in-context]
styles = ["pirate"]
sizes = [0, 1]
num_prompts = 3
num_seeds = 1
"""
OWN_QUESTIONS = """
[capitals]
question = "What is the capital of {word}?"
bait = "Atlantis"
pairs = [["France", "Paris"], ["Italy", "Rome"], ["Spain", "Madrid"]]
"""
OWN_SCORER = "def same(said, wanted):\n    return said.lower() == wanted.lower()\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "own.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", OF_COMMANDS)
def test_ready_experiments_are_those_of_the_commands(name: str) -> None:
    """The default ones name every setting."""
    assert set(READY) == set(OF_COMMANDS)
    experiment = load_experiment(find_experiment(name))
    assert experiment.settings == OF_COMMANDS[name]
    assert list(experiment.texts.questions) == read_questions()
    assert experiment.texts.styles == read_styles()
    document = tomllib.loads(READY[name].read_text())
    jsonschema.validate(document, experiment_schema())
    if not name.endswith("fast"):
        assert set(document[name]) == set(vars(experiment.settings))
        assert experiment.settings == type(experiment.settings)()


@pytest.mark.parametrize(
    ("old", "new", "message", "in_schema"),
    [
        ("num_prompts", "num_promts", r"num_promts: got an unknown key \(did you mean 'num_prompts'", False),
        (
            "num_prompts = 3",
            "num_prompts = 3.5",
            r"in-context\.num_prompts: got 3\.5; .* whole",
            False,
        ),
        ("num_prompts = 3", "num_prompts = true", r"num_prompts: got True; expected a whole number", False),
        ("num_prompts = 3", "num_prompts = 1", r"in-context\.num_prompts: got 1; .* >= 2", True),
        ("[0, 1]", "1", r"in-context\.sizes: got 1; expected a list", False),
        ("[0, 1]", '["a"]', r"in-context\.sizes: got 'a'; expected a whole number", False),
        ("num_seeds = 1", 'errors = "sytematic"', r"did you mean 'systematic'\?\)", False),
        ("[in-context]", "[incontext]", r"incontext: got an unknown key \(did you mean 'in-context'", False),
        ("num_seeds = 1", "[refine]", r"experiment: got \[in-context\] and \[refine\]; expected one", False),
        ("num_seeds = 1", '[texts]\nstyle = "a"', r"texts\.style: got an unknown key", False),
        ("num_seeds = 1", "[texts]\nstyles = 3", r"texts\.styles: got 3; expected a text", False),
        ("num_seeds = 1", '[texts]\nscorer = "a.py:b"', r"texts\.scorer: got .*a\.py .*No such file", True),
    ],
)
def test_what_is_wrong_with_an_experiment_is_named(
    old: str, new: str, message: str, in_schema: bool, tmp_path: Path
) -> None:
    text = SMALL.replace(old, new)
    with pytest.raises(InputError, match=message) as caught:
        load_experiment(written(tmp_path, text))
    assert caught.value.where == str(tmp_path / "own.toml")
    assert jsonschema.Draft202012Validator(experiment_schema()).is_valid(tomllib.loads(text)) is in_schema


def test_texts_lie_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "capitals.toml").write_text(OWN_QUESTIONS)
    (tmp_path / "own_scorer.py").write_text(OWN_SCORER)
    texts = '[texts]\nquestions = "capitals.toml"\nscorer = "own_scorer.py:same"\n'
    experiment = load_experiment(written(tmp_path, SMALL + texts))
    assert [question.answer for question in experiment.texts.questions] == ["Paris", "Rome", "Madrid"]
    assert experiment.texts.scorer.same("PARIS", "Paris")


def test_the_command_runs_a_file_and_continues(
    tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("W2S_LM", str(tiny_file))
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "cache"))
    path, out = written(tmp_path, SMALL), tmp_path / "out"
    printed = []
    for options in ([], ["--resume"]):
        with pytest.raises(SystemExit) as leaving:
            main(["lm", "run", str(path), "--out", str(out), *options])
        assert leaving.value.code == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert pd.read_csv(out / "in-context.csv")["size"].tolist() == [0, 1]
    written(tmp_path, SMALL.replace("num_prompts = 3", "num_prompts = 4"))
    for arguments, complaint in (
        ([str(path), "--resume"], "--resume: got num_prompts = 4, and 3 in"),
        (["in-contxt"], "EXPERIMENT: got 'in-contxt' (did you mean 'in-context'?)"),
    ):
        with pytest.raises(SystemExit) as leaving:
            main(["lm", "run", *arguments, "--out", str(out)])
        assert leaving.value.code == 2
        assert complaint in capsys.readouterr().err


def test_the_schema_explains_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["lm", "schema"])
    assert leaving.value.code == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema == experiment_schema()
    for kind in schema["oneOf"]:
        (settings,) = (table for name, table in kind["properties"].items() if name != "texts")
        for key in settings["properties"].values():
            assert key["description"].endswith(".")
