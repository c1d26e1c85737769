"""Theorem no-free-lunch: weak data alone do not determine on which side of the weak model the target lies."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from w2s_sim.engine.measured import FromWeakData, Support, nonnegative
from w2s_sim.estimators import (
    Estimator,
    GradientDescent,
    InContext,
    LabelMixing,
    LeastSquares,
    Oracle,
    Refinement,
    Ridge,
    SpectralCutoff,
)
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.functionals import MAXIMUM
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.no_free_lunch.lemmas import NO_FREE_LUNCH_LEMMAS, errors_in_both_worlds
from w2s_sim.statements.no_free_lunch.mirrored_target import mirrored_world, weak_error
from w2s_sim.statements.shared.broken_learners import ToldTheWorld
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_source, ten_dimensional
from w2s_sim.tasks.regression_task import canonical_task, paper_task
from w2s_sim.tasks.task import WeakData


def evaluate(key: Key[Array, ""], data: WeakData, case: Case) -> Float[Array, "2"]:
    """Return the squared errors in world + and world - from one weak data set, of the law common to both.

    In both worlds the estimator is given the source of world +; only `ToldTheWorld` gets each world's source.
    """
    if not isinstance(case.estimator, ToldTheWorld):
        return errors_in_both_worlds(key, data, case)
    worlds = (case.task, mirrored_world(case.task))
    students = [case.estimator.fit(world.source, data, key=key).coefficients for world in worlds]
    errors = [student - world.target_vector for student, world in zip(students, worlds, strict=True)]
    return jnp.stack([error @ error for error in errors])


def errors_range(case: Case) -> Support:
    """Return the range of `evaluate`: a student in the hull is no farther off than the farthest concept."""
    if not case.estimator.stays_in_hull:
        return nonnegative(case)
    targets = (case.task.target_vector, mirrored_world(case.task).target_vector)
    own, other = (
        float(jnp.max(jnp.sum((case.task.source.vectors - target) ** 2, axis=1))) for target in targets
    )
    # For a learner that is told the world, concepts and target shift together: `own` bounds both errors.
    return 0.0, max(own, other)


def cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    sizes = (30, 60, 240) if preset == "quick" else (16, 30, 60, 240, 960)
    least_squares = [Case(f"least squares, n={n}", task, Ridge(0.0, num_weak=n)) for n in sizes]
    zoo = [
        Case("ridge 0.3, n=60", task, Ridge(0.3, num_weak=60)),
        Case("label mixing 0.4, eta=0.1", task, LabelMixing(Ridge(0.1, num_weak=60), 0.4)),
        Case("labeller that knows the concepts of world +, n=16", task, InContext(16)),
        Case("refined student, n=32, N=60", task, Refinement(32, LeastSquares(num_weak=60))),
        Case("an oracle for world +", task, Oracle(task.target_prior)),
    ]
    tasks = [
        Case("bias 0.3, least squares, n=240", canonical(bias=0.3), Ridge(0.0, num_weak=240)),
        Case("rademacher features, n=60", canonical(features="rademacher"), Ridge(0.0, num_weak=60)),
    ]
    more = [
        Case("gradient descent, 20 steps of 0.2", task, GradientDescent(20, 0.2, num_weak=60)),
        Case("spectral cutoff at 0.8", task, SpectralCutoff(0.8, num_weak=60)),
        Case("uniform features, n=60", canonical(features="uniform"), Ridge(0.0, num_weak=60)),
        Case("weak model leans to the source", leaning_to_source(0.3), Ridge(0.0, num_weak=240)),
        Case("d=10, K=3, least squares", ten_dimensional(), Ridge(0.0, num_weak=60)),
        Case("the paper's setting", paper_task(), Ridge(0.0, num_weak=60)),
        Case(
            "mixed target, grouped",
            canonical(target_prior=[0.2, 0.0, 0.2, 0.6]),
            Ridge(0.0, num_weak=60),
            grouped=True,
        ),
        Case(
            "leave-one-out refinement",
            task,
            Refinement(15, LeastSquares(num_weak=64), context="leave-one-out"),
        ),
    ]
    return least_squares + zoo + tasks + (more if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    labeller = ToldTheWorld(InContext(32))
    return [
        Control(
            Case("labeller told the concepts of its world, n=32", canonical_task(), labeller),
            breaks="nothing told of the world",
        )
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    """Build ridge to the source (least squares at 0), or, with num_demonstrations, a refined student."""
    if numbers["num_demonstrations"] is not None:
        return Refinement(numbers["num_demonstrations"], LeastSquares(num_weak=numbers["num_weak"]))
    return Ridge(numbers["ridge"], num_weak=numbers["num_weak"])


NO_FREE_LUNCH = Statement(
    id="no-free-lunch",
    kind="lower",
    label_power=2,
    title="Weak data alone do not tell right from wrong",
    summary=(
        "Two targets on opposite sides of the weak model give weak data of one law. Whatever learns from "
        "those data alone is as far off as the weak model itself, in one of the two worlds."
    ),
    formula=(
        r"\max_{\pm}\ \mathbb{E}\,\lVert b-\beta_Q^{\pm}\rVert^2 \;\ge\; \kappa^2,"
        r"\qquad \beta_Q^{\pm}=\beta'_Q\mp\kappa u"
    ),
    cases=cases,
    bound=lambda case: weak_error(case.task),
    measure=FromWeakData(evaluate, errors_range),
    functional=MAXIMUM,
    assumptions=(
        Assumption("nothing told of the world", lambda case: not isinstance(case.estimator, ToldTheWorld)),
        FINITE_VARIANCE,
    ),
    trivial=lambda case: 0.0,
    lemmas=NO_FREE_LUNCH_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(Ridge, "num_weak", "weak pairs n, or queries N of a refined student", 60, required=True),
        Parameter.of(Ridge, "ridge", "ridge to the source, eta; 0 is least squares", default=0.0),
        Parameter.of(InContext, "num_demonstrations", "demonstrations, for a refined student"),
        Parameter("grouped", bool, "all pairs share one draw of the concept", default=False),
    ),
    build_estimator=build_estimator,
    quantity="larger squared error of two worlds (squared label units)",
    plot_axis="num_weak",
    reference="after Somerstep et al. 2025, arXiv 2405.16236; two-point argument of Le Cam 1973",
    page="theory/no-free-lunch.md",
)
