"""Pictures made of characters: marks stand where logarithmic axes put them."""

import pytest

from w2s_sim.plotting.terminal import MARGIN, terminal_picture


def picture(**options: object) -> list[str]:
    curves = {"falling": [(1.0, 1.0), (10.0, 0.1), (100.0, 0.01)], "level": [(1.0, 0.1)]}
    settings = {"level": 0.1, "level_label": "floor", "x_label": "n", "y_label": "risk", **options}
    return terminal_picture(curves, width=MARGIN + 21, height=9, **settings).splitlines()  # pyright: ignore


def test_marks_stand_at_equal_ratios() -> None:
    rows = [line[MARGIN:] for line in picture()[1:10]]
    # Three decades of one axis over 40 - 9 columns, two of the other over 9 rows.
    assert rows[0][0] == "■"
    assert rows[4][15] == "■"
    assert rows[8][30] == "■"
    assert rows[4][0] == "▲" or rows[4][0] == "●"


def test_axes_are_labelled_at_powers_of_ten() -> None:
    lines = picture()
    labels = {row: line[: MARGIN - 1].strip() for row, line in enumerate(lines[1:10])}
    assert {row: label for row, label in labels.items() if label} == {0: "1", 4: "0.1", 8: "0.01"}
    ticks = lines[11][MARGIN:]
    assert ticks.startswith("1 ")
    assert ticks.index("10") == 15
    assert ticks.endswith("100")


def test_the_legend_names_every_curve_and_the_line() -> None:
    assert picture()[-3:] == ["  ■ falling", "  ● level", "  ╌ floor"]


def test_terminals_without_unicode_get_ascii() -> None:
    assert "\n".join(picture(unicode=False)).isascii()


@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    curves = {"a": [(1.0, 2e-7), (1024.0, 3e5)]}
    text = terminal_picture(
        curves, level=1.0, level_label="1", x_label="weak labels", y_label="risk", width=width
    )
    assert max(map(len, text.splitlines())) <= width
