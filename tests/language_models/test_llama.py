"""The network against the same network in NumPy, and reading in parts against reading at once."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.language_models.plain_reading import log_laws
from tests.language_models.tiny_model import TOKENS, numpy_log_laws, random_tensors, write_gguf
from w2s_sim.language_models.gguf_file import read_gguf
from w2s_sim.language_models.language_model import LanguageModel, network_of
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.reading import ReadText, last_hidden
from w2s_sim.language_models.token_rows import TokenRows, token_rows

TEXTS = [list(range(40, 51)), [7, 9, 7, 200, 1], [260]]


@pytest.mark.parametrize("tied", [True, False])
def test_log_probabilities_are_those_of_plain_numpy(tied: bool, tmp_path: Path) -> None:
    tensors = random_tensors(3, tied=tied)
    network = network_of(read_gguf(write_gguf(tmp_path / "model.gguf", tensors)))
    with jax.enable_x64(True):
        exact = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype=jnp.float64), network)
        got, _ = log_laws(exact, token_rows(TEXTS))
    for row, ids in zip(got, TEXTS, strict=True):
        np.testing.assert_allclose(row[: len(ids)], numpy_log_laws(tensors, ids), atol=1e-10)


def test_float32_and_bfloat16_are_near(tiny: LanguageModel) -> None:
    wanted = numpy_log_laws(random_tensors(), TEXTS[0])
    got, _ = log_laws(tiny.network, token_rows(TEXTS))
    np.testing.assert_allclose(got[0], wanted, atol=1e-4)
    half = jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), tiny.network)
    coarse, _ = log_laws(half, token_rows(TEXTS))
    assert coarse.dtype == jnp.float32
    np.testing.assert_allclose(coarse[0], wanted, atol=0.6)


def test_empty_slots_change_nothing_wherever_they_stand(exact_network: Llama) -> None:
    slots = [3, 4, 6, 9, 10]
    tokens = np.full((1, 12), 99)
    real = np.zeros((1, 12), dtype=bool)
    tokens[0, slots], real[0, slots] = TEXTS[1], True
    rows = TokenRows(jnp.asarray(tokens), jnp.asarray(real))
    scattered, _ = log_laws(exact_network, rows)
    together, _ = log_laws(exact_network, token_rows(TEXTS[1:2]))
    np.testing.assert_allclose(scattered[0, np.array(slots)], together[0], atol=1e-10)
    np.testing.assert_array_equal(last_hidden(jnp.arange(12.0)[None, :, None], rows), [[10.0]])


def test_reading_in_parts_is_reading_at_once(exact_network: Llama) -> None:
    """Three parts, with empty slots at the end of each."""
    whole, _ = log_laws(exact_network, token_rows(TEXTS[:1]))
    before: tuple[ReadText, ...] = ()
    parts = []
    for ids in (TEXTS[0][:4], TEXTS[0][4:5], TEXTS[0][5:]):
        part, read = log_laws(exact_network, token_rows([ids], multiple=8), before)
        before = (*before, read)
        parts.append(part[0, : len(ids)])
    np.testing.assert_allclose(np.concatenate(parts), whole[0], atol=1e-10)


def test_rows_may_share_what_was_read(exact_network: Llama) -> None:
    _, shared = log_laws(exact_network, token_rows([TEXTS[0]]))
    got, _ = log_laws(exact_network, token_rows(TEXTS), (shared,))
    for row, ids in zip(got, TEXTS, strict=True):
        whole, _ = log_laws(exact_network, token_rows([TEXTS[0] + ids]))
        np.testing.assert_allclose(row[: len(ids)], whole[0, -len(ids) :], atol=1e-10)


def test_a_token_sees_nothing_later(exact_network: Llama) -> None:
    changed = [*TEXTS[0][:-1], len(TOKENS) - 1]
    first, second = (log_laws(exact_network, token_rows([ids]))[0][0] for ids in (TEXTS[0], changed))
    np.testing.assert_allclose(first[:-1], second[:-1], atol=1e-12)
    assert np.abs(first[-1] - second[-1]).max() > 1e-2
