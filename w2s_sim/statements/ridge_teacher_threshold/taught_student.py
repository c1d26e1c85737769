"""A ridge teacher and its ridge student: the two models of a chain, and example chains."""

import jax
from jaxtyping import Array, Float

from w2s_sim.estimators import Bootstrapping
from w2s_sim.estimators.bootstrapping import Inputs
from w2s_sim.statements.contract.case import Assumption, Case
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import WeakData


def _is_pair(case: Case) -> bool:
    return isinstance(case.estimator, Bootstrapping) and case.estimator.num_models == 2


def _has_fresh_inputs(case: Case) -> bool:
    return not isinstance(case.estimator, Bootstrapping) or case.estimator.inputs == "fresh"


PAIR = Assumption("a ridge teacher and a ridge student", _is_pair)
FRESH = Assumption("inputs of its own for the student", _has_fresh_inputs)


def pair(
    task: TransferTask, teacher: float, student: float, *, num_weak: int = 60, inputs: Inputs = "fresh"
) -> Bootstrapping:
    """Return a teacher and a student that both start at the source of the strong model.

    Args:
        task: The task, whose weak labels the teacher learns from.
        teacher: Penalty lambda_T of the teacher, in squared feature units.
        student: Penalty eta of the student.
        num_weak: Number of pairs n of the teacher, and of inputs of the student.
        inputs: "fresh", or "shared" for a student on its teacher's inputs.
    """
    return Bootstrapping(task.source_vector[None], [teacher, student], num_weak=num_weak, inputs=inputs)


def teacher_of(data: WeakData, case: Case) -> Float[Array, " d"]:
    """Return the teacher's vector, ridge on the first n pairs."""
    assert isinstance(case.estimator, Bootstrapping)
    return case.estimator.fit_chain(case.task.source, data, key=jax.random.key(0))[0].coefficients


def threshold(case: Case) -> Float[Array, ""]:
    """Return sigma'^2 d / (n ||beta_Q - beta_P||^2), the least penalty of a teacher that no student beats."""
    task = case.task
    assert isinstance(case.estimator, Bootstrapping)
    way = task.target_vector - task.source_vector
    return task.supervisor.noise**2 * task.dim / (case.estimator.num_weak * (way @ way))
