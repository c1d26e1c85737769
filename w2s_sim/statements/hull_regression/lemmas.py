"""The steps of the proof of hull-regression (theory/hull-regression.md), each as a statement."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from w2s_sim.engine.measured import FromWeakData, nonnegative
from w2s_sim.estimators import HullRegression
from w2s_sim.estimators.hull_projection import hull_weights
from w2s_sim.statements.contract.case import Case, Control
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.hull_regression.conditions import CONSTRAINED, FOUR_MOMENTS, IN_HULL
from w2s_sim.statements.hull_regression.example_hulls import inside_the_hull, many_unbiased
from w2s_sim.statements.hull_regression.simplex_vertex import MORE_PAIRS, NORMAL, SIMPLEX, vertex_bound
from w2s_sim.statements.shared.point_mass import POINT_MASS
from w2s_sim.statements.shared.quantities import label_scale
from w2s_sim.statements.shared.regression_examples import noisy
from w2s_sim.statements.shared.unbiased_labels import STATED, UNBIASED
from w2s_sim.tasks.regression_task import TransferTask
from w2s_sim.tasks.task import WeakData

PAGE = "theory/hull-regression.md"
# The tangent cone is cut off this many times as far from the target as the concepts are.
CUT_OFF = 10.0
# Relative size below which a singular value of the concepts' differences counts as zero.
FLAT = 1e-5


def hull_dimension(task: TransferTask) -> Int[Array, ""]:
    """Return r = dim C, the rank of the differences of the concepts."""
    vectors = task.source.vectors
    sizes = jnp.linalg.svd(vectors[1:] - vectors[0], compute_uv=False)
    return jnp.sum(sizes > FLAT * jnp.max(sizes, initial=0.0))


def in_sample_error(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return ||X (b - beta_Q)||^2, over the inputs that the student was fitted to."""
    student = case.estimator.fit(case.task.source, data, key=key)
    return jnp.sum((data.inputs @ (student.coefficients - case.task.target_vector)) ** 2)


def _cone_violation(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return by how much ||X (b - beta_Q)|| exceeds the length of the noise projected on the cut-off cone."""
    task, inputs = case.task, data.inputs
    noise = data.labels - inputs @ task.target_vector
    moment = inputs.T @ inputs / case.estimator.sample_size
    nearest = jnp.linalg.solve(moment, inputs.T @ noise / case.estimator.sample_size)
    edges = CUT_OFF * (task.source.vectors - task.target_vector)
    projected = inputs @ (hull_weights(edges, nearest, moment) @ edges)
    own = jnp.sqrt(in_sample_error(key, data, case))
    return jnp.maximum(own - jnp.linalg.norm(projected), 0.0)


def _noise_on_the_span(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, ""]:
    """Return ||P e||^2, with P the projection on X times the span of the concepts' differences."""
    noise = data.labels - data.inputs @ case.task.target_vector
    # The concepts of the lemma's cases are e_1..e_K, so that the differences from the first span the rest.
    vectors = case.task.source.vectors
    basis, _ = jnp.linalg.qr(data.inputs @ (vectors[1:] - vectors[0]).T)
    return jnp.sum((basis.T @ noise) ** 2)


def dimension_bound(case: Case[Any]) -> Float[Array, ""]:
    """Return sigma'^2 min(n, r), with r the dimension of the hull, in squared label units."""
    directions = jnp.minimum(case.estimator.sample_size, hull_dimension(case.task))
    return directions * case.task.supervisor.noise**2


def _cases(preset: Preset) -> Sequence[Case]:
    return [Case("unbiased, sigma'=0.5, n=20", noisy(0.5), HullRegression(num_weak=20))]


def _vertex_cases(preset: Preset) -> Sequence[Case]:
    listed = [Case(f"unbiased, sigma'=0.5, n={n}", noisy(0.5), HullRegression(num_weak=n)) for n in (20, 60)]
    many = Case("d=20, K=12, n=60", many_unbiased(), HullRegression(num_weak=60))
    return listed if preset == "quick" else [*listed, many]


def _vertex_controls(preset: Preset) -> Sequence[Control]:
    case = Case("target inside the hull, n=60", inside_the_hull(0.05), HullRegression(num_weak=60))
    return [Control(case, breaks=SIMPLEX.name)]


HULL_REGRESSION_LEMMAS = (
    Statement(
        id="cone-projection",
        kind="equality",
        label_power=1,
        title="The error is at most the noise projected on the tangent cone, on every path (violation)",
        cases=_cases,
        measure=FromWeakData(_cone_violation),
        pathwise=True,
        bound=lambda case: 0.0,
        margin=lambda case: 1e-3 * label_scale(case.task),
        page=PAGE,
    ),
    Statement(
        id="noise-on-the-span",
        kind="equality",
        label_power=2,
        title="The noise has sigma'^2 in every direction of the hull",
        cases=_cases,
        measure=FromWeakData(_noise_on_the_span, nonnegative),
        bound=dimension_bound,
        margin=lambda case: 0.05 * float(dimension_bound(case)),
        page=PAGE,
    ),
    Statement(
        id="vertex-of-a-simplex",
        kind="upper",
        label_power=2,
        title="At a vertex of a simplex of K orthogonal concepts the noise counts about 2 log K directions",
        cases=_vertex_cases,
        measure=FromWeakData(in_sample_error, nonnegative),
        bound=vertex_bound,
        trivial=dimension_bound,
        assumptions=(
            CONSTRAINED,
            SIMPLEX,
            NORMAL,
            MORE_PAIRS,
            UNBIASED,
            IN_HULL,
            STATED,
            POINT_MASS,
            FOUR_MOMENTS,
        ),
        controls=_vertex_controls,
        page=PAGE,
    ),
)
