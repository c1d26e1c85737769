"""The explorer's rounds are looks of one check, and end with its verdict."""

import pytest

import w2s_sim as w2s
from w2s_sim.statements.registry import find_statement
from w2s_sim.teaching.live_task import Controls
from w2s_sim.teaching.live_verdict import FIRST_ROUND, MOST_REPLICATES, THEOREMS, Rounds, case_of


def test_each_round_doubles_the_replicates_and_narrows_the_interval() -> None:
    rounds = Rounds(Controls(), "naive-floor")
    assert not rounds.finished
    while not rounds.finished:
        rounds.advance()
    looks = [look.replicates for look in rounds.verdicts]
    assert looks == [FIRST_ROUND * 2**i for i in range(len(looks))]
    assert looks[-1] == MOST_REPLICATES
    widths = [look.ci_high - look.ci_low for look in rounds.verdicts]
    assert widths[-1] < 0.3 * widths[0]
    assert rounds.verdicts[-1].verdict == "consistent"
    assert "not a proof" in rounds.sentence()
    settled = list(rounds.verdicts)
    rounds.advance()
    assert rounds.verdicts == settled


def test_a_broken_assumption_is_named_after_one_round() -> None:
    rounds = Rounds(Controls(target_weights=(0.5, 0.0, 0.0, 0.5)), "refinement-risk")
    rounds.advance()
    assert rounds.finished
    assert rounds.verdicts[-1].verdict == "not-applicable"
    assert "point-mass target" in rounds.sentence()


def test_a_task_that_does_not_exist_is_not_asked_about() -> None:
    rounds = Rounds(Controls(dim=6), "naive-floor")
    assert rounds.finished
    assert "dim >= 8" in rounds.sentence()
    rounds.advance()
    assert rounds.verdicts == []


@pytest.mark.parametrize("theorem", THEOREMS)
def test_the_numbers_of_the_controls_are_those_of_the_case(theorem: str) -> None:
    case = case_of(Controls(num_weak=24, num_queries=100), find_statement(theorem))
    sizes = {24, 124}
    assert case.estimator.sample_size in sizes
    assert case.grouped == (theorem == "grouped-transfer")
    assert isinstance(case.task, w2s.TransferTask)
