"""Estimates of probabilities too small for naive sampling, for a user's own task."""

import dataclasses
import math

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float, Key

from w2s_sim._checks import require_count
from w2s_sim.engine.replication import replicate
from w2s_sim.errors import InputError
from w2s_sim.identification.tilting import TiltingPlan, tilted_replicate, tilting_plan
from w2s_sim.randomness import Seed, require_seed
from w2s_sim.tasks.task import ConceptTask


@dataclasses.dataclass(frozen=True)
class RareEvent:
    """An estimate of a small probability.

    Attributes:
        log_value: Natural logarithm of the estimate.
        relative_se: Monte Carlo standard error divided by the estimate.
        replicates: Number of tilted contexts.
        log_bound: Natural logarithm of the Chernoff bound eps_n, which the estimate never exceeds.
    """

    log_value: float
    relative_se: float
    replicates: int
    log_bound: float

    @property
    def value(self) -> float:
        """The estimated probability; 0 if it is below the smallest float64, about 1e-308."""
        return math.exp(self.log_value)


def rare_misidentification(
    task: ConceptTask, num_demonstrations: int, *, replicates: int = 65_536, seed: Seed = 0
) -> RareEvent:
    """Estimate E[1 - pi_n(k*)], the mean posterior of all wrong concepts, however small.

    Tilted sampling: its relative standard error grows like n^{1/4}, while that of naive sampling grows
    exponentially in n. With the default 65,536 replicates it is about 1% at a probability of 1e-30.

    Args:
        task: The task, with Gaussian features or finitely many outcomes; each demonstration draws its own
            concept from the target.
        num_demonstrations: Number of demonstrations n >= 1.
        replicates: Number of contexts, >= 2.
        seed: In [0, 2^64): replicate i uses the key fold_in(key_of(seed), i).

    Raises:
        InputError: If a number is out of range, the features are not Gaussian, there is no competitor, or
            the source excludes the intended concept.
    """
    require_count("num_demonstrations", num_demonstrations, 1)
    require_count("replicates", replicates, 2)
    require_seed(seed)
    star = int(task.target_concept)
    prior = np.asarray(task.source.prior)
    if prior[star] <= 0 or not np.any(np.delete(prior, star) > 0):
        raise InputError(
            "source_prior", prior, "positive weights of the intended concept and of another concept"
        )
    plan = tilting_plan(task, num_demonstrations)
    values = scaled_replicates(task, plan, replicates=replicates, seed=seed)
    mean = float(values.mean())
    return RareEvent(
        log_value=float(plan.log_bound) + math.log(mean),
        relative_se=float(values.std(ddof=1)) / math.sqrt(replicates) / mean,
        replicates=replicates,
        log_bound=float(plan.log_bound),
    )


def scaled_replicates(
    task: ConceptTask, plan: TiltingPlan, *, replicates: int, seed: Seed
) -> Float[np.ndarray, " replicates"]:
    """Return independent scaled replicates in [0, 1], in float64; their mean times eps_n is the estimate.

    Args:
        task: The task.
        plan: The plan of the task, from `tilting_plan`.
        replicates: Number of replicates.
        seed: In [0, 2^64): replicate i uses the key fold_in(key_of(seed), i).
    """
    return replicate(_scaled_replicate, Tilted(task, plan), seed=seed, start=0, stop=replicates)


class Tilted(eqx.Module):
    """Case of the measured quantity: a task, and the tilting plan that samples its contexts."""

    task: ConceptTask
    plan: TiltingPlan


def _scaled_replicate(key: Key[Array, ""], case: Tilted) -> Float[Array, ""]:
    return tilted_replicate(case.task, case.plan, key=key)
