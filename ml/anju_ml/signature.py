"""What a component's failures look like beforehand: which points and codes move, which way, how far at the end.

With few failures this is estimated channel by channel, in nats of surprise (board.py), and shrunk: to nothing where
chance would do as well, and towards points and codes whose name shares a word with the component's. It turns every
component of every kind into the same few columns, so that one hazard can be learned from the failures of all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from anju_ml.alike import channels_alike
from anju_ml.board import FIRST, LONG, PEERS, REFERENCES, STATISTICS, WEEK, Board
from anju_ml.grid import Floats
from anju_ml.rarity import Rarity, learn_rarity

PLAIN: Final = (
    "missing:since",
    "opened:7d",
    "complaint:14d",
    "visits corrective:since",
    "visits reset:since",
    "own corrective:since",
    "own reset:since",
)
BEFORE_DAYS: Final = 10.0
CHANNELS_AT_MOST: Final = 5
LEAST_SHARE: Final = 0.25
"""Channels that say less than this share of what the best says are left out."""
PRIOR_FAILURES: Final = 1.5
PRIOR_NATS: Final = 3.0
"""What a point named like the component is taken to show at a failure, before data say otherwise."""
CHANCE_NATS: Final = 2.1
"""By how much the mean surprise of one failure differs from none by chance."""
END_FAILURES: Final = 3.0
END_NATS: Final = 4.0
LEAST_END: Final = 1.5
PEERED_FROM: Final = 8
"""From so many failures on a signature may go by the distance from the first weeks on record and from peers: many
assets have always stood apart, and of many references one looks best by luck."""
LOOKS: Final = ("week", "long", "that tells most", "against any reference", "likeness")
"""Of which it is told how rare they are on days without a failure ahead."""
ODDS_OF: Final = LOOKS[2:]
ODDS_DAYS: Final = 30.0
NOTHING_RARE: Final = learn_rarity(np.empty((0, len(LOOKS))), np.empty(0))
UP, DOWN, EITHER = 0, 1, 2

Indices = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Signature:
    """By channel of the kind's board: `weights` (adding up to 1), `forms` (UP, DOWN or EITHER way), `references` (the
    statistic that tells most), `profile` (its mean surprise before failures, signed, less chance). `end`: the usual
    weighted surprise at a failure; `strength`: what the best channel says; `base_rate`: log of failures a day; `rarity`
    of LOOKS."""

    weights: Doubles
    forms: Indices
    references: Indices
    profile: Doubles
    end: float
    strength: float
    failures: int
    base_rate: float
    rarity: Rarity = NOTHING_RARE

    def with_rarity(self, surprise: Floats, weights: Doubles) -> "Signature":
        """Knowing how often quiet days [row, channel, statistic] look like this; `weights` [row]."""
        return replace(self, rarity=learn_rarity(self.looks(surprise), weights))

    def looks(self, surprise: Floats) -> Doubles:
        """[row, LOOKS] from [row, channel, statistic]."""
        return self.looks_from(self.evidence(surprise), self.likeness(surprise))

    def looks_from(self, evidence: Doubles, likeness: Doubles) -> Doubles:
        """[row, LOOKS] from what `evidence` and `likeness` give: evidence by statistic, the most by any reference that
        the signature may go by, and likeness."""
        best = evidence[:, list(_known_references(self.failures))].max(axis=1)
        return np.stack([evidence[:, WEEK], evidence[:, LONG], evidence[:, -1], best, likeness], axis=1)

    def evidence(self, surprise: Floats) -> Doubles:
        """[row, statistic + 1] from [row, channel, statistic]: 1 is what failures usually look like at the end. Last,
        that of the statistics that tell most."""
        return self._weighed(np.concatenate([surprise, self.telling(surprise)[:, :, None]], axis=2))

    def lasting_evidence(self, surprise: Floats) -> Doubles:
        """[row, 2]: of the statistics that tell most, and against the long past."""
        return self._weighed(np.stack([self.telling(surprise), surprise[:, :, LONG]], axis=2))

    def telling(self, surprise: Floats) -> Floats:
        """[row, channel] from [row, channel, statistic]: the statistic of each channel that tells most."""
        return surprise[:, np.arange(len(self.references)), self.references]

    def _weighed(self, surprise: Floats) -> Doubles:
        used = np.flatnonzero(self.weights)
        own = _towards(surprise[:, used].astype(np.float64), self.forms[used][None, :, None])
        found: Doubles = np.einsum("rcs,c->rs", own, self.weights[used]) / self.end
        return found

    def likeness(self, surprise: Floats) -> Doubles:
        """How much the pattern of what is odd [row, channel, statistic] is that of the component's failures, 0 to
        about 1."""
        told = self.telling(surprise)
        own = np.where(self.forms == EITHER, np.abs(told), told)
        own = np.where(np.abs(own) > 1.5, own, 0.0).astype(np.float64)
        size = np.sqrt((own * own).sum(axis=1)) + 2.0
        found: Doubles = own @ self.profile / (size * (np.sqrt((self.profile**2).sum()) + 0.5))
        return found


def learn_signature(board: Board, surprise: Floats, failure: Indices, component: str, *, base_rate: float) -> Signature:
    """From rows in the days before failures: `surprise` [row, channel, statistic] and the number of the failure of
    each row. Each channel goes by the one of REFERENCES that says most, so that none counts twice."""
    by_reference = [_by_failure(surprise[:, :, each], failure) for each in REFERENCES]
    count = len(by_reference[0])
    alike = channels_alike(board, component)
    ways = np.array([_ways(board, before, alike) for before in by_reference])
    known = _known_references(count)
    best = ways[: len(known)].max(axis=1).argmax(axis=0)
    ways = np.take_along_axis(ways, best[None, None], axis=0)[0]
    before = np.take_along_axis(np.array(by_reference), best[None, None], axis=0)[0]
    forms = ways.argmax(axis=0) if count else np.full(len(board.names), EITHER)
    chance = np.where(alike, 0.5, 1.0) * CHANCE_NATS / np.sqrt(count + 1.0)
    weights, strength = _weights(np.maximum(ways.max(axis=0, initial=0.0) - chance, 0.0))
    mean = np.where(forms == UP, ways[UP], np.where(forms == DOWN, -ways[DOWN], ways[EITHER] + 0.3))
    profile = np.sign(mean) * np.maximum(np.abs(mean) - chance, 0.0)
    end = _end(_towards(before, forms[None, :]) @ weights)
    references = np.array(REFERENCES)[best]
    return Signature(weights, forms.astype(np.int64), references, profile, end, strength, count, base_rate)


def _known_references(failures: int) -> tuple[int, ...]:
    return REFERENCES if failures >= PEERED_FROM else REFERENCES[: REFERENCES.index(FIRST)]


def _ways(board: Board, before: Doubles, alike: npt.NDArray[np.bool_]) -> Doubles:
    """What each channel says of failures [UP, DOWN or EITHER, channel] by its mean surprise `before` each [failure,
    channel], shrunk towards names `alike`."""
    prior = np.where(alike, PRIOR_NATS, 0.0)
    prior_down = np.where(np.array(board.codes, np.bool_), 0.0, prior)
    total = len(before) + PRIOR_FAILURES
    found: Doubles = np.array(
        [
            (before.sum(axis=0) + PRIOR_FAILURES * prior) / total,
            (PRIOR_FAILURES * prior_down - before.sum(axis=0)) / total,
            (np.abs(before).sum(axis=0) - len(before) + PRIOR_FAILURES * 0.8 * prior) / total - 0.3,
        ]
    )
    return found.reshape(3, len(board.names))


def _by_failure(rows: Floats, failure: Indices) -> Doubles:
    """Mean over the rows of each failure [failure, channel]."""
    numbers, group = np.unique(failure, return_inverse=True)
    total = np.zeros((len(numbers), rows.shape[1]))
    np.add.at(total, group, rows)
    return total / np.maximum(np.bincount(group, minlength=len(numbers)), 1)[:, None]


def _towards(surprise: Doubles, forms: Indices) -> Doubles:
    """Surprise in the direction that counts."""
    found: Doubles = np.where(forms == EITHER, np.abs(surprise), np.where(forms == DOWN, -surprise, surprise))
    return found


def _weights(scores: Doubles) -> tuple[Doubles, float]:
    """The best channels' weights, and the best score."""
    best = float(scores.max(initial=0.0))
    kept = np.zeros(len(scores))
    chosen = np.argsort(-scores, kind="stable")[:CHANNELS_AT_MOST]
    kept[chosen] = np.where(scores[chosen] >= LEAST_SHARE * best, scores[chosen], 0.0)
    return (kept / kept.sum() if best > 0 else kept), best


def _end(evidence: Doubles) -> float:
    """The usual evidence at a failure, of those that showed at all, shrunk to END_NATS."""
    count = len(evidence)
    shown = evidence[evidence > 0.5 * np.median(evidence)] if count else evidence
    usual = float(np.median(shown)) * count if len(shown) else 0.0
    return max((usual + END_FAILURES * END_NATS) / (count + END_FAILURES), LEAST_END)


def shared_names() -> tuple[list[str], list[int]]:
    """Names of the columns of `apply`, and for each whether more of it can only mean more risk (1) or not (0)."""
    lasting = ("week before", "fortnight before")
    statistics = [name for index, name in enumerate(STATISTICS) if index != PEERS]
    names = [f"evidence {name}" for name in statistics]
    up = [0 if name in lasting else 1 for name in statistics]
    names.append("evidence that tells most")
    up.append(1)
    names += ["nats", "held", "rival", "rival long", "likeness", "rival likeness"]
    up += [1, 1, 0, 0, 1, 0]
    names += [*(f"rare {look}" for look in LOOKS), *(f"odds {look}" for look in ODDS_OF)]
    up += [1] * (len(LOOKS) + len(ODDS_OF))
    names += ["oddest", "second oddest", "oddest long", "oddest code"]
    up += [1, 0, 1, 1]
    return [*names, *PLAIN, "strength", "failures", "base rate"], [*up, *(0 for _ in PLAIN), 0, 0, 1]


def apply(signatures: Mapping[str, Signature], component: str, board: Board, surprise: Floats, plain: Floats) -> Floats:
    """The shared columns of `component` from the surprise of its rows and their PLAIN columns; `signatures` are
    those of all components of the kind, since what speaks for another speaks less for this one."""
    own = signatures[component]
    evidence = own.evidence(surprise)
    others = [each for name, each in signatures.items() if name != component]
    rivals = [each.lasting_evidence(surprise) for each in others]
    rival = np.max(rivals, axis=0) if rivals else np.zeros((len(surprise), 2))
    likenesses = [each.likeness(surprise) for each in others]
    alike = np.max(likenesses, axis=0) if likenesses else np.zeros(len(surprise))
    held = evidence[:, [STATISTICS.index("now"), WEEK, STATISTICS.index("week before")]].min(axis=1)
    likeness = own.likeness(surprise)
    singles = [evidence[:, -1] * own.end, held, rival[:, 0], rival[:, 1], likeness, alike]
    constant = np.array([own.strength, np.log1p(own.failures), own.base_rate])
    rare = own.rarity.nats_of(own.looks_from(evidence, likeness))
    odds = rare[:, -len(ODDS_OF) :] + own.base_rate + np.log(ODDS_DAYS)
    columns = [
        np.delete(evidence, PEERS, axis=1),
        np.stack(singles, axis=1),
        rare,
        odds,
        oddest(board, surprise),
        plain,
    ]
    return np.hstack([*columns, np.broadcast_to(constant, (len(surprise), 3))]).astype(np.float32)


def oddest(board: Board, surprise: Floats) -> Doubles:
    """[row, 4]: the surprise of the oddest and the second oddest point this week, the oddest against the long past,
    and the oddest code of the fortnight."""
    codes = np.array(board.codes, np.bool_)
    out = np.zeros((len(surprise), 4))
    points = np.abs(surprise[:, ~codes])
    if points.shape[1]:
        week = points[:, :, WEEK]
        second = max(week.shape[1] - 2, 0)
        out[:, 0] = week.max(axis=1)
        out[:, 1] = np.partition(week, second, axis=1)[:, second]
        out[:, 2] = points[:, :, LONG].max(axis=1)
    if codes.any():
        out[:, 3] = surprise[:, codes, STATISTICS.index("fortnight")].max(axis=1)
    return out
