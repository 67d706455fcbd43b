from threading import Thread

from anju_platform.ingest.lanes import Lanes


def test_the_fast_lane_overtakes() -> None:
    lanes: Lanes[str] = Lanes(10)
    lanes.put("reading")
    lanes.put("alarm", fast=True)
    assert lanes.take(0) == ("alarm", True)
    assert lanes.take(0) == ("reading", False)


def test_nothing_in_time_is_none() -> None:
    assert Lanes[str](10).take(0.01) is None


def test_a_full_lane_makes_the_writer_wait_until_there_is_room() -> None:
    lanes: Lanes[int] = Lanes(10)
    lanes.put(1, 10)
    writer = Thread(target=lanes.put, args=(2, 10))
    writer.start()
    writer.join(0.05)
    assert writer.is_alive()
    assert lanes.take(1) == (1, False)
    writer.join(5)
    assert not writer.is_alive()
    assert lanes.weight == 10


def test_what_is_heavier_than_the_lane_passes_alone() -> None:
    lanes: Lanes[int] = Lanes(10)
    lanes.put(1, 50)
    assert lanes.take(0) == (1, False)


def test_closing_lets_everybody_go() -> None:
    lanes: Lanes[int] = Lanes(1)
    lanes.put(1)
    writer = Thread(target=lanes.put, args=(2,))
    reader = Thread(target=Lanes.take, args=(Lanes[int](1), 0.05))
    writer.start()
    reader.start()
    lanes.close()
    writer.join(5)
    reader.join(5)
    assert lanes.closed
    assert not writer.is_alive()


def test_what_waits_in_the_fast_lane_comes_at_once_up_to_the_limit() -> None:
    lanes: Lanes[int] = Lanes(10)
    for number in range(3):
        lanes.put(number, fast=True)
    assert lanes.take_all_fast(2) == [0, 1]
    assert lanes.take_all_fast(2) == [2]
