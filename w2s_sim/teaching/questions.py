"""Prediction questions: a learner commits to an answer, and only then sees the simulation."""

import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import marimo as mo

# Whether questions come with an answer, so that a lesson runs from top to bottom without a learner.
_ANSWERED = ContextVar("answered", default=False)


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Give every question that is asked inside the `with` block an answer, for tests and static pages."""
    token = _ANSWERED.set(True)
    try:
        yield
    finally:
        _ANSWERED.reset(token)


def choice(prompt: str, options: Sequence[str]) -> mo.ui.radio:
    """Ask a learner to choose one of several answers; nothing is chosen at first.

    Args:
        prompt: The question, in Markdown with $formulas$.
        options: The answers, in plain text: what is clicked on shows no formulas.
    """
    return mo.ui.radio(list(options), value=options[0] if _ANSWERED.get() else None, label=prompt)


def guess(prompt: str, low: float, high: float) -> mo.ui.number:
    """Ask a learner for a number; the field is empty at first.

    Args:
        prompt: The question, in Markdown with $formulas$.
        low: Smallest sensible answer; `answered` gives this one.
        high: Largest sensible answer.
    """
    value = low if _ANSWERED.get() else None
    return mo.ui.number(value=value, debounce=True, label=f"{prompt} (a number from {low:g} to {high:g})")


def wait_for(*questions: Any) -> None:
    """Stop the cell, and all cells that need it, until the questions are answered."""
    missing = any(question.value is None for question in questions)
    mo.stop(missing, mo.md("*The simulation appears once you have answered the question above.*"))


@dataclasses.dataclass(frozen=True)
class Reveal:
    """The answer to a question beside the learner's own.

    Attributes:
        given: The learner's answer, one of the options or a number.
        right: The answer that the simulation gave.
        explanation: Markdown that shows the measurement and says why.
        factor: A number counts as right within this factor.
    """

    given: str | float
    right: str | float
    explanation: str
    factor: float = 1.5

    @property
    def agrees(self) -> bool:
        """Whether the learner's answer counts as right."""
        if isinstance(self.given, str) or isinstance(self.right, str):
            return self.given == self.right
        return self.right / self.factor <= self.given <= self.right * self.factor

    def _display_(self) -> mo.Html:
        opening = "As you predicted" if self.agrees else f"You predicted *{shown(self.given)}*. The answer"
        text = f"{opening}: **{shown(self.right)}.** {self.explanation}"
        return mo.callout(mo.md(text), kind="success" if self.agrees else "warn")


def shown(answer: str | float) -> str:
    """Return an answer as text."""
    return answer if isinstance(answer, str) else f"{answer:.3g}"
