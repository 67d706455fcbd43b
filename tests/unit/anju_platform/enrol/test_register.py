from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from anju_platform.enrol.register import Act, Issued, Revoked, State, append, fold, read_acts, shut_out
from anju_platform.errors import ConfigurationError

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def issued(serial: str, name: str = "jinxiu/gw-1", *, at: datetime = NOON) -> Issued:
    return Issued(serial, name, at, at + DAY)


def test_a_certificate_is_valid_until_it_expires_or_is_revoked() -> None:
    one, two = fold([issued("a"), issued("b"), Revoked("b", NOON, "stolen"), Revoked("b", NOON + DAY, "again")])
    assert (one.state(NOON), one.state(NOON + DAY), two.state(NOON)) == (State.VALID, State.EXPIRED, State.REVOKED)
    assert (two.revoked_at, two.reason) == (NOON, "stolen")


def test_what_was_never_issued_cannot_be_revoked() -> None:
    assert fold([Revoked("a", NOON, "")]) == []


@pytest.mark.parametrize(
    ("acts", "names"),
    [
        ([issued("a")], []),
        ([issued("a"), Revoked("a", NOON, "")], ["jinxiu/gw-1"]),
        ([issued("a"), Revoked("a", NOON, ""), issued("b")], []),
        ([issued("a"), issued("b"), Revoked("a", NOON, "")], []),
        ([issued("a"), Revoked("a", NOON, ""), issued("b", at=NOON - DAY)], ["jinxiu/gw-1"]),
        ([issued("a", at=NOON - DAY)], []),
    ],
    ids=["valid", "revoked", "enrolled again", "rotated", "revoked and expired", "only expired"],
)
def test_shut_out_is_who_was_revoked_and_has_nothing_valid(acts: list[Act], names: list[str]) -> None:
    assert shut_out(fold(acts), NOON) == names


def test_the_register_is_read_as_it_was_written_and_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "register.jsonl"
    assert read_acts(file) == []
    acts = [issued("a"), Revoked("a", NOON, "stolen")]
    for act in acts:
        append(file, act)
    assert read_acts(file) == acts
    with file.open("a", encoding="utf-8") as register:
        register.write('{"act": "eaten"}\n')
    with pytest.raises(ConfigurationError, match=r"register\.jsonl, line 3: got .*eaten"):
        read_acts(file)
