"""How long to wait before trying again: real seconds, doubling, with jitter so that a thousand boxes don't knock at
once after an outage."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Waits between `first_s` and `most_s`; each is between half and all of the doubled bound."""

    first_s: float = 0.5
    most_s: float = 60.0
    chance: random.Random = field(default_factory=random.Random)
    _tries: int = 0

    def next_s(self) -> float:
        bound_s = min(self.most_s, self.first_s * 2.0 ** min(self._tries, 32))
        self._tries += 1
        return bound_s * self.chance.uniform(0.5, 1.0)

    def reset(self) -> None:
        self._tries = 0
