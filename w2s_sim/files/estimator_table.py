"""The `[[estimator]]` tables of a study: kinds of estimators, and what numbers they take."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import Any

from w2s_sim.errors import InputError, shown
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
from w2s_sim.files.task_table import task_kind
from w2s_sim.statements.contract.parameters import Parameter, read_parameters, unknown_key
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.tasks.regression_task import TransferTask

AnyTask = TransferTask | FiniteTask
REGRESSION, FINITE, BOTH = (TransferTask,), (FiniteTask,), (TransferTask, FiniteTask)

# Of pairs and of steps; how many pairs there may be in all depends on their size too.
MOST_PAIRS, MOST_STEPS, MOST_ROUNDS = 10**8, 10**9, 10**6
NUM_WEAK = Parameter("num_weak", int, "weak pairs n", required=True, low=1, high=MOST_PAIRS)
NUM_DEMONSTRATIONS = Parameter(
    "num_demonstrations", int, "demonstrations n in context", required=True, low=1, high=MOST_PAIRS
)
RIDGE = Parameter("ridge", float, "eta of ridge to the source", default=0.0, low=0)


@dataclasses.dataclass(frozen=True)
class EstimatorKind:
    """How a table becomes an estimator.

    Attributes:
        parameters: The numbers of the table, `kind` left out.
        build: From the task and the checked numbers.
        tasks: Kinds of task that it is for.
        not_for: The kinds of task among these that it is not for after all.
        needs: Keys that mean nothing without another one.
        of_task: Whether the estimator is made of the task, and is another one for each.
    """

    parameters: tuple[Parameter, ...]
    build: Callable[[AnyTask, dict[str, Any]], Estimator]
    tasks: tuple[type, ...] = REGRESSION
    not_for: tuple[str, ...] = ()
    needs: Mapping[str, str] = dataclasses.field(default_factory=dict)
    of_task: bool = False


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
            Parameter("steps", int, "steps t", required=True, low=0, high=MOST_STEPS),
            Parameter("step_size", float, "tau > 0", required=True, low=0, open_low=True),
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
        (
            Parameter("mixing", float, "weight of the source's own labels", required=True, low=0, high=1),
            RIDGE,
            NUM_WEAK,
        ),
        lambda _, n: LabelMixing(Ridge(n["ridge"], num_weak=n["num_weak"]), n["mixing"]),
    ),
    "refine": EstimatorKind(
        (
            NUM_DEMONSTRATIONS,
            Parameter(
                "num_queries",
                int,
                "queries N of a fitted student; none: the labeller itself",
                low=1,
                high=MOST_PAIRS,
            ),
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
        needs=dict.fromkeys(("ridge", "context", "labels"), "num_queries"),
    ),
    "conjugate": EstimatorKind(
        (
            Parameter("spread", float, "tau of the Gaussian prior, > 0", required=True, low=0, open_low=True),
            NUM_DEMONSTRATIONS,
        ),
        lambda _, n: ConjugateRefinement(n["num_demonstrations"], n["spread"]),
    ),
    "iterated-refinement": EstimatorKind(
        (Parameter("rounds", int, "rounds T", required=True, low=1, high=MOST_ROUNDS), NUM_WEAK),
        lambda _, n: IteratedRefinement(**n),
        BOTH,
    ),
    "maximum-likelihood": EstimatorKind((NUM_WEAK,), lambda _, n: MaximumLikelihood(**n), BOTH),
    "bias-and-noise-unknown": EstimatorKind((NUM_WEAK,), lambda _, n: BiasAndNoiseUnknown(**n)),
    "smoothing-unknown": EstimatorKind((NUM_WEAK,), lambda _, n: SmoothingUnknown(**n), FINITE),
    "channel-unknown": EstimatorKind((NUM_WEAK,), lambda _, n: ChannelUnknown(**n), FINITE, not_for=("hmm",)),
    "frequency-projection": EstimatorKind((NUM_WEAK,), lambda _, n: FrequencyProjection(**n), FINITE),
    "hull-projection": EstimatorKind(
        (RIDGE, NUM_WEAK), lambda _, n: HullProjection(Ridge(n["ridge"], num_weak=n["num_weak"]))
    ),
    "source": EstimatorKind((), lambda task, _: Oracle(task.source.prior), BOTH, of_task=True),
    "oracle": EstimatorKind((), lambda task, _: Oracle(task.target_prior), BOTH, of_task=True),
}
# Keys of every table that are no numbers of its estimator.
LABEL = "label"
NOT_NUMBERS = ("kind", LABEL)
LABEL_HELP = "what figures and tables call the method; {ridge} stands for the table's ridge, and so on"
LONGEST_LABEL = 60
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Shorter names that files may use.
ALIASES = {"num_demos": "num_demonstrations"}


def with_full_names(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with shorter names spelled out.

    Raises:
        InputError: If one key is given by both of its names.
    """
    for alias, name in ALIASES.items():
        if alias in table and name in table:
            raise InputError(alias, f"a value, beside one of {name}", "one of the two, which are one key")
    return {ALIASES.get(key, key): value for key, value in table.items()}


def numbers_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table without its kind and its label."""
    return {key: value for key, value in table.items() if key not in NOT_NUMBERS}


def with_label(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table whose lists have been swept, with its values in the places that its label leaves for them.

    Raises:
        InputError: If the label is no short text, or names a key that the table has not.
    """
    if LABEL not in table:
        return dict(table)
    label, numbers = table[LABEL], numbers_of(table)
    if not isinstance(label, str) or not label.strip() or len(label) > LONGEST_LABEL:
        raise InputError(LABEL, shown(label), f"a text of at most {LONGEST_LABEL} characters")
    for name in PLACEHOLDER.findall(label):
        if name not in numbers:
            raise InputError(LABEL, shown(label), "names in braces among " + ", ".join(numbers))
    return {**table, LABEL: PLACEHOLDER.sub(lambda found: _written(numbers[found[1]]), label)}


def _written(value: Any) -> str:
    """As people write it: 2, not 2.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def require_needed_keys(table: Mapping[str, Any]) -> None:
    """Refuse keys that would be ignored, because the one that they speak of is not there.

    Raises:
        InputError: Naming the key.
    """
    for key, needed in KINDS[kind_of(table)].needs.items():
        if key in table and needed not in table:
            raise InputError(key, f"{shown(table[key])} without {needed}", f"{needed}, or no {key}")


def build_estimator(task: AnyTask, table: Mapping[str, Any]) -> Estimator:
    """The estimator of one table whose lists have been swept.

    Raises:
        InputError: Naming the key, if anything does not fit, or the kind is not for these concepts.
    """
    kind = kind_of(table)
    entry = KINDS[kind]
    require_concepts(kind, task_kind(task))
    require_needed_keys(table)
    numbers = read_parameters(entry.parameters, numbers_of(table))
    return entry.build(task, numbers)


def require_concepts(kind: str, concepts: str) -> None:
    """Refuse a kind that is not for tasks with these concepts.

    Args:
        kind: Of the estimator.
        concepts: The `kind` of the `[task]` table.

    Raises:
        InputError: Naming those that are.
    """
    family = TransferTask if concepts == "regression" else FiniteTask
    allowed = [
        name for name, entry in KINDS.items() if family in entry.tasks and concepts not in entry.not_for
    ]
    if kind not in allowed:
        raise InputError("kind", f"{kind!r} for {concepts} concepts", "one of " + ", ".join(allowed))


def kind_of(table: Mapping[str, Any]) -> str:
    """The kind of a table.

    Raises:
        InputError: If there is none, or no such.
    """
    kind = table.get("kind")
    if isinstance(kind, str) and kind in KINDS:
        return kind
    if isinstance(kind, str):
        complaint = unknown_key(kind, list(KINDS))
        raise InputError("kind", f"{shown(kind)}, {complaint.given}", complaint.expected)
    raise InputError("kind", shown(kind) if "kind" in table else "nothing", "one of " + ", ".join(KINDS))
