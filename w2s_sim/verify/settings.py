"""Settings of a check: sampling budget, precision and error level."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from w2s_sim._checks import require_between, require_count
from w2s_sim.randomness import require_seed


@dataclasses.dataclass(frozen=True)
class Settings:
    """Settings of a run.

    Attributes:
        seed: Seed in [0, 2^64). Replicate i uses fold_in(key_of(seed), i), whatever else is run.
        alpha: Family-wise error level of the whole run, in (0, 0.5].
        first_round: Replicates before the first look; every round doubles the total.
        max_replicates: Budget: number of replicates at which sampling stops even if undecided.
        precision: Relative half-width of the interval at which sampling stops once the claim is decided.
        resolution: A mutant counts as killable if the estimate is beyond the mutant's bound by more than this
            share of the bound, and by more than `separation` standard errors.
        separation: See `resolution`.
        memory: Bytes that the intermediate values of one tile of replicates may occupy.
    """

    seed: int = 0
    alpha: float = 1e-3
    first_round: int = 4096
    max_replicates: int = 32_768
    precision: float = 0.1
    resolution: float = 0.1
    separation: float = 12.0
    memory: int = 2**30

    def __post_init__(self) -> None:
        require_seed(self.seed)
        require_between("alpha", self.alpha, 0.0, 0.5, open_low=True)
        require_count("first_round", self.first_round, 2)
        require_count("max_replicates", self.max_replicates, self.first_round)
        require_between("precision", self.precision, 0.0, open_low=True)
        require_between("resolution", self.resolution, 0.0, open_low=True)
        require_between("separation", self.separation, 0.0, open_low=True)
        require_count("memory", self.memory, 1)


PRESETS: Mapping[str, Settings] = MappingProxyType(
    {
        "quick": Settings(),
        "full": Settings(max_replicates=262_144, precision=0.02, resolution=0.05),
    }
)
