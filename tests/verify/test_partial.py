"""What of a battery was reached when it ended early."""

import pytest

from w2s_sim.statements import all_statements
from w2s_sim.verify import Battery, Settings, Verdict
from w2s_sim.verify.partial import partial_run, partial_sentence

SMALL = Settings(first_round=64, max_replicates=64)


class EnoughError(Exception):
    """Ends a battery."""


def reached_before(battery: Battery, num_checks: int) -> list[Verdict]:
    """The verdicts of a battery that is ended at a row."""
    reached: list[Verdict] = []

    def check() -> None:
        # Programs are compiled ahead by other threads, which ask as well.
        if len(reached) >= num_checks:
            raise EnoughError

    with pytest.raises(EnoughError):
        battery.run(on_verdict=reached.append, check=check)
    return reached


def test_rows_that_were_reached_are_told_from_those_that_were_asked_for() -> None:
    naive, collapse = (all_statements()[id_] for id_ in ("naive-floor", "no-free-lunch"))
    battery = Battery([naive, collapse], settings=SMALL)
    jobs = battery.jobs
    reached = reached_before(battery, 2)
    assert [row.case for row in reached] == [case.name for case in naive.cases("quick")[:2]]
    partial = partial_run(jobs, reached)
    assert partial == {
        "rows": 2, "of": len(jobs), "cut_short": ["naive-floor"], "not_reached": ["no-free-lunch"]
    }  # fmt: skip
    sentence = partial_sentence(partial)
    assert f"after 2 of {len(jobs)} rows; cut short: naive-floor; not reached: no-free-lunch." in sentence


def test_a_theorem_is_cut_short_until_its_mutants_are_judged() -> None:
    battery = Battery([all_statements()["naive-floor"]], settings=SMALL)
    whole = battery.run()
    rows = [row for row in whole if row.role != "mutant"]
    assert partial_run(battery.jobs, whole)["cut_short"] == []
    assert partial_run(battery.jobs, rows)["cut_short"] == ["naive-floor"]
    assert [row.role for row in whole][-1] == "mutant"
