"""What the API shows of commands."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from anju_platform.commands.models import Act, State


class CommandView(BaseModel):
    """What was asked for, by whom and why, and what became of it."""

    id: int
    community: str = Field(examples=["jinxiu"])
    gateway: str = Field(examples=["gw-1"])
    asset: str | None = Field(description="None where the gateway itself is told", examples=["jinxiu:door-01"])
    action: str = Field(examples=["unlock"])
    params: dict[str, Any]
    actor: str = Field(examples=["wang"])
    why: str = Field(examples=["访客在门口等候"])
    issued_at: datetime
    expires_at: datetime
    state: State
    answer: dict[str, Any] | None = Field(description="Of the gateway: at, and the result or the reason")


class CommandAct(BaseModel):
    """A line of a command's log."""

    at: datetime
    act: Act
    detail: dict[str, Any]


class CommandDetail(CommandView):
    """A command with its log."""

    log: list[CommandAct]
