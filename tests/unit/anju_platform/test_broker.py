"""The broker's address and the certificates for it."""

from dataclasses import replace
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from anju_platform.broker import BrokerUrl, Certificates, certificates_of, parse_broker_url, secure
from anju_platform.config import Settings, settings_from
from anju_platform.errors import ConfigurationError

SETTINGS = Settings("postgresql://u@h/d")


def test_a_broker_url_has_defaults_and_may_have_credentials() -> None:
    assert parse_broker_url("mqtt://broker") == BrokerUrl("broker", 1883, False, None, None)
    assert parse_broker_url("mqtts://u%40x:p@broker") == BrokerUrl("broker", 8883, True, "u@x", "p")


@pytest.mark.parametrize("url", ["http://broker", "mqtt://", "broker:1883", "mqtt://broker:port"])
def test_any_other_broker_url_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="ANJU_MQTT_URL: got"):
        parse_broker_url(url)


def test_certificates_are_files_that_the_environment_names(tmp_path: Path) -> None:
    file = tmp_path / "any.pem"
    file.touch()
    named = {f"ANJU_MQTT_{what}": str(file) for what in ("CA", "CERT", "KEY")}
    settings = settings_from({"ANJU_DATABASE_URL": SETTINGS.database_url, **named})
    assert certificates_of(settings) == Certificates(file, file, file)
    assert certificates_of(SETTINGS) == Certificates()


def test_a_certificate_that_is_missing_or_comes_without_its_key_is_named(tmp_path: Path) -> None:
    file = tmp_path / "any.pem"
    file.touch()
    with pytest.raises(ConfigurationError, match=r"ANJU_MQTT_CA: got '/nowhere.pem'"):
        certificates_of(replace(SETTINGS, mqtt_ca="/nowhere.pem"))
    with pytest.raises(ConfigurationError, match="together with ANJU_MQTT_KEY"):
        certificates_of(replace(SETTINGS, mqtt_cert=str(file)))


def test_a_file_that_is_no_certificate_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "any.pem"
    file.write_text("nothing", encoding="utf-8")
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    with pytest.raises(ConfigurationError, match=r"any\.pem"):
        secure(client, parse_broker_url("mqtts://broker"), Certificates(ca_file=file))
