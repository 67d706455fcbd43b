"""From a flickering condition to an alarm: pure, with time as an argument.

Field firmware of lift monitors needed every one of these settings: a stop outside the door zone counts only
after 45 s, overspeed is 6 samples within 10 s and clears after 15 s, a presence flap under 10 s is noise.
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Debounce:
    """All times in seconds of the data. Raised after `count` active reports within `window_s`, of which the
    condition then held for `hold_s`; cleared once it was gone for `clear_after_s`. A raised alarm stays for at
    least `min_on_s`, a cleared one stays away for at least `min_off_s`."""

    hold_s: float = 0.0
    clear_after_s: float = 0.0
    count: int = 1
    window_s: float = 0.0
    min_on_s: float = 0.0
    min_off_s: float = 0.0


class Change(NamedTuple):
    """The alarm was raised or cleared, at this moment of the data."""

    at_us: int
    raised: bool


class Debouncer:
    """One condition of one asset. Changes alternate between raise and clear and never go back in time; a report
    that is older than one already seen counts as if it came at that later moment."""

    def __init__(self, rule: Debounce, *, raised: bool = False) -> None:
        self.raised = raised
        self._rule = rule
        self._seen_us = 0
        self._changed_us: int | None = None
        self._active_since: int | None = None
        self._inactive_since: int | None = None
        self._hits: deque[int] = deque(maxlen=rule.count)

    @property
    def waiting(self) -> bool:
        """Whether time alone may change the alarm."""
        return (self._inactive_since if self.raised else self._active_since) is not None

    def observe(self, at_us: int, active: bool) -> list[Change]:
        """The changes up to and including what the report of `at_us` causes."""
        at_us = max(at_us, self._seen_us, self._changed_us or 0)
        self._seen_us = at_us
        changes = self.advance(at_us)
        if active:
            self._activate(at_us)
        else:
            self._active_since = None
            if self._inactive_since is None:
                self._inactive_since = at_us
        return changes + self.advance(at_us)

    def pulse(self, at_us: int) -> list[Change]:
        """A report without duration: it counts, and the condition is gone at once."""
        return self.observe(at_us, active=True) + self.observe(at_us, active=False)

    def advance(self, now_us: int) -> list[Change]:
        """What the passing of time alone causes up to `now_us`."""
        since = self._inactive_since if self.raised else self._active_since
        if since is None:
            return []
        rule = self._rule
        wait_s, rest_s = (rule.clear_after_s, rule.min_on_s) if self.raised else (rule.hold_s, rule.min_off_s)
        due_us = since + round(wait_s * _US)
        if self._changed_us is not None:
            due_us = max(due_us, self._changed_us + round(rest_s * _US))
        if due_us > now_us:
            return []
        self.raised = not self.raised
        self._changed_us = due_us
        return [Change(due_us, self.raised)]

    def _activate(self, at_us: int) -> None:
        self._inactive_since = None
        self._hits.append(at_us)
        full = len(self._hits) == self._rule.count
        recent = self._rule.count == 1 or at_us - self._hits[0] <= round(self._rule.window_s * _US)
        if self._active_since is None and full and recent:
            self._active_since = at_us
