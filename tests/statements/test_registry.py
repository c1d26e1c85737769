"""The registry: every statement complete, in step with the book, and on the right side of its bound."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from w2s_sim.errors import InputError
from w2s_sim.estimators import Estimator
from w2s_sim.statements import Assumption, Case, Control, Preset, Statement, all_statements, find_statement
from w2s_sim.tasks.overlapping_features import capacity_task
from w2s_sim.verify import Settings
from w2s_sim.verify.case_check import check_case, check_control
from w2s_sim.verify.evaluation import bound_of, rounding_of, terms_of, trivial_of
from w2s_sim.verify.verdict import is_vacuous

ROOT = Path(__file__).parents[2]
STATEMENTS = list(all_statements().values())
WITH_LEMMAS = [(theorem, part) for theorem in STATEMENTS for part in (theorem, *theorem.lemmas)]
PRESETS: tuple[Preset, ...] = ("quick", "full")

theorems = pytest.mark.parametrize("statement", STATEMENTS, ids=lambda s: s.id)
parts = pytest.mark.parametrize(("theorem", "part"), WITH_LEMMAS, ids=[part.id for _, part in WITH_LEMMAS])


@theorems
def test_page_names_the_statement_and_its_lemmas(statement: Statement) -> None:
    page = (ROOT / statement.page).read_text(encoding="utf-8")
    assert page.startswith(f"# {statement.id}")
    for lemma in statement.lemmas:
        assert lemma.page == statement.page
        assert f"`{lemma.id}`" in page, lemma.id


@theorems
def test_page_claims_no_lemma_that_the_code_has_not(statement: Statement) -> None:
    page = (ROOT / statement.page).read_text(encoding="utf-8")
    claimed = set(re.findall(r"\*\*Lemma `([a-z-]+)`", page))
    assert claimed == {lemma.id for lemma in statement.lemmas}


def test_every_page_with_a_proof_belongs_to_a_statement() -> None:
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "theory").glob("*.md")}
    proved = {
        name for name, text in pages.items() if re.search(r"^(## Proof|\*\*Lemma `)", text, re.MULTILINE)
    }
    assert proved == set(all_statements())
    assert all(statement.page == f"theory/{id_}.md" for id_, statement in all_statements().items())


@theorems
def test_statement_is_complete(statement: Statement) -> None:
    assert statement.cases("quick")
    assert statement.controls("quick")
    assert statement.lemmas
    assert statement.parameters
    assert statement.assumptions
    for text in (statement.title, statement.summary, statement.formula, statement.quantity):
        assert text.strip()
    assert "arXiv" in statement.reference
    assert statement.plot_axis in {parameter.name for parameter in statement.parameters}


@parts
def test_names_are_unique(theorem: Statement, part: Statement) -> None:
    for preset in PRESETS:
        names = [case.name for case in part.cases(preset)]
        assert len(set(names)) == len(names) > 0
    assert len({assumption.name for assumption in part.assumptions}) == len(part.assumptions)
    assert [other.id for _, other in WITH_LEMMAS].count(part.id) == 1


# Simulated for information only: queries that are also demonstrations.
NOT_APPLICABLE = {"d=10, K=4, leave-one-out"}


@parts
def test_cases_satisfy_the_assumptions(theorem: Statement, part: Statement) -> None:
    for preset in PRESETS:
        for case in part.cases(preset):
            broken = part.broken_assumption(case)
            assert (broken is not None) == (case.name in NOT_APPLICABLE), (case.name, broken)


def test_quick_cases_are_a_share_of_the_full_ones() -> None:
    for _, part in WITH_LEMMAS:
        assert len(part.cases("quick")) <= len(part.cases("full"))


# Assumptions that cannot hold without another: what breaks the key breaks these as well.
IMPLIED = {
    "isotropic features": {
        "sign-permutation-symmetric features",
        "independent coordinates",
        "features of variance one",
    },
    "spectral fine-tuning": {"gains that stay on the segment"},
    "normal features": {"finite variance of the risk"},
}


def controls_of(part: Statement) -> list[Control]:
    return [control for preset in PRESETS for control in part.controls(preset)]


@parts
def test_controls_break_what_they_name_and_nothing_independent_of_it(
    theorem: Statement, part: Statement
) -> None:
    for control in controls_of(part):
        broken = {a.name for a in part.assumptions if not a.holds(control.case)}
        assert control.breaks in broken, control.case.name
        assert broken - {control.breaks} <= IMPLIED.get(control.breaks, set()), control.case.name
        if control.believed is not None:
            assert part.broken_assumption(control.believed) is None, control.case.name


# One look, at the level of five standard errors; or as many as it takes.
ONE_LOOK = Settings(first_round=1024, max_replicates=1024, seed=2)
LOOKS = dataclasses.replace(ONE_LOOK, max_replicates=32_768)
FIVE_STANDARD_ERRORS = 5.7e-7
# Those that sample so much that LLVM's optimiser takes less time than it saves.
MUCH_SAMPLING = {
    "chain-weights-are-scalar",
    "competitors-die-out",
    "divergence-adds-up",
    "fit-keeps-the-mean",
    "gap-below-divergence",
    "mean-chain",
    "subspace-variance",
    "teacher-excess",
}
# Rare large replicates carry their third moment: some seeds find too little information.
HEAVY_TAILED = {"tilted-variance", "enumerated-moment"}


def expected_outcome(part: Statement, case: Case[Any]) -> str:
    """What a true statement and a sound check lead to, from the bound and the assumptions alone."""
    if part.broken_assumption(case) is not None:
        return "not-applicable"
    if is_vacuous(part.kind, bound_of(part, case), trivial_of(part, case), rounding_of(part)):
        return "vacuous"
    return "consistent" if part.exact is None else "certified"


def assert_expected(part: Statement, case: Case[Any]) -> None:
    row = check_case(part, case, settings=LOOKS, alpha=FIVE_STANDARD_ERRORS)
    assert np.isfinite(row.measured)
    heavy = {"inconclusive"} if part.id in HEAVY_TAILED else set()
    assert row.verdict in {expected_outcome(part, case)} | heavy, row


def optimise_much_sampling(part: Statement, request: pytest.FixtureRequest) -> None:
    if part.id in MUCH_SAMPLING:
        request.getfixturevalue("optimised_tiles")


@parts
def test_first_case_is_decided_and_some_case_says_something(
    theorem: Statement, part: Statement, request: pytest.FixtureRequest
) -> None:
    optimise_much_sampling(part, request)
    cases = part.cases("quick")
    assert any(expected_outcome(part, case) in ("consistent", "certified") for case in cases)
    assert_expected(part, cases[0])


@pytest.mark.slow
@parts
def test_every_case_of_the_preset_is_decided(theorem: Statement, part: Statement) -> None:
    """Undecided is no verdict for a case that the package declares itself."""
    for case in part.cases("quick"):
        assert_expected(part, case)


@theorems
def test_first_control_is_on_the_wrong_side(statement: Statement, request: pytest.FixtureRequest) -> None:
    optimise_much_sampling(statement, request)
    control = statement.controls("quick")[0]
    settings = dataclasses.replace(ONE_LOOK, max_replicates=8192)
    row = check_control(
        statement, control, settings=settings, alpha=FIVE_STANDARD_ERRORS, theorem=statement.id
    )
    assert row.verdict == "refuted", row


@theorems
def test_estimator_of_the_ready_example(statement: Statement) -> None:
    numbers = {
        parameter.name: parameter.default if parameter.example is None else parameter.example
        for parameter in statement.parameters
    }
    assert statement.build_estimator is not None
    estimator = statement.build_estimator(numbers)
    assert isinstance(estimator, Estimator)
    case = Case("example", statement.cases("quick")[0].task, estimator, bool(numbers.get("grouped")))
    assert statement.broken_assumption(case) is None
    assert np.isfinite(bound_of(statement, case))


def test_a_task_without_what_an_assumption_speaks_of_is_told_from_a_mistake() -> None:
    floor, capacity = find_statement("naive-floor"), capacity_task(6, 3, 3, 2.0)
    case = Case("", capacity, floor.cases("quick")[0].estimator)
    prior = Assumption("a prior", lambda each: bool(each.task.target_prior is not None))
    assert dataclasses.replace(floor, assumptions=(prior,)).broken_assumption(case) == "a prior"
    misspelt = Assumption("a mistake", lambda each: each.task.taget_prior is not None)
    with pytest.raises(AttributeError, match="taget_prior"):
        dataclasses.replace(floor, assumptions=(misspelt,)).broken_assumption(case)


def test_terms_add_up_to_the_bound() -> None:
    for statement in STATEMENTS:
        if statement.terms is None:
            continue
        for case in statement.cases("quick")[:2]:
            total = sum(terms_of(statement, case).values())
            assert total == pytest.approx(bound_of(statement, case), rel=1e-5)


def test_unknown_statement_is_answered_with_the_nearest_id() -> None:
    with pytest.raises(InputError, match=r"did you mean 'naive-floor'\?") as refusal:
        find_statement("naive-flor")
    assert refusal.value.field == "theorem"
    assert all(id_ in refusal.value.expected for id_ in all_statements())
    with pytest.raises(InputError) as refusal:
        find_statement("zzzz")
    assert "did you mean" not in str(refusal.value)
