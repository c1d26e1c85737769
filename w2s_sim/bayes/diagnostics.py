"""Diagnostics of posterior draws, and a warning if the draws cannot be trusted."""

import warnings

import numpy as np
import pandas as pd
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin

# Converged chains have R-hat near 1; with fewer effective draws than this, interval ends are too noisy.
LARGEST_R_HAT = 1.01
SMALLEST_EFFECTIVE_SIZE = 400.0
# Smallest effective share of a variational guide's draws under importance weights.
SMALLEST_EFFECTIVE_SHARE = 0.2


class SamplingWarning(UserWarning):
    """Warning that posterior draws cannot be trusted."""


def chain_table(chains: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return the R-hat and the effective sample size of every number.

    Args:
        chains: Draws by site, shape (chains, draws, ...).

    Returns:
        One row per number: `parameter`, `mean`, `mean_se` (Monte Carlo standard error), `r_hat`,
        `effective_size`.
    """
    rows = []
    for site, draws in chains.items():
        flat = np.asarray(draws, dtype=np.float64).reshape(*draws.shape[:2], -1)
        for index in range(flat.shape[2]):
            values = flat[..., index]
            effective = float(effective_sample_size(values))
            rows.append(
                {
                    "parameter": site if draws.ndim == 2 else f"{site}[{index}]",
                    "mean": values.mean(),
                    "mean_se": values.std(ddof=1) / np.sqrt(effective),
                    "r_hat": float(split_gelman_rubin(values)),
                    "effective_size": effective,
                }
            )
    return pd.DataFrame(rows)


def chain_problems(table: pd.DataFrame, divergences: int) -> list[str]:
    """Return the problems of chains, each with its remedy; empty if the draws can be trusted."""
    problems = []
    # nan means that draws never moved, and counts as the worst value.
    r_hat = np.nan_to_num(table["r_hat"].to_numpy(), nan=np.inf)
    sizes = np.nan_to_num(table["effective_size"].to_numpy(), nan=0.0)
    names = list(table["parameter"])
    if r_hat.max() > LARGEST_R_HAT:
        worst = int(r_hat.argmax())
        problems.append(
            f"chains disagree on {names[worst]}: R-hat {r_hat[worst]:.3f} > {LARGEST_R_HAT} (run longer, "
            "or the weak data leave two explanations)"
        )
    if sizes.min() < SMALLEST_EFFECTIVE_SIZE:
        worst = int(sizes.argmin())
        problems.append(
            f"only {sizes[worst]:.0f} effective draws of {names[worst]}, "
            f"{SMALLEST_EFFECTIVE_SIZE:.0f} are needed (raise num_samples)"
        )
    if divergences:
        problems.append(f"{divergences} divergent transitions (raise target_acceptance)")
    return problems


def guide_problems(effective_share: float) -> list[str]:
    """Return the problems of a variational guide; empty if its draws can be trusted."""
    if effective_share >= SMALLEST_EFFECTIVE_SHARE:
        return []
    return [
        f"the guide misses the posterior: importance weights leave {effective_share:.1%} of its draws, "
        f"{SMALLEST_EFFECTIVE_SHARE:.0%} are needed (fit longer, or use method = 'nuts')"
    ]


def warn_of(problems: list[str]) -> None:
    if problems:
        warnings.warn("not to be trusted: " + "; ".join(problems), SamplingWarning, stacklevel=3)
