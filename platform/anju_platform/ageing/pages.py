"""Page: which assets of a community grow old, and what they will cost."""

from fastapi import APIRouter, Request, Response

from anju_platform.ageing.service import ageing_of
from anju_platform.assets.lists import get_community
from anju_platform.scoring.policy import load_policy
from anju_platform.web.context import Conn, Now, context_of
from anju_platform.web.fields import CommunityId
from anju_platform.web.render import render

router = APIRouter(include_in_schema=False)


@router.get("/c/{community}/ageing")
def ageing(*, request: Request, conn: Conn, now: Now, community: CommunityId) -> Response:
    found = get_community(conn, community)
    policy = load_policy(context_of(request).settings.policy_file)
    values = {"community": found, "ageing": ageing_of(conn, found.id, as_of=now, policy=policy)}
    return render(request, "ageing.html", values, zone=found.timezone)
