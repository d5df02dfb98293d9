"""The axis of a chart: where a value stands on it, which values are marked, how a number is spelled. Pure."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

CLOSE = 0.08  # of the axis: two marks nearer than this are too near to be read
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`; both are above 0 when it is logarithmic."""

    low: float
    high: float
    log: bool = False

    def at(self, value: float) -> float | None:
        """How far along the axis a value stands: 0 to 1. None for what has no place on it."""
        if not math.isfinite(value) or (self.log and value <= 0):
            return None
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def scale(values: Iterable[float], log: bool, pad: float, grounded: bool = False) -> Scale:
    """The axis that holds all values that have a place, with `pad` of its length free on each side.

    grounded  a linear axis begins at 0 where that costs little room
    """
    placed = [v for v in values if math.isfinite(v) and (v > 0 or not log)]
    if not placed:
        return Scale(1.0, 10.0, log) if log else Scale(0.0, 1.0)
    low, high = min(placed), max(placed)
    if log:
        factor = (high / low) ** pad if high > low else 2.0
        return Scale(low / factor, high * factor, log)
    if high == low:
        wide = abs(high) / 2 or 1.0
        return Scale(low - wide, high + wide)
    wide = pad * (high - low)
    if grounded and 0 <= low < 0.4 * high:
        return Scale(0.0, high + wide)
    return Scale(low - wide, high + wide)


def ticks(axis: Scale, wanted: int = 5) -> list[float]:
    """Round values to mark on an axis, about as many as wanted."""
    if axis.log:
        first, last = math.ceil(math.log10(axis.low) - 1e-9), math.floor(math.log10(axis.high) + 1e-9)
        stride = max(1, math.ceil((last - first + 1) / (wanted + 1)))
        powers = [10.0**n for n in range(first, last + 1, stride)]
        if len(powers) >= 3:
            return powers
        finer = [m * 10.0**n for n in range(first - 1, last + 1) for m in (1, 2, 5)]
        finer = [v for v in finer if axis.low <= v <= axis.high]
        if len(finer) >= 2:
            return finer
    span = axis.high - axis.low
    rough = span / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    first = math.ceil(axis.low / step - 1e-9)
    marks = [n * step for n in range(first, first + wanted * 3)]
    return [round(v, 12) for v in marks if v <= axis.high + 1e-9 * span]


def measured_ticks(axis: Scale, values: Sequence[float]) -> list[float]:
    """The measured values themselves where they are few, those that would be written over each other left out."""
    distinct = sorted({v for v in values if axis.at(v) is not None})
    if not 2 <= len(distinct) <= 9:
        return ticks(axis)
    kept: list[float] = []
    for value in reversed(distinct):
        if not kept or (axis.at(kept[-1]) or 0) - (axis.at(value) or 0) >= CLOSE:
            kept.append(value)
    return kept[::-1]


def spell(value: float, digits: int = 4) -> str:
    """A number for people: `digits` significant ones, powers of ten written as such, a true minus sign."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if -5 < power < 6:
        places = max(0, digits - 1 - power)
        text = f"{value:.{places}f}" if abs(value) < 10_000 else f"{value:,.{places}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text.replace("-", "−") if float(text.replace(",", "")) else "0"
    factor = f"{value / 10.0**power:.{digits - 1}f}"
    factor = factor.rstrip("0").rstrip(".") if "." in factor else factor
    ten = "10" + str(power).translate(SUPERSCRIPTS)
    return ten if factor == "1" else f"{factor.replace('-', '−')}×{ten}"
