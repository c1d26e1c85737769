"""Teachers of several sizes and their students: the exponent of one loss against the other."""

import abc
import dataclasses
import functools
from typing import Literal

import numpy as np

from w2s_sim.empirical.empirical_statement import EmpiricalControl, EmpiricalStatement
from w2s_sim.empirical.estimate import Estimate, estimate_from_runs
from w2s_sim.empirical.student_flow import TaughtFunction
from w2s_sim.randomness import generator_of, seed_of_stream

# A wide student that stops by a rule; one that stops where its error is least; a student with the teacher's
# own features that stops where its error is least. The least error cannot be found without the target.
Student = Literal["rule", "best time", "own features"]


@dataclasses.dataclass(frozen=True)
class TeacherSweep(abc.ABC):
    """Teachers of several numbers of random features, each with its student, in independent runs.

    The rule stops a student of a teacher of M features after log(M) times the time in which the eigenspace of
    the target is learned. It needs no label of the target.

    Attributes:
        teachers: Numbers M of features of the teachers.
        num_runs: Number of independent draws of all teachers.
    """

    teachers: tuple[int, ...]
    num_runs: int

    @property
    @abc.abstractmethod
    def target_eigenvalue(self) -> float:
        """Eigenvalue of the wide student's kernel at the target."""

    @abc.abstractmethod
    def teach_wide(self, num_features: int, generator: np.random.Generator) -> TaughtFunction:
        """Draw a teacher, and return what a student of infinitely many features is taught."""

    @abc.abstractmethod
    def teach_own(self, num_features: int, generator: np.random.Generator) -> TaughtFunction:
        """Draw a teacher, and return what a student with the same features is taught."""

    def losses(self, student: Student, generator: np.random.Generator) -> tuple[list[float], list[float]]:
        """Return the losses L_T of one draw of all teachers, and the losses L_S of their students."""
        teach = self.teach_own if student == "own features" else self.teach_wide
        teachers, students = [], []
        for num_features in self.teachers:
            taught = teach(num_features, generator)
            stopped = np.log(num_features) / self.target_eigenvalue
            by_rule = taught.student_loss(stopped)
            students.append(by_rule if student == "rule" else taught.best_loss(self.target_eigenvalue))
            teachers.append(taught.teacher_loss)
        return teachers, students

    def exponent(self, student: Student, seed: int) -> Estimate:
        """Return the least-squares slope of log L_S against log L_T, over the runs."""
        slopes = []
        for run in range(self.num_runs):
            teachers, students = self.losses(student, generator_of(seed_of_stream(seed, run)))
            slopes.append(float(np.polyfit(np.log(teachers), np.log(students), 1)[0]))
        return estimate_from_runs(slopes)


def feature_gain(
    statement_id: str, claim: str, low: float, high: float, sweep: TeacherSweep, few: TeacherSweep
) -> EmpiricalStatement:
    """State that an exponent lies in a range; the control is a student with the teacher's own features.

    Args:
        statement_id: Id of the statement.
        claim: The claim in one sentence.
        low: Lower end of the range.
        high: Upper end of the range.
        sweep: The teachers.
        few: Fewer and smaller teachers, for a first look.
    """

    def exponent(student: Student, fast: bool, seed: int) -> Estimate:
        return (few if fast else sweep).exponent(student, seed)

    return EmpiricalStatement(
        id=statement_id,
        claim=claim,
        quantity="slope of log L_S against log L_T",
        low=low,
        high=high,
        measure=functools.partial(exponent, "rule"),
        control=EmpiricalControl(
            "a student with the teacher's own features", functools.partial(exponent, "own features")
        ),
        reference="after Medvedev et al. 2025, arXiv 2503.02877",
        page="theory/random-feature-gain.md",
    )
