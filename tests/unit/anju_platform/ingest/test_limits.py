from arriving import GATEWAY

from anju_platform.ingest.limits import MESSAGE_BYTES
from anju_platform.ingest.models import Letter
from anju_platform.ingest.quota import split
from anju_platform.ingest.rates import BURST_S, Rates


def test_a_gateway_may_send_a_burst_and_then_as_much_as_its_rate() -> None:
    rates = Rates(bytes_per_s=100)
    at_once = sum(rates.admit("gw-1", 100, 0.0) for _ in range(100))
    assert at_once == BURST_S
    later = sum(rates.admit("gw-1", 100, 1.0 + second) for second in range(10) for _ in range(5))
    assert later == 10


def test_one_gateway_takes_nothing_from_another() -> None:
    rates = Rates(bytes_per_s=100)
    while rates.admit("gw-1", 100, 0.0):
        pass
    assert rates.admit("gw-2", 100, 0.0)


def test_a_message_greater_than_the_bucket_passes_when_the_gateway_was_silent() -> None:
    rates = Rates(bytes_per_s=1)
    assert rates.admit("gw-1", 1_000, 0.0)
    assert not rates.admit("gw-1", 1, 1.0)
    assert rates.admit("gw-1", 1, 1_000.0)


def test_senders_that_fell_silent_are_forgotten_and_busy_ones_are_not() -> None:
    rates = Rates(bytes_per_s=100)
    while rates.admit("busy", 100, 99.0):
        pass
    for number in range(60_000):
        rates.admit(f"gw-{number}", 100, 0.0 if number < 50_000 else 100.0)
    assert len(rates._buckets) < 20_000
    assert not rates.admit("busy", 200, 100.0)


def letter(reason: str, size: int) -> Letter:
    return Letter("topic", reason, "", b"x" * size, GATEWAY)


def test_letters_beyond_the_allowance_are_counted_only_but_data_that_waits_is_kept() -> None:
    letters = [letter("unreadable", 500), letter("future", 500), letter("unknown_point", 500), letter("past", 0)]
    each = 500 + MESSAGE_BYTES
    assert split(letters, used=0, allowance=10 * each) == (letters, [])
    assert split(letters, used=0, allowance=each) == ([letters[0], letters[2]], [letters[1], letters[3]])
    assert split(letters, used=each, allowance=each) == ([letters[2]], [letters[0], letters[1], letters[3]])
