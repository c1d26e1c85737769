"""Lessons as pages of the book: each notebook runs from top to bottom and becomes Markdown and pictures.

A page needs no server: controls are described, with the values that they begin with, answers are folded, and
code is folded. marimo's own export loads its parts from the network, which the book does not.
"""

import ast
import hashlib
import html
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import marimo as mo
import pandas as pd

from w2s_sim.plotting.style import to_svg
from w2s_sim.teaching.exercises import Judgement
from w2s_sim.teaching.lessons import Lesson, lessons
from w2s_sim.teaching.pictures import Picture, Row
from w2s_sim.teaching.questions import Reveal, answered, shown
from w2s_sim.teaching.references import within_book

PICTURES = "pictures"


def write_lessons(folder: Path, *, version: str) -> list[Path]:
    """Write a page of every lesson, and its pictures, as sources of the book.

    A page whose notebook, solution and version have not changed is left as it is.

    Args:
        folder: Folder of the pages; pictures go to a folder within.
        version: What else the pages depend on, such as a hash of the package.

    Returns:
        The pages, in the order of the course.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return [write_lesson(lesson, folder, version=version) for lesson in lessons()]


def write_lesson(lesson: Lesson, folder: Path, *, version: str) -> Path:
    """Write the page of one lesson, as `write_lessons` does."""
    page = folder / f"{lesson.path.stem}.md"
    first_line = f"% {_fingerprint(lesson, version)}"
    if page.is_file() and page.read_text(encoding="utf-8").startswith(f"{first_line}\n"):
        return page
    pictures = folder / PICTURES / lesson.path.stem
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    blocks = [first_line, *_blocks(lesson, pictures)]
    page.write_text("\n\n".join(blocks) + "\n", encoding="utf-8")
    return page


def _fingerprint(lesson: Lesson, version: str) -> str:
    """Return a hash of what the page is made from."""
    texts = [version, lesson.path.read_text(encoding="utf-8"), lesson.solution.read_text(encoding="utf-8")]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _blocks(lesson: Lesson, pictures: Path) -> Iterator[str]:
    with answered(), within_book():
        outputs, _ = lesson.load().app.run()
    cells = list(_cells(lesson.path))
    if len(cells) != len(outputs):
        raise RuntimeError(f"{lesson.path}: {len(cells)} cells, and {len(outputs)} outputs")
    for position, ((code, is_hidden), output) in enumerate(zip(cells, outputs, strict=True)):
        blocks = list(_shown(output, pictures))
        if position == 0:
            # The first cell begins with the title of the page.
            title, _, rest = blocks[0].partition("\n\n")
            blocks = [title, _opening(lesson), rest]
        yield from blocks
        if not is_hidden:
            yield _folded("Code", f"```{{code-block}} python\n{code}\n```")
    yield _folded(
        "Solutions of the exercises",
        f"```{{code-block}} python\n{lesson.solution.read_text(encoding='utf-8').strip()}\n```",
    )


def _opening(lesson: Lesson) -> str:
    return (
        "```{note}\n"
        f"This page shows the lesson as it runs from top to bottom. `w2s teach {lesson.name}` opens it in "
        "the browser, with its sliders, and with exercises that check your answers. Answer each question "
        "before you unfold its answer.\n```"
    )


def _cells(notebook: Path) -> Iterator[tuple[str, bool]]:
    """Yield the code of every cell but the first, and whether the notebook hides it."""
    text = notebook.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef) or not node.decorator_list:
            continue
        decorator = ast.unparse(node.decorator_list[0])
        is_function = decorator.startswith("app.function")
        # A function is shown whole; of other cells the lines inside, without the names that they return.
        inner = [node] if is_function else [line for line in node.body if not isinstance(line, ast.Return)]
        lines = text.splitlines()[inner[0].lineno - 1 : inner[-1].end_lineno]
        indent = 0 if is_function else 4
        yield "\n".join(line[indent:] for line in lines), "hide_code=True" in decorator


def _shown(output: Any, pictures: Path, *, is_alone: bool = True) -> Iterator[str]:
    """Yield the Markdown of an output of a cell; of its parts if it is a row."""
    match output:
        case None:
            return
        case Row(parts):
            blocks = [block for part in parts for block in _shown(part, pictures, is_alone=False)]
            # What stands beside an answer gives it away.
            is_answer = any(isinstance(part, Reveal) for part in parts)
            yield from [_folded("Simulation and answer", "\n\n".join(blocks))] if is_answer else blocks
        case Picture():
            yield _picture(output, pictures)
        case Reveal():
            text = f"**{shown(output.right)}.** {output.explanation}"
            yield _folded("Answer", text) if is_alone else text
        case Judgement():
            yield output.reason
        case pd.DataFrame():
            # In the lessons, tables show what a question was about.
            yield _folded("Simulation", _table(output))
        case mo.ui.radio():
            options = "\n".join(f"* {option}" for option in output.options)
            yield f"{_label(output)}\n\n{options}"
        case mo.ui.number():
            yield _label(output)
        case mo.ui.slider():
            yield f"> Slider: {_label(output)}, {output.start:g} to {output.stop:g}; here {output.value:g}."
        case mo.ui.run_button():
            yield f"> Button: {_label(output)}."
        case mo.ui.form():
            yield f"```{{code-block}} python\n{output.element.value.strip()}\n```"
        case _:
            yield output._repr_markdown_()


def _label(control: Any) -> str:
    """Return the label of a control as it was written."""
    # marimo keeps it here alone; elsewhere it has become HTML.
    return control._args.label


def _picture(picture: Picture, folder: Path) -> str:
    name = f"{len(list(folder.iterdir())) + 1}.svg"
    (folder / name).write_text(to_svg(picture.figure), encoding="utf-8")
    return f"![{picture.description}]({PICTURES}/{folder.name}/{name})\n\n{picture.caption}"


def _table(frame: pd.DataFrame) -> str:
    rows = [[str(name) for name in frame.columns], ["---"] * len(frame.columns)]
    for row in frame.itertuples(index=False):
        rows.append([f"{value:g}" if isinstance(value, float) else str(value) for value in row])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{html.escape(summary)}</summary>\n\n{content}\n\n</details>"
