"""The gateway with a platform that doesn't answer, and the gateway killed: what a backlog costs, and what is lost."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from anju_simulators.services import Broker
from benchmarks.devices import VALUES, reports
from benchmarks.fake_platform import FakePlatform
from benchmarks.figures import Figure, Goal
from benchmarks.gateway_bed import Bed, await_listening, bed, gateway, publish
from benchmarks.programs import Program, PublisherProcess, wait_until
from benchmarks.publisher import Plan
from benchmarks.stage import Bench

DEVICES = 50
KILL_MESSAGES = 1_500
QUIET_S = 15.0
FIRST_S = 60.0
CUT_S = 2.0
HOW_KILL = "kill -9 at a random moment of 1,500 messages at QoS 1 once the uplink is cut; what arrives after a restart"


def backlog_figures(bench: Bench) -> Iterator[Figure]:
    """How fast the gateway takes readings in while nothing is receipted, at the beginning and with a backlog; and how
    fast it gets rid of them afterwards, which the configuration limits to 100 batches a second beside live data."""
    messages = bench.size(100_000, quick=4_000)
    with bed(bench) as on, FakePlatform(on.broker.port) as platform, gateway(on, DEVICES) as running:
        await_listening(on, platform, running)
        platform.answering = False
        before = platform.accounts[-1][1]
        wanted = before + messages * VALUES
        publish(on, DEVICES, messages)
        wait_until(lambda: platform.accounts[-1][1] >= wanted, "taking it in", needs=[running])
        taken = [(at_s, produced) for at_s, produced, _ in platform.accounts if produced >= before]
        platform.answering, began_s = True, time.monotonic()
        wait_until(lambda: platform.committed >= wanted, "the end of the backlog", needs=[running])
        carried_s = time.monotonic() - began_s
    first, last = rate_between(taken, 0.1, 0.3), rate_between(taken, 0.75, 0.95)
    how = (
        f"readings taken in while the platform is silent: a late fifth of {messages * VALUES:,} (the very end waits for"
        " the next account), beside an early one"
    )
    yield Figure("gateway_with_backlog", "points/s", [last], how, "an early fifth", [first])
    yield Figure("gateway_backlog_drain", "points/s", [messages * VALUES / carried_s], "the backlog goes up afterwards")


def rate_between(counted: list[tuple[float, int]], start: float, end: float) -> float:
    """Of a count that grows, in (seconds, count): what it gained a second between these shares of its growth."""
    low, high = counted[0][1], counted[-1][1]
    from_s, to_s = (_moment(counted, low + (high - low) * share) for share in (start, end))
    return (high - low) * (end - start) / max(to_s - from_s, 1e-9)


def _moment(counted: list[tuple[float, int]], wanted: float) -> float:
    """When the count was `wanted`, between two looks by a straight line."""
    for (early_s, fewer), (late_s, more) in pairwise(counted):
        if fewer <= wanted <= more and more > fewer:
            return early_s + (late_s - early_s) * (wanted - fewer) / (more - fewer)
    return counted[-1][0]


def kill_figures(bench: Bench) -> Iterator[Figure]:
    """kill -9 in the middle of 1,500 messages, while the uplink is cut."""
    lost, doubled = [], []
    for seed in range(bench.size(5, quick=1)):
        with bed(bench) as on:
            counted = _killed_once(on, random.Random(seed))
        lost.append(float(KILL_MESSAGES - len(counted)))
        doubled.append(float(sum(times - 1 for times in counted.values())))
    yield Figure("gateway_kill_lost", "messages", lost, HOW_KILL, goal=Goal("median", most=0))
    how = "the same runs: came in two batches, as their acknowledgement died with the gateway; a platform stores one"
    yield Figure("gateway_kill_doubled", "messages", doubled, how)


def _killed_once(on: Bed, chance: random.Random) -> Counter[int]:
    """How often each message arrived."""
    folder = on.folder / f"killed-{on.broker.port}"
    up = Broker(folder / "uplink-broker", kind="mosquitto").start()
    with gateway(on, DEVICES, folder=folder, uplink_port=up.port) as running:
        with FakePlatform(up.port) as platform:
            await_listening(on, platform, running)
        up.stop()
        time.sleep(CUT_S)
        kill_amid_messages(on, running, chance)
    with up.start(), FakePlatform(up.port) as platform, gateway(on, DEVICES, folder=folder, uplink_port=up.port):
        await_quiet(lambda: platform.numbers)
        return Counter(number for number in platform.numbers if number > 0)


def kill_amid_messages(on: Bed, running: Program, chance: random.Random) -> None:
    """kill -9 to `running` at a random moment of the messages; return when the broker has all of them."""
    plan = Plan(on.broker.port, KILL_MESSAGES, reports(DEVICES, KILL_MESSAGES, first=1), per_s=1_000)
    with PublisherProcess(plan) as publisher:
        time.sleep(1)
        publisher.go()
        time.sleep(chance.uniform(0.3, 1.2))
        running.process.crash()
        publisher.published()


def await_quiet(arrived: Callable[[], Sequence[int]]) -> None:
    """Return when all numbers have arrived, or no more do for a while."""
    count, since_s = 0, time.monotonic()
    while len(set(arrived())) < KILL_MESSAGES and time.monotonic() - since_s < (QUIET_S if count else FIRST_S):
        if len(arrived()) != count:
            count, since_s = len(arrived()), time.monotonic()
        time.sleep(0.1)
    time.sleep(1)
