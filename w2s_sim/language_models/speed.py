"""How many tokens a second a model reads and writes on this machine."""

import time
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp

from w2s_sim.language_models.generation import generate
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.reading import read_rows
from w2s_sim.language_models.token_rows import TokenRows

BATCH, PROMPT, WRITTEN = 16, 64, 16
# No token has this id, so that every row is written to its end.
NEVER = -1


def reading_speed(model: LanguageModel) -> float:
    """Return the tokens a second of reading 16 rows of 64 tokens, compilation apart."""
    program = eqx.filter_jit(lambda network, rows: read_rows(network, rows)[0])
    return BATCH * PROMPT / _seconds(program, model)


def greedy_speed(model: LanguageModel) -> float:
    """Return the tokens a second of writing 16 tokens greedily to each of 16 prompts of 64 tokens.

    Only the written tokens count; the time includes the reading of the prompts, compilation apart.
    """
    program = eqx.filter_jit(lambda network, rows: generate(network, rows, WRITTEN, (NEVER,)))
    return BATCH * WRITTEN / _seconds(program, model)


def _seconds(program: Callable[[Llama, TokenRows], jax.Array], model: LanguageModel) -> float:
    tokens = jnp.broadcast_to(jnp.arange(PROMPT), (BATCH, PROMPT))
    rows = TokenRows(tokens, jnp.ones_like(tokens, dtype=bool))
    jax.block_until_ready(program(model.network, rows))
    started = time.perf_counter()
    jax.block_until_ready(program(model.network, rows))
    return time.perf_counter() - started
