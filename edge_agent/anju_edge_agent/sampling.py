"""Which values are worth a sample: pure, with time as an argument."""

from dataclasses import dataclass

_US = 1_000_000
DEFAULT_MAX_AGE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """Without a dead band every value is sent. With one, a value is sent when it moved by more than `dead_band`
    (in the point's unit) from the one sent last, when its quality changed, and at least every `max_age_s`."""

    dead_band: float | None = None
    max_age_s: float = DEFAULT_MAX_AGE_S


EVERY_VALUE = Sampling()


class Sampler:
    """Remembers what was sent last of one point."""

    __slots__ = ("_at_us", "_max_age_us", "_quality", "_sampling", "_value")

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._max_age_us = round(sampling.max_age_s * _US)
        self._at_us: int | None = None
        self._value = 0.0
        self._quality = 0

    def wants(self, at_us: int, value: float, quality: int) -> bool:
        """Whether to send it; then it counts as sent. A value older than the one sent last is always sent."""
        band = self._sampling.dead_band
        if band is None:
            return True
        sent_us = self._at_us
        if (
            sent_us is not None
            and quality == self._quality
            and abs(value - self._value) <= band
            and 0 <= at_us - sent_us < self._max_age_us
        ):
            return False
        if sent_us is None or at_us >= sent_us:
            self._at_us, self._value, self._quality = at_us, value, quality
        return True
