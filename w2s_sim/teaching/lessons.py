"""The list of lessons: marimo notebooks in theory/lessons/, which come with the package."""

import ast
import dataclasses
from pathlib import Path
from types import ModuleType

from w2s_sim.book.pages import find_page
from w2s_sim.errors import InputError, did_you_mean
from w2s_sim.plugins.executed_files import executed


@dataclasses.dataclass(frozen=True)
class Lesson:
    """One lesson of the course.

    Attributes:
        number: Position in the course, from 1.
        name: Name on the command line, such as "latent-concepts".
        title: Title of the lesson.
        question: The question that the lesson answers.
        path: The notebook's file.
    """

    number: int
    name: str
    title: str
    question: str
    path: Path

    @property
    def solution(self) -> Path:
        """The file with a solution of every exercise of the lesson."""
        return self.path.parent / "solutions" / self.path.name

    def load(self) -> ModuleType:
        """Import the notebook; its attribute `app` is the marimo app."""
        return executed(f"w2s_lesson_{self.number}", self.path)


def lessons_folder() -> Path:
    """Return the folder that holds the notebooks, in a checkout or in the installed package."""
    return find_page("theory/README.md").parent / "lessons"


def lessons() -> tuple[Lesson, ...]:
    """Return all lessons, in the order of the course, without importing them.

    A notebook's name is its number and the lesson's name; the first line of its docstring is the title, the
    last paragraph the question.
    """
    return tuple(_read(path) for path in sorted(lessons_folder().glob("[1-9]_*.py")))


def find_lesson(name: str) -> Lesson:
    """Return the lesson of a name or number.

    Args:
        name: "latent-concepts", or "1".

    Raises:
        InputError: If there is no such lesson.
    """
    found = {key: lesson for lesson in lessons() for key in (lesson.name, str(lesson.number))}
    if name not in found:
        names = ", ".join(f"{lesson.number} ({lesson.name})" for lesson in lessons())
        raise InputError("lesson", repr(name) + did_you_mean(name, found), f"one of {names}")
    return found[name]


def _read(path: Path) -> Lesson:
    number, _, name = path.stem.partition("_")
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    title, _, rest = text.partition("\n\n")
    question = " ".join(rest.rpartition("\n\n")[2].split())
    return Lesson(int(number), name.replace("_", "-"), title.rstrip("."), question, path)
