"""How much more or less than others an asset answers what moves them: a fan has its own curve at the same speed.

Each asset's share is learned from its own changes from day to day until a day, as far as the differences between assets
make it likely (a mean of both, each as sure as it is); nothing of later days is needed.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

ASSETS_AT_LEAST: Final = 5
ASSETS_AT_MOST: Final = 200
"""So many tell what all do together."""
USUAL: Final = (0.5, 99.5)
"""Percentiles of changes beyond which one is taken for an oddity when the others' spread is told."""
ODD: Final = 6.0
"""So many of these spreads a change counts at most: more is a repair, or a reading gone wrong."""
Doubles = npt.NDArray[np.float64]


class Response(NamedTuple):
    """`apart`: standard deviation among assets of the share that they answer more or less than all do; `rest`: that
    of what a day's change has beside, in the unit of the values."""

    apart: float = 0.0
    rest: float = 0.0


def learn_response(given: Doubles, left: Doubles) -> Response:
    """From what is given to each asset by what moves all, and what is `left` of its values without that, both
    [asset, day]. Assets are no further apart than chance would have them: a Response of zeros."""
    moved, more = _changes(given), _changes(left)
    known = ~np.isnan(more)
    if not known.any():
        return Response()
    rest = float(np.std(np.clip(more[known], *np.percentile(more[known], USUAL))))
    power, told = _sums(moved, more, rest)
    enough = power[:, -1] > 0
    if np.count_nonzero(enough) < ASSETS_AT_LEAST or not rest > 0:
        return Response()
    shares = told[enough, -1] / power[enough, -1]
    sure = power[enough, -1] / rest**2
    about = shares - (sure * shares).sum() / sure.sum()
    beyond_chance = (sure * about * about).sum() - (len(shares) - 1)
    spread = beyond_chance / (sure.sum() - (sure * sure).sum() / sure.sum())
    return Response(float(np.sqrt(max(spread, 0.0))), rest)


def answered(given: Doubles, left: Doubles, response: Response) -> Doubles:
    """[asset, day]: how much more each asset answers to what it is given beyond its own mean so far; NaN where that
    isn't known."""
    if not response.apart > 0:
        return np.zeros(given.shape)
    power, told = _sums(_changes(given), _changes(left), response.rest)
    share = told / (power + (response.rest / response.apart) ** 2)
    there = ~np.isnan(given)
    mean = np.cumsum(np.where(there, given, 0.0), axis=1) / np.maximum(np.cumsum(there, axis=1), 1)
    found: Doubles = share * (given - mean)
    return found


def _sums(moved: Doubles, more: Doubles, rest: float) -> tuple[Doubles, Doubles]:
    """Up to each day [asset, day], of the squares of what `moved` and of its products with what changed `more`."""
    known = ~(np.isnan(moved) | np.isnan(more))
    likely = np.clip(more, -ODD * rest, ODD * rest)
    squares = np.cumsum(np.where(known, moved * moved, 0.0), axis=1)
    return squares, np.cumsum(np.where(known, moved * likely, 0.0), axis=1)


def _changes(values: Doubles) -> Doubles:
    """[asset, day]: from the day before, less what all do; NaN on the first day and where either is missing."""
    found = np.full(values.shape, np.nan)
    found[:, 1:] = np.diff(values, axis=1)
    some = found[:: max(len(found) // ASSETS_AT_MOST, 1)]
    enough = (~np.isnan(some)).sum(axis=0) >= ASSETS_AT_LEAST
    found[:, enough] -= np.nanmedian(some[:, enough], axis=0)
    return found
