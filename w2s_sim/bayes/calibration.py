"""Simulation-based calibration: checks that posterior draws come from the posterior of the stated model."""

import dataclasses
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int, Key
from numpyro.infer import MCMC, NUTS
from scipy import stats

from w2s_sim._checks import require_count
from w2s_sim.bayes.numpyro_model import Beliefs, bias_directions, weak_data_model
from w2s_sim.concepts import RegressionModel
from w2s_sim.engine.replication import replicate
from w2s_sim.randomness import Seed
from w2s_sim.tasks.task import WeakData

# Draws kept per task, spaced so that they are nearly independent; ranks run from 0 to the number kept.
KEPT, APART, WARMUP = 99, 6, 300
BINS = 20
# Small posteriors need short trajectories; in a batch, every lane waits for the longest trajectory.
LARGEST_TREE = 5
# Number of tasks computed at once.
LANES = 50


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Ranks of the true parameters among posterior draws, over simulated tasks.

    Attributes:
        ranks: Ranks in 0..99 by parameter, shape (tasks,). Uniform if the posterior is correct.
    """

    ranks: dict[str, Int[np.ndarray, " tasks"]]

    @property
    def table(self) -> pd.DataFrame:
        """One row per parameter: the p-value of uniform ranks (chi-squared test over 20 bins), and the
        coverage of central intervals of 50, 80 and 95%, with binomial standard errors.
        """
        rows = []
        for name, ranks in self.ranks.items():
            counts = np.bincount(ranks * BINS // (KEPT + 1), minlength=BINS)
            row = {"parameter": name, "tasks": len(ranks), "p_value": float(stats.chisquare(counts).pvalue)}
            for level in (0.5, 0.8, 0.95):
                # Fraction of each rank's bin between the two tails: the mean fraction is `level` for uniform
                # ranks.
                tail = (1.0 - level) / 2.0 * (KEPT + 1)
                ends = np.minimum(ranks + 1.0, KEPT + 1 - tail) - np.maximum(ranks, tail)
                share = float(np.mean(np.clip(ends, 0.0, 1.0)))
                row[f"covered_{level:.0%}"] = share
                row[f"covered_{level:.0%}_se"] = float(np.sqrt(level * (1 - level) / len(ranks)))
            rows.append(row)
        return pd.DataFrame(rows)


class Hierarchy(eqx.Module):
    """The hierarchical prior of simulated tasks, and the prior of the posterior.

    Attributes:
        source: The strong model.
        truth: Hierarchical prior from which tasks are drawn.
        believed: Hierarchical prior of the posterior.
        across: Orthonormal basis of the subspace of possible biases; None if there is no bias.
    """

    source: RegressionModel
    truth: Beliefs
    believed: Beliefs
    across: Float[Array, "d r"] | None

    @property
    def parameters(self) -> list[str]:
        """Names of the ranked parameters: those that vary between tasks and are unknown to the posterior."""
        bias = self.truth.bias_scale > 0 and self.believed.bias_scale > 0
        named = ["bias"] * bias + ["noise"] * (self.believed.noise_spread > 0)
        return named + [f"prior[{k}]" for k in range(self.source.num_concepts)]


@dataclasses.dataclass(frozen=True)
class Ranks:
    """Measured quantity: ranks of one task's parameters, in the order of `Hierarchy.parameters`.

    Attributes:
        draw_inputs: Draws the inputs of a task, from a key.
    """

    draw_inputs: Callable[[Key[Array, ""]], Float[Array, "n d"]]

    def __call__(self, key: Key[Array, ""], case: Hierarchy) -> Float[Array, " parameters"]:
        source, truth, across = case.source, case.truth, case.across
        keys = jax.random.split(key, 7)
        prior_key, noise_key, input_key, concept_key, label_key, chain_key, bias_key = keys
        concentration = jnp.full(source.num_concepts, 1.0) * truth.concentration
        prior = jax.random.dirichlet(prior_key, concentration)
        noise = source.noise * jnp.exp(truth.noise_spread * jax.random.normal(noise_key))
        inputs = self.draw_inputs(input_key)
        concepts = jax.random.categorical(concept_key, jnp.log(prior), shape=inputs.shape[:1])
        errors = noise * jax.random.normal(label_key, inputs.shape[:1])
        bias = jnp.zeros(source.vectors.shape[1])
        if across is not None:
            bias = truth.bias_scale * across @ jax.random.normal(bias_key, across.shape[1:])
        labels = jnp.sum(inputs * (source.vectors[concepts] + bias), axis=1) + errors
        sampler = MCMC(
            NUTS(weak_data_model(source, case.believed, across=across), max_tree_depth=LARGEST_TREE),
            num_warmup=WARMUP,
            num_samples=KEPT * APART,
            thinning=APART,
            progress_bar=False,
        )
        sampler.run(chain_key, WeakData(inputs, labels))
        draws = sampler.get_samples()
        below = {f"prior[{k}]": draws["prior"][:, k] < prior[k] for k in range(source.num_concepts)}
        if "noise" in draws:
            below["noise"] = draws["noise"] < noise
        if "bias" in draws and across is not None:
            # Rank the coordinate of the bias along the first basis vector.
            below["bias"] = draws["bias"] @ across[:, 0] < bias @ across[:, 0]
        return jnp.stack([jnp.sum(below[name], dtype=float) for name in case.parameters])


def calibrate(
    source: RegressionModel,
    draw_inputs: Callable[[Key[Array, ""]], Float[Array, "n d"]],
    truth: Beliefs,
    believed: Beliefs | None = None,
    *,
    num_tasks: int = 200,
    seed: Seed = 0,
) -> Calibration:
    """Draw tasks from a hierarchical prior, and rank the true parameters among draws of the posterior.

    Args:
        source: The strong model.
        draw_inputs: Draws the inputs of a task from a key; the number of inputs n must be the same for all
            tasks.
        truth: Prior from which tasks are drawn.
        believed: Prior of the posterior; `truth` when left out. A wrong prior must give ranks that are not
            uniform, which shows that the check can fail.
        num_tasks: Number of simulated tasks.
        seed: In [0, 2^64); task i depends on (seed, i) alone.

    Source: Talts, Betancourt, Simpson, Vehtari & Gelman 2018, arXiv 1804.06788.
    """
    require_count("num_tasks", num_tasks, 2)
    believed = truth if believed is None else believed
    has_bias = max(truth.bias_scale, believed.bias_scale) > 0
    across = bias_directions(source) if has_bias else None
    case = Hierarchy(source, truth, believed, across)
    ranks = replicate(Ranks(draw_inputs), case, seed=seed, start=0, stop=num_tasks, lanes=LANES)
    return Calibration(dict(zip(case.parameters, ranks.T.astype(int), strict=True)))
