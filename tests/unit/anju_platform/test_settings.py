import pytest

from anju_platform.config import settings_from
from anju_platform.errors import ConfigurationError

URL = {"ANJU_DATABASE_URL": "postgresql://u@h/d"}


def test_defaults_hold_where_nothing_is_said() -> None:
    settings = settings_from(URL)
    assert (settings.mqtt_url, settings.mqtt_shared, settings.telemetry_days) == ("mqtt://127.0.0.1:1883", True, 400)
    assert (settings.metrics_port, settings.log_level, str(settings.clock)) == (0, "INFO", "real")


def test_what_is_said_counts() -> None:
    said = {
        "ANJU_MQTT_SHARED": "no",
        "ANJU_TELEMETRY_DAYS": "30",
        "ANJU_METRICS_PORT": "9100",
        "ANJU_LOG_LEVEL": "debug",
    }
    settings = settings_from(URL | said)
    assert (settings.mqtt_shared, settings.telemetry_days, settings.metrics_port) == (False, 30, 9100)
    assert settings.log_level == "DEBUG"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ANJU_DATABASE_URL", "mysql://h"),
        ("ANJU_CLOCK", "fast"),
        ("ANJU_MQTT_SHARED", "perhaps"),
        ("ANJU_TELEMETRY_DAYS", "0"),
        ("ANJU_METRICS_PORT", "http"),
        ("ANJU_METRICS_PORT", "70000"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}.*{value}"):
        settings_from(URL | {name: value})
