"""The gateway from its local listener to the receipt, by the real program against a platform that only answers."""

import os
import time
from collections.abc import Iterator

from benchmarks.devices import VALUES
from benchmarks.fake_platform import FakePlatform
from benchmarks.figures import Figure, Goal, alternate
from benchmarks.gateway_bed import await_listening, bed, gateway, how_pinned, publish
from benchmarks.gateway_faults import backlog_figures, kill_figures
from benchmarks.programs import Helper, usage_of, wait_until
from benchmarks.stage import Bench

DEVICES = 50
MANY_DEVICES = 200
HOW_FLOOD = (
    "50 devices publish JSON of 10 values at QoS 1 as fast as the local broker takes it, until the last receipt; every"
    " reading is on disk before the device's message is acknowledged; the gateway is {cores}; reference: a bare paho"
    " subscriber with manual acknowledgement, of the same messages on the same core"
)


def run(bench: Bench) -> Iterator[Figure]:
    yield from _flood(bench)
    yield from _size(bench)
    yield from backlog_figures(bench)
    yield from kill_figures(bench)


def _flood(bench: Bench) -> Iterator[Figure]:
    messages = bench.size(30_000, quick=2_000)
    cpu: list[float] = []
    reference, ours = alternate(
        bench.rounds, lambda: _drain_rate(bench, messages), lambda: flood_rate(bench, messages, cpu)
    )
    how = HOW_FLOOD.format(cores=how_pinned())
    goal = Goal("median", least=50_000)
    yield Figure("gateway_flood", "points/s", ours, how, "bare paho", reference, goal)
    yield Figure("gateway_per_cpu_second", "points", cpu, "the same runs: points for each second of CPU it used")


def _drain_rate(bench: Bench, messages: int) -> float:
    """Points a second that a bare subscriber takes."""
    with bed(bench) as on, Helper("drain", str(on.broker.port), "bench/+/report", str(messages)) as drain:
        if on.cores:
            os.sched_setaffinity(drain.pid, on.cores)
        published = publish(on, DEVICES, messages)
        return messages * VALUES / (float(drain.line()) - published.began_s)


def flood_rate(bench: Bench, messages: int, cpu: list[float]) -> float:
    """Points a second until the last receipt; points a second of its CPU are added to `cpu`."""
    with bed(bench) as on, FakePlatform(on.broker.port) as platform, gateway(on, DEVICES) as running:
        await_listening(on, platform, running)
        before, cpu_before_s = platform.total, usage_of(running.pid).cpu_s
        wanted = before + messages * VALUES
        published = publish(on, DEVICES, messages)
        wait_until(lambda: platform.total >= wanted, "the last receipt", needs=[running])
        wait_until(lambda: platform.committed >= wanted, "the account of it", needs=[running])
        cpu.append(messages * VALUES / (usage_of(running.pid).cpu_s - cpu_before_s))
        return messages * VALUES / (platform.receipted_s - published.began_s)


def _size(bench: Bench) -> Iterator[Figure]:
    """Memory and CPU of a gateway with 200 devices that are silent, and that report once a second."""
    seconds = bench.size(30, quick=3)
    with (
        bed(bench) as on,
        FakePlatform(on.broker.port) as platform,
        gateway(on, MANY_DEVICES, account_s=60) as running,
    ):
        wait_until(lambda: platform.accounts, "the first account", needs=[running])
        time.sleep(2)
        idle = _share_of_core(running.pid, seconds)
        before = usage_of(running.pid).cpu_s
        publish(on, MANY_DEVICES, MANY_DEVICES * seconds, per_s=MANY_DEVICES)
        busy = (usage_of(running.pid).cpu_s - before) / seconds * 100
        publish(on, MANY_DEVICES, bench.size(20_000, quick=2_000))
        wait_until(lambda: platform.total >= MANY_DEVICES * seconds * VALUES, "carrying it up", needs=[running])
        resident_mb = usage_of(running.pid).resident / 1e6
    yield Figure(
        "gateway_idle_cpu", "% of a core", [idle], "200 silent devices, uplink established", goal=Goal("median", most=1)
    )
    yield Figure("gateway_busy_cpu", "% of a core", [busy], "200 devices that each report 10 values a second")
    yield Figure(
        "gateway_resident",
        "MB",
        [resident_mb],
        "200 devices, after a flood",
        goal=Goal("median", most=80),
    )


def _share_of_core(pid: int, seconds: float) -> float:
    before = usage_of(pid).cpu_s
    time.sleep(seconds)
    return (usage_of(pid).cpu_s - before) / seconds * 100
