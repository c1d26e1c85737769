"""Exercises on labellers that read weak labels in context."""

import jax.numpy as jnp
import numpy as np

import w2s_sim as w2s
from w2s_sim.teaching.exercises import Judgement, judged
from w2s_sim.teaching.lesson_tasks import leaning


def check_labeller(code: str) -> Judgement:
    """Check an estimator that reads weak pairs, against half the floor of fine-tuning."""

    def statement_about(labeller):
        def risk(key, case):
            data = case.task.sample_weak(16, key=key)
            model = case.task.source
            written = labeller(model.prior, model.vectors, model.noise, data.inputs, data.labels)
            return w2s.squared_error(case.task, w2s.LinearStudent(jnp.asarray(written, float)))

        upright = w2s.Assumption("weak model in the right cell", lambda case: case.name != "leaning")

        def case(name, share=0.0, **numbers):
            return w2s.Case(name, leaning(share, **numbers), w2s.InContext(16))

        return w2s.Statement(
            id="labeller",
            kind="upper",
            measure=risk,
            bound=lambda case: 0.5 * w2s.naive_floor(case.task),
            support=lambda case: (0.0, np.inf),
            label_power=2,
            assumptions=(upright,),
            cases=lambda preset: [
                case("running example"),
                case("bias of 0.9", bias=0.9),
                case("more weak noise", weak_noise=0.7),
            ],
            controls=lambda preset: [w2s.Control(case("leaning", 0.8), breaks=upright.name)],
        )

    return judged(
        code,
        "labeller",
        statement_about,
        hints={
            "refuted": "The value is the mean risk of your estimator. If it is near the floor or above, "
            "it probably *fits* the labels. Use the "
            "posterior over concepts of lesson 1, and average the concepts with it.",
            "control": "An estimator that reads the labels is led astray here. Does yours read them?",
        },
        loose=10,
    )


def check_upper_bound(code: str) -> Judgement:
    """Check an upper bound on the posterior mass off the wanted concept."""

    def statement_about(upper_bound):
        def mass_elsewhere(key, case):
            data = case.task.sample_weak(case.estimator.num_demonstrations, key=key)
            return 1.0 - jnp.exp(case.task.source.log_posterior(data.inputs, data.labels))[3]

        def bound(case):
            task = case.task
            prior, vectors = task.source.prior, task.source.vectors
            distances = jnp.sum((vectors[:3] - vectors[3]) ** 2, axis=1)
            kappa = task.supervisor.vectors[3, 7]
            return upper_bound(
                prior[:3] / prior[3],
                distances,
                task.source.noise,
                task.supervisor.noise,
                kappa,
                case.estimator.num_demonstrations,
            )

        upright = w2s.Assumption(
            "bias across the concepts", lambda case: bool(case.task.supervisor.vectors[3, 0] == 0)
        )

        def case(size, share=0.0, **numbers):
            name = f"n = {size}, " + (
                ", ".join(f"{k} {v:g}" for k, v in numbers.items()) or "running example"
            )
            return w2s.Case(name, leaning(share, **numbers), w2s.InContext(size))

        return w2s.Statement(
            id="upper-bound",
            kind="upper",
            measure=mass_elsewhere,
            bound=bound,
            trivial=lambda case: 1.0,
            support=lambda case: (0.0, 1.0),
            assumptions=(upright,),
            cases=lambda preset: [case(8), case(14), case(10, bias=0.3), case(16, bias=0.9, weak_noise=0.3)],
            controls=lambda preset: [w2s.Control(case(14, share=0.8), breaks=upright.name)],
        )

    return judged(
        code,
        "upper_bound",
        statement_about,
        hints={
            "refuted": "Is $\\kappa^2$ in $q$? Are the odds to the power $s$, and is $s$ between 0 and 1?",
            "vacuous": "A probability is at most 1 without any theory.",
            "loose": "Choose $s$ so that $m_k(s)$ is small: $\\varrho=1/(2q)$ minimises it.",
        },
        loose=10,
    )
