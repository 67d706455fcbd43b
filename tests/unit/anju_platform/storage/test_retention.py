from datetime import UTC, datetime

from anju_platform.storage.retention import kept_since


def test_readings_are_kept_by_whole_days_of_utc() -> None:
    now = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)
    assert kept_since(now, telemetry_days=9) == datetime(2026, 3, 1, tzinfo=UTC)
