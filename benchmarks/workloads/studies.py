"""Studies over many sample sizes, and one comparison of 200 concepts in 400 dimensions.

`W2S_OLD_TREE` names a folder with an older revision of the package (`git worktree add`), to compare with.
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

import w2s_sim as w2s
from benchmarks.processes import ROOT, clocked
from benchmarks.workload import Answer, Contender, Scale, Target, Workload

STUDY = """
[task]
dim = 8
num_concepts = 4
noise = 0.5
source_prior = [0.5, 0.25, 0.15, 0.1]
target_prior = [0, 0, 0, 1]
[task.weak]
kind = "biased"
bias = 0.7
[[estimator]]
kind = "finetune"
ridge = 0.3
num_weak = {sizes}
[replication]
replicates = {replicates}
"""
# Sample sizes of ours; of the older revision, which compiles every cell; replicates of a cell.
CELLS = {"tiny": (4, 2, 64), "quick": (50, 4, 1_000), "full": (200, 10, 1_000)}
OURS, OLDER = "run_study", "run_study, older revision"
# Concepts, dimensions, weak pairs, replicates of the large comparison.
LARGE = {"tiny": (5, 10, 30, 64), "quick": (200, 400, 600, 100), "full": (200, 400, 600, 1_000)}
# Replicates where BLAS has its own threads, which wait for one another in every decomposition.
FEW = 50


def workloads(scale: Scale) -> list[Workload]:
    """Return both workloads."""
    return [_many_sizes(scale), _large(scale)]


def _many_sizes(scale: Scale) -> Workload:
    cells, few, replicates = CELLS[scale]
    older = os.environ.get("W2S_OLD_TREE", "")

    def runner(number: int, tree: Path) -> Contender:
        sizes = [int(size) for size in np.linspace(20, 20 + 4 * (cells - 1), number)]

        def run(seed: int) -> Answer:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "study.toml"
                file.write_text(STUDY.format(sizes=sizes, replicates=replicates))
                found = clocked("study", str(file), str(Path(folder) / "out"), tree=tree)
            extra = {"compile_seconds": found["compile_seconds"], "peak_bytes": found["peak_bytes"]}
            return Answer(None, seconds=found["seconds"], extra=extra)

        return Contender(OURS if tree == ROOT else OLDER, run, number, "ours" if tree == ROOT else "peer")

    contenders = [runner(cells, ROOT)]
    if older:
        contenders.append(runner(few, Path(older)))
    return Workload(
        "study",
        f"{cells} values of num_weak, {replicates:,} replicates, in a process of its own, compiler included",
        "cell",
        tuple(contenders),
        (Target(OURS, OLDER, 20.0),),
        rounds=1 if scale == "tiny" else 3,
        warm=False,
    )


def _large(scale: Scale) -> Workload:
    concepts, dim, num_weak, replicates = LARGE[scale]
    even = [1.0 / concepts] * concepts
    target = [0.0] * (concepts - 1) + [1.0]

    def run(seed: int, replicates: int = replicates) -> Answer:
        task = w2s.regression_task(dim, concepts, source_prior=even, target_prior=target)
        students = {
            "ridge": w2s.Ridge(0.3, num_weak=num_weak),
            "in context": w2s.InContext(16),
            "refined": w2s.Refinement(16, w2s.LeastSquares(num_weak=num_weak - 16)),
        }
        began = time.perf_counter()
        w2s.compare(task, students, replicates=replicates, seed=seed)
        return Answer(None, seconds=time.perf_counter() - began)

    return Workload(
        "many concepts",
        f"`compare` of three estimators, K = {concepts}, d = {dim}, n = {num_weak}",
        "replicate",
        (
            Contender("compare, one BLAS thread", run, replicates, "ours", one_thread=True),
            Contender("compare", lambda seed: run(seed, min(FEW, replicates)), min(FEW, replicates), "ours"),
        ),
        rounds=1,
        warm=False,
    )
