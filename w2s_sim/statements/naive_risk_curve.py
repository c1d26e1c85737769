"""naive-risk-curve: the risk of ridge to the source, exactly, when d and n grow together."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from w2s_sim.estimators import Estimator, LeastSquares, Ridge
from w2s_sim.features import Anisotropic, Gaussian
from w2s_sim.noise import StudentTNoise
from w2s_sim.statements.broken_learners import UnderstatedNoise
from w2s_sim.statements.case import Assumption, Case, Control
from w2s_sim.statements.example_tasks import canonical, canonical_in, leaning_to_source
from w2s_sim.statements.finetuning import ISOTROPIC, SYMMETRIC, has_finite_variance, ratio_of, ridge_of
from w2s_sim.statements.marchenko_pastur import resolvent_excess, ridge_traces
from w2s_sim.statements.measure import STUDENT_ERROR
from w2s_sim.statements.naive_risk_curve_lemmas import NAIVE_RISK_CURVE_LEMMAS
from w2s_sim.statements.parameters import Parameter
from w2s_sim.statements.quantities import transfer_geometry
from w2s_sim.statements.statement import Preset, Statement
from w2s_sim.supervisors import RegressionSupervisor
from w2s_sim.task import TransferTask, canonical_task

# Of the margin. The rest is for higher orders: at eta = 0 and |n - d| >= 4 the whole excess is at most 4/3 of
# its first order.
FIRST_ORDER_SHARE = 0.75


def terms(case: Case) -> Mapping[str, Float[Array, ""]]:
    """The curve's summands, in squared label units."""
    task = case.task
    traces = ridge_traces(ratio_of(case), ridge_of(case))
    source_error, cross, step = _pull(task)
    return {
        "source error": source_error,
        "pull to the weak model": 2.0 * traces.mean_gain * cross,
        "length of the pull": traces.squared_gain * step,
        "label noise": task.supervisor.noise**2 * traces.noise_gain,
    }


def bound(case: Case) -> Float[Array, ""]:
    """The curve."""
    return sum(terms(case).values(), start=jnp.zeros(()))


def margin(case: Case) -> Float[Array, ""]:
    """(||beta'_Q - beta_P||^2 + sigma'^2) / n: what the traces of n draws may miss their limits by."""
    _, _, step = _pull(case.task)
    return (step + case.task.supervisor.noise**2) / case.estimator.sample_size


@jax.jit
def _pull(task: TransferTask) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """||a_0||^2, D_1.a_0 and ||D_1||^2 for a_0 = beta_P - beta_Q and D_1 = beta'_Q - beta_P."""
    a2, b2, c = transfer_geometry(task)
    return a2, c - a2, a2 + b2 - 2.0 * c


def _is_resolved(case: Case) -> bool:
    """Whether the first-order excess of the traces, its signs ignored, leaves a quarter of the margin.

    Near gamma = 1 and eta = 0 it does not: there the curve has a pole, and n must be larger.
    """
    ratio, ridge = ratio_of(case), float(ridge_of(case))
    delta, slope = (float(number) for number in resolvent_excess(ratio, ridge))
    _, cross, step = (float(number) for number in _pull(case.task))
    shrunk = ridge * abs(slope)
    excess = (
        2.0 * abs(cross) * ridge * delta
        + step * ridge * (2.0 * delta + shrunk)
        + float(case.task.supervisor.noise) ** 2 * ratio * (delta + shrunk)
    )
    return excess <= FIRST_ORDER_SHARE * case.estimator.sample_size * float(margin(case))


def _is_ridge(case: Case) -> bool:
    return isinstance(case.estimator, Ridge | LeastSquares)


def _states_its_noise(case: Case) -> bool:
    return type(case.task.supervisor) is RegressionSupervisor


def _has_finite_variance(case: Case) -> bool:
    """Of the design, as for every unshrunk student, and of the squared label noise."""
    law = case.task.supervisor.law
    light = not isinstance(law, StudentTNoise) or float(law.degrees_of_freedom) > 4.0
    return light and has_finite_variance(case)


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
    """The task with Student t label noise of the same variance."""
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
        Control(Case("mixed target, ungrouped", mixed, Ridge(0.3, num_weak=40)), breaks="point-mass target"),
    ]


def build_estimator(numbers: dict[str, Any]) -> Estimator:
    return Ridge(numbers["ridge"], num_weak=numbers["num_weak"])


NAIVE_RISK_CURVE = Statement(
    id="naive-risk-curve",
    kind="equality",
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
        Assumption("point-mass target", lambda case: case.task.has_point_mass_target),
        Assumption("label noise of the stated variance", _states_its_noise),
        Assumption("limit resolved at this size", _is_resolved),
        Assumption("finite variance of the risk", _has_finite_variance),
    ),
    terms=terms,
    margin=margin,  # pyright: ignore[reportArgumentType]
    lemmas=NAIVE_RISK_CURVE_LEMMAS,
    controls=controls,
    parameters=(
        Parameter("num_weak", int, "weak pairs n", example=60, required=True, low=1),
        Parameter("ridge", float, "ridge to the source, eta", example=0.3, required=True, low=0),
    ),
    build_estimator=build_estimator,
    quantity="excess risk of the student (squared label units)",
    plot_axis="ridge",
    reference="after Somerstep et al. 2025, arXiv 2405.16236; traces of Marchenko & Pastur 1967",
    page="theory/naive-risk-curve.md",
)
