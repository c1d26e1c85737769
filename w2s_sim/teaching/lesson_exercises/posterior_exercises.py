"""Exercises on posteriors and excess risks."""

import jax
import jax.numpy as jnp
import numpy as np

import w2s_sim as w2s
from w2s_sim.teaching.exercises import Judgement, judged


def check_posterior(code: str) -> Judgement:
    """Check a formula of the posterior against the strong model, on the worst of several contexts."""

    def statement_about(posterior):
        def distance(case):
            data = case.task.sample_weak(6, key=jax.random.key(1))
            model = case.task.source
            written = posterior(model.prior, model.vectors, model.noise, data.inputs, data.labels)
            right = jnp.exp(model.log_posterior(data.inputs, data.labels))
            return jnp.max(jnp.abs(jnp.asarray(written) - right))

        tasks = {
            "running example": w2s.canonical_task(),
            "noise of 2": w2s.regression_task(
                8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=[0, 0, 0, 1], noise=2.0
            ),
        }
        return w2s.Statement(
            id="posterior",
            kind="equality",
            exact=distance,
            bound=lambda case: 0.0,
            margin=lambda case: 1e-4,
            cases=lambda preset: [w2s.Case(name, task, w2s.InContext(6)) for name, task in tasks.items()],
        )

    return judged(
        code,
        "posterior",
        statement_about,
        hints={
            "refuted": "The value is the largest difference from the strong model's own posterior. Does "
            "the sum over "
            "examples come before the normalisation? Is the prior in it, and the noise squared?"
        },
    )


def check_excess_risk(code: str) -> Judgement:
    """Check a formula of the excess risk of a mixture against squared errors on sampled inputs."""

    def statement_about(excess_risk):
        def squared_error(key, case):
            inputs = case.task.features.sample(1, key=key)
            return jnp.sum((inputs @ (case.task.source_vector - case.task.target_vector)) ** 2)

        def formula(case):
            task = case.task
            return excess_risk(
                task.source.prior, task.target_prior, task.source.vectors, task.features.covariance
            )

        def case(name, target_prior, covariance):
            task = w2s.regression_task(
                4,
                3,
                source_prior=[0.5, 0.3, 0.2],
                target_prior=target_prior,
                features=covariance,
                supervisor=w2s.RegressionSupervisor(np.eye(3, 4), 0.5),
            )
            return w2s.Case(name, task, w2s.InContext(1))

        return w2s.Statement(
            id="excess-risk",
            kind="equality",
            measure=squared_error,
            bound=formula,
            margin=lambda case: (
                0.1 * float(case.task.excess_risk(w2s.LinearStudent(case.task.source_vector)))
            ),
            support=lambda case: (0.0, np.inf),
            label_power=2,
            cases=lambda preset: [
                case("one concept wanted", [0, 0, 1], np.eye(4)),
                case("a mixture wanted", [0.1, 0.1, 0.8], np.eye(4)),
                case("features of unequal variance", [0, 0, 1], np.diag([4.0, 1.0, 0.25, 1.0])),
            ],
        )

    return judged(
        code,
        "excess_risk",
        statement_about,
        hints={
            "refuted": "The value is the mean squared difference of the two predictions over sampled "
            "inputs. A risk is a "
            "*squared length*, and the length is measured by $\\Sigma$: features of large variance "
            "count more."
        },
    )
