"""Residents who complain and crews who repair: over the platform's REST API, with the world for what they find."""

import logging
from collections import deque
from datetime import datetime

from anju_contracts.names import asset_key, split_asset_key
from anju_simulators.devices.crew import CrewPolicy, Job, assign
from anju_simulators.devices.platform_api import PlatformApi, Refused, Resolution, Ticket
from anju_simulators.devices.visits import Visits
from anju_simulators.records import Complaint
from anju_simulators.world import World

log = logging.getLogger(__name__)
_SERVED = frozenset({"confirmed", "worn", "other_fault", "nothing_found"})


class Residents:
    """Reports every complaint that the world produces, once, in order; what can't be delivered now waits."""

    def __init__(self, world: World, api: PlatformApi, community: str, *, start: datetime) -> None:
        self._world = world
        self._api = api
        self._community = community
        self._until = start
        self._waiting: deque[Complaint] = deque()

    async def step(self, now: datetime) -> None:
        self._waiting.extend(self._world.complaints(self._until, now))
        self._until = now
        while self._waiting:
            await self._report(self._waiting[0])
            self._waiting.popleft()

    async def _report(self, complaint: Complaint) -> None:
        key = asset_key(self._community, complaint.asset_id)
        request_id = f"resident-{complaint.asset_id}-{complaint.at.timestamp():.0f}-{complaint.category}"
        try:
            await self._api.complain(key, complaint.category, complaint.text, at=complaint.at, request_id=request_id)
        except Refused as exc:
            log.warning("complaint refused", extra={"reason": str(exc)})


class Crew:
    """Serves the open tickets of a community. A ticket that somebody else accepted is left to them; when they
    resolve it, the world's visit takes place too, so that the machine really gets better."""

    def __init__(self, visits: Visits, api: PlatformApi, policy: CrewPolicy) -> None:
        self._visits = visits
        self._api = api
        self._policy = policy
        self._jobs: dict[int, Job] = {}
        self._findings: dict[int, Resolution] = {}
        self._first_seen_s: dict[int, float] = {}
        self._open: dict[int, Ticket] = {}

    async def step(self, now: datetime, *, real_s: float) -> None:
        """One look at the tickets: accept, visit and resolve what is due. `real_s` is a monotonic clock."""
        new = await self._api.tickets("new")
        accepted = await self._api.tickets("accepted")
        await self._follow_others({ticket.id: ticket for ticket in (*new, *accepted)}, now)
        for ticket in accepted:
            if ticket.assignee in self._policy.technicians and ticket.id not in self._jobs:
                self._jobs[ticket.id] = Job(ticket, ticket.assignee or "", now + self._policy.work)
        for ticket in new:
            self._first_seen_s.setdefault(ticket.id, real_s)
        seen_for_s = {number: real_s - first for number, first in self._first_seen_s.items()}
        busy = {job.technician for job in self._jobs.values()}
        for job in assign(new, self._policy, busy=busy, seen_for_s=seen_for_s, now=now):
            await self._accept(job)
        for job in [job for job in self._jobs.values() if job.done_at <= now]:
            await self._finish(job, now)

    async def _follow_others(self, now_open: dict[int, Ticket], now: datetime) -> None:
        """Perform the world's part of visits that a person has reported on the page."""
        for number in self._open.keys() - now_open.keys() - self._jobs.keys():
            ticket = await self._api.ticket(number)
            if (
                ticket.asset is not None
                and ticket.finding in _SERVED
                and ticket.assignee not in self._policy.technicians
            ):
                self._visit(ticket, now)
        self._open = now_open

    async def _accept(self, job: Job) -> None:
        try:
            await self._api.accept(job.ticket.id, job.technician)
        except Refused as exc:
            log.info("somebody else was faster", extra={"ticket": job.ticket.id, "reason": str(exc)})
        else:
            self._jobs[job.ticket.id] = job

    async def _finish(self, job: Job, now: datetime) -> None:
        """The visit, once, then the report, until it is delivered; one that is refused is dropped with a word."""
        if job.ticket.id not in self._findings:
            self._findings[job.ticket.id] = self._visit(job.ticket, now)
        try:
            await self._api.resolve(job.ticket.id, job.technician, self._findings[job.ticket.id])
            await self._api.close(job.ticket.id, job.technician)
        except Refused as exc:
            log.warning("resolution refused", extra={"ticket": job.ticket.id, "reason": str(exc)})
        del self._jobs[job.ticket.id]

    def _visit(self, ticket: Ticket, now: datetime) -> Resolution:
        assert ticket.asset is not None
        _, asset = split_asset_key(ticket.asset)
        visit = self._visits.visit(asset, ticket.component, now)
        return Resolution(visit.finding, visit.action or "inspect", visit.component, visit.note)
