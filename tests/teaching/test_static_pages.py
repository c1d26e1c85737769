"""A lesson as a page: what each kind of output becomes."""

from pathlib import Path

import pytest

from w2s_sim.teaching.lessons import Lesson
from w2s_sim.teaching.static_pages import write_lesson

NOTEBOOK = r'''"""A small lesson.

What is shown?
"""

import marimo

app = marimo.App()

with app.setup:
    import marimo as mo
    import pandas as pd
    from matplotlib.figure import Figure

    from w2s_sim.teaching.exercises import editor
    from w2s_sim.teaching.pictures import Picture, row
    from w2s_sim.teaching.questions import Reveal, choice, guess, wait_for
    from w2s_sim.teaching.references import page


@app.cell(hide_code=True)
def _():
    mo.md(f"""
    # A small lesson

    See {page("naive-floor")} for $x^2$.
    """)
    return


@app.cell
def _():
    question = choice("**Which $k$?**", ["the first", "the second"])
    question
    return (question,)


@app.cell
def _():
    number = guess("**How many?**", 1, 9)
    number
    return (number,)


@app.cell
def _():
    slider = mo.ui.slider(0, 2, 0.5, value=1.5, label="bias $\\kappa$")
    row(slider)
    return (slider,)


@app.cell
def _(number, question):
    wait_for(question, number)
    Reveal(question.value, "the second", "Because $1<2$.")
    return


@app.cell
def _():
    _figure = Figure()
    _figure.subplots().plot([1, 2])
    row(Picture(_figure, "*A line.*", "A rising line."))
    return


@app.cell
def _():
    pd.DataFrame({"n": [1, 2], "risk": [0.25, 0.125]})
    return


@app.function(hide_code=True)
def secret():
    return 1


@app.cell(hide_code=True)
def _():
    form = editor("def answer():\n    return 0")
    form
    return
'''


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    notebook = tmp_path / "9_small_lesson.py"
    notebook.write_text(NOTEBOOK, encoding="utf-8")
    solution = tmp_path / "solutions" / notebook.name
    solution.parent.mkdir()
    solution.write_text("def answer():\n    return 42\n", encoding="utf-8")
    return Lesson(9, "small-lesson", "A small lesson", "What is shown?", notebook)


def test_every_kind_of_output_has_a_form(lesson: Lesson, tmp_path: Path) -> None:
    page = write_lesson(lesson, tmp_path / "pages", version="1")
    text = page.read_text(encoding="utf-8")
    for part in (
        "# A small lesson\n\n```{note}",
        "[naive-floor](../naive-floor.md) for $x^2$",
        "**Which $k$?**\n\n* the first\n* the second",
        "**How many?** (a number from 1 to 9)",
        "> Slider: bias $\\kappa$, 0 to 2; here 1.5.",
        "<details><summary>Answer</summary>\n\n**the second.** Because $1<2$.\n\n</details>",
        "![A rising line.](pictures/9_small_lesson/1.svg)\n\n*A line.*",
        "| n | risk |\n| --- | --- |\n| 1 | 0.25 |",
        "```{code-block} python\ndef answer():\n    return 0\n```",
        "def answer():\n    return 42",
    ):
        assert part in text, part
    assert (
        (page.parent / "pictures" / "9_small_lesson" / "1.svg").read_text(encoding="utf-8").startswith("<svg")
    )


def test_hidden_code_stays_hidden(lesson: Lesson, tmp_path: Path) -> None:
    text = write_lesson(lesson, tmp_path / "pages", version="1").read_text(encoding="utf-8")
    assert "secret" not in text
    assert "_figure.subplots()" in text


def test_a_page_is_made_again_only_if_something_changed(lesson: Lesson, tmp_path: Path) -> None:
    page = write_lesson(lesson, tmp_path / "pages", version="1")
    made = page.stat().st_mtime_ns
    assert write_lesson(lesson, tmp_path / "pages", version="1").stat().st_mtime_ns == made
    assert write_lesson(lesson, tmp_path / "pages", version="2").stat().st_mtime_ns > made
