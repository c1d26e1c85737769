"""Local search around a case: a scan with Sobol points, Adam along gradients, then CMA-ES."""

import math

import cma
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Float
from scipy.stats import qmc

from w2s_sim.falsifier.hunt import SEARCH_REPLICATES, Candidate, Hunt
from w2s_sim.falsifier.space import SearchSpace, is_constructible
from w2s_sim.randomness import next_seed, seed_of_32_bits

POPULATION = 16
GRADIENT_REPLICATES = 1024
GRADIENT_STEPS = 24
LEARNING_RATE = 0.05


class Ascent:
    """A local search that starts from one case.

    Attributes:
        hunt: The search that keeps the candidates.
        origin: The case at the centre of the box, with its pressure.
        until: Share of the purse at which the local search ends.
    """

    def __init__(self, hunt: Hunt, origin: Candidate, until: float) -> None:
        self.hunt, self.origin, self.until = hunt, origin, until
        self.space = SearchSpace.around(origin.case)
        self.point, self.score = np.zeros(self.space.size), origin.score.pressure

    @property
    def is_over(self) -> bool:
        """Whether the share of the purse is spent, a case has failed, or nothing can be varied."""
        return self.space.size == 0 or self.hunt.is_over(self.until)

    def run(self) -> None:
        """Run the scan, the gradient steps and the evolution strategy."""
        name = self.origin.start
        for how, climb in (("scan", self._scan), ("gradient", self._climb)):
            self.hunt.report(f"{name}: {how}")
            climb()
        self.hunt.report(f"{name}: evolution strategy")
        self._evolve()

    def _improve(self, points: Float[np.ndarray, "candidates size"], how: str) -> np.ndarray:
        """Return the pressures of a population of points, and keep its best point if it is a new best."""
        scores = np.full(len(points), -math.inf)
        for index, point in enumerate(points):
            if self.is_over:
                break
            case = self.space.case_at(jnp.asarray(point, dtype=float))
            claim = self.hunt.claim(case) if is_constructible(case) else None
            if claim is None:
                continue
            score = self.hunt.objective.pressure_of(case, claim, SEARCH_REPLICATES)
            scores[index] = score.pressure
            if score.pressure > self.score:
                self.point, self.score = point, score.pressure
                self.hunt.add(Candidate(case, self.origin.start, how, score))
        return scores

    def _scan(self) -> None:
        """Evaluate a quasi-random population over the structured coordinates of the box."""
        points = np.zeros((POPULATION, self.space.size))
        if self.space.num_structured:
            sobol = qmc.Sobol(self.space.num_structured, rng=self.hunt.settings.seed)
            points[:, : self.space.num_structured] = 2.0 * sobol.random(POPULATION) - 1.0
        self._improve(points, "scan")

    def _climb(self) -> None:
        """Follow the estimated gradient with Adam inside the box, then evaluate points along the path."""
        optimiser = optax.adam(LEARNING_RATE)
        point = self.point.copy()
        state = optimiser.init(jnp.asarray(point))
        path: list[np.ndarray] = []
        for _ in range(GRADIENT_STEPS):
            if self.is_over:
                break
            slope = self.hunt.objective.gradient(self.space, point, GRADIENT_REPLICATES)
            if slope is None:
                break
            # optax minimises, so the sign of the gradient is reversed.
            step, state = optimiser.update(jnp.asarray(-slope), state)
            point = np.clip(point + np.asarray(step, dtype=np.float64), -1.0, 1.0)
            path.append(point)
        if path:
            places = np.linspace(0, len(path) - 1, POPULATION).round().astype(int)
            self._improve(np.stack([path[place] for place in dict.fromkeys(places)]), "gradient")

    def _evolve(self) -> None:
        """Run CMA-ES over the structured coordinates, starting at the best point."""
        size = self.space.num_structured
        if size < 2:
            return
        seed = seed_of_32_bits(next_seed(self.hunt.settings.seed))
        options = {"popsize": POPULATION, "seed": seed, "verbose": -9, "bounds": [-1.0, 1.0]}
        strategy = cma.CMAEvolutionStrategy(self.point[:size], 0.3, options)
        while not self.is_over and not strategy.stop():
            points = np.tile(self.point, (POPULATION, 1))
            asked = strategy.ask()
            points[:, :size] = asked
            scores = self._improve(points, "evolution strategy")
            worst = np.min(scores[np.isfinite(scores)], initial=0.0)
            strategy.tell(asked, np.where(np.isfinite(scores), -scores, 1.0 - worst).tolist())
