"""Figures of papers: the scripts, the data kept beside the pictures, and the files."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from w2s_sim import InputError
from w2s_sim.cli import main
from w2s_sim.figures import Page, PaperFigure, draw, figure_names, load_figure, read_record
from w2s_sim.figures.data import computed_record
from w2s_sim.figures.drawing import drawn
from w2s_sim.figures.source_key import computing_parts
from w2s_sim.plotting.saving import figure_bytes
from w2s_sim.plotting.style import figure_style

SCRIPT = """
import pandas as pd
from w2s_sim.figures import PaperFigure
from w2s_sim.plotting import Curve, Panel, panels_figure
FIGURE = PaperFigure(
    name="mine",
    compute=lambda fast, seed: {"points": pd.DataFrame({"x": [1.0, 2.0]})},
    draw=lambda tables, page: panels_figure(
        [Panel("", "x", "y", [Curve("", [0, 1], tables["points"]["x"])])], page
    ),
    caption="Points.",
)
"""
GALLERY = Path(__file__).parents[2] / "figures" / "gallery"
SIZES = (1, 2, 3)
calls: list[tuple[bool, int]] = []


def compute(fast: bool, seed: int) -> Mapping[str, pd.DataFrame]:
    calls.append((fast, seed))
    return {"points": pd.DataFrame({"x": SIZES, "y": [0.1, np.nan, np.inf], "name": ["a", None, "b"]})}


def draw_points(tables: Mapping[str, pd.DataFrame], page: Page) -> Figure:
    figure, (axes,) = page.figure()
    axes.plot(tables["points"]["x"], tables["points"]["y"], marker="o")
    axes.set(xlabel="steps", ylabel="$n$")
    return figure


TOY = PaperFigure(
    name="toy",
    compute=compute,
    draw=draw_points,
    caption="Points.",
    default_width="single",
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("W2S_CACHE", str(tmp_path / "cache"))
    calls.clear()


def test_a_figure_gets_pictures_data_and_caption(tmp_path: Path) -> None:
    paths = draw([TOY], tmp_path / "out")
    assert [path.name for path in paths] == ["toy.pdf", "toy.svg", "toy.png"]
    assert {path.name for path in (tmp_path / "out").iterdir()} - {path.name for path in paths} == {
        "toy.json",
        "toy.txt",
    }
    assert (tmp_path / "out" / "toy.txt").read_text() == "Points.\n"


def test_tables_come_back_from_the_record_as_they_were(tmp_path: Path) -> None:
    draw([TOY], tmp_path)
    record = read_record(tmp_path / "toy.json")
    pd.testing.assert_frame_equal(record.frames["points"], compute(False, 0)["points"], check_exact=True)
    assert (record.name, record.title, record.seed, record.fast, record.width) == (
        "toy",
        "Figures of papers: the scripts, the data kept beside the pictures, and the files.",
        0,
        False,
        3.25,
    )
    assert record.configuration == {"SIZES": [1, 2, 3]}
    assert {"w2s-sim", "jax", "numpy", "matplotlib", "python"} == set(record.versions)


def test_data_are_computed_once(tmp_path: Path) -> None:
    draw([TOY], tmp_path / "first")
    draw([TOY], tmp_path / "first", width="double")
    draw([TOY], tmp_path / "second")
    assert calls == [(False, 0)]
    draw([TOY], tmp_path / "second", fast=True)
    draw([TOY], tmp_path / "second", cache=False)
    assert calls == [(False, 0), (True, 0), (False, 0)]


def test_data_beside_the_figure_serve_without_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("W2S_CACHE", "off")
    draw([TOY], tmp_path)
    draw([TOY], tmp_path)
    assert len(calls) == 1


def test_only_what_computes_decides_whether_data_are_current() -> None:
    script = (
        "import a\nN = 2\ndef helper():\n    return N\n"
        "def compute():\n    return helper()\ndef draw():\n    a"
    )
    code = computing(script)
    assert code == computing(script.replace("    a", "    a.b"))
    assert code == computing(script.replace("def draw", "# A remark.\ndef draw"))
    assert code != computing(script.replace("N = 2", "N = 3"))
    assert code != computing(script.replace("def draw", "helper.cache_clear()\ndef draw"))
    assert "import a" not in code
    assert "from b import c\n" in computing(script.replace("import a", "from b import c, d\nN = c"))
    assert "from b import *\n" in computing(script.replace("import a", "from b import *"))


def computing(script: str) -> str:
    return ast.unparse(ast.Module(computing_parts(script, "compute"), []))


def test_a_draft_says_so(tmp_path: Path) -> None:
    draw([TOY], tmp_path, fast=True, formats=["svg"])
    assert ">draft<" in (tmp_path / "toy.svg").read_text()
    assert (tmp_path / "toy.txt").read_text().startswith("Draft")


def test_bad_input_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    style = tmp_path / "bad.mplstyle"
    style.write_text("font.size: large-ish\n")
    (tmp_path / "file").touch()
    for options, said in (
        ({"names": ["headlin"]}, "did you mean 'headline'"),
        ({"names": ["missing.py"]}, "missing.py"),
        ({"width": "triple"}, "single"),
        ({"width": 1.0}, "2 to 20"),
        ({"formats": ["gif"]}, "pdf, svg, png"),
        ({"style": style}, "font.size"),
        ({"style": tmp_path / "none.mplstyle"}, "none.mplstyle"),
        ({"out": tmp_path / "file"}, "--out"),
        ({"names": [TOY, TOY]}, "toy"),
    ):
        with pytest.raises(InputError, match=said):
            draw(**{"names": [TOY], "out": tmp_path / "out", **options})
    assert not calls


def test_the_command_draws_and_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "mine.py"
    script.write_text(SCRIPT, encoding="utf-8")
    for arguments, status, said in (
        ((str(script), "--format", "svg"), 0, f"{tmp_path / 'mine.svg'}\n"),
        ((str(script), "--width", "wide"), 2, "--width: got 'wide'; expected 'single' (3.25 inches)"),
        ((str(script), "--format", "jpeg"), 2, "--format: got 'jpeg'; expected some of pdf, svg, png"),
        (("outside_the_hul",), 2, "did you mean 'outside_the_hull'?"),
    ):
        with pytest.raises(SystemExit) as leaving:
            main(["figures", *arguments, "--out", str(tmp_path), "--no-cache"])
        assert leaving.value.code == status
        assert said in "".join(capsys.readouterr())


def test_a_script_of_the_user_is_run(tmp_path: Path) -> None:
    script = tmp_path / "mine.py"
    script.write_text("x = 1\n")
    with pytest.raises(InputError, match="FIGURE"):
        load_figure(str(script))
    script.write_text("x = 1 / 0\n")
    with pytest.raises(InputError, match="ZeroDivisionError"):
        load_figure(str(script))


def test_the_user_has_precedence_over_the_style_and_a_file_over_the_user(tmp_path: Path) -> None:
    file = tmp_path / "mine.mplstyle"
    file.write_text("lines.linewidth: 3\n")
    with mpl.rc_context({"font.size": 9.0, "lines.linewidth": 2.0}), figure_style(file):
        assert mpl.rcParams["font.size"] == 9.0
        assert mpl.rcParams["lines.linewidth"] == 3.0
        assert mpl.rcParams["xtick.labelsize"] == 7.0
        with figure_style():
            assert mpl.rcParams["lines.linewidth"] == 3.0


def test_files_have_fonts_and_text_and_the_same_bytes() -> None:
    record = computed_record(TOY, False, keep=False)
    first, second = (
        {form: figure_bytes(drawn(TOY, record, Page(3.25)), form) for form in ("pdf", "svg", "png")}
        for _ in range(2)
    )
    assert first == second
    assert b"/FontFile2" in first["pdf"]
    assert b"/Type3" not in first["pdf"]
    svg = first["svg"].decode()
    assert svg.count("@font-face") == 2
    assert re.search(r"<text[^>]*>steps</text>", svg)
    assert 'width="234pt"' in svg


@pytest.mark.parametrize("name", figure_names())
@pytest.mark.parametrize("width", [3.25, 6.75])
def test_figures_of_the_project_are_legible_at_column_width(name: str, width: float) -> None:
    figure = load_figure(name)
    record = read_record(GALLERY / f"{name}.json")
    page = Page(width)
    with figure_style():
        picture = drawn(figure, record, page)
        picture.draw_without_rendering()
    assert picture.get_figwidth() == width
    assert picture.get_figheight() <= 9.0
    for text in _texts(picture):
        assert 7.0 <= float(text.get_fontsize()) <= 9.0, text.get_text()
        box = text.get_window_extent()
        assert box.x0 >= -1, text.get_text()
        assert box.y0 >= -1, text.get_text()
        assert box.x1 <= picture.bbox.width + 1, text.get_text()
        assert box.y1 <= picture.bbox.height + 1, text.get_text()
    caption = figure.caption_of(record.frames)
    assert re.search(r"\bseed", caption, re.IGNORECASE)
    assert not re.search(r"(?<!\\)[%&#_]", caption), "a caption is pasted into LaTeX"


def _texts(figure: Figure) -> list[Text]:
    """The texts that are drawn: not the labels of ticks beyond the limits of their axis."""
    found = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    undrawn = {
        id(label)
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        for label in (tick.label1, tick.label2)
    }
    return [text for text in found if text.get_visible() and text.get_text() and id(text) not in undrawn]
