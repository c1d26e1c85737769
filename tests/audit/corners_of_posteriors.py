"""The audit of posterior-mean-gain: contexts and draws one by one, on tables and chains of all kinds."""

import itertools

import numpy as np

from tests.audit.corners_finite import chain_corners, mixed_table_corners, table_corners
from tests.audit.judging import Corner, Truth
from tests.audit.oracles_finite import Finite

SEED = 2101
MOST = 20_000


def posterior_corners() -> list[Corner]:
    """Sizes that a loop in Python can enumerate."""
    rng = np.random.default_rng(SEED)
    corners = []
    tasks = [*mixed_table_corners(rng), *table_corners(rng), *list(chain_corners(rng))[::5]]
    for i, (name, task) in enumerate(tasks):
        count, size = Finite(task).laws.shape
        members = 1 + i % 3
        while members > 1 and count**members * size > MOST:
            members -= 1
        demonstrations = 2 if size**2 * count**members <= MOST else 1
        numbers = {"num_demonstrations": demonstrations, "members": members}
        corners.append(Corner(f"{name}, n={demonstrations}, m={members}", task, numbers))
    return corners


def posterior_truth(corner: Corner) -> Truth:
    """The loss of the average of drawn laws, summed over all contexts and all draws."""
    task, members = Finite(corner.task), corner.case["members"]
    target, law, laws = task.target @ task.laws, task.weak_law, task.laws
    draws = [list(draw) for draw in itertools.product(range(len(laws)), repeat=members)]
    losses = np.array([np.sum((laws[draw].mean(axis=0) - target) ** 2) for draw in draws])
    total = 0.0
    for context in itertools.product(range(len(law)), repeat=corner.case["num_demonstrations"]):
        chance = law[list(context)].prod()
        if chance > 0:
            joint = task.source * laws[:, context].prod(axis=1)
            # A context that no concept explains leaves the prior.
            posterior = joint / joint.sum() if joint.sum() > 0 else task.source
            total += chance * (np.array([posterior[draw].prod() for draw in draws]) @ losses)
    return Truth(total, lowest=total, highest=total, rounding=1e-9)


AUDITS = {"posterior-mean-gain": (posterior_corners, posterior_truth, "even target, n=2, m=1")}
