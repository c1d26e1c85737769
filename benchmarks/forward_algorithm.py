"""Implementations of the forward algorithm of hidden Markov concepts, compared with each other and hmmlearn.

Run: python -m benchmarks.forward_algorithm. Quote the ratios, not the times: machines differ and drift.
"""

import resource
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from rich.console import Console
from rich.table import Table

from benchmarks.peers.forward import models_of
from w2s_sim.concepts.forward import forward

ROUNDS = 5
# Number of documents that are timed; the time of all documents is extrapolated.
PEER_DOCUMENTS = 8
# Documents, tokens, concepts, states, symbols. The first row is the size that one call must handle.
SIZES = ((4096, 128, 8, 16, 32), (4096, 4, 3, 2, 3), (4, 8192, 8, 16, 32))
# An associative scan holds a matrix of states for every token; it is skipped beyond this many numbers.
LARGEST_SCAN = 2**28

Parameters = tuple[Float[Array, "K S"], Float[Array, "K S S"], Float[Array, "K S V"]]


def scaled(parameters: Parameters, sequences: Int[Array, "n L"]) -> Float[Array, "n K"]:
    """Normalise in every step and add the logs of the norms, as the library does as long as possible."""
    return forward(*parameters, sequences).log_likelihood


def the_lost_matters(parameters: Parameters, sequences: Int[Array, "n L"]) -> Float[Array, "n K"]:
    """Sequences whose last symbol only one state emits, a state that has underflowed before.

    This is the worst case: every sequence is read with an exponent for every state.
    """
    initial, transition, emission = parameters
    # State 0 is never reached from other states, is never left, and emits all other symbols with at most
    # 1e-3.
    transition = transition.at[:, 1:, 0].set(0.0).at[:, 0].set(0.0).at[:, 0, 0].set(1.0)
    emission = emission.at[:, 0].multiply(1e-3).at[:, :, -1].set(0.0).at[:, 0, -1].set(1.0)
    last = emission.shape[2] - 1
    sequences = jnp.minimum(sequences, last - 1).at[:, -1].set(last)
    return forward(initial, transition, emission, sequences).log_likelihood


def a_state_is_lost(parameters: Parameters, sequences: Int[Array, "n L"]) -> Float[Array, "n K"]:
    """Sequences in which an irrelevant state underflows, so that every sequence is read twice."""
    initial, transition, emission = parameters
    initial = initial.at[:, 0].set(jnp.finfo(initial.dtype).smallest_normal)
    return forward(initial, transition, emission, sequences).log_likelihood


def of_hmmlearn(parameters: Parameters, sequences: Int[Array, "n L"]) -> float:
    """Return the seconds that hmmlearn's `score` takes for all documents and concepts, extrapolated."""
    models = models_of(parameters)
    documents = np.asarray(sequences)[:PEER_DOCUMENTS, :, None]
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for document in documents:
            for model in models:
                model.score(document)
        times.append(time.perf_counter() - start)
    return min(times) / len(documents) * len(sequences)


def log_space(parameters: Parameters, sequences: Int[Array, "n L"]) -> Float[Array, "n K"]:
    """Compute in logs, token by token."""
    initial, transition, emission = (jnp.log(part) for part in parameters)
    emitted = jnp.moveaxis(emission, 2, 0)

    def step(log_states: Array, symbols: Array) -> tuple[Array, None]:
        moved = jax.nn.logsumexp(log_states[..., None] + transition, axis=-2)
        return moved + emitted[symbols], None

    last, _ = jax.lax.scan(step, initial + emitted[sequences[:, 0]], sequences[:, 1:].T)
    return jax.nn.logsumexp(last, axis=-1)


def associative(parameters: Parameters, sequences: Int[Array, "n L"]) -> Float[Array, "n K"]:
    """Multiply the tokens' matrices in a tree of logarithmic depth."""
    initial, transition, emission = parameters
    emitted = jnp.moveaxis(emission, 2, 0)
    # matrix[i, j] = p(state j, symbol | state i), scaled so that the largest entry is one.
    matrices = transition * emitted[sequences[:, 1:].T][..., None, :]

    def scaled_by_largest(matrix: Array) -> tuple[Array, Array]:
        largest = jnp.max(matrix, axis=(-2, -1), keepdims=True)
        return matrix / largest, jnp.log(largest[..., 0, 0])

    def combine(left: tuple[Array, Array], right: tuple[Array, Array]) -> tuple[Array, Array]:
        product, log_scale = scaled_by_largest(left[0] @ right[0])
        return product, left[1] + right[1] + log_scale

    products, log_scales = jax.lax.associative_scan(combine, scaled_by_largest(matrices))
    first = (initial * emitted[sequences[:, 0]])[..., None, :]
    return jnp.log(jnp.sum(first @ products[-1], axis=(-2, -1))) + log_scales[-1]


def problem(
    documents: int, tokens: int, concepts: int, states: int, symbols: int
) -> tuple[Parameters, Array]:
    """Draw random models and random sequences."""
    generator = np.random.default_rng(0)
    initial = generator.dirichlet(np.ones(states), concepts)
    transition = generator.dirichlet(np.ones(states), (concepts, states))
    emission = generator.dirichlet(np.ones(symbols), (concepts, states))
    sequences = generator.integers(0, symbols, (documents, tokens))
    parameters = (jnp.asarray(initial), jnp.asarray(transition), jnp.asarray(emission))
    return tuple(jnp.asarray(part, dtype=float) for part in parameters), jnp.asarray(sequences)  # pyright: ignore


def best_time(function: Callable[..., Array], *arguments: object) -> float:
    jax.block_until_ready(function(*arguments))
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        times.append(time.perf_counter() - start)
    return min(times)


# Timed too, but they solve other problems, so that their errors cannot be compared.
OF_OTHER_PROBLEMS = (a_state_is_lost, the_lost_matters)


def main() -> None:
    table = Table(
        "documents x tokens x concepts x states", "form", "seconds", "against the library's", "largest error"
    )
    for size in SIZES:
        documents, tokens, concepts, states, _ = size
        parameters, sequences = problem(*size)
        with jax.enable_x64(True):
            exact_parameters = jax.tree.map(
                lambda part: jnp.asarray(np.asarray(part, np.float64)), parameters
            )
            exact = np.asarray(jax.jit(scaled)(exact_parameters, jnp.asarray(np.asarray(sequences))))
        forms: list[Callable[..., Array]] = [scaled, *OF_OTHER_PROBLEMS, log_space]
        if documents * tokens * concepts * states**2 <= LARGEST_SCAN:
            forms.append(associative)
        baseline, label = 0.0, " x ".join(f"{number:,}" for number in size[:4])
        for form in forms:
            seconds = best_time(jax.jit(form), parameters, sequences)
            baseline = baseline or seconds
            error = np.abs(np.asarray(jax.jit(form)(parameters, sequences)) - exact).max()
            name = form.__name__.replace("_", " ")
            shown = "" if form in OF_OTHER_PROBLEMS else f"{error:.1e} nats"
            table.add_row(label, name, f"{seconds:.4f}", f"{seconds / baseline:.1f}", shown)
        seconds = of_hmmlearn(parameters, sequences)
        table.add_row(label, "score of hmmlearn", f"{seconds:.4f}", f"{seconds / baseline:.1f}", "")
    console = Console()
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    console.print(f"{jax.devices()[0].platform}, best of {ROUNDS}; peak memory of all of it {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
