"""Errors of identification after every n = 1..64, and rare errors."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key

import w2s_sim as w2s
from benchmarks.peers import identification
from benchmarks.workload import Answer, Contender, Scale, Target, Workload, of_sample
from benchmarks.workloads.limits import Numbers, limit, older_normals
from w2s_sim.identification import ResidualContexts, identification_errors, rare_misidentification

# Concepts, dimensions, largest n.
SIZES = {"tiny": (5, 20, 8), "quick": (16, 256, 64), "full": (16, 256, 64)}
# Contexts of ours (reduced, plain), of the peers (all dimensions, the span).
CONTEXTS = {
    "tiny": (1_024, 1_024, 256, 256),
    "quick": (4_096, 512, 256, 1_024),
    "full": (32_768, 2_048, 1_024, 8_192),
}
REDUCED, PLAIN = "identification_errors, reduced", "identification_errors, plain"
ALL, SPAN = "NumPy, all dimensions", "NumPy, in the span"
# Demonstrations after which the canonical task misidentifies with about 1.5 % and 2e-8; contexts of the
# tilted and of the naive sample.
OFTEN, SELDOM = 16, 64
TILTED = {"tiny": 2_048, "quick": 8_192, "full": 65_536}
NAIVE = {"tiny": 4_096, "quick": 16_384, "full": 65_536}
RARE, SAMPLED = "rare_misidentification", "NumPy, naive sampling"


def residuals_and_exponentials(key: Key[Array, ""], contexts: ResidualContexts) -> Float[Array, ""]:
    """Draw the residuals of a context, and one exponential of each: the least that posteriors need."""
    squares = jax.lax.optimization_barrier(contexts.residuals(key=key) ** 2)
    return jnp.sum(jnp.exp(-0.5 * squares))


def workloads(scale: Scale) -> list[Workload]:
    """Return the curves, and the rare events."""
    return [_curves(scale), _rare_event(scale, OFTEN), _rare_event(scale, SELDOM)]


def _curves(scale: Scale) -> Workload:
    num_concepts, dim, up_to = SIZES[scale]
    of_reduced, of_plain, of_all, of_span = CONTEXTS[scale]
    task = identification.example(num_concepts, dim)
    # Later errors are rare, and small samples do not know their own standard error.
    compared = max(4, up_to // 4)

    def ours(name: str, reduced: bool, replicates: int) -> Contender:
        def run(seed: int) -> Answer:
            table = identification_errors(task, up_to, replicates=replicates, reduced=reduced, seed=seed)
            means, errors = (table[[f"mass_off_target{end}", f"risk{end}"]] for end in ("", "_se"))
            return Answer(means.to_numpy()[:compared], errors.to_numpy()[:compared])

        return Contender(name, run, replicates, "ours")

    def peer(name: str, function, replicates: int) -> Contender:
        def run(seed: int) -> Answer:
            means, errors = function(task, up_to, replicates, seed)
            return Answer(means[[0, 2]].T[:compared], errors[[0, 2]].T[:compared])

        return Contender(name, run, replicates)

    drawn, least = "its normals alone", "its residuals and exponentials alone"
    contexts = ResidualContexts.of(task, up_to, 1)
    # Residuals of K concepts, which the weak label makes K independent numbers a demonstration.
    numbers = Numbers(up_to * min(num_concepts, dim + 1))
    return Workload(
        "identification",
        f"errors after every n = 1..{up_to}, K = {num_concepts}, d = {dim}, float32",
        "context",
        (
            ours(REDUCED, True, of_reduced),
            ours(PLAIN, False, of_plain),
            peer(ALL, identification.errors_in_all_dimensions, of_all),
            peer(SPAN, identification.errors_in_the_span, of_span),
            limit(drawn, older_normals, numbers, of_reduced, REDUCED),
            limit(least, residuals_and_exponentials, contexts, of_reduced, REDUCED, ALL, SPAN),
        ),
        (Target(REDUCED, ALL, 30.0), Target(REDUCED, SPAN, 4.0), Target(REDUCED, drawn, 2.0)),
    )


def _rare_event(scale: Scale, num_demonstrations: int) -> Workload:
    task = w2s.canonical_task()
    tilted, naive = TILTED[scale], NAIVE[scale]

    def ours(seed: int) -> Answer:
        event = rare_misidentification(task, num_demonstrations, replicates=tilted, seed=seed)
        return Answer(event.value, event.value * event.relative_se, extra={"probability": event.value})

    # A naive sample that holds no event does not know its own error. It is computed from the probability:
    # the second moment of the mass is the first one times a share, which is measured where events are common.
    @functools.cache
    def variance() -> float:
        share = _share(identification.mass_off_target(task, OFTEN, 65_536, 0))
        return share * float(ours(0).mean)

    def peer(seed: int) -> Answer:
        masses = identification.mass_off_target(task, num_demonstrations, naive, seed)
        if num_demonstrations == OFTEN:
            return of_sample(masses)
        return Answer(float(masses.mean()), math.sqrt(variance() / naive))

    extrapolated = "" if num_demonstrations == OFTEN else ", error of the naive sample extrapolated"
    return Workload(
        f"rare event, n = {num_demonstrations}",
        f"posterior mass off the target, d = 8, K = 4{extrapolated}",
        "context",
        (Contender(RARE, ours, tilted, "ours"), Contender(SAMPLED, peer, naive)),
        (Target(RARE, SAMPLED, 1e6, by="error"),) if num_demonstrations == SELDOM else (),
    )


def _share(masses: np.ndarray) -> float:
    wide = masses.astype(np.float64)
    return float(np.mean(wide**2) / np.mean(wide))
