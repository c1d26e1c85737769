"""Bounds in a study's figure: one line if all curves share a bound, else a line per curve in its colour."""

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from w2s_sim.plotting.looks import Dashes, Look
from w2s_sim.plotting.panels import Curve
from w2s_sim.plotting.style import GREY, VERMILION

# The name and the dash pattern of each kind of bound, by the suffix of its column.
BOUNDS: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "lower": ("lower bound", (5.0, 2.0)),
    "upper": ("upper bound", (1.2, 1.2)),
    "theory": ("theory", (5.0, 1.5, 1.2, 1.5)),
}
# Relative difference up to which two evaluations of one formula count as equal.
ROUNDING = 1e-5


def bound_names(results: pd.DataFrame, y: str) -> dict[str, str]:
    """Return the name of each kind of bound, with its theorem if all bounds of the kind have the same one."""
    names = {}
    for kind, (name, _) in BOUNDS.items():
        column = results.get(f"{y}_{kind}_theorem")
        theorems = set() if column is None else {text for text in column.dropna() if text}
        names[kind] = f"{name} ({theorems.pop()})" if len(theorems) == 1 else name
    return names


def bound_curves(
    points: pd.DataFrame, labels: Sequence[str], looks: Sequence[Look], names: Mapping[str, str]
) -> list[Curve]:
    """Return the bounds of one panel as curves.

    Args:
        points: The points of the panel, with columns x, curve (index of the measured curve), and the value of
            each kind of bound, nan if there is none.
        labels: Labels of the measured curves, by index.
        looks: Looks of the measured curves, by index.
        names: Names of the kinds of bound.
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
                # A constant bound crosses the whole panel, so that curves without this bound can be compared.
                places = points["x"].to_numpy(dtype=float)
                x, y = [float(places.min()), float(places.max())], [y[0], y[0]]
            label = name if shared_by_all else f"{name}: {_together(labels[i] for i in groups[0])}"
            curves.append(Curve(label, x, y, look=Look(VERMILION, dashes=(0.0, pattern))))
            continue
        for group in groups:
            for place, index in enumerate(group):
                own = given.loc[given["curve"] == index]
                label = f"{name}: {labels[index]}"
                x, y = own["x"].tolist(), own[kind].tolist()
                dashes = _taking_turns(pattern, place, len(group))
                curves.append(Curve(label, x, y, look=looks[index].as_line(dashes), named=False))
        if groups:
            # An empty curve for the legend: the lines themselves have the colours of their curves.
            curves.append(Curve(f"{name}, by colour", (), (), look=Look(GREY, dashes=(0.0, pattern))))
    return curves


def _together(labels: Iterable[str]) -> str:
    """Return the common beginning of several curves' names, without the number in which they differ.

    Examples: "ridge" for "ridge = 0" and "ridge = 0.3", "naive" for "naive, ridge 0" and "naive, ridge 0.3".
    """
    same = itertools.takewhile(lambda letters: len(set(letters)) == 1, zip(*labels, strict=False))
    begin = "".join(letters[0] for letters in same)
    return begin.rpartition(", ")[0] or begin.rstrip(" ,.:=0123456789") or "some curves"


def _alike(given: pd.DataFrame, kind: str) -> list[list[int]]:
    """Return the indices of the curves that have a bound; curves whose bounds coincide form one group."""
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
    # A constant bound is the same line even if two curves have no x in common.
    levels = [*first.values(), *second.values()]
    return np.allclose(levels, levels[0], rtol=ROUNDING, atol=0.0)


def _taking_turns(pattern: tuple[float, ...], place: int, of: int) -> Dashes:
    """Return the dashes of one of several coinciding lines, with gaps that let the other lines show."""
    period = sum(pattern)
    return (of - place) % of * period, (*pattern[:-1], pattern[-1] + (of - 1) * period)
