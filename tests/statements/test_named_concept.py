"""intent-inference: a case by enumeration, and the factor that the bound may not have."""

from itertools import product

import numpy as np
import pytest

import w2s_sim as w2s
from w2s_sim.identification import classical_identification_bound, identification_bound
from w2s_sim.statements import Case, find_statement
from w2s_sim.statements.intent_inference.claim import silent_demonstrations
from w2s_sim.statements.shared.regression_examples import canonical
from w2s_sim.verify import replicate

STATEMENT = find_statement("intent-inference")


def test_silent_demonstrations_by_enumeration(standard_errors_off) -> None:
    """The name is wrong exactly if x_1 = x_2 in all demonstrations: the others outweigh the prior by far."""
    silent = sum(all(a == b for a, b in pairs) for pairs in product(product((-1, 1), repeat=2), repeat=2))
    case = Case("", silent_demonstrations(), w2s.IntentInference(2))
    values = replicate(STATEMENT.measure, case, seed=1, start=0, stop=8192)  # pyright: ignore[reportArgumentType]
    assert standard_errors_off(values[:, None], np.array([silent / 16])) < 5
    assert silent / 16 < float(STATEMENT.bound(case)) < 0.2932


def test_the_sharper_bound_of_the_posterior_does_not_hold() -> None:
    task = silent_demonstrations()
    assert float(identification_bound(task, 2)) < 0.2 < 0.25 < float(classical_identification_bound(task, 2))


@pytest.mark.parametrize("size", [4, 8, 16])
def test_bound_is_between_the_sharper_bound_and_twice_it(size: int) -> None:
    sharper = float(identification_bound(canonical(), size))
    bound = float(STATEMENT.bound(Case("", canonical(), w2s.IntentInference(size))))
    assert sharper < bound <= 2 * sharper


def test_bound_of_the_posterior_is_not_claimed_of_the_name() -> None:
    statement = find_statement("concept-identification")
    case = Case("", canonical(), w2s.IntentInference(8))
    assert statement.broken_assumption(case) == "posterior of one context"
