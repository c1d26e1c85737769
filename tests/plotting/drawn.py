"""Tables of studies to draw, and what of a figure can be read back."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.text import Text

from w2s_sim.plotting import study_figure

SIZES = (10, 20, 40)


def naive(ridge: float, size: int, noise: float = 0.5, **more: Any) -> dict[str, Any]:
    risk = 0.3 + ridge + 2.0 * noise / size
    return {
        "task.noise": noise,
        "estimator.kind": "finetune",
        "estimator.ridge": ridge,
        "estimator.num_weak": size,
        "risk": risk,
        "risk_se": 0.1 * risk,
        **more,
    }


def other(kind: str, risk: float, **more: Any) -> dict[str, Any]:
    return {"task.noise": 0.5, "estimator.kind": kind, "risk": risk, "risk_se": 0.01, **more}


def draw(rows: list[dict[str, Any]], **options: Any) -> tuple[Figure, pd.DataFrame]:
    options = {"x": "estimator.num_weak", "y": "risk", "y_label": "excess risk", **options}
    return study_figure(pd.DataFrame(rows), **options)


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for each in figure.legends for text in each.get_texts()]


def note(figure: Figure) -> str:
    """The text below the panels, the last that is written."""
    return texts(figure)[-1].get_text().replace("\n", " ") if texts(figure) else ""


def texts(figure: Figure) -> list[Text]:
    """The title and the note of a figure."""
    return [artist for artist in figure.artists if isinstance(artist, Text)]


def bars(axes: Axes) -> dict[str, ErrorbarContainer]:
    """Measured curves by label."""
    found = [each for each in axes.containers if isinstance(each, ErrorbarContainer)]
    return {str(each.get_label()): each for each in found}


def measured(axes: Axes) -> dict[str, list[list[float]]]:
    """What is drawn of them: x and y by label."""
    return {label: np.transpose(each[0].get_xydata()).tolist() for label, each in bars(axes).items()}


def dashed(axes: Axes) -> list[Any]:
    """Lines that are no part of a measured curve."""
    parts = {id(part) for each in bars(axes).values() for part in (each[0], *each[1])}
    return [line for line in axes.lines if id(line) not in parts and len(np.atleast_1d(line.get_xdata()))]
