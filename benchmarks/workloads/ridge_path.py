"""A path of 20 ridge students, d = 32, n = 200."""

import numpy as np

import w2s_sim as w2s
from benchmarks.peers import ridge, ridge_loops
from benchmarks.workload import Answer, Contender, Scale, Target, Workload, of_sample
from benchmarks.workloads.limits import Numbers, limit, moments, normals, spectra
from w2s_sim.tasks.sampling import Sampling

DIM, NUM_WEAK = 32, 200
RIDGES = tuple(float(each) for each in np.geomspace(0.01, 10.0, 20))
SPECTRA, SHARED, EIGH = "finetuning_risk_path", "compare", "NumPy, batched eigh"
# Replicates of ours by spectra, of batched work, and of loops.
REPLICATES = {"tiny": (512, 128, 8), "quick": (16_384, 1_024, 64), "full": (65_536, 4_096, 256)}


def workloads(scale: Scale) -> list[Workload]:
    """Return the workload."""
    many, some, few = REPLICATES[scale]
    ridges = RIDGES[::6] if scale == "tiny" else RIDGES
    task = w2s.regression_task(DIM, 4, source_prior=[0.5, 0.25, 0.15, 0.1], target_prior=[0, 0, 0, 1])
    students = {f"{each:.4g}": w2s.Ridge(each, num_weak=NUM_WEAK) for each in ridges}
    problem = ridge.RidgeProblem.of(task, NUM_WEAK)

    def by_spectra(seed: int) -> Answer:
        frame = w2s.finetuning_risk_path(task, students, replicates=many, seed=seed)
        return Answer(frame["risk"].to_numpy(), frame["risk_se"].to_numpy())

    def shared(seed: int) -> Answer:
        frame = w2s.compare(task, students, replicates=some, seed=seed)
        return Answer(frame["risk"].to_numpy(), frame["risk_se"].to_numpy())

    def eigh(seed: int) -> Answer:
        return of_sample(ridge.path_by_eigh(problem, ridges, some, np.random.default_rng(seed)))

    def with_joblib(seed: int) -> Answer:
        path = ridge.path_by_eigh
        return of_sample(ridge_loops.on_all_cores(path, problem, ridges, replicates=some, seed=seed))

    def traces(seed: int) -> Answer:
        return of_sample(ridge.path_by_traces(problem, ridges, many, np.random.default_rng(seed)))

    def loop(seed: int) -> Answer:
        return of_sample(ridge_loops.in_a_loop(ridge_loops.one_path(problem, ridges), few, seed))

    def scikit_learn(seed: int) -> Answer:
        return of_sample(ridge_loops.in_a_loop(ridge_loops.scikit_learn_path(problem, ridges), few, seed))

    drawn, chi = "its normals alone", "its chi variates alone"
    return [
        Workload(
            "ridge path",
            f"mean risks of {len(ridges)} ridge students, d = {DIM}, n = {NUM_WEAK}, float32",
            "replicate",
            (
                Contender(SPECTRA, by_spectra, many, "ours"),
                Contender(SHARED, shared, some, "ours"),
                Contender(EIGH, eigh, some, one_thread=True),
                Contender(f"{EIGH}, joblib", with_joblib, some, needs="joblib", elsewhere=True),
                Contender("NumPy, the same reduction", traces, many, one_thread=True),
                Contender("NumPy, loop", loop, few, one_thread=True),
                Contender("scikit-learn, loop", scikit_learn, few, needs="sklearn", one_thread=True),
                limit(chi, spectra, Numbers(DIM, NUM_WEAK), many, SPECTRA),
                limit(drawn, normals, Numbers(NUM_WEAK * (DIM + 1)), some, SHARED, EIGH),
                limit("its data and their moments alone", moments, Sampling(task, NUM_WEAK, 1), some, SHARED),
            ),
            (
                Target(SPECTRA, EIGH, 10.0),
                Target(SHARED, EIGH, 10.0),
                Target(SPECTRA, chi, 2.0),
                Target(SHARED, drawn, 2.0),
            ),
        )
    ]
