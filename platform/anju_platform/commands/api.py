"""REST: commands to devices and gateways."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, StrictBool

from anju_contracts.command import MOST_VALIDITY
from anju_contracts.names import NAME_PATTERN
from anju_platform.commands import service, store
from anju_platform.commands.lists import command_detail, list_commands
from anju_platform.commands.models import Order
from anju_platform.commands.views import CommandDetail, CommandView
from anju_platform.web.context import Conn, Now
from anju_platform.web.cursor import decode_moment_cursor
from anju_platform.web.fields import (
    NO_CONTROL_PATTERN,
    VISIBLE_PATTERN,
    AssetKey,
    CommunityId,
    InCommunity,
    OfAsset,
    RowId,
)
from anju_platform.web.paging import DEFAULT_LIMIT, CursorText, Limit, Page, page_of
from anju_platform.web.problems import problem_responses

router = APIRouter(tags=["commands"], responses=problem_responses(422, 503))

Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
GatewayId = Annotated[str, Path(description="A gateway", pattern=NAME_PATTERN, max_length=64, examples=["gw-1"])]
Text = Annotated[str, Field(max_length=200, pattern=NO_CONTROL_PATTERN)]
Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e15, le=1e15)]
CHANGES = problem_responses(400, 403, 404, 409, 413)


class CommandOrder(BaseModel):
    """What is to be done. Actions and parameters are those of the asset's device profile."""

    action: Annotated[str, Field(pattern=NAME_PATTERN, max_length=64, examples=["unlock"])]
    params: Annotated[dict[Name, StrictBool | Number | Text], Field(max_length=16, examples=[{"seconds": 5}])] = {}
    actor: Annotated[
        str, Field(min_length=1, max_length=64, pattern=VISIBLE_PATTERN, description="Who asks", examples=["wang"])
    ]
    why: Annotated[
        str,
        Field(min_length=1, max_length=500, pattern=VISIBLE_PATTERN, description="Why", examples=["访客在门口等候"]),
    ]
    valid_for_s: Annotated[
        float,
        Field(
            ge=service.LEAST_VALIDITY_S,
            le=MOST_VALIDITY.total_seconds(),
            description="Seconds after which it must not be done any more",
        ),
    ] = service.USUAL_VALIDITY_S

    def order(self) -> Order:
        return Order(self.action, dict(self.params), self.actor, self.why, self.valid_for_s)


@router.post(
    "/assets/{asset}/commands",
    status_code=201,
    summary="Tell a device to do something",
    description="It is sent by `anju commands`. Ask for it again, or listen to the stream, for what became of it.",
    responses=CHANGES,
)
def command_asset(*, conn: Conn, now: Now, asset: AssetKey, body: CommandOrder) -> CommandDetail:
    command_id = service.give(conn, store.target_asset(conn, asset), body.order(), now=now)
    return command_detail(conn, command_id, now=now)


@router.post(
    "/communities/{community}/gateways/{gateway}/commands",
    status_code=201,
    summary="Tell a gateway to do something",
    description="`announce` sends its birth again, `restart_agents` starts its agents anew, `set_period` says how "
    "often a device is asked (`asset`, `period_s`).",
    responses=CHANGES,
)
def command_gateway(
    *, conn: Conn, now: Now, community: CommunityId, gateway: GatewayId, body: CommandOrder
) -> CommandDetail:
    command_id = service.give(conn, store.target_gateway(conn, community, gateway), body.order(), now=now)
    return command_detail(conn, command_id, now=now)


@router.get("/commands", summary="Commands, newest first")
def commands(
    *,
    conn: Conn,
    now: Now,
    community: InCommunity = None,
    asset: OfAsset = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: CursorText = None,
) -> Page[CommandView]:
    after = decode_moment_cursor("commands", cursor)
    rows = list_commands(conn, now=now, community=community, asset=asset, after=after, limit=limit + 1)
    return page_of("commands", rows, limit, lambda row: (row.issued_at, row.id))


@router.get("/commands/{command}", summary="One command with its log", responses=problem_responses(404))
def one_command(*, conn: Conn, now: Now, command: RowId) -> CommandDetail:
    return command_detail(conn, command, now=now)
