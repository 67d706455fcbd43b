"""The fast way to read telemetry: packs in the form that our own gateways write, many of them as columns at once.

A pack of any other form, of an unknown point, or with anything in it that may have to be refused is left to the strict
way (contracts' `decode_pack` and `screen`), which gives the same samples and the reasons. Pure.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from anju_contracts.envelope import Envelope, envelope_of
from anju_contracts.errors import ContractError
from anju_contracts.senml import EARLIEST_US, FARTHEST_S, LATEST_US, MAX_SAMPLES, MESSAGE, RELATIVE_BELOW_S
from anju_platform.ingest.screen import Window
from anju_platform.storage.samples import Samples

_WORST_QUALITY: Final = 2


class _Record(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The labels that our packer writes."""

    n: str
    v: float
    t: float = 0.0
    q: int = 0
    bn: str | None = None
    bt: float | None = None
    epoch: str | None = None
    seq: int | None = None
    historical: bool | None = None
    taken_at: datetime | None = None


_RECORDS: Final = msgspec.json.Decoder(list[_Record])


class PlainPack(msgspec.Struct, frozen=True, gc=False):
    """Samples of known points, not yet screened; `qualities` is empty where all are good."""

    envelope: Envelope | None
    point_ids: Sequence[int]
    base_s: float
    offsets_s: Sequence[float]
    values: Sequence[float]
    qualities: Sequence[int]


def read_plain(payload: bytes, ids: Mapping[str, int]) -> PlainPack | None:
    """None for whatever only the strict way can judge; `ids` are point ids by `asset/point`."""
    try:
        records = _RECORDS.decode(payload)
        first = records[0]
        envelope = envelope_of(first.epoch, first.seq, first.historical, first.taken_at, message=MESSAGE)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, IndexError, ContractError):
        return None
    base_times = len(records) - [record.bt for record in records].count(None)
    if len(records) > MAX_SAMPLES or base_times > (first.bt is not None):
        return None
    try:
        point_ids = _ids_of(records, ids)
    except KeyError:
        return None
    qualities = [record.q for record in records]
    return PlainPack(
        envelope,
        point_ids,
        first.bt or 0.0,
        [record.t for record in records],
        [record.v for record in records],
        qualities if any(qualities) else (),
    )


def _ids_of(records: Sequence[_Record], ids: Mapping[str, int]) -> list[int]:
    """KeyError where one is not known; a known name is a valid one."""
    base = ""
    found: list[int] = []
    append = found.append
    for record in records:
        if record.bn is not None:
            base = record.bn
        append(ids[base + record.n])
    return found


class Span(msgspec.Struct, frozen=True, gc=False):
    """The samples of one pack, and the times of its first and last one, in microseconds since 1970."""

    samples: Samples
    first_at_us: int
    last_at_us: int


def spans_of(packs: Sequence[PlainPack], windows: Sequence[Window]) -> list[Span | None]:
    """The samples of each of `packs`; None where one of them is no finite value of `windows`' time."""
    if not packs:
        return []
    sizes = np.array([len(pack.point_ids) for pack in packs])
    ends = np.cumsum(sizes)
    starts = ends - sizes
    columns, odd = _columns(packs, sizes)
    firsts, lasts = np.minimum.reduceat(columns.at_us, starts), np.maximum.reduceat(columns.at_us, starts)
    fits = ~np.logical_or.reduceat(odd, starts)
    fits &= (firsts >= EARLIEST_US) & (lasts < LATEST_US)
    fits &= firsts >= np.array([window.since_us for window in windows])
    fits &= lasts <= np.array([window.until_us for window in windows])
    rows = zip(starts.tolist(), ends.tolist(), firsts.tolist(), lasts.tolist(), fits.tolist(), strict=True)
    return [Span(columns.between(start, end), first, last) if fit else None for start, end, first, last, fit in rows]


def _columns(packs: Sequence[PlainPack], sizes: NDArray[np.int64]) -> tuple[Samples, NDArray[np.bool_]]:
    """All samples of `packs`, and which of them only the strict way can judge."""
    offsets_s = np.array(list(chain.from_iterable(pack.offsets_s for pack in packs)), np.float64)
    bases_s = np.repeat(np.array([pack.base_s for pack in packs], np.float64), sizes)
    values = np.array(list(chain.from_iterable(pack.values for pack in packs)), np.float64) + 0.0
    qualities, odd = _qualities(packs, sizes)
    odd |= ~np.isfinite(values) | ~(np.abs(bases_s) < FARTHEST_S) | ~(np.abs(offsets_s) < FARTHEST_S)
    odd |= ~(bases_s + offsets_s >= RELATIVE_BELOW_S)
    # rounded apart, as the strict way does
    at_us = _microseconds(np.where(odd, 0.0, bases_s)) + _microseconds(np.where(odd, 0.0, offsets_s))
    point_ids = np.array(list(chain.from_iterable(pack.point_ids for pack in packs)), np.int64)
    return Samples(point_ids, at_us, values, qualities), odd


def _microseconds(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(seconds * 1e6).astype(np.int64)


def _qualities(packs: Sequence[PlainPack], sizes: NDArray[np.int64]) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    total = int(sizes.sum())
    if not any(pack.qualities for pack in packs):
        return np.zeros(total, np.int16), np.zeros(total, np.bool_)
    told = chain.from_iterable(pack.qualities or [0] * len(pack.point_ids) for pack in packs)
    clipped = np.array([quality if 0 <= quality <= _WORST_QUALITY else -1 for quality in told], np.int16)
    return np.maximum(clipped, 0), clipped < 0
