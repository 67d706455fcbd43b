"""Typed records of scoring: a stored model, and what is known of tickets when decisions are made."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """The champion opens tickets; the challenger is watched in its shadow until it has shown that it is better."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    RETIRED = "retired"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StoredModel:
    """`why_not` says why it opens no tickets; empty for one that does."""

    id: int
    as_of: datetime
    role: Role
    why_not: str


@dataclass(frozen=True, slots=True)
class KnownProblem:
    """A ticket as it stood at a moment: open, or `closed_at` (its resolution, where there was one) before then; or a
    failure that an alarm tells of.

    `foreseen` is True where a prediction has nothing to add.
    """

    asset_key: str
    component: str | None
    closed_at: datetime | None
    foreseen: bool
