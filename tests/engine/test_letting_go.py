"""A process that has grown lets go of the code of JAX's programs, then of the programs, and only then."""

import gc

import jax
import jax.numpy as jnp
import pytest
from jax._src.interpreters import mlir

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


def test_code_is_let_go_of_and_its_program_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letting_go, "CODE_GROWTH_BYTES", -1)
    # Contexts of MLIR are counted: here each program has its own, as where nobody lets them share.
    making = mlir.make_ir_context
    monkeypatch.setattr(mlir, "make_ir_context", getattr(making, "make", making))
    events: list[str] = []

    def kept() -> int:
        return sum(type(each).__name__ == "JaxIrContext" for each in gc.get_objects())

    others = kept()
    double = jax.jit(lambda x: 2.0 * x)
    before = double(jnp.arange(3.0))
    assert kept() > others
    Room().keep()
    assert kept() <= others
    jax.monitoring.register_event_duration_secs_listener(note := lambda event, *_, **__: events.append(event))
    try:
        after = double(jnp.arange(3.0))
    finally:
        jax.monitoring.unregister_event_duration_listener(note)
    assert events == []
    assert (after == before).all()
