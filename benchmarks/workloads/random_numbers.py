"""How fast random numbers are drawn: what bounds every simulation from below."""

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.workload import Answer, Contender, Scale, Workload

NUMBERS = {"tiny": 2**12, "quick": 2**22, "full": 2**24}


def workloads(scale: Scale) -> list[Workload]:
    """Return the workload."""
    count = NUMBERS[scale]

    def ours(partitionable: bool):
        @jax.jit
        def moments(key: jax.Array) -> jax.Array:
            with jax.threefry_partitionable(partitionable):
                drawn = jax.random.normal(key, (count,))
            return jnp.stack([jnp.mean(drawn), jnp.mean(drawn**2)])

        def run(seed: int) -> Answer:
            return Answer(np.asarray(moments(jax.random.key(seed))), _errors(count))

        return run

    def peer(seed: int) -> Answer:
        drawn = np.random.default_rng(seed).standard_normal(count, dtype=np.float32)
        return Answer([drawn.mean(dtype=float), np.mean(drawn**2, dtype=float)], _errors(count))

    return [
        Workload(
            "random numbers",
            f"{count:,} standard normal numbers in float32, and their first two moments",
            "number",
            (
                Contender("JAX, threefry", ours(True), count, "ours"),
                Contender("JAX, threefry with older counters", ours(False), count, "ours"),
                Contender("NumPy, PCG64 and ziggurat", peer, count),
            ),
        )
    ]


def _errors(count: int) -> np.ndarray:
    """Standard errors of both moments."""
    return np.sqrt(np.array([1.0, 2.0]) / count)
