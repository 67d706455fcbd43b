"""What a demo is asked to do, and where it keeps its things."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from anju_contracts.clock import ScaledClock
from anju_simulators.scenario import Scenario
from anju_simulators.services import Flavour

Wanted = Literal["auto", "plain", "timescale"]
OTHER_METER_SHARE = 0.25
"""Of the electric meters: on an RTU bus, or speaking DL/T 645."""
STILL = 0.0001
"""Speed of the clock while nothing is live yet: history ends now."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. `span` None: until Ctrl-C."""

    folder: Path
    lifts: int = 16
    doors: int = 40
    electric_meters: int = 80
    water_meters: int = 40
    readers: int = 0
    seed: int = 1
    speed: float = 3600.0
    days_of_history: int = 365
    port: int = 8000
    flavour: Wanted = "auto"
    keep: bool = False
    span: timedelta | None = None
    period: timedelta = timedelta(hours=1)

    @property
    def scenario(self) -> Scenario:
        return Scenario(
            seed=self.seed,
            lifts=self.lifts,
            doors=self.doors,
            electric_meters=self.electric_meters,
            water_meters=self.water_meters,
            other_meter_share=OTHER_METER_SHARE,
        )

    @property
    def crew_waits_s(self) -> float:
        """Real seconds for which crews leave a new ticket to whoever watches; nobody watches a bounded run."""
        return 45.0 if self.span is None else 3.0

    @property
    def history_end(self) -> datetime:
        return self.scenario.start + timedelta(days=self.days_of_history)


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Everything of one run is below one folder."""

    folder: Path

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def gateway(self) -> Path:
        return self.folder / "gateway.toml"


class Places(RunFolder):
    """Where a demo keeps what."""

    __slots__ = ()

    @property
    def history(self) -> Path:
        return self.folder / "history"

    @property
    def scenario(self) -> Path:
        return self.folder / "scenario.toml"

    @property
    def outbox(self) -> Path:
        return self.folder / "gateway"

    @property
    def keys(self) -> Path:
        """Of the card readers."""
        return self.folder / "keys"

    @property
    def truth(self) -> Path:
        return self.folder / "truth.csv"

    @property
    def visits(self) -> Path:
        return self.folder / "visits.csv"

    @property
    def publications(self) -> Path:
        return self.folder / "publications.csv"

    @property
    def kept(self) -> Path:
        """Says that this folder holds a whole demo, and where its time stopped."""
        return self.folder / "kept.json"

    @property
    def lock(self) -> Path:
        """Beside the folder, which a fresh start empties."""
        return self.folder.with_name(f"{self.folder.name}.lock")


def scenario_toml(scenario: Scenario) -> str:
    """The fields of a scenario as TOML."""
    lines = []
    for name, value in asdict(scenario).items():
        shown = f'"{value}"' if isinstance(value, str) else value.isoformat() if isinstance(value, datetime) else value
        lines.append(f"{name} = {shown}")
    return "\n".join(lines) + "\n"


def choose_flavour(wanted: Wanted, have: tuple[Flavour, ...]) -> Flavour:
    """`wanted`, or for auto the better of what this machine has."""
    if wanted != "auto":
        return wanted
    return "timescale" if "timescale" in have else "plain"


def still_clock(at: datetime) -> ScaledClock:
    """A clock that stays at `at` while the history is prepared."""
    return ScaledClock(at, datetime.now(UTC), STILL)
