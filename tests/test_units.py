"""Labels have units: concepts, noise and bias times c make risks c^2 times as large, and nothing else."""

import warnings
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import w2s_sim as w2s
from tests.units import EXACT_UNITS, UNITS, in_units
from w2s_sim.errors import PrecisionWarning
from w2s_sim.estimators.weak_channel import BiasAndNoiseUnknown
from w2s_sim.laws.features import Anisotropic, Gaussian
from w2s_sim.runs.cell_bounds import bound_columns
from w2s_sim.statements import Case, Statement, all_statements
from w2s_sim.statements.shared.quantities import naive_floor
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.tasks.supervisors import biased_supervisor, orthogonal_directions
from w2s_sim.tasks.task import WeakData
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import case_parameters, check_case
from w2s_sim.verify.evaluation import bound_of, exact_value_of, margin_of, trivial_of

PRIORS: dict[str, Any] = {"source_prior": [0.5, 0.25, 0.15, 0.1], "target_prior": [0.0, 0.0, 0.0, 1.0]}
# Of a number that is computed from float32 in another unit.
ROUNDING = 1e-4
# Those that take long to compile.
LONG = ("sharp-prefactor", "two-concepts-by-quadrature", "sharper-chernoff", "voronoi-closed-form")


def numbers_of(statement: Statement, case: Case[Any]) -> dict[str, float]:
    """All that a statement says of a case without sampling, as far as it has label units."""
    numbers = {"bound": bound_of(statement, case), "margin": margin_of(statement, case)}
    trivial = trivial_of(statement, case)
    if trivial is not None:
        numbers["trivial"] = trivial
    if statement.exact is not None:
        numbers["exact"] = exact_value_of(statement, case)
    if statement.support is not None:
        for end, values in zip(("low", "high"), statement.support(case), strict=True):
            numbers |= {f"{end} {i}": float(value) for i, value in enumerate(np.ravel(np.asarray(values)))}
    return numbers


def require_same_in_units(statement: Statement, case: Case[Any], c: float) -> None:
    own, other = numbers_of(statement, case), numbers_of(statement, in_units(case, c))
    # The size of what cancels in a difference of risks.
    size = max(float(case.task.weak_risk), 1.0) if statement.label_power else 1.0
    where = f"{statement.id}: {case.name}, labels times {c:g}"
    for name, value in own.items():
        expected = pytest.approx(value, rel=ROUNDING, abs=1e-6 * size)
        assert other[name] / c**statement.label_power == expected, f"{where}: {name}"
    assert statement.broken_assumption(in_units(case, c)) == statement.broken_assumption(case), where


def cases_with_units(theorem: Statement) -> Iterator[tuple[bool, Statement, Case[Any]]]:
    """The quick cases of a theorem and its lemmas, and whether every run of the tests tries them."""
    for statement in (theorem, *theorem.lemmas):
        for index, case in enumerate(statement.cases("quick")):
            # Symbols have no unit.
            if isinstance(case.task, w2s.TransferTask):
                yield index == 0 and statement.id not in LONG, statement, case


# Cases are made by the tests: making all of them takes every worker seconds.
theorems = pytest.mark.parametrize("theorem", list(all_statements().values()), ids=lambda s: s.id)


@theorems
def test_every_statement_says_the_same_in_every_unit(theorem: Statement) -> None:
    for is_tried, statement, case in cases_with_units(theorem):
        if is_tried:
            for c in UNITS:
                require_same_in_units(statement, case, c)


@pytest.mark.slow
@theorems
def test_every_case_says_the_same_in_every_unit(theorem: Statement) -> None:
    for is_tried, statement, case in cases_with_units(theorem):
        if not is_tried:
            for c in UNITS:
                require_same_in_units(statement, case, c)


def test_powers_of_the_label_unit_are_those_of_the_quantities() -> None:
    for theorem in all_statements().values():
        for statement in (theorem, *theorem.lemmas):
            if statement.quantity:
                assert (statement.label_power == 2) == ("squared label units" in statement.quantity)


@pytest.mark.parametrize("c", UNITS)
def test_tasks_in_every_unit(c: float) -> None:
    concepts = np.eye(4, 8)
    task = w2s.regression_task(8, 4, concepts=(c * concepts).tolist(), noise=0.5 * c, bias=0.7 * c, **PRIORS)
    np.testing.assert_allclose(
        np.asarray(task.supervisor.vectors) / c, concepts + 0.7 * np.eye(4, 8, 4), atol=1e-6
    )
    assert float(task.weak_risk) / c**2 == pytest.approx(0.49)
    assert float(naive_floor(task)) / c**2 == pytest.approx(0.343150, abs=1e-6)
    assert task.unresolved(1000) == ""
    # One of the concepts in a unit of its own, and one of length zero: the others are across all of them.
    mixed = concepts * np.array([1.0, c, 0.0, 1.0])[:, None]
    units = orthogonal_directions(mixed)
    np.testing.assert_allclose(units @ units.T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(units @ concepts[[0, 1, 3]].T, 0.0, atol=1e-12)
    model = w2s.RegressionModel(PRIORS["source_prior"], mixed, 0.5)
    with pytest.raises(w2s.InputError, match=r"weak.directions: got cosine 1"):
        biased_supervisor(model, 0.7, 0.5, np.eye(4, 8))


RIDGE = w2s.Ridge(0.3, num_weak=20)
ESTIMATORS = {
    "ridge": RIDGE,
    "least squares": w2s.LeastSquares(num_weak=20),
    "fewer data than features": w2s.LeastSquares(num_weak=4),
    "gradient descent": w2s.GradientDescent(5, 0.1, num_weak=20),
    "cutoff": w2s.SpectralCutoff(0.8, num_weak=20),
    "mixing": w2s.LabelMixing(RIDGE, 0.4),
    "bootstrapping": w2s.Bootstrapping(np.full((1, 8), 0.3), [0.3, 0.1], num_weak=20),
    "labeller": w2s.InContext(3),
    "intent inference": w2s.IntentInference(3),
    "posterior ensemble": w2s.PosteriorEnsemble(3, 2),
    "refinement": w2s.Refinement(3, RIDGE),
    "refinement, leave one out": w2s.Refinement(3, RIDGE, context="leave-one-out", labels="mean"),
    "refinement, with the query": w2s.Refinement(4, RIDGE, context="with-query", labels="mean"),
    "conjugate": w2s.ConjugateRefinement(6, 0.5),
    "drawn concepts": w2s.DrawnConcepts(6, 4, 0.5),
    "conjugate, with a student": w2s.ConjugateRefinement(6, np.diag(np.linspace(0.2, 1.0, 8)), RIDGE),
    "hull": w2s.HullProjection(RIDGE),
    "hull regression": w2s.HullRegression(num_weak=20),
    "iterated": w2s.IteratedRefinement(4, num_weak=20),
    "maximum likelihood": w2s.MaximumLikelihood(num_weak=20),
    "bias and noise unknown": BiasAndNoiseUnknown(5, num_weak=20),
    "oracle": w2s.Oracle([0.1, 0.2, 0.3, 0.4]),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_students_in_every_unit(name: str) -> None:
    """One program for all units: the coefficients are c times as large."""
    case = Case("", canonical(target_prior=[0.2, 0.0, 0.2, 0.6]), ESTIMATORS[name])

    @jax.jit
    def coefficients(c: jax.Array) -> jax.Array:
        return in_units(case, c).fit(key=jax.random.key(3)).coefficients / c

    own = np.asarray(coefficients(jnp.array(1.0)))
    for units, accuracy in ((EXACT_UNITS, 1e-5), (UNITS, 1e-3)):
        for c in units:
            np.testing.assert_allclose(
                coefficients(jnp.array(c)), own, atol=accuracy * float(np.linalg.norm(own))
            )


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_features_have_units_too(factor: float) -> None:
    """x times f, coefficients by f, ridge and cut-off times f^2, step size by f^2: the same predictions."""
    task, key = w2s.canonical_task(), jax.random.key(5)
    squared = factor**2
    for own, other in (
        (w2s.Ridge(0.3, num_weak=20), w2s.Ridge(0.3 * squared, num_weak=20)),
        (w2s.LeastSquares(num_weak=4), w2s.LeastSquares(num_weak=4)),
        (w2s.SpectralCutoff(0.8, num_weak=20), w2s.SpectralCutoff(0.8 * squared, num_weak=20)),
        (w2s.GradientDescent(5, 0.1, num_weak=20), w2s.GradientDescent(5, 0.1 / squared, num_weak=20)),
    ):
        data = task.sample_weak(own.sample_size, key=key)
        expected = own.fit(task.source, data, key=key).coefficients
        source = w2s.RegressionModel(task.source.prior, task.source.vectors / factor, 0.5)
        student = other.fit(source, WeakData(factor * data.inputs, data.labels), key=key)
        np.testing.assert_allclose(student.coefficients * factor, expected, atol=1e-4)
    law = Anisotropic(Gaussian(8), factor * np.eye(8))
    stretched = w2s.regression_task(
        8, 4, concepts=(np.eye(4, 8) / factor).tolist(), features=law, bias=0.7 / factor, **PRIORS
    )
    assert float(stretched.weak_risk) == pytest.approx(0.49)
    assert stretched.unresolved(1000) == ""


@pytest.mark.parametrize("c", UNITS)
def test_bounds_of_a_study_in_every_unit(c: float) -> None:
    for estimator in (w2s.Ridge(0.3, num_weak=60), w2s.InContext(16), w2s.InContext(1)):
        case = Case("", w2s.canonical_task(), estimator)
        own, other = bound_columns(case), bound_columns(in_units(case, c))
        assert own.keys() == other.keys()
        for name, value in own.items():
            if isinstance(value, float):
                power = 0 if name.startswith("prior") else 2
                assert other[name] / c**power == pytest.approx(value, rel=ROUNDING, nan_ok=True), name
            else:
                assert other[name] == value


@pytest.mark.parametrize("theorem", ["naive-floor", "refinement-risk"])
def test_verdicts_in_every_unit(theorem: str) -> None:
    statement, settings = all_statements()[theorem], Settings(seed=3, first_round=512, max_replicates=2048)
    estimator = w2s.Ridge(0.3, num_weak=60) if theorem == "naive-floor" else w2s.InContext(8)
    case = Case("", w2s.canonical_task(), estimator)
    own = check_case(statement, case, settings=settings, alpha=1e-3)
    assert own.verdict == "consistent"
    for c in (1e-9, *EXACT_UNITS, 1e9):
        row = check_case(statement, in_units(case, c), settings=settings, alpha=1e-3)
        assert (row.verdict, row.replicates) == (own.verdict, own.replicates)
        for name in ("measured", "se", "ci_low", "ci_high", "bound"):
            expected = pytest.approx(getattr(own, name), rel=1e-3, abs=1e-6)
            assert getattr(row, name) / c**2 == expected, name


def test_tasks_that_differ_have_labels_that_differ_in_every_unit() -> None:
    def label(bias: float, c: float) -> str:
        return case_parameters(Case("", in_units(canonical(bias=bias), c), w2s.InContext(4)))["task"]

    for c in (1.0, *UNITS):
        assert label(0.7, c) != label(0.8, c)
    assert label(0.7, 1.0) == label(0.7 + 1e-8, 1.0)


def test_a_prior_over_concepts_is_isotropic_or_not_in_every_unit() -> None:
    for c in (1.0, *UNITS):
        assert w2s.ConjugateRefinement(4, c * np.eye(3)).has_isotropic_prior
        assert not w2s.ConjugateRefinement(4, c * np.diag([1.0, 1.0, 1.1])).has_isotropic_prior


def far_from_zero(noise: float = 0.5) -> w2s.TransferTask:
    """Concepts of length 1e6, and noise that float32 cannot tell beside it."""
    concepts = np.random.default_rng(0).normal(size=(4, 8))
    concepts *= 1e6 / np.linalg.norm(concepts, axis=1, keepdims=True)
    return w2s.regression_task(
        8,
        4,
        concepts=concepts.tolist(),
        noise=noise,
        supervisor=w2s.RegressionSupervisor(concepts, noise),
        **PRIORS,
    )


def test_labels_too_large_for_the_precision_are_said_to_be() -> None:
    students = {"least squares": w2s.LeastSquares(num_weak=60)}
    with pytest.warns(PrecisionWarning, match=r"size 1e\+06 to 0.12, .* noise of 0.5 .*--x64"):
        w2s.compare(far_from_zero(), students, replicates=2)
    case = Case("", far_from_zero(), w2s.Ridge(0.0, num_weak=60))
    settings = Settings(first_round=64, max_replicates=64)
    row = check_case(all_statements()["naive-risk-curve"], case, settings=settings, alpha=1e-3)
    assert row.verdict == "inconclusive"
    assert "compute in float64 (--x64)" in row.reason
    with warnings.catch_warnings(), jax.enable_x64(True):
        warnings.simplefilter("error")
        table = w2s.compare(far_from_zero(), students, replicates=2000)
        # sigma^2 d / (n - d - 1), whatever the concepts.
        risk, error = (float(table[name].to_numpy()[0]) for name in ("risk", "risk_se"))
        assert abs(risk - 0.25 * 8 / 51) < 5 * error
    assert far_from_zero(noise=1e6).unresolved(1000) == ""
