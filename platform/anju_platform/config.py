"""Settings of every platform program, from environment variables (the same names in compose and in the demo)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from anju_contracts.clock import CLOCK_VARIABLE, Clock, RealClock, parse_clock
from anju_contracts.errors import ContractError
from anju_platform.errors import ConfigurationError


@dataclass(frozen=True)
class Settings:
    """`mqtt_shared` is False for a broker without shared subscriptions; then only one ingest may run."""

    database_url: str
    mqtt_url: str = "mqtt://127.0.0.1:1883"
    mqtt_shared: bool = True
    mqtt_ca: str = ""
    """PEM file of the authority that the broker's certificate is of; empty: the system's authorities."""
    mqtt_cert: str = ""
    mqtt_key: str = ""
    """Our own certificate for the broker and its key, PEM files; empty: none."""
    command_key: str = ""
    """PEM file of the key that commands are signed with; only `anju commands` needs it."""
    mqtt_keepalive_s: int = 15
    """After one and a half of it the broker gives the load of a silent ingest to the others."""
    gateway_bytes_per_s: int = 8 * 1024 * 1024
    """What ingest takes from one gateway in the long run; sixteen seconds of it at once."""
    gateway_points: int = 100_000
    """How many points one gateway may announce."""
    letter_bytes_per_day: int = 64 * 1024 * 1024
    """How much of one gateway's dead letters is kept a day; what exceeds it is only counted."""
    clock: Clock = field(default_factory=RealClock)
    telemetry_days: int = 400
    """Readings older than this are kept as hourly rollups only."""
    log_level: str = "INFO"
    metrics_port: int = 0
    """Where ingest and worker serve Prometheus metrics; 0 serves none."""
    policy_file: str = ""
    """A TOML table of costs and caution that says which prediction becomes a ticket; empty: the defaults."""


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Settings from `environment`; ConfigurationError names the variable that is missing or wrong."""
    url = environment.get("ANJU_DATABASE_URL", "")
    if not url.startswith(("postgresql://", "postgres://")):
        raise ConfigurationError(f"ANJU_DATABASE_URL: got {url!r}, expected postgresql://user@host:port/database")
    try:
        clock = parse_clock(environment.get(CLOCK_VARIABLE, "real"))
    except ContractError as exc:
        raise ConfigurationError(str(exc)) from exc
    return Settings(
        database_url=url,
        mqtt_url=environment.get("ANJU_MQTT_URL", Settings.mqtt_url),
        mqtt_shared=_yes_or_no(environment, "ANJU_MQTT_SHARED", default=True),
        mqtt_ca=environment.get("ANJU_MQTT_CA", ""),
        mqtt_cert=environment.get("ANJU_MQTT_CERT", ""),
        mqtt_key=environment.get("ANJU_MQTT_KEY", ""),
        command_key=environment.get("ANJU_COMMAND_KEY", ""),
        mqtt_keepalive_s=_whole(environment, "ANJU_MQTT_KEEPALIVE_S", Settings.mqtt_keepalive_s),
        gateway_bytes_per_s=_whole(environment, "ANJU_GATEWAY_BYTES_PER_S", Settings.gateway_bytes_per_s),
        gateway_points=_whole(environment, "ANJU_GATEWAY_POINTS", Settings.gateway_points),
        letter_bytes_per_day=_whole(environment, "ANJU_LETTER_BYTES_PER_DAY", Settings.letter_bytes_per_day),
        clock=clock,
        telemetry_days=_days(environment, "ANJU_TELEMETRY_DAYS", Settings.telemetry_days),
        policy_file=environment.get("ANJU_POLICY", ""),
        log_level=environment.get("ANJU_LOG_LEVEL", Settings.log_level).upper(),
        metrics_port=_port(environment, "ANJU_METRICS_PORT"),
    )


def _yes_or_no(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environment.get(name, "yes" if default else "no").lower()
    if text not in ("yes", "no", "true", "false", "1", "0"):
        raise ConfigurationError(f"{name}: got {text!r}, expected yes or no")
    return text in ("yes", "true", "1")


def _days(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise ConfigurationError(f"{name}: got {text!r}, expected a whole number of days, at least 1")
    return int(text)


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, str(default))
    if not text.isdigit() or int(text) < 1:
        raise ConfigurationError(f"{name}: got {text!r}, expected a whole number, at least 1")
    return int(text)


def _port(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "0")
    if not text.isdigit() or int(text) > 65535:
        raise ConfigurationError(f"{name}: got {text!r}, expected a port, or 0 for none")
    return int(text)
