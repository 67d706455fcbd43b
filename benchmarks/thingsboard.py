"""thingsboard-gateway beside ours: the same devices, the same broker, the same core, its SQLite storage."""

import random
import time
from collections import Counter
from collections.abc import Iterator

from anju_simulators.services.ports import free_port
from benchmarks.devices import VALUES
from benchmarks.figures import Figure, alternate
from benchmarks.gateway import DEVICES, flood_rate
from benchmarks.gateway_bed import Bed, bed, publish
from benchmarks.gateway_faults import CUT_S, HOW_KILL, KILL_MESSAGES, await_quiet, kill_amid_messages
from benchmarks.programs import Program, usage_of, wait_until
from benchmarks.stage import Bench
from benchmarks.thingsboard_bed import VERSION, ThingsBoard, installed, server_broker, thingsboard_gateway

MESSAGES = (10_000, 1_000)
"""In full and quick."""
HOW = (
    "50 devices publish JSON of 10 values at QoS 1 as fast as the broker takes it, until all of it has arrived on the"
    f" other side; reference: thingsboard-gateway {VERSION}, SQLite storage, an endpoint that only acknowledges"
)


def run(bench: Bench) -> Iterator[Figure]:
    installed()
    messages = bench.size(MESSAGES[0], quick=MESSAGES[1])
    their_cpu: list[float] = []
    their_mb: list[float] = []
    our_cpu: list[float] = []
    reference, ours = alternate(
        bench.rounds,
        lambda: _their_rate(bench, messages, their_cpu, their_mb),
        lambda: flood_rate(bench, messages, our_cpu),
    )
    yield Figure("thingsboard_flood", "points/s", ours, HOW, "thingsboard-gateway", reference)
    how = "the same runs: points for each second of CPU"
    yield Figure("thingsboard_per_cpu_second", "points", our_cpu, how, "thingsboard-gateway", their_cpu)
    yield Figure("thingsboard_resident", "MB", their_mb, "memory of thingsboard-gateway after the flood")
    yield from _kills(bench)


def _their_rate(bench: Bench, messages: int, cpu: list[float], sizes_mb: list[float]) -> float:
    """Points a second; what it used is added to `cpu` and `sizes_mb`."""
    port = free_port()
    with (
        bed(bench) as on,
        server_broker(on.folder / f"server-{port}", port),
        ThingsBoard(port) as server,
        thingsboard_gateway(on, on.folder / f"thingsboard-{port}", uplink_port=port) as running,
    ):
        _await_listening(on, server, running)
        before, cpu_before_s = server.readings, usage_of(running.pid).cpu_s
        published = publish(on, DEVICES, messages, first=1)
        arrived = before + messages * VALUES
        wait_until(lambda: server.readings >= arrived, "arriving of every reading", needs=[running])
        after = usage_of(running.pid)
        cpu.append(messages * VALUES / (after.cpu_s - cpu_before_s))
        sizes_mb.append(after.resident / 1e6)
        return messages * VALUES / (server.arrived_s - published.began_s)


def _await_listening(on: Bed, server: ThingsBoard, running: Program) -> None:
    """Return when what every device says arrives: its first word makes it known."""

    def speaks() -> bool:
        publish(on, DEVICES, DEVICES, first=-DEVICES)
        time.sleep(1)
        return server.readings > 0

    wait_until(speaks, "the first reading of thingsboard-gateway", needs=[running])
    time.sleep(3)


def _kills(bench: Bench) -> Iterator[Figure]:
    """What gateway_kill does to ours."""
    lost, doubled = [], []
    for seed in range(bench.size(5, quick=1)):
        with bed(bench) as on:
            counted = _killed_once(on, random.Random(seed))
        lost.append(float(KILL_MESSAGES - len(counted)))
        doubled.append(float(sum(times - 1 for times in counted.values())))
    yield Figure("thingsboard_kill_lost", "messages", lost, f"thingsboard-gateway: {HOW_KILL}")
    yield Figure("thingsboard_kill_doubled", "messages", doubled, "the same runs: messages that came twice")


def _killed_once(on: Bed, chance: random.Random) -> Counter[int]:
    """How often each message arrived."""
    port = free_port()
    folder, place = on.folder / f"thingsboard-{port}", on.folder / f"server-{port}"
    with thingsboard_gateway(on, folder, uplink_port=port) as running:
        with server_broker(place, port), ThingsBoard(port) as server:
            _await_listening(on, server, running)
        time.sleep(CUT_S)
        kill_amid_messages(on, running, chance)
    with (
        server_broker(place, port),
        ThingsBoard(port) as server,
        thingsboard_gateway(on, folder, uplink_port=port),
    ):
        await_quiet(lambda: server.numbers)
        return Counter(number for number in server.numbers if number > 0)
