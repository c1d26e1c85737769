"""Shared parts of the theorems about refined students: assumptions, parameters, students of case files."""

from typing import Any, get_args

import jax.numpy as jnp
from jaxtyping import Array, Float

from w2s_sim.concepts import LatentConceptModel
from w2s_sim.concepts.model import ReadContexts
from w2s_sim.errors import InputError
from w2s_sim.estimators import Estimator, InContext, LeastSquares, Refinement
from w2s_sim.estimators.refinement import BATCHES, Context
from w2s_sim.statements.contract.case import Assumption, Case
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.weak_data import WeakData


def _fits_more_queries_than_features(case: Case) -> bool:
    estimator = case.estimator
    return not isinstance(estimator, Refinement) or (
        isinstance(estimator.student, LeastSquares) and estimator.num_queries > case.task.dim + 1
    )


REFINED = Assumption("refinement", lambda case: isinstance(case.estimator, InContext | Refinement))
INDEPENDENT_QUERIES = Assumption(
    "contexts independent of the queries they label",
    lambda case: getattr(case.estimator, "context", "shared") not in BATCHES,
)
LEAST_SQUARES = Assumption("least squares on N > d + 1 queries", _fits_more_queries_than_features)

REFINING_PARAMETERS = (
    Parameter.of(InContext, "num_demonstrations", "demonstrations n in context", 16, required=True),
    Parameter("num_queries", int, "queries N relabelled; the labeller itself without", example=60, low=1),
    Parameter(
        "context",
        str,
        "how contexts are spent, with num_queries",
        choices=get_args(Context),
    ),
    Parameter("labels", str, "what a refined label is, with num_queries", choices=("draw", "mean")),
    Parameter("grouped", bool, "a context's demonstrations share one draw of the concept", default=False),
)


def build_refined(numbers: dict[str, Any]) -> Estimator:
    """Build the labeller itself, or the student fitted to num_queries refined labels."""
    if numbers["num_queries"] is None:
        for name in ("context", "labels"):
            if numbers[name] is not None:
                raise InputError(name, repr(numbers[name]), "num_queries as well, for a fitted student")
        return InContext(numbers["num_demonstrations"])
    return Refinement(
        numbers["num_demonstrations"],
        LeastSquares(num_weak=numbers["num_queries"]),
        context=numbers["context"] or "shared",
        labels=numbers["labels"] or "draw",
    )


def context_posteriors(case: Case, data: WeakData) -> Float[Array, "contexts K"]:
    """Return pi_n of a refined student's contexts: one row for a shared context, else one per query."""
    assert isinstance(case.estimator, Refinement)
    _, reader = case.estimator.read_contexts(case.task.source, data)
    assert isinstance(reader, LatentConceptModel | ReadContexts)
    return jnp.atleast_2d(reader.prior)
