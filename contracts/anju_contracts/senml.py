"""Telemetry: SenML packs (RFC 8428, JSON), columnar once decoded.

A record's name is `asset/point`. The first record also carries the envelope (`epoch`, `seq`, `historical`, `taken_at`)
and any record may carry `q`, the quality. Unknown labels are passed over as the RFC asks, but for those that
end in `_`, which must be understood.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from anju_contracts.envelope import Envelope, envelope_of
from anju_contracts.errors import ContractError, decode_json
from anju_contracts.names import is_name
from anju_contracts.quality import Quality

MESSAGE = "telemetry"
MAX_SAMPLES = 10_000
RELATIVE_BELOW_S = 2**28
"""RFC 8428, 4.5.3: a smaller time is relative to now."""
EARLIEST_US = 946_684_800_000_000
"""2000-01-01. A clock that was never set is no time of a reading."""
LATEST_US = 4_102_444_800_000_000
"""2100-01-01."""
FARTHEST_S = 1e10
"""No base time and no time is larger; it keeps the sums below exact."""
_QUALITIES = {quality.value for quality in Quality}


class SenmlRecord(msgspec.Struct, omit_defaults=True):
    """One record as it is on the wire; see RFC 8428, section 4."""

    bver: int | None = None
    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    bv: float | None = None
    bs: float | None = None
    n: str = ""
    u: str | None = None
    t: float = 0.0
    v: float | None = None
    vb: bool | None = None
    vs: str | None = None
    vd: str | None = None
    s: float | None = None
    ut: float | None = None
    q: int = 0
    epoch: str | None = None
    seq: int | None = None
    historical: bool | None = None
    taken_at: datetime | None = None


@dataclass(slots=True)
class Pack:
    """Samples of one gateway, as equal-length columns: `names[i]` is `asset/point`, `at_us[i]` is microseconds
    since 1970 in UTC, `values[i]` is finite, `units[i]` is a UCUM code or None where the record had no unit."""

    envelope: Envelope | None = None
    names: list[str] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    qualities: list[int] = field(default_factory=list)
    units: list[str | None] = field(default_factory=list)

    def append(self, name: str, at_us: int, value: float, quality: int = 0, unit: str | None = None) -> None:
        self.names.append(name)
        self.at_us.append(at_us)
        self.values.append(value)
        self.qualities.append(quality)
        self.units.append(unit)

    def __len__(self) -> int:
        return len(self.names)


def decode_pack(payload: bytes, *, now: datetime) -> Pack:
    """The pack of `payload`. Relative times are resolved against `now`, the moment it was received.

    Raises ContractError that names the record and its label, for example `[3].v`.
    """
    records = decode_json(payload, list[SenmlRecord], MESSAGE)
    if not 1 <= len(records) <= MAX_SAMPLES:
        raise ContractError(MESSAGE, "payload", len(records), f"1 to {MAX_SAMPLES} records")
    if b'_"' in payload:
        _refuse_must_understand(payload)
    first = records[0]
    pack = Pack(envelope_of(first.epoch, first.seq, first.historical, first.taken_at, message=MESSAGE))
    _resolve(records, pack, now.timestamp())
    if not pack.names:
        raise ContractError(MESSAGE, "[0]", None, "at least one record with a value")
    return pack


def _resolve(records: Sequence[SenmlRecord], pack: Pack, now_s: float) -> None:
    base_name, base_time, base_unit, base_value = "", 0.0, None, None
    known: set[str] = set()
    for index, record in enumerate(records):
        if record.bn is not None:
            base_name = record.bn
        if record.bt is not None:
            base_time = record.bt
        if record.bu is not None:
            base_unit = record.bu
        if record.bv is not None:
            base_value = record.bv
        if _is_base_only(record):
            continue
        name = base_name + record.n
        if name not in known:
            _check_sample_name(name, index)
            known.add(name)
        pack.append(
            name,
            _at_us(base_time, record.t, now_s, index),
            _value(record, base_value, index),
            _quality(record.q, index),
            record.u or base_unit,
        )


def _is_base_only(record: SenmlRecord) -> bool:
    values = (record.v, record.vb, record.vs, record.vd, record.s)
    return not record.n and all(value is None for value in values)


def _at_us(base_s: float, offset_s: float, now_s: float, index: int) -> int:
    at_s = base_s + offset_s
    if not (abs(base_s) < FARTHEST_S and abs(offset_s) < FARTHEST_S):
        raise ContractError(MESSAGE, f"[{index}].t", at_s, "a finite number of seconds")
    # rounded apart: both parts are exact to the microsecond where their sum may not be
    at_us = round(base_s * 1e6) + round(offset_s * 1e6)
    if at_s < RELATIVE_BELOW_S:
        at_us += round(now_s * 1e6)
    if not EARLIEST_US <= at_us < LATEST_US:
        raise ContractError(MESSAGE, f"[{index}].t", at_s, "seconds of a moment from 2000 to 2099, or relative to now")
    return at_us


def _value(record: SenmlRecord, base_value: float | None, index: int) -> float:
    if record.vb is not None and record.v is None:
        return float(record.vb)
    if record.vs is not None or record.vd is not None or (record.s is not None and record.v is None):
        label = "vs" if record.vs is not None else "vd" if record.vd is not None else "s"
        raise ContractError(MESSAGE, f"[{index}].{label}", getattr(record, label), "a number in v or a boolean in vb")
    if record.v is None and base_value is None:
        raise ContractError(MESSAGE, f"[{index}].v", None, "a number in v or a boolean in vb")
    value = (record.v or 0.0) + (base_value or 0.0)
    if not math.isfinite(value):
        raise ContractError(MESSAGE, f"[{index}].v", value, "a finite number")
    return value


def _quality(quality: int, index: int) -> int:
    if quality not in _QUALITIES:
        raise ContractError(MESSAGE, f"[{index}].q", quality, "0 good, 1 uncertain or 2 bad")
    return quality


def split_sample_name(name: str) -> tuple[str, str]:
    """The asset and the point of a sample's name."""
    asset, _, point = name.partition("/")
    return asset, point


def _check_sample_name(name: str, index: int) -> None:
    asset, slash, point = name.partition("/")
    if not (slash and is_name(asset) and is_name(point)):
        raise ContractError(MESSAGE, f"[{index}].n", name, "<asset>/<point> of names, base name included")


def _refuse_must_understand(payload: bytes) -> None:
    for index, record in enumerate(msgspec.json.decode(payload)):
        for label in record:
            if label.endswith("_"):
                raise ContractError(MESSAGE, f"[{index}].{label}", record[label], "no label that ends in '_'")


def encode_pack(pack: Pack) -> bytes:
    """`pack` as SenML: base name and base time once for each run of samples that share them."""
    records: list[SenmlRecord] = []
    asset_now, base_s = "", 0
    for name, at_us, value, quality, unit in zip(
        pack.names, pack.at_us, pack.values, pack.qualities, pack.units, strict=True
    ):
        asset, _, point = name.partition("/")
        record = SenmlRecord(n=point, v=value, u=unit, q=quality)
        if not records:
            base_s = at_us // 1_000_000
            record.bt = float(base_s)
            if pack.envelope is not None:
                record.epoch, record.seq = pack.envelope.epoch, pack.envelope.seq
                record.historical = pack.envelope.historical
                record.taken_at = pack.envelope.taken_at
        if asset != asset_now or not records:
            asset_now = asset
            record.bn = f"{asset}/"
        if at_us != base_s * 1_000_000:
            record.t = (at_us - base_s * 1_000_000) / 1e6
        records.append(record)
    return msgspec.json.encode(records)
