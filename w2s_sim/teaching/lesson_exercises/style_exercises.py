"""Exercises on style and content."""

import jax
import jax.numpy as jnp
import numpy as np

import w2s_sim as w2s
from w2s_sim.experiments.style_content_study import style_content_task
from w2s_sim.statements import monotone
from w2s_sim.teaching.exercises import Judgement, judged


def check_style_weight(code: str) -> Judgement:
    """Check the posterior weight of the wanted style against the model of style and content."""

    def statement_about(style_weight):
        def distance(case):
            data = case.task.sample_weak(case.estimator.num_demonstrations, key=jax.random.key(3))
            source = case.task.source
            log_likelihood = source.log_likelihood(data.inputs, data.labels)
            wanted = source.style_weights(source.prior)[1]
            # Concepts 0 and 2 have the same content, in the plain and in the wanted style.
            written = style_weight(
                jnp.log(wanted / (1 - wanted)), log_likelihood[:, 2] - log_likelihood[:, 0]
            )
            posterior = jnp.exp(source.log_posterior(data.inputs, data.labels))
            return jnp.abs(jnp.asarray(written) - source.style_weights(posterior)[1])

        return w2s.Statement(
            id="style-weight",
            kind="equality",
            exact=distance,
            bound=lambda case: 0.0,
            margin=lambda case: 1e-4,
            cases=lambda preset: [
                w2s.Case(
                    f"prior {prior:g}, n = {size}", style_content_task(style_prior=prior), w2s.InContext(size)
                )
                for prior, size in ((0.05, 3), (0.05, 5), (0.3, 1))
            ],
        )

    return judged(
        code,
        "style_weight",
        statement_about,
        hints={
            "refuted": "The value is the distance from the posterior weight of the model. Log odds "
            "*add*; a weight is the logistic function of log odds."
        },
    )


def check_content_taken(code: str) -> Judgement:
    """Check the share of the content error that a student takes, given its share of the style error."""

    def statement_about(content_taken):
        def squared_shares(key, case):
            task = case.task
            error = case.fit(key=key).coefficients - task.target_vector
            source = task.source_vector - task.target_vector
            # Concepts, and so styles, use the first four features; the bias uses the others.
            style, content = jnp.sum(error[:4] ** 2), jnp.sum(error[4:] ** 2)
            return jnp.stack([style / jnp.sum(source**2), content / task.weak_risk])

        def surplus(squares):
            shares = np.sqrt(np.maximum(squares, 0.0))
            return float(shares[1] - float(content_taken(shares[0])))

        finetuned = w2s.Assumption("fine-tuned", lambda case: isinstance(case.estimator, w2s.Ridge))
        task = w2s.canonical_task()
        return w2s.Statement(
            id="content-taken",
            kind="equality",
            measure=squared_shares,
            functional=monotone(surplus),
            bound=lambda case: 0.0,
            margin=lambda case: 0.03,
            # What the labeller in context says is a mixture of concepts, whose errors are bounded.
            support=lambda case: (np.zeros(2), np.full(2, np.inf if finetuned.holds(case) else 2.0)),
            assumptions=(finetuned,),
            cases=lambda preset: [
                w2s.Case(f"penalty {ridge:g}", task, w2s.Ridge(ridge, num_weak=4000))
                for ridge in (0.1, 0.5, 2.0)
            ],
            controls=lambda preset: [
                w2s.Control(w2s.Case("in context", task, w2s.InContext(16)), breaks="fine-tuned")
            ],
        )

    return judged(
        code,
        "content_taken",
        statement_about,
        hints={
            "refuted": "The value is the simulated share less yours. With many labels the student *is* "
            "its mean, a point of the segment.",
            "control": "Is your formula true of every student?",
        },
    )
