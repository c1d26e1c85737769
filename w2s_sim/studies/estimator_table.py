"""The `[[estimator]]` tables of a study: kinds of estimators, and what numbers they take."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from w2s_sim.errors import InputError
from w2s_sim.estimators import (
    BiasAndNoiseUnknown,
    ChannelUnknown,
    ConjugateRefinement,
    Estimator,
    FrequencyProjection,
    GradientDescent,
    HullProjection,
    InContext,
    IteratedRefinement,
    LabelMixing,
    LeastSquares,
    MaximumLikelihood,
    Oracle,
    Refinement,
    Ridge,
    SmoothingUnknown,
    SpectralCutoff,
)
from w2s_sim.finite_task import FiniteTask
from w2s_sim.statements.parameters import Parameter, read_parameters, unknown_key
from w2s_sim.task import TransferTask

AnyTask = TransferTask | FiniteTask
REGRESSION, FINITE, BOTH = (TransferTask,), (FiniteTask,), (TransferTask, FiniteTask)

NUM_WEAK = Parameter("num_weak", int, "weak pairs n", required=True, low=1)
NUM_DEMONSTRATIONS = Parameter("num_demonstrations", int, "demonstrations n in context", required=True, low=1)
RIDGE = Parameter("ridge", float, "eta of ridge to the source", default=0.0, low=0)


@dataclasses.dataclass(frozen=True)
class EstimatorKind:
    """How a table becomes an estimator.

    Attributes:
        parameters: The numbers of the table, `kind` left out.
        build: From the task and the checked numbers.
        tasks: Kinds of task that it is for.
    """

    parameters: tuple[Parameter, ...]
    build: Callable[[AnyTask, dict[str, Any]], Estimator]
    tasks: tuple[type, ...] = REGRESSION


def _refinement(task: AnyTask, numbers: dict[str, Any]) -> Estimator:
    size, num_queries = numbers["num_demonstrations"], numbers["num_queries"]
    if num_queries is None:
        return InContext(size)
    if not isinstance(task, TransferTask):
        raise InputError(
            "num_queries", num_queries, "none: a student is fitted for regression concepts alone"
        )
    student = Ridge(numbers["ridge"], num_weak=num_queries)
    return Refinement(size, student, context=numbers["context"], labels=numbers["labels"])


KINDS: Mapping[str, EstimatorKind] = {
    "finetune": EstimatorKind((RIDGE, NUM_WEAK), lambda _, n: Ridge(n["ridge"], num_weak=n["num_weak"])),
    "least-squares": EstimatorKind((NUM_WEAK,), lambda _, n: LeastSquares(**n)),
    "gradient-descent": EstimatorKind(
        (
            Parameter("steps", int, "steps t", required=True, low=0),
            Parameter("step_size", float, "tau > 0", required=True),
            NUM_WEAK,
        ),
        lambda _, n: GradientDescent(**n),
    ),
    "spectral-cutoff": EstimatorKind(
        (
            Parameter("threshold", float, "smallest eigenvalue that is followed", required=True, low=0),
            NUM_WEAK,
        ),
        lambda _, n: SpectralCutoff(**n),
    ),
    "label-mixing": EstimatorKind(
        (Parameter("mixing", float, "weight of the source's own labels", required=True), RIDGE, NUM_WEAK),
        lambda _, n: LabelMixing(Ridge(n["ridge"], num_weak=n["num_weak"]), n["mixing"]),
    ),
    "refine": EstimatorKind(
        (
            NUM_DEMONSTRATIONS,
            Parameter("num_queries", int, "queries N of a fitted student; none: the labeller itself", low=1),
            RIDGE,
            Parameter(
                "context",
                str,
                "whose context",
                choices=("shared", "fresh", "leave-one-out"),
                default="shared",
            ),
            Parameter("labels", str, "refined labels", choices=("draw", "mean"), default="draw"),
        ),
        _refinement,
        BOTH,
    ),
    "conjugate": EstimatorKind(
        (Parameter("spread", float, "tau of the Gaussian prior, > 0", required=True), NUM_DEMONSTRATIONS),
        lambda _, n: ConjugateRefinement(n["num_demonstrations"], n["spread"]),
    ),
    "iterated-refinement": EstimatorKind(
        (Parameter("rounds", int, "rounds T", required=True, low=1), NUM_WEAK),
        lambda _, n: IteratedRefinement(**n),
        BOTH,
    ),
    "maximum-likelihood": EstimatorKind((NUM_WEAK,), lambda _, n: MaximumLikelihood(**n), BOTH),
    "bias-and-noise-unknown": EstimatorKind((NUM_WEAK,), lambda _, n: BiasAndNoiseUnknown(**n)),
    "smoothing-unknown": EstimatorKind((NUM_WEAK,), lambda _, n: SmoothingUnknown(**n), FINITE),
    "channel-unknown": EstimatorKind((NUM_WEAK,), lambda _, n: ChannelUnknown(**n), FINITE),
    "frequency-projection": EstimatorKind((NUM_WEAK,), lambda _, n: FrequencyProjection(**n), FINITE),
    "hull-projection": EstimatorKind(
        (RIDGE, NUM_WEAK), lambda _, n: HullProjection(Ridge(n["ridge"], num_weak=n["num_weak"]))
    ),
    "source": EstimatorKind((), lambda task, _: Oracle(task.source.prior), BOTH),
    "oracle": EstimatorKind((), lambda task, _: Oracle(task.target_prior), BOTH),
}
# Shorter names that files may use.
ALIASES = {"num_demos": "num_demonstrations"}


def build_estimator(task: AnyTask, table: Mapping[str, Any]) -> Estimator:
    """The estimator of one table whose lists have been swept.

    Raises:
        InputError: Naming the key, if anything does not fit, or the kind is not for these concepts.
    """
    kind = kind_of(table)
    entry = KINDS[kind]
    if not isinstance(task, entry.tasks):
        allowed = [name for name, other in KINDS.items() if isinstance(task, other.tasks)]
        raise InputError("kind", f"{kind!r} for these concepts", "one of " + ", ".join(allowed))
    numbers = read_parameters(entry.parameters, {key: v for key, v in table.items() if key != "kind"})
    return entry.build(task, numbers)


def kind_of(table: Mapping[str, Any]) -> str:
    """The kind of a table.

    Raises:
        InputError: If there is none, or no such.
    """
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        if isinstance(kind, str):
            raise InputError("kind", *_nearest(kind))
        raise InputError("kind", "nothing" if kind is None else repr(kind), "one of " + ", ".join(KINDS))
    return kind


def _nearest(kind: str) -> tuple[str, str]:
    complaint = unknown_key(kind, list(KINDS))
    return f"{kind!r}, " + str(complaint.given), complaint.expected
