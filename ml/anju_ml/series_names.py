"""What the daily series of a point are called: its name, and an end for each but the median of a gauge."""

from typing import Final

HIGH: Final = "|high"
LOW: Final = "|low"
SWING: Final = "|swing"
"""How far the greatest and the least value of a day are apart."""
RATE: Final = "|rate"
"""The increase of a counter."""
PER_USE: Final = "|per_use"
"""The same by unit of use."""


def split(series: str) -> tuple[str, str]:
    """The point of a series, and its end ("" of a median)."""
    for end in (HIGH, LOW, SWING, RATE, PER_USE):
        if series.endswith(end):
            return series.removesuffix(end), end
    return series, ""
