"""Students of capacity tasks: what is measured of them, and the assumptions of the theorems about them."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.estimators import Estimator, LeastSquares, Ridge
from w2s_sim.statements.contract.bounded_metric import BoundedMetric
from w2s_sim.statements.contract.case import Assumption, Case
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.tasks.capacity_task import CapacityTask

# Pairs beyond the number of features that a risk needs for a variance: the inverse of a Wishart matrix then
# has two moments.
SPARE_PAIRS = 3
# Students of which a replicate is the mean.
STUDENTS = 16


@dataclasses.dataclass(frozen=True)
class MeanMetric:
    """The mean of a metric over several students, each with a teacher and weak data of its own.

    Inverses of Wishart matrices have heavy tails; a mean of several is decided with a narrow margin.

    Attributes:
        name: Name of the metric.
    """

    name: str

    def __call__(self, key: Key[Array, ""], case: Case[Any]) -> Float[Array, ""]:
        """Return the mean."""

        def metric(key: Key[Array, ""]) -> Float[Array, ""]:
            return case.task.metrics(case.fit(key=key))[self.name]

        return jnp.mean(jax.vmap(metric)(jax.random.split(key, STUDENTS)))


STUDENT_RISK = MeanMetric("risk")
STUDENT_GAP = MeanMetric("ceiling_gap")


def is_least_squares(case: Case[Any]) -> bool:
    """Return whether the student is fitted by least squares on a capacity task."""
    estimator = case.estimator
    unpenalised = isinstance(estimator, Ridge) and float(estimator.ridge) == 0.0
    return isinstance(case.task, CapacityTask) and (isinstance(estimator, LeastSquares) or unpenalised)


def _has_spare_pairs(case: Case[Any]) -> bool:
    num_true = case.task.supervisor.num_true
    enough = num_true is None or num_true > case.task.weak_dim + SPARE_PAIRS
    return enough and case.estimator.sample_size > case.task.strong_dim + SPARE_PAIRS


LEAST_SQUARES_STUDENT = Assumption("a student of capacity, by least squares", is_least_squares)
NORMAL_FEATURES = Assumption("normal features", lambda case: case.task.features.normal_factor is not None)
FRESH_INPUTS = Assumption(
    "inputs that the teacher has not seen",
    lambda case: type(case.task).sample_weak is CapacityTask.sample_weak,
)
SPARE = Assumption("pairs to spare for both models", _has_spare_pairs)
CAPACITY_RISK = BoundedMetric("risk", is_least_squares)
CAPACITY_GAP = BoundedMetric("ceiling_gap", is_least_squares)
NUM_WEAK = Parameter.of(LeastSquares, "num_weak", "inputs N that the teacher labels", 40, required=True)


def build_student(numbers: dict[str, Any]) -> Estimator:
    """Return least squares on the numbers of a `[case]` table."""
    return LeastSquares(num_weak=numbers["num_weak"])


def inflation(case: Case[Any]) -> float:
    """Return d_s / (N - d_s - 1): the student's variance per unit of scatter of its labels."""
    return case.task.strong_dim / (case.estimator.sample_size - case.task.strong_dim - 1)


def scatter_error(case: Case[Any], teacher: Float[Array, " d"]) -> Float[Array, ""]:
    """Return ||theta - P_s theta||^2 d_s / (N - d_s - 1), for a teacher theta."""
    return case.task.squared_norm(teacher - case.task.strong_projection(teacher)) * inflation(case)


def share_of_bound(bound: Any, share: float = 0.03) -> Any:
    """Return the margin of an equality: a share of the bound."""
    return lambda case: share * float(bound(case))
