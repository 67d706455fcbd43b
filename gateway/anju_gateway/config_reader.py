"""Reading gateway.toml, strictly: one run names every mistake in it and in the profiles it uses."""

from importlib.metadata import version
from pathlib import Path

from anju_contracts.birth import MAX_POINTS
from anju_edge_agent.drivers.catalog import DRIVERS, Driver
from anju_edge_agent.endpoint import read_endpoint
from anju_edge_agent.errors import ProfileError
from anju_edge_agent.flow import Device
from anju_edge_agent.place import SerialPlace
from anju_edge_agent.profile import Profile, points_of
from anju_edge_agent.profile_reader import builtin_profiles, find_profile
from anju_edge_agent.tables import Problem, Table, read_toml
from anju_gateway.commands_check import read_command_key
from anju_gateway.config import ConfiguredAgent, ConfiguredDevice, GatewayConfig, Uplink
from anju_gateway.errors import ConfigurationError
from anju_gateway.outbox_file import Limits


def load_config(file: Path) -> GatewayConfig:
    """The configuration in `file`; ConfigurationError with every mistake in it and in its profiles. Paths in it are
    relative to its folder."""
    problems: list[Problem] = []
    root = read_toml(file, problems)
    config = _Reader(root, file.absolute().parent, problems).read() if root is not None else None
    if problems or config is None:
        raise ConfigurationError(problems)
    return config


class _Reader:
    """One reading of one file: profiles are loaded once, names are checked across agents."""

    def __init__(self, root: Table, folder: Path, problems: list[Problem]) -> None:
        self._root = root
        self._folder = folder
        self._problems = problems
        self._client_id = "anju"
        self._profiles: dict[str, Profile | None] = {}
        self._names: dict[tuple[str, str], str] = {}

    def read(self) -> GatewayConfig:
        root = self._root
        community, gateway = root.name("community"), root.name("gateway")
        self._client_id = f"anju-{community}-{gateway}"
        agents = [self._agent(table) for table in root.tables("agent", required=True)]
        config = GatewayConfig(
            community=community,
            gateway=gateway,
            data_dir=self._data_dir(),
            software=root.text("software", f"anju-gateway {version('anju-gateway')}"),
            community_label=root.label("community_label"),
            uplink=self._uplink(root.table("uplink", required=True)),
            limits=_limits(root.table("outbox")),
            agents=tuple(agent for agent in agents if agent is not None),
            command_key_file=self._command_key_file(root.table("commands")),
        )
        root.done()
        points = sum(len(points_of(device.device.profile)) for agent in config.agents for device in agent.devices)
        if points > MAX_POINTS:
            root.problem("agent", points, f"at most {MAX_POINTS} points in all; give some devices to another gateway")
        return config

    def _data_dir(self) -> Path:
        text = self._root.text("data_dir", required=True)
        folder = self._folder / text
        if folder.exists() and not folder.is_dir():
            self._root.problem("data_dir", text, "a folder, or a path where one can be made")
        return folder

    def _command_key_file(self, table: Table) -> Path | None:
        text = table.text("key_file")
        table.done()
        if not text:
            return None
        file = self._folder / text
        try:
            read_command_key(file)
        except (OSError, ValueError) as exc:
            table.problem("key_file", text, f"the command.pub that this gateway was enrolled with ({exc})")
        return file

    def _uplink(self, table: Table) -> Uplink:
        usual = Uplink(read_endpoint(table, self._folder), self._client_id)
        uplink = Uplink(
            endpoint=usual.endpoint,
            client_id=table.text("client_id", usual.client_id),
            account_interval_s=table.number("account_interval_s", usual.account_interval_s, above=0),
            flush_timeout_s=table.number("flush_timeout_s", usual.flush_timeout_s, least=0),
            keepalive_s=table.integer("keepalive_s", usual.keepalive_s, least=5, most=3_600),
            telemetry_window=table.integer("telemetry_window", usual.telemetry_window, least=1, most=1_000),
            event_window=table.integer("event_window", usual.event_window, least=1, most=1_000),
            backfill_batches_per_s=table.number("backfill_batches_per_s", usual.backfill_batches_per_s, above=0),
            historical_after_s=table.number("historical_after_s", usual.historical_after_s, least=0),
        )
        table.done()
        return uplink

    def _agent(self, table: Table) -> ConfiguredAgent | None:
        """An agent; None when its driver can't be told."""
        name = self._claim("agent", table.name("name"), table, "name")
        driver_name = table.choice("driver", tuple(DRIVERS), required=True)
        driver = DRIVERS.get(driver_name)
        plan = driver.read_agent(table, self._folder, f"{self._client_id}-{name}") if driver else None
        devices = [self._device(inner, name, driver_name) for inner in table.tables("device", required=True)]
        if plan is None:
            return None
        if plan.place is not None:
            key = "serial" if isinstance(plan.place, SerialPlace) else "port"
            self._claim("bus", plan.place.name, table, key, "a bus that no other agent asks: one connection a bus")
        table.done()
        known = tuple(device for device in devices if device is not None)
        return ConfiguredAgent(name, driver_name, plan.build, known, plan.place)

    def _device(self, table: Table, agent: str, driver_name: str) -> ConfiguredDevice | None:
        """A device of an agent; None when its profile can't be told."""
        asset = self._claim("asset", table.name("asset"), table, "asset")
        profile = self._profile(table, driver_name)
        driver = DRIVERS.get(driver_name)
        address = self._address(table, driver, agent, profile) if driver else ""
        period_s = table.number("period_s", profile.period_s if profile else 60.0, above=0)
        label, location = table.label("label"), table.text("location") or None
        installed_on, attributes = table.day("installed_on"), _attributes(table.table("attributes"))
        if driver:
            table.done()
        if profile is None:
            return None
        return ConfiguredDevice(Device(asset, profile, address, period_s), label, location, installed_on, attributes)

    def _address(self, table: Table, driver: Driver, agent: str, profile: Profile | None) -> str:
        """The device's address, which no other of the same agent (and of the same model, where a model has ids of its
        own) may have."""
        address = driver.read_address(table)
        scope = f"{agent}/{driver.address_key}" if driver.one_bus or profile is None else f"{agent}/{profile.name}"
        return self._claim(scope, address, table, driver.address_key)

    def _profile(self, table: Table, driver_name: str) -> Profile | None:
        reference = table.text("profile", required=True)
        if not reference:
            return None
        if reference not in self._profiles:
            self._profiles[reference] = self._load(table, reference)
        profile = self._profiles[reference]
        if profile is not None and driver_name in DRIVERS and profile.driver != driver_name:
            table.problem(
                "profile", reference, f"a profile for driver {driver_name!r}; this one is for {profile.driver!r}"
            )
        return profile

    def _load(self, table: Table, reference: str) -> Profile | None:
        known = builtin_profiles()
        if not reference.endswith(".toml") and reference not in known:
            close = table.suggest(reference, known)
            expected = f"the path of a .toml file, or one of {', '.join(known)}{close}"
            table.problem("profile", reference, expected)
            return None
        if reference.endswith(".toml") and not (self._folder / reference).is_file():
            table.problem("profile", reference, "a file that exists; its path is relative to this file's folder")
            return None
        try:
            return find_profile(reference, self._folder)
        except ProfileError as exc:
            self._problems += exc.problems
            return None

    def _claim(self, scope: str, name: str, table: Table, key: str, expected: str = "") -> str:
        """`name` itself; a mistake when it was claimed in this scope before."""
        owner = self._names.setdefault((scope, name), table.key(key))
        if name and owner != table.key(key):
            table.problem(key, name, expected or f"one that occurs once; {owner} has it already")
        return name


def _limits(table: Table) -> Limits:
    usual = Limits()
    limits = Limits(
        max_bytes=table.integer("max_mb", usual.max_bytes // 1_000_000, least=1) * 1_000_000,
        max_age_s=table.number("max_age_days", usual.max_age_s / 86_400, above=0) * 86_400,
        patience_s=table.number("patience_s", usual.patience_s, least=0),
    )
    table.done()
    return limits


def _attributes(table: Table) -> dict[str, str | float]:
    """Free keys with texts or numbers: storeys, rated load, entrance."""
    attributes: dict[str, str | float] = {}
    for key, value in table.entries():
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            table.problem(key, value, "a text or a number")
        else:
            attributes[key] = value if isinstance(value, str) else float(value)
    return attributes
