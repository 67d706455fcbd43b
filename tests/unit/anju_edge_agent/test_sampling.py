from hypothesis import given
from hypothesis import strategies as st

from anju_edge_agent.sampling import Sampler, Sampling

S = 1_000_000


def test_without_a_dead_band_every_value_is_sent() -> None:
    sampler = Sampler(Sampling())
    assert [sampler.wants(at * S, 1.0, 0) for at in range(3)] == [True, True, True]


def test_with_a_dead_band_only_a_move_beyond_it_is_sent() -> None:
    sampler = Sampler(Sampling(dead_band=0.5))
    values = [20.0, 20.4, 20.5, 20.6, 20.2]
    assert [sampler.wants(at * S, value, 0) for at, value in enumerate(values)] == [True, False, False, True, False]


def test_a_value_at_rest_is_sent_at_least_every_max_age() -> None:
    sampler = Sampler(Sampling(dead_band=1.0, max_age_s=60))
    assert [at for at in range(0, 200, 10) if sampler.wants(at * S, 5.0, 0)] == [0, 60, 120, 180]


def test_a_change_of_quality_is_sent() -> None:
    sampler = Sampler(Sampling(dead_band=1.0))
    assert [sampler.wants(at, 5.0, quality) for at, quality in enumerate((0, 1, 1, 0))] == [True, True, False, True]


def test_a_late_value_is_sent_and_does_not_replace_the_newer_one() -> None:
    sampler = Sampler(Sampling(dead_band=1.0, max_age_s=60))
    assert sampler.wants(100 * S, 5.0, 0)
    assert sampler.wants(50 * S, 9.0, 0)
    assert not sampler.wants(110 * S, 5.5, 0)


@given(st.lists(st.tuples(st.integers(1, 120), st.floats(-100, 100)), min_size=1, max_size=50))
def test_what_is_kept_back_is_close_to_what_was_sent_last_and_no_older_than_max_age(
    steps: list[tuple[int, float]],
) -> None:
    sampler, at_s = Sampler(Sampling(dead_band=2.0, max_age_s=300)), 0
    sent_s, sent = 0, 0.0
    for index, (later_s, value) in enumerate(steps):
        at_s += later_s
        if sampler.wants(at_s * S, value, 0):
            sent_s, sent = at_s, value
        else:
            assert index > 0
            assert abs(value - sent) <= 2.0
            assert at_s - sent_s < 300
