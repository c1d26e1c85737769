"""Exercises: a learner writes a function, and statements about it decide whether it is right."""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import marimo as mo
import numpy as np
import pandas as pd

import w2s_sim as w2s
from w2s_sim.errors import InputError
from w2s_sim.statements import Statement
from w2s_sim.verify import Battery, Settings, Verdict
from w2s_sim.verify.battery import verdict_frame

# Enough for a decision at the sizes of the exercises, in about a second.
BUDGET = Settings(first_round=2048, max_replicates=16_384)
# The mutants whose bound is better than the learner's by a factor.
_BETTER = {
    ("lower", 2): "bound x 2",
    ("lower", 10): "bound x 10",
    ("upper", 2): "bound x 0.5",
    ("upper", 10): "bound x 0.1",
}
_SIDES = {
    "lower": "A lower bound must not lie above the measured value",
    "upper": "An upper bound must not lie below the measured value",
    "equality": "The two must agree",
    "rate": "The two must agree",
}
_COLUMNS = ("verdict", "role", "case", "measured", "se", "bound")


@dataclasses.dataclass(frozen=True)
class Judgement:
    """The outcome of an exercise.

    Attributes:
        passed: Whether the answer is right, as far as the simulation can tell.
        reason: Why, in Markdown.
        verdicts: The verdicts behind it; None if the answer could not be run.
    """

    passed: bool
    reason: str
    verdicts: pd.DataFrame | None = None

    def _display_(self) -> mo.Html:
        verdict = mo.callout(mo.md(self.reason), kind="success" if self.passed else "warn")
        if self.verdicts is None:
            return verdict
        table = mo.ui.table(self.verdicts, selection=None, pagination=True, page_size=8)
        return mo.vstack([verdict, mo.accordion({"The verdicts": table})])


def editor(template: str) -> Any:
    """Return a form with a code editor; its value is None until the learner asks for the check."""
    return mo.ui.code_editor(value=template, language="python", min_height=120).form(
        submit_button_label="Check my answer", bordered=False
    )


def check_when_submitted(submitted: str | None, check: Callable[[str], Judgement]) -> Judgement | None:
    """Check an answer once it is submitted."""
    return None if submitted is None else check(submitted)


def written_function(code: str, name: str) -> Callable[..., Any]:
    """Run a learner's code on this machine and return the function that it defines.

    Args:
        code: Python; `w2s`, `jax`, `jnp` and `np` are imported already.
        name: Name of the function.

    Raises:
        InputError: If the code stops with an error or does not define the function.
    """
    namespace: dict[str, Any] = {"w2s": w2s, "jax": jax, "jnp": jnp, "np": np}
    try:
        exec(compile(code, "your answer", "exec"), namespace)
    except Exception as error:
        raise InputError("your code", f"{type(error).__name__}: {error}", "Python that runs") from error
    if not callable(namespace.get(name)):
        raise InputError("your code", f"no function {name}", f"def {name}(...):")
    return namespace[name]


def judged(
    code: str,
    name: str,
    statement_about: Callable[[Callable[..., Any]], Statement],
    *,
    hints: dict[str, str],
    loose: Literal[2, 10] = 2,
) -> Judgement:
    """Check a learner's function by a statement about it.

    The answer passes if no case refutes it, at least one case makes it more than a trivial bound, every
    control is refuted, and, for bounds, one that is better by the factor `loose` is refuted in some case.

    Args:
        code: The learner's code.
        name: Name of the function that it must define.
        statement_about: Builds the statement from the function.
        hints: Markdown for an answer that fails, by the reason: "refuted", "vacuous", "control" or "loose".
        loose: The factor from which on a bound counts as loose.
    """
    try:
        function = written_function(code, name)
        statement = statement_about(function)
        verdicts = Battery([statement], settings=BUDGET).run()
    except Exception as error:
        return Judgement(False, f"The answer could not be checked. {_sentence(error)}")
    failure, detail = _failure(statement, verdicts, loose)
    table = verdict_frame(verdicts).reindex(columns=list(_COLUMNS)).round(5)
    if failure:
        return Judgement(False, f"**Not yet.** {detail} {hints.get(failure, '')}".strip(), table)
    return Judgement(True, _praise(statement, verdicts), table)


def _failure(statement: Statement, verdicts: list[Verdict], loose: int) -> tuple[str, str]:
    """Return why an answer fails: a key of the hints and a sentence; both empty if it passes."""
    own = [row for row in verdicts if row.role == "theorem"]
    for row in own:
        if row.verdict == "refuted" or not row.judged:
            return "refuted", f"{_numbers(row)} {_SIDES[statement.kind]}."
    for row in own:
        if row.verdict == "inconclusive":
            return (
                "inconclusive",
                f"{_numbers(row)} The sample does not decide: {row.reason or 'it is too close'}.",
            )
    if not any(row.verdict in ("consistent", "certified") for row in own):
        return "vacuous", f"{_numbers(own[0])} It is true, and says no more than what needs no theory."
    for row in verdicts:
        if row.role == "control" and row.verdict != "refuted":
            return "control", (
                f"{_numbers(row)} This control breaks an assumption ({row.reason.removeprefix('breaks: ')}), "
                "and your answer should fail there."
            )
    better = _BETTER.get((statement.kind, loose))
    mutants = [row for row in verdicts if row.role == "mutant" and row.case.startswith(f"{better} @")]
    if mutants and all(row.verdict != "refuted" for row in mutants):
        return (
            "loose",
            f"{_numbers(mutants[0])} Even a bound better by a factor of {loose} passes: yours is loose.",
        )
    return "", ""


def _praise(statement: Statement, verdicts: list[Verdict]) -> str:
    own = [row for row in verdicts if row.role == "theorem"]
    controls = sum(row.role == "control" for row in verdicts)
    killed = sum(row.role == "mutant" and row.verdict == "refuted" for row in verdicts)
    exact = all(row.verdict == "certified" for row in own)
    found = "agrees with the exact value" if exact else "is consistent with the simulation"
    parts = [f"Your answer {found} in {_count(len(own), 'case')}"]
    if controls:
        parts.append(f"it is refuted in {_count(controls, 'control')}, as it must be")
    parts.append(f"{_count(killed, 'changed version')} of it would have been noticed")
    warning = "" if exact else " A sample cannot prove it; it could have refuted it, and did not."
    return f"**Passed.** {'; '.join(parts)}.{warning}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _numbers(row: Verdict) -> str:
    value = f"{row.measured:.4g}" + (f" (standard error {row.se:.2g})" if row.se > 0 else "")
    return f"In the case *{row.case}* the value is {value}, and your answer says {row.bound:.4g}."


def _sentence(error: Exception) -> str:
    text = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
    return f"`{text.splitlines()[0][:300]}`" if text else f"`{type(error).__name__}`"
