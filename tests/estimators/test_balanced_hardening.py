"""Balanced hard predictions against linear programs, thresholds and their invariances."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import linprog

from w2s_sim.estimators.balanced_hardening import hardened

pytestmark = pytest.mark.usefixtures("x64")
SIZES = ((4, 2), (6, 3), (5, 4), (3, 5), (12, 5), (1, 3), (4, 1))
hard = jax.jit(hardened)


def best_mean(logits: np.ndarray, shares: np.ndarray) -> float:
    """The largest mean logit of a balanced assignment, by a linear program."""
    num_contexts, num_symbols = logits.shape
    of_contexts = np.kron(np.eye(num_contexts), np.ones(num_symbols))
    of_symbols = np.kron(np.ones(num_contexts), np.eye(num_symbols))
    # The last symbol takes what is left.
    rows = np.concatenate([of_contexts, of_symbols[:-1]])
    wanted = np.append(shares, np.full(num_symbols - 1, 1 / num_symbols))
    return -linprog(-logits.ravel(), A_eq=rows, b_eq=wanted).fun


def draw(generator: np.random.Generator, trial: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Logits, every second time with many ties, and shares, every third time some of them zero."""
    logits = generator.normal(size=size) * generator.choice([0.1, 1.0, 10.0])
    shares = generator.dirichlet(np.ones(size[0]))
    if trial % 3 == 0:
        shares = generator.multinomial(12, np.full(size[0], 1 / size[0])) / 12
    return np.round(logits) if trial % 2 else logits, shares


@pytest.mark.parametrize("size", SIZES)
def test_no_balanced_assignment_has_a_larger_mean_logit(size: tuple[int, int]) -> None:
    generator = np.random.default_rng(0)
    for trial in range(20):
        logits, shares = draw(generator, trial, size)
        own = np.asarray(hard(jnp.asarray(logits), jnp.asarray(shares)))
        assert own.min() >= 0
        np.testing.assert_allclose(shares @ own, np.full(size[1], 1 / size[1]), atol=1e-12)
        np.testing.assert_allclose(own.sum(axis=1)[shares > 0], 1.0, atol=1e-12)
        assert shares @ np.sum(own * logits, axis=1) == pytest.approx(best_mean(logits, shares), abs=1e-10)
        again = hard(jnp.asarray(logits + generator.normal(size=(size[0], 1))), jnp.asarray(shares))
        if not trial % 2:
            np.testing.assert_allclose(again, own, atol=1e-10)


def test_two_symbols_are_split_at_a_threshold() -> None:
    generator = np.random.default_rng(1)
    for trial in range(40):
        logits, shares = draw(generator, trial, (6, 2))
        odds = logits[:, 1] - logits[:, 0]
        above = (odds[None] > odds[:, None]) @ shares
        tied = (odds[None] == odds[:, None]) @ shares
        expected = np.clip((0.5 - above) / np.where(tied > 0, tied, 1.0), 0.0, 1.0)
        own = np.asarray(hard(jnp.asarray(logits), jnp.asarray(shares)))
        np.testing.assert_allclose(own[shares > 0, 1], expected[shares > 0], atol=1e-12)


def test_equal_contexts_get_equal_predictions() -> None:
    """One context is best at symbol 0; of five equal ones, as many pairs get every symbol as it leaves."""
    logits = np.array([[2.0, 0.0, 0.0], *[[0.3, 0.2, 0.1]] * 5])
    own = np.asarray(hard(jnp.asarray(logits), jnp.full(6, 1 / 6)))
    np.testing.assert_allclose(own, [[1, 0, 0], *[[0.2, 0.4, 0.4]] * 5], atol=1e-12)


def test_certain_predictions_are_kept_where_the_balance_allows_it() -> None:
    certain = np.log(np.maximum(np.eye(3)[[0, 1, 2]], 0.0), where=np.eye(3) > 0, out=np.full((3, 3), -np.inf))
    np.testing.assert_array_equal(hard(jnp.asarray(certain), jnp.full(3, 1 / 3)), np.eye(3))
    single = np.tile(certain[:1], (3, 1))
    np.testing.assert_allclose(hard(jnp.asarray(single), jnp.full(3, 1 / 3)), np.full((3, 3), 1 / 3))


def test_single_precision_finds_the_same() -> None:
    generator = np.random.default_rng(3)
    for trial in range(0, 20, 2):
        logits, shares = draw(generator, trial, (8, 4))
        own = hard(jnp.asarray(logits, jnp.float32), jnp.asarray(shares, jnp.float32))
        np.testing.assert_allclose(own, hard(jnp.asarray(logits), jnp.asarray(shares)), atol=1e-4)
