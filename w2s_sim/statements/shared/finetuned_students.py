"""Shared parts of the statements about fine-tuning: assumptions, and the student of a case file."""

from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.errors import InputError
from w2s_sim.estimators import (
    GradientDescent,
    LabelMixing,
    Ridge,
    SpectralCutoff,
    SpectralFinetuning,
)
from w2s_sim.statements.contract.case import Assumption, Case
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.shared.quantities import distance_from_line, naive_floor
from w2s_sim.tasks.regression_task import TransferTask

# Relative difference up to which two squared distances in single precision count as equal.
SAME_DISTANCE = 1e-6

FINETUNING_PARAMETERS = (
    Parameter.of(Ridge, "num_weak", "weak pairs n", 60, required=True),
    Parameter.of(Ridge, "ridge", "ridge to the source, eta", 0.3),
    Parameter.of(GradientDescent, "steps", "gradient descent steps t, instead of ridge"),
    Parameter.of(GradientDescent, "step_size", "gradient descent step size, with steps"),
    Parameter.of(SpectralCutoff, "threshold", "spectral cutoff, instead of ridge"),
    Parameter.of(LabelMixing, "mixing", "weight of the strong model's own predictions"),
    Parameter("grouped", bool, "all pairs share one draw of the concept", default=False),
)


def build_student(numbers: dict[str, Any]) -> SpectralFinetuning:
    """Build the student of a `[case]` table, from exactly one of ridge, steps with step_size, threshold."""
    num_weak = numbers["num_weak"]
    chosen = [name for name in ("ridge", "steps", "threshold") if numbers[name] is not None]
    if len(chosen) != 1:
        given = " and ".join(chosen) if chosen else "none of them"
        raise InputError("ridge, steps, threshold", given, "exactly one, to choose the kind of fine-tuning")
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


def stays_on_segment(task: TransferTask, student: SpectralFinetuning) -> bool:
    """Return whether gains are in [0, 1], or the line is as far from the target as the segment."""
    if student.gain_within_unit_interval:
        return True
    floor = float(naive_floor(task))
    return float(distance_from_line(task)) >= (1.0 - SAME_DISTANCE) * floor


SPECTRAL = Assumption("spectral fine-tuning", lambda case: isinstance(case.estimator, SpectralFinetuning))
ISOTROPIC = Assumption("isotropic features", lambda case: case.task.features.has_equal_variances)
SYMMETRIC = Assumption(
    "sign-permutation-symmetric features", lambda case: case.task.features.sign_permutation_symmetric
)


def ratio_of(case: Case) -> float:
    """Return gamma = d/n, the number of features per weak pair."""
    return case.task.dim / case.estimator.sample_size


def ridge_of(case: Case) -> Float[Array, ""]:
    """Return eta of a ridge student; 0 for other students, such as least squares."""
    return case.estimator.ridge if isinstance(case.estimator, Ridge) else jnp.zeros(())
