"""The real model, where it was fetched: it is that of llama.cpp, and takes a style from demonstrations."""

from pathlib import Path

import pytest

from w2s_sim.errors import InputError
from w2s_sim.language_models.experiment_folder import Texts
from w2s_sim.language_models.fetching import sha256
from w2s_sim.language_models.in_context_study import InContextSettings, run_in_context
from w2s_sim.language_models.language_model import LanguageModel, load_language_model
from w2s_sim.language_models.model_location import DEFAULT_SHA256, find_model_file
from w2s_sim.language_models.question_set import read_questions
from w2s_sim.language_models.reference import compare_with_reference
from w2s_sim.language_models.styles import read_styles


@pytest.fixture(scope="module")
def real() -> LanguageModel:
    try:
        path = find_model_file()
    except InputError as error:
        pytest.skip(f"the real model is not here: {error}")
    if sha256(path) != DEFAULT_SHA256:
        pytest.skip(f"{path} is another model, without reference values")
    return load_language_model(path)


def test_tokens_and_log_probabilities_are_those_of_llama_cpp(real: LanguageModel) -> None:
    agreement = compare_with_reference(real)
    assert agreement.same_tokens == agreement.texts == 5
    assert agreement.nats < 0.02


@pytest.mark.slow
def test_demonstrations_give_the_style_and_wrong_answers_cost_content(
    real: LanguageModel, tmp_path: Path
) -> None:
    """Right demonstrations raise the style by ten nats; wrong ones, at random, cost content."""
    tables = []
    for wrong_share in (0.0, 1.0):
        settings = InContextSettings(
            styles=("pirate",),
            sizes=(0, 4),
            num_prompts=24,
            num_seeds=1,
            wrong_share=wrong_share,
            errors="random",
        )
        folder = tmp_path / str(wrong_share)
        tables.append(run_in_context(real, Texts(read_questions(), read_styles()), settings, folder))
    right, wrong = tables
    assert right["style_log_odds"][1] > right["style_log_odds"][0] + 10
    assert right["greedy_style"].tolist()[0] == 0
    assert right["greedy_style"].tolist()[1] > 0.8
    assert right["greedy_right"].tolist()[1] > wrong["greedy_right"].tolist()[1] + 0.2
