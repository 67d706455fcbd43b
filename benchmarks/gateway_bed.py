"""Where a gateway is measured: one core for it, the others for devices, broker and platform."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from anju_simulators.services import Broker, broker_kinds
from benchmarks.devices import reports, write_gateway
from benchmarks.fake_platform import FakePlatform
from benchmarks.figures import NotMeasuredError
from benchmarks.programs import Program, PublisherProcess, program, wait_until
from benchmarks.publisher import Plan, Published
from benchmarks.stage import Bench

_numbers = count(1)


@dataclass(frozen=True)
class Bed:
    """`cores` is what the gateway gets; empty on a machine of one core."""

    broker: Broker
    folder: Path
    cores: frozenset[int]


def how_pinned() -> str:
    """What the figures have to say about cores."""
    several = len(os.sched_getaffinity(0)) > 1
    return "pinned to one core, everything else on the others" if several else "not pinned: there is only one core"


@contextmanager
def bed(bench: Bench) -> Iterator[Bed]:
    """A fresh broker, which holds no session of an earlier gateway, away from the gateway's core."""
    if "mosquitto" not in broker_kinds():
        raise NotMeasuredError("Mosquitto is not here; make services")
    before = os.sched_getaffinity(0)
    first, *others = sorted(before)
    os.sched_setaffinity(0, others or before)
    try:
        with Broker(bench.folder / f"broker-{next(_numbers)}", kind="mosquitto") as broker:
            yield Bed(broker, bench.folder, frozenset({first}) if others else frozenset())
    finally:
        os.sched_setaffinity(0, before)


def publish(bed: Bed, devices: int, messages: int, *, per_s: float = 0.0, first: int = 0) -> Published:
    """What the devices say, from one connection; returns when the broker has all of it."""
    plan = Plan(
        bed.broker.port, messages, reports(devices, messages, first=first), per_s=per_s, name=f"{next(_numbers)}"
    )
    with PublisherProcess(plan) as publisher:
        publisher.go()
        return publisher.published()


@contextmanager
def gateway(
    bed: Bed, devices: int, *, folder: Path | None = None, uplink_port: int | None = None, account_s: float = 0.2
) -> Iterator[Program]:
    """`anju-gateway run`, in a folder of its own unless one is given."""
    folder = folder or bed.folder / f"gateway-{next(_numbers)}"
    file = write_gateway(
        folder, devices, port=bed.broker.port, uplink_port=uplink_port or bed.broker.port, account_s=account_s
    )
    with program("anju-gateway", "run", str(file), log=folder / "gateway.log", cores=bed.cores) as running:
        yield running


def await_listening(bed: Bed, platform: FakePlatform, running: Program) -> None:
    """Return when what a device says arrives on the other side; that reading doesn't count."""
    before = platform.total

    def speaks() -> bool:
        publish(bed, 1, 1)
        return platform.total > before

    wait_until(speaks, "the gateway's first reading", needs=[running])
    wait_until(lambda: platform.committed == platform.total, "its receipt", needs=[running])
