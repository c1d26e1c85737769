"""Exercise on the evidence of demonstrations that depend on one another."""

import jax.numpy as jnp
import numpy as np

import w2s_sim as w2s
from w2s_sim.experiments.style_content_study import style_content_task
from w2s_sim.teaching.exercises import Judgement, judged


def check_effective_number(code: str) -> Judgement:
    """Check the worth of n equally correlated demonstrations, as a number of independent ones."""

    def statement_about(effective_number):
        def distance(case):
            size = case.estimator.num_demonstrations
            distances = []
            for correlation in (0.0, 0.2, 0.5, 0.9):
                covariance = (1.0 - correlation) * np.eye(size) + correlation
                # Half the squared Mahalanobis distance of the two means, over that of one demonstration.
                worth = np.linalg.solve(covariance, np.ones(size)).sum()
                distances.append(abs(effective_number(size, correlation) - worth))
            return jnp.asarray(max(distances))

        return w2s.Statement(
            id="effective-number",
            kind="equality",
            exact=distance,
            bound=lambda case: 0.0,
            margin=lambda case: 1e-4,
            cases=lambda preset: [
                w2s.Case(f"n = {size}", style_content_task(), w2s.InContext(size)) for size in (1, 2, 8, 32)
            ],
        )

    return judged(
        code,
        "effective_number",
        statement_about,
        hints={
            "refuted": "The value is the distance from the right factor. Split each number into a "
            "*common part* of variance r and an own part of variance 1 - r: the own parts average out, "
            "the common one stays."
        },
    )
