"""The framework in one table, in seconds: fine-tuning stays above its floor, refinement falls through it."""

import functools
from collections.abc import Callable

import pandas as pd

from w2s_sim.estimators import LeastSquares, Refinement, Ridge
from w2s_sim.identification import identification_errors
from w2s_sim.runs import compare, finetuning_risk_path
from w2s_sim.tasks import TransferTask

FINE_TUNED, IN_CONTEXT, STUDENT = (
    "fine-tuned on weak labels",
    "weak labels read in context",
    "student of refined labels",
)
RIDGE = 0.3
MOST_DEMONSTRATIONS = 32
NAIVE_SIZES = (4, 16, 64, 256, 1024)
STUDENT_SIZES = (32, 64, 256, 1024)


def floor_and_refinement(task: TransferTask, *, seed: int = 0) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return the three parts of the table, each as a function that computes it.

    Args:
        task: A regression task with standard normal features.
        seed: Seed of the replicates.

    Returns:
        For each method a function without arguments. Its table has the columns `num_weak` (weak labels used),
        `risk` (mean excess risk, squared label units) and `risk_se` (its Monte Carlo standard error).
    """
    return {
        FINE_TUNED: functools.partial(_fine_tuned, task, seed),
        IN_CONTEXT: functools.partial(_in_context, task, seed),
        STUDENT: functools.partial(_student, task, seed),
    }


def _fine_tuned(task: TransferTask, seed: int) -> pd.DataFrame:
    students = {f"{n}": Ridge(RIDGE, num_weak=n) for n in NAIVE_SIZES}
    return _columns(finetuning_risk_path(task, students, replicates=2000, seed=seed), "sample_size")


def _in_context(task: TransferTask, seed: int) -> pd.DataFrame:
    errors = identification_errors(task, up_to=MOST_DEMONSTRATIONS, replicates=40_000, seed=seed)
    powers = [2**power for power in range(MOST_DEMONSTRATIONS.bit_length())]
    return _columns(errors.loc[errors["n"].isin(powers)], "n")


def _student(task: TransferTask, seed: int) -> pd.DataFrame:
    students = {}
    for size in STUDENT_SIZES:
        # Demonstrations and queries share the labels; no more demonstrations than the labeller's curve has.
        demonstrations = min(size // 2, MOST_DEMONSTRATIONS)
        students[f"{size}"] = Refinement(demonstrations, LeastSquares(num_weak=size - demonstrations))
    return _columns(compare(task, students, replicates=2000, seed=seed), "sample_size")


def _columns(table: pd.DataFrame, size: str) -> pd.DataFrame:
    columns = {"num_weak": size, "risk": "risk", "risk_se": "risk_se"}
    return pd.DataFrame({name: table[column].to_numpy() for name, column in columns.items()})
