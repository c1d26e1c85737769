"""Exercises on where refinement fails."""

import jax.numpy as jnp
import numpy as np

import w2s_sim as w2s
from w2s_sim.teaching.exercises import Judgement, judged


def check_winner(code: str) -> Judgement:
    """Check which concept wins, by the posterior after 400 labels."""

    def statement_about(winner):
        def mass_on_it(key, case):
            data = case.task.sample_weak(400, key=key)
            task = case.task
            chosen = winner(task.weak_vector, task.source.vectors, task.features.covariance)
            return jnp.exp(task.source.log_posterior(data.inputs, data.labels))[jnp.asarray(chosen)]

        def case(name, weak, variances=(1.0, 1.0, 1.0)):
            supervisor = w2s.RegressionSupervisor(np.stack([*np.eye(3)[:2], weak]), 0.5)
            task = w2s.regression_task(
                3,
                3,
                source_prior=[0.6, 0.2, 0.2],
                target_prior=[0, 0, 1],
                features=np.diag(variances),
                supervisor=supervisor,
            )
            return w2s.Case(name, task, w2s.InContext(400))

        return w2s.Statement(
            id="winner",
            kind="lower",
            measure=mass_on_it,
            bound=lambda case: 0.9,
            trivial=lambda case: 0.0,
            support=lambda case: (0.0, 1.0),
            cases=lambda preset: [
                case("inside the cell", [0.3, 0.0, 0.7]),
                case("outside the cell", [0.7, 0.0, 0.3]),
                case("leaning to the second", [0.1, 0.8, 0.3]),
                case("unequal variances", [0.6, 0.5, 0.9], (4.0, 1.0, 0.2)),
            ],
        )

    return judged(
        code,
        "winner",
        statement_about,
        hints={
            "refuted": "The value is the mean posterior of the concept that you named. *Nearest* is "
            "meant in the length of $\\Sigma$: an error along a feature "
            "that varies much shows in the labels."
        },
    )


def check_collapsed_risk(code: str) -> Judgement:
    """Check the risk left by a collapse against long contexts."""

    def statement_about(collapsed_risk):
        def case(name, concepts, target, weak=None):
            supervisor = w2s.RegressionSupervisor(np.array(concepts if weak is None else weak), 0.5)
            task = w2s.regression_task(
                3,
                3,
                source_prior=[0.4, 0.3, 0.3],
                target_prior=target,
                concepts=concepts,
                supervisor=supervisor,
            )
            return w2s.Case(name, task, w2s.InContext(800))

        upright = [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]]
        near_pair = [[1.0, 0, 0], [0, 1.0, 0], [0, 0.8, 0.8]]
        leaning_weak = [[1.0, 0, 0], [0, 1.0, 0], [0.9, 0, 0.1]]
        return w2s.Statement(
            id="collapsed-risk",
            kind="equality",
            measure=lambda key, case: w2s.squared_error(case.task, case.fit(key=key)),
            bound=lambda case: collapsed_risk(
                case.task.source.vectors, case.task.supervisor.vectors, case.task.target_prior
            ),
            margin=lambda case: 0.05,
            # The labeller is a mixture of concepts.
            support=lambda case: (
                0.0,
                jnp.max(jnp.sum((case.task.source.vectors - case.task.target_vector) ** 2, axis=1)),
            ),
            label_power=2,
            cases=lambda preset: [
                case("two of three concepts", upright, [0.3, 0, 0.7]),
                case("two concepts near each other", near_pair, [0.42, 0.38, 0.2]),
                case("a weak model that leans", upright, [0.1, 0.2, 0.7], leaning_weak),
            ],
        )

    return judged(
        code,
        "collapsed_risk",
        statement_about,
        hints={
            "refuted": "The winner is nearest to $\\beta'_Q$, the mean of the *weak* versions. The risk "
            "is measured from $\\beta_Q$, the mean of the right ones."
        },
    )
