"""What a benchmark reports: runs of ours beside runs of a reference, with median, spread and the goal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal


class NotMeasuredError(Exception):
    """Something that a benchmark needs is not here; the message says what and why."""


@dataclass(frozen=True, slots=True)
class Absent:
    """A figure that this machine can't give, and why; the others of its benchmark go on."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Goal:
    """`of` says which number is judged: the ratio to the reference, or the median itself."""

    of: Literal["ratio", "median"]
    least: float | None = None
    most: float | None = None

    def is_met(self, found: float) -> bool:
        return (self.least is None or found >= self.least) and (self.most is None or found <= self.most)

    def __str__(self) -> str:
        bound = f">= {self.least:,g}" if self.least is not None else f"<= {self.most:,g}"
        return f"ratio {bound}" if self.of == "ratio" else bound


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured quantity. `runs` are ours, `reference_runs` those of `reference`, taken in turns in the same run;
    `how` says what was measured in words that a reader can check."""

    name: str
    unit: str
    runs: Sequence[float]
    how: str
    reference: str = ""
    reference_runs: Sequence[float] = ()
    goal: Goal | None = None
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float:
        return median(self.runs)

    @property
    def reference_median(self) -> float | None:
        return median(self.reference_runs) if self.reference_runs else None

    @property
    def ratio(self) -> float | None:
        """Ours to the reference: the median over the pairs, since both runs of a pair met the same machine."""
        if not self.reference_runs:
            return None
        return median(ours / theirs for ours, theirs in zip(self.runs, self.reference_runs, strict=True))

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        judged = self.ratio if self.goal and self.goal.of == "ratio" else self.median
        return self.goal.is_met(judged) if self.goal and judged is not None else None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.median,
            "spread": [min(self.runs), max(self.runs)],
            "runs": list(self.runs),
            "reference": self.reference or None,
            "reference_median": self.reference_median,
            "reference_runs": list(self.reference_runs),
            "ratio": self.ratio,
            "goal": str(self.goal) if self.goal else None,
            "met": self.met,
            "how": self.how,
            **self.more,
        }


def alternate(
    rounds: int, reference: Callable[[], float], ours: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """(reference, ours) of each round: reference, ours, reference, ours …"""
    pairs = [(reference(), ours()) for _ in range(rounds)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of `values` that at least `percent` of them don't exceed."""
    ordered = sorted(values)
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]
