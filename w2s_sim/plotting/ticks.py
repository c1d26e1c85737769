"""Tick labels that are plain numbers, on linear and on logarithmic axes."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axis import Axis
from matplotlib.ticker import Formatter, Locator, MaxNLocator, NullLocator

# Numbers are written out within these ends, and as powers of ten beyond.
SMALLEST_PLAIN, LARGEST_PLAIN = 1e-4, 1e6
# Ticks may be off by so much of an axis that was computed.
ROUNDING = 1e-9
MOST_DECADES = 7
# Inches that a letter of a label takes, and that is left between two labels.
LETTER, GAP = 0.08, 0.04


def plain_number(value: float) -> str:
    """A number as a tick label: "0.98", "1", "2000", and as a power of ten where that would be long."""
    size = abs(value)
    if size == 0 or SMALLEST_PLAIN * (1 - ROUNDING) <= size < LARGEST_PLAIN:
        return f"{value:.10g}"
    mantissa, exponent = f"{value:.9e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".")
    power = f"10^{{{int(exponent)}}}"
    factor = {"1": "", "-1": "-"}.get(mantissa, rf"{mantissa}\times ")
    return f"${factor}{power}$"


def labels_that_fit(
    values: Sequence[float], places: Float[np.ndarray, " n"], width: float
) -> dict[float, str]:
    """Labels of ticks by value, "" where a label would stand on that before it.

    Args:
        values: In increasing order.
        places: Where they are along the axis, up to a shift and a factor.
        width: Inches from the first to the last place.
    """
    # Values so near each other that their logarithms are one have one place.
    scale = width / (float(places[-1] - places[0]) or 1.0)
    labels, reached = {}, -math.inf
    for value, place in zip(values, scale * (places - places[0]), strict=True):
        # Written as it was given: single precision has 0.1 as 0.10000000149.
        label = plain_number(float(f"{value:.6g}"))
        half = 0.5 * LETTER * len(label)
        fits = place - half >= reached
        labels[value] = label if fits else ""
        reached = place + half + GAP if fits else reached
    return labels


def mark_values(axis: Axis, values: Sequence[float], width: float) -> None:
    """Ticks at the values that an axis is about, with labels as far as `width` inches have room for them."""
    values = sorted(set(values))
    if values:
        places = np.asarray(axis.get_transform().transform(np.asarray(values)))
        labels = labels_that_fit(values, places, width)
        axis.set_ticks(list(labels), list(labels.values()))
    axis.set_minor_locator(NullLocator())


class PlainFormatter(Formatter):
    """Labels that stand alone: no power of ten and no offset at the end of the axis."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """The label of a tick."""
        return plain_number(0.0 if self._is_rounded_zero(x) else x)

    def _is_rounded_zero(self, x: float) -> bool:
        if not isinstance(self.axis, Axis) or self.axis.get_scale() == "log":
            return False
        low, high = self.axis.get_view_interval()
        return bool(abs(x) < ROUNDING * (high - low))


class PlainLogLocator(Locator):
    """Ticks of a logarithmic axis at round numbers: whole decades, 1-2-5, or equal steps, as it has room."""

    def __call__(self) -> Sequence[float]:
        """The ticks of the part that is shown."""
        assert self.axis is not None
        low, high = self.axis.get_view_interval()
        return self.tick_values(float(low), float(high))

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """The ticks between two positive numbers."""
        low, high = sorted((vmin, vmax))
        if not 0 < low < high:
            return [high] if high > 0 else []
        width = math.log10(high / low)
        if width < 1:
            values = np.asarray(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]).tick_values(low, high)).tolist()
        else:
            first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
            steps = (1, 2, 5) if width < 2.5 else (1,)
            stride = max(1, math.ceil(width / MOST_DECADES))
            # Counted from zero, so that 1 is among them.
            decades = [decade for decade in range(first, last + 1) if decade % stride == 0]
            values = [float(f"{step}e{decade}") for decade in decades for step in steps]
        return [value for value in values if low * (1 - ROUNDING) <= value <= high * (1 + ROUNDING)]


def set_plain_ticks(axis: Axis, most: int | None = None) -> None:
    """Plain labels on an axis whose scale is set already; ticks that are set later have their own.

    Args:
        axis: Of any scale.
        most: Most steps between ticks of a linear axis; None for as many as matplotlib finds room for.
    """
    if axis.get_scale() == "log":
        axis.set_major_locator(PlainLogLocator())
        axis.set_minor_locator(NullLocator())
    elif most is not None:
        axis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(PlainFormatter())
