"""From nothing to a platform with a year of history and a trained model, by the real programs one after the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from anju_contracts.clock import CLOCK_VARIABLE
from anju_simulators.demo import programs
from anju_simulators.demo.box_network import BoxNetwork
from anju_simulators.demo.plan import Options, Places, scenario_toml, still_clock
from anju_simulators.demo.stages import Stages
from anju_simulators.demo.supervise import Supervisor
from anju_simulators.services import Broker, Postgres

DATABASE = "anju"
TELEMETRY_DAYS = 30
"""Older history is kept as hourly rollups: it is hourly anyway."""


@dataclass(frozen=True, slots=True)
class Services:
    """The servers that the programs stand on; `local` is the network of the gateway's box."""

    postgres: Postgres
    uplink: Broker
    local: BoxNetwork

    @property
    def database_url(self) -> str:
        return self.postgres.url_of(DATABASE)

    def environment(self, clock: object) -> dict[str, str]:
        """What every program of the platform is told."""
        return {
            "ANJU_DATABASE_URL": self.database_url,
            "ANJU_MQTT_URL": self.uplink.url,
            "ANJU_MQTT_SHARED": "yes" if self.uplink.shared_subscriptions else "no",
            "ANJU_TELEMETRY_DAYS": str(TELEMETRY_DAYS),
            "OMP_NUM_THREADS": "1",  # many small trees: threads would only wait for each other
            CLOCK_VARIABLE: str(clock),
        }


def prepare(options: Options, places: Places, services: Services, supervisor: Supervisor, stages: Stages) -> None:
    """A database with history, model and first tickets; ChildFailed names the program that could not do its part."""
    environment = services.environment(still_clock(options.history_end))
    scenario = options.scenario
    places.scenario.write_text(scenario_toml(scenario), encoding="utf-8")

    def run(key: str, title: str, command: Sequence[str]) -> None:
        with stages.stage(key, title):
            supervisor.run(key, command, environment)

    services.postgres.create_database(DATABASE)
    run("migrate", "create the database", programs.migrate(services.postgres.flavour))
    history = programs.history(places.scenario, options.days_of_history, places.history, places.truth)
    run("history", f"simulate {options.days_of_history} days of history", history)
    labels = (scenario.label_zh, scenario.label_en)
    run("import", "import the history", programs.import_history(places.history, scenario.community, *labels))
    run("train", "train a model on the repair history", programs.train())
    run("score", "score every asset, open the first tickets", programs.score())
