"""What the synthetic gateways publish is what the reference copies, in the same order."""

from datetime import UTC, datetime

import pytest

from anju_contracts.birth import decode_birth, encode_birth
from anju_contracts.senml import decode_pack
from anju_contracts.topics import parse_topic
from benchmarks.fleet import Batches, Fleet, birth_of, columns_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
START_S = 1_772_323_200


@pytest.mark.parametrize("batch", [1, 10, 50, 100])
@pytest.mark.parametrize("historical", [False, True])
def test_batches_of_any_size_hold_the_readings_of_the_columns(batch: int, *, historical: bool) -> None:
    fleet = Fleet(3, assets=5, points=10, batch=batch, start_s=START_S, step_s=60, historical=historical)
    count = 3 * 120 // batch * 2
    batches = Batches(fleet)
    point_ids, at_us, values = columns_of(fleet, count)
    names: dict[str, int] = {}
    for number in range(count):
        topic, payload = batches.message(number)
        address, _ = parse_topic(topic)
        pack = decode_pack(payload, now=NOW)
        mine = slice(number * batch, (number + 1) * batch)
        assert pack.envelope is not None
        assert (pack.envelope.seq, pack.envelope.historical) == (number // 3 + 1, historical)
        assert address == fleet.address(number % 3)
        assert pack.at_us == list(at_us[mine])
        assert pack.values == list(values[mine])
        for name, point_id in zip(pack.names, point_ids[mine], strict=True):
            assert names.setdefault(f"{address}/{name}", point_id) == point_id
    assert len(set(zip(point_ids, at_us, strict=True))) == len(values)


def test_a_birth_announces_every_point_that_is_published() -> None:
    fleet = Fleet(2, assets=5, points=10, batch=50, start_s=START_S)
    birth = decode_birth(encode_birth(birth_of(fleet, 1, at=NOW)))
    announced = {f"{asset.id}/{point.id}" for asset in birth.assets for point in asset.points}
    assert announced == set(decode_pack(Batches(fleet).message(1)[1], now=NOW).names)
