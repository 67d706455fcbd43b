"""What one gateway may ask of the platform, so that a broken or hostile one harms nobody but itself."""

from dataclasses import dataclass
from typing import Final, Self

from anju_platform.config import Settings

MESSAGE_BYTES: Final = 500
"""What a message costs besides its payload: an empty one is not free."""


@dataclass(frozen=True, slots=True)
class Limits:
    """docs/reference/limits.md says what happens beyond each."""

    bytes_per_s: int = Settings.gateway_bytes_per_s
    points: int = Settings.gateway_points
    letter_bytes_per_day: int = Settings.letter_bytes_per_day

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.gateway_bytes_per_s, settings.gateway_points, settings.letter_bytes_per_day)
