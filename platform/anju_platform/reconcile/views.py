"""What the API and the pages show of ledgers, clocks and faults of gateways."""

from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel, Field, computed_field

from anju_contracts.kinds import Label
from anju_platform.assets.views import GatewayView
from anju_platform.reconcile.models import FaultCode
from anju_platform.web.fields import Titles, titles

FAULT_LABELS: Final = {
    FaultCode.LOST: Label("数据丢失", "Data lost"),
    FaultCode.STORED_TWICE: Label("重复入库", "Stored twice"),
    FaultCode.LEFT_BEHIND: Label("旧缓存未送达", "Left behind in a replaced outbox"),
    FaultCode.SEQ_WENT_BACK: Label("缓存编号倒退", "Outbox put back from an old copy"),
    FaultCode.DROPPED: Label("网关丢弃数据", "Dropped by the gateway"),
    FaultCode.ACCOUNT_OVERDUE: Label("对账逾期", "Account overdue"),
    FaultCode.CLOCK_WRONG: Label("网关时钟不准", "Clock is wrong"),
}


class StreamView(BaseModel):
    """One stream of one outbox (epoch) of a gateway, in samples or events: what the gateway's newest account says and,
    as `stored`, what the platform has of it. produced = committed + queued + dropped, by the gateway; a sample that is
    committed but not stored is lost."""

    community: str = Field(examples=["jinxiu"])
    gateway: str = Field(examples=["gw-1"])
    epoch: str = Field(description="The outbox file", examples=["a1b2c3"])
    current: bool = Field(description="Whether the gateway uses this outbox now")
    stream: str = Field(examples=["telemetry"])
    produced: int
    committed: int = Field(description="What the gateway got receipts for")
    queued: int
    dropped: dict[str, int] = Field(description="By reason", examples=[{"outbox_full": 50}])
    stored: int = Field(description="What the ledger has, of batches up to `last_seq`")
    lost: int
    last_seq: int = Field(description="The last batch of the account; batches are numbered from 1")
    missing_batches: int = Field(description="Batches up to `last_seq` that the ledger doesn't have")
    gaps: list[tuple[int, int]] = Field(description="Which those are: first and last of at most 20 stretches")
    received_at: datetime = Field(description="When the account came")


class ClockView(BaseModel):
    """A gateway's clock, seen from the platform."""

    offset_s: float = Field(description="The gateway's clock minus the platform's, in real seconds")
    told_offset_s: float | None = Field(description="What the gateway itself takes it to be")
    is_wrong: bool
    measured_at: datetime


class FaultView(BaseModel):
    """Something that is or was wrong with a gateway's ledger or clock."""

    id: int
    community: str = Field(examples=["jinxiu"])
    gateway: str = Field(examples=["gw-1"])
    code: FaultCode
    epoch: str = Field(description="Empty where it isn't about one outbox")
    stream: str = Field(description="Empty where it isn't about one stream")
    raised_at: datetime
    cleared_at: datetime | None
    amount: float = Field(description="Samples; of seq_went_back batches, of account_overdue and clock_wrong seconds")
    detail: dict[str, Any] = Field(examples=[{"batches": 1, "ranges": [[17, 17]]}])
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None

    @computed_field
    def label(self) -> Titles:
        return titles(FAULT_LABELS[self.code])


class GatewayDetail(GatewayView):
    """A gateway with its ledger, its clock and everything that is wrong with it now."""

    clock: ClockView | None
    ledger: list[StreamView] = Field(description="The outbox in use first")
    open_faults: list[FaultView]
    letters_ahead: int = Field(description="Dead letters that this gateway's clock dated into the future")
