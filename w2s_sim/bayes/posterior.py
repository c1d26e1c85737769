"""The posterior of the concept prior given weak data: draws, intervals, refined labels."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Key, Shaped

from w2s_sim._checks import require_between
from w2s_sim.concepts import LatentConceptModel


@dataclasses.dataclass(frozen=True)
class PriorPosterior:
    """Posterior draws of the hierarchical model.

    Attributes:
        source: The strong model, with its source prior.
        draws: Draws by site, stacked along the first axis: `prior` (S, K), and if the beliefs include them,
            `noise` (S,) and `bias` (S, d).
        diagnostics: One row per number for chains; one row in all for a guide.
        problems: Descriptions of what is wrong with the draws; empty if the draws can be trusted.
    """

    source: LatentConceptModel
    draws: dict[str, np.ndarray]
    diagnostics: pd.DataFrame
    problems: tuple[str, ...]

    @property
    def converged(self) -> bool:
        """Whether the draws can be trusted."""
        return not self.problems

    @property
    def mean_prior(self) -> Float[Array, " K"]:
        """Posterior mean of alpha^Q: the prior of the posterior predictive for a fresh pair."""
        mean = self.draws["prior"].mean(axis=0)
        return jnp.asarray(mean / mean.sum(), dtype=float)

    @property
    def student(self) -> LatentConceptModel:
        """The strong model with the prior `mean_prior`."""
        return self.source.with_prior(self.mean_prior)

    def interval(self, level: float, site: str = "prior") -> tuple[np.ndarray, np.ndarray]:
        """Return the central posterior intervals of every number of a site: lower and upper ends.

        Args:
            level: Posterior probability, in [0, 1].
            site: Name of the site.
        """
        require_between("level", level, 0.0, 1.0)
        tail = 0.5 * (1.0 - level)
        low, high = np.quantile(self.draws[site], [tail, 1.0 - tail], axis=0)
        return low, high

    def refined_labels(
        self, inputs: Shaped[Array, "N ..."], *, key: Key[Array, ""]
    ) -> Shaped[Array, "N ..."]:
        """Draw one label per input from the posterior predictive: a fresh concept, then its label.

        Labels come from the strong model's own laws, without the weak model's bias and noise.
        """
        return self.student.relabel(inputs, key=key)
