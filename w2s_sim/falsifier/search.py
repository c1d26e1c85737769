"""Search of the case space for the case that presses hardest on a bound.

Every number found on the way is the best of many noisy ones, and so too good: what is reported is measured
again with fresh keys.
"""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import cma
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Float
from scipy.stats import qmc

from w2s_sim.falsifier.objective import Objective, pressure
from w2s_sim.falsifier.space import SearchSpace
from w2s_sim.randomness import next_seed, seed_of_32_bits
from w2s_sim.statements import Case, Statement
from w2s_sim.verify import Settings, Verdict
from w2s_sim.verify.case_check import check_case
from w2s_sim.verify.evaluation import margin_of

Progress = Callable[[str], None]

POPULATION = 16
SCAN_ROUNDS = 4
SCAN_REPLICATES = 1024
SEARCH_REPLICATES = 4096
GRADIENT_STEPS = 24
LEARNING_RATE = 0.05
# What share of the time goes to the first look at the statement's own cases and their surroundings.
SCAN_SHARE = 0.35
MOST_STARTS = 4


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a search has found.

    Attributes:
        start: The statement's own case from which it was reached.
        case: The case that presses hardest.
        searched: Its pressure during the search, too good by selection.
        verdict: Its verdict, measured with keys that the search has not seen.
        tried: Points at which the statement made a claim.
        how: What found it: "own case", "scan", "gradient" or "evolution strategy".
        pressure: `objective.pressure` of the verdict; above 1 the estimate violates the bound.
    """

    start: Case[Any]
    case: Case[Any]
    searched: float
    verdict: Verdict
    tried: int
    how: str
    pressure: float


def final_settings(seed: int = 0, alpha: float = 1e-3) -> Settings:
    """Settings of the last measurement: many replicates, for the bound is near."""
    return Settings(seed=seed, alpha=alpha, max_replicates=1_048_576, precision=0.01)


@dataclasses.dataclass
class _Budget:
    """What a search may spend: seconds, or points, whichever is used up first."""

    seconds: float
    points: float
    started: float = dataclasses.field(default_factory=time.monotonic)
    tried: int = 0

    @property
    def spent(self) -> float:
        """Share that is used up."""
        return max((time.monotonic() - self.started) / self.seconds, self.tried / self.points)


@dataclasses.dataclass
class _Best:
    """The best point of one search space so far."""

    objective: Objective
    budget: _Budget
    point: Float[np.ndarray, " size"]
    score: float = -math.inf
    how: str = "own case"

    def improve(self, points: Float[np.ndarray, "candidates size"], how: str) -> np.ndarray:
        """Scores of a population; its best point is kept if it is better."""
        scores = self.objective(points, SEARCH_REPLICATES)
        self.budget.tried += int(np.isfinite(scores).sum())
        winner = int(np.argmax(scores))
        if scores[winner] > self.score:
            self.point, self.score, self.how = points[winner], float(scores[winner]), how
        return scores


def falsify(
    statement: Statement,
    *,
    budget: float = 60.0,
    points: float = math.inf,
    settings: Settings | None = None,
    starts: Sequence[Case[Any]] = (),
    progress: Progress | None = None,
) -> Finding:
    """Look for the case in which a statement is nearest to failing, and measure it again.

    The statement's own cases and their surroundings are scanned (Sobol points); from the best of them the
    search climbs along gradients through the measured quantity where those exist (Adam), then with an
    evolution strategy (CMA-ES). Points that break an assumption do not count.

    Args:
        statement: The statement.
        budget: Seconds of search, > 0; the last measurement comes on top.
        points: Most points, where the statement makes a claim, that are tried: with seconds enough, the
            search is then the same on every machine.
        settings: Of the last measurement, which uses the seed after `settings.seed`.
        starts: Cases to start from; the statement's own by default.
        progress: Called with what is being done.

    Source: CMA-ES after Hansen 2016, arXiv 1604.00772; Adam after Kingma & Ba 2015, arXiv 1412.6980.
    """
    settings = settings or final_settings()
    report = progress or (lambda _: None)
    purse = _Budget(budget, points)
    own_cases = starts or statement.cases("quick")
    bests = _scan(statement, own_cases, settings.seed, purse, report)
    for rank, best in enumerate(bests):
        until = SCAN_SHARE + (1.0 - SCAN_SHARE) * (rank + 1) / len(bests)
        name = best.objective.space.start.name
        report(f"{name}: gradient")
        _climb(best, until)
        report(f"{name}: evolution strategy")
        _evolve(best, until, settings.seed)
    best = max(bests, key=lambda b: b.score)
    space = best.objective.space
    case = space.case_at(jnp.asarray(best.point, dtype=float))
    case = dataclasses.replace(case, name=f"nearest to failing, from {space.start.name}")
    report(f"{space.start.name}: measuring again")
    fresh = dataclasses.replace(settings, seed=next_seed(settings.seed))
    verdict = check_case(statement, case, settings=fresh, alpha=settings.alpha)
    pressed = pressure(statement.kind, verdict.measured, verdict.bound, margin_of(statement, case))
    return Finding(space.start, case, best.score, verdict, purse.tried, best.how, float(pressed))


def _scan(
    statement: Statement, cases: Sequence[Case[Any]], seed: int, budget: _Budget, report: Progress
) -> list[_Best]:
    """One population around every case, the case itself among them, then more around the best few."""
    bests = []
    for case in cases:
        if bests and budget.spent > SCAN_SHARE:
            break
        report(f"{case.name}: scan")
        space = SearchSpace.around(case)
        best = _Best(Objective(statement, space, seed), budget, np.zeros(space.size))
        points = _spread(space, seed)
        points[0] = 0.0
        if best.improve(points, "scan")[0] == best.score:
            best.how = "own case"
        bests.append(best)
    bests = sorted(bests, key=lambda best: -best.score)[:MOST_STARTS]
    for round_ in range(SCAN_ROUNDS):
        for best in bests:
            if budget.spent < SCAN_SHARE:
                best.improve(_spread(best.objective.space, seed + 1 + round_), "scan")
    return sorted(bests, key=lambda best: -best.score)


def _spread(space: SearchSpace, seed: int) -> Float[np.ndarray, "candidates size"]:
    """A population spread evenly over the structured coordinates of the box."""
    points = np.zeros((POPULATION, space.size))
    if space.num_structured:
        sobol = qmc.Sobol(space.num_structured, rng=seed)
        points[:, : space.num_structured] = 2.0 * sobol.random(POPULATION) - 1.0
    return points


def _climb(best: _Best, until: float) -> None:
    """Adam on the estimated pressure, kept inside the box; places along its path are then judged."""
    optimiser = optax.adam(LEARNING_RATE)
    point = best.point.copy()
    state = optimiser.init(jnp.asarray(point))
    path: list[np.ndarray] = []
    for _ in range(GRADIENT_STEPS):
        if best.budget.spent > until:
            break
        slope = best.objective.gradient(point, SCAN_REPLICATES)
        if slope is None:
            break
        # optax descends.
        step, state = optimiser.update(jnp.asarray(-slope), state)
        point = np.clip(point + np.asarray(step, dtype=np.float64), -1.0, 1.0)
        path.append(point)
    if path:
        places = np.linspace(0, len(path) - 1, POPULATION).round().astype(int)
        best.improve(np.stack([path[place] for place in places]), "gradient")


def _evolve(best: _Best, until: float, seed: int) -> None:
    """CMA-ES over the structured coordinates, around the best point."""
    size = best.objective.space.num_structured
    if size < 2:
        return
    options = {"popsize": POPULATION, "seed": seed_of_32_bits(seed + 1), "verbose": -9, "bounds": [-1.0, 1.0]}
    strategy = cma.CMAEvolutionStrategy(best.point[:size], 0.3, options)
    while best.budget.spent < until and not strategy.stop():
        points = np.tile(best.point, (POPULATION, 1))
        asked = strategy.ask()
        points[:, :size] = asked
        scores = best.improve(points, "evolution strategy")
        worst = np.min(scores[np.isfinite(scores)], initial=0.0)
        strategy.tell(asked, np.where(np.isfinite(scores), -scores, 1.0 - worst).tolist())
