"""A weak teacher that is a model: the language model without some of its layers, whose errors are its own.

The content of a weak label is what this model answers plainly after right answers to other questions of the
kind (see `plain_answers`); the weak label has the wanted style.
"""

from pathlib import Path
from typing import Protocol, runtime_checkable

import pandas as pd

from w2s_sim.errors import InputError
from w2s_sim.language_models.experiment_folder import ExperimentFolder, Texts
from w2s_sim.language_models.language_model import LanguageModel
from w2s_sim.language_models.plain_answers import plain_answers
from w2s_sim.language_models.weak_labels import Errors

# Table of the teacher's answers in the folder of an experiment.
TABLE = "weak-teacher.csv"
# A share and errors that were not set, which a teacher's own errors replace.
WRONG_SHARE = 0.5
ERRORS: Errors = "systematic"


@runtime_checkable
class TeacherSettings(Protocol):
    """The settings that say where wrong contents come from."""

    @property
    def wrong_share(self) -> float: ...
    @property
    def errors(self) -> Errors: ...
    @property
    def teacher_without_layers(self) -> tuple[int, ...]: ...


def require_one_source_of_errors(settings: TeacherSettings) -> None:
    """Check that errors are not both those of a teacher and drawn.

    Raises:
        InputError: If a teacher is given, and a share or kind of errors beside it.
    """
    if settings.teacher_without_layers:
        for name, usual in (("wrong_share", WRONG_SHARE), ("errors", ERRORS)):
            value = getattr(settings, name)
            if value != usual:
                given = f"{value!r} with a weak teacher"
                raise InputError(name, given, f"{usual!r}, which is not used: the errors are the teacher's")


def teacher_contents(
    model: LanguageModel, texts: Texts, settings: TeacherSettings, experiment: ExperimentFolder
) -> list[str] | None:
    """Return the teacher's answer to every question; None if wrong contents are drawn instead.

    The answers are kept in the folder of the experiment, and read from there if it is continued.

    Args:
        model: The strong model.
        texts: The questions, and how they are written.
        settings: Which layers the teacher lacks.
        experiment: The folder of the experiment.

    Raises:
        InputError: If the model has no such layer, or a kind has too few questions.
    """
    if not settings.teacher_without_layers:
        return None
    kept: Path = experiment.folder / TABLE
    if not kept.is_file():
        teacher = model.without_layers(settings.teacher_without_layers)
        answers = plain_answers(teacher, texts.questions, written=texts.written)
        rows = [
            (question.text, question.answer, answer)
            for question, answer in zip(texts.questions, answers, strict=True)
        ]
        table = pd.DataFrame(rows, columns=["question", "right_answer", "weak_answer"])
        experiment.write_table(TABLE, table)
    return pd.read_csv(kept, keep_default_na=False, dtype=str)["weak_answer"].tolist()
