from random import Random

from anju_edge_agent.backoff import Backoff


def test_waits_double_up_to_a_bound_with_jitter() -> None:
    backoff = Backoff(first_s=1.0, most_s=8.0, chance=Random(1))
    waits = [backoff.next_s() for _ in range(6)]
    for wait, bound in zip(waits, (1, 2, 4, 8, 8, 8), strict=True):
        assert bound / 2 <= wait <= bound
    backoff.reset()
    assert backoff.next_s() <= 1.0


def test_it_can_try_for_years() -> None:
    backoff = Backoff()
    assert max(backoff.next_s() for _ in range(5_000)) <= 60.0
