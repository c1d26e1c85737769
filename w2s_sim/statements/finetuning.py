"""What statements about fine-tuning share: the student of a case file, when its risk has a variance."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.errors import InputError
from w2s_sim.estimators import (
    Estimator,
    GradientDescent,
    LabelMixing,
    LeastSquares,
    Refinement,
    Ridge,
    SpectralCutoff,
    SpectralFinetuning,
)
from w2s_sim.statements.case import Assumption, Case
from w2s_sim.statements.parameters import Parameter

FINETUNING_PARAMETERS = (
    Parameter("num_weak", int, "weak pairs n", example=60, required=True, low=1),
    Parameter("ridge", float, "ridge to the source, eta", example=0.3, low=0),
    Parameter("steps", int, "gradient descent steps t, instead of ridge", low=0),
    Parameter("step_size", float, "gradient descent step size, with steps", low=0),
    Parameter("threshold", float, "spectral cutoff, instead of ridge", low=0),
    Parameter("mixing", float, "weight of the strong model's own predictions", low=0, high=1),
    Parameter("grouped", bool, "all pairs share one draw of the concept", default=False),
)


def build_student(numbers: dict[str, Any]) -> SpectralFinetuning:
    """The student of a `[case]` table: exactly one of ridge, steps with step_size, threshold."""
    num_weak = numbers["num_weak"]
    chosen = [name for name in ("ridge", "steps", "threshold") if numbers[name] is not None]
    if len(chosen) != 1:
        given = " and ".join(chosen) if chosen else "none of them"
        raise InputError("ridge, steps, threshold", given, "exactly one, which names the kind of fine-tuning")
    student: SpectralFinetuning
    if chosen == ["ridge"]:
        student = Ridge(numbers["ridge"], num_weak=num_weak)
    elif chosen == ["steps"]:
        if numbers["step_size"] is None:
            raise InputError("step_size", "nothing", "a number > 0, to go with steps")
        student = GradientDescent(numbers["steps"], numbers["step_size"], num_weak=num_weak)
    else:
        student = SpectralCutoff(numbers["threshold"], num_weak=num_weak)
    return student if numbers["mixing"] is None else LabelMixing(student, numbers["mixing"])


def has_finite_variance(case: Case) -> bool:
    """Without shrinkage, 1/lambda_min(S) has two moments only when n and d differ by more than 3."""
    estimator: Estimator = case.estimator
    while isinstance(estimator, LabelMixing | Refinement):
        estimator = estimator.student
    unshrunk = (
        isinstance(estimator, LeastSquares)
        or (isinstance(estimator, Ridge) and float(estimator.ridge) == 0.0)
        or (isinstance(estimator, SpectralCutoff) and float(estimator.threshold) == 0.0)
    )
    return not unshrunk or abs(estimator.sample_size - case.task.dim) > 3


SPECTRAL = Assumption("spectral fine-tuning", lambda case: isinstance(case.estimator, SpectralFinetuning))
ISOTROPIC = Assumption("isotropic features", lambda case: case.task.features.isotropic)
SYMMETRIC = Assumption(
    "sign-permutation-symmetric features", lambda case: case.task.features.sign_permutation_symmetric
)
FINITE_VARIANCE = Assumption("finite variance of the risk", has_finite_variance)


def ratio_of(case: Case) -> float:
    """gamma = d/n, features per weak pair."""
    return case.task.dim / case.estimator.sample_size


def ridge_of(case: Case) -> Float[Array, ""]:
    """eta of a ridge student; least squares is the student at 0."""
    return case.estimator.ridge if isinstance(case.estimator, Ridge) else jnp.zeros(())
