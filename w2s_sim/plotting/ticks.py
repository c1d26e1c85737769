"""Tick labels that are plain numbers, on linear and logarithmic axes."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axis import Axis
from matplotlib.ticker import Formatter, Locator, MaxNLocator, NullLocator

# Numbers in this range are written out, others as powers of ten.
SMALLEST_PLAIN, LARGEST_PLAIN = 1e-4, 1e6
# Rounding error of computed ticks, as a share of the length of the axis or of the tick.
ROUNDING = 1e-9
MOST_DECADES = 7
# A logarithmic axis of more decades than this is labelled with powers of ten.
PLAIN_DECADES = 3.5
# Width of a letter of a label, and smallest gap between two labels, in inches.
LETTER, GAP = 0.062, 0.02


def plain_number(value: float) -> str:
    """Return a number as a tick label: "0.98", "1", "2000"; very small or large ones with a power of ten."""
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
    """Return the labels of ticks by value, "" if a label would overlap the one before it.

    Args:
        values: Values of the ticks, in increasing order.
        places: Positions of the ticks along the axis, up to a shift and a factor.
        width: Distance from the first to the last tick, in inches.
    """
    # Values may be so close that their logarithms are equal: then all ticks are at one place.
    scale = width / (float(places[-1] - places[0]) or 1.0)
    labels, reached = {}, -math.inf
    for value, place in zip(values, scale * (places - places[0]), strict=True):
        # Six digits, because single precision stores 0.1 as 0.10000000149.
        label = plain_number(float(f"{value:.6g}"))
        half = 0.5 * LETTER * len(label)
        fits = place - half >= reached
        labels[value] = label if fits else ""
        reached = place + half + GAP if fits else reached
    return labels


def mark_values(axis: Axis, values: Sequence[float], width: float) -> None:
    """Set ticks at the given values, with as many labels as fit into `width` inches."""
    values = sorted(set(values))
    if values:
        places = np.asarray(axis.get_transform().transform(np.asarray(values)))
        labels = labels_that_fit(values, places, width)
        axis.set_ticks(list(labels), list(labels.values()))
    axis.set_minor_locator(NullLocator())


class PlainFormatter(Formatter):
    """Formatter of complete tick labels, without a common factor or offset at the end of the axis."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the label of a tick."""
        if isinstance(self.axis, Axis) and self.axis.get_scale() == "log" and x > 0:
            low, high = self.axis.get_view_interval()
            exponent = math.log10(x)
            is_power = abs(exponent - round(exponent)) < ROUNDING
            if is_power and math.log10(high / low) > PLAIN_DECADES:
                return f"$10^{{{round(exponent)}}}$" if round(exponent) else "1"
        return plain_number(0.0 if self._is_rounded_zero(x) else x)

    def _is_rounded_zero(self, x: float) -> bool:
        if not isinstance(self.axis, Axis) or self.axis.get_scale() == "log":
            return False
        low, high = self.axis.get_view_interval()
        return bool(abs(x) < ROUNDING * (high - low))


class PlainLogLocator(Locator):
    """Locator of round ticks on a logarithmic axis: whole decades, 1-2-5, or equal steps, by its length."""

    def __call__(self) -> Sequence[float]:
        """Return the ticks of the visible part of the axis."""
        assert self.axis is not None
        low, high = self.axis.get_view_interval()
        return self.tick_values(float(low), float(high))

    def tick_values(self, vmin: float, vmax: float) -> Sequence[float]:
        """Return the ticks between two positive numbers."""
        low, high = sorted((vmin, vmax))
        if not 0 < low < high:
            return [high] if high > 0 else []
        width = math.log10(high / low)
        if width < 1:
            values = np.asarray(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]).tick_values(low, high)).tolist()
        else:
            first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
            # Multiples such as 5 x 10^-6 would be no plain numbers.
            plain = low >= SMALLEST_PLAIN and high <= LARGEST_PLAIN
            steps = (1, 2, 5) if width < 2.5 and plain else (1,)
            stride = max(1, math.ceil(width / MOST_DECADES))
            # Multiples of the stride, so that 10^0 = 1 is a tick.
            decades = [decade for decade in range(first, last + 1) if decade % stride == 0]
            values = [float(f"{step}e{decade}") for decade in decades for step in steps]
        return [value for value in values if low * (1 - ROUNDING) <= value <= high * (1 + ROUNDING)]


def set_plain_ticks(axis: Axis, most: int | None = None) -> None:
    """Set plain labels on an axis; its scale must be set before, and ticks set afterwards override them.

    Args:
        axis: Axis of any scale.
        most: Largest number of steps between ticks of a linear axis; None to leave it to matplotlib.
    """
    if axis.get_scale() == "log":
        axis.set_major_locator(PlainLogLocator())
        axis.set_minor_locator(NullLocator())
    elif most is not None:
        axis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(PlainFormatter())
