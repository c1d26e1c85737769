"""Single fine-tuned students, d = 8, n = 60: ridge, and 200 steps of gradient descent."""

from typing import Any, Literal

import numpy as np
from jaxtyping import Array, Float, Key

import w2s_sim as w2s
from benchmarks.peers import ridge, ridge_loops
from benchmarks.workload import Answer, Contender, Scale, Target, Workload, of_sample
from benchmarks.workloads.limits import Numbers, factors, limit, normals
from w2s_sim.engine.replication import replicate

DIM, NUM_WEAK, RIDGE = 8, 60, 0.3
STEPS, STEP_SIZE = 200, 0.05
# Replicates of ours and of batched solves; of batched steps; of loops.
REPLICATES = {
    "tiny": (1_024, 1_024, 256),
    "quick": (16_384, 4_096, 1_024),
    "full": (131_072, 32_768, 4_096),
}
ORDINARY, REDUCED, MOMENTS = "compare", "compare, reduced draws", "MomentLaw"
SOLVE, NORMAL_EQUATIONS = "NumPy, batched solve", "NumPy, batched steps"
DRAWN, FACTORS = "its normals alone", "its factors alone"


def risk_of_moments(key: Key[Array, ""], case: tuple[w2s.MomentLaw, Any, Any]) -> Float[Array, ""]:
    """One replicate: the risk of a student of drawn moments."""
    law, task, estimator = case
    return task.excess_risk(estimator.fit_moments(task.source, law.sample(key=key)))


def workloads(scale: Scale) -> list[Workload]:
    """Return both workloads."""
    many, some, few = REPLICATES[scale]
    steps, eigh = ridge_loops.gradient_steps, ridge_loops.gradient_by_eigh
    task = w2s.canonical_task()
    law, problem = w2s.MomentLaw.of(task, NUM_WEAK), ridge.RidgeProblem.of(task, NUM_WEAK)
    student = w2s.Ridge(RIDGE, num_weak=NUM_WEAK)
    descent = w2s.GradientDescent(steps=STEPS, step_size=STEP_SIZE, num_weak=NUM_WEAK)

    def ordinary(estimator: Any, draws: Literal["shared", "reduced"] = "shared") -> Contender:
        def run(seed: int) -> Answer:
            frame = w2s.compare(task, {"student": estimator}, replicates=many, seed=seed, draws=draws)
            return Answer(frame["risk"].to_numpy(), frame["risk_se"].to_numpy())

        return Contender(ORDINARY if draws == "shared" else REDUCED, run, many, "ours")

    def of_moments(estimator: Any) -> Contender:
        def run(seed: int) -> Answer:
            case = (law, task, estimator)
            return of_sample(replicate(risk_of_moments, case, seed=seed, start=0, stop=many)[:, None])

        return Contender(MOMENTS, run, many, "ours")

    def by_spectra(seed: int) -> Answer:
        frame = w2s.finetuning_risk_path(task, {"student": descent}, replicates=many, seed=seed)
        return Answer(frame["risk"].to_numpy(), frame["risk_se"].to_numpy())

    def sampled(function: Any, *arguments: Any) -> Any:
        size = many if function is ridge.risks_by_solve else some

        def run(seed: int) -> Answer:
            return of_sample(function(problem, *arguments, size, np.random.default_rng(seed))[:, None])

        return run

    def loop(seed: int) -> Answer:
        risks = ridge_loops.in_a_loop(ridge_loops.one_solve(problem, RIDGE), few, seed)
        return of_sample(risks[:, None])

    def with_joblib(seed: int) -> Answer:
        solve = ridge.risks_by_solve
        risks = ridge_loops.on_all_cores(solve, problem, RIDGE, replicates=many, seed=seed)
        return of_sample(risks[:, None])

    limits = (
        limit(DRAWN, normals, Numbers(NUM_WEAK * (DIM + 1)), many, ORDINARY, SOLVE, NORMAL_EQUATIONS),
        limit(FACTORS, factors, Numbers(DIM, NUM_WEAK), many, MOMENTS, SOLVE, NORMAL_EQUATIONS),
    )
    near = (Target(ORDINARY, DRAWN, 2.0), Target(MOMENTS, FACTORS, 2.0))
    return [
        Workload(
            "ridge",
            f"mean risk of a ridge student, d = {DIM}, n = {NUM_WEAK}, float32",
            "replicate",
            (
                ordinary(student),
                ordinary(student, "reduced"),
                of_moments(student),
                Contender(SOLVE, sampled(ridge.risks_by_solve, RIDGE), many, one_thread=True),
                Contender(f"{SOLVE}, joblib", with_joblib, many, needs="joblib", elsewhere=True),
                Contender("NumPy, loop", loop, few, one_thread=True),
                *limits,
            ),
            (*(Target(ours, SOLVE, 4.0) for ours in (ORDINARY, REDUCED, MOMENTS)), *near),
        ),
        Workload(
            "gradient descent",
            f"mean risk after {STEPS} steps of gradient descent, d = {DIM}, n = {NUM_WEAK}, float32",
            "replicate",
            (
                ordinary(descent),
                ordinary(descent, "reduced"),
                of_moments(descent),
                Contender("finetuning_risk_path", by_spectra, many, "ours"),
                Contender(NORMAL_EQUATIONS, sampled(steps, STEPS, STEP_SIZE), some, one_thread=True),
                Contender("NumPy, batched eigh", sampled(eigh, STEPS, STEP_SIZE), some, one_thread=True),
                *limits,
            ),
            (*(Target(ours, NORMAL_EQUATIONS, 10.0) for ours in (ORDINARY, REDUCED, MOMENTS)), *near),
        ),
    ]
