"""The audit of the theorems about concepts with finitely many outcomes."""

import math

import numpy as np

from tests.audit.corners_finite import (
    RARE,
    chain_corners,
    chains,
    dyadic,
    listed,
    plain,
    table_corners,
    tables,
)
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_finite import Finite, divergence, finite_terms, refined_prior
from tests.audit.oracles_rare import log_tail_of_laws

SEED = 1401
DRAWS = 40_000


def hmm_corners() -> list[Corner]:
    rng = np.random.default_rng(SEED)
    sizes = (2, 8, 32)
    tasks = [*chain_corners(rng), *list(table_corners(rng))[1::3]]
    return [
        Corner(f"{name}, n={sizes[i % 3]}", task, {"num_demonstrations": sizes[i % 3]})
        for i, (name, task) in enumerate(tasks)
    ]


def hmm_truth(corner: Corner) -> Truth:
    """Contexts as vectors of counts; sums over all outcomes."""
    task, size = Finite(corner.task), corner.case["num_demonstrations"]
    law = task.weak_law
    rng = np.random.default_rng(SEED)
    log_mean, relative = log_tail_of_laws(task.laws, law, task.source, task.star, size, rng, DRAWS)
    measured = math.exp(log_mean)
    highest = float(finite_terms(task.laws, law, task.source, task.star, size)[0].sum())
    lowest = max(measured * (1.0 - 5 * relative), 0.0)
    return Truth(measured, relative * measured, 1.0, DRAWS, min(lowest, highest), highest)


def em_corners() -> list[Corner]:
    """Weak laws that the strong model describes: mixtures of its own concepts."""
    rng = np.random.default_rng(SEED + 1)
    corners = []
    rounds = (1, 3, 20, 1000)

    def add(name: str, strong: np.ndarray, source: object, target: object) -> None:
        task = tables(rng, strong, strong, source=source, target=target)
        count = rounds[len(corners) % 4]
        corners.append(Corner(f"{name}, T={count}", task, {"rounds": count}))

    some = dyadic(rng, 3, 2, 4)
    even = [0.25, 0.25, 0.5]
    rare = [RARE, 0.5 - RARE, 0.5]
    for source, target in ((even, [0.0, 0.0, 1.0]), (rare, [1.0, 0.0, 0.0]), (even, even), (even, rare)):
        add(f"source {source[0]:g}, target {target[0]:g}", some, source, target)
    for target in ([0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.25, 0.25], rare):
        add(f"source 0 somewhere, target {target[0]:g}", some, [0.0, 0.5, 0.5], target)
    near = np.stack([some[0], some[0] + RARE * np.array([[1.0, -1.0, 0, 0]] * 2)])
    for target in ([1.0, 0.0], [0.5, 0.5]):
        add("concepts 2^-20 apart", near, [0.25, 0.75], target)
    for target in ([1.0, 0.0, 0.0], [0.0, 0.5, 0.5]):
        add("concept twice", some[[0, 0, 1]], even, target)
    zeros = np.array([[[0.5, 0.5, 0.0, 0.0]], [[0.0, 0.25, 0.75, 0.0]], [[0.25, 0.25, 0.25, 0.25]]])
    for target in ([1.0, 0.0, 0.0], [0.25, 0.75, 0.0], [0.0, 0.0, 1.0]):
        add("zeros", zeros, even, target)
    sure = np.array([[[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]], [[0.0, 0.0, 1.0]]])
    add("each concept its own symbol", sure, even, [0.5, 0.5, 0.0])
    add("K=1", some[:1], [1.0], [1.0])
    add("V=2, near-certain", np.array([[[1 - RARE, RARE]], [[RARE, 1 - RARE]]]), [0.5, 0.5], [0.25, 0.75])
    many = dyadic(rng, 12, 2, 8)
    add("K=12", many, dyadic(rng, 12), dyadic(rng, 12))
    absorbing = [[[1.0, 0.0], [0.0, 1.0]]] * 2
    heads = [[[1.0, 0.0], [0.5, 0.5]], [[1.0, 0.0], [0.25, 0.75]]]
    for name, target in (("absorbing chains", [0.0, 1.0]), ("absorbing chains, mixed", [0.5, 0.5])):
        task = chains(
            rng, 2, 2, 2, 4, transition=absorbing, emission=heads, initial=[[0.5, 0.5]] * 2, weak=plain(),
            source=[0.75, 0.25], target=target,
        )  # fmt: skip
        corners.append(Corner(name, task, {"rounds": 7}))
    # Weak laws that no mixture describes: not applicable, or so near that a rounding could have made them.
    for gap in (2.0**-14, 2.0**-20, 0.25):
        other = (1.0 - gap) * some + gap * some[:, :, ::-1]
        task = tables(rng, some, other, source=even, target=even)
        corners.append(Corner(f"weak tables {gap:g} off", task, {"rounds": 5}))
    null = tables(rng, [[[0.5, 0.5, 0.0]], [[0.25, 0.75, 0.0]]], source=[0.5, 0.5], target=[0.5, 0.5])
    off = [[[0.5 - RARE, 0.5, RARE]], [[0.25 - RARE, 0.75, RARE]]]
    null["weak"] = {"kind": "general", "tables": listed(off)}
    corners.append(Corner("weak model shows what none can", null, {"rounds": 4}))
    return corners


def em_truth(corner: Corner) -> Truth:
    """Iterated refinement of all outcomes, in float64."""
    task, rounds = Finite(corner.task), corner.case["rounds"]
    prior = refined_prior(task, rounds)
    account = task.target @ task.laws
    # One round from the target: where the weak law is the account, it leaves the target as it is.
    shares = np.divide(task.weak_law, account, out=np.zeros_like(account), where=account > 0)
    moved = task.target * (task.laws @ shares)
    bound = divergence(task.weak_law, account) + divergence(moved, task.source) / (rounds + 1)
    bound -= divergence(moved, task.target)
    return Truth(divergence(task.weak_law, prior @ task.laws), lowest=0.0, highest=bound, rounding=1e-13)


AUDITS = {
    "hmm-identification": (hmm_corners, hmm_truth, "one state, n=2"),
    "em-refinement": (em_corners, em_truth, "zeros, T=1"),
}
