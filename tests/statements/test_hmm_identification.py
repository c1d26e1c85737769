"""hmm-identification: measured values by enumeration, and languages that are and are not told apart."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest

from w2s_sim.estimators import InContext
from w2s_sim.statements import Case
from w2s_sim.statements.hmm_identification.claim import (
    HMM_IDENTIFICATION,
    nearest_competitor_distance,
    relabelled_task,
)
from w2s_sim.statements.shared.finite_examples import (
    ALTERNATING,
    FORGETFUL,
    STAYING,
    language_task,
    languages,
    table_task,
    three_state_task,
)
from w2s_sim.tasks.finite_task import FiniteTask
from w2s_sim.verify import replicate
from w2s_sim.verify.evaluation import bound_of, exact_value_of

STATEMENT = HMM_IDENTIFICATION
LEMMAS = {lemma.id: lemma for lemma in STATEMENT.lemmas}


def enumerated_error(task: FiniteTask, size: int) -> float:
    """E[1 - pi_n(k*)] as a sum over all contexts, in plain numpy."""
    laws = np.exp(np.asarray(task.source.log_outcome_probabilities(), dtype=np.float64))
    weak, prior = np.asarray(task.weak_law, dtype=np.float64), np.asarray(task.source.prior, dtype=np.float64)
    star, total = int(task.target_concept), 0.0
    for context in itertools.product(range(len(weak)), repeat=size):
        index = list(context)
        joint = prior * laws[:, index].prod(axis=1)
        total += weak[index].prod() * (1.0 - joint[star] / joint.sum())
    return total


@pytest.mark.parametrize(
    ("task", "size"),
    [
        (language_task(), 2),
        (language_task(target_prior=[0.1, 0.2, 0.7]), 2),
        (table_task(share=0.2), 4),
    ],
    ids=["languages", "mixed target", "tables"],
)
def test_measured_value_is_the_sum_over_contexts(task: FiniteTask, size: int, standard_errors_off) -> None:
    assert STATEMENT.measure is not None
    case = Case("", task, InContext(size))
    values = replicate(STATEMENT.measure, case, seed=5, start=0, stop=16_384)
    expected = enumerated_error(task, size)
    assert standard_errors_off(values, expected) < 5
    assert expected <= bound_of(STATEMENT, case)


def test_certificates_are_those_of_enumeration() -> None:
    case = Case("", language_task(), InContext(2))
    clipped = exact_value_of(LEMMAS["clipped-odds-of-two-demonstrations"], case)
    assert enumerated_error(language_task(), 2) < clipped < bound_of(STATEMENT, case)


@pytest.mark.parametrize("task", [language_task(), three_state_task()], ids=["two states", "three states"])
@pytest.mark.parametrize("lemma", ["forward-algorithm", "outcome-law", "renamed-states"])
def test_exact_lemmas_hold_to_rounding(task: FiniteTask, lemma: str) -> None:
    case = Case("", task, InContext(2))
    assert exact_value_of(LEMMAS[lemma], case) == pytest.approx(bound_of(LEMMAS[lemma], case), abs=1e-12)


def test_laws_tell_languages_apart_where_parameters_do_not() -> None:
    renamed = relabelled_task()
    assert not np.allclose(renamed.source.emission[0], renamed.source.emission[2])  # pyright: ignore[reportAttributeAccessIssue]
    assert nearest_competitor_distance(renamed.source, 2) < 1e-5
    assert nearest_competitor_distance(language_task().source, 2) > 0.3
    # A source that excludes the twin has nothing to confuse.
    excluded = renamed.source.with_prior(jnp.array([0.0, 0.5, 0.5]))
    assert nearest_competitor_distance(excluded, 2) > 0.3


def test_terms_are_one_for_each_competitor() -> None:
    case = Case("", language_task(), InContext(16))
    assert STATEMENT.terms is not None
    terms = {name: float(value) for name, value in STATEMENT.terms(case).items()}
    assert terms["concept 3"] == 0.0
    assert terms["concept 2"] > 100 * terms["concept 1"] > 0
    assert sum(terms.values()) == pytest.approx(bound_of(STATEMENT, case), rel=1e-5)


def test_order_alone_tells_the_languages_apart() -> None:
    """With one symbol a sequence all three languages are one."""
    short = languages(STAYING, FORGETFUL, ALTERNATING, length=1)
    assert nearest_competitor_distance(short, 2) < 1e-6


def test_assumptions_notice_what_is_broken() -> None:
    for control in STATEMENT.controls("quick"):
        assert STATEMENT.broken_assumption(control.case) == control.breaks
    grouped = Case("", language_task(target_prior=[0.1, 0.0, 0.9]), InContext(4), grouped=True)
    assert STATEMENT.broken_assumption(grouped) == "independent demonstrations"


def test_what_cannot_be_misidentified_has_a_support_of_one_point() -> None:
    """No other concept that the source holds: the posterior is 1 on every path, and the bound 0."""
    one = table_task(source_prior=[0.0, 0.0, 0.0, 1.0])
    assert STATEMENT.support is not None
    assert STATEMENT.support(Case("", one, InContext(4))) == (0.0, 0.0)
    assert bound_of(STATEMENT, Case("", one, InContext(4))) == 0.0
    assert STATEMENT.support(Case("", table_task(), InContext(4))) == (0.0, 1.0)
