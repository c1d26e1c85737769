"""The first commands of a newcomer: `w2s` alone, and `w2s demo`."""

import pytest

import w2s_sim as w2s
from w2s_sim.cli import main
from w2s_sim.cli.next_steps import STEPS
from w2s_sim.experiments.floor_and_refinement import FINE_TUNED, IN_CONTEXT, STUDENT, floor_and_refinement


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    return int(leaving.value.code or 0)


def test_w2s_alone_says_what_to_do_next(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    shown = capsys.readouterr().out
    assert all(command in shown for command, _ in STEPS.values())


@pytest.mark.parametrize("command", [command for command, _ in STEPS.values()])
def test_every_step_is_a_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    # Help is printed only if every argument before it is understood.
    assert run(*command.split()[1:], "--help") == 0
    assert "usage: w2s" in capsys.readouterr().out


def test_the_demo_draws_every_method_and_its_floor(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", "--no-cache") == 0
    shown = capsys.readouterr().out
    assert f"floor of fine-tuning, {float(w2s.naive_floor(w2s.canonical_task())):.3f}" in shown
    assert all(
        f"  {mark} {label}" in shown
        for mark, label in zip("■●▲", (FINE_TUNED, IN_CONTEXT, STUDENT), strict=True)
    )
    assert max(map(len, shown.splitlines())) <= 150


def test_the_demo_shows_the_floor_and_the_fall_below_it() -> None:
    task = w2s.canonical_task()
    floor = float(w2s.naive_floor(task))
    tables = {label: compute() for label, compute in floor_and_refinement(task).items()}
    naive = tables[FINE_TUNED]
    assert (naive["risk"].to_numpy() > floor - 5 * naive["risk_se"].to_numpy()).all()
    for label in (IN_CONTEXT, STUDENT):
        last = tables[label].iloc[-1]
        assert last["risk"] + 5 * last["risk_se"] < floor


def test_a_bad_seed_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("demo", "--seed", "-1") == 2
    assert capsys.readouterr().err.count("\n") == 1
