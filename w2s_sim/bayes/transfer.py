"""The posterior of the concept prior given weak data, by NUTS or by a variational guide."""

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd
from jaxtyping import Array, Key
from numpyro.infer import MCMC, NUTS, SVI, Trace_ELBO
from numpyro.infer.autoguide import AutoMultivariateNormal

from w2s_sim._checks import require_between, require_count
from w2s_sim.bayes.diagnostics import chain_problems, chain_table, guide_problems, warn_of
from w2s_sim.bayes.numpyro_model import Beliefs, weak_data_model
from w2s_sim.bayes.posterior import PriorPosterior
from w2s_sim.concepts import LatentConceptModel
from w2s_sim.errors import InputError
from w2s_sim.tasks.task import WeakData

Method = Literal["nuts", "variational"]
# Fit of the guide: number of Adam steps, and the learning rate.
GUIDE_STEPS = 4000
LEARNING_RATE = 0.02


def transfer_prior(
    source: LatentConceptModel,
    data: WeakData,
    *,
    beliefs: Beliefs | None = None,
    method: Method = "nuts",
    context_size: int = 1,
    num_samples: int = 1000,
    num_warmup: int = 500,
    num_chains: int = 4,
    target_acceptance: float = 0.9,
    key: Key[Array, ""],
) -> PriorPosterior:
    """Compute the posterior of alpha^Q given weak data.

    Args:
        source: The strong model; its concepts are used, its prior is not.
        data: Weak pairs.
        beliefs: Prior of alpha^Q, weak bias and weak noise; a flat Dirichlet prior without bias and with the
            strong model's noise when left out.
        method: "nuts", or "variational": a normal guide in unconstrained space, fitted by Adam.
        context_size: Number of consecutive pairs that share one draw of the concept, a divisor of the number
            of pairs; 1 if each pair draws its own concept.
        num_samples: Number of draws per chain; a guide gives `num_samples` x `num_chains` draws.
        num_warmup: Number of warm-up steps per chain, which are discarded.
        num_chains: Number of chains, at least 2, so that chains can be compared.
        target_acceptance: Target acceptance probability of NUTS, in (0, 1).
        key: Typed PRNG key.

    Returns:
        The draws, with diagnostics. If these show a problem, a `SamplingWarning` is issued and `converged` is
        False.

    Raises:
        InputError: If a number is out of range, or the beliefs do not fit the concepts.
    """
    require_count("num_samples", num_samples, 4)
    require_count("num_warmup", num_warmup, 1)
    require_count("num_chains", num_chains, 2)
    require_between("target_acceptance", target_acceptance, 0.0, 1.0, open_low=True)
    model = weak_data_model(source, Beliefs() if beliefs is None else beliefs, context_size)
    num_weak = data.labels.shape[0]
    if num_weak % context_size:
        raise InputError("context_size", context_size, f"a divisor of the number of pairs, {num_weak}")
    if method == "nuts":
        chains, divergences = _sample(
            model, data, num_samples, num_warmup, num_chains, target_acceptance, key=key
        )
        diagnostics = chain_table(chains)
        problems = chain_problems(diagnostics, divergences)
        draws = {site: values.reshape(-1, *values.shape[2:]) for site, values in chains.items()}
    elif method == "variational":
        draws, diagnostics = _fit_guide(model, data, num_samples * num_chains, key=key)
        problems = guide_problems(float(diagnostics.effective_share[0]))
    else:
        raise InputError("method", repr(method), "'nuts' or 'variational'")
    warn_of(problems)
    return PriorPosterior(source, draws, diagnostics, tuple(problems))


def _kept(draws: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return draws by site, without the bias coordinates, which the site `bias` replaces."""
    return {site: np.asarray(values) for site, values in draws.items() if site != "bias_coordinates"}


def _sample(
    model: Callable[[WeakData], None],
    data: WeakData,
    num_samples: int,
    num_warmup: int,
    num_chains: int,
    target_acceptance: float,
    *,
    key: Key[Array, ""],
) -> tuple[dict[str, np.ndarray], int]:
    """Return the draws of every chain, and the number of divergent transitions."""
    sampler = MCMC(
        NUTS(model, target_accept_prob=target_acceptance),
        num_warmup=num_warmup,
        num_samples=num_samples,
        num_chains=num_chains,
        chain_method="vectorized",
        progress_bar=False,
    )
    sampler.run(key, data)
    divergences = int(np.sum(np.asarray(sampler.get_extra_fields()["diverging"])))
    return _kept(sampler.get_samples(group_by_chain=True)), divergences


def _fit_guide(
    model: Callable[[WeakData], None], data: WeakData, num_draws: int, *, key: Key[Array, ""]
) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Return draws of the guide, its evidence bound, and its effective share under importance weights."""
    fit_key, draw_key = jax.random.split(key)
    guide, bound = AutoMultivariateNormal(model), Trace_ELBO()
    fitting = SVI(model, guide, optax.adam(LEARNING_RATE), Trace_ELBO(num_particles=8))
    parameters = fitting.run(fit_key, GUIDE_STEPS, data, progress_bar=False).params
    sample_key, weight_key = jax.random.split(draw_key)
    draws = guide.sample_posterior(sample_key, parameters, data, sample_shape=(num_draws,))

    def log_weight(one_key: Array) -> Array:
        """Return log(target / guide) at one draw of the guide."""
        return -jnp.asarray(bound.loss(one_key, parameters, model, guide, data))

    log_weights = np.asarray(jax.lax.map(log_weight, jax.random.split(weight_key, num_draws)), np.float64)
    weights = np.exp(log_weights - log_weights.max())
    table = pd.DataFrame(
        {
            "evidence_bound": [log_weights.mean()],
            "evidence_bound_se": [log_weights.std(ddof=1) / np.sqrt(num_draws)],
            "effective_share": [weights.sum() ** 2 / (num_draws * np.sum(weights**2))],
        }
    )
    return _kept(draws), table
