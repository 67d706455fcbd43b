"""One run: everything starts, faults come as planned, devices stop, what is under way arrives, and it is judged."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console

from anju_simulators.chaos.community import community
from anju_simulators.chaos.errors import ChaosError
from anju_simulators.chaos.evidence import Evidence
from anju_simulators.chaos.ground import Ground, Places, lay_ground, start_devices, start_programs
from anju_simulators.chaos.plan import plan, steps
from anju_simulators.chaos.report import Report, judge
from anju_simulators.chaos.trouble import Trouble
from anju_simulators.demo.plan import Wanted
from anju_simulators.demo.stages import Stages

READY_WITHIN_S = 60.0
CALM_WITHIN_S = 90.0
DRAIN_WITHIN_S = 120.0
STEADY_S = 3.0
STEADY_FOR_LONG_S = 15.0
LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Options:
    """`kills` None: as many as the plan finds right."""

    folder: Path
    seed: int
    run_s: float = 300.0
    kills: int | None = None
    devices: int = 200
    period_s: float = 1.0
    flavour: Wanted = "auto"


def run(options: Options, console: Console) -> Report:
    """Until everything is stored, or will not be. Everything that it started has ended when this returns."""
    places = Places(options.folder.resolve())
    stages = Stages(console)
    with ExitStack() as stack:
        with stages.stage("start", "start servers, programs and devices"):
            ground = lay_ground(
                places, devices=options.devices, period_s=options.period_s, wanted=options.flavour, stack=stack
            )
            start_programs(ground, stack)
            _await(lambda: _is_online(ground, options), "the gateway is online", READY_WITHIN_S)
            start_devices(ground, stack)
        trouble = Trouble(ground, console)
        with stages.stage("faults", f"{options.run_s:.0f} s of faults"):
            _go_through(options, trouble)
        with stages.stage("drain", "devices stop; what is under way arrives"):
            for devices in ground.devices:
                devices.stop()
            stopped_at = datetime.now(UTC)
            with closing(_evidence(ground, options)) as evidence:
                _drain(evidence, stopped_at)
        with stages.stage("stop", "stop gateway and ingests"):
            ground.stop_programs()
        with (
            stages.stage("judge", "compare with the devices' ledgers"),
            closing(_evidence(ground, options)) as evidence,
        ):
            return judge(options.seed, options.run_s, ground, trouble.record, evidence, stopped_at=stopped_at)


def _go_through(options: Options, trouble: Trouble) -> None:
    """The plan, then quiet to the end of the run; ChaosError when something does not come up again."""
    began_s = time.monotonic()
    for step in steps(plan(options.seed, run_s=options.run_s, kills=options.kills)):
        _sleep_until(began_s + step.at_s, trouble)
        trouble.take(step, at_s=time.monotonic() - began_s)
    _await(trouble.is_over, "everything that was killed runs again", CALM_WITHIN_S)
    trouble.record.calm_at = datetime.now(UTC)
    _sleep_until(began_s + options.run_s, trouble)


def _sleep_until(at_s: float, trouble: Trouble) -> None:
    while (left_s := at_s - time.monotonic()) > 0:
        trouble.check()
        time.sleep(min(left_s, LOOK_S))


def _drain(evidence: Evidence, stopped_at: datetime) -> None:
    """Until the count of readings is steady, for a little while when the gateway says that it holds nothing, or for
    long; or until patience is over."""
    until_s = time.monotonic() + DRAIN_WITHIN_S
    last, steady_since_s = -1, time.monotonic()
    while time.monotonic() < until_s:
        count = evidence.readings_count()
        if count != last:
            last, steady_since_s = count, time.monotonic()
        wanted_s = STEADY_S if is_empty(evidence.gateway_account(), since=stopped_at) else STEADY_FOR_LONG_S
        if time.monotonic() - steady_since_s >= wanted_s:
            return
        time.sleep(0.5)


def is_empty(account: Mapping[str, Any], *, since: datetime) -> bool:
    """Whether an account that is newer than `since` says that nothing is queued."""
    if not account or datetime.fromisoformat(account["at"]) <= since:
        return False
    return not any(stream["queued"] for stream in account["streams"].values())


def _evidence(ground: Ground, options: Options) -> Evidence:
    return Evidence(ground.database_url, community(options.devices).scenario.community)


def _is_online(ground: Ground, options: Options) -> bool:
    try:
        with closing(_evidence(ground, options)) as evidence:
            return evidence.gateway_state() == "online"
    except psycopg.OperationalError:
        return False


def _await(condition: Callable[[], bool], what: str, within_s: float) -> None:
    until_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until_s:
            raise ChaosError(f"waited {within_s:g} s in vain until {what}; the logs of the programs may say why")
        time.sleep(LOOK_S)
