"""100,000 damaged messages: each is read or becomes a letter that holds its bytes, and nothing is left behind.

Another run of dice: ANJU_FUZZ_SEED=7 pytest tests/unit/anju_platform/ingest/test_mutated_messages.py
"""

import os
import resource
from importlib.resources import files
from itertools import islice

from arriving import GATEWAY, NOON
from mutating import mutated

from anju_contracts.senml import decode_pack
from anju_contracts.topics import Channel
from anju_platform.ingest.decode import FOREIGN, UNREADABLE, decode_all
from anju_platform.ingest.models import Arrival, EventBatch, Letter, Message, TelemetryBatch, Unreadable
from anju_platform.ingest.service import NOTICES, READINGS

SEED = int(os.environ.get("ANJU_FUZZ_SEED", "1"))
MESSAGES = 100_000
AT_ONCE = 500
GROWTH_KIB = 200 * 1024
EXAMPLES = files("anju_contracts") / "examples"
IDS = {
    f"lift-0{number}/{point}": number * 10 for number in (1, 2) for point in ("trips", "motor_temp_c", "door_cycles")
}


def test_each_of_100_000_damaged_messages_is_read_or_kept_as_a_letter() -> None:
    good = [(GATEWAY.topic(channel), (EXAMPLES / f"{channel}.json").read_bytes()) for channel in (*NOTICES, *READINGS)]
    good.append((GATEWAY.topic(Channel.TELEMETRY), (EXAMPLES / "telemetry-by-hand.json").read_bytes()))
    damaged = mutated(good, seed=SEED, count=MESSAGES)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read = refused = 0
    while some := list(islice(damaged, AT_ONCE)):
        arrivals = [Arrival(topic, payload, NOON) for topic, payload in some]
        for arrival, message in zip(arrivals, decode_all(arrivals, lambda _: IDS, telemetry_days=400), strict=True):
            assert nothing_is_missing(message), f"seed {SEED}: {arrival}"
            assert message.arrival is arrival
            refused += isinstance(message, Unreadable)
            read += 1
    assert read == MESSAGES
    assert 0.1 < refused / read < 0.9, f"seed {SEED}: {refused} of {read} refused, which tests one side only"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < GROWTH_KIB


def nothing_is_missing(message: Message) -> bool:
    """What was in the message is in the samples or events, in what waits for a birth, or in letters."""
    if isinstance(message, Unreadable):
        return message.letter.payload == message.arrival.payload and message.letter.reason in (UNREADABLE, FOREIGN)
    if isinstance(message, TelemetryBatch):
        waiting = len(message.unknown) if message.unknown is not None else 0
        return message.size == len(message.samples) + waiting + sum(map(samples_in, message.letters))
    if isinstance(message, EventBatch):
        return message.size > 0 and len(message.events) + len(message.letters) > 0
    return True


def samples_in(letter: Letter) -> int:
    return len(decode_pack(letter.payload, now=NOON))
