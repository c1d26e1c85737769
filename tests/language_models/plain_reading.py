"""Reading one whole text at a time, the plain way that clever ways are compared with."""

import equinox as eqx
import jax
import numpy as np

from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.reading import ReadText, read_rows
from w2s_sim.language_models.token_rows import TokenRows, token_rows

# One shape for all texts of the tests, and so one program.
SLOTS = 24


@eqx.filter_jit
def log_laws(
    network: Llama, rows: TokenRows, before: tuple[ReadText, ...] = ()
) -> tuple[jax.Array, ReadText]:
    """Log probabilities of the next token after every token, and what was read."""
    hidden, read = read_rows(network, rows, before)
    return network.log_probabilities(hidden), read


def plain_log_laws(network: Llama, ids: list[int]) -> np.ndarray:
    """Log probabilities of the next token after each token of one text."""
    return np.asarray(log_laws(network, token_rows([ids], slots=SLOTS))[0][0, : len(ids)])
