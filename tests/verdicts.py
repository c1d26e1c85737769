"""Verdicts to print and to write, of no run."""

from typing import Any

from w2s_sim.verify import Verdict


def verdict(case: str, outcome: str = "consistent", **changes: Any) -> Verdict:
    """Of an upper bound, unless `changes` say otherwise."""
    numbers = {
        "theorem": "toy",
        "role": "theorem",
        "kind": "upper",
        "measured": 0.5,
        "se": 0.01,
        "ci_low": 0.4,
        "ci_high": 0.6,
        "bound": 1.0,
        "replicates": 100,
        "seed": 0,
        "parameters": {"num_demonstrations": 3},
    }
    return Verdict(case=case, verdict=outcome, **(numbers | changes))  # pyright: ignore[reportArgumentType]
