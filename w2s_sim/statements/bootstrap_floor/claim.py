"""Theorem bootstrap-floor: a chain of fine-tuned students has a floor, as a single student has."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from w2s_sim.estimators import Bootstrapping, Estimator, InContext
from w2s_sim.statements.bootstrap_floor.chain import bootstrap_floor, chain
from w2s_sim.statements.bootstrap_floor.lemmas import BOOTSTRAP_FLOOR_LEMMAS, CHAIN
from w2s_sim.statements.contract.case import Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.naive_floor.claim import features_away_from_bias
from w2s_sim.statements.shared.bounded_metrics import ISOTROPIC_RISK
from w2s_sim.statements.shared.finetuned_students import ISOTROPIC, SYMMETRIC
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.statements.shared.student_error import STUDENT_ERROR
from w2s_sim.tasks.regression_task import TransferTask, canonical_task, paper_task

# The penalties at which the chain with a middle model at share -0.2 attains its floor for many inputs.
BEST_RIDGES = [1.633333, 0.286562]
EXAMPLE_MIDDLE = [[0, 0, 0, 1.2, 0.6, 0, 0, 0]]


def cases(preset: Preset) -> Sequence[Case]:
    task = canonical_task()
    overshooting = chain(task, -0.2, ridges=BEST_RIDGES)
    halfway = chain(task, 0.4, ridges=[1.0, 0.1])
    two_steps = chain(task, -0.2, 0.3, ridges=[1.0, 0.3, 0.1])
    two_steps_shared = chain(task, -0.2, 0.3, ridges=[1.0, 0.3, 0.1], inputs="shared")
    repeated = Bootstrapping(task.source_vector[None], [0.3, 0.3], num_weak=60)
    mixed = canonical(target_prior=[0.2, 0.0, 0.2, 0.6])
    tight = chain(task, -0.2, ridges=BEST_RIDGES, num_weak=240, inputs="shared")
    listed = [
        Case("canonical, middle model beyond the target", task, overshooting),
        Case("canonical, middle model half way", task, halfway),
        Case("canonical, two middle models", task, two_steps),
        Case("canonical, the strong model taught twice", task, repeated),
        Case("canonical, shared inputs, n=240", task, tight),
        Case("rademacher features", canonical(features="rademacher"), overshooting),
        Case("mixed target, ungrouped", mixed, overshooting),
    ]
    longer = [
        Case("mixed target, grouped", mixed, overshooting, grouped=True),
        Case("bias 1.4", canonical(bias=1.4), overshooting),
        Case("canonical, n=960", task, chain(task, -0.2, ridges=BEST_RIDGES, num_weak=960)),
        Case("canonical, fewer inputs than features", task, chain(task, -0.2, ridges=[1, 0.3], num_weak=4)),
        Case("uniform features", canonical(features="uniform"), halfway),
        Case("two middle models, shared inputs", task, two_steps_shared),
        Case("the paper's setting", paper_task(), chain(paper_task(), -0.2, ridges=[0.5, 0.1])),
    ]
    return listed + (longer if preset == "full" else [])


def controls(preset: Preset) -> Sequence[Control]:
    task = canonical_task()
    tilted = TransferTask(features_away_from_bias(task), task.source, task.target_prior, task.supervisor)
    # Both models have the strong model's source: they leave it long before they learn the bias.
    twice = Bootstrapping(task.source_vector[None], [0.1, 0.1], num_weak=240)
    return [
        Control(Case("anisotropic features", tilted, twice), breaks=ISOTROPIC.name),
        Control(
            Case("refined, not fine-tuned", task, InContext(16)),
            breaks=CHAIN.name,
            believed=Case("", task, chain(task, -0.2, ridges=BEST_RIDGES)),
        ),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    arguments = {name: numbers[name] for name in ("num_weak", "inputs")}
    return Bootstrapping(jnp.asarray(numbers["middle"]), jnp.asarray(numbers["ridges"]), **arguments)


BOOTSTRAP_FLOOR = Statement(
    id="bootstrap-floor",
    kind="lower",
    label_power=2,
    title="A chain of fine-tuned students has a floor",
    summary=(
        "If a weak model teaches a middle model, which teaches the next, up to the strong model, all by "
        "fine-tuning, the last student never gets closer to the target than the convex hull of the weak "
        "model and the models' sources."
    ),
    formula=(
        r"\mathbb{E}\,\lVert b_m-\beta_Q\rVert^2 \;\ge\; "
        r"\mathrm{dist}\bigl(\beta_Q,\,\mathrm{conv}\{\beta'_Q,\beta_P^1,\dots,\beta_P^m\}\bigr)^2"
    ),
    cases=cases,
    bound=bootstrap_floor,
    measure=STUDENT_ERROR,
    assumptions=(CHAIN, ISOTROPIC, SYMMETRIC, FINITE_VARIANCE),
    trivial=lambda case: 0.0,
    lemmas=BOOTSTRAP_FLOOR_LEMMAS,
    controls=controls,
    parameters=(
        Parameter(
            "middle",
            list,
            "source vectors of the middle models, (m - 1) x d",
            example=EXAMPLE_MIDDLE,
            required=True,
            depth=2,
        ),
        Parameter(
            "ridges", list, "eta of every model, the strong model last", example=[1.5, 0.3], required=True
        ),
        Parameter.of(Bootstrapping, "num_weak", "inputs n of every model", 60, required=True),
        Parameter(
            "inputs",
            str,
            "inputs of their own for every model, or the same for all",
            choices=("fresh", "shared"),
            default="fresh",
        ),
        Parameter("grouped", bool, "all weak pairs share one draw of the concept", default=False),
    ),
    build_estimator=build_estimator,
    bounded_metric=ISOTROPIC_RISK,
    quantity="squared error of the last student (squared label units)",
    plot_axis="num_weak",
    reference="After Somerstep et al. 2025, arXiv 2405.16236 (naive fine-tuning), and Burns et al. 2023",
    page="theory/bootstrap-floor.md",
)
