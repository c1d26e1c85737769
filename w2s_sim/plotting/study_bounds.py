"""Bounds in a study's figure: one line where all curves have the same, else a line in the colour of each."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from w2s_sim.plotting.panels import Curve, Dashes
from w2s_sim.plotting.style import GREY, VERMILION

# By the ending of the column: what it is called, and its dashes and gaps.
BOUNDS: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "lower": ("lower bound", (5.0, 2.0)),
    "upper": ("upper bound", (1.2, 1.2)),
    "theory": ("theory", (5.0, 1.5, 1.2, 1.5)),
}
# Two evaluations of one formula.
ROUNDING = 1e-5


def bound_names(results: pd.DataFrame, y: str) -> dict[str, str]:
    """What each kind of bound is called: after its theorem, if all are of one."""
    names = {}
    for kind, (name, _) in BOUNDS.items():
        column = results.get(f"{y}_{kind}_theorem")
        theorems = set() if column is None else {text for text in column.dropna() if text}
        names[kind] = f"{name} ({theorems.pop()})" if len(theorems) == 1 else name
    return names


def bound_curves(
    points: pd.DataFrame, labels: Sequence[str], colours: Sequence[str], names: Mapping[str, str]
) -> list[Curve]:
    """The bounds of one panel.

    Args:
        points: Of the panel. Columns x, curve (index of the measured curve), and for each kind of bound its
            value, nan where there is none.
        labels: Of the measured curves, by index.
        colours: Likewise.
        names: Of the kinds of bound.
    """
    curves = []
    for kind, (_, pattern) in BOUNDS.items():
        name = names[kind]
        given = points.loc[np.isfinite(points[kind])].sort_values("x", kind="stable")
        groups = _alike(given, kind)
        shared_by_all = len(groups) == 1 and len(groups[0]) == points["curve"].nunique()
        if shared_by_all or (len(groups) == 1 and len(groups[0]) > 1):
            line = given.drop_duplicates("x")
            x, y = line["x"].tolist(), line[kind].tolist()
            if len(y) > 1 and np.allclose(y, y[0], rtol=ROUNDING, atol=0.0):
                # A level crosses the whole panel, so that the curves that do not obey it are seen to pass it.
                places = points["x"].to_numpy(dtype=float)
                x, y = [float(places.min()), float(places.max())], [y[0], y[0]]
            label = name if shared_by_all else f"{name}: {_together(labels[i] for i in groups[0])}"
            curves.append(Curve(label, x, y, colour=VERMILION, dashes=(0.0, pattern)))
            continue
        for group in groups:
            for place, index in enumerate(group):
                own = given.loc[given["curve"] == index]
                label = f"{name}: {labels[index]}"
                x, y = own["x"].tolist(), own[kind].tolist()
                dashes = _taking_turns(pattern, place, len(group))
                curves.append(Curve(label, x, y, colour=colours[index], dashes=dashes, named=False))
        if groups:
            # For the legend: the lines themselves have the colours of their curves.
            curves.append(Curve(f"{name}, by colour", (), (), colour=GREY, dashes=(0.0, pattern)))
    return curves


def _together(labels: Iterable[str]) -> str:
    """What the names of several curves begin with, without the number in which they differ.

    That is "ridge" of "ridge = 0" and "ridge = 0.3", "naive" of "naive, ridge 0" and "naive, ridge 0.3".
    """
    same = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*labels, strict=False))
    begin = "".join(letters[0] for letters in same)
    return begin.rpartition(", ")[0] or begin.rstrip(" ,.:=0123456789") or "some curves"


def _alike(given: pd.DataFrame, kind: str) -> list[list[int]]:
    """The curves that have a bound, those together whose bounds are the same line."""
    groups: list[tuple[dict[float, float], list[int]]] = []
    for index, own in given.groupby("curve"):
        line = dict(zip(own["x"], own[kind], strict=True))
        for other, members in groups:
            if _same_line(line, other):
                members.append(int(str(index)))
                other |= line
                break
        else:
            groups.append((line, [int(str(index))]))
    return [members for _, members in groups]


def _same_line(first: Mapping[float, float], second: Mapping[float, float]) -> bool:
    shared = first.keys() & second.keys()
    if shared:
        return np.allclose([first[x] for x in shared], [second[x] for x in shared], rtol=ROUNDING, atol=0.0)
    # A floor that holds at every sample size is one line, whatever the sizes.
    levels = [*first.values(), *second.values()]
    return np.allclose(levels, levels[0], rtol=ROUNDING, atol=0.0)


def _taking_turns(pattern: tuple[float, ...], place: int, of: int) -> Dashes:
    """Dashes with which lines that lie on each other are all seen: each leaves room for the others'."""
    period = sum(pattern)
    return (of - place) % of * period, (*pattern[:-1], pattern[-1] + (of - 1) * period)
