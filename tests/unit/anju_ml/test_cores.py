import threading

import pytest

from anju_ml.cores import blocks, each, one_core


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anju_ml.cores.os.cpu_count", lambda: 2)


def thread_of(_item: int) -> int:
    return threading.get_ident()


def test_two_things_are_done_at_once_and_come_back_in_order() -> None:
    both = threading.Barrier(2, timeout=5)

    def meet(item: int) -> int:
        both.wait()
        return item

    assert each(meet, [1, 2, 3, 4]) == [1, 2, 3, 4]


def test_on_one_core_nothing_leaves_the_thread() -> None:
    with one_core():
        assert set(each(thread_of, range(4))) == {threading.get_ident()}
    assert threading.get_ident() not in each(thread_of, range(4))


def test_what_one_of_several_threads_does_it_does_by_itself() -> None:
    for outer, inner in each(lambda _: (threading.get_ident(), each(thread_of, range(3))), range(2)):
        assert set(inner) == {outer}


def test_an_error_reaches_who_asked() -> None:
    with pytest.raises(ZeroDivisionError):
        each(lambda item: 1 // item, [1, 0])


def test_blocks_cover_everything_once() -> None:
    assert [list(range(10))[block] for block in blocks(10, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
