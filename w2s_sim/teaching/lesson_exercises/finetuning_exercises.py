"""Exercises on the risk of naive fine-tuning."""

import numpy as np

import w2s_sim as w2s
from w2s_sim.teaching.exercises import Judgement, judged
from w2s_sim.teaching.lesson_tasks import leaning_to_source


def check_lower_bound(code: str) -> Judgement:
    """Check a lower bound on the risk of fine-tuned students, with two controls."""

    def statement_about(lower_bound):
        # The features vary much along the error of the source and little along the bias.
        error = np.asarray(w2s.canonical_task().source_vector - w2s.canonical_task().target_vector)
        covariance = np.eye(8) + 3 * np.outer(error, error) / (error @ error) - 0.95 * np.diag(np.eye(8)[7])
        return w2s.Statement(
            id="lower-bound",
            kind="lower",
            measure=lambda key, case: w2s.squared_error(case.task, case.fit(key=key)),
            bound=lambda case: lower_bound(case.task),
            trivial=lambda case: 0.0,
            support=lambda case: (0.0, np.inf),
            label_power=2,
            assumptions=(
                w2s.Assumption("isotropic features", lambda case: case.task.features.isotropic),
                w2s.Assumption("fine-tuned", lambda case: not isinstance(case.estimator, w2s.InContext)),
            ),
            cases=lambda preset: [
                w2s.Case(
                    f"lean {lean:g}, bias {bias:g}, eta {ridge:g}",
                    leaning_to_source(lean, bias),
                    w2s.Ridge(ridge, num_weak=240),
                )
                for lean, bias, ridge in (
                    (0, 0.7, 0.4),
                    (0, 0.3, 0.1),
                    (0.5, 0.7, 0.1),
                    (-0.4, 0.7, 1.0),
                    (1.3, 0.4, 3.0),
                    (0.9, 1.2, 2.0),
                )
            ],
            controls=lambda preset: [
                w2s.Control(
                    w2s.Case(
                        "unequal variances",
                        leaning_to_source(0, 0.7, covariance),
                        w2s.Ridge(0.3, num_weak=240),
                    ),
                    breaks="isotropic features",
                ),
                w2s.Control(
                    w2s.Case("read in context", leaning_to_source(0, 0.7), w2s.InContext(16)),
                    breaks="fine-tuned",
                ),
            ],
        )

    return judged(
        code,
        "lower_bound",
        statement_about,
        hints={
            "refuted": "Is your point the nearest of the *segment*? Draw the plane: a weak model that "
            "leans to the source, or "
            "beyond it, moves the foot of the perpendicular.",
            "vacuous": "That a risk is not negative was known before.",
            "control": "The bound is so low that even a method that is not fine-tuning obeys it.",
            "loose": "Which point of the segment is the nearest?",
        },
    )


def check_least_squares_risk(code: str) -> Judgement:
    """Check a formula of the risk of least squares at several sizes."""

    def statement_about(least_squares_risk):
        def case(bias, noise, dim, size):
            task = w2s.regression_task(
                dim, 3, source_prior=[0.6, 0.3, 0.1], target_prior=[0, 0, 1], bias=bias, weak_noise=noise
            )
            name = f"kappa {bias:g}, sigma' {noise:g}, d {dim}, n {size}"
            return w2s.Case(name, task, w2s.LeastSquares(num_weak=size))

        def formula(case):
            task = case.task
            return least_squares_risk(
                task.weak_risk**0.5, task.supervisor.noise, task.dim, case.estimator.num_weak
            )

        return w2s.Statement(
            id="least-squares-risk",
            kind="equality",
            measure=lambda key, case: w2s.squared_error(case.task, case.fit(key=key)),
            bound=formula,
            margin=lambda case: 0.05 * float(case.task.weak_risk + case.task.supervisor.noise**2),
            support=lambda case: (0.0, np.inf),
            label_power=2,
            cases=lambda preset: [case(0.7, 0.5, 8, 60), case(0.7, 1.0, 8, 30), case(0.0, 0.5, 6, 24)],
        )

    return judged(
        code,
        "least_squares_risk",
        statement_about,
        hints={
            "refuted": "The noise of the labels costs $\\sigma'^2\\,\\mathbb{E}\\,\\mathrm{tr}(X^\\top "
            "X)^{-1}$. What is the trace?"
        },
    )
