"""Simulation-based calibration: is the posterior that of the model it claims to be of?"""

import dataclasses
from collections.abc import Callable

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
from w2s_sim.tasks.task import WeakData

# Draws kept of every task, apart enough to count as independent; ranks run from 0 to this number.
KEPT, APART, WARMUP = 99, 6, 300
BINS = 20
# Small posteriors need short paths; in a batch, every lane pays for the longest one.
LARGEST_TREE = 5


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Ranks of the truth among posterior draws, over simulated tasks.

    Attributes:
        ranks: In 0..99, by parameter, shape (tasks,). Even if the posterior is right.
    """

    ranks: dict[str, Int[np.ndarray, " tasks"]]

    @property
    def table(self) -> pd.DataFrame:
        """One row per parameter: the p-value of even ranks (chi-squared over 20 bins), and how often central
        intervals of 50, 80 and 95% held the truth, with binomial standard errors.
        """
        rows = []
        for name, ranks in self.ranks.items():
            counts = np.bincount(ranks * BINS // (KEPT + 1), minlength=BINS)
            row = {"parameter": name, "tasks": len(ranks), "p_value": float(stats.chisquare(counts).pvalue)}
            for level in (0.5, 0.8, 0.95):
                # How much of each rank's bin lies between the tails: this share of the 100 if ranks are even.
                tail = (1.0 - level) / 2.0 * (KEPT + 1)
                ends = np.minimum(ranks + 1.0, KEPT + 1 - tail) - np.maximum(ranks, tail)
                share = float(np.mean(np.clip(ends, 0.0, 1.0)))
                row[f"covered_{level:.0%}"] = share
                row[f"covered_{level:.0%}_se"] = float(np.sqrt(level * (1 - level) / len(ranks)))
            rows.append(row)
        return pd.DataFrame(rows)


def calibrate(
    source: RegressionModel,
    draw_inputs: Callable[[Key[Array, ""]], Float[Array, "n d"]],
    truth: Beliefs,
    believed: Beliefs | None = None,
    *,
    num_tasks: int = 200,
    key: Key[Array, ""],
) -> Calibration:
    """Draw tasks from a hierarchical prior, and rank their truth among draws of the posterior.

    Args:
        source: The strong model.
        draw_inputs: Inputs of one task from a key, all of one number n.
        truth: What tasks are drawn from.
        believed: What the posterior believes; the same when left out. Another one must be found out: that
            shows that the check can fail.
        num_tasks: Simulated tasks.
        key: Typed PRNG key; task i depends on (key, i) alone.

    Source: Talts, Betancourt, Simpson, Vehtari & Gelman 2018, arXiv 1804.06788.
    """
    require_count("num_tasks", num_tasks, 2)
    model = weak_data_model(source, truth if believed is None else believed)
    across = truth.bias_scale * bias_directions(source) if truth.bias_scale > 0 else None

    def one(task_key: Key[Array, ""]) -> dict[str, Array]:
        prior_key, noise_key, input_key, concept_key, label_key, chain_key, bias_key = jax.random.split(
            task_key, 7
        )
        concentration = jnp.full(source.num_concepts, 1.0) * truth.concentration
        prior = jax.random.dirichlet(prior_key, concentration)
        noise = source.noise * jnp.exp(truth.noise_spread * jax.random.normal(noise_key))
        inputs = draw_inputs(input_key)
        concepts = jax.random.categorical(concept_key, jnp.log(prior), shape=inputs.shape[:1])
        errors = noise * jax.random.normal(label_key, inputs.shape[:1])
        bias = jnp.zeros(source.vectors.shape[1])
        if across is not None:
            bias = across @ jax.random.normal(bias_key, across.shape[1:])
        labels = jnp.sum(inputs * (source.vectors[concepts] + bias), axis=1) + errors
        sampler = MCMC(
            NUTS(model, max_tree_depth=LARGEST_TREE),
            num_warmup=WARMUP,
            num_samples=KEPT * APART,
            thinning=APART,
            progress_bar=False,
        )
        sampler.run(chain_key, WeakData(inputs, labels))
        draws = sampler.get_samples()
        ranks = {f"prior[{k}]": jnp.sum(draws["prior"][:, k] < prior[k]) for k in range(source.num_concepts)}
        if "noise" in draws:
            ranks["noise"] = jnp.sum(draws["noise"] < noise)
        if "bias" in draws and across is not None:
            # Along the first direction that it may have.
            ranks["bias"] = jnp.sum(draws["bias"] @ across[:, 0] < bias @ across[:, 0])
        return ranks

    keys = jax.vmap(lambda index: jax.random.fold_in(key, index))(jnp.arange(num_tasks))
    ranks = jax.jit(jax.vmap(one))(keys)
    return Calibration({name: np.asarray(values) for name, values in ranks.items()})
