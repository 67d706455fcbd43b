"""Prediction that follows a community day by day: it is told what has come, and says which tickets to open."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from anju_ml.decide import OpenTicket, decide
from anju_ml.errors import QuestionRefused
from anju_ml.history import History, read_history
from anju_ml.model import Model
from anju_ml.policy import Policy


class Question(msgspec.Struct, forbid_unknown_fields=True):
    """`records`: a folder in the import format with what has come since the last question. `open`: problems (asset,
    component or null) that have a ticket. `closed`: when the last ticket of a problem was closed."""

    as_of: datetime
    records: str | None = None
    open: list[tuple[str, str | None]] = []
    closed: list[tuple[str, str, datetime]] = []


@dataclass
class Watcher:
    """Keeps the history of a community in memory and answers questions about it, in order of time."""

    model: Model
    history: History

    def hello(self) -> dict[str, Any]:
        """What the model is, which kinds of the history it says nothing of, and the prices it decides by."""
        policy = self.model.policy
        return {
            "opens_tickets": self.model.opens_tickets,
            "why_not": self.model.why_not,
            "unknown_kinds": sorted(set(self.history.assets["kind"].unique()) - set(self.model.kinds)),
            "policy": prices_of(policy),
        }

    def answer(self, question: Question) -> dict[str, Any]:
        if question.records is not None:
            records, _report = read_history(Path(question.records))
            self.history = joined(self.history, records)
        return {"as_of": question.as_of, "tickets": [_ticket(each) for each in self._tickets(question)]}

    def _tickets(self, question: Question) -> list[OpenTicket]:
        if not self.model.opens_tickets:
            return []
        decisions = decide(
            self.model.predict(self.history, as_of=question.as_of),
            policy=self.model.policy,
            as_of=question.as_of,
            open_problems=question.open,
            recently_closed={(asset, component): at for asset, component, at in question.closed},
        )
        return [decision for decision in decisions if isinstance(decision, OpenTicket)]


def prices_of(policy: Policy) -> dict[str, Any]:
    """The table of `policy` in plain values (CNY)."""
    return {
        "visit": policy.visit,
        "false_visit": policy.false_visit,
        "entrapment": policy.entrapment,
        "costs": {key: asdict(cost) for key, cost in policy.costs.items()},
    }


def joined(history: History, more: History) -> History:
    """Both histories as one; a record in both is kept twice here and counted once by `History.tidy`."""
    return replace(
        history,
        assets=pl.concat([history.assets, more.assets], how="diagonal"),
        readings=(*history.readings, *more.readings),
        events=pl.concat([history.events, more.events], how="diagonal"),
        repairs=pl.concat([history.repairs, more.repairs], how="diagonal"),
        complaints=pl.concat([history.complaints, more.complaints], how="diagonal"),
    )


def converse(watcher: Watcher, lines: Iterable[str]) -> Iterator[str]:
    """JSON lines out for JSON lines in; the first one out introduces the model. QuestionRefused names a wrong field."""
    yield msgspec.json.encode(watcher.hello()).decode()
    for line in lines:
        try:
            question = msgspec.json.decode(line, type=Question)
        except msgspec.DecodeError as exc:
            raise QuestionRefused(line.strip()[:200], str(exc)) from exc
        yield msgspec.json.encode(watcher.answer(question)).decode()


def _ticket(ticket: OpenTicket) -> dict[str, Any]:
    risk = ticket.risk
    return {
        "asset_id": risk.asset_id,
        "component": risk.component,
        "probability": ticket.probability,
        "expires_at": ticket.expires_at,
        "safety": ticket.safety,
        "reasons": [reason.en for reason in risk.reasons],
    }
