"""Concepts with finitely many outcomes in NumPy: laws by enumeration, posteriors, iterated refinement."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.audit.oracles_moments import LogMoment, chernoff_terms
from tests.audit.oracles_regression import Vector, log_sum_exp, normalised

CHAIN = ("initial", "transition", "emission")


class Finite:
    """The numbers of a `[task]` table of categorical or hidden Markov concepts.

    Attributes:
        laws: p_k(o), shape (K, M).
        weak: q'_k(o), shape (K, M).
        source: alpha^P.
        target: alpha^Q.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        self.source, self.target = np.array(table["source_prior"]), np.array(table["target_prior"])
        weak = table["weak"]
        if table["kind"] == "hmm":
            initial, transition, emission = (np.array(table[name]) for name in CHAIN)
            self.laws = sequence_laws(initial, transition, emission, table["length"])
            initial, transition, shown = (np.array(weak.get(name, table[name])) for name in CHAIN)
            shown = shown @ _channel(weak, emission.shape[2])
            self.weak = sequence_laws(initial, transition, shown, table["length"])
        else:
            tables = np.array(table["tables"])
            contexts = np.array(table.get("contexts", np.full(tables.shape[1], 1.0 / tables.shape[1])))
            theirs = np.array(weak.get("tables", table["tables"])) @ _channel(weak, tables.shape[2])
            shown = np.array(weak.get("contexts", contexts))
            self.laws = (contexts[:, None] * tables).reshape(len(tables), -1)
            self.weak = (shown[:, None] * theirs).reshape(len(tables), -1)

    @property
    def star(self) -> int:
        """k*."""
        return int(np.argmax(self.target))

    @property
    def weak_law(self) -> Vector:
        """q' = sum_k alpha^Q_k q'_k."""
        return self.target @ self.weak


def _channel(weak: Mapping[str, Any], size: int) -> Vector:
    if weak["kind"] == "general":
        return np.eye(size)
    share = weak["share"]
    other = (
        np.full((size, size), 1.0 / size) if weak["kind"] == "smoothed" else np.roll(np.eye(size), 1, axis=1)
    )
    return (1.0 - share) * np.eye(size) + share * other


def sequence_laws(initial: Vector, transition: Vector, emission: Vector, length: int) -> Vector:
    """p_k of every sequence in lexicographic order, by the forward recursion in log space."""
    with np.errstate(divide="ignore"):
        start, step, show = np.log(initial), np.log(transition), np.log(emission)
    rows = []
    for sequence in itertools.product(range(emission.shape[2]), repeat=length):
        state = start + show[:, :, sequence[0]]
        for symbol in sequence[1:]:
            state = log_sum_exp(state[:, :, None] + step, axis=1) + show[:, :, symbol]
        rows.append(log_sum_exp(state))
    return np.exp(np.array(rows).T)


def finite_log_moment(laws: Vector, weak: Vector, competitor: int, reference: int) -> LogMoment:
    """s -> log sum_o q'(o) (p_k(o) / p_ref(o))^s; infinite for s > 0 where p_ref excludes what is shown."""
    shown = weak > 0
    excluded = bool(np.any((laws[reference] == 0) & shown))
    live = shown & (laws[competitor] > 0) & (laws[reference] > 0)
    log_odds = np.log(laws[competitor][live]) - np.log(laws[reference][live])
    log_weak = np.log(weak[live])

    def log_moment(exponent: float) -> float:
        if exponent == 0.0:
            return 0.0
        if excluded:
            return math.inf
        return float(log_sum_exp(exponent * log_odds + log_weak)) if live.any() else -math.inf

    return log_moment


def finite_terms(
    laws: Vector, weak: Vector, prior: Vector, reference: int, size: int
) -> tuple[Vector, Vector]:
    """Chernoff terms against a reference concept, and their exponents."""
    return chernoff_terms(lambda k: finite_log_moment(laws, weak, k, reference), prior, reference, size)


def mean_posterior(
    task: Finite, shown: Vector, size: int, rng: np.random.Generator, draws: int
) -> tuple[Vector, Vector]:
    """Mean of pi_n and its standard errors, over contexts whose demonstrations have the law `shown`."""
    counts = rng.multinomial(size, shown / shown.sum(), draws)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(task.laws)
        likelihood = np.where(counts[:, None] > 0, counts[:, None] * logs, 0.0).sum(axis=2)
        posterior = np.exp(normalised(np.log(task.source) + likelihood))
    return posterior.mean(axis=0), posterior.std(axis=0, ddof=1) / math.sqrt(draws)


def divergence(first: Vector, second: Vector) -> float:
    """KL in nats."""
    given = first > 0
    if np.any(second[given] == 0):
        return math.inf
    # sum q (r - 1 - log r) for r = p/q, which loses no digits where the two are close.
    excess = (second[given] - first[given]) / first[given]
    return float(np.sum(first[given] * (excess - np.log1p(excess))) + first.sum() - second[given].sum())


def refined_prior(task: Finite, rounds: int) -> Vector:
    """alpha_T of iterated refinement under the weak law itself."""
    prior, law = task.source, task.weak_law
    shown = law > 0
    for _ in range(rounds):
        joint = prior[:, None] * task.laws[:, shown]
        total = joint.sum(axis=0)
        # An outcome that no concept can produce says nothing of the concepts; the divergence is infinite.
        prior = (joint / np.where(total > 0, total, 1.0)) @ law[shown]
        prior = prior / prior.sum()
    return prior
