"""The real model, where it was fetched: its tokens and log probabilities are those of llama.cpp."""

from pathlib import Path

import pytest

from w2s_sim.errors import InputError
from w2s_sim.language_models.fetching import sha256
from w2s_sim.language_models.language_model import load_language_model
from w2s_sim.language_models.model_location import DEFAULT_SHA256, find_model_file
from w2s_sim.language_models.reference import compare_with_reference


@pytest.fixture
def real_file() -> Path:
    try:
        path = find_model_file()
    except InputError as error:
        pytest.skip(f"the real model is not here: {error}")
    if sha256(path) != DEFAULT_SHA256:
        pytest.skip(f"{path} is another model, without reference values")
    return path


def test_tokens_and_log_probabilities_are_those_of_llama_cpp(real_file: Path) -> None:
    agreement = compare_with_reference(load_language_model(real_file))
    assert agreement.same_tokens == agreement.texts == 5
    assert agreement.nats < 0.02
