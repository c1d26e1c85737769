"""Where the file of the language model is: the variable W2S_LM, or the user's data folder."""

import os
from pathlib import Path

from w2s_sim.cache_folder import data_folder
from w2s_sim.errors import InputError

# Names a GGUF file to use instead of the fetched one.
VARIABLE = "W2S_LM"
DEFAULT_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
DEFAULT_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def default_file() -> Path:
    """Return where `w2s lm fetch` puts the model, whether it is there or not."""
    return data_folder() / "language-models" / DEFAULT_FILE


def find_model_file() -> Path:
    """Return the file of the language model: that of W2S_LM, or the fetched one.

    Raises:
        InputError: If W2S_LM names no file, or nothing was fetched.
    """
    given = os.environ.get(VARIABLE, "")
    if given:
        if not Path(given).is_file():
            raise InputError(VARIABLE, repr(given), "the path of a GGUF file")
        return Path(given)
    if not default_file().is_file():
        expected = f"the model: run `w2s lm fetch` once, or set {VARIABLE}=FILE.gguf"
        raise InputError("language model", f"no file {default_file()}", expected)
    return default_file()
