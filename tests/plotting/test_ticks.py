"""Tick labels: plain numbers that stand alone, and never one on another."""

import itertools
import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from w2s_sim.plotting.ticks import PlainLogLocator, mark_values, plain_number, set_plain_ticks

PLAIN = re.compile(r"-?\d+(\.\d+)?")
POWER = re.compile(r"\$-?(\d(\.\d+)?\\times )?10\^\{-?\d+\}\$")


def axes_of(scale: str, low: float, high: float) -> Axes:
    axes = Figure().subplots()
    axes.set_xscale(scale)
    axes.set_xlim(low, high)
    set_plain_ticks(axes.xaxis)
    axes.figure.draw_without_rendering()  # pyright: ignore[reportAttributeAccessIssue]
    return axes


def shown(axes: Axes) -> dict[float, str]:
    """Labels by position, of the ticks within the axis."""
    low, high = axes.get_xlim()
    ticks = zip(axes.xaxis.get_majorticklocs(), axes.get_xticklabels(), strict=True)
    return {float(place): label.get_text() for place, label in ticks if low <= place <= high}


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.98, "0.98"),
        (0.30000000000000004, "0.3"),
        (-2.5, "-2.5"),
        (1e-4, "0.0001"),
        (200_000.0, "200000"),
        (1e-7, "$10^{-7}$"),
        (-1e6, "$-10^{6}$"),
        (2.5e-12, r"$2.5\times 10^{-12}$"),
    ],
)
def test_numbers_are_written_as_people_write_them(value: float, label: str) -> None:
    assert plain_number(value) == label


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize(
    ("low", "high"),
    [
        (0.97, 1.035),
        (0.999, 1.0012),
        (0.5, 3.0),
        (0.02, 4.0),
        (3e-9, 2e-8),
        (1e-36, 10.0),
        (1e5, 1e5 + 3),
        (2e7, 9e12),
    ],
)
def test_labels_are_plain_and_true_on_every_axis(scale: str, low: float, high: float) -> None:
    axes = axes_of(scale, low, high)
    labels = shown(axes)
    assert 2 <= len(labels) <= 10
    assert axes.xaxis.get_offset_text().get_text() == ""
    assert not [tick for tick in axes.get_xticklabels(minor=True) if tick.get_text()]
    for place, label in labels.items():
        assert PLAIN.fullmatch(label) or POWER.fullmatch(label)
        assert "10^{0}" not in label
        written = label.strip("$").replace(r"\times ", "*").replace("10^{", "1e").replace("}", "")
        value = np.prod([float(factor) for factor in written.split("*")])
        np.testing.assert_allclose(value, place, rtol=1e-9, atol=1e-12 * high)
    assert len(set(labels.values())) == len(labels)


def test_zero_is_zero_beside_rounded_ticks() -> None:
    axes = axes_of("linear", -0.3, 0.3)
    assert "0" in shown(axes).values()


def test_one_is_a_tick_of_every_long_logarithmic_axis() -> None:
    for high in (3.0, 40.0, 1e3):
        assert 1.0 in PlainLogLocator().tick_values(1e-20, high)
    # Neither an empty axis nor one below zero is an error.
    assert len(PlainLogLocator().tick_values(-1.0, 0.0)) == 0


@pytest.mark.parametrize("scale", ["linear", "log", "symlog"])
def test_labels_at_values_never_touch(scale: str) -> None:
    values = [0.0, 0.1, 0.11, 0.3, 1.0, 1.01, 100.0, 101.0, 1e5][scale == "log" :]
    figure = Figure(figsize=(4.4, 3.0))
    axes = figure.subplots()
    axes.set_xscale(scale)
    axes.set_xlim(values[0], values[-1])
    mark_values(axes.xaxis, [*values, *values], 0.77 * 4.4)
    figure.draw_without_rendering()
    labels = [label for label in axes.get_xticklabels() if label.get_text()]
    assert len(axes.get_xticks()) == len(values)
    assert labels[0].get_text() == f"{values[0]:g}"
    boxes = [label.get_window_extent() for label in labels]
    assert all(first.x1 < second.x0 for first, second in itertools.pairwise(boxes))
