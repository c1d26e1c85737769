"""The posterior of the concept prior by NUTS: `w2s_sim.bayes.transfer_prior` against blackjax."""

import warnings
from typing import Any

import jax
import numpy as np
from numpyro.diagnostics import effective_sample_size
from numpyro.infer.util import initialize_model

import w2s_sim as w2s
from benchmarks.workload import Answer, Contender, Scale, Workload
from w2s_sim.bayes import Beliefs, transfer_prior
from w2s_sim.bayes.numpyro_model import weak_data_model

CHAINS, WARMUP, ACCEPTANCE = 4, 500, 0.9
# Draws of a chain, and weak pairs.
DRAWS = {"tiny": (200, 40), "quick": (1_000, 200), "full": (1_000, 200)}


def workloads(scale: Scale) -> list[Workload]:
    """Return the workload."""
    draws, num_weak = DRAWS[scale]
    task = w2s.canonical_task()
    data = task.sample_weak(num_weak, key=jax.random.key(7))

    def ours(seed: int) -> Answer:
        with warnings.catch_warnings():
            # Short chains are reported; here their time counts.
            warnings.simplefilter("ignore")
            found = transfer_prior(
                task.source,
                data,
                num_samples=draws,
                num_warmup=WARMUP,
                num_chains=CHAINS,
                target_acceptance=ACCEPTANCE,
                key=jax.random.key(seed),
            )
        return _of_chains(found.draws["prior"].reshape(CHAINS, draws, -1))

    def blackjax(seed: int) -> Answer:
        return _of_chains(_by_blackjax(task.source, data, draws, seed))

    return [
        Workload(
            "posterior",
            f"NUTS for a prior on 4 concepts, {num_weak} weak pairs, {CHAINS} chains of {WARMUP} + {draws:,}"
            " steps, compiler included on both sides",
            "draw",
            (
                Contender("transfer_prior", ours, CHAINS * draws, "ours"),
                Contender("blackjax, the same model", blackjax, CHAINS * draws, needs="blackjax"),
            ),
            rounds=1 if scale == "tiny" else 3,
            warm=False,
        )
    ]


def _by_blackjax(source: Any, data: Any, draws: int, seed: int) -> np.ndarray:
    """Draws of the prior, (chains, draws, K): the same NumPyro model, its potential sampled by blackjax."""
    import blackjax  # pyright: ignore[reportMissingImports]

    start_key, warm_key, draw_key = jax.random.split(jax.random.key(seed), 3)
    model = initialize_model(
        jax.random.split(start_key, CHAINS), weak_data_model(source, Beliefs()), model_args=(data,)
    )

    def log_density(position: Any) -> jax.Array:
        return -model.potential_fn(position)

    warm = blackjax.window_adaptation(blackjax.nuts, log_density, target_acceptance_rate=ACCEPTANCE)

    def chain(warm_key: jax.Array, draw_key: jax.Array, start: Any) -> Any:
        (state, parameters), _ = warm.run(warm_key, start, WARMUP)
        sampler = blackjax.nuts(log_density, **parameters)

        def step(state: Any, key: jax.Array) -> tuple[Any, Any]:
            state, _ = sampler.step(key, state)
            return state, model.postprocess_fn(state.position)["prior"]

        return jax.lax.scan(step, state, jax.random.split(draw_key, draws))[1]

    keys = jax.random.split(warm_key, CHAINS), jax.random.split(draw_key, CHAINS)
    return np.asarray(jax.jit(jax.vmap(chain))(*keys, model.param_info.z))


def _of_chains(draws: np.ndarray) -> Answer:
    """Posterior means, with standard errors by the effective number of draws."""
    spread = draws.reshape(-1, draws.shape[-1]).std(axis=0)
    effective = effective_sample_size(draws)
    return Answer(draws.mean(axis=(0, 1)), spread / np.sqrt(effective), extra={"ess": float(effective.min())})
