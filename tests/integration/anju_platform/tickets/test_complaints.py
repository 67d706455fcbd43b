"""What residents report: stored once, joined to the ticket of the problem, refused where it makes no sense."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from anju_platform.desk.service import report
from anju_platform.errors import Conflict, Invalid, NotFound
from anju_platform.tickets.models import Origin, Priority

from .conftest import Community

HOUR = timedelta(hours=1)


def test_a_complaint_opens_a_ticket_and_points_at_it(community: Community) -> None:
    community.add("lift-01")
    done = community.complain("lift-01", "trapped", community.now - HOUR, text="三楼困人", channel="phone")
    assert (done.ticket.origin, done.ticket.priority) == (Origin.COMPLAINT, Priority.URGENT)
    assert done.ticket.opened_at == community.now - HOUR
    (row,) = community.rows("SELECT * FROM complaint")
    assert (row["ticket_id"], row["text"], row["channel"]) == (done.ticket.id, "三楼困人", "phone")
    assert done.complaint.id == row["id"]


def test_what_a_resident_wrote_is_not_copied_into_the_log(community: Community) -> None:
    community.add("lift-01")
    community.complain("lift-01", "noise", community.now, text="张三，电话 13800000000")
    (entry,) = community.rows("SELECT detail::text AS text FROM ticket_log")
    assert "张三" not in entry["text"]


def test_a_repeated_request_gives_back_what_it_did(community: Community) -> None:
    community.add("lift-01")
    first = community.complain("lift-01", "noise", community.now - HOUR, request_id="r1")
    again = community.complain("lift-01", "lift_noise", community.now, request_id="r1")
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.complaint, again.ticket) == (first.complaint, first.ticket)
    assert len(community.rows("SELECT id FROM complaint")) == 1


def test_a_request_id_of_another_report_is_a_conflict(community: Community) -> None:
    community.add("lift-01")
    community.complain("lift-01", "noise", community.now, request_id="r1")
    with pytest.raises(Conflict, match="category was noise, not trapped"):
        community.complain("lift-01", "trapped", community.now, request_id="r1")


def test_the_same_request_sent_many_times_at_once_is_one_complaint(community: Community) -> None:
    community.add("lift-01")
    with ThreadPoolExecutor(6) as threads:
        done = list(
            threads.map(lambda _: community.complain("lift-01", "noise", community.now, request_id="r"), range(12))
        )
    assert len({one.complaint.id for one in done}) == 1
    assert sum(not one.repeated for one in done) == 1


def test_a_complaint_about_a_community_has_a_ticket_of_its_own(community: Community) -> None:
    tickets = [community.complain(None, "no_power", community.now).ticket for _ in range(2)]
    assert tickets[0].id != tickets[1].id
    assert tickets[0].title_zh == "锦绣：停电"
    assert tickets[0].asset_id is None
    community.now += 2 * HOUR
    served = community.serve(tickets[0].id, community.now - HOUR, component="cable")
    assert served.component == "cable"
    assert community.rows("SELECT id FROM repair") == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"category": "ghost"}, "category: got 'ghost', expected one of trapped"),
        ({"text": "x" * 2001}, "at most 2000"),
        ({"channel": "a b"}, "channel"),
        ({"request_id": ""}, "request_id"),
        ({"hours": 1}, "at: .* not later than now"),
    ],
)
def test_a_report_that_makes_no_sense_is_refused_by_field(
    community: Community, given: dict[str, object], expected: str
) -> None:
    community.add("lift-01")
    values = {"category": "noise", **given}
    at = community.now + HOUR * int(str(values.pop("hours", 0)))
    with pytest.raises(Invalid, match=expected):
        community.complain("lift-01", str(values.pop("category")), at, **values)
    assert community.rows("SELECT id FROM complaint") == []


def test_asset_and_community_have_to_be_there_and_to_agree(community: Community) -> None:
    community.add("lift-01")
    with community.pool.connection() as conn:
        with pytest.raises(NotFound, match="no such asset jinxiu:lift-09"):
            report(conn, asset="jinxiu:lift-09", category="noise", now=community.now)
        with pytest.raises(NotFound, match="no such community haitang"):
            report(conn, community="haitang", category="noise", now=community.now)
        with pytest.raises(Invalid, match="community: got 'haitang', expected jinxiu"):
            report(conn, asset="jinxiu:lift-01", community="haitang", category="noise", now=community.now)
        with pytest.raises(Invalid, match="at least a community"):
            report(conn, category="noise", now=community.now)
        with pytest.raises(Invalid, match="a time with a zone"):
            report(
                conn, asset="jinxiu:lift-01", category="noise", now=community.now, at=community.now.replace(tzinfo=None)
            )
        done = report(conn, asset="jinxiu:lift-01", community="jinxiu", category="noise", now=community.now)
    assert done.complaint.at == community.now
