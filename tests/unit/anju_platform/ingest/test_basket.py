import time
from threading import Thread

from anju_platform.ingest.basket import Basket

LONG_S = 30.0


def test_everything_is_taken_at_once_in_its_order() -> None:
    basket: Basket[str] = Basket(10)
    for item in "abc":
        basket.put(item)
    assert basket.weight == 3
    assert basket.take_all(LONG_S) == ["a", "b", "c"]
    assert basket.take_all(0.0) == []
    assert basket.weight == 0


def test_what_is_full_is_taken_without_waiting_for_more() -> None:
    basket: Basket[str] = Basket(2)
    basket.put("a", 2)
    began = time.monotonic()
    assert basket.take_all(LONG_S, gather_s=LONG_S) == ["a"]
    assert time.monotonic() - began < LONG_S


def test_an_item_that_fits_nowhere_fits_into_an_empty_basket() -> None:
    basket: Basket[str] = Basket(2)
    basket.put("heavy", 5)
    assert basket.take_all(LONG_S) == ["heavy"]


def test_whoever_fills_waits_until_it_is_emptied() -> None:
    basket: Basket[int] = Basket(2)
    filler = Thread(target=lambda: [basket.put(number) for number in range(9)])
    filler.start()
    taken: list[int] = []
    heaviest = 0
    while len(taken) < 9:
        heaviest = max(heaviest, basket.weight)
        taken += basket.take_all(LONG_S)
    filler.join(LONG_S)
    assert taken == list(range(9))
    assert heaviest <= 2


def test_nobody_waits_at_a_closed_basket() -> None:
    basket: Basket[str] = Basket(1)
    basket.put("a")
    filler = Thread(target=lambda: basket.put("b"))
    filler.start()
    basket.close()
    filler.join(LONG_S)
    assert not filler.is_alive()
    assert basket.closed
    assert basket.take_all(LONG_S, gather_s=LONG_S) == ["a", "b"]
    assert basket.take_all(LONG_S) == []
