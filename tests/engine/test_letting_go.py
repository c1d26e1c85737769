"""A process that has grown lets go of JAX's programs, and only then."""

import jax
import jax.numpy as jnp
import pytest

from w2s_sim.engine import letting_go
from w2s_sim.engine.letting_go import GROWTH_BYTES, Room


def test_programs_are_let_go_of_when_the_process_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [0]
    cleared: list[int] = []
    monkeypatch.setattr(letting_go, "_resident_bytes", lambda: held[0])
    monkeypatch.setattr(jax, "clear_caches", lambda: cleared.append(held[0]))
    room = Room()
    for growth in (GROWTH_BYTES, GROWTH_BYTES + 1, 2 * GROWTH_BYTES, 3 * GROWTH_BYTES):
        held[0] = growth
        room.keep()
    # After each time the growth counts from what is left.
    assert cleared == [GROWTH_BYTES + 1, 3 * GROWTH_BYTES]


def test_numbers_are_the_same_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letting_go, "GROWTH_BYTES", -1)
    before = float(jnp.linspace(0.0, 1.0, 37).sum())
    Room().keep()
    assert float(jnp.linspace(0.0, 1.0, 37).sum()) == before
