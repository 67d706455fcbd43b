"""The addresses of pages, in one place; templates have them as `to`."""

from collections.abc import Sequence
from urllib.parse import urlencode


def community(community: str) -> str:
    return f"/c/{community}"


def part(community: str, name: str) -> str:
    return f"/c/{community}/parts/{name}"


def assets(community: str, **query: str | None) -> str:
    return _with_query(f"/c/{community}/assets", list(query.items()))


def asset(key: str) -> str:
    return f"/assets/{key}"


def gateway(community: str, gateway: str) -> str:
    return f"/c/{community}/gateways/{gateway}"


def tickets(community: str, **query: str | Sequence[str] | None) -> str:
    pairs = [(name, value) for name, values in query.items() for value in _each(values)]
    return _with_query(f"/c/{community}/tickets", pairs)


def ticket(ticket_id: int) -> str:
    return f"/tickets/{ticket_id}"


def ageing(community: str) -> str:
    return f"/c/{community}/ageing"


def budget(community: str) -> str:
    return f"/api/v1/communities/{community}/budget.csv"


def model(community: str) -> str:
    return f"/c/{community}/model"


def stream(community: str) -> str:
    return f"/events/stream?community={community}"


def _each(values: str | Sequence[str] | None) -> Sequence[str]:
    if values is None:
        return ()
    return (values,) if isinstance(values, str) else values


def _with_query(path: str, pairs: Sequence[tuple[str, str | None]]) -> str:
    given = [(name, value) for name, value in pairs if value]
    return f"{path}?{urlencode(given)}" if given else path
