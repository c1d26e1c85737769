"""Exercises on rounds of refinement."""

import jax
import jax.numpy as jnp

import w2s_sim as w2s
from w2s_sim.statements.em_refinement.divergences import refinement_path
from w2s_sim.teaching.exercises import Judgement, judged
from w2s_sim.teaching.lesson_tasks import table_task


def check_one_round(code: str) -> Judgement:
    """Check a round of refinement against the package's own."""

    def statement_about(one_round):
        def distance(case):
            data = case.task.sample_weak(case.estimator.num_weak, key=jax.random.key(2))
            source = case.task.source
            written = one_round(source.prior, source.log_likelihood(data.inputs, data.labels))
            right = case.estimator.transferred_prior(source, data, key=jax.random.key(0))
            return jnp.max(jnp.abs(jnp.asarray(written) - right))

        regression = w2s.regression_task(
            8, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=[0.1, 0.2, 0.3, 0.4]
        )
        tasks = {"regression": regression, "tables": table_task([0.1, 0.3, 0.6])}
        return w2s.Statement(
            id="one-round",
            kind="equality",
            exact=distance,
            bound=lambda case: 0.0,
            margin=lambda case: 1e-4,
            cases=lambda preset: [
                w2s.Case(name, task, w2s.IteratedRefinement(1, num_weak=40)) for name, task in tasks.items()
            ],
        )

    return judged(
        code,
        "one_round",
        statement_about,
        hints={
            "refuted": "The value is the largest difference from the right weights. Each pair has a "
            "posterior *of its own*: normalise every row, and then take the mean over rows."
        },
    )


def check_misfit_bound(code: str) -> Judgement:
    """Check an upper bound on the misfit against exact sums over outcomes."""

    def statement_about(misfit_bound):
        right = w2s.Assumption(
            "a right model of the weak labels",
            lambda case: bool(jnp.allclose(case.task.supervisor.tables, case.task.source.tables)),
        )

        def case(target_prior, rounds, share=0.0):
            name = f"target {target_prior}, T = {rounds}"
            return w2s.Case(name, table_task(target_prior, share), w2s.IteratedRefinement(rounds, num_weak=1))

        def misfit(case):
            return refinement_path(case.task, case.estimator.rounds).to_weak_law[-1]

        def bound(case):
            return misfit_bound(case.task.target_prior, case.task.source.prior, case.estimator.rounds)

        return w2s.Statement(
            id="misfit-bound",
            kind="upper",
            exact=misfit,
            bound=bound,
            assumptions=(right,),
            cases=lambda preset: [
                case(target, rounds) for target in ([0.1, 0.3, 0.6], [0.0, 0.0, 1.0]) for rounds in (1, 2, 4)
            ],
            controls=lambda preset: [w2s.Control(case([0.0, 0.3, 0.7], 200, 0.2), breaks=right.name)],
        )

    return judged(
        code,
        "misfit_bound",
        statement_about,
        hints={
            "refuted": "Which divergence of the two priors telescopes, and in which order are its "
            "arguments? An impossible concept ($0\\log0$) counts as zero.",
            "control": "A bound that does not fall with $T$ is never wrong about a misfit that levels off.",
            "loose": "The misfit falls with $T$. So should the bound.",
        },
        loose=10,
    )
