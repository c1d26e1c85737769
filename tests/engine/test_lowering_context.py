"""Programs of a thread are lowered in one context of MLIR, and compute what they computed before."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax._src.interpreters import mlir

from w2s_sim.engine.lowering_context import (
    PROGRAMS_OF_A_CONTEXT,
    SharedContext,
    share_lowering_contexts,
)


def test_a_context_serves_so_many_programs_and_then_another_does() -> None:
    shared = SharedContext(object)
    first = [shared() for _ in range(PROGRAMS_OF_A_CONTEXT)]
    assert all(context is first[0] for context in first)
    assert shared() is not first[0]


def test_each_thread_has_its_own() -> None:
    shared = SharedContext(object)
    with ThreadPoolExecutor(1) as thread:
        others = [thread.submit(shared).result() for _ in range(2)]
    assert others[0] is others[1]
    assert others[0] is not shared()


def test_programs_are_lowered_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    own = mlir.make_ir_context
    monkeypatch.setattr(mlir, "make_ir_context", own.make if isinstance(own, SharedContext) else own)
    alone = jax.jit(lambda x: 3.0 * x + 1.0)
    expected = alone(jnp.arange(5.0))
    share_lowering_contexts()
    # A second call changes nothing.
    share_lowering_contexts()
    assert isinstance(mlir.make_ir_context, SharedContext)
    assert not isinstance(mlir.make_ir_context.make, SharedContext)
    programs = [jax.jit(lambda x, i=i: i * x + 1.0) for i in range(1, 5)]
    lowered = [program.lower(jnp.arange(5.0)) for program in programs]
    modules: list[Any] = [program.compiler_ir() for program in lowered]
    assert len({id(module.context) for module in modules}) == 1
    assert (lowered[2].compile()(jnp.arange(5.0)) == expected).all()


def test_threads_that_lower_at_once_compute_the_same() -> None:
    def value(size: int) -> float:
        return float(jax.jit(lambda x: jnp.sum(jnp.exp(-x) * size))(jnp.arange(float(size))))

    share_lowering_contexts()
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(value, range(2, 34)))
    expected = [size * np.exp(-np.arange(float(size))).sum() for size in range(2, 34)]
    np.testing.assert_allclose(together, expected, rtol=1e-5)
