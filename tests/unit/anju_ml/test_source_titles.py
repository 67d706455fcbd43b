import pytest

from anju_ml.source_titles import source_title


@pytest.mark.parametrize(
    ("source", "zh", "en"),
    [
        ("door_close_s", "关门时间", "door closing time"),
        ("lift.vibration", "振动异常", "abnormal vibration"),
        ("missing", "缺失的数据", "missing data"),
        ("E7", "E7", "E7"),
    ],
)
def test_a_source_is_called_what_people_call_it(source: str, zh: str, en: str) -> None:
    assert (source_title(source).zh, source_title(source).en) == (zh, en)
