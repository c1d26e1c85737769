"""The `[[estimator]]` tables of a study: the kinds of estimators and their parameters."""

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

from w2s_sim.concepts import CategoricalModel, FiniteModel, LatentConceptModel, RegressionModel
from w2s_sim.errors import InputError, shown
from w2s_sim.estimators import (
    AnchoredChannel,
    BiasAndNoiseUnknown,
    Bootstrapping,
    ChannelUnknown,
    ConfidenceLoss,
    ConjugateRefinement,
    DrawnConcepts,
    Estimator,
    FrequencyProjection,
    GradientDescent,
    HullProjection,
    HullRegression,
    InContext,
    InformationProjection,
    IntentInference,
    IteratedRefinement,
    LabelMixing,
    LeastSquares,
    MaximumLikelihood,
    Oracle,
    PosteriorEnsemble,
    Refinement,
    Ridge,
    SmoothingUnknown,
    SpectralCutoff,
)
from w2s_sim.estimators.refinement import Context
from w2s_sim.plugins import EstimatorKind, registry
from w2s_sim.statements.contract.parameters import Parameter, read_parameters, unknown_key
from w2s_sim.strong_model import StrongModel
from w2s_sim.tasks.capacity_task import CapacityTask
from w2s_sim.tasks.task import ConceptTask, Task

# Families of strong models that an estimator can learn from.
REGRESSION, FINITE = (RegressionModel,), (FiniteModel,)
CATEGORICAL, CONCEPTS = (CategoricalModel,), (LatentConceptModel,)

# Limits for single keys; the total number of pairs is limited by their size as well.
MOST_PAIRS, MOST_STEPS, MOST_ROUNDS = 10**8, 10**9, 10**6
MOST_CONCEPTS, MOST_MEMBERS = 10**5, 10**4
CONTEXTS = get_args(Context)
NUM_WEAK = Parameter.of(Ridge, "num_weak", "weak pairs n", required=True, high=MOST_PAIRS)
NUM_DEMONSTRATIONS = Parameter.of(
    InContext, "num_demonstrations", "demonstrations n in context", required=True, high=MOST_PAIRS
)
RIDGE = Parameter.of(Ridge, "ridge", "eta of ridge to the source", default=0.0)


def _refinement(task: Task[Any, Any], numbers: dict[str, Any]) -> Estimator:
    size, num_queries = numbers["num_demonstrations"], numbers["num_queries"]
    if num_queries is None:
        return InContext(size)
    if not isinstance(task.source, RegressionModel):
        raise InputError(
            "num_queries", num_queries, "none: a student is fitted for regression concepts alone"
        )
    student = Ridge(numbers["ridge"], num_weak=num_queries)
    return Refinement(size, student, context=numbers["context"], labels=numbers["labels"])


def _kind(
    name: str, build: Any, *parameters: Parameter, sources: tuple[type[StrongModel], ...] = REGRESSION
) -> EstimatorKind:
    """Define a kind whose estimator is built from the numbers of its table alone."""
    return EstimatorKind(name, lambda task, numbers: build(**numbers), parameters, sources=sources)


def _with_ridge(build: Any) -> Callable[..., Estimator]:
    """Build an estimator around a ridge student, from the numbers of both."""
    return lambda ridge, num_weak, **numbers: build(Ridge(ridge, num_weak=num_weak), **numbers)


REFINE = EstimatorKind(
    "refine",
    _refinement,
    (
        NUM_DEMONSTRATIONS,
        Parameter(
            "num_queries",
            int,
            "queries N on which a student is fitted; none: the strong model in context itself",
            low=1,
            high=MOST_PAIRS,
        ),
        RIDGE,
        Parameter(
            "context",
            str,
            "context in which a query is labelled",
            choices=CONTEXTS,
            default="shared",
        ),
        Parameter(
            "labels",
            str,
            "draw the refined labels, or take their mean",
            choices=("draw", "mean"),
            default="draw",
        ),
    ),
    sources=CONCEPTS,
    needs=dict.fromkeys(("ridge", "context", "labels"), "num_queries"),
)
# The kinds that come with the package.
ESTIMATORS = (
    _kind("finetune", Ridge, RIDGE, NUM_WEAK),
    _kind("least-squares", LeastSquares, NUM_WEAK),
    _kind(
        "gradient-descent",
        GradientDescent,
        Parameter.of(GradientDescent, "steps", "steps t", required=True, high=MOST_STEPS),
        Parameter.of(GradientDescent, "step_size", "tau > 0", required=True),
        NUM_WEAK,
    ),
    _kind(
        "spectral-cutoff",
        SpectralCutoff,
        Parameter.of(SpectralCutoff, "threshold", "smallest eigenvalue that is fitted", required=True),
        NUM_WEAK,
    ),
    _kind(
        "label-mixing",
        _with_ridge(LabelMixing),
        Parameter.of(LabelMixing, "mixing", "weight of the source's own labels", required=True),
        RIDGE,
        NUM_WEAK,
    ),
    _kind(
        "bootstrap",
        Bootstrapping,
        Parameter(
            "middle",
            list,
            "source vectors of the middle models, (m - 1) x d, in the order of the chain",
            example=[[0, 0, 0, 1.2, 0.6, 0, 0, 0]],
            required=True,
            depth=2,
        ),
        Parameter(
            "ridges",
            list,
            "eta of every model, the strong model last: m numbers",
            example=[1.5, 0.3],
            required=True,
        ),
        NUM_WEAK,
        Parameter(
            "inputs",
            str,
            "inputs of their own for every model of the chain, or the same for all",
            choices=("fresh", "shared"),
            default="fresh",
        ),
    ),
    REFINE,
    _kind("infer", IntentInference, NUM_DEMONSTRATIONS, sources=CONCEPTS),
    _kind(
        "posterior-ensemble",
        PosteriorEnsemble,
        NUM_DEMONSTRATIONS,
        Parameter.of(
            PosteriorEnsemble, "members", "members m, each of one drawn concept", default=1, high=MOST_MEMBERS
        ),
        sources=CONCEPTS,
    ),
    _kind(
        "conjugate",
        ConjugateRefinement,
        Parameter("spread", float, "tau of the Gaussian prior, > 0", required=True, low=0, open_low=True),
        NUM_DEMONSTRATIONS,
    ),
    _kind(
        "drawn-concepts",
        DrawnConcepts,
        Parameter.of(
            DrawnConcepts, "num_concepts", "concepts K that are drawn", required=True, high=MOST_CONCEPTS
        ),
        Parameter.of(DrawnConcepts, "spread", "tau, of the law of the concepts", required=True),
        NUM_DEMONSTRATIONS,
    ),
    _kind(
        "iterated-refinement",
        IteratedRefinement,
        Parameter.of(IteratedRefinement, "rounds", "rounds T", required=True, high=MOST_ROUNDS),
        NUM_WEAK,
        sources=CONCEPTS,
    ),
    _kind("maximum-likelihood", MaximumLikelihood, NUM_WEAK, sources=CONCEPTS),
    _kind("bias-and-noise-unknown", BiasAndNoiseUnknown, NUM_WEAK),
    _kind("smoothing-unknown", SmoothingUnknown, NUM_WEAK, sources=FINITE),
    _kind("channel-unknown", ChannelUnknown, NUM_WEAK, sources=CATEGORICAL),
    _kind(
        "anchored-channel",
        AnchoredChannel,
        NUM_WEAK,
        Parameter.of(AnchoredChannel, "views", "pairs of one context, which share a concept", default=2),
        sources=FINITE,
    ),
    _kind("frequency-projection", FrequencyProjection, NUM_WEAK, sources=FINITE),
    _kind(
        "information-projection",
        InformationProjection,
        NUM_WEAK,
        Parameter.of(InformationProjection, "pseudo_count", "count added to every outcome", default=0.5),
        sources=FINITE,
    ),
    _kind(
        "confidence-loss",
        ConfidenceLoss,
        Parameter.of(ConfidenceLoss, "confidence", "weight m of the own hard predictions", required=True),
        Parameter.of(ConfidenceLoss, "steps", "steps t", required=True, high=MOST_STEPS),
        Parameter.of(ConfidenceLoss, "step_size", "tau > 0", default=4.0),
        NUM_WEAK,
        sources=CATEGORICAL,
    ),
    _kind("hull-projection", _with_ridge(HullProjection), RIDGE, NUM_WEAK),
    _kind("hull-regression", HullRegression, NUM_WEAK),
    EstimatorKind(
        "source",
        lambda task, numbers: Oracle(task.source.prior),
        tasks=(ConceptTask, CapacityTask),
        sources=CONCEPTS,
        of_task=True,
    ),
    EstimatorKind(
        "oracle",
        lambda task, numbers: Oracle(task.target_prior),
        tasks=(ConceptTask,),
        sources=CONCEPTS,
        of_task=True,
    ),
)
# Keys of every table that are not parameters of its estimator.
LABEL = "label"
NOT_NUMBERS = ("kind", LABEL)
LABEL_HELP = "name of the method in figures and tables; {ridge} stands for the table's ridge, and so on"
LONGEST_LABEL = 60
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Short names of keys that files may use.
ALIASES = {"num_demos": "num_demonstrations"}


def with_full_names(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table with short names of keys replaced by the full names.

    Raises:
        InputError: If a key is given by both of its names.
    """
    for alias, name in ALIASES.items():
        if alias in table and name in table:
            raise InputError(
                alias, f"a value, beside a value of {name}", "only one of the two names of this key"
            )
    return {ALIASES.get(key, key): value for key, value in table.items()}


def numbers_of(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table without its kind and its label."""
    return {key: value for key, value in table.items() if key not in NOT_NUMBERS}


def with_label(table: Mapping[str, Any]) -> dict[str, Any]:
    """Fill the placeholders of the label with the values of a table whose lists have been swept.

    Raises:
        InputError: If the label is not a short text, or names a key that is not in the table.
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
    """Format a number without a trailing zero: 2, not 2.0."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def require_needed_keys(table: Mapping[str, Any]) -> None:
    """Refuse keys that would be ignored because the key that they depend on is missing.

    Raises:
        InputError: Naming the key.
    """
    for key, needed in registry().estimators[kind_of(table)].needs.items():
        if key in table and needed not in table:
            raise InputError(key, f"{shown(table[key])} without {needed}", f"{needed}, or no {key}")


def build_estimator(task: Task[Any, Any], table: Mapping[str, Any]) -> Estimator:
    """Build the estimator of a table whose lists have been swept.

    Raises:
        InputError: Naming the key, if a value does not fit or the kind is not for the task's concepts.
    """
    kind = kind_of(table)
    entry = registry().estimators[kind]
    require_concepts(kind, registry().kind_of(task).name)
    require_needed_keys(table)
    numbers = read_parameters(entry.parameters, numbers_of(table))
    return entry.build(task, numbers)


def require_concepts(kind: str, concepts: str) -> None:
    """Refuse a kind of estimator that is not for tasks with these concepts.

    Args:
        kind: The kind of the estimator.
        concepts: The `kind` of the `[task]` table.

    Raises:
        InputError: Listing the kinds that are.
    """
    known = registry()
    task = known.tasks[concepts]
    allowed = [name for name, entry in known.estimators.items() if entry.is_for(task)]
    if kind not in allowed:
        raise InputError("kind", f"{kind!r} for {concepts} concepts", "one of " + ", ".join(allowed))


def kind_of(table: Mapping[str, Any]) -> str:
    """Return the kind of an `[[estimator]]` table.

    Raises:
        InputError: If the kind is missing or unknown.
    """
    kind, known = table.get("kind"), list(registry().estimators)
    if isinstance(kind, str) and kind in known:
        return kind
    if isinstance(kind, str):
        complaint = unknown_key(kind, known)
        raise InputError("kind", f"{shown(kind)}, {complaint.given}", complaint.expected)
    raise InputError("kind", shown(kind) if "kind" in table else "nothing", "one of " + ", ".join(known))
