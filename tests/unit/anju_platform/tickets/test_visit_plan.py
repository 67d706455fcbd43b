from datetime import UTC, datetime
from typing import Any

from anju_contracts.kinds import Label
from anju_platform.tickets.views import LogEntry
from anju_platform.tickets.visit_plan import VisitPlan, visit_plan

AT = datetime(2026, 3, 1, tzinfo=UTC)
BRING = {"part_zh": "皮带", "part_en": "belt", "skill_zh": "电工", "skill_en": "electrician"}


def entry(**detail: Any) -> LogEntry:
    return LogEntry(version=1, at=AT, actor="system", action="opened", detail=detail)


def told(**data: Any) -> LogEntry:
    return entry(evidence={"kind": "prediction", "data": data})


def test_the_newest_prediction_says_when_to_visit_and_what_to_bring() -> None:
    first, second = (
        told(visit_by="2026-03-09T00:00:00Z", bring=None),
        told(visit_by="2026-03-05T00:00:00Z", bring=BRING),
    )
    complained = entry(evidence={"kind": "complaint", "data": {}})
    plan = visit_plan([first, second, complained, entry(note="")])
    assert plan == VisitPlan(datetime(2026, 3, 5, tzinfo=UTC), Label("皮带", "belt"), Label("电工", "electrician"))
    assert visit_plan([first]) == VisitPlan(datetime(2026, 3, 9, tzinfo=UTC), None, None)


def test_a_ticket_that_nothing_foresaw_has_no_plan() -> None:
    assert visit_plan([entry(evidence={"kind": "event", "data": {}}), entry(note="")]) is None
