"""Bounds of cells: known numbers, the right side of what is measured, and none where an assumption fails."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from scipy.special import xlogy

import w2s_sim as w2s
from w2s_sim.files.task_table import read_task
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.plugins import registry
from w2s_sim.runs import cell_bounds
from w2s_sim.runs.cell_bounds import Bound, bound_columns, bounds_of
from w2s_sim.runs.cell_metrics import measured
from w2s_sim.statements import Case, all_statements, find_statement
from w2s_sim.statements.bootstrap_floor.chain import chain
from w2s_sim.statements.optimal_surrogate.examples import two_levels
from w2s_sim.statements.registry import THEOREMS
from w2s_sim.statements.shared.broken_learners import RepeatedDemonstration
from w2s_sim.statements.shared.finite_examples import TABLES, style_content_task, table_task
from w2s_sim.statements.shared.regression_examples import canonical, leaning_to_concept
from w2s_sim.statements.shrinkage_limit.planar_tasks import projected_teacher
from w2s_sim.tasks.metric_labels import metric_names
from w2s_sim.verify import Settings, replicate
from w2s_sim.verify.case_check import check_case
from w2s_sim.verify.evaluation import bound_of, margin_of

MIXED = [0.1, 0.2, 0.3, 0.4]
STRETCHED = Anisotropic(Gaussian(8), np.diag(np.linspace(0.6, 1.4, 8)))
FLOOR = 1.145 * 0.49 / (1.145 + 0.49)
PRIORS = {"source_prior": [0.6, 0.4], "target_prior": [0.0, 1.0]}
TASKS: dict[str, dict[str, Any]] = {
    "regression": {"dim": 8, "num_concepts": 2, "noise": 0.5, "weak": {"kind": "biased", "bias": 0.7}},
    "categorical": {"tables": [[[0.7, 0.3]], [[0.1, 0.9]]], "weak": {"kind": "smoothed", "share": 0.1}},
    "hmm": {
        "length": 3,
        "initial": [[0.5, 0.5]] * 2,
        "transition": [[[0.9, 0.1], [0.1, 0.9]], [[0.5, 0.5], [0.3, 0.7]]],
        "emission": [[[0.9, 0.1], [0.1, 0.9]]] * 2,
        "weak": {"kind": "shifted", "share": 0.1},
    },
    "style-content": {
        "style_tables": [[[0.9, 0.1]], [[0.2, 0.8]]],
        "content_tables": [[[0.7, 0.3]]],
        "weak": {"kind": "wrong-content", "share": 0.1},
    },
}
NUMBERS = {
    "num_weak": 20,
    "num_demonstrations": 4,
    "num_queries": None,
    "context": "shared",
    "labels": "draw",
    "ridge": 0.3,
    "steps": 3,
    "step_size": 0.1,
    "threshold": 0.5,
    "mixing": 0.5,
    "confidence": 0.5,
    "rounds": 2,
    "spread": 0.5,
    "num_concepts": 4,
    "middle": [[0.2] * 8],
    "ridges": [0.3, 0.1],
    "inputs": "fresh",
    "pseudo_count": 0.5,
    "members": 2,
    "views": 2,
}
# By kind, what is known of its cells on the regression task above.
KNOWN = {
    "finetune": ["naive-floor", "naive-risk-curve"],
    "least-squares": ["naive-floor", "naive-risk-curve"],
    "gradient-descent": ["naive-floor"],
    "spectral-cutoff": ["naive-floor"],
    "label-mixing": ["naive-floor"],
    "bootstrap": ["bootstrap-floor"],
    "refine": ["concept-identification", "refinement-risk", "mixture-collapse"],
    "conjugate": ["continuum-floor"],
    "infer": ["intent-inference"],
}


def case_of(estimator: w2s.Estimator, task: Any = None, *, grouped: bool = False) -> Case[Any]:
    return Case("", w2s.canonical_task() if task is None else task, estimator, grouped)


def bound_by(theorem: str, case: Case[Any]) -> Bound | None:
    return next((bound for bound in bounds_of(case) if bound.theorem == theorem), None)


def value_by(theorem: str, case: Case[Any]) -> float:
    bound = bound_by(theorem, case)
    assert bound is not None
    assert bound.kind == find_statement(theorem).kind
    assert bound.metric == MEASURED[theorem]
    return bound.value


def student(num_demonstrations: int, num_queries: int = 60, **choices: Any) -> w2s.Refinement:
    """As a study file has it: a refined student is fitted by ridge, at zero unless something else is said."""
    return w2s.Refinement(num_demonstrations, w2s.Ridge(0.0, num_weak=num_queries), **choices)


def test_the_table_is_in_the_order_of_the_book() -> None:
    found = [bound.theorem for bound in bounds_of(MEASURED_CASES["refinement-risk"])]
    assert len(found) > 1
    assert found == [theorem for theorem in THEOREMS if theorem in found]
    assert set(MEASURED.values()) <= set(metric_names([canonical(), w2s.capacity_task(6, 3, 3, 2.0)]))


def test_known_values_of_the_canonical_task() -> None:
    assert value_by("naive-floor", case_of(w2s.Ridge(0.3, num_weak=60))) == pytest.approx(FLOOR, abs=1e-6)
    # The floor again, and as the README prints it: the squared distance of the segment, at its points.
    shares = np.linspace(0.0, 1.0, 10_001)[:, None]
    segment = (1.0 - shares) * [0.5, 0.25, 0.15, -0.9, 0.0] + shares * [0.0, 0.0, 0.0, 0.0, 0.7]
    assert round(float(np.sum(segment**2, axis=1).min()), 6) == round(FLOOR, 6) == 0.343150
    assert value_by("continuum-floor", case_of(w2s.ConjugateRefinement(16, 0.5))) == pytest.approx(FLOOR)
    # At eta = 0: b^2 + sigma'^2 gamma / (1 - gamma).
    curve = value_by("naive-risk-curve", case_of(w2s.Ridge(0.0, num_weak=240)))
    assert curve == pytest.approx(0.49 + 0.25 / 29, abs=1e-6)
    for size, identification in ((4, 0.799333), (8, 0.285280), (16, 0.0362256)):
        case = case_of(w2s.InContext(size))
        assert value_by("concept-identification", case) == pytest.approx(identification, rel=1e-4)
        # D^2 = 2.
        assert value_by("refinement-risk", case) == pytest.approx(2 * identification, rel=1e-4)
        # Bias and spread of the labels together cost max(1, 10 / 51) times their squared error.
        fitted = 2 * identification + 0.25 * 8 / 51
        assert value_by("refinement-risk", case_of(student(size))) == pytest.approx(fitted, rel=1e-4)
    # After long contexts, the error of believing in the fourth concept alone.
    tenth = case_of(w2s.InContext(2000), canonical(target_prior=[0.1, 0.0, 0.0, 0.9]))
    assert value_by("mixture-collapse", tenth) == pytest.approx(0.02, abs=1e-6)


@pytest.mark.parametrize(
    ("theorem", "estimator"),
    [
        ("naive-floor", w2s.Ridge(0.1, num_weak=60)),
        ("continuum-floor", w2s.ConjugateRefinement(16, 0.5)),
        ("refinement-risk", w2s.InContext(48)),
    ],
)
def test_a_bound_on_the_squared_error_is_one_on_the_risk(theorem: str, estimator: w2s.Estimator) -> None:
    """Features of variance 1/3: the risk is a third of the squared error of the coefficients."""
    case = case_of(estimator, w2s.paper_task())
    third = bound_of(find_statement(theorem), case) / 3.0
    assert value_by(theorem, case) == pytest.approx(third, rel=1e-6)
    risks = replicate(measured(["risk"]), case, seed=0, start=0, stop=1024)[:, 0]
    above = find_statement(theorem).kind == "lower"
    assert (risks.mean() > third) == above
    assert abs(risks.mean() - third) < third


def test_identification_among_tables_is_that_of_enumeration() -> None:
    laws = (np.array([0.4, 0.6])[:, None] * TABLES / 10.0).reshape(4, -1)
    prior = np.array([0.5, 0.25, 0.15, 0.1])
    exponents = np.linspace(0.0, 1.0, 20_001)
    moments = np.einsum("m,skm->sk", laws[3], (laws[:3] / laws[3]) ** exponents[:, None, None])
    factors = np.exp(xlogy(exponents, exponents) + xlogy(1.0 - exponents, 1.0 - exponents))
    terms = factors[:, None] * (prior[:3] / prior[3]) ** exponents[:, None] * moments**8
    expected = terms.min(axis=0).sum()
    assert value_by("hmm-identification", case_of(w2s.InContext(8), table_task())) == pytest.approx(expected)


# One case a theorem, where its bound is near what is measured; and a refined student for the last two.
MEASURED = {
    theorem: statement.bounded_metric.name
    for theorem, statement in all_statements().items()
    if statement.bounded_metric is not None
}
MEASURED_CASES = {
    "naive-floor": case_of(w2s.Ridge(0.4, num_weak=960)),
    "bootstrap-floor": case_of(chain(canonical(), -0.2, ridges=[1.6, 0.3], num_weak=240)),
    "shrinkage-limit": case_of(w2s.SpectralCutoff(0.1, num_weak=240), projected_teacher(0.5, spread=0.01)),
    "naive-risk-curve": case_of(w2s.Ridge(0.3, num_weak=240)),
    "optimal-surrogate": case_of(w2s.LeastSquares(num_weak=24), two_levels()),
    "concept-identification": case_of(w2s.InContext(16)),
    "intent-inference": case_of(w2s.IntentInference(8)),
    "refinement-risk": case_of(student(32)),
    "mixture-collapse": case_of(w2s.InContext(128), canonical(target_prior=[0.1, 0.0, 0.0, 0.9])),
    "hmm-identification": case_of(w2s.InContext(16), style_content_task()),
    "continuum-floor": case_of(w2s.ConjugateRefinement(240, 0.1)),
    "subspace-variance": case_of(w2s.LeastSquares(num_weak=20), w2s.capacity_task(8, 4, 4, 2.0, num_true=40)),
    "kernel-gap": find_statement("kernel-gap").cases("quick")[0],
}


@pytest.mark.parametrize("theorem", MEASURED)
def test_the_mean_is_on_its_side_of_the_bound(theorem: str) -> None:
    case = MEASURED_CASES[theorem]
    bound = value_by(theorem, case)
    values = replicate(measured([MEASURED[theorem]]), case, seed=0, start=0, stop=2048)
    column = values[:, 0]
    mean, error = float(column.mean()), float(column.std(ddof=1) / math.sqrt(len(column)))
    statement = find_statement(theorem)
    margin = margin_of(statement, case)
    if statement.kind != "upper":
        assert mean + 5 * error >= bound - margin
    if statement.kind != "lower":
        assert mean - 5 * error <= bound + margin
    # And the bound says something.
    assert 0.0 < bound < 1.0


BROKEN = [
    ("naive-floor", w2s.Ridge(0.3, num_weak=60), {"features": STRETCHED}),
    ("naive-floor", w2s.InContext(16), {}),
    ("bootstrap-floor", chain(canonical(), -0.2, ridges=[1.6, 0.3]), {"features": STRETCHED}),
    ("shrinkage-limit", w2s.GradientDescent(3, 0.1, num_weak=60), {}),
    ("naive-risk-curve", w2s.Ridge(0.3, num_weak=60), {"target_prior": MIXED}),
    ("naive-risk-curve", w2s.SpectralCutoff(0.8, num_weak=60), {}),
    ("optimal-surrogate", w2s.LeastSquares(num_weak=60), {}),
    ("concept-identification", RepeatedDemonstration(16), {}),
    # 1 - pi(k*) still obeys the theorem, but the total variation is another number.
    ("concept-identification", w2s.InContext(16), {"target_prior": MIXED}),
    ("concept-identification", w2s.InContext(16), {"source_prior": [0.5, 0.25, 0.25, 0.0]}),
    ("refinement-risk", student(15, 64, context="leave-one-out"), {}),
    ("refinement-risk", w2s.Refinement(16, w2s.Ridge(0.1, num_weak=60)), {}),
    ("refinement-risk", w2s.InContext(16), {"supervisor": leaning_to_concept(0.8).supervisor}),
    # The squared error still obeys the theorem, but the risk is another norm's.
    ("refinement-risk", w2s.InContext(16), {"features": STRETCHED}),
    ("mixture-collapse", student(16, 11), {"target_prior": MIXED}),
    ("continuum-floor", w2s.ConjugateRefinement(16, np.diag(np.linspace(0.5, 1.5, 8))), {}),
    ("continuum-floor", w2s.ConjugateRefinement(16, 0.5), {"features": STRETCHED}),
]


@pytest.mark.parametrize(("theorem", "estimator", "changes"), BROKEN)
def test_a_broken_assumption_takes_the_bound_away(
    theorem: str, estimator: w2s.Estimator, changes: dict[str, Any]
) -> None:
    assert bound_by(theorem, MEASURED_CASES[theorem]) is not None
    assert bound_by(theorem, case_of(estimator, canonical(**changes))) is None


def test_assumptions_about_the_draw_of_concepts() -> None:
    mixed = canonical(target_prior=[0.2, 0.0, 0.0, 0.8])
    for grouped, found in ((False, ["mixture-collapse"]), (True, [])):
        case = case_of(w2s.InContext(64), mixed, grouped=grouped)
        assert [bound.theorem for bound in bounds_of(case)] == found
    for estimator, target, found in (
        (w2s.InContext(4), [0.0, 0.0, 0.0, 1.0], ["hmm-identification"]),
        (w2s.InContext(4), MIXED, []),
        (RepeatedDemonstration(4), [0.0, 0.0, 0.0, 1.0], []),
        (w2s.MaximumLikelihood(num_weak=4), [0.0, 0.0, 0.0, 1.0], []),
    ):
        case = case_of(estimator, table_task(target_prior=target))
        assert [bound.theorem for bound in bounds_of(case)] == found


def test_no_kind_of_task_is_left_out() -> None:
    assert {*TASKS, "capacity"} == {*registry().tasks}


def test_every_kind_of_estimator_on_tasks_of_capacity() -> None:
    kind = registry().tasks["capacity"]
    weak = {"dim": 2, "num_true": 40}
    task = read_task(
        {"kind": "capacity", "dim": 6, "strong_dim": 3, "overlap": 1.5, "noise": 0.5, "weak": weak}
    )
    for name, entry in registry().estimators.items():
        if not entry.is_for(kind):
            continue
        numbers = {parameter.name: NUMBERS[parameter.name] for parameter in entry.parameters}
        found = [bound.theorem for bound in bounds_of(case_of(entry.build(task, numbers), task))]
        assert found == (["subspace-variance"] if name == "least-squares" else []), name


@pytest.mark.parametrize("kind", TASKS)
def test_every_kind_of_estimator_on_every_kind_of_task(kind: str) -> None:
    """Those that a study would refuse are no reason to fail either."""
    task = read_task({"kind": kind, **PRIORS, **TASKS[kind]})
    even = dataclasses.replace(task, target_prior=np.array([0.5, 0.5]))
    for name, entry in registry().estimators.items():
        numbers = {parameter.name: NUMBERS[parameter.name] for parameter in entry.parameters}
        estimator = entry.build(task, numbers)
        found = [bound.theorem for bound in bounds_of(case_of(estimator, task))]
        if kind == "regression":
            assert found == KNOWN.get(name, []), name
        else:
            assert found == (["hmm-identification"] if name == "refine" else []), name
        for grouped in (False, True):
            columns = bound_columns(case_of(estimator, even, grouped=grouped))
            assert columns["bound_theorem"] == of_any_target(kind, name, grouped)


def of_any_target(kind: str, name: str, grouped: bool) -> str:
    """The theorem that bounds a cell of a mixed target: a floor, or that mixtures collapse."""
    if kind != "regression":
        return ""
    if name == "refine":
        return "" if grouped else "mixture-collapse"
    return next((theorem for theorem in KNOWN.get(name, []) if theorem.endswith("-floor")), "")


def test_a_refined_student_at_ridge_zero_is_least_squares() -> None:
    plain = w2s.Refinement(16, w2s.LeastSquares(num_weak=60))
    assert bounds_of(case_of(student(16))) == bounds_of(case_of(plain))
    assert bounds_of(case_of(student(16))) != []


def test_columns_prefer_one_side_and_name_their_theorems() -> None:
    columns = bound_columns(case_of(w2s.Ridge(0.0, num_weak=240)))
    assert columns == {
        "bound": pytest.approx(FLOOR),
        "bound_kind": "lower",
        "bound_theorem": "naive-floor",
        "risk_lower": pytest.approx(FLOOR),
        "risk_lower_theorem": "naive-floor",
        "risk_theory": pytest.approx(0.49 + 0.25 / 29),
        "risk_theory_theorem": "naive-risk-curve",
    }
    columns = bound_columns(case_of(w2s.InContext(16)))
    assert (columns["bound_theorem"], columns["bound_kind"]) == ("refinement-risk", "upper")
    assert columns["bound"] == columns["risk_upper"] == pytest.approx(2 * 0.0362256, rel=1e-4)
    # mixture-collapse says that it is not negative.
    assert "risk_lower" not in columns
    assert columns["prior_tv_upper"] == pytest.approx(0.0362256, rel=1e-4)
    assert columns["prior_tv_upper_theorem"] == "concept-identification"


def test_columns_without_a_bound_of_the_risk() -> None:
    columns = bound_columns(case_of(w2s.Oracle([0.0, 0.0, 0.0, 1.0])))
    assert math.isnan(columns.pop("bound"))
    assert columns == {"bound_kind": "", "bound_theorem": ""}
    columns = bound_columns(case_of(w2s.InContext(16), table_task()))
    assert math.isnan(columns["bound"])
    assert columns["prior_tv_upper"] > 0


def test_columns_hold_the_tightest_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    several = [
        Bound("risk", "first", "equality", 0.3),
        Bound("risk", "second", "equality", 0.2),
        Bound("risk", "nothing", "lower", 0.5, vacuous=True),
        *(Bound("risk", f"below {value}", "lower", value) for value in (0.05, 0.2, 0.1)),
        *(Bound("prior_tv", f"above {value}", "upper", value) for value in (0.9, 0.7, 0.8)),
        Bound("prior_tv", "nothing", "upper", 0.1, vacuous=True),
    ]
    monkeypatch.setattr(cell_bounds, "bounds_of", lambda case: several)
    assert bound_columns(MEASURED_CASES["naive-floor"]) == {
        "bound": 0.05,
        "bound_kind": "lower",
        "bound_theorem": "below 0.05",
        "risk_theory": 0.3,
        "risk_theory_theorem": "first",
        "risk_lower": 0.2,
        "risk_lower_theorem": "below 0.2",
        "prior_tv_upper": 0.7,
        "prior_tv_upper_theorem": "above 0.7",
    }


@pytest.mark.parametrize(
    ("case", "metric", "theorem"),
    [
        # 0 is a better floor of a squared risk than -1.5.
        (
            case_of(w2s.InContext(4), canonical(target_prior=[0.05, 0.0, 0.0, 0.95])),
            "risk",
            "mixture-collapse",
        ),
        # More than the risk of the worst posterior, and than 1 for a probability.
        (case_of(w2s.InContext(1)), "risk", "refinement-risk"),
        (case_of(w2s.InContext(1)), "prior_tv", "concept-identification"),
        (case_of(w2s.InContext(1), table_task()), "prior_tv", "hmm-identification"),
    ],
)
def test_a_vacuous_bound_is_no_bound_of_a_cell(case: Case[Any], metric: str, theorem: str) -> None:
    """As `w2s verify` has it: the row says `vacuous`, and there is nothing to draw."""
    bound = bound_by(theorem, case)
    assert bound is not None
    assert bound.vacuous
    settings = Settings(max_replicates=4096, first_round=4096)
    row = check_case(find_statement(theorem), case, settings=settings, alpha=1e-3)
    assert row.verdict == "vacuous"
    columns = bound_columns(case)
    assert not {f"{metric}_lower", f"{metric}_upper"} & set(columns)
    if metric == "risk":
        assert math.isnan(columns["bound"])
        assert (columns["bound_kind"], columns["bound_theorem"]) == ("vacuous", theorem)


def test_a_theorem_that_says_something_comes_before_one_that_does_not() -> None:
    case = case_of(w2s.InContext(16))
    floor = bound_by("mixture-collapse", case)
    assert floor is not None
    assert floor.vacuous
    assert bound_columns(case)["bound_theorem"] == "refinement-risk"


def test_an_infinite_bound_is_vacuous(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(w2s.InContext(16))
    for value, found in ((math.inf, True), (math.nan, None)):
        monkeypatch.setattr(cell_bounds, "bound_of", lambda statement, case, value=value: value)
        bound = bound_by("refinement-risk", case)
        assert (None if bound is None else bound.vacuous) is found
