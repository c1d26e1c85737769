"""What weak data say about the concept prior: draws, intervals, refined labels."""

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
        source: The strong model, under its source prior.
        draws: By site, stacked along the first axis: `prior` (S, K), and where believed in `noise` (S,),
            `bias` (S, d).
        diagnostics: One row per number, or one for the guide.
        problems: What is wrong with the draws, in words; empty if they can be trusted.
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
        """Posterior mean of alpha^Q: what the strong model predicts a fresh pair with."""
        mean = self.draws["prior"].mean(axis=0)
        return jnp.asarray(mean / mean.sum(), dtype=float)

    @property
    def student(self) -> LatentConceptModel:
        """The strong model under that prior."""
        return self.source.with_prior(self.mean_prior)

    def interval(self, level: float, site: str = "prior") -> tuple[np.ndarray, np.ndarray]:
        """Central posterior intervals of every number of a site: lower and upper ends.

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
        """One draw per input from the posterior predictive: a fresh concept, then its label.

        The strong model's own laws label; the weak bias and noise are explained away.
        """
        return self.student.relabel(inputs, key=key)
