"""Work without random numbers: rounds of EM, and likelihoods of hidden Markov models."""

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.peers import em, forward
from benchmarks.workload import Answer, Contender, Scale, Target, Workload
from w2s_sim.concepts.forward import forward as read
from w2s_sim.estimators.iterated_refinement import refined_priors, refined_priors_by_logs

# Rows and concepts of EM; and its rounds.
ROWS = {"tiny": (2_000, 8), "quick": (100_000, 64), "full": (100_000, 64)}
ROUNDS = 20
# Documents, tokens, concepts, states; and how many of the documents hmmlearn reads.
DOCUMENTS = {"tiny": (32, 16, 2, 3), "quick": (4_096, 128, 8, 16), "full": (4_096, 128, 8, 16)}
READ_BY_PEER = 8
EM, PRODUCTS = "refined_priors", "NumPy, two products a round"
FORWARD, HMMLEARN = "forward", "hmmlearn (float64)"


def workloads(scale: Scale) -> list[Workload]:
    """Return both workloads."""
    return [_em(scale), _hidden_markov(scale)]


def _em(scale: Scale) -> Workload:
    num_rows, num_concepts = ROWS[scale]
    logs = em.log_likelihood(num_rows, num_concepts).astype(np.float32)
    prior = np.full(num_concepts, 1 / num_concepts, np.float32)
    on_device = (jnp.asarray(prior), jnp.asarray(logs), jnp.full(num_rows, 1 / num_rows))
    program = jax.jit(refined_priors, static_argnums=3)
    program_in_logs = jax.jit(refined_priors_by_logs, static_argnums=3)
    scaled = jnp.exp(on_device[1])

    def ours(seed: int) -> Answer:
        return Answer(np.asarray(program(*on_device, ROUNDS)[-1]))

    def by_logs(seed: int) -> Answer:
        return Answer(np.asarray(program_in_logs(*on_device, ROUNDS)[-1]))

    def peer(seed: int) -> Answer:
        return Answer(em.em_rounds(prior, logs, ROUNDS))

    @jax.jit
    def read(array: jax.Array, start: jax.Array) -> jax.Array:
        def step(total: jax.Array, _: None) -> tuple[jax.Array, None]:
            # A round needs the prior that the round before it found.
            return jnp.sum(array + 1e-30 * total), None

        return jax.lax.scan(step, start, None, length=ROUNDS)[0]

    def limit(seed: int) -> Answer:
        jax.block_until_ready(read(scaled, jnp.asarray(float(seed))))
        return Answer(None)

    reading = "reading the likelihoods once a round"
    return Workload(
        "EM",
        f"{ROUNDS} rounds, n = {num_rows:,}, K = {num_concepts}, exponentials included, float32",
        "round",
        (
            Contender(EM, ours, ROUNDS, "ours"),
            Contender("the same rounds in logs", by_logs, ROUNDS),
            Contender(PRODUCTS, peer, ROUNDS),
            Contender(f"{PRODUCTS}, one thread", peer, ROUNDS, one_thread=True),
            Contender(reading, limit, ROUNDS, "limit", limit_of=(EM, PRODUCTS)),
        ),
        (Target(EM, PRODUCTS, 3.0), Target(EM, f"{PRODUCTS}, one thread", 3.0)),
        tolerance=1e-3,
    )


def _hidden_markov(scale: Scale) -> Workload:
    size = DOCUMENTS[scale]
    parameters, documents = forward.example(*size)
    on_device = tuple(jnp.asarray(part) for part in parameters)
    symbols = jnp.asarray(documents)
    program = jax.jit(_log_likelihoods)

    def ours(seed: int) -> Answer:
        return Answer(np.asarray(program(on_device, symbols))[:READ_BY_PEER])

    def peer(seed: int) -> Answer:
        return Answer(forward.log_likelihoods(parameters, documents[:READ_BY_PEER]))

    return Workload(
        "hidden Markov models",
        "log likelihoods of {:,} documents of {} tokens, {} concepts of {} states".format(*size),
        "document",
        (
            Contender(FORWARD, ours, len(documents), "ours"),
            Contender(HMMLEARN, peer, READ_BY_PEER, needs="hmmlearn"),
        ),
        (Target(FORWARD, HMMLEARN, 100.0),),
    )


def _log_likelihoods(parameters: tuple[jax.Array, ...], documents: jax.Array) -> jax.Array:
    initial, transition, emission = parameters
    return read(initial, transition, emission, documents).log_likelihood
