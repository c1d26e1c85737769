"""Generated text against a loop that reads the whole text anew for every token."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from tests.language_models.plain_reading import log_laws, plain_log_laws
from w2s_sim.language_models.generation import generate
from w2s_sim.language_models.llama import Llama
from w2s_sim.language_models.token_rows import token_rows

PROMPTS = [[40, 41, 42, 43], [7, 9], [100, 101, 102]]
DEMONSTRATIONS = [60, 61, 62, 63, 64]
NUM_TOKENS, NEVER = 6, (-1,)

written = eqx.filter_jit(generate)


def next_law(network: Llama, ids: list[int]) -> np.ndarray:
    return np.exp(plain_log_laws(network, ids)[-1])


def greedily(network: Llama, prompt: list[int]) -> list[int]:
    ids = list(prompt)
    for _ in range(NUM_TOKENS):
        ids.append(int(next_law(network, ids).argmax()))
    return ids[len(prompt) :]


def test_greedy_text_is_that_of_whole_texts(exact_network: Llama) -> None:
    prompts = token_rows(PROMPTS, multiple=8)
    _, read = log_laws(exact_network, token_rows([DEMONSTRATIONS], multiple=8))
    for before, first in (((), []), ((read,), DEMONSTRATIONS)):
        tokens = written(exact_network, prompts, NUM_TOKENS, NEVER, before)
        assert tokens.tolist() == [greedily(exact_network, first + prompt) for prompt in PROMPTS]


def test_a_text_ends_at_its_end_token(exact_network: Llama) -> None:
    rows = [greedily(exact_network, prompt) for prompt in PROMPTS]
    end = rows[0][2]
    wanted = [
        row[: row.index(end)] + [end] * (NUM_TOKENS - row.index(end)) if end in row else row for row in rows
    ]
    assert written(exact_network, token_rows(PROMPTS), NUM_TOKENS, (end,)).tolist() == wanted


def test_a_text_ends_at_whichever_end_token_comes_first(exact_network: Llama) -> None:
    """Behind it stands the first of the end tokens."""
    rows = [greedily(exact_network, prompt) for prompt in PROMPTS]
    first, other = rows[0][3], rows[0][1]
    place = min(rows[0].index(first), rows[0].index(other))
    tokens = written(exact_network, token_rows(PROMPTS), NUM_TOKENS, (first, other))
    assert tokens[0].tolist() == rows[0][:place] + [first] * (NUM_TOKENS - place)


def test_one_token_alone(exact_network: Llama) -> None:
    tokens = written(exact_network, token_rows(PROMPTS), 1, NEVER)
    assert tokens[:, 0].tolist() == [greedily(exact_network, prompt)[0] for prompt in PROMPTS]


def test_sampled_text_follows_the_law(exact_network: Llama) -> None:
    """The first token, and the second given the likeliest first: counts at five standard errors."""
    prompt = PROMPTS[0]

    @eqx.filter_jit
    def draws(network: Llama, key: jax.Array) -> jax.Array:
        rows = jax.tree.map(lambda leaf: jnp.repeat(leaf, 4000, axis=0), token_rows([prompt]))
        return generate(network, rows, 2, NEVER, temperature=1.0, key=key)

    def require_counts(tokens: np.ndarray, law: np.ndarray) -> None:
        counts = np.bincount(tokens, minlength=len(law))
        spread = np.sqrt(len(tokens) * law * (1 - law))
        enough = len(tokens) * law > 20
        assert law[enough].sum() > 0.2
        np.testing.assert_array_less(np.abs(counts - len(tokens) * law)[enough], 5 * spread[enough])

    tokens = np.asarray(draws(exact_network, jax.random.key(0)))
    law = next_law(exact_network, prompt)
    require_counts(tokens[:, 0], law)
    first = int(law.argmax())
    require_counts(tokens[tokens[:, 0] == first, 1], next_law(exact_network, [*prompt, first]))


def test_a_row_depends_on_its_prompt_and_its_place_alone(exact_network: Llama) -> None:
    key = jax.random.key(3)
    both = [
        written(
            exact_network,
            token_rows([PROMPTS[0], other], slots=8),
            NUM_TOKENS,
            NEVER,
            temperature=1.0,
            key=key,
        )
        for other in PROMPTS[1:]
    ]
    np.testing.assert_array_equal(both[0][0], both[1][0])
    assert not np.array_equal(both[0][1], both[1][1])
