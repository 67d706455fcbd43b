"""What residents and crews do with the platform: its REST API, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import httpx

TIMEOUT_S = 10.0
CONFLICT = 409


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as a technician sees it; `asset` is the asset key, None for a matter of the whole community."""

    id: int
    state: str
    origin: str
    priority: str
    asset: str | None
    component: str | None
    opened_at: datetime
    assignee: str | None = None
    finding: str | None = None


@dataclass(frozen=True, slots=True)
class Resolution:
    """The answer to a visit, in the platform's words."""

    finding: str
    action: str
    component: str | None
    note: str


class Refused(Exception):  # noqa: N818
    """The platform took the request and said no, for example because somebody else was faster."""


class Unreachable(Exception):  # noqa: N818
    """No answer, or not one that this request is to blame for: try again later."""


class PlatformApi:
    """`base_url` is the page's address, for example http://127.0.0.1:8000."""

    def __init__(self, base_url: str, community: str) -> None:
        self._community = community
        self._http = httpx.AsyncClient(base_url=f"{base_url}/api/v1", timeout=TIMEOUT_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def tickets(self, state: str) -> list[Ticket]:
        """All tickets of the community in `state`."""
        found: list[Ticket] = []
        cursor: str | None = None
        while True:
            query = {
                "community": self._community,
                "state": state,
                "limit": "200",
                **({"cursor": cursor} if cursor else {}),
            }
            page = await self._request("GET", "/tickets", params=query)
            found += [_ticket(item) for item in page["items"]]
            cursor = page["next"]
            if cursor is None:
                return found

    async def ticket(self, number: int) -> Ticket:
        return _ticket(await self._request("GET", f"/tickets/{number}"))

    async def accept(self, number: int, actor: str) -> None:
        await self._request("POST", f"/tickets/{number}/accept", json={"actor": actor})

    async def resolve(self, number: int, actor: str, resolution: Resolution) -> None:
        body = {"actor": actor, "finding": resolution.finding, "action": resolution.action, "note": resolution.note}
        if resolution.component is not None:
            body["component"] = resolution.component
        await self._request("POST", f"/tickets/{number}/resolve", json=body)

    async def close(self, number: int, actor: str) -> None:
        await self._request("POST", f"/tickets/{number}/close", json={"actor": actor})

    async def complain(self, asset_key: str, category: str, text: str, *, at: datetime, request_id: str) -> None:
        """Report a problem once; a repeated `request_id` changes nothing."""
        body = {
            "asset": asset_key,
            "category": category,
            "text": text,
            "channel": "app",
            "at": at.isoformat(),
            "request_id": request_id,
        }
        await self._request("POST", "/complaints", json=body)

    async def _request(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        try:
            response = await self._http.request(method, path, **request)
        except httpx.TransportError as exc:
            raise Unreachable(f"{method} {path}: {exc!r}") from exc
        if response.status_code >= 500:
            raise Unreachable(f"{method} {path}: {response.status_code} {response.text[:500]}")
        if response.is_error:
            raise Refused(f"{method} {path}: {response.status_code} {response.text[:500]}")
        answer: dict[str, Any] = response.json()
        return answer


def _ticket(item: Mapping[str, Any]) -> Ticket:
    return Ticket(
        id=int(item["id"]),
        state=item["state"],
        origin=item["origin"],
        priority=item["priority"],
        asset=item.get("asset"),
        component=item.get("component"),
        opened_at=datetime.fromisoformat(item["opened_at"]),
        assignee=item.get("assignee"),
        finding=item.get("finding"),
    )
