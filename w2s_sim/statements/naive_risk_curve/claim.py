"""Theorem naive-risk-curve: the exact limit of the risk of ridge to the source as d and n grow together."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from w2s_sim.estimators import Estimator, LeastSquares, Ridge
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.laws.noise import StudentTNoise
from w2s_sim.statements.contract.case import Assumption, Case, Control
from w2s_sim.statements.contract.parameters import Parameter
from w2s_sim.statements.contract.statement import Preset, Statement
from w2s_sim.statements.naive_risk_curve.lemmas import NAIVE_RISK_CURVE_LEMMAS
from w2s_sim.statements.naive_risk_curve.marchenko_pastur import ridge_traces
from w2s_sim.statements.naive_risk_curve.resolution import is_resolved, pull
from w2s_sim.statements.shared.bounded_metrics import ISOTROPIC_RISK
from w2s_sim.statements.shared.broken_learners import RandomLength, UnderstatedNoise
from w2s_sim.statements.shared.finetuned_students import ISOTROPIC, SYMMETRIC, ratio_of, ridge_of
from w2s_sim.statements.shared.finite_variance import FINITE_VARIANCE
from w2s_sim.statements.shared.regression_examples import canonical, canonical_in, leaning_to_source
from w2s_sim.statements.shared.student_error import STUDENT_ERROR
from w2s_sim.tasks.regression_task import TransferTask, canonical_task
from w2s_sim.tasks.supervisors import RegressionSupervisor

# Rounding error of a student relative to the vectors it is computed from, in units of the machine epsilon.
ROUNDINGS = 100.0


def terms(case: Case) -> Mapping[str, Float[Array, ""]]:
    """Return the summands of the curve, in squared label units."""
    return curve_terms(case.task, ratio_of(case), ridge_of(case))


def curve_terms(
    task: TransferTask, ratio: Float[ArrayLike, "*r"], ridge: Float[ArrayLike, "*r"]
) -> Mapping[str, Float[Array, "*r"]]:
    """Return the summands of the curve at ratios gamma = d/n and penalties eta, in squared label units.

    Args:
        task: The task; its dimension d enters only through the ratio.
        ratio: gamma > 0.
        ridge: eta >= 0, in squared feature units.
    """
    traces = ridge_traces(ratio, ridge)
    source_error, cross, step = pull(task)
    return {
        "source error": source_error,
        "pull to the weak model": 2.0 * traces.mean_gain * cross,
        "length of the pull": traces.squared_gain * step,
        "label noise": task.supervisor.noise**2 * traces.noise_gain,
    }


def bound(case: Case) -> Float[Array, ""]:
    """Return the value of the curve, in squared label units."""
    return sum(terms(case).values(), start=jnp.zeros(()))


def margin(case: Case) -> Float[Array, ""]:
    """Return (||beta'_Q - beta_P||^2 + sigma'^2) / n, an allowance for the finite size n, plus rounding.

    Only rounding is left if the weak model equals the source and the labels have no noise.
    """
    task = case.task
    _, _, step = pull(task)
    return (step + task.supervisor.noise**2) / case.estimator.sample_size + _rounding(case)


def _rounding(case: Case) -> Float[Array, ""]:
    """Return the rounding errors of a squared error with rounded coordinates, and of the sum of the curve."""
    task, parts = case.task, jnp.abs(jnp.stack(list(terms(case).values())))
    vectors = jnp.stack([task.source_vector, task.target_vector, task.weak_vector])
    share = ROUNDINGS * jnp.finfo(vectors.dtype).eps
    slack = share * jnp.sqrt(jnp.max(jnp.sum(vectors**2, axis=1)))
    return 2.0 * jnp.sqrt(jnp.maximum(bound(case), 0.0)) * slack + slack**2 + 0.1 * share * jnp.sum(parts)


def _is_ridge(case: Case) -> bool:
    return isinstance(case.estimator, Ridge | LeastSquares)


def _states_its_noise(case: Case) -> bool:
    return type(case.task.supervisor) is RegressionSupervisor


def _has_point_mass_target(case: Case) -> bool:
    """Return whether exactly one concept has weight: even a rare second one adds noise the curve ignores."""
    return int(np.count_nonzero(np.asarray(case.task.target_prior))) == 1


def _knows_coordinates(case: Case) -> bool:
    law = case.task.features
    known = law.excess_kurtosis is not None and law.largest_atom is not None
    return known or not law.independent_coordinates


def _is_regular_at_zero(case: Case) -> bool:
    return float(ridge_of(case)) > 0 or not case.task.features.largest_atom


def cases(preset: Preset) -> Sequence[Case]:
    wide = canonical_in(20)
    path = [
        Case(f"d=20, n=40, eta={ridge:g}", wide, Ridge(ridge, num_weak=40))
        for ridge in ((0.0, 0.3, 1.0) if preset == "quick" else (0.0, 0.1, 0.3, 1.0, 3.0))
    ]
    sizes = [
        Case("d=40, n=80, eta=0.3", canonical_in(40), Ridge(0.3, num_weak=80)),
        Case("d=30, n=20, eta=0.3", canonical_in(30), Ridge(0.3, num_weak=20)),
    ]
    strong = [
        Case(f"canonical, n=240, eta={ridge:g}", canonical_task(), Ridge(ridge, num_weak=240))
        for ridge in (0.0, 0.3)
    ]
    laws = [
        Case(
            "rademacher features, d=20, n=40",
            canonical_in(20, features="rademacher"),
            Ridge(0.3, num_weak=40),
        ),
        Case("heavy-tailed label noise, d=20, n=40", heavy_tailed(wide), Ridge(0.3, num_weak=40)),
    ]
    larger = [
        Case("uniform features, d=20, n=40", canonical_in(20, features="uniform"), Ridge(0.3, num_weak=40)),
        Case("d=60, n=40, eta=0.3", canonical_in(60), Ridge(0.3, num_weak=40)),
        Case("d=40, n=80, eta=0", canonical_in(40), Ridge(0.0, num_weak=80)),
        Case("d=80, n=160, eta=0.3", canonical_in(80), Ridge(0.3, num_weak=160)),
        Case("d=80, n=20, eta=0", canonical_in(80), LeastSquares(num_weak=20)),
        Case("weak model leans to the source", leaning_to_source(0.3), Ridge(0.3, num_weak=60)),
        Case("weak model overshoots the source", leaning_to_source(1.3), Ridge(1.0, num_weak=60)),
        Case("no label noise, n=60", canonical(weak_noise=0.0), Ridge(0.3, num_weak=60)),
    ]
    return path + sizes + strong + laws + (larger if preset == "full" else [])


def heavy_tailed(task: TransferTask, degrees_of_freedom: float = 5.0) -> TransferTask:
    """Return the task with Student t label noise of the same variance."""
    weak = task.supervisor
    supervisor = RegressionSupervisor(weak.vectors, weak.noise, StudentTNoise(degrees_of_freedom))
    return TransferTask(task.features, task.source, task.target_prior, supervisor)


def controls(preset: Preset) -> Sequence[Control]:
    wide = canonical_in(20)
    loud = UnderstatedNoise(wide.supervisor.vectors, wide.supervisor.noise)
    stretched = Anisotropic(Gaussian(20), np.diag(np.repeat([2.0**0.5, 0.5], [4, 16])))
    mixed = canonical_in(20, target_prior=[0.2, 0.0, 0.2, 0.6])
    return [
        Control(
            Case(
                "twice the label noise that is stated",
                TransferTask(wide.features, wide.source, wide.target_prior, loud),
                Ridge(0.3, num_weak=40),
            ),
            breaks="label noise of the stated variance",
        ),
        Control(
            Case("anisotropic features", canonical_in(20, features=stretched), Ridge(0.3, num_weak=40)),
            breaks="isotropic features",
        ),
        Control(
            Case(
                "features of random length",
                canonical_in(20, features=RandomLength(20)),
                Ridge(0.3, num_weak=40),
            ),
            breaks="independent coordinates",
        ),
        Control(Case("mixed target, ungrouped", mixed, Ridge(0.3, num_weak=40)), breaks="point-mass target"),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return Ridge(numbers["ridge"], num_weak=numbers["num_weak"])


NAIVE_RISK_CURVE = Statement(
    id="naive-risk-curve",
    kind="equality",
    label_power=2,
    title="The risk of naive fine-tuning, exactly",
    summary=(
        "When features and weak pairs grow at a fixed ratio, the risk of ridge to the source tends to an "
        "explicit curve in eta: source error, pull to the weak model and label noise, each with its trace."
    ),
    formula=(
        r"\mathbb{E}\,R(b_\eta) \;\to\; \lVert a_0\rVert^2 + 2w\,D_1^\top a_0 + w_2\lVert D_1\rVert^2 "
        r"+ \sigma'^2 v"
    ),
    cases=cases,
    bound=bound,
    measure=STUDENT_ERROR,
    assumptions=(
        Assumption("ridge to the source", _is_ridge),
        ISOTROPIC,
        SYMMETRIC,
        Assumption("features of variance one", lambda case: case.task.features.isotropic),
        Assumption("independent coordinates", lambda case: case.task.features.independent_coordinates),
        Assumption("known kurtosis and atoms of independent coordinates", _knows_coordinates),
        Assumption("eta > 0, or features with a density", _is_regular_at_zero),
        Assumption("point-mass target", _has_point_mass_target),
        Assumption("label noise of the stated variance", _states_its_noise),
        Assumption("limit resolved at this size", is_resolved),
        FINITE_VARIANCE,
    ),
    terms=terms,
    margin=margin,  # pyright: ignore[reportArgumentType]
    lemmas=NAIVE_RISK_CURVE_LEMMAS,
    controls=controls,
    parameters=(
        Parameter.of(Ridge, "num_weak", "weak pairs n", 60, required=True),
        Parameter.of(Ridge, "ridge", "ridge to the source, eta", 0.3, required=True),
    ),
    build_estimator=build_estimator,
    bounded_metric=ISOTROPIC_RISK,
    quantity="excess risk of the student (squared label units)",
    plot_axis="ridge",
    reference="after Somerstep et al. 2025, arXiv 2405.16236; traces of Marchenko & Pastur 1967",
    page="theory/naive-risk-curve.md",
)
